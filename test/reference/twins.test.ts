// The twins judge the kernels; what judges the twins is here: known answers, identities, and gradients
// by finite differences. It also shows that they mean under tsc what they mean under asc.

import { describe, expect, test } from "vitest";
import { attacked, relativeChange } from "./atnmf.js";
import { cauchyCut, cauchyScaleOf } from "./cauchy.js";
import { choleskyFactor, choleskySolve } from "./cholesky.js";
import { extrapolated, Pace } from "./extrapolation.js";
import { hals } from "./hals.js";
import { halsWeighted } from "./hals-weighted.js";
import { startScale } from "./init.js";
import { projectedSquares } from "./kkt.js";
import { loss, penalty } from "./loss.js";
import { movedOn, Watch } from "./momentum.js";
import { gradient, muDivergence } from "./mu-divergence.js";
import { muFrobenius } from "./mu-frobenius.js";
import { NetworkTwin } from "./network.js";
import { newton } from "./newton.js";
import { nndsvdFactor } from "./nndsvd.js";
import { normalNumbers, philoxWords, uniformNumbers } from "./philox.js";
import { gramOfRows, product, transpose } from "./product.js";
import { eliminate, householder, separation } from "./qr.js";

const m = 5;
const n = 7;
const k = 3;

/** Numbers in [0.1, 1.1). */
function draw(count: number, seed: number): Float64Array {
  return uniformNumbers(seed, 9, count).map((x) => x + 0.1);
}

const V = draw(m * n, 1);
const W = draw(m * k, 2);
const H = draw(k * n, 3);
const ones = new Float64Array(m * n).fill(1);
const D = draw(m * n, 4).map((d, at) => (at % 4 === 1 ? 0 : d));

/** Loss number and β. */
const LOSSES: [number, number][] = [
  [0, 0],
  [1, 0],
  [2, 0],
  [3, -0.5],
  [3, 0.5],
  [3, 1.5],
  [3, 3],
  [4, 0],
];

function expectClose(actual: Float64Array, expected: Float64Array, digits = 12): void {
  expect(actual.length).toBe(expected.length);
  for (const [at, value] of expected.entries()) expect(actual[at]).toBeCloseTo(value, digits);
}

describe("philox", () => {
  // Known answers of the Random123 distribution.
  test.each([
    [
      [0, 0, 0, 0, 0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [new Array(6).fill(0xffffffff), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("known answer %#", (input, words) => {
    const [c0, c1, c2, c3, k0, k1] = input as [number, number, number, number, number, number];
    expect([...philoxWords(c0, c1, c2, c3, k0, k1)]).toEqual(words);
  });
  test("the words behind a draw", () => {
    const [x0, x1, x2, x3] = philoxWords(2, 0, 5, 0, 7, 0) as unknown as [number, number, number, number];
    const u = (Math.floor(x0 / 32) * 2 ** 26 + Math.floor(x1 / 64)) / 2 ** 53;
    const v = (Math.floor(x2 / 32) * 2 ** 26 + Math.floor(x3 / 64)) / 2 ** 53;
    expect(uniformNumbers(7, 5, 3)[2]).toBe(u);
    expect(normalNumbers(7, 5, 3)[2]).toBeCloseTo(
      Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v),
      14,
    );
  });
});

describe("linear algebra", () => {
  test("product, transpose and Gram matrix", () => {
    const A = Float64Array.of(1, 2, 3, 4, 5, 6);
    const B = Float64Array.of(7, 8, 9, 10, 11, 12);
    expect([...product(2, 3, 2, A, B)]).toEqual([58, 64, 139, 154]);
    expect([...transpose(2, 3, A)]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...gramOfRows(2, 3, A)]).toEqual([14, 32, 32, 77]);
  });
  test("Cholesky", () => {
    const A = Float64Array.of(4, 2, 2, 5);
    const L = choleskyFactor(2, A);
    expect([...L]).toEqual([2, 0, 1, 2]);
    expectClose(product(2, 2, 1, A, choleskySolve(2, L, Float64Array.of(3, -1))), Float64Array.of(3, -1));
    expect(choleskyFactor(2, Float64Array.of(1, 2, 2, 1))[3]).toBeNaN();
  });
});

describe("losses and gradients", () => {
  test("a perfect fit costs nothing, and a single entry what the formula says", () => {
    const fit = product(m, k, n, W, H);
    for (const [kind, beta] of LOSSES) {
      expect(loss(kind, m, n, k, fit, ones, W, H, beta, 1e-16, 0.5, 9)).toBeCloseTo(0, 12);
    }
    const one = (kind: number, beta: number, cut: number) =>
      loss(
        kind,
        1,
        1,
        1,
        Float64Array.of(3),
        Float64Array.of(2),
        Float64Array.of(1),
        Float64Array.of(1),
        beta,
        0,
        0.5,
        cut,
      );
    expect(one(0, 0, 9)).toBeCloseTo(4, 14);
    expect(one(1, 0, 9)).toBeCloseTo(2 * (3 * Math.log(3) - 2), 14);
    expect(one(2, 0, 9)).toBeCloseTo(2 * (2 - Math.log(3)), 14);
    expect(one(3, 3, 9)).toBeCloseTo(2 * ((27 + 2 - 9) / 6), 14);
    expect(one(4, 0, 9)).toBeCloseTo(0.25 * Math.log(17), 14);
    expect(one(4, 0, 1)).toBeCloseTo(0.25 * Math.log(5), 14);
    expect(penalty(2, Float64Array.of(1, 3), 2, 4)).toBe(2 * 4 + 0.5 * 4 * 10);
  });
  test.each(LOSSES)("loss %d, β %d: gradient by finite differences", (kind, beta) => {
    const at = (C: Float64Array) =>
      loss(kind, m, n, k, V, D, W, C, beta, 1e-12, 0.5, 0.7) + penalty(k * n, C, 0.2, 0.3);
    const G = gradient(kind, m, n, k, V, D, W, H, 0.2, 0.3, beta, 1e-12, 0.5, 0.7);
    for (let i = 0; i < k * n; i++) {
      const up = H.map((h, j) => (j === i ? h + 1e-5 : h));
      const down = H.map((h, j) => (j === i ? h - 1e-5 : h));
      expect((at(up) - at(down)) / 2e-5).toBeCloseTo(G[i]!, 6);
    }
  });
  test("projection of a gradient", () => {
    expect(projectedSquares(4, Float64Array.of(1, 1, 0, 0), Float64Array.of(2, -3, 5, -7))).toBe(4 + 9 + 49);
  });
});

describe("steps", () => {
  test("both forms of the Frobenius step agree", () => {
    const one = muFrobenius(m, n, k, V, W, H, 0.1, 0.2, 1e-12);
    expectClose(muDivergence(0, m, n, k, V, ones, W, H, 0.1, 0.2, 0, 1e-12, 1, 1), one);
  });
  test.each(LOSSES.filter(([kind]) => kind < 4))("loss %d, β %d: a step lowers the loss", (kind, beta) => {
    const next = muDivergence(kind, m, n, k, V, D, W, H, 0, 0, beta, 1e-14, 1, 1);
    const at = (C: Float64Array) => loss(kind, m, n, k, V, D, W, C, beta, 1e-14, 1, 1);
    expect(at(next)).toBeLessThan(at(H));
  });
  test("HALS ends where the gradient is 0, on one component after the first coordinate", () => {
    const next = halsWeighted(m, n, k, V, D, W, H, 0.01, 0.02, 4000);
    const G = gradient(0, m, n, k, V, D, W, next, 0.01, 0.02, 0, 0, 1, 1);
    expect(projectedSquares(k * n, next, G)).toBeLessThan(1e-20);
    expect(Math.min(...next)).toBeGreaterThanOrEqual(0);
    // The last coordinate of a sweep is optimal given the others.
    const swept = hals(m, n, k, V, W, H, 0.01, 0.02, 1, 4);
    const after = gradient(0, m, n, k, V, ones, W, swept, 0.01, 0.02, 0, 0, 1, 1);
    const last = (k - 1) * n;
    expect(projectedSquares(n, swept.subarray(last), after.subarray(last))).toBeLessThan(1e-24);
    expectClose(halsWeighted(m, n, k, V, ones, W, H, 0.01, 0.02, 1), swept);
  });
  test("HALS stops a group of columns once its sweeps hardly move it", () => {
    const many = hals(m, n, k, V, W, H, 0, 0, 100, n);
    const more = hals(m, n, k, V, W, H, 0, 0, 1000, n);
    expectClose(more, many);
    expectClose(hals(m, n, k, V, W, H, 0, 0, 1, 2), hals(m, n, k, V, W, H, 0, 0, 1, 4));
  });
  test("Newton steps lower the loss; a column that its bound refuses takes the multiplicative step", () => {
    const far = H.map((h, at) => (at % n < 3 ? h / 64 : h));
    for (const weights of [ones, D]) {
      const near = newton(m, n, k, V, weights, W, H, 0.1, 0.2, 1e-14, 3);
      for (const start of [near, far]) {
        const next = newton(m, n, k, V, weights, W, start, 0.1, 0.2, 1e-14, 2);
        const at = (C: Float64Array) =>
          loss(1, m, n, k, V, weights, W, C, 0, 1e-14, 1, 1) + penalty(k * n, C, 0.1, 0.2);
        expect(at(next)).toBeLessThan(at(start));
        expect(Math.min(...next)).toBeGreaterThanOrEqual(0);
        const plain = muDivergence(1, m, n, k, V, weights, W, start, 0.1, 0.2, 0, 1e-14, 1, 1);
        const refused = [...next].filter((h, i) => h > 0 && h === plain[i]).length;
        expect(refused > 0).toBe(start === far);
      }
    }
  });
  test("Newton steps end where the gradient vanishes", () => {
    let C = H;
    for (let i = 0; i < 200; i++) C = newton(m, n, k, V, D, W, C, 0.1, 0.2, 1e-14, 1);
    const G = gradient(1, m, n, k, V, D, W, C, 0.1, 0.2, 0, 1e-14, 1, 1);
    expect(projectedSquares(k * n, C, G)).toBeLessThan(1e-20);
  });
  test("the watch over momentum", () => {
    expect([...movedOn(2, Float64Array.of(2, 1), Float64Array.of(1, 4), 0.5)]).toEqual([2.5, 0.2]);
    const watch = new Watch(10);
    expect(watch.beta()).toBe(0);
    expect(watch.due()).toBe(false);
    expect(watch.beta()).toBeCloseTo(1 / 7, 14);
    for (let i = 0; i < 8; i++) expect(watch.due()).toBe(false);
    expect(watch.due()).toBe(true);
    expect(watch.rose(11)).toBe(true);
    for (let i = 0; i < 10; i++) {
      expect(watch.beta()).toBe(0);
      expect(watch.due()).toBe(i === 9);
    }
    expect(watch.rose(9)).toBe(false);
    expect(watch.beta()).toBeCloseTo(1 / 7, 14);
    expect(watch.bound).toBe(9);
  });
  test("the pace of extrapolation", () => {
    expect([...extrapolated(2, Float64Array.of(2, 1), Float64Array.of(1, 4), 0.5)]).toEqual([2.5, 0]);
    const pace = new Pace();
    expect(pace.beta()).toBe(0);
    expect(pace.rose(10)).toBe(false);
    expect(pace.beta()).toBeCloseTo(0.525, 14);
    expect(pace.rose(9)).toBe(false);
    expect(pace.beta()).toBeCloseTo(0.525 * 1.05, 14);
    expect(pace.rose(9.5)).toBe(true);
    expect(pace.beta()).toBeCloseTo((0.525 * 1.05) / 1.5, 14);
    expect(pace.ceiling).toBeCloseTo(0.525, 14);
    expect(pace.rose(50)).toBe(false);
  });
});

describe("robust scale and starts", () => {
  test("Cauchy: the weighted mean of 1/(1+(E/γ)²) is ½; three-sigma cut", () => {
    const E = Float64Array.from({ length: 400 }, (_, i) => 0.3 * Math.tan(Math.PI * ((i + 0.5) / 400 - 0.5)));
    const scale = cauchyScaleOf(400, E, new Float64Array(400).fill(2), 0);
    expect(scale).toBeCloseTo(0.3, 3);
    expect(cauchyCut(2, Float64Array.of(-1, 3), Float64Array.of(1, 1))).toBeCloseTo(2 + 3, 14);
    expect(cauchyCut(2, Float64Array.of(-1, 3), Float64Array.of(1, 0))).toBeCloseTo(1, 14);
  });
  test("random start: the means agree", () => {
    const s = startScale(m, n, k, W, H, 2.5);
    const fit = product(m, k, n, W, H);
    expect((s * s * fit.reduce((sum, x) => sum + x, 0)) / (m * n)).toBeCloseTo(2.5, 12);
  });
  test("NNDSVD by hand", () => {
    // u_1 = (0.6, −0.8), z_1 = (−0.8, 0.6): plus 0.6·0.6, minus 0.8·0.8, so the negative parts.
    const U = Float64Array.of(0.8, 0.6, 0.6, -0.8);
    const Z = Float64Array.of(0.6, -0.8, 0.8, 0.6);
    const sigma = Float64Array.of(9, 4);
    expectClose(nndsvdFactor(2, 2, 2, U, sigma, Z, 0.5), Float64Array.of(2.4, 0.5, 1.8, 1.6));
    expectClose(nndsvdFactor(2, 2, 2, Z, sigma, U, 0), Float64Array.of(1.8, 1.6, 2.4, 0));
  });
});

describe("the adversary of AT-NMF", () => {
  const P = product(m, k, n, W, H);
  const epsilon = 2.2e-16;

  /** Loss number and β of the divergence. */
  const divergences: [number, number][] = [
    [0, 2],
    [1, 1],
    [3, 1.5],
    [3, 3],
  ];

  test.each(divergences)("loss %d, β = %d: no other U gains more", (kind, beta) => {
    const lambda = 3;
    const U = attacked(1, beta, 1 / (lambda - 1), m * n, V, ones, P, epsilon);
    // One entry of a 1×1 problem: V = x, WH = 1·y.
    const entry = (x: number, y: number) => {
      const one = Float64Array.of(1);
      const value = loss(
        kind,
        1,
        1,
        1,
        Float64Array.of(x),
        one,
        one,
        Float64Array.of(y),
        beta,
        epsilon,
        1,
        1,
      );
      return kind === 0 ? 2 * value : value;
    };
    for (const [i, u] of U.entries()) {
      const gain = (x: number) => entry(x, P[i]!) - lambda * entry(x, V[i]!);
      for (const step of [-0.1, -1e-3, 1e-3, 0.1]) {
        expect(gain(Math.max(u + step, 0))).toBeLessThanOrEqual(gain(u) + 1e-12);
      }
    }
  });

  test("a radius is used up, to the side where WH is not", () => {
    const U = attacked(2, 2, 0.05, m * n, V, ones, P, epsilon);
    for (const [i, u] of U.entries()) expect(u - V[i]!).toBeCloseTo(V[i]! > P[i]! ? 0.05 : -0.05, 12);
  });

  test("the change of WH counts 0/0 as 0", () => {
    expect(relativeChange(3, Float64Array.of(0, 3, 8), Float64Array.of(0, 2, 10))).toBeCloseTo(
      Math.sqrt(0.29),
      14,
    );
    expect(relativeChange(1, Float64Array.of(1), Float64Array.of(0))).toBe(Infinity);
  });
});

describe("QR and elimination", () => {
  test("Q·R is A, and Q has orthonormal columns", () => {
    const A = draw(m * k, 21);
    const both = householder(m, k, A);
    const R = both.slice(0, k * k);
    const Q = both.slice(k * k);
    expectClose(product(m, k, k, Q, R), A);
    const identity = new Float64Array(k * k);
    for (let i = 0; i < k; i++) identity[i * k + i] = 1;
    expectClose(gramOfRows(k, m, transpose(m, k, Q)), identity);
  });
  test("elimination solves, and two points on the axes are as far apart as they are", () => {
    const X = draw(k * k, 22);
    const u = eliminate(k, X, draw(k, 23));
    expectClose(product(k, k, 1, X, u), draw(k, 23));
    // x_0 = 3e_0, x_1 = 4e_1: u = (1/3, −1/4), δ = 12/5.
    expectClose(separation(2, Float64Array.of(3, 0, 0, 4)), Float64Array.of(2.4, 5, 24 / 25, 4));
  });
});

describe("network", () => {
  const widths = Int32Array.of(4, 5, 3, 3);
  const signed = (count: number, seed: number) => draw(count, seed).map((x) => x - 0.6);
  const X = signed(6 * 4, 31);
  const labels = Int32Array.of(0, 2, 1, 1, 0, 2);

  test.each([true, false])("gradients of the cross-entropy by finite differences, relu %s", (relu) => {
    const twin = new NetworkTwin(widths, relu, signed(5 * 5 + 3 * 6 + 3 * 4, 32));
    twin.loss(6, X, labels);
    const { gradient, points } = twin;
    const slope = (values: Float64Array, at: number) => {
      const kept = values[at]!;
      const [up, down] = [1e-6, -1e-6].map((step) => {
        values[at] = kept + step;
        return twin.loss(6, X, labels);
      });
      values[at] = kept;
      return (up! - down!) / 2e-6;
    };
    const wanted = gradient.slice();
    expectClose(
      twin.weights.map((_, at) => slope(twin.weights, at)),
      wanted,
      8,
    );
    expectClose(
      X.map((_, at) => slope(X, at)),
      points,
      8,
    );
  });
  test("the first step of Adam is η against the sign", () => {
    const twin = new NetworkTwin(Int32Array.of(2, 2), false, signed(6, 33));
    const before = twin.weights.slice();
    twin.loss(3, signed(6, 34), Int32Array.of(0, 1, 0));
    twin.step(0.01);
    const moved = twin.weights.map((w, i) => (w - before[i]!) / -0.01);
    expectClose(moved, twin.gradient.map(Math.sign), 4);
  });
});
