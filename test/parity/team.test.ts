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
  keep: 32,
  restore: 33,
  advance: 34,
  comeBack: 35,
  beginReturn: 36,
  prepare: 37,
  solve: 38,
  concludeGradient: 39,
  outerRows: 40,
  squarem: 41,
  step: 42,
  measureFeatures: 57,
  rightSide: 58,
  beginSolution: 59,
  normalProduct: 60,
  extend: 61,
  ritz: 62,
  restart: 63,
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
  /** Fields of the record of a gradient, i32, with its mode and the states it keeps. */
  readonly gradient?: {
    readonly mode: number;
    readonly states: number;
    readonly fields: Record<string, number>;
    /** Vectors of the basis of a sensitivity. */
    readonly room?: number;
  };
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
/** Fields of a gradient's record. */
const GRADIENT_REPORTS: Partial<Record<Call[0], readonly string[]>> = {
  beginReturn: ["error", "errorW", "errorH"],
  prepare: ["error", "stationarity", "multiplier", "leak"],
  solve: ["residual", "curvature"],
};
/** Those of a sensitivity's. */
const SENSITIVITY_REPORTS: Partial<Record<Call[0], readonly string[]>> = {
  normalProduct: ["length"],
  extend: ["norm"],
  ritz: [],
};
const ITERATE: Call = ["iterate", 12];
const MU = { solver: 0 };
/** Two segments of three steps, and back. */
const BACK: Call[] = [
  ["keep", 0],
  ["iterate", 3],
  ["keep", 1],
  ["advance", 1],
  ["beginReturn"],
  ["comeBack", 1],
  ["restore", 0],
  ["advance", 0],
  ["comeBack", 0],
];
const BACK_RECORD = { mode: 0, states: 4, fields: { steps: 3, checkpoints: 2 } };
/** The gradient as it stands, then two Newton steps, the second too long, and the gradient there. */
const IMPLICIT: Call[] = [
  ITERATE,
  ["prepare", 0],
  ["solve", 7],
  ["concludeGradient"],
  ["outerRows", 0],
  ["squarem", 3],
  ["prepare", 2],
  ["prepare", 1],
  ["solve", 5],
  ["step", 0],
  ["step", 2],
  ["prepare", 1],
  ["solve", 3],
  ["step", 0],
  ["step", -1],
  ["prepare", 0],
  ["solve", 4],
  ["concludeGradient"],
  ["outerRows", 8],
];
const IMPLICIT_RECORD = { mode: 1, states: 0, fields: { limit: 50, steps: 40 } };
/** Four products of a basis that is restarted after three. */
const PRODUCT: Call[] = [
  ["beginSolution"],
  ["solve", 9],
  ["concludeGradient"],
  ["normalProduct"],
  ["beginSolution"],
  ["solve", 9],
  ["concludeGradient"],
];
const SENSITIVITY: Call[] = [
  ITERATE,
  ["prepare", 1],
  ["measureFeatures"],
  ["extend", -1],
  ...[0, 1, 2].flatMap((size): Call[] => [["rightSide", size], ...PRODUCT, ["extend", size + 1]]),
  ["ritz", 3],
  ["restart", 2 + 65536 * 3],
  ["rightSide", 2],
  ...PRODUCT,
  ["extend", 3],
  ["ritz", 3],
  ["rightSide", 0],
  ["beginSolution"],
  ["solve", 9],
  ["concludeGradient"],
  ["outerRows", 8],
];
const SENSITIVITY_RECORD = { mode: 1, states: 0, fields: { limit: 50, steps: 40 }, room: 5 };
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
  ...[0, 1].flatMap((loss) => [
    {
      ...{ name: `back-propagation, loss ${loss}`, m: 61, n: 403, k: 5, calls: BACK },
      ...{ fields: { ...MU, loss, firstH: loss }, gradient: BACK_RECORD },
    },
    {
      ...{ name: `implicit gradient, loss ${loss}`, m: 61, n: 403, k: 5, calls: IMPLICIT },
      ...{ fields: { ...MU, loss }, gradient: IMPLICIT_RECORD },
    },
    {
      ...{ name: `sensitivity, loss ${loss}`, m: 61, n: 403, k: 5, calls: SENSITIVITY },
      ...{ fields: { ...MU, loss }, gradient: SENSITIVITY_RECORD },
    },
  ]),
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
  const behind = base + Math.ceil(kernel("layout", task, 0) / 16) * 16;
  expect(behind).toBeLessThan(memory.buffer.byteLength);
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
  if (problem.gradient) {
    const { mode, states, fields: own, room } = problem.gradient;
    expect(behind + kernel("gradientLayout", task, 0, mode, states)).toBeLessThan(memory.buffer.byteLength);
    kernel("gradientLayout", task, behind, mode, states);
    const record = view.getUint32(task + constant("task_gradient"), true);
    for (const [name, value] of Object.entries(own))
      view.setInt32(record + constant(`gradient_${name}`), value, true);
    // Sums of squares would meet negative curvature early; damped, there is none.
    if (room !== undefined) {
      const basis = behind + Math.ceil(kernel("gradientLayout", task, 0, mode, states) / 16) * 16;
      expect(basis + kernel("sensitivityLayout", task, 0, room)).toBeLessThan(memory.buffer.byteLength);
      kernel("sensitivityLayout", task, basis, room);
      view.setFloat64(record + constant("gradient_damping"), 0.5, true);
      kernel("drawVector", task, 9);
      kernel("loadVector", task);
    }
    kernel("initRandom", task, 8, 0);
    kernel("loadReference", task);
  }
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
      for (const field of GRADIENT_REPORTS[name] ?? []) {
        const record = view.getUint32(task + constant("task_gradient"), true);
        reports.push(view.getFloat64(record + constant(`gradient_${field}`), true));
      }
      for (const field of SENSITIVITY_REPORTS[name] ?? []) {
        const record = view.getUint32(task + constant("task_gradient"), true);
        const own = view.getUint32(record + constant("gradient_sensitivity"), true);
        reports.push(view.getFloat64(own + constant(`sensitivity_${field}`), true));
        const values = view.getUint32(own + constant("sensitivity_values"), true);
        if (name === "ritz") reports.push(...new Float64Array(memory.buffer, values, 3));
      }
      if (name === "outerRows") reports.push(...floats("staging", IMPLICIT_RECORD.fields.steps * n));
    }
    kernel("lead", task, COMMANDS.end, 0);
    await Promise.all(done);
  };
  const loss: Call[] = [["currentLoss", 0], ["currentLoss", 1], ["projectedGradient"]];
  await together([["loadFactors"], ...(problem.calls ?? [ITERATE, ITERATE]), ...loss, ITERATE, ...loss]);

  if (problem.gradient === BACK_RECORD) {
    kernel("storeGradient", task, 0, m);
    reports.push(...floats("staging", m * n));
  }
  if (problem.gradient) expect(reports.every(Number.isFinite)).toBe(true);
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
