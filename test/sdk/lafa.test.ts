// Latent feature attacks: what an attack may do, what it comes to, and what stands beside it.

import {
  AdvnmfError,
  createEngine,
  datasets,
  type Factors,
  featureError,
  type LafaOptions,
  lafa,
  type Matrix,
  type MatrixLike,
  matrix,
  nmf,
} from "advnmf";
import { describe, expect, test } from "vitest";
import { seeded } from "../data.js";
import { wtsi, wtsiPath } from "../gradients/cases.js";

const engine = await createEngine();

/** Noisy data from factors with zeros. */
function data(m: number, n: number, k: number, seed: number) {
  const next = seeded(seed);
  const draw = (count: number) =>
    Float64Array.from({ length: count }, () => {
      const x = next();
      return x < 0.4 ? 0 : x;
    });
  const W = draw(m * k);
  const H = draw(k * n);
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

const QUICK = {
  steps: 8,
  iterations: 100,
  evaluationIterations: 300,
  otherStarts: 2,
  noiseTrials: 2,
  restarts: 1,
  threads: 1,
  engine,
} as const;

const frobenius = (A: ArrayLike<number>) => {
  let sum = 0;
  for (let at = 0; at < A.length; at++) sum += A[at]! * A[at]!;
  return Math.sqrt(sum);
};

describe("every result stays in its ball and its box, to 1e-12", () => {
  test.each([
    ["l2", "pgd", "best"],
    ["l2", "fgsm", "last"],
    ["linf", "pgd", "last"],
    ["linf", "fgsm", "best"],
  ] as const)("%s, %s, %s", async (norm, attack, keep) => {
    for (let seed = 0; seed < 4; seed++) {
      const exact = data(9 + seed, 12, 2, seed);
      // In single precision too, where the last rounding must not lead out.
      const V = seed % 2 === 0 ? exact : { ...exact, data: Float32Array.from(exact.data) };
      const most = Math.max(...V.data);
      const { steps, ...others } = QUICK;
      const epsilons = norm === "l2" ? [0.01, 0.2, 2] : [0.01, 0.3, 3];
      const { results } = await lafa(V, {
        ...others,
        ...(attack === "pgd" ? { steps } : {}),
        rank: 2,
        norm,
        attack,
        keep,
        epsilons,
        seed,
        restarts: 2,
      });
      expect(results).toHaveLength(3);
      for (const { epsilon, perturbed, delta, size } of results) {
        const D = Float64Array.from(perturbed.data, (x, at) => x - V.data[at]!);
        const reached = norm === "l2" ? frobenius(D) / frobenius(V.data) : Math.max(...D.map(Math.abs));
        expect(reached).toBeLessThanOrEqual(epsilon + 1e-12);
        expect(Math.abs(size - reached)).toBeLessThan(1e-14);
        expect(Math.max(...perturbed.data)).toBeLessThanOrEqual(most);
        expect(Math.min(...perturbed.data)).toBeGreaterThanOrEqual(0);
        expect(delta.data).toEqual(D);
      }
    }
  });
});

test("the figures are those of the victim's factorization, and beat noise of the same size", async () => {
  const V = data(20, 15, 3, 3);
  const options = { ...QUICK, rank: 3, epsilons: [0.05], steps: 15, gradient: "both" } as const;
  const { results, reference, baseline, peakBytes } = await lafa(V, options);
  const [result] = results;
  const start = await nmf(V, { rank: 3, loss: "kullback-leibler", solver: "mu", maxIterations: 0, engine });
  const fit = await nmf(result!.perturbed, {
    rank: 3,
    loss: "kullback-leibler",
    solver: "mu",
    order: "HW",
    epsilon: 1e-10,
    tolerance: 0,
    maxIterations: 300,
    init: { W: start.W, H: start.H },
    engine,
    threads: 1,
  });
  expect(result!.W.data).toEqual(fit.W.data);
  expect(result!.featureError).toBe(featureError(fit, reference).value);
  expect(result!.reconstructionError).toBe(fit.relativeError);
  expect(result!.history).toHaveLength(16);
  expect(baseline.unattacked).toBe(0);
  expect(baseline.refit.values).toHaveLength(2);
  expect(result!.transfer.values).toHaveLength(2);
  const [noise] = baseline.noise;
  expect(noise!.values).toHaveLength(2);
  expect(result!.featureError).toBeGreaterThan(2 * noise!.most);
  expect(peakBytes).toBeGreaterThan(0);
  const again = await lafa(V, options);
  expect(again.results[0]!.perturbed.data).toEqual(result!.perturbed.data);
});

describe("the victim's loss as the objective", () => {
  test.each(["kullback-leibler", "frobenius"] as const)(
    "%s: it rises, and moves features less",
    async (loss) => {
      const V = data(20, 15, 3, 3);
      const options = { ...QUICK, rank: 3, epsilons: [0.05], steps: 15, loss } as const;
      const { results, baseline } = await lafa(V, options);
      const [attack] = results;
      const onLoss = await lafa(V, { ...options, objective: "reconstruction" });
      const [weak] = onLoss.results;
      expect(weak!.gradient).toBe("reconstruction");
      expect(baseline.reconstruction).toEqual([weak!.featureError]);
      expect(onLoss.baseline.reconstruction).toEqual([weak!.featureError]);
      expect(weak!.featureError).toBeLessThan(0.8 * attack!.featureError);
      // The loss of the victim on either.
      const lossOf = async ({ perturbed }: { perturbed: MatrixLike }) => {
        const { W, H } = await nmf(V, { rank: 3, loss, solver: "mu", maxIterations: 0, engine });
        const init = { W, H };
        return (
          await nmf(perturbed, {
            rank: 3,
            loss,
            solver: "mu",
            init,
            tolerance: 0,
            maxIterations: 300,
            engine,
          })
        ).loss;
      };
      const clean = await lossOf({ perturbed: V });
      expect(await lossOf(weak!)).toBeGreaterThan(clean);
      expect(await lossOf(weak!)).toBeGreaterThan(await lossOf(attack!));
    },
  );

  test("its gradient is that of the loss", async () => {
    // One step of size 1e-7 from V along the gradient raises the loss by as much as finite differences say.
    const V = data(8, 6, 2, 2);
    const options = {
      ...QUICK,
      rank: 2,
      attack: "fgsm",
      randomStart: false,
      objective: "reconstruction",
      epsilons: [1e-6],
      iterations: 4000,
      keep: "last",
      clip: [0, 10],
    } as const;
    const { steps: _, ...quick } = options;
    const { results } = await lafa(V, quick);
    const fit = await nmf(V, { rank: 2, loss: "kullback-leibler", solver: "mu", maxIterations: 0, engine });
    const { W, H } = await nmf(V, {
      rank: 2,
      loss: "kullback-leibler",
      solver: "mu",
      order: "HW",
      epsilon: 1e-10,
      init: { W: fit.W, H: fit.H },
      tolerance: 0,
      maxIterations: 4000,
      engine,
    });
    const log = Float64Array.from(V.data, (x, at) => {
      const [i, j] = [Math.floor(at / 6), at % 6];
      return Math.log(x / (W.data[i * 2]! * H.data[j]! + W.data[i * 2 + 1]! * H.data[6 + j]!));
    });
    const scale = (1e-6 * frobenius(V.data)) / frobenius(log);
    const D = results[0]!.delta.data;
    expect(frobenius(D.map((d, at) => d - scale * log[at]!))).toBeLessThan(1e-6 * frobenius(D));
  });
});

test("warm starts go on from the factors of the step before; the result is the victim's all the same", async () => {
  const V = data(20, 15, 3, 3);
  const other = data(20, 15, 3, 4);
  const updates = {
    rank: 3,
    loss: "kullback-leibler",
    solver: "mu",
    order: "HW",
    epsilon: 1e-10,
    tolerance: 0,
    threads: 1,
    engine,
  } as const;
  const from = (X: MatrixLike, { W, H }: Factors, maxIterations: number) =>
    nmf(X, { ...updates, init: { W, H }, maxIterations });
  const start = await nmf(V, { ...updates, maxIterations: 0 });
  const reference = await from(other, start, 200);
  const asked = {
    ...QUICK,
    rank: 3,
    epsilons: [0.05],
    steps: 1,
    randomStart: false,
    keep: "last",
    reference: { W: reference.W, H: reference.H },
  } as const;
  const [warm] = (await lafa(V, { ...asked, warmStart: true })).results;
  const before = await from(V, start, 100);
  const after = await from(warm!.perturbed, before, 100);
  const far = (fit: Factors) => featureError(fit, reference).value;
  expect(warm!.history[0]).toBeCloseTo(far(before), 9);
  expect(warm!.history[1]).toBeCloseTo(far(after), 9);
  expect(warm!.featureError).toBeCloseTo(far(await from(warm!.perturbed, start, 300)), 12);
  const [cold] = (await lafa(V, asked)).results;
  expect(cold!.history[0]).toBe(warm!.history[0]);
  expect(Math.abs(cold!.history[1]! - warm!.history[1]!)).toBeGreaterThan(1e-6);
});

describe("the official procedure", () => {
  const V = data(20, 15, 3, 3);
  const options = { ...QUICK, rank: 3, compat: "official", clip: [0, 10], seed: 3 } as const;
  const { restarts: _, ...official } = options;

  test.each(["implicit", "backprop"] as const)(
    "%s: sign steps from V, scaled to the sphere",
    async (gradient) => {
      const asked = { ...official, gradient, steps: 1, epsilons: [0.001] };
      const [first] = (await lafa(V, asked)).results;
      // One step: every entry moves as far as any other.
      const each = (0.001 * frobenius(V.data)) / Math.sqrt(300);
      for (const d of first!.delta.data) expect(Math.abs(Math.abs(d) - each)).toBeLessThan(1e-12);
      const [second] = (await lafa(V, { ...asked, steps: 2 })).results;
      expect(Math.abs(second!.size - 0.001)).toBeLessThan(1e-12);
      expect((await lafa(V, asked)).results[0]!.perturbed.data).toEqual(first!.perturbed.data);
      // Other seeds, other starts, other signs.
      expect((await lafa(V, { ...asked, seed: 4 })).results[0]!.delta.data).not.toEqual(first!.delta.data);
    },
  );

  test("Linf keeps its bound; the reference is of half as many iterations; the box comes last", async () => {
    const { results, baseline } = await lafa(V, { ...official, norm: "linf", epsilons: [0.004, 0.02] });
    for (const { epsilon, size } of results) expect(Math.abs(size - epsilon)).toBeLessThan(1e-12);
    expect(baseline.unattacked).toBeGreaterThan(0);
    const most = Math.max(...V.data);
    const boxed = await lafa(V, { ...official, clip: [0, most], epsilons: [3] });
    expect(boxed.results[0]!.size).toBeLessThan(2.9);
    expect(Math.max(...boxed.results[0]!.perturbed.data)).toBe(most);
    expect(boxed.results[0]!.warnings).toHaveLength(1);
  });

  test.skipIf(!wtsiPath).each([
    ["l2", 0.01, "implicit", 0.14, 0],
    // Quoted with two places, and at the lower end: the least of these five is 0.092.
    ["l2", 0.01, "backprop", 0.09, 0.005],
    ["linf", 0.0005, "implicit", 0.2, 0],
  ] as const)(
    "WTSI, %s %d, %s: as weak as the authors' code, whose %d is within the spread of five seeds",
    async (norm, epsilon, gradient, quoted, rounding) => {
      const { X } = await wtsi();
      const asked = { rank: 4, norm, epsilons: [epsilon], gradient, compat: "official", threads: 1 } as const;
      const errors: number[] = [];
      for (let seed = 1; seed <= 5; seed++) {
        const controls = { otherStarts: 1, noiseTrials: 1 };
        const { results } = await lafa(matrix(96, 21, X), { ...asked, ...controls, seed });
        errors.push(results[0]!.featureError);
      }
      expect(Math.min(...errors)).toBeLessThan(quoted + rounding);
      expect(Math.max(...errors)).toBeGreaterThan(quoted);
      expect(Math.max(...errors)).toBeLessThan(0.3);
    },
    120_000,
  );
});

test("the bits do not depend on the threads", async () => {
  const own = await createEngine();
  try {
    const V = data(40, 30, 3, 5);
    const options = {
      ...QUICK,
      engine: own,
      rank: 3,
      epsilons: [0.02, 0.05],
      gradient: "both",
      restarts: 2,
    } as const;
    const alone = await lafa(V, options);
    const held = own.memoryBytes;
    const together = await lafa(V, { ...options, threads: 2 });
    for (const [index, { perturbed, featureError: value }] of alone.results.entries()) {
      expect(together.results[index]!.perturbed.data).toEqual(perturbed.data);
      expect(together.results[index]!.featureError).toBe(value);
    }
    // Workers have memories of their own.
    expect(own.memoryBytes).toBeGreaterThan(held);
  } finally {
    own[Symbol.dispose]();
  }
});

test("f32 data give f32 results", async () => {
  const V = data(9, 12, 2, 1);
  const single = matrix(9, 12, new Float32Array(V.data));
  const { results } = await lafa(single, { ...QUICK, rank: 2, epsilons: [0.05] });
  expect(results[0]!.perturbed.data).toBeInstanceOf(Float32Array);
  expect(results[0]!.size).toBeLessThanOrEqual(0.05 + 1e-6);
});

test("a size that the box does not allow comes with a warning and the size that was reached", async () => {
  const V = data(9, 12, 2, 1);
  const { results } = await lafa(V, { ...QUICK, rank: 2, norm: "l2", epsilons: [50], keep: "last" });
  expect(results[0]!.size).toBeLessThan(50);
  expect(results[0]!.warnings.join()).toContain(String(results[0]!.size));
});

test("progress for every step, and the points so far when it is cancelled", async () => {
  const V = data(9, 12, 2, 1);
  const controller = new AbortController();
  const seen: number[] = [];
  const error = await lafa(V, {
    ...QUICK,
    rank: 2,
    epsilons: [0.01, 0.05],
    signal: controller.signal,
    onProgress({ step, steps, featureErrors }) {
      seen.push(step);
      expect(steps).toBe(8);
      expect(featureErrors).toHaveLength(2);
      if (step === 3) controller.abort();
    },
  }).catch((thrown) => thrown);
  expect(seen).toEqual([0, 1, 2, 3]);
  expect(error.code).toBe("ABORTED");
  expect(error.best.results.map(({ epsilon }: { epsilon: number }) => epsilon)).toEqual([0.01, 0.05]);
  for (const { perturbed, featureError: value } of error.best.results) {
    expect(perturbed.rows).toBe(9);
    expect(value).toBeGreaterThan(0);
  }
});

describe("bad input", () => {
  const V = data(9, 12, 2, 1);
  const ones = (rows: number, cols: number) => matrix(rows, cols, new Float64Array(rows * cols).fill(1));
  const zeroColumn = (A: Matrix, column: number) =>
    matrix(
      A.rows,
      A.cols,
      Float64Array.from(A.data, (x, at) => (at % A.cols === column ? 0 : x)),
    );
  test.each<[string, object, string, string]>([
    ["a negative ε", { epsilons: [-0.1] }, "OPTION", "epsilons"],
    ["no ε", { epsilons: [] }, "OPTION", "epsilons"],
    ["a reference of another shape", { reference: { W: ones(9, 3), H: ones(3, 12) } }, "SHAPE", "9×2"],
    [
      "a reference with a feature of zeros",
      { reference: { W: zeroColumn(ones(9, 2), 1), H: ones(2, 12) } },
      "OPTION",
      "feature 1",
    ],
    ["no iterations", { iterations: 0 }, "OPTION", "iterations"],
    ["an ε that is no number", { epsilons: ["0.1"] }, "OPTION", "epsilons"],
    ["a start of warm words", { warmStart: "yes" }, "OPTION", "warmStart"],
    ["a box without V", { clip: [0, 0.01] }, "OPTION", "must lie within clip"],
    ["no rank", { rank: 0 }, "RANK", "rank"],
    ["steps of a single step", { attack: "fgsm" }, "OPTION", "steps"],
    ["back-propagation through nothing", { backpropIterations: 0 }, "OPTION", "backpropIterations"],
    [
      "a gradient of another objective",
      { objective: "reconstruction", gradient: "both" },
      "OPTION",
      "gradient",
    ],
    ["a choice that the official procedure does not leave", { compat: "official" }, "OPTION", "restarts"],
    [
      "two gradients of the official procedure",
      { compat: "official", restarts: undefined, gradient: "both" },
      "OPTION",
      "one gradient",
    ],
    ["an unknown compat", { compat: "offical" }, "OPTION", "official"],
    ["an unknown option", { epsilon: 0.1 }, "OPTION", 'did you mean "epsilons"'],
  ])("%s", async (_, wrong, code, words) => {
    const options = { ...QUICK, rank: 2, epsilons: [0.1], ...wrong } as LafaOptions;
    const error = await lafa(V, options).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(AdvnmfError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  test("nothing but zeros, and a start with a feature of zeros", async () => {
    const zeros = matrix(9, 12, new Float64Array(108));
    await expect(lafa(zeros, { ...QUICK, rank: 2, epsilons: [0.1] })).rejects.toMatchObject({
      code: "OPTION",
    });
    const init = { W: zeroColumn(ones(9, 2), 1), H: ones(2, 12) };
    await expect(lafa(V, { ...QUICK, rank: 2, epsilons: [0.1], init })).rejects.toMatchObject({
      code: "OPTION",
      message: expect.stringContaining("feature 1"),
    });
  });

  test("NaN", async () => {
    const holes = matrix(9, 12, V.data.map((x, at) => (at === 5 ? Number.NaN : x)) as Float64Array);
    await expect(lafa(holes, { ...QUICK, rank: 2, epsilons: [0.1] })).rejects.toMatchObject({
      code: "NOT_FINITE",
    });
  });
});

describe("attacks are as strong as they were found to be, and far beyond noise", () => {
  // The starts of seeds 0 and 2 lead straight to the reference: there ascents alone come to 0.4 and 0.3.
  test.skipIf(!wtsiPath).each([
    ["L2 0.01", { epsilons: [0.01] }, [1, 2], 0.6],
    ["Linf 0.0005", { norm: "linf", epsilons: [0.0005], gradient: "both" }, [0], 0.5],
  ] as const)(
    "WTSI, %s",
    async (_, options, seeds, least) => {
      const { X } = await wtsi();
      for (const seed of seeds) {
        const asked = { ...options, rank: 4, seed, otherStarts: 20, threads: 1 };
        const { results, baseline } = await lafa(matrix(96, 21, X), asked);
        const { featureError: error, transfer } = results[0]!;
        expect(error).toBeGreaterThanOrEqual(least);
        expect(baseline.noise[0]!.most).toBeLessThan(0.1);
        expect(baseline.reconstruction[0]).toBeLessThan(0.3);
        expect(baseline.unattacked).toBe(0);
        expect(transfer.values).toHaveLength(20);
        // From the start of seed 1 it is more than what other starts do to V, for many of these too.
        if (seed === 1) expect(transfer.mean).toBeGreaterThan(1.5 * baseline.refit.mean);
      }
    },
    240_000,
  );

  test("the synthetic data: L2 0.025 above 0.6", async () => {
    const V = await datasets.lafaSynthetic();
    const options = {
      rank: 3,
      epsilons: [0.025],
      restarts: 1,
      iterations: 500,
      evaluationIterations: 3000,
      otherStarts: 1,
      threads: 1,
    } as const;
    const { results, baseline } = await lafa(V, options);
    const { featureError: error } = results[0]!;
    expect(error).toBeGreaterThanOrEqual(0.6);
    expect(error).toBeGreaterThan(3 * baseline.noise[0]!.most);
    expect(error).toBeGreaterThan(2 * baseline.reconstruction[0]!);
  }, 120_000);
});
