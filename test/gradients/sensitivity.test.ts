// sensitivity: singular values and vectors against finite differences of the converged map and against a dense twin,
// the bound against real feature errors and against attacks, reliability, memory, threads, bad input.

import {
  AdvnmfError,
  createEngine,
  featureError,
  lafa,
  type Matrix,
  matrix,
  nmf,
  type SensitivityOptions,
  type SensitivityResult,
  sensitivity,
  sha256,
} from "advnmf";
import { describe, expect, test } from "vitest";
import { seeded } from "../data.js";
import { inner } from "../reference/implicit.js";
import { FeatureMap, singularValues, stacked } from "../reference/sensitivity.js";
import type { Pair } from "../reference/step-adjoint.js";
import { asMatrix, distance, sparse } from "./cases.js";

const engine = await createEngine();

const EPSILON = 2.2e-16;
const LOSS = { frobenius: 0, "kullback-leibler": 1 } as const;
type LossName = keyof typeof LOSS;

/** Small problems whose data determine their features. */
const PROBLEMS: [number, number, number, number, LossName][] = [
  [12, 9, 3, 1, "kullback-leibler"],
  [9, 14, 3, 6, "kullback-leibler"],
  [14, 9, 3, 9, "frobenius"],
];

interface Point {
  m: number;
  n: number;
  k: number;
  X: Float64Array;
  loss: LossName;
  result: SensitivityResult;
}

const pairOf = ({ W, H }: { W: Matrix; H: Matrix }): Pair => ({
  W: Float64Array.from(W.data),
  H: Float64Array.from(H.data),
});

/** The sensitivity at the stationary point that is reached from the problem's start. */
async function pointOf(
  [m, n, k, seed, loss]: (typeof PROBLEMS)[number],
  options: Partial<SensitivityOptions> = {},
): Promise<Point> {
  const { X, start } = sparse(m, n, k, seed);
  const fit = { W: asMatrix(m, k, start.W), H: asMatrix(k, n, start.H) };
  const settings = { loss, converge: 1e-13, engine, threads: 1, ...options };
  return { m, n, k, X, loss, result: await sensitivity(asMatrix(m, n, X), fit, settings) };
}

/** The features of the converged factorization of other data, from there. */
async function featuresAt({ m, n, k, loss, result }: Point, X: Float64Array): Promise<Float64Array> {
  const options = { loss, converge: 1e-14, count: 1, tolerance: 0.1, feature: 0, engine, threads: 1 };
  return stacked(m, n, k, pairOf(await sensitivity(asMatrix(m, n, X), result, options)));
}

/** How they move along D, by differences. */
async function moved(point: Point, D: Float64Array): Promise<Float64Array> {
  const h = (1e-5 * Math.sqrt(inner(point.X, point.X))) / Math.sqrt(inner(D, D));
  const at = (by: number) =>
    featuresAt(
      point,
      point.X.map((x, i) => x + by * D[i]!),
    );
  const ahead = await at(h);
  const back = await at(-h);
  return ahead.map((x, i) => (x - back[i]!) / (2 * h));
}

const vectorOf = (point: Point, index: number): Float64Array => {
  const { W, H } = point.result.left[index]!;
  return Float64Array.of(...W.data, ...H.data);
};

describe("singular values and vectors", () => {
  test.each(PROBLEMS)("%i×%i of rank %i, seed %i, %s: a dense SVD of differences", async (...problem) => {
    const point = await pointOf(problem);
    const { m, n, result } = point;
    expect(result.reason).toBe("");
    expect(result.reliable).toBe(true);
    const columns: Float64Array[] = [];
    for (let at = 0; at < m * n; at++) {
      const D = new Float64Array(m * n);
      D[at] = 1;
      columns.push(await moved(point, D));
    }
    const rows = columns[0]!.map(() => 0);
    const byRow = Array.from(rows, (_, row) => Float64Array.from(columns, (column) => column[row]!));
    const dense = singularValues(byRow);
    for (let t = 0; t < 6; t++) {
      expect(Math.abs(result.singularValues[t]! / dense[t]! - 1)).toBeLessThan(t === 0 ? 1e-6 : 1e-4);
    }
    // All six directions hold a part of the map of the entries, and no more.
    const whole = columns.map((column) => Math.sqrt(inner(column, column)));
    const size = Math.sqrt(inner(point.X, point.X) / inner(stackedAt(point), stackedAt(point)));
    result.map.data.forEach((x, at) => {
      expect(x).toBeLessThanOrEqual(whole[at]! * size * (1 + 1e-5));
    });
    const captured = inner(Float64Array.from(result.map.data), Float64Array.from(result.map.data));
    const six = result.singularValues.reduce((sum, sigma) => sum + sigma * sigma, 0);
    expect(Math.abs(captured / (six * size * size) - 1)).toBeLessThan(1e-9);
  });

  test.each(PROBLEMS)("%i×%i of rank %i, seed %i, %s: the twin, and its adjoint", async (...problem) => {
    const point = await pointOf(problem, { count: 8, tolerance: 1e-10 });
    const { m, n, k, X, loss, result } = point;
    const map = new FeatureMap(LOSS[loss], m, n, k, X, pairOf(result), EPSILON);
    const next = seeded(5);
    const dX = X.map(() => next() - 0.5);
    const y = Float64Array.from({ length: (m + n) * k }, () => next() - 0.5);
    const forth = inner(map.tangent(dX), y);
    expect(Math.abs(forth - inner(dX, map.adjoint(y)))).toBeLessThan(1e-9 * Math.abs(forth));
    for (let t = 0; t < 8; t++) {
      const sigma = result.singularValues[t]!;
      const right = Float64Array.from(result.right[t]!.data);
      const left = vectorOf(point, t);
      expect(Math.abs(inner(right, right) - 1)).toBeLessThan(1e-12);
      expect(Math.abs(inner(left, left) - 1)).toBeLessThan(1e-12);
      // The kernel's adjoint product made `right` of `left`, the twin's tangent product leads back.
      const back = map.tangent(right);
      expect(
        distance(
          back,
          left.map((x) => sigma * x),
        ),
      ).toBeLessThan(1e-8);
      expect(
        distance(
          map.adjoint(left),
          right.map((x) => sigma * x),
        ),
      ).toBeLessThan(1e-8);
    }
  });

  test.each(PROBLEMS)("%i×%i of rank %i, seed %i, %s: J dX in five directions", async (...problem) => {
    const point = await pointOf(problem, { count: 200, tolerance: 1e-10 });
    const { result, X } = point;
    const next = seeded(9);
    for (let trial = 0; trial < 5; trial++) {
      const D = X.map(() => next() - 0.5);
      const expected = await moved(point, D);
      const found = new Float64Array(expected.length);
      for (const [t, sigma] of result.singularValues.entries()) {
        const share = sigma * inner(Float64Array.from(result.right[t]!.data), D);
        vectorOf(point, t).forEach((x, at) => {
          found[at]! += share * x;
        });
      }
      expect(distance(found, expected)).toBeLessThan(1e-5);
    }
  });

  test("of one feature: those of its rows alone", async () => {
    for (const problem of PROBLEMS) {
      const whole = await pointOf(problem);
      const { m, n, k, X, loss, result } = whole;
      const map = new FeatureMap(LOSS[loss], m, n, k, X, pairOf(result), EPSILON);
      expect(result.features.map(({ feature }) => feature)).toEqual(Array.from({ length: k }, (_, a) => a));
      for (let feature = 0; feature < k; feature++) {
        const rows: Float64Array[] = [];
        for (let at = 0; at < (m + n) * k; at++) {
          const own = at < m * k ? at % k : Math.floor((at - m * k) / n);
          const unit = new Float64Array((m + n) * k);
          unit[at] = 1;
          if (own === feature) rows.push(map.adjoint(unit));
        }
        const dense = singularValues(rows);
        const options = { loss, feature, count: 3, engine, threads: 1 };
        const alone = await sensitivity(asMatrix(m, n, X), result, options);
        alone.singularValues.forEach((sigma, t) => {
          expect(Math.abs(sigma / dense[t]! - 1)).toBeLessThan(1e-6);
        });
        expect(alone.features).toEqual([{ feature, amplification: alone.amplification }]);
        const among = result.features[feature]!.amplification;
        expect(Math.abs(among / alone.amplification - 1)).toBeLessThan(1e-5);
        const others = alone.left[0]!.W.data.filter((_, at) => at % k !== feature);
        expect(others.every((x) => x === 0)).toBe(true);
      }
    }
  });
});

function stackedAt({ m, n, k, result }: Point): Float64Array {
  return stacked(m, n, k, pairOf(result));
}

describe("the bound", () => {
  test.each(PROBLEMS)("%i×%i of rank %i, seed %i, %s: reached along right[0]", async (...problem) => {
    const point = await pointOf(problem);
    const { m, n, X, loss, result } = point;
    const norm = Math.sqrt(inner(X, X));
    const errors: number[] = [];
    for (const epsilon of [1e-3, 1e-4, 1e-5]) {
      const Y = X.map((x, at) => x + epsilon * norm * result.right[0]!.data[at]!);
      const options = { loss, converge: 1e-14, count: 1, engine, threads: 1 };
      const there = await sensitivity(asMatrix(m, n, Y), result, options);
      const { value } = featureError(there, result);
      errors.push(Math.abs(value / result.featureErrorBound(epsilon) - 1));
    }
    expect(errors[2]).toBeLessThan(1e-3);
    expect(errors[2]).toBeLessThan(errors[0]! / 5);
    // And hardly any of it elsewhere.
    const next = seeded(3);
    const D = X.map(() => next() - 0.5);
    const scale = (1e-4 * norm) / Math.sqrt(inner(D, D));
    const options = { loss, converge: 1e-14, count: 1, engine, threads: 1 };
    const there = await sensitivity(
      asMatrix(
        m,
        n,
        X.map((x, at) => x + scale * D[at]!),
      ),
      result,
      options,
    );
    expect(featureError(there, result).value).toBeLessThan(result.featureErrorBound(1e-4));
  });

  test.each(PROBLEMS)("%i×%i of rank %i, seed %i, %s: holds for attacks", async (...problem) => {
    const { m, n, k, X, loss, result } = await pointOf(problem);
    const epsilon = 1e-3;
    const { results } = await lafa(asMatrix(m, n, X), {
      rank: k,
      loss,
      init: { W: result.W, H: result.H },
      reference: result,
      epsilons: [epsilon],
      steps: 30,
      restarts: 2,
      iterations: 3000,
      evaluationIterations: 20_000,
      otherStarts: 1,
      noiseTrials: 1,
      damping: 1e-4,
      engine,
      threads: 1,
    });
    const share = results[0]!.featureError / result.featureErrorBound(epsilon);
    expect(share).toBeLessThan(1.02);
    expect(share).toBeGreaterThan(0.9);
  });
});

describe("what makes a sensitivity unreliable", () => {
  const at = (m: number, n: number, k: number, X: Float64Array, start: Pair, options: SensitivityOptions) =>
    sensitivity(
      asMatrix(m, n, X),
      { W: asMatrix(m, k, start.W), H: asMatrix(k, n, start.H) },
      { engine, threads: 1, ...options },
    );

  test("factors that are not stationary", async () => {
    const { m, n, k, X, start } = sparse(12, 9, 3, 1);
    const found = await at(m, n, k, X, start, { converge: false });
    expect(found.reliable).toBe(false);
    expect(found.reason).toContain("not stationary");
    expect(found.W.data).toEqual(start.W);
    expect(found.iterations).toBe(0);
    expect(Number.isFinite(found.amplification)).toBe(true);
  });

  test("factors that the data do not determine, at once", async () => {
    const { m, n, k, X, start } = sparse(20, 15, 3, 2);
    const found = await at(m, n, k, X, start, { loss: "kullback-leibler" });
    expect(found.stationarity).toBeLessThan(1e-9);
    expect(found.reliable).toBe(false);
    expect(found.reason).toContain("does not determine");
    expect(found.reason).toContain(`damped with ${found.damping}`);
    expect(found.products).toBeLessThan(20_000);
    expect(found.singularValues.every((x) => x > 0 && x < 1e6)).toBe(true);
  });

  test("a saddle", async () => {
    const { m, n, X, start } = sparse(12, 9, 2, 7);
    const W = start.W.map((_, i) => start.W[i - (i % 2)]!);
    const H = start.H.map((_, i) => start.H[i % 9]!);
    const loss = "kullback-leibler";
    const factors = { W: asMatrix(m, 2, W), H: asMatrix(2, n, H) };
    const options = { rank: 2, loss, solver: "mu", init: factors, engine, threads: 1 } as const;
    const fit = await nmf(asMatrix(m, n, X), { ...options, maxIterations: 20_000, tolerance: 0 });
    const found = await at(m, n, 2, X, pairOf(fit), { loss, converge: false });
    expect(found.stationarity).toBeLessThan(1e-8);
    expect(found.reliable).toBe(false);
    expect(found.curvature).toBeLessThan(0);
    expect(found.reason).toContain("curvature is negative");
  });

  test("data of exact rank", async () => {
    const { m, n, k, start } = sparse(12, 9, 3, 8);
    const X = new Float64Array(m * n);
    for (let i = 0; i < X.length; i++) {
      for (let a = 0; a < k; a++) X[i]! += start.W[Math.floor(i / n) * k + a]! * start.H[a * n + (i % n)]!;
    }
    const found = await at(m, n, k, X, start, {});
    expect(found.reliable).toBe(false);
    expect(found.reason).toContain("of rank k");
  });

  test("a zero that wants to grow, where nobody lets it", async () => {
    const { result, m, n, k, X } = await pointOf(PROBLEMS[2]!);
    const { W, H } = pairOf(result);
    const largest = W.indexOf(Math.max(...W));
    W[largest] = 0;
    const found = await at(m, n, k, X, { W, H }, { converge: false });
    expect(found.multiplier).toBeLessThan(-1e-6);
    expect(found.reliable).toBe(false);
    expect(found.reason).toContain("multiplier");
    // Going on from there it grows again.
    const grown = await at(m, n, k, X, { W, H }, {});
    expect(grown.reason).toBe("");
    expect(Math.abs(grown.amplification / result.amplification - 1)).toBeLessThan(1e-6);
  });
});

test("fits of the default solvers, with their zeros, are near enough", async () => {
  const { m, n, k, X } = sparse(14, 9, 3, 9);
  const fit = await nmf(asMatrix(m, n, X), { rank: k, seed: 1, tolerance: 1e-7, engine, threads: 1 });
  const { reason, warnings, amplification } = await sensitivity(asMatrix(m, n, X), fit, {
    engine,
    threads: 1,
  });
  expect(reason).toBe("");
  expect(warnings).toEqual([]);
  expect(amplification).toBeGreaterThan(1);
});

test("entries that are 0 in V and WH are told of", async () => {
  // Two blocks: outside them V and WH are 0.
  const next = seeded(2);
  const X = Float64Array.from({ length: 80 }, (_, at) =>
    at % 10 < 5 === Math.floor(at / 10) < 4 ? 0.5 + next() : 0,
  );
  const fit = await nmf(asMatrix(8, 10, X), { rank: 2, loss: "kullback-leibler", engine, threads: 1 });
  const found = await sensitivity(asMatrix(8, 10, X), fit, { loss: "kullback-leibler", engine, threads: 1 });
  expect(found.reason).toBe("");
  expect(found.warnings.join()).toContain("40 entries are 0 in V and in WH");
  found.map.data.forEach((x, at) => {
    expect(x === 0).toBe(X[at] === 0);
  });
});

test("another stationary point than the fit's is told of", async () => {
  const { m, n, k, X, start } = sparse(12, 9, 3, 1);
  const fit = { W: asMatrix(m, k, start.W), H: asMatrix(k, n, start.H) };
  const { warnings } = await sensitivity(asMatrix(m, n, X), fit, { engine, threads: 1 });
  expect(warnings.join()).toContain("not that of the given factors");
});

describe("resources", () => {
  const problem = (m: number, n: number, k: number, dtype: "f32" | "f64" = "f64") => {
    const { X, start } = sparse(m, n, k, m + n);
    const as = (rows: number, cols: number, data: Float64Array) =>
      matrix(rows, cols, dtype === "f32" ? new Float32Array(data) : data);
    return { V: as(m, n, X), fit: { W: as(m, k, start.W), H: as(k, n, start.H) } };
  };

  test.each([
    [30, 25, 3],
    [103, 200, 3],
    [96, 21, 4],
    [361, 472, 5],
    [60, 50, 20],
    [5, 400, 2],
  ] as const)("memory is that of V and a few vectors, %i×%i of rank %i", async (m, n, k) => {
    const { V, fit } = problem(m, n, k);
    const own = await createEngine();
    const before = own.memoryBytes;
    const bytes: number[] = [];
    for (const count of [1, 6]) {
      const options = { count, converge: false, tolerance: 0.1, engine: own, threads: 1 } as const;
      const { peakBytes } = await sensitivity(V, fit, options);
      // V and its transpose and a staging area; the vectors and the basis; the k×k blocks.
      expect(peakBytes).toBeLessThan(
        8 * (3 * m * n + (40 + 20 + count) * (m + n) * k + (m + n) * k * k) + 20_000,
      );
      bytes.push(peakBytes);
    }
    // Five more vectors, and hardly anything with them.
    expect(bytes[1]! - bytes[0]!).toBeLessThan(5 * (8 * (m + n + 8) * k + 2500));
    expect(own.memoryBytes - before).toBeLessThan(bytes[1]! + 65536);
  });

  test("memory grows with the matrix", async () => {
    const options = { converge: false, tolerance: 0.1, engine, threads: 1 } as const;
    const of = async (m: number, n: number) => {
      const { V, fit } = problem(m, n, 3);
      return (await sensitivity(V, fit, options)).peakBytes;
    };
    const [one, two, four] = [await of(150, 150), await of(300, 150), await of(300, 300)];
    expect(two / one).toBeLessThan(2.05);
    expect(four / one).toBeLessThan(4.1);
  });

  test.each(["f32", "f64"] as const)("the same bits with 1, 2 and 4 threads, %s", async (dtype) => {
    const own = await createEngine();
    try {
      for (const loss of ["kullback-leibler", "frobenius"] as const) {
        const { V, fit } = problem(61, 80, 3, dtype);
        const digest = async (threads: number) => {
          const found = await sensitivity(V, fit, { loss, converge: 1e-5, count: 3, engine: own, threads });
          expect(found.threads).toBe(threads);
          expect(found.map.data.constructor).toBe(V.data.constructor);
          const parts = [
            found.map,
            ...found.right,
            ...found.left.flatMap(({ W, H }) => [W, H]),
            found.W,
            found.H,
          ];
          const figures = [...found.singularValues, ...found.features.map((one) => one.amplification)];
          const data = Float64Array.from([...parts.flatMap((part) => [...part.data]), ...figures]);
          expect(data.every(Number.isFinite)).toBe(true);
          return sha256(matrix(1, data.length, data));
        };
        const alone = await digest(1);
        expect(await digest(2)).toBe(alone);
        expect(await digest(4)).toBe(alone);
      }
    } finally {
      own[Symbol.dispose]();
    }
  });

  test("f32 gives nearly what f64 gives", async () => {
    const point = await pointOf(PROBLEMS[2]!);
    const { m, n, k, X, result } = point;
    const single = (rows: number, cols: number, data: ArrayLike<number>) =>
      matrix(rows, cols, Float32Array.from(data));
    const fit = { W: single(m, k, result.W.data), H: single(k, n, result.H.data) };
    const found = await sensitivity(single(m, n, X), fit, { engine, threads: 1 });
    expect(found.reason).toBe("");
    expect(Math.abs(found.amplification / result.amplification - 1)).toBeLessThan(0.01);
  });

  test("another seed finds the same", async () => {
    const one = await pointOf(PROBLEMS[0]!, { seed: 1 });
    const other = await pointOf(PROBLEMS[0]!, { seed: 2 });
    expect(Math.abs(one.result.amplification / other.result.amplification - 1)).toBeLessThan(1e-9);
    expect(one.result.right[0]!.data).not.toEqual(other.result.right[0]!.data);
  });

  test("progress counts up, and a signal ends it", async () => {
    const { V, fit } = problem(150, 100, 4);
    const controller = new AbortController();
    const seen: number[] = [];
    const error = await sensitivity(V, fit, {
      converge: 1e-5,
      engine,
      threads: 1,
      signal: controller.signal,
      onProgress: ({ iteration }) => {
        seen.push(iteration);
        if (iteration > 0) controller.abort();
      },
    }).catch((thrown) => thrown);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(error).toBeInstanceOf(AdvnmfError);
    expect(error.code).toBe("ABORTED");
  });
});

describe("bad input", () => {
  const { X, start } = sparse(6, 5, 2, 3);
  const V = asMatrix(6, 5, X);
  const fit = { W: asMatrix(6, 2, start.W), H: asMatrix(2, 5, start.H) };
  const holes = asMatrix(
    6,
    5,
    X.map((x, at) => (at === 7 ? Number.NaN : x)),
  );
  const negative = asMatrix(
    6,
    5,
    X.map((x, at) => (at === 7 ? -1 : x)),
  );
  const zero = asMatrix(
    6,
    2,
    start.W.map((w, at) => (at % 2 === 1 ? 0 : w)),
  );
  const wide = {
    W: asMatrix(6, 6, new Float64Array(36).fill(1)),
    H: asMatrix(6, 5, new Float64Array(30).fill(1)),
  };
  test.each<[string, unknown, unknown, object, string, string]>([
    ["a fit of another shape", V, { ...fit, H: [[1, 2, 3]] }, {}, "SHAPE", "2×5"],
    ["rows that are not V's", V, { ...fit, W: asMatrix(5, 2, start.W.slice(0, 10)) }, {}, "SHAPE", "6×2"],
    ["no fit", V, undefined, {}, "SHAPE", "fit"],
    ["no factors", V, { W: fit.W }, {}, "SHAPE", "H of fit"],
    ["too high a rank", V, wide, {}, "RANK", "1 … 5"],
    ["NaN in V", holes, fit, {}, "NOT_FINITE", "row 1, column 2"],
    ["a negative entry", negative, fit, {}, "NEGATIVE", "row 1, column 2"],
    ["a feature that is zero", V, { ...fit, W: zero }, {}, "OPTION", "feature 1 of fit is zero in W"],
    ["a feature that is not there", V, fit, { feature: 2 }, "OPTION", "0 … 1"],
    ["no vectors", V, fit, { count: 0 }, "OPTION", "count"],
    ["a negative tolerance", V, fit, { tolerance: -1 }, "OPTION", "tolerance"],
    ["converge that is no number", V, fit, { converge: true }, "OPTION", "converge"],
    ["an unknown loss", V, fit, { loss: "frobenious" }, "OPTION", 'did you mean "frobenius"'],
    ["an unknown option", V, fit, { features: 1 }, "OPTION", 'did you mean "feature"'],
    ["a mask", V, fit, { mask: V }, "OPTION", "mask"],
  ])("%s", async (_, data, factors, options, code, words) => {
    const error = await sensitivity(data as Matrix, factors as SensitivityResult, {
      engine,
      ...options,
    }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(AdvnmfError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  test("a bound for no size", async () => {
    const { featureErrorBound } = await sensitivity(V, fit, { engine, threads: 1 });
    expect(() => featureErrorBound(-1)).toThrow("epsilon");
    expect(featureErrorBound(0)).toBe(0);
  });
});
