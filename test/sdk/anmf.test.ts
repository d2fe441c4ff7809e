// anmf: what it promises, beside an independent solver, and what bad input meets.

import {
  AdvnmfError,
  type AnmfOptions,
  anmf,
  createEngine,
  createWorker,
  type Matrix,
  matrix,
  nmf,
  sha256,
} from "advnmf";
import { readMatrix } from "advnmf/io";
import { anmfSync } from "advnmf/sync";
import { describe, expect, it } from "vitest";
import { dataPath, fromFormula, seeded } from "../data.js";
import { Admm, AnmfProblem, ontoGauge } from "../reference/anmf.js";
import { minimize } from "../reference/anmf-lbfgs.js";

function randomMatrix(rows: number, cols: number, seed: number): Matrix<Float64Array> {
  const random = seeded(seed);
  return matrix(fromFormula(rows, cols, () => random() + 0.05));
}

/** Each row's root mean square is 1 in what comes back; the whole matrix's in what goes in. */
function unitRms(V: Matrix<Float64Array>): Matrix<Float64Array> {
  const rms = Math.sqrt(V.data.reduce((sum, v) => sum + v * v, 0) / V.data.length);
  return { ...V, data: V.data.map((v) => v / rms) };
}

function transpose(A: Matrix): Matrix<Float64Array> {
  return matrix(fromFormula(A.cols, A.rows, (i, j) => A.data[j * A.cols + i]!));
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

/** The twin's problem: V of root mean square 1, with that target and those weights. */
function twin(
  V: Matrix<Float64Array>,
  Z: Matrix<Float64Array>,
  rank: number,
  beta: number,
  D?: Float64Array,
) {
  const p = new AnmfProblem(
    V.rows,
    rank,
    V.cols,
    V.data,
    Z.data,
    D ?? new Float64Array(V.data.length).fill(1),
  );
  p.lambda = V.cols;
  p.beta = beta;
  return p;
}

describe("the problem with the attacker's answer put in", () => {
  const V = unitRms(randomMatrix(5, 7, 1));
  const Z = unitRms(randomMatrix(5, 7, 2));
  const D = randomMatrix(5, 7, 3).data.map((d, i) => (i % 4 === 0 ? 0 : d));
  const A = randomMatrix(5, 3, 4).data;
  const X = randomMatrix(3, 7, 5).data;

  it("its gradient is that of finite differences", () => {
    for (const weights of [undefined, D]) {
      const p = twin(V, Z, 3, 0.4, weights);
      const GA = p.gradientA(A, X);
      const GX = p.gradientX(A, X);
      const h = 1e-5;
      const moved = (C: Float64Array, at: number, by: number) => C.map((c, i) => (i === at ? c + by : c));
      for (let i = 0; i < A.length; i++) {
        const slope = (p.objective(moved(A, i, h), X) - p.objective(moved(A, i, -h), X)) / (2 * h);
        expect(GA[i]).toBeCloseTo(slope, 7);
      }
      for (let i = 0; i < X.length; i++) {
        const slope = (p.objective(A, moved(X, i, h)) - p.objective(A, moved(X, i, -h))) / (2 * h);
        expect(GX[i]).toBeCloseTo(slope, 7);
      }
    }
  });

  it("the attacker's answer is a minimum of the attacker's problem", () => {
    const p = twin(V, Z, 3, 0.4);
    const T = p.answer(A, X);
    const cost = (C: Float64Array) => {
      const onto = new AnmfProblem(5, 3, 7, Z.data, Z.data, p.D);
      return onto.error(C, X) + p.lambda * C.reduce((sum, c, i) => sum + (c - A[i]!) ** 2, 0);
    };
    for (let i = 0; i < T.length; i++) {
      for (const by of [1e-3, -1e-3])
        expect(cost(T.map((t, j) => (j === i ? t + by : t)))).toBeGreaterThan(cost(T));
    }
  });

  it("the twin of the method comes to rest where the KKT residual vanishes", () => {
    for (const weights of [undefined, D]) {
      const p = twin(V, Z, 2, 0.5, weights);
      const steps = new Admm(p, A.slice(0, 10), X.slice(0, 14), 0.3);
      for (let i = 0; i < 3000; i++) steps.step();
      expect(p.kkt(steps.P, steps.S)).toBeLessThan(1e-6);
      expect(Math.max(...steps.residuals)).toBeLessThan(1e-6);
    }
  });
});

describe("beside projected L-BFGS", () => {
  const cases = [
    { rows: 6, cols: 9, rank: 2, beta: 0.5 },
    { rows: 9, cols: 6, rank: 2, beta: 0.5 },
    { rows: 8, cols: 8, rank: 3, beta: 0.3 },
    { rows: 5, cols: 12, rank: 2, beta: 0.9 },
    { rows: 10, cols: 7, rank: 1, beta: 0.7 },
  ];
  for (const [number, { rows, cols, rank, beta }] of cases.entries()) {
    for (const masked of [false, true]) {
      it(`${rows}×${cols}, rank ${rank}, β ${beta}${masked ? ", masked" : ""}: the same least objective`, async () => {
        const random = seeded(number + 50);
        const D = Float64Array.from({ length: rows * cols }, () => (masked && random() < 0.2 ? 0 : 1));
        const raw = randomMatrix(rows, cols, number + 10);
        // Of root mean square 1 where it is observed, so that the twin needs no scaling.
        const observed = raw.data.map((v, i) => v * D[i]!);
        const rms = Math.sqrt(observed.reduce((sum, v) => sum + v * v, 0) / D.reduce((sum, d) => sum + d, 0));
        const V = matrix(
          rows,
          cols,
          observed.map((v) => v / rms),
        ) as Matrix<Float64Array>;
        const target = unitRms(randomMatrix(rows, cols, number + 20));
        const fit = await anmf(V, {
          rank,
          beta,
          target,
          restarts: 8,
          maxIterations: 4000,
          ...(masked ? { mask: matrix(rows, cols, D) } : {}),
        });
        const p = twin(V, target, rank, beta, D);
        let least = Number.POSITIVE_INFINITY;
        for (let start = 0; start < 8; start++) {
          const A = randomMatrix(rows, rank, 100 + start).data;
          const X = randomMatrix(rank, cols, 200 + start).data;
          least = Math.min(least, minimize(p, A, X, 2000, 1e-9).objective);
        }
        expect(Math.abs(fit.objective - least)).toBeLessThan(1e-5 * least);
        // And it finds nothing to gain where anmf ended.
        const after = minimize(p, fit.W.data as Float64Array, fit.H.data as Float64Array, 200, 1e-12);
        expect(fit.objective - after.objective).toBeLessThan(1e-5 * fit.objective);
        expect(fit.objective).toBeCloseTo(
          p.objective(fit.W.data as Float64Array, fit.H.data as Float64Array),
          9,
        );
        expect(p.kkt(fit.W.data as Float64Array, fit.H.data as Float64Array)).toBeCloseTo(fit.kkt, 9);
      });
    }
  }
});

describe("what a result holds", () => {
  const V = randomMatrix(14, 11, 1);
  const scaled = { ...V, data: V.data.map((v) => 300 * v) };

  it("factors ≥ 0 on the gauge, the attacker's answer, and figures that agree with them", async () => {
    const fit = await anmf(scaled, { rank: 3, target: "mean" });
    for (const x of [...fit.W.data, ...fit.H.data]) expect(x >= 0 && x < Infinity).toBe(true);
    for (const norm of ontoGauge(3, 11, fit.H.data.slice() as Float64Array)) expect(norm).toBeCloseTo(1, 12);
    expect(fit).toMatchObject({ converged: true, reason: "tolerance", seed: 0, threads: 1, warnings: [] });
    expect(fit.kkt).toBeLessThanOrEqual(1e-6);
    expect(fit.residuals.bestResponse).toBeLessThan(1e-8);
    for (const split of ["attack", "splitW", "splitAttackH", "splitH"] as const) {
      expect(fit.residuals[split]).toBeLessThan(1e-4);
    }
    const means = fromFormula(14, 11, (i) => {
      const row = scaled.data.subarray(11 * i, 11 * (i + 1));
      return row.reduce((sum, v) => sum + v, 0) / 11;
    });
    const p = twin(scaled, matrix(means), 3, 0.5);
    const W = fit.W.data as Float64Array;
    const H = fit.H.data as Float64Array;
    expect(fit.objective / p.objective(W, H)).toBeCloseTo(1, 10);
    expect(fit.loss / (p.error(W, H) / 2)).toBeCloseTo(1, 10);
    const squares = scaled.data.reduce((sum, v) => sum + v * v, 0);
    expect(fit.relativeError).toBeCloseTo(Math.sqrt((2 * fit.loss) / squares), 10);
    for (const [i, t] of p.answer(W, H).entries()) expect(fit.attackedW.data[i]! / t).toBeCloseTo(1, 8);
    expect(fit.kkt).toBeCloseTo(p.kkt(W, H), 9);
    const { history } = fit;
    expect(history[0]!.iteration).toBe(0);
    const { attack, splitW, splitAttackH, splitH } = fit.residuals;
    const primal = Math.max(attack, splitW, splitAttackH, splitH);
    expect(history[0]!.primal).toBe(0);
    expect(history.at(-1)).toEqual({
      iteration: fit.iterations,
      objective: fit.objective,
      kkt: fit.kkt,
      primal,
    });
    expect(fit.restarts).toEqual([{ objective: fit.objective, iterations: fit.iterations, converged: true }]);
    expect(fit.reconstruct().data[5]).toBeCloseTo(
      [0, 1, 2].reduce((sum, a) => sum + W[a]! * H[a * 11 + 5]!, 0),
      9,
    );
    const { H: again } = await fit.transform(scaled, { tolerance: 1e-8 });
    expect(again.rows).toBe(3);
  });

  it("does not depend on the units of V", async () => {
    const options: AnmfOptions = { rank: 3, maxIterations: 40, tolerance: 0 };
    const one = await anmf(V, options);
    const other = await anmf(scaled, options);
    for (const [i, w] of one.W.data.entries()) expect(other.W.data[i]).toBeCloseTo(300 * w, 6);
    for (const [i, h] of one.H.data.entries()) expect(other.H.data[i]).toBeCloseTo(h, 8);
    expect(other.objective / one.objective).toBeCloseTo(90000, 4);
  });

  it("computes f32 data in f64 and gives f32 factors", async () => {
    const single = matrix(14, 11, Float32Array.from(V.data));
    const fit = await anmf(single, { rank: 2 });
    const double = await anmf(matrix(14, 11, Float64Array.from(single.data)), { rank: 2 });
    expect(fit.W.data).toEqual(Float32Array.from(double.W.data));
    expect(fit.attackedW.data).toBeInstanceOf(Float32Array);
    expect(fit.kkt).toBe(double.kkt);
  });

  it("the same call gives the same bits: sync, in a worker, restarts one by one and side by side", async () => {
    const options = { rank: 3, restarts: 6, seed: 7, maxIterations: 60 } as const;
    const digest = (fit: { W: Matrix; H: Matrix; attackedW: Matrix }) =>
      Promise.all([fit.W, fit.H, fit.attackedW].map((factor) => sha256(factor)));
    const alone = await anmf(V, options);
    const expected = await digest(alone);
    expect(await digest(anmfSync(V, options))).toEqual(expected);
    const beside = await anmf(V, { ...options, threads: 2 });
    expect(beside.threads).toBe(2);
    expect(await digest(beside)).toEqual(expected);
    expect(beside.restarts).toEqual(alone.restarts);
    expect(alone.objective).toBe(Math.min(...alone.restarts.map(({ objective }) => objective)));
    const worker = createWorker();
    try {
      expect(await digest(await worker.anmf(V, options))).toEqual(expected);
    } finally {
      worker[Symbol.dispose]();
    }
    const other = await anmf(V, { ...options, seed: 8 });
    expect(await digest(other)).not.toEqual(expected);
  });

  it("progress, and an abort with the result so far", async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const big = randomMatrix(120, 300, 3);
    const error = await errorOf(() =>
      anmf(big, {
        rank: 8,
        tolerance: 0,
        maxIterations: 100_000,
        signal: stop.signal,
        onProgress: ({ iteration }) => {
          seen.push(iteration);
          if (seen.length === 3) stop.abort();
        },
      }),
    );
    expect(error.code).toBe("ABORTED");
    const best = error.best as Awaited<ReturnType<typeof anmf>>;
    expect(best.reason).toBe("aborted");
    expect(best.iterations).toBeGreaterThanOrEqual(seen[2]!);
    expect(best.W.data.length).toBe(120 * 8);
    expect(best.history.at(-1)!.iteration).toBe(best.iterations);
  });

  it("an engine stays usable and gives its memory back", async () => {
    using engine = await createEngine();
    const first = await anmf(V, { rank: 2, engine });
    const bytes = engine.memoryBytes;
    for (let i = 0; i < 3; i++) await anmf(V, { rank: 2, engine });
    expect(engine.memoryBytes).toBe(bytes);
    expect(first.peakBytes).toBeGreaterThan(0);
    expect((await nmf(V, { rank: 2, engine })).loss).toBeGreaterThan(0);
  });
});

describe("special cases", () => {
  const V = randomMatrix(12, 15, 5);

  it("β = 0 is plain NMF, whatever the target", async () => {
    const plain = await nmf(V, { rank: 2, restarts: 10, tolerance: 1e-12, maxIterations: 20_000 });
    for (const target of ["permuted", "zero"] as const) {
      const fit = await anmf(V, { rank: 2, beta: 0, target, restarts: 10, maxIterations: 3000 });
      expect(Math.abs(fit.objective / (2 * plain.loss) - 1)).toBeLessThan(1e-6);
      expect(fit.objective / (2 * fit.loss)).toBeCloseTo(1, 12);
    }
  });

  it("a heavy λ ties the attacker's hands: the objective is that of plain NMF", async () => {
    const plain = await nmf(V, { rank: 2, restarts: 10, tolerance: 1e-12, maxIterations: 20_000 });
    const fit = await anmf(V, { rank: 2, lambda: 1e6, restarts: 5, maxIterations: 3000 });
    expect(fit.objective / (2 * plain.loss)).toBeCloseTo(1, 4);
    for (const [i, w] of fit.W.data.entries()) expect(fit.attackedW.data[i]).toBeCloseTo(w, 4);
  });

  it("a lighter λ costs the learner more", async () => {
    let before = 0;
    for (const lambda of [100, 1, 0.1]) {
      const fit = await anmf(V, { rank: 2, lambda, target: "zero", restarts: 3 });
      expect(fit.objective).toBeGreaterThan(before);
      before = fit.objective;
    }
  });

  it('without a gauge the attack fades, as documented, and gauge "unit-rms" forbids it', async () => {
    const options: AnmfOptions = { rank: 2, target: "zero", maxIterations: 3000, tolerance: 0 };
    const plain = await nmf(V, { rank: 2, restarts: 10, tolerance: 1e-12, maxIterations: 20_000 });
    const held = await anmf(V, options);
    const free = await anmf(V, { ...options, gauge: "none" });
    expect(free.warnings.join()).toMatch(/degenerate/);
    expect(free.objective).toBeLessThan(0.6 * held.objective);
    // (cW, H/c) has the same product, and costs the less the larger c is, down to the cost of plain NMF.
    const p = twin(V, matrix(12, 15, new Float64Array(180)) as Matrix<Float64Array>, 2, 0.5);
    const cost = (c: number) =>
      p.objective(
        plain.W.data.map((w) => w * c) as Float64Array,
        plain.H.data.map((h) => h / c) as Float64Array,
      );
    for (const c of [1, 4, 16, 64]) expect(cost(c)).toBeLessThan(cost(c / 4));
    expect(cost(1000) / (2 * plain.loss)).toBeCloseTo(1, 6);
  });

  it("rank 1, rank min(m, n), one row, one column", async () => {
    for (const [rows, cols, rank] of [
      [12, 15, 1],
      [4, 6, 4],
      [6, 4, 4],
      [1, 9, 1],
      [9, 1, 1],
      [1, 1, 1],
    ] as const) {
      const fit = await anmf(randomMatrix(rows, cols, 9), { rank, maxIterations: 200 });
      expect(Number.isFinite(fit.objective + fit.kkt)).toBe(true);
      expect(Math.min(...fit.W.data, ...fit.H.data)).toBeGreaterThanOrEqual(0);
    }
  });

  it("every start", async () => {
    const given = { W: randomMatrix(12, 2, 1), H: randomMatrix(2, 15, 2) };
    for (const init of ["random", "half-normal", "nndsvd", "nndsvda", given] as const) {
      const fit = await anmf(V, { rank: 2, init, target: "mean" });
      expect(fit.kkt).toBeLessThan(1e-4);
    }
    const stay = await anmf(V, { rank: 2, init: given, maxIterations: 0, target: "mean" });
    expect(stay.iterations).toBe(0);
    // The product is the start's: the gauge moves length from H to W.
    const product = given.W.data[0]! * given.H.data[0]! + given.W.data[1]! * given.H.data[15]!;
    expect(stay.reconstruct().data[0]).toBeCloseTo(product, 12);
  });

  it("where the penalties are too small and the method runs off, it begins again with larger ones", async () => {
    const sparse = new Float64Array(42);
    sparse[0] = 1;
    sparse[28] = 0.08613823284395039;
    const data = matrix(6, 7, sparse);
    const options: AnmfOptions = { rank: 2, beta: 1, target: "zero", init: "random", seed: 43 };
    const fit = await anmf(data, options);
    expect(fit.kkt).toBeLessThan(1e-3);
    const error = await errorOf(() => anmf(data, { ...options, rho: 3 }));
    expect(error.code).toBe("NOT_FINITE");
    expect(error.message).toMatch(/use a larger rho/);
  });

  it("a larger ρ ends at the same minimum", async () => {
    const one = await anmf(V, { rank: 1, target: "mean" });
    const other = await anmf(V, { rank: 1, target: "mean", rho: 2 });
    expect(other.objective / one.objective).toBeCloseTo(1, 8);
  });
});

describe("missing entries", () => {
  const V = randomMatrix(12, 15, 5);
  const random = seeded(6);
  const mask = matrix(
    12,
    15,
    Float64Array.from({ length: 180 }, () => (random() < 0.25 ? 0 : 1)),
  );
  const holes = { ...V, data: V.data.map((v, i) => (mask.data[i] === 0 ? Number.NaN : v)) };
  const filled = { ...V, data: V.data.map((v, i) => v * mask.data[i]!) };
  const options: AnmfOptions = { rank: 2, maxIterations: 200 };

  it("zero-fill is the same as zeros in V", async () => {
    const fit = await anmf(V, { ...options, mask, missing: "zero-fill" });
    const plain = await anmf(filled, options);
    expect(fit.W.data).toEqual(plain.W.data);
    expect(fit.objective).toBe(plain.objective);
  });

  it("ignore: NaN and a mask say the same, and what lies under the mask does not matter", async () => {
    const fit = await anmf(V, { ...options, mask });
    expect((await anmf(holes, { ...options, missing: "ignore" })).H.data).toEqual(fit.H.data);
    const spoiled = { ...V, data: V.data.map((v, i) => (mask.data[i] === 0 ? 1e6 : v)) };
    expect((await anmf(spoiled, { ...options, mask })).H.data).toEqual(fit.H.data);
    const zeros = await anmf(V, { ...options, mask, missing: "zero-fill" });
    expect(fit.loss).toBeLessThan(zeros.loss);
  });

  it("equal weights are no weights, but for the units of the objective", async () => {
    const twos = { ...mask, data: mask.data.map((d) => 2 * d) };
    const one = await anmf(V, { ...options, mask });
    const two = await anmf(V, { ...options, mask: twos });
    expect(two.W.data).toEqual(one.W.data);
    expect(two.objective / one.objective).toBeCloseTo(2, 12);
  });

  it("names columns without an observed entry", async () => {
    const empty = { ...mask, data: mask.data.map((d, i) => (i % 15 === 4 ? 0 : d)) };
    const fit = await anmf(V, { ...options, mask: empty });
    expect(fit.warnings.join()).toMatch(/no observed entry in column 4: H has there/);
    expect(Math.min(...fit.H.data)).toBeGreaterThanOrEqual(0);
  });
});

describe("bad input", () => {
  const V = randomMatrix(6, 5, 1);
  const cases: [string, Record<string, unknown>, string, RegExp][] = [
    ["λ = 0", { lambda: 0 }, "OPTION", /lambda/],
    ["λ negative", { lambda: -1 }, "OPTION", /lambda/],
    ["λ NaN", { lambda: Number.NaN }, "OPTION", /lambda/],
    ["λ infinite", { lambda: Infinity }, "OPTION", /lambda/],
    ["β above 1", { beta: 1.1 }, "OPTION", /beta must be a number in 0 … 1/],
    ["β negative", { beta: -0.1 }, "OPTION", /beta/],
    ["β NaN", { beta: Number.NaN }, "OPTION", /beta/],
    ["ρ = 0", { rho: 0 }, "OPTION", /rho/],
    ["another gauge", { gauge: "unit" }, "OPTION", /unit-rms/],
    ["another target", { target: "permute" }, "OPTION", /did you mean "permuted"/],
    ["target of another shape", { target: randomMatrix(5, 6, 1) }, "SHAPE", /target must be 6×5/],
    ["target no matrix", { target: {} }, "SHAPE", /target/],
    [
      "target negative",
      { target: matrix(6, 5, new Float64Array(30).fill(-1)) },
      "NEGATIVE",
      /target has a negative entry/,
    ],
    ["target NaN", { target: matrix(6, 5, new Float64Array(30).fill(Number.NaN)) }, "NOT_FINITE", /target/],
    ["nothing observed", { mask: matrix(6, 5, new Float64Array(30)) }, "OPTION", /missing/],
    ["rank", { rank: 6 }, "RANK", /rank/],
    ["unknown option", { lamda: 2 }, "OPTION", /did you mean "lambda"/],
    ["an option of nmf", { loss: "frobenius" }, "OPTION", /anmf has no option "loss"/],
    ["restarts without chance", { init: "nndsvd", restarts: 2 }, "OPTION", /restarts/],
  ];
  for (const [name, options, code, message] of cases) {
    it(name, async () => {
      const error = await errorOf(() => anmf(V, { rank: 2, ...options } as AnmfOptions));
      expect(error.code).toBe(code);
      expect(error.message).toMatch(message);
    });
  }

  it("data that cannot be factorized", async () => {
    const zeros = matrix(3, 3, new Float64Array(9));
    expect((await errorOf(() => anmf(zeros, { rank: 1 }))).message).toMatch(/nothing to factorize/);
    expect((await errorOf(() => anmf([[1, -1]], { rank: 1 }))).code).toBe("NEGATIVE");
    expect((await errorOf(() => anmf([[1, Number.NaN]], { rank: 1 }))).code).toBe("NOT_FINITE");
    const huge = await errorOf(() =>
      anmf({ rows: 1, cols: 2, data: Float64Array.of(1, 1e300) }, { rank: 1 }),
    );
    expect(huge.code).toBe("NOT_FINITE");
  });
});

describe("real data", () => {
  const read = async (name: string, variable?: string) =>
    readMatrix(dataPath(name)!, variable === undefined ? {} : { variable });

  it.skipIf(!dataPath("at-nmf/Synthetic"))("Synthetic 100×50, k = 5: KKT residual ≤ 1e-6", async () => {
    const V = transpose(await read("at-nmf/Synthetic/X.mat", "X"));
    for (const target of ["permuted", "mean"] as const) {
      const fit = await anmf(V, { rank: 5, target });
      expect(fit.kkt).toBeLessThanOrEqual(1e-6);
      expect(fit.iterations).toBeLessThanOrEqual(1000);
      expect(fit.residuals.bestResponse).toBeLessThanOrEqual(1e-8);
    }
  });

  it.skipIf(!dataPath("at-nmf/Synthetic"))("Synthetic: L-BFGS gains nothing where anmf ended", async () => {
    const V = unitRms(transpose(await read("at-nmf/Synthetic/X.mat", "X")));
    const fit = await anmf(V, { rank: 5, target: "mean" });
    const means = fromFormula(100, 50, (i) => {
      return V.data.subarray(50 * i, 50 * (i + 1)).reduce((sum, v) => sum + v, 0) / 50;
    });
    const p = twin(V, matrix(means), 5, 0.5);
    const W = fit.W.data as Float64Array;
    const H = fit.H.data as Float64Array;
    expect(fit.objective / p.objective(W, H)).toBeCloseTo(1, 10);
    expect(p.kkt(W, H)).toBeCloseTo(fit.kkt, 10);
    const after = minimize(p, W, H, 100, 1e-12);
    expect(fit.objective - after.objective).toBeLessThan(1e-6 * fit.objective);
    // From elsewhere it comes to an objective of that size.
    const other = minimize(p, randomMatrix(100, 5, 1).data, randomMatrix(5, 50, 2).data, 600, 1e-7);
    expect(other.objective / fit.objective).toBeGreaterThan(0.7);
    expect(other.objective / fit.objective).toBeLessThan(1.4);
  });

  it.skipIf(!dataPath("at-nmf/Synthetic"))(
    "zero-filled Synthetic, β = 0: the objective of plain NMF",
    async () => {
      const V = transpose(await read("at-nmf/Synthetic/X.mat", "X"));
      const D = transpose(await read("at-nmf/Synthetic/mask3.mat"));
      const unit = unitRms(V);
      const plain = await nmf(unit, {
        rank: 5,
        mask: D,
        missing: "zero-fill",
        restarts: 10,
        tolerance: 1e-10,
        maxIterations: 5000,
      });
      const fit = await anmf(unit, { rank: 5, mask: D, missing: "zero-fill", beta: 0, restarts: 3 });
      expect(Math.abs(fit.objective / 878.5845 - 1)).toBeLessThan(1e-6);
      expect(Math.abs(fit.objective / (2 * plain.loss) - 1)).toBeLessThan(1e-6);
    },
  );

  it.skipIf(!dataPath("at-nmf/Moffet"))("Moffet 165×2500, k = 5: KKT residual ≤ 1e-3", async () => {
    const V = await read("at-nmf/Moffet/clean_Moffet.mat", "V");
    for (const target of ["permuted", "mean"] as const) {
      const fit = await anmf(V, { rank: 5, target, tolerance: 1e-3 });
      expect(fit.kkt).toBeLessThanOrEqual(1e-3);
      expect(fit.residuals.bestResponse).toBeLessThanOrEqual(1e-8);
    }
  });
});
