// The release build: what the module asks of a host, what it offers, and which instructions it may not
// hold. `npm run build` makes the file.

import { readFileSync } from "node:fs";
import binaryen from "assemblyscript/binaryen";
import { beforeAll, describe, expect, test } from "vitest";

const url = new URL("../../dist/advnmf.wasm", import.meta.url);

/** Kernels that must be there; the rest of the exports has to come in pairs too. */
const KERNELS = [
  "layout",
  "stagingRows",
  "stagedH",
  "loadRows",
  "measure",
  "storeFactors",
  "initRandom",
  "initHalfNormal",
  "initNndsvd",
  "nndsvdBytes",
  "lead",
  "follow",
  "uniform",
];

describe("dist/advnmf.wasm", () => {
  let bytes: Buffer<ArrayBuffer>;
  let module: WebAssembly.Module;
  let text: string;

  beforeAll(() => {
    bytes = readFileSync(url);
    module = new WebAssembly.Module(bytes);
    const parsed = binaryen.readBinary(bytes);
    text = parsed.emitText();
    parsed.dispose();
  });

  test("imports the shared memory and the wait, and nothing else", () => {
    const imports = WebAssembly.Module.imports(module).map(
      ({ module, name, kind }) => `${module}.${name} ${kind}`,
    );
    expect(imports.sort()).toEqual(["env.memory memory", "env.waitWhile function"]);
    expect(text).toMatch(/\(import "env" "memory" \(memory \S+ 16 65536 shared\)\)/);
  });

  test("exports every kernel for f32 and for f64", () => {
    const functions = WebAssembly.Module.exports(module)
      .filter(({ kind }) => kind === "function")
      .map(({ name }) => name);
    for (const kernel of KERNELS) expect(functions).toContain(`${kernel}_f32`);
    const of = (type: string) =>
      functions.filter((name) => name.endsWith(type)).map((name) => name.slice(0, -type.length));
    expect(of("_f64").sort()).toEqual(of("_f32").sort());
  });

  test("the offsets of the task's fields are apart and inside the block", () => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536, shared: true });
    const { exports } = new WebAssembly.Instance(module, { env: { memory, waitWhile() {} } });
    const fields = Object.entries(exports).filter(([name]) => /^task_(?!bytes$)/.test(name));
    const offsets = fields.map(([, field]) => (field as WebAssembly.Global).value as number);
    expect(fields.length).toBeGreaterThan(20);
    expect(new Set(offsets).size).toBe(offsets.length);
    expect(Math.max(...offsets)).toBeLessThan((exports.task_bytes as WebAssembly.Global).value);
    // The host's memory begins where static data end.
    const base = (exports.heap_base as WebAssembly.Global).value as number;
    expect(base).toBeGreaterThan(0);
    expect(base % 16).toBe(0);
  });

  test("no relaxed SIMD, whose results differ by processor", () => {
    // What the module must hold shows that the words are spelled as this text spells them.
    expect(text).toContain("f64x2.mul");
    expect(text).toContain("f32x4.mul");
    expect(text).not.toContain("relaxed");
  });

  test("no wait inside the module: the host waits", () => {
    expect(text).toContain("memory.atomic.notify");
    expect(text).not.toContain("memory.atomic.wait");
  });

  test("no allocator: the memory never grows from inside, and nothing aborts", () => {
    expect(text).toContain("memory.fill");
    expect(text).not.toContain("memory.grow");
    expect(text).not.toMatch(/\babort\b/);
  });

  test("no more than 96 KiB", () => {
    expect(bytes.length).toBeLessThanOrEqual(96 * 1024);
  });
});
