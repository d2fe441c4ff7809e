// Latent feature attacks on AT-NMF: that the victim is what it claims to be, and that all the rest is as for NMF.

import {
  AdvnmfError,
  atnmf,
  createEngine,
  type Factors,
  featureError,
  type LafaOptions,
  lafa,
  type MatrixLike,
  matrix,
  nmf,
} from "advnmf";
import { describe, expect, test } from "vitest";
import { seeded } from "../data.js";

const engine = await createEngine();

/** Noisy data of about rank k. */
function data(m: number, n: number, k: number, seed: number) {
  const next = seeded(seed);
  const W = Float64Array.from({ length: m * k }, next);
  const H = Float64Array.from({ length: k * n }, next);
  return matrix(
    m,
    n,
    Float64Array.from({ length: m * n }, (_, at) => {
      let sum = 0.05;
      for (let a = 0; a < k; a++) sum += W[Math.floor(at / n) * k + a]! * H[a * n + (at % n)]!;
      return sum * (0.7 + 0.6 * next());
    }),
  );
}

const V = data(20, 15, 3, 3);
const QUICK = {
  rank: 3,
  model: "atnmf",
  lambda: 4,
  maxInner: 8,
  maxOuter: 6,
  steps: 10,
  // Not a whole number of inner loops: 13 of them.
  evaluationIterations: 100,
  otherStarts: 2,
  noiseTrials: 2,
  restarts: 1,
  threads: 1,
  engine,
} as const;

const own = { rank: 3, lambda: 4, epsilon: 1e-10, epsilonInner: 0, epsilonOuter: 0, threads: 1, engine };
const trained = (X: MatrixLike, { W, H }: Factors, maxOuter: number) =>
  atnmf(X, { ...own, init: { W, H }, maxInner: 8, maxOuter });
const startOf = (X: MatrixLike) => nmf(X, { rank: 3, solver: "mu", maxIterations: 0, threads: 1, engine });

const frobenius = (A: ArrayLike<number>) => Math.sqrt(Array.from(A).reduce((sum, x) => sum + x * x, 0));

test("the figures are those of AT-NMF from the known start, and beat noise of the same size", async () => {
  const { results, reference, baseline, peakBytes } = await lafa(V, { ...QUICK, epsilons: [0.05] });
  const [result] = results;
  const start = await startOf(V);
  const clean = await trained(V, start, 13);
  expect(reference.W.data).toEqual(clean.W.data);
  const fit = await trained(result!.perturbed, start, 13);
  expect(result!.W.data).toEqual(fit.W.data);
  expect(result!.featureError).toBe(featureError(fit, reference).value);
  expect(result!.reconstructionError).toBe(fit.relativeError);
  expect(result!.gradient).toBe("backprop");
  expect(result!.history).toHaveLength(11);
  expect(baseline.unattacked).toBe(0);
  const other = await atnmf(V, { ...own, init: "random", seed: 1, maxInner: 8, maxOuter: 13 });
  expect(baseline.refit.values[0]).toBe(featureError(other, reference).value);
  const same = await atnmf(result!.perturbed, { ...own, init: "random", seed: 1, maxInner: 8, maxOuter: 13 });
  expect(result!.transfer.values[0]).toBe(featureError(same, reference).value);
  expect(baseline.noise[0]!.values).toHaveLength(2);
  expect(result!.featureError).toBeGreaterThan(1.5 * baseline.noise[0]!.most);
  expect(peakBytes).toBeGreaterThan(0);
});

test("each step sees the training of maxOuter answers", async () => {
  const start = await startOf(V);
  const reference = await trained(data(20, 15, 3, 4), start, 13);
  const asked = { ...QUICK, epsilons: [0.05], steps: 1, randomStart: false, keep: "last" } as const;
  const given = { W: reference.W, H: reference.H };
  const [cold] = (await lafa(V, { ...asked, reference: given })).results;
  const [warm] = (await lafa(V, { ...asked, reference: given, warmStart: true })).results;
  const far = (fit: Factors) => featureError(fit, reference).value;
  const before = await trained(V, start, 6);
  expect(cold!.history[0]).toBeCloseTo(far(before), 12);
  expect(cold!.history[1]).toBeCloseTo(far(await trained(cold!.perturbed, start, 6)), 12);
  expect(warm!.history[1]).toBeCloseTo(far(await trained(warm!.perturbed, before, 6)), 9);
});

test("with λ = ∞ it is the attack on NMF, bit for bit", async () => {
  const { model: _, lambda: __, maxInner: ___, maxOuter: ____, ...shared } = QUICK;
  const asked = { ...shared, epsilons: [0.05], evaluationIterations: 104 };
  const none = await lafa(V, {
    ...asked,
    model: "atnmf",
    lambda: Number.POSITIVE_INFINITY,
    maxInner: 8,
    maxOuter: 6,
  });
  const plain = await lafa(V, { ...asked, loss: "frobenius", gradient: "backprop", iterations: 48 });
  expect(none.results[0]!.perturbed.data).toEqual(plain.results[0]!.perturbed.data);
  expect(none.results[0]!.featureError).toBe(plain.results[0]!.featureError);
  expect(none.results[0]!.transfer).toEqual(plain.results[0]!.transfer);
  expect(none.baseline).toEqual(plain.baseline);
});

test.each([
  { norm: "linf", epsilons: [0.01, 0.3] },
  { attack: "fgsm", steps: undefined, epsilons: [0.02, 2] },
  { objective: "reconstruction", epsilons: [0.02] },
  { keep: "last", init: "half-normal", restarts: 2, epsilons: [0.02] },
] as const)("the other options work as for NMF: %o", async (ways) => {
  const { epsilons, ...others } = ways;
  for (const single of [false, true]) {
    const X = single ? matrix(20, 15, new Float32Array(V.data)) : V;
    const { steps, ...quick } = { ...QUICK, steps: 4, ...others };
    const asked = { ...quick, epsilons, ...(steps ? { steps } : {}) } as LafaOptions;
    const { results } = await lafa(X, asked);
    for (const { epsilon, perturbed, size } of results) {
      const D = Float64Array.from(perturbed.data, (x, at) => x - X.data[at]!);
      const linf = "norm" in ways;
      const reached = linf ? Math.max(...D.map(Math.abs)) : frobenius(D) / frobenius(X.data);
      expect(reached).toBeLessThanOrEqual(epsilon + 1e-12);
      expect(Math.abs(size - reached)).toBeLessThan(1e-14);
      expect(Math.min(...perturbed.data)).toBeGreaterThanOrEqual(0);
      expect(perturbed.data).toBeInstanceOf(single ? Float32Array : Float64Array);
    }
    expect(results[0]!.gradient).toBe("objective" in ways ? "reconstruction" : "backprop");
  }
});

test("the bits do not depend on the threads", async () => {
  const threaded = await createEngine();
  try {
    const asked = { ...QUICK, steps: 4, epsilons: [0.02, 0.05], restarts: 2, engine: threaded };
    const alone = await lafa(V, asked);
    const together = await lafa(V, { ...asked, threads: 2 });
    for (const [index, { perturbed, featureError: value }] of alone.results.entries()) {
      expect(together.results[index]!.perturbed.data).toEqual(perturbed.data);
      expect(together.results[index]!.featureError).toBe(value);
    }
  } finally {
    threaded[Symbol.dispose]();
  }
});

test("the points so far when it is cancelled", async () => {
  const controller = new AbortController();
  const error = await lafa(V, {
    ...QUICK,
    epsilons: [0.05],
    signal: controller.signal,
    onProgress: ({ step }) => step === 2 && controller.abort(),
  }).catch((thrown) => thrown);
  expect(error.code).toBe("ABORTED");
  expect(error.best.results[0].featureError).toBeGreaterThan(0);
});

describe("bad input", () => {
  test.each<[string, object, string]>([
    ["implicit gradients", { gradient: "implicit" }, 'the gradient of model "atnmf" is "backprop"'],
    ["both gradients", { gradient: "both" }, '"backprop", got "both"'],
    ["the other loss", { loss: "kullback-leibler" }, "frobenius"],
    ["iterations of NMF", { iterations: 100 }, 'iterations belongs to model "nmf"'],
    ["iterations to go back through", { backpropIterations: 100 }, "backpropIterations belongs"],
    ["damping", { damping: 0.1 }, "damping belongs"],
    ["the official procedure", { compat: "official" }, 'compat belongs to model "nmf"'],
    ["an adversary who gains without bound", { lambda: 0.5 }, "above 1"],
    ["no inner iterations", { maxInner: 0 }, "maxInner"],
    ["no answers", { maxOuter: 0 }, "maxOuter"],
    [
      "an adversary of NMF",
      { model: "nmf", maxInner: undefined, maxOuter: undefined },
      'lambda belongs to model "atnmf"',
    ],
    ["an unknown model", { model: "at-nmf" }, 'did you mean "atnmf"'],
  ])("%s", async (_, wrong, words) => {
    const asked = { ...QUICK, epsilons: [0.1], ...wrong } as LafaOptions;
    const error = await lafa(V, asked).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(AdvnmfError);
    expect(error.code).toBe("OPTION");
    expect(error.message).toContain(words);
  });
});
