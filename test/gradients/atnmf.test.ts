// Back-propagation through the training of AT-NMF: its twin, finite differences, what it has in common with NMF and
// with `atnmf`, memory, threads, number types, bad input, cancellation.

import { AdvnmfError, atnmf, createEngine, type GradientOptions, lafa, matrix, sha256 } from "advnmf";
import { describe, expect, test } from "vitest";
import { seeded } from "../data.js";
import { answer, answerAdjoint, atnmfBackprop } from "../reference/atnmf-backprop.js";
import { inner as dot } from "../reference/implicit.js";
import { product } from "../reference/product.js";
import type { Pair } from "../reference/step-adjoint.js";
import { asMatrix, type Case, distance, EPSILON, random, relative } from "./cases.js";

const engine = await createEngine();

/** A problem of which an adversary who pays little clips some entries, and its reference. */
function problem(m: number, n: number, k: number, seed: number): Case & { reference: Pair } {
  const c = random(m, n, k, seed);
  const next = seeded(seed + 100);
  // Small entries beside a fit that is not: V + s(V − WH) falls below 0.
  const X = c.X.map((x) => (next() < 0.2 ? 0.05 * x : x));
  // A start whose fit is as large as V; WH would otherwise be beyond all of it.
  const mean = (A: Float64Array) => A.reduce((sum, x) => sum + x, 0) / A.length;
  const scale = mean(X) / mean(product(m, k, n, c.start.W, c.start.H));
  const start = { W: c.start.W.map((w) => w * scale), H: c.start.H };
  return { ...c, X, start, reference: random(m, n, k, seed + 1).start };
}

function gradientOf(c: Case & { reference: Pair }, X: Float64Array, options: Partial<GradientOptions>) {
  const factors = ({ W, H }: Pair) => ({ W: asMatrix(c.m, c.k, W), H: asMatrix(c.k, c.n, H) });
  return lafa.gradient(asMatrix(c.m, c.n, X), {
    ...factors(c.start),
    reference: factors(c.reference),
    model: "atnmf",
    engine,
    threads: 1,
    ...options,
  });
}

describe("the twin", () => {
  test.each([1.5, 2, 5])("of the adversary's answer is its adjoint, λ = %f", (lambda) => {
    const { m, n, k, X, start } = problem(7, 6, 2, 1);
    const next = seeded(5);
    const draw = (count: number) => Float64Array.from({ length: count }, () => next() - 0.5);
    const U = answer(m, n, k, X, start, lambda);
    expect(U.some((u) => u === 0)).toBe(true);
    expect(U.some((u) => u > 0)).toBe(true);
    const G = draw(m * n);
    const back = answerAdjoint(m, n, k, X, start, lambda, G);
    const move = { W: draw(m * k), H: draw(k * n), X: draw(m * n) };
    const along = (t: number) => {
      const add = (A: Float64Array, B: Float64Array) => A.map((x, i) => x + t * B[i]!);
      const state = { W: add(start.W, move.W), H: add(start.H, move.H) };
      return dot(answer(m, n, k, add(X, move.X), state, lambda), G);
    };
    const slope = (along(1e-6) - along(-1e-6)) / 2e-6;
    const predicted = dot(back.W, move.W) + dot(back.H, move.H) + dot(back.X, move.X);
    expect(Math.abs(slope - predicted)).toBeLessThan(1e-8 * (1 + Math.abs(slope)));
  });

  test.each([
    [7, 6, 3],
    [17, 9, 1],
    [5, 30, 2],
    [85, 70, 4],
    [40, 33, 7],
    [30, 175, 3],
  ])("and the kernels agree, %i×%i of rank %i", async (m, n, k) => {
    const c = problem(m, n, k, m + n);
    for (const lambda of [2, 4]) {
      for (const [inner, outer, order] of [
        [3, 4, "WH"],
        [1, 3, "WH"],
        [4, 1, "HW"],
      ] as const) {
        const training = { lambda, inner, outer };
        const expected = atnmfBackprop(m, n, k, c.X, c.start, training, EPSILON, order === "HW", c.reference);
        expect(expected.clipped).toBeGreaterThan(0);
        expect(expected.clipped).toBeLessThan(0.8 * outer * m * n);
        const iterations = { innerIterations: inner, outerIterations: outer };
        const found = await gradientOf(c, c.X, { lambda, order, ...iterations });
        expect(relative(found.featureError, expected.error.value)).toBeLessThan(1e-11);
        expect(found.matching).toEqual(expected.error.matching);
        expect(distance(found.W.data, expected.end.W)).toBeLessThan(1e-12);
        expect(distance(found.gradient.data, expected.gradient)).toBeLessThan(1e-10);
        expect(found.iterations).toBe(inner * outer);
        expect(found.reliable).toBe(true);
      }
    }
  });
});

describe("gradients are those of finite differences", () => {
  test.each([
    [12, 9, 3, 1, 2, 10, 6, true],
    [30, 40, 4, 3, 3, 7, 5, true],
    [20, 15, 3, 4, 1.5, 5, 8, true],
    // The first answer wipes out whole columns, which come back from zeros of H that stay.
    [12, 9, 3, 1, 2, 10, 6, false],
  ])(
    "%i×%i of rank %i, seed %i, λ = %f, %i times %i iterations",
    async (m, n, k, seed, lambda, outer, inner, fits) => {
      const own = problem(m, n, k, seed);
      const c = fits ? own : { ...own, start: random(m, n, k, seed).start };
      const options = { lambda, innerIterations: inner, outerIterations: outer };
      const at = await gradientOf(c, c.X, options);
      if (!fits) expect(at.H.data.some((h) => h === 0)).toBe(true);
      const training = { lambda, inner, outer };
      const { clipped } = atnmfBackprop(m, n, k, c.X, c.start, training, EPSILON, false, c.reference);
      expect(clipped).toBeGreaterThan(outer);
      const next = seeded(seed + 7);
      for (let trial = 0; trial < 5; trial++) {
        const direction = c.X.map(() => next() - 0.5);
        const scale = 1e-6 * Math.sqrt(dot(c.X, c.X) / dot(direction, direction));
        const value = async (by: number) => {
          const moved = c.X.map((x, i) => x + by * scale * direction[i]!);
          return (await gradientOf(c, moved, options)).featureError;
        };
        // Differences of fourth order: their own error is far below what is asked.
        const near = ((await value(1)) - (await value(-1))) / 2;
        const far = ((await value(2)) - (await value(-2))) / 4;
        const slope = (4 * near - far) / 3;
        const G = Float64Array.from(at.gradient.data);
        expect(Math.abs(slope / (scale * dot(G, direction)) - 1)).toBeLessThan(1e-7);
      }
    },
  );
});

test("the factors are those of atnmf, bit for bit", async () => {
  for (const [m, n, k] of [
    [40, 33, 7],
    [30, 175, 3],
  ] as const) {
    const c = problem(m, n, k, 9);
    for (const lambda of [1.5, 3, Number.POSITIVE_INFINITY]) {
      const found = await gradientOf(c, c.X, { lambda, innerIterations: 7, outerIterations: 5 });
      const fit = await atnmf(asMatrix(m, n, c.X), {
        rank: k,
        lambda,
        init: { W: asMatrix(m, k, c.start.W), H: asMatrix(k, n, c.start.H) },
        epsilon: EPSILON,
        epsilonInner: 0,
        epsilonOuter: 0,
        maxInner: 7,
        maxOuter: 5,
        engine,
        threads: 1,
      });
      expect(found.W.data).toEqual(fit.W.data);
      expect(found.H.data).toEqual(fit.H.data);
      expect(found.relativeError).toBe(fit.relativeError);
    }
  }
});

test("without an adversary it is NMF: bit for bit for λ = ∞, to rounding where the adversary can do nothing", async () => {
  const c = problem(40, 33, 4, 6);
  const steps = { innerIterations: 6, outerIterations: 5 };
  const plain = await gradientOf(c, c.X, {
    model: "nmf",
    mode: "backprop",
    loss: "frobenius",
    iterations: 30,
  });
  const none = await gradientOf(c, c.X, { lambda: Number.POSITIVE_INFINITY, ...steps });
  expect(none.gradient.data).toEqual(plain.gradient.data);
  expect(none.W.data).toEqual(plain.W.data);
  // The sums over the outer iterations are rounded one by one.
  const idle = await gradientOf(c, c.X, { lambda: 1e200, ...steps });
  expect(idle.W.data).toEqual(plain.W.data);
  expect(distance(idle.gradient.data, Float64Array.from(plain.gradient.data))).toBeLessThan(1e-13);
});

describe("memory", () => {
  test.each([
    [30, 25, 3],
    [103, 200, 3],
    [96, 21, 4],
    [200, 200, 1],
    [361, 472, 5],
    [60, 50, 20],
    [5, 400, 2],
    [400, 5, 2],
  ] as const)("grows with inner and outer iterations only, %i×%i of rank %i", async (m, n, k) => {
    const own = await createEngine();
    const before = own.memoryBytes;
    const c = problem(m, n, k, 2);
    for (const [inner, outer] of [
      [1, 1],
      [8, 3],
      [2, 9],
    ] as const) {
      const { peakBytes } = await gradientOf(c, c.X, {
        innerIterations: inner,
        outerIterations: outer,
        engine: own,
      });
      const bound = 4 * m * n * 8 + (inner + outer + 20) * (m + n) * k * 8;
      expect(peakBytes).toBeLessThanOrEqual(bound);
      // The memory of the module grew by no more than whole pages of it.
      expect(own.memoryBytes - before).toBeLessThanOrEqual(bound + 65536);
    }
  });

  test("what cannot fit is refused, with the sizes", async () => {
    const own = await createEngine();
    const c = problem(100, 80, 7, 2);
    const asked = { innerIterations: 1_000_000, outerIterations: 2000, engine: own };
    await expect(gradientOf(c, c.X, asked)).rejects.toMatchObject({
      code: "MEMORY",
      message: expect.stringContaining("100×80"),
    });
    expect(own.memoryBytes).toBeLessThan(2 ** 25);
  });
});

test.each([
  [150, 300, 4],
  [40, 33, 7],
] as const)(
  "the same bits with 1, 2 and 4 threads, in either number type, %i×%i of rank %i",
  async (m, n, k) => {
    const own = await createEngine();
    try {
      const c = problem(m, n, k, 3);
      const factors = ({ W, H }: Pair, single: boolean) => ({
        W: matrix(m, k, single ? new Float32Array(W) : W),
        H: matrix(k, n, single ? new Float32Array(H) : H),
      });
      for (const single of [false, true]) {
        const V = matrix(m, n, single ? new Float32Array(c.X) : c.X);
        const digests: string[] = [];
        for (const threads of [1, 2, 4]) {
          const found = await lafa.gradient(V, {
            ...factors(c.start, single),
            reference: factors(c.reference, single),
            model: "atnmf",
            innerIterations: 4,
            outerIterations: 3,
            engine: own,
            threads,
          });
          expect(found.threads).toBe(threads);
          digests.push(
            [
              await sha256(found.gradient),
              await sha256(found.W),
              await sha256(found.H),
              found.featureError,
            ].join(),
          );
        }
        expect(digests[1]).toBe(digests[0]);
        expect(digests[2]).toBe(digests[0]);
      }
    } finally {
      own[Symbol.dispose]();
    }
  },
);

test("f32 gives nearly what f64 gives", async () => {
  const c = problem(40, 33, 3, 12);
  const single = (rows: number, cols: number, data: Float64Array) =>
    matrix(rows, cols, new Float32Array(data));
  const found = await lafa.gradient(single(40, 33, c.X), {
    W: single(40, 3, c.start.W),
    H: single(3, 33, c.start.H),
    reference: { W: single(40, 3, c.reference.W), H: single(3, 33, c.reference.H) },
    model: "atnmf",
    lambda: 3,
    innerIterations: 4,
    outerIterations: 3,
    engine,
    threads: 1,
  });
  const double = await gradientOf(c, c.X, { lambda: 3, innerIterations: 4, outerIterations: 3 });
  expect(found.gradient.data).toBeInstanceOf(Float32Array);
  expect(distance(found.gradient.data, Float64Array.from(double.gradient.data))).toBeLessThan(1e-3);
});

test("progress counts up to the end, and a signal ends it", async () => {
  const c = problem(150, 100, 4, 5);
  const asked = { innerIterations: 40, outerIterations: 25 };
  const seen: number[] = [];
  await gradientOf(c, c.X, {
    ...asked,
    onProgress: ({ iteration, maxIterations }) => {
      seen.push(iteration);
      expect(maxIterations).toBe(2000);
    },
  });
  expect(seen.length).toBeGreaterThan(0);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  const controller = new AbortController();
  await expect(
    gradientOf(c, c.X, { ...asked, signal: controller.signal, onProgress: () => controller.abort() }),
  ).rejects.toMatchObject({ code: "ABORTED" });
});

describe("bad input", () => {
  const c = problem(6, 5, 2, 3);
  test.each<[string, object, string]>([
    ["an adversary who gains without bound", { lambda: 1 }, "above 1"],
    ["no λ that is a number", { lambda: "auto" }, "above 1"],
    ["implicit gradients", { mode: "implicit" }, 'mode "backprop" only'],
    ["another loss", { loss: "kullback-leibler" }, "frobenius"],
    ["iterations of NMF", { iterations: 10 }, 'iterations belongs to model "nmf"'],
    ["an adversary of NMF", { model: "nmf", lambda: 2 }, 'lambda belongs to model "atnmf"'],
    ["inner iterations of NMF", { model: undefined, innerIterations: 2 }, "innerIterations belongs"],
    ["no inner iterations", { innerIterations: 0 }, "innerIterations"],
    ["half an answer", { outerIterations: 0.5 }, "outerIterations"],
    ["more than can be counted", { innerIterations: 1e6, outerIterations: 1e6 }, "innerIterations · outer"],
    ["damping", { damping: 0.1 }, 'damping belongs to mode "implicit"'],
    ["another model", { model: "atnfm" }, 'did you mean "atnmf"'],
    ["an option of atnmf", { maxInner: 3 }, "has no option"],
  ])("%s", async (_, wrong, words) => {
    const error = await gradientOf(c, c.X, wrong as Partial<GradientOptions>).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(AdvnmfError);
    expect(error.code).toBe("OPTION");
    expect(error.message).toContain(words);
  });
});
