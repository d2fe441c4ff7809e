// atnmf: the adversary is exact, the limits are right, and bad input meets coded errors.

import {
  AdvnmfError,
  type AtnmfOptions,
  type AtnmfResult,
  atnmf,
  createEngine,
  createWorker,
  type Matrix,
  matrix,
  nmf,
  sha256,
} from "advnmf";
import { atnmfSync } from "advnmf/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromFormula, seeded } from "../data.js";

function randomMatrix(rows: number, cols: number, seed = 1): Matrix<Float64Array> {
  const random = seeded(seed);
  return matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => (random() < 0.1 ? 0 : random())),
  );
}

function randomMask(count: number, share: number, seed = 2): Uint8Array {
  const random = seeded(seed);
  return Uint8Array.from({ length: count }, (_, i) => (i > 0 && random() < share ? 0 : 1));
}

async function codeOf(run: () => unknown): Promise<{ code: string; message: string }> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(AdvnmfError);
    const { code, message } = error as AdvnmfError;
    return { code, message };
  }
  throw new Error("expected an AdvnmfError, got a result");
}

/** D(x, y), for Frobenius without its ½. */
function divergence(loss: AtnmfOptions["loss"], x: number, y: number): number {
  if (loss === undefined || loss === "frobenius") return (x - y) ** 2;
  if (loss === "kullback-leibler") return (x === 0 ? 0 : x * Math.log(x / y)) - x + y;
  const { beta } = loss;
  return (x ** beta + (beta - 1) * y ** beta - beta * x * y ** (beta - 1)) / (beta * (beta - 1));
}

const LOSSES: AtnmfOptions["loss"][] = ["frobenius", "kullback-leibler", { beta: 1.5 }, { beta: 3 }];

describe("the adversary", () => {
  const shape = fc.record({
    m: fc.integer({ min: 1, max: 20 }),
    n: fc.integer({ min: 1, max: 20 }),
    seed: fc.nat(10_000),
    lambda: fc.constantFrom(1.2, 2, 5, 50),
    loss: fc.constantFrom(...LOSSES),
    missing: fc.constantFrom(undefined, "ignore", "zero-fill"),
    outer: fc.integer({ min: 1, max: 3 }),
  });

  it("is never beaten by another feasible R, stays feasible, and leaves held-out entries alone", async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ m, n, seed, lambda, loss, missing, outer }) => {
        // Away from 0, where a divergence from WH = 0 has no bound.
        const V = randomMatrix(m, n, seed);
        for (let i = 0; i < m * n; i++) V.data[i]! += 0.05;
        const mask = randomMask(m * n, 0.3, seed + 1);
        const fit = await atnmf(V, {
          rank: Math.min(m, n, 2),
          lambda,
          loss: loss!,
          maxOuter: outer,
          maxInner: 5,
          seed,
          ...(missing ? { mask, missing } : {}),
        });
        const P = fit.reconstruct().data;
        const random = seeded(seed + 2);
        for (let i = 0; i < m * n; i++) {
          const hidden = missing !== undefined && mask[i] === 0;
          const v = hidden ? 0 : V.data[i]!;
          const r = fit.R.data[i]!;
          expect(v + r).toBeGreaterThanOrEqual(-1e-12);
          if (hidden) expect(r).toBe(0);
          else {
            const p = P[i]! + 2.2e-16;
            const gain = (x: number) => divergence(loss, v + x, p) - lambda * divergence(loss, v + x, v);
            const best = gain(r);
            for (const scale of [1, 1e-2, 1e-4]) {
              const other = Math.max(-v, r + scale * (random() - 0.5) * (1 + Math.abs(r)));
              expect(gain(other)).toBeLessThanOrEqual(best + 1e-9 * (1 + Math.abs(best)));
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("with a radius goes to the worse end of it, and never below 0", async () => {
    const V = randomMatrix(15, 12, 4);
    const linf = 0.15;
    for (const loss of LOSSES) {
      const fit = await atnmf(V, { rank: 3, adversary: { linf }, loss: loss!, maxOuter: 3 });
      const P = fit.reconstruct().data;
      expect(fit.lambda).toBeUndefined();
      for (let i = 0; i < V.data.length; i++) {
        const v = V.data[i]!;
        const r = fit.R.data[i]!;
        const low = Math.max(-v, -linf);
        expect(Math.min(Math.abs(r - linf), Math.abs(r - low))).toBeLessThan(1e-15);
        const gain = (x: number) => divergence(loss, v + x, P[i]!);
        expect(gain(r)).toBeGreaterThanOrEqual(Math.max(gain(linf), gain(low)) - 1e-12);
      }
    }
  });

  it("fades as λ grows, and with it the difference from NMF", async () => {
    const V = randomMatrix(20, 16, 5);
    const init = { W: randomMatrix(20, 3, 6), H: randomMatrix(3, 16, 7) };
    const options = { rank: 3, init, epsilonInner: 0, epsilonOuter: 0, maxInner: 60, maxOuter: 1 };
    const plain = await nmf(V, { rank: 3, init, solver: "mu", tolerance: 0, maxIterations: 60 });
    const size = ({ R }: { R: Matrix }) => Math.hypot(...R.data);
    const distance = ({ W }: { W: Matrix }) => Math.hypot(...[...W.data].map((w, i) => w - plain.W.data[i]!));
    let before = { size: Infinity, distance: Infinity };
    for (const lambda of [2, 20, 200, 2000]) {
      const fit = await atnmf(V, { ...options, lambda });
      expect(size(fit)).toBeLessThan(before.size / 2);
      expect(distance(fit)).toBeLessThan(before.distance / 2);
      before = { size: size(fit), distance: distance(fit) };
    }
    const none = await atnmf(V, { ...options, lambda: Number.POSITIVE_INFINITY });
    expect(none.R.data.every((r) => r === 0)).toBe(true);
    expect(none.W.data).toEqual(plain.W.data);
    expect(none.H.data).toEqual(plain.H.data);
    expect(none.loss).toBe(plain.loss);
  });
});

describe("the result", () => {
  const V = randomMatrix(30, 20, 8);

  it("tells what the history tells, and the objective is that of its R", async () => {
    const fit = await atnmf(V, { rank: 3, lambda: 2, maxOuter: 7, epsilonOuter: 0 });
    expect(fit).toMatchObject({ lambda: 2, outerIterations: 7, converged: false, reason: "maxIterations" });
    expect(fit.history.map(({ iteration }) => iteration)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(fit.innerIterations).toHaveLength(7);
    expect(fit.iterations).toBe(fit.innerIterations.reduce((sum, count) => sum + count, 0));
    const P = fit.reconstruct().data;
    let attacked = 0;
    let effort = 0;
    for (let i = 0; i < P.length; i++) {
      attacked += (V.data[i]! + fit.R.data[i]! - P[i]!) ** 2;
      effort += fit.R.data[i]! ** 2;
    }
    const last = fit.history.at(-1)!;
    expect(last.saddle).toBeCloseTo(attacked - 2 * effort, 9);
    expect(last.effort).toBeCloseTo(effort, 9);
    expect(last.loss).toBeCloseTo(fit.loss, 12);
    expect(fit.saddle).toBe(last.saddle);
    // One outer iteration less ends with the factors that the last attack answered.
    const before = await atnmf(V, { rank: 3, lambda: 2, maxOuter: 6, epsilonOuter: 0 });
    let objective = 0;
    for (let i = 0; i < P.length; i++) objective += (V.data[i]! + before.R.data[i]! - P[i]!) ** 2;
    expect(last.objective).toBeCloseTo(objective, 9);
  });

  it("stops by the rules of the paper, and says so", async () => {
    const fit = await atnmf(V, { rank: 2, lambda: 1000 });
    expect(fit).toMatchObject({ converged: true, reason: "tolerance" });
    expect(fit.outerIterations).toBeLessThan(100);
    expect(fit.innerIterations.at(-1)).toBeLessThan(1000);
  });

  it("keeps the start with the least saddle objective", async () => {
    const options = { rank: 4, lambda: 3, maxOuter: 4, maxInner: 40, seed: 3 } as const;
    const best = await atnmf(V, { ...options, restarts: 4 });
    expect(best.restarts).toHaveLength(4);
    const one = await atnmf(V, { ...options, restarts: 1 });
    expect(best.saddle).toBeLessThanOrEqual(one.saddle);
    expect(one.restarts[0]).toEqual(best.restarts[0]);
  });

  it("is the same on one thread, two, in a worker, and synchronously", async () => {
    const large = randomMatrix(120, 90, 9);
    const mask = randomMask(120 * 90, 0.3);
    const options = { rank: 5, lambda: 2, mask, maxOuter: 4, maxInner: 30, restarts: 2 } as const;
    using engine = await createEngine();
    using worker = createWorker();
    const fits = [
      await atnmf(large, { ...options, threads: 1 }),
      await atnmf(large, { ...options, threads: 2, engine }),
      await atnmf(large, { ...options, restarts: 2, threads: 2, engine, epsilonInner: 0.01 }),
      await worker.atnmf(large, options),
      atnmfSync(large, options),
    ];
    const digests = await Promise.all(
      fits.map(async ({ W, H, R, saddle }) => [await sha256(W), await sha256(H), await sha256(R), saddle]),
    );
    for (const digest of digests) expect(digest).toEqual(digests[0]);
  });

  it("is f32 for f32 data, near the f64 one", async () => {
    const init = { W: randomMatrix(30, 3, 10), H: randomMatrix(3, 20, 11) };
    const options = { rank: 3, lambda: 3, init, maxOuter: 3, maxInner: 30, epsilonInner: 0 } as const;
    const single = await atnmf(matrix(30, 20, Float32Array.from(V.data)), options);
    const double = await atnmf(V, options);
    expect(single.R.data).toBeInstanceOf(Float32Array);
    expect(Math.abs(single.loss / double.loss - 1)).toBeLessThan(1e-4);
  });

  it("projects new data with its loss", async () => {
    const fit = await atnmf(V, { rank: 3, lambda: 3, loss: "kullback-leibler", maxOuter: 2 });
    const { H, converged } = await fit.transform(V, { maxIterations: 500 });
    expect([H.rows, H.cols, converged]).toEqual([3, 20, true]);
  });

  it("reports progress by outer iterations, and an abort gives the result so far", async () => {
    const large = randomMatrix(300, 200, 12);
    const controller = new AbortController();
    const seen: number[] = [];
    const options: AtnmfOptions = {
      rank: 5,
      lambda: 2,
      epsilonInner: 0,
      epsilonOuter: 0,
      signal: controller.signal,
      onProgress: ({ iteration, maxIterations, innerIteration }) => {
        expect(maxIterations).toBe(100);
        expect(innerIteration).toBeGreaterThan(0);
        seen.push(iteration);
        if (seen.length === 3) controller.abort();
      },
    };
    const error = await atnmf(large, options).then(
      () => undefined,
      (thrown: AdvnmfError) => thrown,
    );
    expect(error?.code).toBe("ABORTED");
    const best = error?.best as AtnmfResult;
    expect(best.reason).toBe("aborted");
    expect(best.R.data).toHaveLength(60_000);
    expect(Number.isFinite(best.saddle)).toBe(true);
  });
});

describe("entries that nobody observed", () => {
  it("a column without one is predicted by the mean of the coefficients, and named", async () => {
    const V = randomMatrix(12, 9, 13);
    const mask = new Uint8Array(12 * 9).fill(1);
    for (let i = 0; i < 12; i++) mask[i * 9 + 4] = 0;
    mask.fill(0, 7 * 9, 8 * 9);
    for (const fit of [await atnmf(V, { rank: 2, mask, maxOuter: 3 }), await nmf(V, { rank: 2, mask })]) {
      const { H, W, warnings } = fit;
      for (let a = 0; a < 2; a++) {
        const row = [...H.data.subarray(a * 9, a * 9 + 9)];
        const mean = row.reduce((sum, h, j) => (j === 4 ? sum : sum + h), 0) / 8;
        expect(row[4]).toBeCloseTo(mean, 12);
        expect(W.data[7 * 2 + a]).toBe(0);
      }
      expect(warnings.join(" ")).toMatch(/no observed entry in column 4: predicted by the mean/);
      expect(warnings.join(" ")).toMatch(/no observed entry in row 7: predicted as zeros/);
    }
    const filled = await atnmf(V, { rank: 2, mask, missing: "zero-fill", maxOuter: 3 });
    expect(filled.warnings.join(" ")).toMatch(/in column 4: counts as zeros/);
  });
});

describe("λ by held-out entries", () => {
  it("takes the candidate that predicts them best, the same one on any number of threads", async () => {
    const W = randomMatrix(40, 2, 14);
    const H = randomMatrix(2, 30, 15);
    const random = seeded(16);
    const V = fromFormula(40, 30, (i, j) => {
      const exact = W.data[2 * i]! * H.data[j]! + W.data[2 * i + 1]! * H.data[30 + j]!;
      return exact * (0.9 + 0.2 * random());
    });
    const options = { rank: 2, lambda: [1.05, 3, 100], maxOuter: 10, maxInner: 200 } as const;
    const fit = await atnmf(V, options);
    expect(fit.lambdas?.map(({ lambda }) => lambda)).toEqual([1.05, 3, 100]);
    const best = fit.lambdas!.reduce((kept, next) => (next.heldOutError < kept.heldOutError ? next : kept));
    expect(fit.lambda).toBe(best.lambda);
    // An adversary that strong spoils what can be known exactly.
    expect(fit.lambda).not.toBe(1.05);
    using engine = await createEngine();
    const again = await atnmf(V, { ...options, threads: 2, engine });
    expect(again.lambdas).toEqual(fit.lambdas);
    expect(again.W.data).toEqual(fit.W.data);
    const auto = await atnmf(V, { ...options, lambda: "auto", maxOuter: 2, maxInner: 20 });
    expect(auto.lambdas?.map(({ lambda }) => lambda)).toEqual([1.5, 2, 3, 5, 10, Infinity]);
  });
});

describe("bad input", () => {
  const V = randomMatrix(6, 5, 17);
  const rank = 2;
  const cases: [string, string, RegExp, AtnmfOptions][] = [
    ["λ = 1", "OPTION", /above 1.*got 1: .*no bound/, { rank, lambda: 1 }],
    ["λ below 1", "OPTION", /above 1.*got 0\.5/, { rank, lambda: 0.5 }],
    ["λ = NaN", "OPTION", /above 1.*got NaN/, { rank, lambda: Number.NaN }],
    ["λ a word", "OPTION", /above 1.*got "two"/, { rank, lambda: "two" as never }],
    ["an empty list of λ", "OPTION", /empty list/, { rank, lambda: [] }],
    ["a list with λ = 1", "OPTION", /above 1.*got 1/, { rank, lambda: [2, 1] }],
    ["λ and a radius", "OPTION", /takes no lambda/, { rank, lambda: 2, adversary: { linf: 0.1 } }],
    ["a negative radius", "OPTION", /adversary\.linf/, { rank, adversary: { linf: -1 } }],
    ["another adversary", "OPTION", /adversary must be one of/, { rank, adversary: "l2" as never }],
    ["a radius and zero-fill", "OPTION", /"ignore"/, { rank, adversary: { linf: 1 }, missing: "zero-fill" }],
    ["Itakura–Saito", "OPTION", /β ≥ 1/, { rank, loss: "itakura-saito" as never }],
    ["β = 0.5", "OPTION", /β ≥ 1/, { rank, loss: { beta: 0.5 } }],
    ["Cauchy", "OPTION", /β ≥ 1/, { rank, loss: { cauchy: 1 } as never }],
    ["nothing observed", "OPTION", /every entry of V is missing/, { rank, mask: new Uint8Array(30) }],
    ["a mask of another shape", "SHAPE", /mask must hold 6·5 = 30/, { rank, mask: new Uint8Array(29) }],
    ["no inner iterations", "OPTION", /maxInner/, { rank, maxInner: 0 }],
    ["a negative rule", "OPTION", /epsilonOuter/, { rank, epsilonOuter: -1 }],
    ["an option of nmf's", "OPTION", /no option "tolerance"/, { rank, tolerance: 1 } as never],
    ["too high a rank", "RANK", /1 … 5/, { rank: 6 }],
  ];
  for (const [name, code, message, options] of cases) {
    it(name, async () => {
      const found = await codeOf(() => atnmf(V, options));
      expect(found.code).toBe(code);
      expect(found.message).toMatch(message);
    });
  }

  it("NaN that nobody announced, and negative entries", async () => {
    expect((await codeOf(() => atnmf([[1, Number.NaN]], { rank: 1 }))).code).toBe("NOT_FINITE");
    expect((await codeOf(() => atnmf([[1, -1]], { rank: 1 }))).code).toBe("NEGATIVE");
  });

  it("several λ need the asynchronous call", async () => {
    const found = await codeOf(() => atnmfSync(V, { rank, lambda: "auto" }));
    expect(found).toMatchObject({ code: "OPTION", message: expect.stringMatching(/got "auto"/) });
  });
});
