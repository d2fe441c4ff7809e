// The kernels on a team: two, three and four members over one memory give the bits of one.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, it } from "vitest";
import { projectRoot, seeded } from "../data.js";

type Kernels = Record<string, (...args: number[]) => number>;
/** Commands of the lead (assembly/team.ts), each with its argument. */
const COMMANDS = {
  end: 0,
  loadFactors: 1,
  iterate: 2,
  currentLoss: 3,
  projectedGradient: 5,
  cauchyScale: 6,
  conclude: 7,
  attack: 8,
  innerLoop: 9,
  outerRule: 10,
};
type Call = [command: keyof typeof COMMANDS, argument?: number];

const MOST = 4;
const module = new WebAssembly.Module(readFileSync(join(projectRoot, "dist", "advnmf.wasm")));
const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65536, shared: true });
const cells = new Int32Array(memory.buffer);
const { exports } = new WebAssembly.Instance(module, {
  env: {
    memory,
    waitWhile(address: number, value: number) {
      while (Atomics.load(cells, address >>> 2) === value) Atomics.wait(cells, address >>> 2, value);
    },
  },
});
const kernels = exports as unknown as Kernels;
const constant = (name: string) => (exports[name] as WebAssembly.Global).value as number;

// All instances first: each new one writes the module's constants into the memory again.
const members = Array.from({ length: MOST - 1 }, (_, i) => {
  const file = new URL("./member.mjs", import.meta.url);
  return new Worker(file, { workerData: { module, memory, id: i + 1 } });
});
await Promise.all(members.map((member) => new Promise((ready) => member.once("message", ready))));
afterAll(() => Promise.all(members.map((member) => member.terminate())));

interface Case {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly fields?: Record<string, number>;
  /** Fields that are f64. */
  readonly figures?: Record<string, number>;
  readonly weighted?: boolean;
  readonly calls?: readonly Call[];
}

/** Fields that a command reports in, beside `value`. */
const REPORTS: Partial<Record<Call[0], readonly string[]>> = {
  currentLoss: ["value"],
  projectedGradient: ["value"],
  attack: ["clean", "attacked", "effort"],
};
/** Fields that are i32. */
const VERDICTS: Partial<Record<Call[0], readonly string[]>> = {
  innerLoop: ["done", "met"],
  outerRule: ["met"],
};
const ITERATE: Call = ["iterate", 12];
const MU = { solver: 0 };
const cases: Case[] = [
  { name: "Frobenius mu", m: 61, n: 403, k: 5, fields: MU },
  { name: "HALS, extrapolated", m: 61, n: 403, k: 7, fields: { solver: 1, extrapolate: 1 } },
  { name: "HALS, weighted", m: 61, n: 403, k: 4, fields: { solver: 1 }, weighted: true },
  { name: "Kullback–Leibler", m: 61, n: 403, k: 5, fields: { ...MU, loss: 1 } },
  { name: "Itakura–Saito, weighted", m: 61, n: 403, k: 3, fields: { ...MU, loss: 2 }, weighted: true },
  {
    name: "truncated Cauchy",
    m: 61,
    n: 403,
    k: 3,
    fields: { ...MU, loss: 4 },
    calls: [["cauchyScale", 1], ITERATE, ["cauchyScale", 1], ITERATE],
  },
  {
    name: "Newton steps with momentum",
    m: 61,
    n: 403,
    k: 5,
    fields: { loss: 1, solver: 2, extrapolate: 1 },
    calls: [ITERATE, ["currentLoss", 0], ["iterate", 11], ["conclude"], ["currentLoss", 0], ITERATE],
  },
  {
    name: "Newton steps, weighted",
    m: 61,
    n: 403,
    k: 7,
    fields: { loss: 1, solver: 2, sweeps: 2, firstH: 1 },
    weighted: true,
  },
  {
    name: "Newton steps, W fixed",
    m: 61,
    n: 403,
    k: 3,
    fields: { loss: 1, solver: 2, extrapolate: 1, fixedW: 1 },
  },
  {
    name: "AT-NMF, rules that let go soon",
    m: 61,
    n: 403,
    k: 5,
    fields: { ...MU, adversary: 1 },
    figures: { strength: 0.5, innerTolerance: 5, outerTolerance: 20 },
    calls: [["attack"], ["innerLoop", 500], ["outerRule"], ["attack"], ["innerLoop", 500], ["outerRule"]],
  },
  {
    name: "AT-NMF, weighted, rules that do not",
    m: 61,
    n: 403,
    k: 4,
    fields: { ...MU, adversary: 1, loss: 1 },
    figures: { strength: 0.5, innerTolerance: 1e-6, outerTolerance: 1e-6 },
    weighted: true,
    calls: [["attack"], ["innerLoop", 20], ["outerRule"], ["attack"], ["innerLoop", 5], ["outerRule"]],
  },
  {
    name: "AT-NMF with a radius",
    m: 200,
    n: 300,
    k: 7,
    fields: { ...MU, adversary: 2 },
    figures: { radius: 0.1, innerTolerance: 1 },
    calls: [["attack"], ["innerLoop", 30], ["attack"], ["innerLoop", 30]],
  },
  { name: "fewer chunks than members", m: 3, n: 5, k: 2, fields: MU },
  { name: "a Gram matrix of many chunks", m: 400, n: 500, k: 49, fields: { solver: 1 } },
];

async function run(dtype: "f32" | "f64", problem: Case, team: number): Promise<string> {
  const { m, n, k } = problem;
  const view = new DataView(memory.buffer);
  const kernel = (name: string, ...args: number[]) => kernels[`${name}_${dtype}`]!(...args);
  const task = Math.ceil(constant("heap_base") / 16) * 16;
  const bytes = constant("task_bytes");
  new Uint8Array(memory.buffer, task, bytes).fill(0);
  const fields = { team, m, n, k, weighted: problem.weighted ? 1 : 0, ...problem.fields };
  for (const [name, value] of Object.entries(fields))
    view.setInt32(task + constant(`task_${name}`), value, true);
  for (const [name, value] of Object.entries({ epsilon: 2.2e-16, ...problem.figures }))
    view.setFloat64(task + constant(`task_${name}`), value, true);
  const base = task + Math.ceil(bytes / 16) * 16;
  expect(base + kernel("layout", task, 0)).toBeLessThan(memory.buffer.byteLength);
  kernel("layout", task, base);

  const floats = (field: string, length: number) => {
    const address = view.getUint32(task + constant(`task_${field}`), true);
    return dtype === "f32"
      ? new Float32Array(memory.buffer, address, length)
      : new Float64Array(memory.buffer, address, length);
  };
  const random = seeded(m + n + k);
  const rows = kernel("stagingRows", m, n);
  for (let row = 0; row < m; row += rows) {
    const count = Math.min(rows, m - row);
    floats("staging", count * n).set(Array.from({ length: count * n }, random));
    if (problem.weighted) {
      floats("stagingWeights", count * n).set(
        Array.from({ length: count * n }, () => (random() < 0.2 ? 0 : 1)),
      );
    }
    kernel("loadRows", task, row, count);
  }
  kernel("measure", task);
  kernel("initRandom", task, 7, 0);

  const reports: number[] = [];
  const together = async (calls: readonly Call[]) => {
    const done = members.slice(0, team - 1).map((member) => {
      const answer = new Promise((resolve) => member.once("message", resolve));
      member.postMessage({ dtype, task });
      return answer;
    });
    for (const [name, argument = 0] of calls) {
      kernel("lead", task, COMMANDS[name], argument);
      // Before the first report the field holds what `layout` left there.
      for (const field of REPORTS[name] ?? [])
        reports.push(view.getFloat64(task + constant(`task_${field}`), true));
      for (const field of VERDICTS[name] ?? [])
        reports.push(view.getInt32(task + constant(`task_${field}`), true));
    }
    kernel("lead", task, COMMANDS.end, 0);
    await Promise.all(done);
  };
  const loss: Call[] = [["currentLoss", 0], ["currentLoss", 1], ["projectedGradient"]];
  await together([["loadFactors"], ...(problem.calls ?? [ITERATE, ITERATE]), ...loss, ITERATE, ...loss]);

  kernel("storeFactors", task);
  const factors = floats("staging", m * k);
  const hash = createHash("sha256").update(new Uint8Array(factors.slice().buffer));
  return hash.update(new Uint8Array(Float64Array.from(reports).buffer)).digest("hex");
}

it("a team that is stopped leaves its factors alone", async () => {
  const problem: Case = { name: "stopped", m: 61, n: 403, k: 5, fields: { ...MU, loss: 1, stop: 1 } };
  const once = await run("f64", { ...problem, calls: [ITERATE] }, 2);
  expect(await run("f64", { ...problem, calls: [ITERATE, ITERATE, ITERATE] }, 2)).toBe(once);
  expect(await run("f64", { ...problem, calls: [ITERATE], fields: { ...MU, loss: 1 } }, 2)).not.toBe(once);
});

describe("a team gives the bits of one", () => {
  for (const problem of cases) {
    for (const dtype of ["f32", "f64"] as const) {
      it(`${problem.name}, ${dtype}`, async () => {
        const alone = await run(dtype, problem, 1);
        for (const team of [2, 3, 4]) expect(await run(dtype, problem, team), `${team} members`).toBe(alone);
      });
    }
  }
});
