// The twins of the gradients, judged by golden figures, identities and finite differences.

import { describe, expect, test } from "vitest";
import { seeded } from "../data.js";
import { backprop } from "../reference/backprop.js";
import { assign, featureError } from "../reference/feature-error.js";
import { implicitGradient, inner, KktSystem } from "../reference/implicit.js";
import { muStep, type Pair, stepAdjoint } from "../reference/step-adjoint.js";
import {
  type Case,
  EPSILON,
  factorsPath,
  type Golden,
  golden,
  offGolden,
  random,
  relative,
  tiny,
  wtsi,
  wtsiConverged,
  wtsiPath,
} from "./cases.js";

const sum = (A: Float64Array) => A.reduce((total, x) => total + x, 0);
const norm = (A: Float64Array) => Math.sqrt(inner(A, A));

function iterate(c: Case, X: Float64Array, count: number, epsilon = EPSILON): Pair {
  let state = c.start;
  for (let t = 0; t < count; t++) state = muStep(1, c.m, c.n, c.k, X, state, epsilon, true);
  return state;
}

/** An iteration with ε inside X/(WH + ε) only, and entries below 1e-100 set to 0: what the golden case did. */
function withoutFloor(c: Case, state: Pair, count: number): Pair {
  const { m, n, k, perturbed: X } = c;
  const small = (x: number) => (x < 1e-100 ? 0 : x);
  let { W, H } = state;
  for (let t = 0; t < count; t++) {
    for (const half of ["H", "W"]) {
      const A = new Float64Array(half === "H" ? k * n : m * k);
      const sums = new Float64Array(k);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let p = EPSILON;
          for (let a = 0; a < k; a++) p += W[i * k + a]! * H[a * n + j]!;
          const r = X[i * n + j]! / p;
          for (let a = 0; a < k; a++) {
            if (half === "H") A[a * n + j]! += W[i * k + a]! * r;
            else A[i * k + a]! += H[a * n + j]! * r;
          }
        }
      }
      if (half === "H") {
        for (const [at, w] of W.entries()) sums[at % k]! += w;
        H = H.map((h, at) => small((h * A[at]!) / sums[Math.floor(at / n)]!));
      } else {
        for (const [at, h] of H.entries()) sums[Math.floor(at / n)]! += h;
        W = W.map((w, at) => small((w * A[at]!) / sums[at % k]!));
      }
    }
  }
  return { W, H };
}

describe.each([
  ["12×9", "tiny", true],
  ["mutation counts", "wtsi", wtsiPath !== undefined && factorsPath !== undefined],
] as const)("golden figures, %s", (_, name, there) => {
  const figures: Golden = golden[name];
  const get = async () => (name === "tiny" ? tiny() : wtsi());

  test.skipIf(!there)("one-step adjoints to 1e-9", async () => {
    const { m, n, k, X, start } = await get();
    const G: Pair = {
      W: Float64Array.from({ length: m * k }, (_, at) => Math.sin(Math.floor(at / k) + 2 * (at % k))),
      H: Float64Array.from({ length: k * n }, (_, at) => Math.cos(Math.floor(at / n) + 2 * (at % n))),
    };
    for (const [loss, expected] of [
      [1, figures.onestep_kl],
      [0, figures.onestep_fro],
    ] as const) {
      const next = muStep(loss, m, n, k, X, start, EPSILON, loss === 1);
      expect(relative(sum(next.W), expected.W_sum!)).toBeLessThan(1e-12);
      expect(relative(sum(next.H), expected.H_sum!)).toBeLessThan(1e-12);
      const back = stepAdjoint(loss, m, n, k, X, start, EPSILON, loss === 1, G);
      expect(relative(sum(back.X), expected.vjpX_sum!)).toBeLessThan(1e-9);
      expect(relative(norm(back.X), expected.vjpX_norm!)).toBeLessThan(1e-9);
      expect(relative(norm(back.W), expected.vjpW_norm!)).toBeLessThan(1e-9);
      expect(relative(norm(back.H), expected.vjpH_norm!)).toBeLessThan(1e-9);
    }
  });

  test.skipIf(!there)("feature error, back-propagation and damped implicit gradients", async () => {
    const c = await get();
    const { m, n, k, X, perturbed, start } = c;
    const T = figures.backprop.T;
    const back = backprop(1, m, n, k, perturbed, start, T, EPSILON, true, iterate(c, X, T));
    expect(relative(back.error.value, figures.backprop.fe)).toBeLessThan(1e-7);
    expect(offGolden(back.gradient, n, figures.backprop)).toBeLessThan(1e-7);

    const reference = iterate(c, X, figures.forward_T);
    const end = iterate(c, perturbed, figures.forward_T);
    const error = featureError(m, n, k, end.W, end.H, reference.W, reference.H);
    expect(relative(error.value, figures.pert_T.fe)).toBeLessThan(1e-7);
    expect(error.matching).toEqual(figures.pert_T.matching);
    expect(relative(norm(error.gradW), figures.pert_T.dfe_dW_norm)).toBeLessThan(1e-7);
    expect(relative(norm(error.gradH), figures.pert_T.dfe_dH_norm)).toBeLessThan(1e-7);
    const G = { W: error.gradW, H: error.gradH };
    for (const damping of ["0.01", "0.1"] as const) {
      const found = implicitGradient(1, m, n, k, perturbed, end, G, EPSILON, Number(damping), 1e-12, 500);
      expect(offGolden(found.gradient, n, figures[`implicit_T_delta${damping}`])).toBeLessThan(1e-6);
      expect(relative(found.stationarity, figures.pert_T.stat)).toBeLessThan(1e-6);
    }
  });

  test.skipIf(!there)("exact implicit gradients at convergence to 1e-5", async () => {
    const c = await get();
    const { m, n, k, X, perturbed } = c;
    const reference = iterate(c, X, figures.forward_T);
    const end = name === "tiny" ? withoutFloor(c, c.start, 30_000) : await wtsiConverged();
    const error = featureError(m, n, k, end.W, end.H, reference.W, reference.H);
    expect(relative(error.value, figures.converged.fe_vs_clean_T)).toBeLessThan(1e-9);
    const G = { W: error.gradW, H: error.gradH };
    for (const damping of ["", "_delta0.0001", "_delta0.01"] as const) {
      const delta = Number(damping.slice(6));
      const found = implicitGradient(1, m, n, k, perturbed, end, G, EPSILON, delta, 1e-11, 500);
      expect(offGolden(found.gradient, n, figures.converged[`implicit${damping}`])).toBeLessThan(1e-5);
      expect(found.negative).toBe(false);
      expect(found.leak).toBeLessThan(1e-8);
    }
  });
});

describe("assignment", () => {
  test("has the least sum of all permutations", () => {
    const next = seeded(3);
    const permutations = (rest: number[]): number[][] =>
      rest.length === 0
        ? [[]]
        : rest.flatMap((x) => permutations(rest.filter((y) => y !== x)).map((tail) => [x, ...tail]));
    for (let k = 1; k <= 6; k++) {
      for (let trial = 0; trial < 20; trial++) {
        const cost = Float64Array.from({ length: k * k }, next);
        const total = (p: number[]) => p.reduce((all, b, a) => all + cost[a * k + b]!, 0);
        const all = permutations(Array.from({ length: k }, (_, a) => a));
        expect(total(assign(k, cost))).toBeCloseTo(Math.min(...all.map(total)), 12);
      }
    }
  });
});

describe("feature error", () => {
  test("is 0 for the same features in another order and scale, and its gradient is that of differences", () => {
    const { m, n, k, start } = random(7, 6, 3, 5);
    const order = [2, 0, 1];
    const scales = [0.3, 2, 7];
    const W = start.W.map((_, at) => start.W[at - (at % k) + order[at % k]!]! * scales[at % k]!);
    const H = start.H.map(
      (_, at) => start.H[order[Math.floor(at / n)]! * n + (at % n)]! / scales[Math.floor(at / n)]!,
    );
    const same = featureError(m, n, k, W, H, start.W, start.H);
    expect(same.value).toBeLessThan(1e-15);
    expect(same.matching).toEqual(order);

    const other = random(7, 6, 3, 6).start;
    const at = (pair: Pair) => featureError(m, n, k, pair.W, pair.H, start.W, start.H);
    const { gradW, gradH } = at(other);
    for (const [factor, grad] of [
      ["W", gradW],
      ["H", gradH],
    ] as const) {
      for (let index = 0; index < grad.length; index++) {
        const h = 1e-6;
        const moved = (by: number) => ({
          ...other,
          [factor]: other[factor].map((x, i) => (i === index ? x + by : x)),
        });
        const slope = (at(moved(h)).value - at(moved(-h)).value) / (2 * h);
        expect(Math.abs(slope - grad[index]!)).toBeLessThan(1e-8);
      }
    }
  });
});

describe("adjoints", () => {
  test.each([0, 1] as const)("of one step are those of differences, loss %i, either order", (loss) => {
    const { m, n, k, X, start } = random(6, 5, 2, 9);
    const next = seeded(10);
    const draw = (count: number) => Float64Array.from({ length: count }, () => next() - 0.5);
    for (const firstH of [true, false]) {
      const G = { W: draw(m * k), H: draw(k * n) };
      const back = stepAdjoint(loss, m, n, k, X, start, 1e-3, firstH, G);
      const move = { W: draw(m * k), H: draw(k * n), X: draw(m * n) };
      const along = (t: number) => {
        const add = (A: Float64Array, B: Float64Array) => A.map((x, i) => x + t * B[i]!);
        const state = { W: add(start.W, move.W), H: add(start.H, move.H) };
        const after = muStep(loss, m, n, k, add(X, move.X), state, 1e-3, firstH);
        return inner(after.W, G.W) + inner(after.H, G.H);
      };
      const slope = (along(1e-5) - along(-1e-5)) / 2e-5;
      const predicted = inner(back.W, move.W) + inner(back.H, move.H) + inner(back.X, move.X);
      expect(Math.abs(slope - predicted)).toBeLessThan(1e-8 * (1 + Math.abs(slope)));
    }
  });

  test.each([0, 1] as const)("⟨Sa, b⟩ = ⟨a, Sb⟩, and S is the scaled Hessian, loss %i", (loss) => {
    const { m, n, k, X, start } = random(6, 5, 2, 11);
    const system = new KktSystem(loss, m, n, k, X, start, EPSILON);
    const next = seeded(12);
    const draw = () => Float64Array.from({ length: (m + n) * k }, () => next() - 0.5);
    const a = draw();
    const b = draw();
    expect(Math.abs(inner(system.product(a), b) - inner(a, system.product(b)))).toBeLessThan(1e-13);
    // Along u = d∘a the gradient of the loss moves by the rest of S·a.
    const gradientAt = (t: number) => {
      const W = system.W.map((w, at) => w + t * system.d[at]! * a[at]!);
      const H = system.H.map((h, at) => h + t * system.d[m * k + at]! * a[m * k + at]!);
      const out = new Float64Array((m + n) * k);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let p = loss === 1 ? EPSILON : 0;
          for (let c = 0; c < k; c++) p += W[i * k + c]! * H[c * n + j]!;
          const E = loss === 1 ? 1 - X[i * n + j]! / p : p - X[i * n + j]!;
          for (let c = 0; c < k; c++) {
            out[i * k + c]! += E * H[c * n + j]!;
            out[m * k + c * n + j]! += E * W[i * k + c]!;
          }
        }
      }
      return out;
    };
    const ahead = gradientAt(1e-5);
    const back = gradientAt(-1e-5);
    const product = system.product(a);
    for (let at = 0; at < product.length; at++) {
      const slope = (system.d[at]! * (ahead[at]! - back[at]!)) / 2e-5 + system.e[at]! * a[at]!;
      expect(Math.abs(slope - product[at]!)).toBeLessThan(1e-7);
    }
  });
});
