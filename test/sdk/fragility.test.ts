// Feature compression (arXiv 2406.16200): the laws, the attacks and what is refused. Seeds are fixed; the tolerances are
// those that hold over many of them.

import {
  AdvnmfError,
  createEngine,
  fragility,
  type Matrix,
  matrix,
  type Network,
  type TrainOptions,
  type TrainResult,
} from "advnmf";
import { describe, expect, test } from "vitest";
import { seeded } from "../data.js";
import { separation } from "../reference/qr.js";

const engine = await createEngine();
const ONE = { engine, threads: 1 } as const;

/** `rows` Gaussian points in R^d. */
function gaussian(rows: number, d: number, seed: number): Matrix<Float64Array> {
  const random = seeded(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return matrix(rows, d, Float64Array.from({ length: rows * d }, normal));
}

function rowOf({ cols, data }: Matrix, i: number): number[] {
  return [...data.subarray(i * cols, (i + 1) * cols)];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [a.map((value) => value - mean(a)), b.map((value) => value - mean(b))];
  const dot = (p: number[], q: number[]) => p.reduce((sum, value, i) => sum + value * q[i]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** How far the sample is from the distribution of |cos| with cos² ~ Beta(½, (d − 1)/2): √n·D of Kolmogorov and Smirnov. */
function kolmogorov(cosines: Float64Array, d: number): number {
  const parts = 20_000;
  const density = (c: number) => (1 - c * c) ** ((d - 3) / 2);
  const below = [0];
  for (let i = 0; i < parts; i++) below.push(below[i]! + density((i + 0.5) / parts));
  const sorted = [...cosines].map(Math.abs).toSorted((a, b) => a - b);
  const n = sorted.length;
  const distances = sorted.flatMap((c, i) => {
    const F = below[Math.round(c * parts)]! / below[parts]!;
    return [Math.abs((i + 1) / n - F), Math.abs(i / n - F)];
  });
  return Math.sqrt(n) * Math.max(...distances);
}

describe("the linear law", () => {
  test("the cosine has the Beta law and falls with 1/√d; δ and |R_dd| are those of the QR factorization", async () => {
    const points: [number, number][] = [];
    for (const dimension of [10, 20, 40, 80, 160]) {
      const law = await fragility.linear({ dimension, trials: 200, seed: 1, engine });
      // p > 1e-3: the Kolmogorov distribution has its upper thousandth at 1.949.
      expect(kolmogorov(law.cosine, dimension)).toBeLessThan(1.949);
      expect(law.rms * Math.sqrt(dimension)).toBeGreaterThan(0.85);
      expect(law.rms * Math.sqrt(dimension)).toBeLessThan(1.15);
      expect(law.expectedRms).toBe(1 / Math.sqrt(dimension));
      expect(law.identityError).toBeLessThan(1e-11);
      for (let i = 0; i < 200; i++) {
        expect((2 * law.distance[i]!) / law.apart[i]! / law.cosine[i]!).toBeCloseTo(1, 9);
      }
      points.push([Math.log(dimension), Math.log(law.rms)]);
    }
    const [x, y] = [points.map(([d]) => d), points.map(([, c]) => c)];
    const slope =
      mean(points.map(([d, c]) => (d - mean(x)) * (c - mean(y)))) / mean(x.map((d) => (d - mean(x)) ** 2));
    expect(slope).toBeGreaterThan(-0.58);
    expect(slope).toBeLessThan(-0.42);
  });

  test("the shape of the law is told apart from another dimension's", async () => {
    const { cosine } = await fragility.linear({ dimension: 10, trials: 200, seed: 1, engine });
    expect(kolmogorov(cosine, 20)).toBeGreaterThan(1.949);
  });

  test("the same bits for any number of threads, and each trial its own", async () => {
    const options = { dimension: 12, trials: 40, seed: 3, engine };
    const alone = await fragility.linear({ ...options, threads: 1 });
    for (const threads of [2, 3]) {
      const team = await fragility.linear({ ...options, threads });
      expect(team.threads).toBe(threads);
      for (const name of ["distance", "apart", "cosine", "predicted", "corner", "inverseNorm"] as const)
        expect(team[name]).toEqual(alone[name]);
    }
    expect(new Set(alone.cosine).size).toBe(40);
    expect((await fragility.linear({ ...options, seed: 4 })).cosine).not.toEqual(alone.cosine);
  });

  test("points of one's own, any pair, fewer than dimensions too", async () => {
    const X = gaussian(8, 8, 5);
    const { data } = X;
    const found = await fragility.qr(X, [3, 6], { engine });
    const order = [3, 6, 0, 1, 2, 4, 5, 7];
    const moved = Float64Array.from(order.flatMap((i) => [...data.subarray(8 * i, 8 * i + 8)]));
    const [distance, apart, cosine, inverseNorm] = separation(8, moved);
    expect(found.distance / distance!).toBeCloseTo(1, 11);
    expect(found.predicted / distance!).toBeCloseTo(1, 11);
    expect(found.apart / apart!).toBeCloseTo(1, 13);
    expect(found.cosine / cosine!).toBeCloseTo(1, 11);
    expect(found.corner / inverseNorm!).toBeCloseTo(1, 11);
    // Two points alone: the classifier of least norm is in their plane, and 2 cos θ = 1 + … is no law then.
    const two = await fragility.qr([
      [2, 0, 0],
      [0, 2, 0],
    ]);
    expect(two.distance).toBeCloseTo(Math.SQRT2, 14);
    expect(two.cosine).toBeCloseTo(1, 14);
    await expect(
      fragility.qr([
        [1, 2, 0],
        [2, 4, 0],
      ]),
    ).rejects.toMatchObject({ code: "RANK" });
  });
});

/** Two classes at random, as many of each as there can be. */
function twoClasses(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i % 2);
}

function trainOn(X: Matrix, labels: ArrayLike<number>, options: TrainOptions): Promise<TrainResult> {
  return fragility.train(X, labels, { ...ONE, seed: 1, ...options });
}

describe("trained linear networks", () => {
  test("(δ_ij + δ_ji)/‖x_i − x_j‖ is the cosine, and d classes of one point each have no law", async () => {
    for (const d of [12, 25]) {
      const X = gaussian(d, d, d);
      const options = { activation: "linear", hidden: Math.max(2 * d, 100) } as const;
      const net = await trainOn(
        X,
        Array.from({ length: d }, (_, i) => i),
        options,
      );
      expect(net.converged).toBe(true);
      expect(net.accuracy).toBe(1);
      const cosines: number[] = [];
      for (let i = 0; i + 1 < d; i += 3) {
        const [x, y] = [rowOf(X, i), rowOf(X, i + 1)];
        const seen = await fragility.compression(net, x, y, { engine });
        const there = await fragility.attack(net, x, i + 1, { engine });
        const back = await fragility.attack(net, y, i, { engine });
        expect(Math.abs((there.distance + back.distance) / seen.apart - seen.compression)).toBeLessThan(
          1e-10,
        );
        expect(Math.abs(seen.integral / seen.change - 1)).toBeLessThan(1e-12);
        cosines.push(seen.compression);
      }
      // The law would have 0.29 and 0.2.
      expect(mean(cosines)).toBeGreaterThan(0.7);
    }
  });

  test.each([12, 25, 50, 100])("two classes in %i dimensions: |cos θ|·√d between 0.7 and 1.4", async (d) => {
    const cosines: number[] = [];
    for (let draw = 0; draw < 3; draw++) {
      const X = gaussian(d, d, 100 * d + draw);
      const net = await trainOn(X, twoClasses(d), { activation: "linear", hidden: Math.max(2 * d, 100) });
      for (let i = 0; i + 1 < Math.min(d, 24); i += 2) {
        const { compression } = await fragility.compression(net, rowOf(X, i), rowOf(X, i + 1), { engine });
        cosines.push(Math.abs(compression));
      }
    }
    expect(mean(cosines) * Math.sqrt(d)).toBeGreaterThan(0.7);
    expect(mean(cosines) * Math.sqrt(d)).toBeLessThan(1.4);
  });

  test("theorem 5: φ predicts the cosine where the correction of largest margin is interior", async () => {
    const d = 12;
    const draws = [];
    for (let seed = 0; seed < 200; seed++) draws.push(await fragility.signs({ dimension: d, seed, engine }));
    const interior = draws.filter((draw) => draw.interior);
    expect(interior.length).toBeGreaterThan(0.14 * 200);
    expect(interior.length).toBeLessThan(0.3 * 200);
    const phi: number[] = [];
    const cosines: number[] = [];
    for (const draw of interior.slice(0, 7)) {
      const options = { activation: "linear", hidden: 16, batchSize: 256, learningRate: 1e-2 } as const;
      const net = await trainOn(draw.X, draw.labels, options);
      expect(net.loss).toBeLessThan(2e-3);
      // They differ in the last sign alone.
      const [x, y] = [rowOf(draw.X, 2 ** (d - 1)), rowOf(draw.X, 0)];
      const { compression } = await fragility.compression(net, x, y, { classes: [1, 0], engine });
      phi.push(draw.phi);
      cosines.push(compression);
    }
    expect(correlation(phi, cosines)).toBeGreaterThan(0.95);
  });

  test("signs: every point is Az, labelled by its last sign", async () => {
    const { X, A, labels, phi, coefficients, interior } = await fragility.signs({ dimension: 3, seed: 2 });
    expect([X.rows, X.cols, labels.length, coefficients.length]).toEqual([8, 3, 8, 2]);
    for (let point = 0; point < 8; point++) {
      const z = [0, 1, 2].map((i) => (point & (1 << i) ? 1 : -1));
      for (let r = 0; r < 3; r++) {
        const sum = z.reduce((total, sign, i) => total + sign * A.data[r * 3 + i]!, 0);
        expect(X.data[point * 3 + r]).toBeCloseTo(sum, 14);
      }
      expect(labels[point]).toBe(point >> 2);
    }
    const [a, b, c] = [0, 1, 2].map((i) => [0, 1, 2].map((r) => A.data[r * 3 + i]!)) as [
      number[],
      number[],
      number[],
    ];
    const cross = [
      a[1]! * b[2]! - a[2]! * b[1]!,
      a[2]! * b[0]! - a[0]! * b[2]!,
      a[0]! * b[1]! - a[1]! * b[0]!,
    ];
    const part = Math.abs(cross.reduce((sum, n, r) => sum + n * c[r]!, 0)) / Math.hypot(...cross);
    expect(phi).toBeCloseTo(part / Math.hypot(...c), 12);
    expect(interior).toBe(coefficients.every((beta) => Math.abs(beta) <= 1));
  });
});

describe("networks with max(·, 0)", () => {
  test.each([
    [1, 21],
    [2, 22],
  ])("%i hidden layers: the path's identity, and δ as c̄ predicts it", async (depth, seed) => {
    const [d, count] = [20, 40];
    const X = gaussian(count, d, seed);
    const net = await trainOn(X, twoClasses(count), { depth, hidden: 128 });
    expect(net.converged).toBe(true);
    const found: number[] = [];
    const predicted: number[] = [];
    for (let i = 0; i < 30; i++) {
      const [x, y] = [rowOf(X, i), rowOf(X, (i + 1) % count)];
      const seen = await fragility.compression(net, x, y, { engine });
      expect(Math.abs(seen.integral / seen.change - 1)).toBeLessThan(6e-4);
      const { flip } = seen;
      const turned = await fragility.attack(net, x, y, { engine });
      expect(turned.found).toBe(true);
      expect(turned.straight!.distance / flip!.distance).toBeCloseTo(1, 5);
      expect(turned.distance).toBeLessThanOrEqual(flip!.distance);
      found.push(turned.distance);
      predicted.push(flip!.predicted);
    }
    const ratio = median(found.map((distance, i) => distance / predicted[i]!));
    expect(ratio).toBeGreaterThan(0.85);
    expect(ratio).toBeLessThan(1.05);
    expect(correlation(found, predicted)).toBeGreaterThan(0.85);
  });

  test("the change turns the point, is as long as it says, and no shorter one along it does", async () => {
    const X = gaussian(30, 10, 31);
    const labels = Array.from({ length: 30 }, (_, i) => i % 3);
    const net = await trainOn(X, labels, { hidden: 40 });
    const alongGradient: number[] = [];
    for (let i = 0; i < 12; i++) {
      const x = rowOf(X, i);
      const near = await fragility.attack(net, x, undefined, { engine });
      const each = await Promise.all(
        [0, 1, 2].filter((j) => j !== near.from).map((j) => fragility.attack(net, x, j, { engine })),
      );
      expect(near.distance).toBe(Math.min(...each.map(({ distance }) => distance)));
      const length = Math.hypot(...near.perturbation);
      expect(length / near.distance).toBeCloseTo(1, 5);
      const points = matrix(
        [0.999, 1].map((part) => x.map((value, r) => value + part * near.perturbation[r]!)),
      );
      const { scores } = await fragility.predict(net, points, { engine });
      const margin = (row: number) => scores.data[3 * row + near.from]! - scores.data[3 * row + near.to]!;
      expect(margin(0)).toBeGreaterThan(0);
      expect(margin(1)).toBeLessThanOrEqual(0);
      // Nor any of many random ones of nine tenths the length.
      const random = gaussian(200, 10, i);
      const others = random.data.map((_, at) => {
        const row = random.data.subarray(10 * Math.floor(at / 10), 10 * Math.floor(at / 10) + 10);
        return x[at % 10]! + (0.9 * near.distance * random.data[at]!) / Math.hypot(...row);
      });
      const { classes } = await fragility.predict(net, matrix(200, 10, others), { engine });
      expect([...classes].every((own) => own === near.from)).toBe(true);
      // Where the boundary is nearest, it is at right angles to the change, but for corners; DeepFool alone has 0.94.
      const { from, to, perturbed } = near;
      const seen = await fragility.compression(net, perturbed, x, { classes: [from, to], engine });
      alongGradient.push(-seen.start.cosine);
    }
    expect(median(alongGradient)).toBeGreaterThan(0.999);
  });

  test("gradients against finite differences to 1e-7, linear and not, one layer to three", async () => {
    const random = seeded(9);
    const signed = (length: number) => Float64Array.from({ length }, () => 2 * random() - 1);
    for (const activation of ["linear", "relu"] as const) {
      for (const widths of [
        [5, 3],
        [6, 9, 4],
        [4, 5, 7, 3],
      ]) {
        const layers = widths.slice(1).map((outputs, l) => ({
          W: matrix(outputs, widths[l]!, signed(outputs * widths[l]!)),
          b: signed(outputs),
        }));
        const X = matrix(7, widths[0]!, signed(7 * widths[0]!));
        const labels = Array.from({ length: 7 }, (_, i) => i % widths.at(-1)!);
        const lossNow = async () =>
          (await fragility.gradient({ layers, activation }, X, labels, { engine })).loss;
        const at = await fragility.gradient({ layers, activation }, X, labels, { engine });
        const pairs: [Float64Array, ArrayLike<number>][] = [[X.data as Float64Array, at.X.data]];
        for (const [l, layer] of layers.entries()) {
          pairs.push([layer.W.data as Float64Array, at.layers[l]!.W.data], [layer.b, at.layers[l]!.b]);
        }
        for (const [values, slopes] of pairs) {
          for (let i = 0; i < values.length; i++) {
            const kept = values[i]!;
            values[i] = kept + 1e-6;
            const above = await lossNow();
            values[i] = kept - 1e-6;
            const below = await lossNow();
            values[i] = kept;
            expect(Math.abs((above - below) / 2e-6 - slopes[i]!)).toBeLessThan(1e-7);
          }
        }
      }
    }
  });
});

describe("networks of one's own", () => {
  // g = f_0 − f_1 = (3x + 4y + 5)·2 for the first two classes.
  const network: Network = {
    layers: [
      {
        W: [
          [3, 4],
          [-3, -4],
          [0, 0],
        ],
        b: [5, -5, -100],
      },
    ],
  };

  test("distances by hand, from plain arrays", async () => {
    const away = await fragility.attack(network, [1, 1], 1, { engine });
    expect(away).toMatchObject({ from: 0, to: 1, found: true, straight: null });
    expect(away.distance).toBeCloseTo(12 / 5, 12);
    expect([...away.perturbation].map((x) => x.toFixed(4))).toEqual(["-1.4400", "-1.9200"]);
    const seen = await fragility.compression(network, [1, 1], [-7, 1], { engine });
    expect(seen.classes).toEqual([0, 1]);
    expect(seen.compression).toBeCloseTo(3 / 5, 12);
    expect(seen.start).toMatchObject({ margin: 24, gradientNorm: 10, cosine: 0.6 });
    expect(seen.end.margin).toBe(-24);
    expect(seen.flip!.t).toBeCloseTo(0.5, 12);
    expect(seen.flip!.predicted).toBeCloseTo(12 / 5, 12);
    const { classes, scores } = await fragility.predict(network, [
      [1, 1],
      [-9, -9],
    ]);
    expect([...classes]).toEqual([0, 1]);
    expect([...scores.data.subarray(0, 3)]).toEqual([12, -12, -100]);
  });

  test("a Float32Array everywhere is f32", async () => {
    const layers = [{ W: { rows: 2, cols: 2, data: Float32Array.of(1, 0, 0, 1) } }];
    const { scores } = await fragility.predict({ layers }, [[0.1, 0.2]], { engine });
    expect(scores.data).toEqual(Float32Array.of(0.1, 0.2));
    const turned = await fragility.attack({ layers }, [0.1, 0.3], 0, { engine });
    expect(turned.distance).toBeCloseTo(0.2 / Math.SQRT2, 6);
  });

  test("a class that no way leads to is told, not thrown", async () => {
    // Dead units: the gradient is 0 everywhere about.
    const dead: Network = {
      layers: [
        { W: [[1], [1]], b: [-5, -5] },
        {
          W: [
            [1, 0],
            [0, 2],
          ],
          b: [1, 0],
        },
      ],
      activation: "relu",
    };
    const none = await fragility.attack(dead, [0], 1, { engine });
    expect(none).toMatchObject({ found: false, distance: Number.NaN });
    const seen = await fragility.compression(dead, [0], [1], { classes: [0, 1], engine });
    expect(seen).toMatchObject({ compression: 0, flip: null });
    expect(seen.start.cosine).toBe(0);
    const led = await fragility.attack(dead, [0], [20], { engine });
    expect(led.found).toBe(true);
    expect(led.distance).toBeCloseTo(6, 5);
  });
});

describe("training", () => {
  const X = gaussian(150, 6, 41);
  const labels = Array.from({ length: 150 }, (_, i) => (X.data[6 * i]! > 0 ? 1 : 0));
  const options = { hidden: 20, batchSize: 32, maxIterations: 60, tolerance: 0, seed: 4, engine } as const;

  test("the same bits for any number of threads, f32 and f64, one layer to three", async () => {
    for (const data of [X.data, Float32Array.from(X.data)]) {
      for (const depth of [0, 1, 2]) {
        const own = { ...X, data } as Matrix;
        const alone = await fragility.train(own, labels, { ...options, depth, threads: 1 });
        expect(alone.layers).toHaveLength(depth + 1);
        expect(alone.layers[0]!.W.data.constructor).toBe(data.constructor);
        for (const threads of [2, 3]) {
          const team = await fragility.train(own, labels, { ...options, depth, threads });
          expect(team.threads).toBe(threads);
          expect(team.layers).toEqual(alone.layers);
          expect(team.history).toEqual(alone.history);
          expect([team.loss, team.accuracy]).toEqual([alone.loss, alone.accuracy]);
        }
      }
    }
  });

  test("loss and accuracy are those of the network that is returned; running out of steps is no error", async () => {
    const net = await fragility.train(X, labels, { ...options, threads: 1 });
    expect(net).toMatchObject({
      iterations: 60,
      converged: false,
      reason: "maxIterations",
      activation: "relu",
      seed: 4,
    });
    expect((await fragility.gradient(net, X, labels, { engine })).loss / net.loss).toBeCloseTo(1, 12);
    const { classes } = await fragility.predict(net, X, { engine });
    expect(mean([...classes].map((own, i) => Number(own === labels[i])))).toBe(net.accuracy);
    expect(net.history.map(({ iteration }) => iteration)).toEqual(
      Array.from({ length: 12 }, (_, i) => 5 * (i + 1)),
    );
    expect(net.history.at(-1)!.loss).toBeLessThan(net.history[0]!.loss);
    const other = await fragility.train(X, labels, { ...options, seed: 5 });
    expect(other.layers).not.toEqual(net.layers);
  });

  test("without biases there are none, and ignored columns have no weight", async () => {
    const data = X.data.slice();
    for (let i = 0; i < 150; i++) data[6 * i + 2] = 7;
    const own = { ...X, data };
    const net = await fragility.train(own, labels, { ...options, bias: false, constantColumns: "ignore" });
    for (const { b } of net.layers) expect([...b].every((value) => value === 0)).toBe(true);
    const { W } = net.layers[0]!;
    for (let i = 0; i < W.rows; i++) {
      expect(W.data[6 * i + 2]).toBe(0);
      expect(W.data[6 * i + 3]).not.toBe(0);
    }
    expect((await fragility.gradient(net, own, labels, { engine })).loss / net.loss).toBeCloseTo(1, 12);
  });

  test("progress is told, and an abort hands over what there is", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const call = fragility.train(X, labels, {
      ...options,
      hidden: 300,
      depth: 2,
      maxIterations: 1_000_000,
      threads: 1,
      signal: controller.signal,
      onProgress: ({ iteration }) => {
        seen.push(iteration);
        if (seen.length > 2) controller.abort();
      },
    });
    const error = await call.catch((reason) => reason);
    expect(error).toMatchObject({ code: "ABORTED" });
    expect(error.best).toMatchObject({ reason: "aborted", converged: false });
    expect(error.best.layers).toHaveLength(3);
    expect(error.best.iterations).toBeGreaterThanOrEqual(seen.at(-1)!);
    const before = fragility.train(X, labels, { ...options, signal: AbortSignal.abort() });
    await expect(before).rejects.toMatchObject({ code: "ABORTED" });
    const law = fragility.linear({ dimension: 60, trials: 60_000, engine, signal: AbortSignal.timeout(150) });
    const stopped = await law.catch((reason) => reason);
    expect(stopped.code).toBe("ABORTED");
    expect(stopped.best.trials).toBe(stopped.best.cosine.length);
    expect(stopped.best.trials).toBeGreaterThan(0);
  });
});

describe("what is refused", () => {
  const X = gaussian(6, 3, 51);
  const two = twoClasses(6);
  const net: Network = {
    layers: [
      {
        W: [
          [1, 0, 0],
          [0, 1, 0],
        ],
      },
    ],
  };
  const at = (i: number, value: number) => ({ ...X, data: X.data.map((x, j) => (i === j ? value : x)) });
  const constant = { ...X, data: X.data.map((x, j) => (j % 3 === 1 ? 2 : x)) };

  const cases: [what: string, code: string, message: RegExp, call: () => Promise<unknown>][] = [
    [
      "a label out of range",
      "OPTION",
      /label 2 must be .* 0 … 1, got 2/,
      () => fragility.train(X, [0, 1, 2, 0, 1, 0], { classes: 2 }),
    ],
    [
      "a label that is no whole number",
      "OPTION",
      /label 1 .*got 0.5/,
      () => fragility.train(X, [0, 0.5, 1, 0, 1, 0]),
    ],
    ["a negative label", "OPTION", /label 0 /, () => fragility.train(X, [-1, 0, 1, 0, 1, 0])],
    ["too few labels", "SHAPE", /6 numbers, one a row of X, got 2/, () => fragility.train(X, [0, 1])],
    ["one class", "OPTION", /all 6 labels are 1/, () => fragility.train(X, [1, 1, 1, 1, 1, 1])],
    ["a constant column", "OPTION", /column 1 of X is constant/, () => fragility.train(constant, two)],
    ["NaN data", "NOT_FINITE", /X has NaN at row 1, column 1/, () => fragility.train(at(4, Number.NaN), two)],
    ["infinite data", "NOT_FINITE", /row 0, column 2/, () => fragility.train(at(2, Infinity), two)],
    [
      "an unknown option",
      "OPTION",
      /did you mean "hidden"/,
      () => fragility.train(X, two, { hiden: 3 } as TrainOptions),
    ],
    [
      "three hidden layers",
      "OPTION",
      /depth must be a whole number in 0 … 2/,
      () => fragility.train(X, two, { depth: 3 }),
    ],
    ["no learning rate", "OPTION", /learningRate/, () => fragility.train(X, two, { learningRate: 0 })],
    [
      "an activation that is not there",
      "OPTION",
      /activation must be one of/,
      () => fragility.train(X, two, { activation: "tanh" as "relu" }),
    ],
    [
      "a rate at which it diverges",
      "NOT_FINITE",
      /smaller learningRate/,
      () => fragility.train(X, two, { learningRate: 1e200, ...ONE }),
    ],
    [
      "NaN weights",
      "NOT_FINITE",
      /W of layer 0 has NaN at row 1, column 2/,
      () =>
        fragility.predict(
          {
            layers: [
              {
                W: [
                  [1, 0, 0],
                  [0, 1, Number.NaN],
                ],
              },
            ],
          },
          X,
        ),
    ],
    [
      "NaN biases",
      "NOT_FINITE",
      /b of layer 0 has NaN at 1/,
      () =>
        fragility.predict(
          {
            layers: [
              {
                W: [
                  [1, 0, 0],
                  [0, 1, 0],
                ],
                b: [0, Number.NaN],
              },
            ],
          },
          X,
        ),
    ],
    [
      "too few biases",
      "SHAPE",
      /b of layer 0 must hold 2/,
      () =>
        fragility.predict(
          {
            layers: [
              {
                W: [
                  [1, 0, 0],
                  [0, 1, 0],
                ],
                b: [0],
              },
            ],
          },
          X,
        ),
    ],
    [
      "layers that do not fit",
      "SHAPE",
      /W of layer 1 must have 2 columns/,
      () =>
        fragility.predict(
          {
            layers: [
              { W: [[1], [1]] },
              {
                W: [
                  [1, 2, 3],
                  [1, 2, 3],
                ],
              },
            ],
            activation: "relu",
          },
          X,
        ),
    ],
    [
      "layers without an activation",
      "OPTION",
      /activation must be one of/,
      () =>
        fragility.predict(
          {
            layers: [
              { W: [[1], [1]] },
              {
                W: [
                  [1, 2],
                  [1, 2],
                ],
              },
            ],
          },
          [[1]],
        ),
    ],
    [
      "four layers",
      "SHAPE",
      /1 … 3 layers/,
      () =>
        fragility.predict({ layers: Array.from({ length: 4 }, () => ({ W: [[1]] })), activation: "relu" }, [
          [1],
        ]),
    ],
    ["no network", "SHAPE", /a network is/, () => fragility.predict(undefined as unknown as Network, X)],
    [
      "one output",
      "SHAPE",
      /at least two outputs/,
      () => fragility.predict({ layers: [{ W: [[1, 2, 3]] }] }, X),
    ],
    ["data of another width", "SHAPE", /X must have 3 columns/, () => fragility.predict(net, [[1, 2]])],
    ["a point of another width", "SHAPE", /x must hold 3 numbers/, () => fragility.attack(net, [1, 2], 1)],
    ["a NaN in a point", "NOT_FINITE", /x has NaN/, () => fragility.attack(net, [1, 2, Number.NaN], 1)],
    [
      "a class that is not there",
      "OPTION",
      /target must be a whole number in 0 … 1/,
      () => fragility.attack(net, [1, 0, 0], 2),
    ],
    ["the class that it has", "OPTION", /class 0 already/, () => fragility.attack(net, [1, 0, 0], 0)],
    [
      "two points of one class",
      "OPTION",
      /class 0 at both points/,
      () => fragility.compression(net, [1, 0, 0], [2, 0, 0]),
    ],
    [
      "the same point twice",
      "OPTION",
      /the same point/,
      () => fragility.compression(net, [1, 0, 0], [1, 0, 0]),
    ],
    [
      "the same class twice",
      "OPTION",
      /two different ones/,
      () => fragility.compression(net, [1, 0, 0], [0, 1, 0], { classes: [1, 1] }),
    ],
    [
      "too few midpoints",
      "OPTION",
      /midpoints/,
      () => fragility.compression(net, [1, 0, 0], [0, 1, 0], { midpoints: 1 }),
    ],
    ["no dimension", "OPTION", /dimension/, () => fragility.linear({} as { dimension: number })],
    ["more points than dimensions", "SHAPE", /2 … d rows/, () => fragility.qr([[1], [2]])],
    [
      "a pair of one",
      "OPTION",
      /two different rows/,
      () => fragility.qr(X.rows > 0 ? gaussian(3, 3, 1) : X, [1, 1]),
    ],
    [
      "too many signs",
      "OPTION",
      /dimension must be a whole number in 2 … 16/,
      () => fragility.signs({ dimension: 17 }),
    ],
  ];
  test.each(cases)("%s", async (_, code, message, call) => {
    const failed = call();
    await expect(failed).rejects.toBeInstanceOf(AdvnmfError);
    await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("a network that cannot fit, before anything is allocated", async () => {
    const call = fragility.train(X, two, { hidden: 1_000_000, depth: 2, engine });
    await expect(call).rejects.toMatchObject({
      code: "MEMORY",
      message: expect.stringContaining("3-1000000-1000000-2 network"),
    });
  });
});
