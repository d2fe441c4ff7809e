// Threads: the same bits on any number of them, and what happens where there are none, or where they fail.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import {
  AdvnmfError,
  createEngine,
  info,
  matrix,
  type NmfOptions,
  type NmfResult,
  nmf,
  selectRank,
  sha256,
  transform,
} from "advnmf";
import { nmfSync } from "advnmf/sync";
import { afterAll, describe, expect, it } from "vitest";
import { projectRoot, seeded } from "../data.js";

const folder = mkdtempSync(join(tmpdir(), "advnmf-threads-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a worker script that is the package's own, but first does something, and then at every message `m`. */
function workerThat(name: string, atFirst: string, atMessage = ""): URL {
  const file = join(folder, `${name}.mjs`);
  const real = pathToFileURL(join(projectRoot, "dist", "worker.js")).href;
  const text = `import { parentPort } from "node:worker_threads";
    import { existsSync, writeFileSync } from "node:fs";
    const on = parentPort.on.bind(parentPort);
    parentPort.on = (event, listener) => on(event, (m) => { ${atMessage}; listener(m); });
    ${atFirst};
    await import("${real}");`;
  writeFileSync(file, text);
  return pathToFileURL(file);
}

function numbers(rows: number, cols: number, seed = 1) {
  const random = seeded(seed);
  return matrix(rows, cols, Float64Array.from({ length: rows * cols }, random));
}

const V = numbers(61, 403);

async function digests({ W, H, history }: NmfResult): Promise<string[]> {
  return [await sha256(W), await sha256(H), JSON.stringify(history)];
}

async function failureOf(promise: Promise<unknown>): Promise<AdvnmfError> {
  const error = await promise.then(
    () => "no error",
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AdvnmfError);
  return error as AdvnmfError;
}

describe("threads", () => {
  const fits: [string, NmfOptions][] = [
    ["Frobenius", { rank: 5 }],
    ["Kullback–Leibler", { rank: 4, loss: "kullback-leibler", maxIterations: 30 }],
    ["nndsvd, penalties, kkt", { rank: 3, init: "nndsvd", l1H: 0.001, stopping: "kkt", maxIterations: 50 }],
    ["Cauchy", { rank: 3, loss: { cauchy: "auto" }, maxIterations: 30 }],
    ["restarts", { rank: 3, restarts: 5, maxIterations: 30 }],
  ];
  it.each(fits)("%s: the same bits on 1, 2, 3 and 4", async (_name, options) => {
    const alone = await nmf(V, { ...options, threads: 1 });
    expect(alone.threads).toBe(1);
    for (const threads of [2, 3, 4]) {
      const fit = await nmf(V, { ...options, threads });
      expect(fit.threads).toBe(threads);
      expect(fit.warnings).toEqual([]);
      expect(await digests(fit), `${threads} threads`).toEqual(await digests(alone));
      expect(fit.restarts).toEqual(alone.restarts);
    }
  });

  it("transform takes them, and those of the fit are passed on", async () => {
    const fit = await nmf(V, { rank: 3, threads: 2, maxIterations: 20 });
    const there = await fit.transform(V, { maxIterations: 20 });
    const here = await transform(V, fit.W, { threads: 1, maxIterations: 20 });
    expect(there.threads).toBe(2);
    expect(await sha256(there.H)).toBe(await sha256(here.H));
  });

  it("the data stay the caller's: neither taken nor changed", async () => {
    const own = numbers(40, 50);
    const before = await sha256(own);
    const mask = new Uint8Array(2000).fill(1);
    mask[7] = 0;
    await nmf(own, { rank: 2, threads: 2, mask, maxIterations: 5 });
    expect(own.data.length).toBe(2000);
    expect(mask.length).toBe(2000);
    expect(await sha256(own)).toBe(before);
  });

  it("small problems stay on the calling thread, large ones do not", async () => {
    expect((await nmf(numbers(20, 30), { rank: 2 })).threads).toBe(1);
    const { threads } = await info();
    const large = await nmf(numbers(300, 2000), { rank: 10, maxIterations: 200, tolerance: 0 });
    expect(large.threads).toBe(threads);
  });

  it.each([0, 1.5, 33, 1000, -1, Number.NaN, "2"])("refuses threads: %s", async (threads) => {
    const error = await failureOf(nmf(V, { rank: 2, threads: threads as number }));
    expect(error.code).toBe("OPTION");
    expect(error.message).toMatch(/threads must be a whole number in 1 … 32/);
  });

  it("more threads than there is work for give the same result", async () => {
    const small = numbers(3, 4);
    const many = await nmf(small, { rank: 2, threads: 32, maxIterations: 5 });
    expect(many.threads).toBe(32);
    expect(await digests(many)).toEqual(await digests(await nmf(small, { rank: 2, maxIterations: 5 })));
  });

  it("errors come back as they are, and the next call works", async () => {
    const bad = matrix(40, 50, new Float64Array(2000).fill(1));
    bad.data[73] = -1;
    const error = await failureOf(nmf(bad, { rank: 2, threads: 2 }));
    expect(error).toMatchObject({ code: "NEGATIVE", details: { row: 1, column: 23 } });
    expect((await nmf(V, { rank: 2, threads: 2, maxIterations: 5 })).threads).toBe(2);
  });

  it("progress comes through, and what it throws ends the call", async () => {
    const seen: number[] = [];
    const options = { rank: 5, threads: 2, tolerance: 0, maxIterations: 2000 };
    await nmf(V, { ...options, onProgress: ({ iteration }) => void seen.push(iteration) });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const thrown = new RangeError("enough");
    const call = nmf(V, {
      ...options,
      maxIterations: 1e9,
      onProgress: () => {
        throw thrown;
      },
    });
    await expect(call).rejects.toBe(thrown);
    expect((await nmf(V, { rank: 2, threads: 2, maxIterations: 5 })).threads).toBe(2);
  });

  it("an abort frees the team soon, with the result so far", async () => {
    for (const restarts of [1, 8]) {
      const controller = new AbortController();
      let aborted = 0;
      setTimeout(() => {
        aborted = performance.now();
        controller.abort(new Error("no longer wanted"));
      }, 150);
      const options = { rank: 5, restarts, threads: 2, tolerance: 0, maxIterations: 1e9 };
      const error = await failureOf(nmf(V, { ...options, signal: controller.signal }));
      // The time is measured by the bench; here it is enough that it ends.
      expect(performance.now() - aborted).toBeLessThan(5000);
      expect(error.code).toBe("ABORTED");
      expect(error.cause).toMatchObject({ message: "no longer wanted" });
      expect(error.best).toMatchObject({ reason: "aborted", W: { rows: 61, cols: 5 } });
      expect((error.best as NmfResult).reconstruct().cols).toBe(403);
    }
    expect((await nmf(V, { rank: 2, threads: 2, maxIterations: 5 })).threads).toBe(2);
  });

  // A follower that lags behind must not see what the lead prepares next: this one hung.
  it("starts that change the solver on the way do not hang", async () => {
    const alone = await nmf(V, { rank: 4, init: "half-normal", threads: 1, maxIterations: 3 });
    for (let i = 0; i < 60; i++) {
      const fit = await nmf(V, { rank: 4, init: "half-normal", threads: 2, maxIterations: 3 });
      expect(fit.loss).toBe(alone.loss);
    }
  });

  it("an abort before it begins is told so", async () => {
    const signal = AbortSignal.abort();
    const error = await failureOf(nmf(V, { rank: 2, threads: 2, signal }));
    expect(error).toMatchObject({ code: "ABORTED", best: undefined });
  });

  it("an abort while the workers start gives what one iteration gave", async () => {
    for (const restarts of [1, 8]) {
      using engine = await createEngine();
      const controller = new AbortController();
      const options = { rank: 4, restarts, threads: 2, tolerance: 0, maxIterations: 1e9, engine };
      const call = failureOf(nmf(V, { ...options, signal: controller.signal }));
      setTimeout(() => controller.abort(), 1);
      expect(await call).toMatchObject({ code: "ABORTED", best: { reason: "aborted", W: { cols: 4 } } });
    }
  });

  it("calls side by side on one engine wait for each other", async () => {
    const options = { rank: 3, threads: 2, maxIterations: 20 };
    const fits = await Promise.all([1, 2, 3].map((seed) => nmf(V, { ...options, seed })));
    for (const fit of fits) {
      const alone = await nmf(V, { ...options, seed: fit.seed, threads: 1 });
      expect(await digests(fit)).toEqual(await digests(alone));
    }
  });

  it("selectRank compares side by side what it compares one after another", async () => {
    for (const method of ["held-out", "consensus"] as const) {
      const options = { ranks: [2, 3], method, repeats: 3, maxIterations: 30 };
      const told: number[] = [];
      const data = numbers(30, 40);
      const both = await selectRank(data, {
        ...options,
        threads: 2,
        onProgress: (p) => void told.push(p.done),
      });
      expect(told).toEqual([1, 2, 3, 4, 5, 6]);
      expect(both).toEqual(await selectRank(data, { ...options, threads: 1 }));
    }
  });
});

describe("selectRank that is aborted", () => {
  it.each([1, 2])("throws ABORTED without a result, on %i threads", async (threads) => {
    const controller = new AbortController();
    const call = selectRank(V, {
      ranks: [2, 3],
      threads,
      tolerance: 0,
      maxIterations: 1e6,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error("enough")), 100);
    const error = await failureOf(call);
    expect(error).toMatchObject({ code: "ABORTED", best: undefined, cause: { message: "enough" } });
  });
});

describe("workers that fail", () => {
  const failing: [string, string, string, NmfOptions][] = [
    [
      "the lead dies in the middle",
      "",
      'if (m.path?.[0] === "lead") setTimeout(() => process.exit(3), 50)',
      { rank: 3, threads: 2 },
    ],
    [
      "a follower dies before it follows",
      "",
      'if (m.path?.[0] === "follow") process.exit(3)',
      { rank: 3, threads: 3 },
    ],
    [
      "one of many apart dies",
      "let n = 0",
      'if (m.path?.[0] === "solve" && n++ > 0) process.exit(3)',
      { rank: 3, threads: 2, restarts: 16 },
    ],
    [
      "one throws what nobody foresaw",
      "WebAssembly.Instance = function () { throw new TypeError('unforeseen'); }",
      "",
      { rank: 3, threads: 2 },
    ],
  ];
  it.each(failing)("%s: WORKER, and the engine goes on", async (name, atFirst, atMessage, options) => {
    using engine = await createEngine({ worker: workerThat(name.replaceAll(" ", "-"), atFirst, atMessage) });
    const error = await failureOf(nmf(V, { ...options, engine, tolerance: 0, maxIterations: 5000 }));
    expect(error.code).toBe("WORKER");
    expect(error.message).toMatch(/a worker failed: .*(code 3|unforeseen); call again/);
    expect((await nmf(V, { rank: 2, threads: 1, engine })).threads).toBe(1);
  });

  it("after a death the next call on that engine gets new workers", async () => {
    const flag = JSON.stringify(join(folder, "died"));
    const script = workerThat(
      "dies-once",
      "",
      `if (m.path?.[0] === "lead" && !existsSync(${flag})) { writeFileSync(${flag}, ""); process.exit(3); }`,
    );
    using engine = await createEngine({ worker: script });
    const options = { rank: 3, threads: 2, maxIterations: 20, engine };
    expect((await failureOf(nmf(V, options))).code).toBe("WORKER");
    const again = await nmf(V, options);
    expect(again.threads).toBe(2);
    expect(await digests(again)).toEqual(await digests(await nmf(V, { ...options, threads: 1 })));
  });

  it("a script that cannot be started: one thread, and a warning that says why", async () => {
    using engine = await createEngine({ worker: "file:///nowhere/worker.js" });
    const fit = await nmf(V, { rank: 2, threads: 2, engine, maxIterations: 5 });
    expect(fit.threads).toBe(1);
    expect(fit.warnings.join()).toMatch(/on one thread, not 2: its workers could not be started: .*nowhere/);
    const facts = await info(engine);
    expect(facts).toMatchObject({ threads: 1, threadsReason: expect.stringMatching(/could not be started/) });
  });

  it("memory that cannot grow in the team is a MEMORY error", async () => {
    const script = workerThat(
      "no-growth",
      'WebAssembly.Memory.prototype.grow = () => { throw new RangeError("no"); }',
    );
    using engine = await createEngine({ worker: script });
    const error = await failureOf(nmf(numbers(300, 2000), { rank: 3, threads: 2, engine }));
    expect(error.code).toBe("MEMORY");
    expect(error.message).toMatch(/300×2000 f64 problem of rank 3.*refused to grow/);
  });

  it("an engine that is disposed of ends its call under way", async () => {
    const engine = await createEngine();
    const call = failureOf(nmf(V, { rank: 3, threads: 2, engine, tolerance: 0, maxIterations: 1e9 }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    engine[Symbol.dispose]();
    expect((await call).code).toBe("WORKER");
    expect((await failureOf(nmf(V, { rank: 3, threads: 2, engine }))).code).toBe("WORKER");
  });
});

describe("where threads cannot be had", () => {
  it("nmfSync computes alone, and says so", () => {
    const fit = nmfSync(V, { rank: 2, threads: 4, maxIterations: 5 });
    expect(fit.threads).toBe(1);
    expect(fit.warnings).toEqual([
      "Computed on one thread, not 4: a synchronous call stays on its own thread.",
    ]);
  });

  const run = promisify(execFile);
  /** Runs a program against the built package in a process of its own, and returns what it prints. */
  async function program(before: string, body: string): Promise<string> {
    const entry = pathToFileURL(join(projectRoot, "dist", "index.js")).href;
    const text = `${before}\nconst { nmf, info } = await import("${entry}");\n${body}`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", text], { timeout: 60_000 });
    return stdout.trim();
  }

  const lacking: [string, string, RegExp][] = [
    ["a page that is not isolated", "globalThis.crossOriginIsolated = false;", /Cross-Origin-Opener-Policy/],
    [
      "workers that may not share a memory",
      "globalThis.MessageChannel = class { port1 = { postMessage() { throw new Error('refused'); }, close() {} }; port2 = this.port1; };",
      /does not let workers share a memory \(refused\)/,
    ],
    [
      "a runtime without workers",
      "const real = process.getBuiltinModule; process.getBuiltinModule = (name) => name === 'node:worker_threads' ? undefined : real(name);",
      /has no workers/,
    ],
  ];
  it.each(lacking)(
    "%s: one thread, a warning if more were asked for, and info",
    async (_name, before, why) => {
      const out = await program(
        before,
        `const V = [[1, 2], [3, 4], [5, 7]];
       const asked = await nmf(V, { rank: 1, threads: 2 });
       const unasked = await nmf(V, { rank: 1 });
       const { threads, threadsReason } = await info();
       console.log(JSON.stringify([asked.threads, asked.warnings, unasked.warnings, threads, threadsReason]));`,
      );
      const [askedThreads, warnings, none, threads, reason] = JSON.parse(out);
      expect([askedThreads, threads, none]).toEqual([1, 1, []]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/^Computed on one thread, not 2: /);
      expect(warnings[0]).toMatch(why);
      expect(reason).toMatch(why);
    },
  );

  it("idle workers let the process end", async () => {
    const body = `const V = Array.from({ length: 50 }, (_, i) => Array.from({ length: 60 }, (_, j) => (i * j) % 7));
      console.log((await nmf(V, { rank: 3, threads: 3 })).threads);`;
    expect(await program("", body)).toBe("3");
  });
});
