// The kernels without the SDK: the bench's own WebAssembly module (the library's kernels and those of
// bench/kernels), and prepared tasks in its memory.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Numbers as assembly/task.ts has them. */
export const LOSS = { frobenius: 0, "kullback-leibler": 1 };
export const SOLVER = { mu: 0, hals: 1 };

/** Compiles the kernels and the bench's own with the library's options (asconfig.json). */
function compile() {
  const out = "build/bench/kernels.wasm";
  mkdirSync(join(root, dirname(out)), { recursive: true });
  const manifest = createRequire(import.meta.url).resolve("assemblyscript/package.json");
  const { bin } = JSON.parse(readFileSync(manifest, "utf8"));
  const asc = join(dirname(manifest), typeof bin === "string" ? bin : bin.asc);
  const args = [asc, "bench/kernels/index.ts", "--target", "release", "--outFile", out];
  execFileSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  return readFileSync(join(root, out));
}

/** The module with a memory; `take` hands out its bytes. */
export function loadKernels() {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 32768, shared: true });
  const env = {
    memory,
    waitWhile() {
      throw new Error("a team of one does not wait");
    },
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(compile()), { env });
  let top = Math.ceil(exports.heap_base.value / 64) * 64;
  const take = (bytes) => {
    const start = top;
    top += Math.ceil(bytes / 64) * 64;
    const missing = top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    return start;
  };
  const floats = (dtype, address, length) =>
    new (dtype === "f32" ? Float32Array : Float64Array)(memory.buffer, address, length);
  return { exports, memory, take, floats, mark: () => top, rewind: (mark) => (top = mark) };
}

/** Commands of the lead (assembly/team.ts). */
const COMMANDS = { loadFactors: 1, iterate: 2, currentLoss: 3 };

/**
 * A task in the kernels' memory, data and start loaded.
 *
 * @param kernels from {@link loadKernels}
 * @param data from data.mjs
 * @param {{ loss?: keyof typeof LOSS, solver?: keyof typeof SOLVER, sweeps?: number }} options
 */
export function prepareTask(kernels, data, { loss = "frobenius", solver = "mu", sweeps = 1 } = {}) {
  const { exports, memory, take, floats } = kernels;
  const { m, n, k, dtype, V, W0, H0 } = data;
  const view = () => new DataView(memory.buffer);
  const at = (field) => address + exports[`task_${field}`].value;
  const call = (name, ...args) => exports[`${name}_${dtype}`](address, ...args);
  const lead = (command, argument = 0) => call("lead", COMMANDS[command], argument);

  const address = take(exports.task_bytes.value);
  new Uint8Array(memory.buffer, address, exports.task_bytes.value).fill(0);
  const fields = { team: 1, m, n, k, loss: LOSS[loss], solver: SOLVER[solver], sweeps };
  for (const [field, value] of Object.entries(fields)) view().setInt32(at(field), value, true);
  view().setFloat64(at("epsilon"), 2.2e-16, true);
  call("layout", take(call("layout", 0)));
  const pointer = (field) => view().getUint32(at(field), true);
  const sides = [pointer("sideH"), pointer("sideW")];

  const block = exports[`stagingRows_${dtype}`](m, n);
  for (let row = 0; row < m; row += block) {
    const part = V.subarray(row * n, Math.min(m, row + block) * n);
    floats(dtype, pointer("staging"), part.length).set(part);
    call("loadRows", row, part.length / n);
  }
  call("measure");

  const task = {
    data,
    /** Calls an export of the task's type with the task and further arguments. */
    call,
    /** The start again. */
    reset() {
      floats(dtype, pointer("staging"), m * k).set(W0);
      floats(dtype, call("stagedH") >>> 0, k * n).set(H0);
      lead("loadFactors");
    },
    /** A command to a team of one, with its argument. */
    lead,
    /** From now on an iteration is one half-step: of H (0), or of W (1), for which the sides change places. */
    halfStep(transposed) {
      view().setUint32(at("sideH"), sides[transposed], true);
      view().setUint32(at("sideW"), sides[1 - transposed], true);
      view().setInt32(at("fixedW"), 1, true);
    },
    value: () => view().getFloat64(at("value"), true),
  };
  task.reset();
  return task;
}
