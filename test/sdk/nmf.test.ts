// nmf, transform and their results: what every combination must keep, and what bad input meets.

import { AdvnmfError, createEngine, matrix, type NmfOptions, nmf, transform } from "advnmf";
import { nmfSync, transformSync } from "advnmf/sync";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { fromFormula, seeded, total } from "../data.js";

function randomMatrix(rows: number, cols: number, seed = 1): number[][] {
  const random = seeded(seed);
  return fromFormula(rows, cols, () => random());
}

async function errorOf(run: () => unknown): Promise<AdvnmfError> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(AdvnmfError);
    return error as AdvnmfError;
  }
  throw new Error("expected an AdvnmfError, got a result");
}

const losses: NmfOptions["loss"][] = [
  "frobenius",
  "kullback-leibler",
  "itakura-saito",
  { beta: 0.5 },
  { beta: 1.5 },
  { beta: 3 },
  { cauchy: 0.1 },
  { cauchy: "auto" },
];

describe("every loss and both conventions for missing entries", () => {
  const V = fromFormula(17, 13, (i, j) => 0.05 + Math.abs(Math.sin(1 + i * j + 2 * i + 3 * j)));
  const random = seeded(3);
  const mask = matrix(
    17,
    13,
    Float64Array.from({ length: 17 * 13 }, () => (random() < 0.2 ? 0 : 1)),
  );

  for (const loss of losses) {
    for (const missing of [undefined, "ignore", "zero-fill"] as const) {
      it(`${JSON.stringify(loss)}, ${missing ?? "all observed"}`, async () => {
        const options: NmfOptions = {
          rank: 3,
          maxIterations: 60,
          tolerance: 0,
          ...(loss ? { loss } : {}),
          ...(missing ? { mask, missing } : {}),
        };
        const fit = await nmf(V, options);
        for (const x of [...fit.W.data, ...fit.H.data]) expect(x >= 0 && x < Infinity).toBe(true);
        const [first] = fit.history;
        const last = fit.history.at(-1)!;
        expect(first!.iteration).toBe(0);
        expect(last.iteration).toBe(60);
        expect(last.loss).toBeLessThan(first!.loss);
        expect(fit.loss).toBeCloseTo(last.loss, 9);
        expect(fit).toMatchObject({ iterations: 60, converged: false, reason: "maxIterations", seed: 0 });
        expect(fit.peakBytes).toBeGreaterThan(0);

        // The majorization–minimization of every fixed loss never goes up.
        if (typeof loss !== "object" || !("cauchy" in loss)) {
          const plain = await nmf(V, { ...options, solver: "mu" });
          for (let i = 1; i < plain.history.length; i++) {
            expect(plain.history[i]!.loss).toBeLessThanOrEqual(plain.history[i - 1]!.loss * (1 + 1e-12));
          }
        }
      });
    }
  }

  it("ignores what lies under the mask", async () => {
    const spoiled = V.map((row, i) => row.map((x, j) => (mask.data[i * 13 + j] === 0 ? 1e6 : x)));
    const options = { rank: 3, mask, maxIterations: 30, tolerance: 0 } as const;
    for (const loss of ["frobenius", "kullback-leibler"] as const) {
      for (const solver of loss === "frobenius" ? (["mu", "hals"] as const) : (["mu"] as const)) {
        const clean = await nmf(V, { ...options, loss, solver });
        const other = await nmf(spoiled, { ...options, loss, solver });
        expect(other.W.data).toEqual(clean.W.data);
        expect(other.H.data).toEqual(clean.H.data);
      }
    }
  });

  it("takes NaN as missing once that is said, with the same result as a mask", async () => {
    const holes = V.map((row, i) => row.map((x, j) => (mask.data[i * 13 + j] === 0 ? Number.NaN : x)));
    const byMask = await nmf(V, { rank: 3, mask });
    const byNaN = await nmf(holes, { rank: 3, missing: "ignore" });
    expect(byNaN.W.data).toEqual(byMask.W.data);
  });

  it("counts an entry of weight 2 like two rows of weight 1", async () => {
    const weights = fromFormula(17, 13, (i) => (i === 0 ? 2 : 1));
    const doubled = [V[0]!, ...V];
    const H = randomMatrix(2, 13, 8);
    const W = randomMatrix(17, 2, 9);
    const options = { rank: 2, maxIterations: 40, tolerance: 0, solver: "mu" } as const;
    const weighted = await nmf(V, { ...options, init: { W, H }, mask: weights });
    const twice = await nmf(doubled, { ...options, init: { W: [W[0]!, ...W], H } });
    for (let i = 0; i < weighted.H.data.length; i++) {
      expect(weighted.H.data[i]).toBeCloseTo(twice.H.data[i]!, 9);
    }
    expect(weighted.loss).toBeCloseTo(twice.loss, 9);
  });
});

describe("solvers and starts", () => {
  const V = randomMatrix(40, 30);

  it("HALS, plain, swept and extrapolated, with and without weights, only goes down", async () => {
    const ones = fromFormula(40, 30, (i, j) => (i === 0 && j === 0 ? 2 : 1));
    for (const extra of [{}, { innerSweeps: 4 }, { innerSweeps: "auto" }, { mask: ones }] as const) {
      const fit = await nmf(V, { rank: 6, solver: "hals", maxIterations: 100, tolerance: 0, ...extra });
      for (let i = 1; i < fit.history.length; i++) {
        expect(fit.history[i]!.loss).toBeLessThanOrEqual(fit.history[i - 1]!.loss * (1 + 1e-12));
      }
    }
    const ahead = await nmf(V, { rank: 6, maxIterations: 100, tolerance: 0 });
    const plain = await nmf(V, { rank: 6, solver: "hals", maxIterations: 100, tolerance: 0 });
    expect(ahead.loss).toBeLessThan(plain.loss * 1.01);
  });

  it("weights of one everywhere but one entry change HALS no more than that entry does", async () => {
    const nearlyOne = fromFormula(40, 30, (i, j) => (i === 3 && j === 4 ? 1 + 1e-12 : 1));
    const options = { rank: 4, solver: "hals", maxIterations: 20, tolerance: 0 } as const;
    const weighted = await nmf(V, { ...options, mask: nearlyOne });
    const plain = await nmf(V, options);
    for (let i = 0; i < plain.W.data.length; i++) {
      expect(weighted.W.data[i]).toBeCloseTo(plain.W.data[i]!, 6);
    }
  });

  it("Newton steps never raise the Kullback–Leibler loss, and with momentum no entry of the history", async () => {
    const shape = fc.record({
      m: fc.integer({ min: 2, max: 40 }),
      n: fc.integer({ min: 2, max: 40 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.integer({ min: 0, max: 0xffffffff }),
      single: fc.boolean(),
      zeros: fc.double({ min: 0, max: 0.9, noNaN: true }),
      mask: fc.constantFrom("none" as const, "ignore" as const, "zero-fill" as const, "weights" as const),
      penalty: fc.constantFrom(0, 0.001, 0.1),
      order: fc.constantFrom("WH" as const, "HW" as const),
      epsilon: fc.constantFrom(2.2e-16, 1e-10),
      extrapolate: fc.boolean(),
      innerSweeps: fc.constantFrom(1, 3, "auto" as const),
      maxIterations: fc.integer({ min: 1, max: 160 }),
      tolerance: fc.constantFrom(0, Number.MIN_VALUE),
      init: fc.constantFrom("random" as const, "half-normal" as const, "nndsvd" as const),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ m, n, share, seed, single, zeros, mask, penalty, ...rest }) => {
        const random = seeded(seed);
        const flat = Float64Array.from({ length: m * n }, () => (random() < zeros ? 0 : 10 * random()));
        const V = matrix(m, n, single ? Float32Array.from(flat) : flat);
        const weights = flat.map(() => (random() < 0.3 ? 0 : mask === "weights" ? random() : 1));
        weights[0] = 1;
        const masked =
          mask === "none"
            ? {}
            : ({ mask: matrix(m, n, weights), missing: mask === "zero-fill" ? mask : "ignore" } as const);
        const fit = await nmf(V, {
          rank: 1 + Math.floor(share * (Math.min(m, n) - 1)),
          loss: "kullback-leibler",
          solver: "newton",
          seed,
          l1W: penalty,
          l2H: penalty,
          ...rest,
          ...masked,
        });
        for (const x of [...fit.W.data, ...fit.H.data]) expect(x >= 0 && x < Infinity).toBe(true);
        const { history } = fit;
        // Without momentum nothing is taken back, and at a minimum roundings of the type show.
        const noise = rest.extrapolate ? 0 : (single ? 1e-5 : 1e-13) * (history[0]!.loss + m * n);
        for (let i = 1; i < history.length; i++) {
          expect(history[i]!.loss).toBeLessThanOrEqual(history[i - 1]!.loss + noise);
        }
        expect(fit.loss).toBe(history.at(-1)!.loss);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it("the default for Kullback–Leibler is further than mu after a sixth of the iterations", async () => {
    // An iteration of the default takes about as long as five of mu.
    for (const [rows, cols, rank] of [
      [40, 30, 4],
      [96, 21, 4],
      [60, 150, 12],
    ] as const) {
      const A = randomMatrix(rows, rank, 7);
      const B = randomMatrix(rank, cols, 8);
      const noise = seeded(9);
      const data = fromFormula(
        rows,
        cols,
        (i, j) => A[i]!.reduce((sum, a, r) => sum + a * a * B[r]![j]! ** 2, 0) + 0.1 * noise(),
      );
      for (const iterations of [600, 1200]) {
        const options = { rank, loss: "kullback-leibler", tolerance: 0 } as const;
        const plain = await nmf(data, { ...options, solver: "mu", maxIterations: iterations });
        const ahead = await nmf(data, { ...options, maxIterations: iterations / 6 });
        expect(ahead.loss, `${rows}×${cols}, ${iterations}`).toBeLessThanOrEqual(plain.loss);
      }
    }
  });

  it("a setback of momentum does not pass for convergence", async () => {
    const options = { rank: 8, loss: "kullback-leibler", maxIterations: 20_000 } as const;
    const quick = await nmf(V, { ...options, tolerance: 1e-5 });
    const long = await nmf(V, { ...options, tolerance: 1e-9 });
    expect(quick.converged && long.converged).toBe(true);
    expect(quick.loss).toBeLessThan(long.loss * 1.02);
    expect(long.iterations).toBeLessThan(20_000);
  });

  it("Newton steps bring entries back from zero, and find the same minimum as mu", async () => {
    const W = fromFormula(40, 2, (i, a) => ((i + a) % 4 === 0 ? 0 : 1));
    const H = fromFormula(2, 30, (a, j) => ((a + j) % 3 === 0 ? 0 : 1));
    const options = { rank: 2, loss: "kullback-leibler", tolerance: 0 } as const;
    const fit = await nmf(V, { ...options, init: { W, H }, maxIterations: 300 });
    expect(fit.W.data.filter((w) => w === 0).length).toBeLessThan(10);
    const mu = await nmf(V, { ...options, solver: "mu", init: { W: fit.W, H: fit.H }, maxIterations: 2000 });
    expect(mu.loss).toBeGreaterThan(fit.loss * (1 - 1e-6));
  });

  it("reaches a point where the projected gradient vanishes, and says so", async () => {
    for (const loss of ["frobenius", "kullback-leibler"] as const) {
      const fit = await nmf(V, { rank: 2, loss, stopping: "kkt", tolerance: 1e-6, maxIterations: 100_000 });
      expect(fit).toMatchObject({ converged: true, reason: "tolerance" });
      expect(fit.iterations).toBeLessThan(100_000);
    }
  });

  it("stops on the relative decrease, sooner for a larger tolerance", async () => {
    const loose = await nmf(V, { rank: 5, tolerance: 1e-2 });
    const tight = await nmf(V, { rank: 5, tolerance: 1e-6 });
    expect(loose.converged && tight.converged).toBe(true);
    expect(loose.iterations).toBeLessThan(tight.iterations);
    expect(tight.loss).toBeLessThan(loose.loss);
  });

  it("scales a random start so that mean(WH) = mean(V)", async () => {
    const fit = await nmf(V, { rank: 3, maxIterations: 0 });
    expect(total(fit.reconstruct())).toBeCloseTo(total({ data: V.flat() }), 8);
    expect(fit.iterations).toBe(0);
  });

  it("keeps the best of several starts, each different, and the first one the same as alone", async () => {
    const options = { rank: 5, init: "half-normal", maxIterations: 30, tolerance: 0 } as const;
    const many = await nmf(V, { ...options, restarts: 4 });
    expect(many.restarts).toHaveLength(4);
    const all = many.restarts.map((r) => r.loss);
    expect(new Set(all).size).toBe(4);
    expect(many.loss).toBe(Math.min(...all));
    const alone = await nmf(V, options);
    expect(alone.loss).toBe(all[0]);
  });

  it("gives the same bits for the same seed and others for another", async () => {
    const one = await nmf(V, { rank: 4, seed: 5, maxIterations: 20 });
    const two = await nmf(V, { rank: 4, seed: 5, maxIterations: 20 });
    const other = await nmf(V, { rank: 4, seed: 6, maxIterations: 20 });
    expect(two.W.data).toEqual(one.W.data);
    expect(other.W.data).not.toEqual(one.W.data);
  });

  it("the singular vectors are a better start than random numbers, and nndsvda has no zeros", async () => {
    const low = fromFormula(30, 20, (i, j) => (i % 3) * (j % 2) + (i % 5) * (j % 4) + 0.01);
    const start = (init: "random" | "nndsvd" | "nndsvda") => nmf(low, { rank: 3, init, maxIterations: 0 });
    const [random, svd, svda] = [await start("random"), await start("nndsvd"), await start("nndsvda")];
    expect(svd.loss).toBeLessThan(random.loss);
    expect(svd.W.data.some((x) => x === 0)).toBe(true);
    expect(svda.W.data.every((x) => x > 0)).toBe(true);
    const warned = await nmf(low, { rank: 3, init: "nndsvd", solver: "mu", maxIterations: 1 });
    expect(warned.warnings.join()).toMatch(/nndsvda/);
  });

  it("penalties shrink the factors and L1 makes zeros", async () => {
    const options = { rank: 5, maxIterations: 200, tolerance: 0 } as const;
    const free = await nmf(V, options);
    const sparse = await nmf(V, { ...options, l1W: 0.02, l1H: 0.02 });
    const zeros = (data: ArrayLike<number>) => Array.from(data).filter((x) => x === 0).length;
    expect(zeros(sparse.W.data)).toBeGreaterThan(zeros(free.W.data));
    const ridge = await nmf(V, { ...options, l2W: 0.05, l2H: 0.05 });
    const size = (data: ArrayLike<number>) => Array.from(data).reduce((sum, x) => sum + x * x, 0);
    expect(size(ridge.W.data) + size(ridge.H.data)).toBeLessThan(size(free.W.data) + size(free.H.data));
    // mu and hals minimise the same objective, penalties included.
    const mu = await nmf(V, { ...options, solver: "mu", l2W: 0.05, l2H: 0.05, maxIterations: 5000 });
    expect(mu.loss).toBeCloseTo(ridge.loss, 1);
  });

  it("the truncated Cauchy loss shrugs off outliers that throw the Frobenius loss", async () => {
    const w = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3, 4, 5];
    const h = [1, 3, 2, 4, 2, 5, 1, 2, 3, 1, 4, 2];
    const clean = fromFormula(15, 12, (i, j) => w[i]! * h[j]!);
    const random = seeded(4);
    const dirty = clean.map((row) => row.map((x) => (random() < 0.05 ? x + 500 : x + 0.01 * random())));
    const error = async (loss: NmfOptions["loss"]) => {
      const fit = await nmf(dirty, { rank: 1, loss: loss!, maxIterations: 500 });
      const P = fit.reconstruct().data;
      return Math.sqrt(clean.flat().reduce((sum, x, i) => sum + (x - P[i]!) ** 2, 0));
    };
    expect(await error({ cauchy: "auto" })).toBeLessThan(0.01 * (await error("frobenius")));
  });

  it("f32 stays f32, agrees with f64, and takes half the room", async () => {
    const single = await nmf(matrix(40, 30, Float32Array.from(V.flat())), {
      rank: 4,
      solver: "mu",
      maxIterations: 30,
      tolerance: 0,
    });
    const double = await nmf(V, { rank: 4, solver: "mu", maxIterations: 30, tolerance: 0 });
    expect(single.W.data).toBeInstanceOf(Float32Array);
    expect(Math.abs(single.loss - double.loss) / double.loss).toBeLessThan(1e-4);
    expect(single.peakBytes).toBeLessThan(0.7 * double.peakBytes);
  });
});

describe("transform", () => {
  const V = randomMatrix(25, 40);

  it("fits new columns with W fixed, on either thread of the API", async () => {
    const fit = await nmf(V, { rank: 4, tolerance: 1e-8 });
    const again = await fit.transform(V, { tolerance: 1e-10, stopping: "kkt", maxIterations: 20_000 });
    expect(again.H).toMatchObject({ rows: 4, cols: 40 });
    // H of the fit is one candidate of the convex problem that transform solves.
    expect(again.loss).toBeLessThanOrEqual(fit.loss * (1 + 1e-9));
    const one = await transform(
      V.map((row) => row.slice(0, 1)),
      fit.W,
    );
    expect(one.H).toMatchObject({ rows: 4, cols: 1 });
    expect(transformSync(V, fit.W).H.data).toEqual((await transform(V, fit.W)).H.data);
  });

  it("works for the other losses and with missing entries", async () => {
    const fit = await nmf(V, { rank: 3, loss: "kullback-leibler" });
    const holes = V.map((row, i) => row.map((x, j) => ((i + j) % 7 === 0 ? Number.NaN : x)));
    const again = await fit.transform(holes, { missing: "ignore" });
    expect(again.history.at(-1)!.loss).toBeLessThan(again.history[0]!.loss);
    expect([...again.H.data].every(Number.isFinite)).toBe(true);
    const plain = await fit.transform(holes, { missing: "ignore", solver: "mu", maxIterations: 5000 });
    expect(again.loss).toBeLessThan(plain.loss * (1 + 1e-3));
  });

  it("refuses data of other rows", async () => {
    const fit = await nmf(V, { rank: 2 });
    const error = await errorOf(() => fit.transform([[1, 2, 3]]));
    expect(error.code).toBe("SHAPE");
    expect(error.message).toMatch(/1 rows.*25/);
  });
});

describe("shapes", () => {
  it("any shape, rank and type factorizes to finite factors of the right size", async () => {
    const shape = fc.record({
      m: fc.integer({ min: 1, max: 40 }),
      n: fc.integer({ min: 1, max: 40 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      seed: fc.integer({ min: 0, max: 0xffffffff }),
      single: fc.boolean(),
      loss: fc.constantFrom("frobenius" as const, "kullback-leibler" as const),
      init: fc.constantFrom("random" as const, "half-normal" as const, "nndsvd" as const, "nndsvda" as const),
      order: fc.constantFrom("WH" as const, "HW" as const),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ m, n, share, seed, single, loss, init, order }) => {
        const rank = 1 + Math.floor(share * (Math.min(m, n) - 1));
        const flat = randomMatrix(m, n, seed).flat();
        const V = single ? matrix(m, n, Float32Array.from(flat)) : matrix(m, n, flat);
        const fit = await nmf(V, { rank, loss, init, order, seed, maxIterations: 12 });
        expect(fit.W).toMatchObject({ rows: m, cols: rank });
        expect(fit.H).toMatchObject({ rows: rank, cols: n });
        expect(fit.W.data.length).toBe(m * rank);
        expect(fit.H.data.length).toBe(rank * n);
        for (const x of [...fit.W.data, ...fit.H.data]) expect(x >= 0 && x < Infinity).toBe(true);
        expect(fit.loss).toBeLessThanOrEqual(fit.history[0]!.loss * (1 + 1e-6) + 1e-12);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it("1×1, rank 1, a zero row, a zero column", async () => {
    const one = await nmf([[4]], { rank: 1 });
    expect(one.W.data[0]! * one.H.data[0]!).toBeCloseTo(4, 6);
    const outer = fromFormula(6, 5, (i, j) => (i + 1) * (j + 2));
    expect((await nmf(outer, { rank: 1 })).relativeError).toBeLessThan(1e-6);
    const holed = fromFormula(6, 5, (i, j) => (i === 2 || j === 3 ? 0 : (i + 1) * (j + 2)));
    for (const loss of losses) {
      const fit = await nmf(holed, { rank: 2, ...(loss ? { loss } : {}) });
      for (const x of [...fit.W.data, ...fit.H.data]) expect(Number.isFinite(x)).toBe(true);
    }
    const fit = await nmf(holed, { rank: 2 });
    expect([...fit.reconstruct().data.subarray(10, 15)].every((x) => Math.abs(x) < 1e-6)).toBe(true);
  });

  it("an all-zero matrix gives zeros, and a warning", async () => {
    const fit = await nmf(
      [
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      { rank: 1 },
    );
    expect(total(fit.W) + total(fit.H)).toBe(0);
    expect(fit).toMatchObject({ loss: 0, relativeError: 0, converged: true });
    expect(fit.warnings.join()).toMatch(/all zeros/);
  });
});

describe("bad input", () => {
  const V = [
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ];
  const bad = (data: unknown, options: unknown) => errorOf(() => nmf(data as never, options as never));

  it.each([
    [
      "a negative entry",
      [
        [1, 2],
        [3, -4],
      ],
      { rank: 1 },
      "NEGATIVE",
      /-4 at row 1, column 1/,
    ],
    [
      "NaN without a word on missing entries",
      [[1, Number.NaN]],
      { rank: 1 },
      "NOT_FINITE",
      /row 0, column 1.*missing: "ignore"/,
    ],
    [
      "infinity",
      [
        [1, 2],
        [Infinity, 4],
      ],
      { rank: 1 },
      "NOT_FINITE",
      /row 1, column 0/,
    ],
    ["rank 0", V, { rank: 0 }, "RANK", /1 … 3.*got 0/],
    ["rank above min(m, n)", V, { rank: 4 }, "RANK", /1 … 3.*got 4/],
    ["a rank that is not whole", V, { rank: 1.5 }, "RANK", /got 1\.5/],
    ["no rank", V, {}, "RANK", /got undefined/],
    ["ragged rows", [[1, 2], [3]], { rank: 1 }, "SHAPE", /row 1 has 1/],
    ["no rows", [], { rank: 1 }, "SHAPE", /empty/],
    ["text", [["1"]], { rank: 1 }, "NOT_FINITE", /"1" at row 0, column 0/],
    [
      "a length that does not fit",
      { rows: 2, cols: 2, data: new Float64Array(3) },
      { rank: 1 },
      "SHAPE",
      /4 entries.*3/,
    ],
    ["an unknown option", V, { rank: 1, tolerence: 0 }, "OPTION", /did you mean "tolerance"/],
    ["an unknown loss", V, { rank: 1, loss: "frobenus" }, "OPTION", /did you mean "frobenius"/],
    ["an unknown init", V, { rank: 1, init: "svd" }, "OPTION", /"nndsvd"/],
    [
      "hals for another loss",
      V,
      { rank: 1, solver: "hals", loss: "kullback-leibler" },
      "OPTION",
      /Frobenius/,
    ],
    ["sweeps for mu", V, { rank: 1, solver: "mu", innerSweeps: 2 }, "OPTION", /hals/],
    [
      "extrapolation for mu",
      V,
      { rank: 1, solver: "mu", loss: "kullback-leibler", extrapolate: true },
      "OPTION",
      /newton/,
    ],
    ["newton for another loss", V, { rank: 1, solver: "newton" }, "OPTION", /Kullback–Leibler.*"frobenius"/],
    ["a negative tolerance", V, { rank: 1, tolerance: -1 }, "OPTION", /got -1/],
    ["a seed beyond 32 bits", V, { rank: 1, seed: 2 ** 32 }, "OPTION", /4294967295/],
    ["epsilon 0", V, { rank: 1, epsilon: 0 }, "OPTION", /epsilon/],
    ["a mask of another shape", V, { rank: 1, mask: [[1, 1]] }, "SHAPE", /3×3.*1×2/],
    ["a mask of another length", V, { rank: 1, mask: new Uint8Array(4) }, "SHAPE", /9.*4/],
    [
      "a negative weight",
      V,
      {
        rank: 1,
        mask: [
          [1, 1, 1],
          [1, -1, 1],
          [1, 1, 1],
        ],
      },
      "NEGATIVE",
      /mask.*row 1, column 1/,
    ],
    [
      "weights with zero-fill",
      V,
      {
        rank: 1,
        missing: "zero-fill",
        mask: [
          [1, 2, 1],
          [1, 1, 1],
          [1, 1, 1],
        ],
      },
      "OPTION",
      /zeros and ones/,
    ],
    ["nothing observed", V, { rank: 1, mask: new Uint8Array(9) }, "OPTION", /missing/],
    [
      "a start of the wrong shape",
      V,
      { rank: 1, init: { W: [[1]], H: [[1, 1, 1]] } },
      "SHAPE",
      /init\.W must be 3×1, got 1×1/,
    ],
    [
      "a negative start",
      V,
      { rank: 1, init: { W: [[1], [-1], [1]], H: [[1, 1, 1]] } },
      "NEGATIVE",
      /init\.W/,
    ],
    ["restarts of one start", V, { rank: 1, restarts: 2, init: "nndsvd" }, "OPTION", /random/],
    ["two losses in one", V, { rank: 1, loss: { beta: 1, cauchy: 1 } }, "OPTION", /one of/],
    [
      "a beta that leaves the range of f32",
      matrix(1, 1, Float32Array.of(1)),
      { rank: 1, loss: { beta: -1 } },
      "OPTION",
      /-0\.4/,
    ],
    ["a Cauchy scale of 0", V, { rank: 1, loss: { cauchy: 0 } }, "OPTION", /cauchy/],
  ] as const)("%s", async (_name, data, options, code, message) => {
    const error = await bad(data, options);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(() => nmfSync(data as never, options as never)).toThrow(AdvnmfError);
  });

  it("a problem of 5 GiB is refused before anything is allocated, with the sizes", async () => {
    const engine = await createEngine();
    const before = engine.memoryBytes;
    // Untouched pages of a large typed array cost nothing.
    const large = { rows: 20_000, cols: 16_778, data: new Float64Array(20_000 * 16_778) };
    const error = await errorOf(() => nmf(large, { rank: 5, engine }));
    expect(error.code).toBe("MEMORY");
    expect(error.message).toMatch(/20000×16778 f64.*5\.00 GiB.*4 GiB/);
    expect(engine.memoryBytes).toBe(before);
  });

  it.each([
    ["too large for f64", [[1e200, 2e200]], /2e\+200.*f64.*scale V/],
    ["too small for f64", [[1e-200, 2e-200]], /2e-200.*f64/],
    ["too large for f32", matrix(1, 2, Float32Array.of(1e30, 2)), /f32.*Float64Array/],
    ["too small for f32", matrix(1, 2, Float32Array.of(1e-30, 0)), /f32.*Float64Array/],
  ] as const)("numbers %s are refused, not returned as NaN or zeros", async (_name, data, message) => {
    const error = await bad(data, { rank: 1 });
    expect(error.code).toBe("NOT_FINITE");
    expect(error.message).toMatch(message);
  });

  it("the fit at the ends of the range is that of the middle", async () => {
    const values = randomMatrix(9, 8).flat();
    const error = async (scale: number, single: boolean) => {
      const scaled = values.map((x) => (x + 0.01) * scale);
      const data = single ? matrix(9, 8, Float32Array.from(scaled)) : matrix(9, 8, scaled);
      return (await nmf(data, { rank: 4 })).relativeError;
    };
    const middle = await error(1, false);
    for (const [scale, single] of [
      [9e14, true],
      [2e-12, true],
      [9e99, false],
      [2e-100, false],
    ] as const) {
      expect(await error(scale, single), String(scale)).toBeCloseTo(middle, 3);
    }
  });

  it("entries that are small beside epsilon are warned about where epsilon counts", async () => {
    const small = [
      [1e-15, 2e-15],
      [3e-15, 1e-15],
    ];
    expect((await nmf(small, { rank: 1, loss: "kullback-leibler" })).warnings.join()).toMatch(
      /beside epsilon/,
    );
    expect((await nmf(small, { rank: 1 })).warnings).toEqual([]);
  });
});

describe("progress and cancellation", () => {
  const V = randomMatrix(200, 150);

  it("tells progress in order", async () => {
    const seen: number[] = [];
    await nmf(V, { rank: 10, maxIterations: 1500, tolerance: 0, onProgress: (p) => seen.push(p.iteration) });
    expect(seen.length).toBeGreaterThan(0);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
  });

  it("an abort comes through where the clock stands still while code runs", async () => {
    const clock = vi.spyOn(performance, "now").mockReturnValue(1);
    try {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 5);
      const options = {
        rank: 2,
        maxIterations: 300_000,
        tolerance: 0,
        threads: 1,
        signal: controller.signal,
      };
      expect((await errorOf(() => nmf(randomMatrix(20, 20), options))).code).toBe("ABORTED");
    } finally {
      clock.mockRestore();
    }
  });

  it("an abort gives ABORTED with the best result so far, and the engine goes on", async () => {
    const controller = new AbortController();
    const options = { rank: 10, tolerance: 0, maxIterations: 1e9, signal: controller.signal } as const;
    const error = await errorOf(() =>
      nmf(V, { ...options, onProgress: (p) => p.iteration >= 20 && controller.abort(new Error("enough")) }),
    );
    expect(error.code).toBe("ABORTED");
    const best = error.best as Awaited<ReturnType<typeof nmf>>;
    expect(best).toMatchObject({ reason: "aborted", converged: false });
    expect(best.iterations).toBeGreaterThanOrEqual(20);
    expect(best.W).toMatchObject({ rows: 200, cols: 10 });
    expect((error.cause as Error).message).toBe("enough");
    expect((await nmf(V, { rank: 2, maxIterations: 5 })).iterations).toBe(5);
  });

  it("a signal that is already aborted stops before anything", async () => {
    const error = await errorOf(() => nmf(V, { rank: 2, signal: AbortSignal.abort() }));
    expect(error.code).toBe("ABORTED");
    expect(error.best).toBeUndefined();
  });

  it("an error in onProgress comes out, and the engine goes on", async () => {
    const run = nmf(V, {
      rank: 10,
      tolerance: 0,
      maxIterations: 1e6,
      onProgress: () => {
        throw new RangeError("mine");
      },
    });
    await expect(run).rejects.toThrow("mine");
    expect((await nmf(V, { rank: 2, maxIterations: 5 })).iterations).toBe(5);
  });

  it("calls on one engine wait for each other and do not disturb each other", async () => {
    const alone = await nmf(V, { rank: 3, maxIterations: 200, tolerance: 0 });
    const together = await Promise.all(
      [3, 4, 3].map((rank) => nmf(V, { rank, maxIterations: 200, tolerance: 0 })),
    );
    expect(together[0]!.W.data).toEqual(alone.W.data);
    expect(together[2]!.W.data).toEqual(alone.W.data);
  });

  it("the sync form gives the same bits", async () => {
    const options = { rank: 5, maxIterations: 40 } as const;
    expect(nmfSync(V, options).W.data).toEqual((await nmf(V, options)).W.data);
  });
});
