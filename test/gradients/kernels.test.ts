// The kernels of assembly/lafa through the SDK: golden figures, twins, finite differences, memory, reliability.

import { createEngine, featureError, type GradientOptions, lafa, nmf } from "advnmf";
import { describe, expect, test } from "vitest";
import { backprop } from "../reference/backprop.js";
import * as twin from "../reference/feature-error.js";
import { implicitGradient } from "../reference/implicit.js";
import type { Pair } from "../reference/step-adjoint.js";
import {
  asMatrix,
  type Case,
  distance,
  EPSILON,
  factorsPath,
  golden,
  offGolden,
  random,
  relative,
  tiny,
  wtsi,
  wtsiConverged,
  wtsiPath,
} from "./cases.js";

const engine = await createEngine();

function factorsOf(c: Case, { W, H }: Pair) {
  return { W: asMatrix(c.m, c.k, W), H: asMatrix(c.k, c.n, H) };
}

/** Factors after `iterations` updates, by the SDK. */
async function fitted(c: Case, X: Float64Array, iterations: number): Promise<Pair> {
  const { W, H } = await nmf(asMatrix(c.m, c.n, X), {
    rank: c.k,
    loss: "kullback-leibler",
    solver: "mu",
    init: factorsOf(c, c.start),
    order: "HW",
    epsilon: EPSILON,
    tolerance: 0,
    maxIterations: iterations,
    engine,
    threads: 1,
  });
  return { W: W.data, H: H.data };
}

function gradientAt(c: Case, X: Float64Array, at: Pair, reference: Pair, options: Partial<GradientOptions>) {
  return lafa.gradient(asMatrix(c.m, c.n, X), {
    ...factorsOf(c, at),
    reference: factorsOf(c, reference),
    engine,
    threads: 1,
    ...options,
  });
}

describe.each([
  ["12×9", "tiny", true],
  ["mutation counts", "wtsi", wtsiPath !== undefined && factorsPath !== undefined],
] as const)("golden figures, %s", (_, name, there) => {
  const figures = golden[name];
  const get = async () => (name === "tiny" ? tiny() : wtsi());

  test.skipIf(!there)("back-propagation to 1e-7", async () => {
    const c = await get();
    const T = figures.backprop.T;
    const reference = await fitted(c, c.X, T);
    const found = await gradientAt(c, c.perturbed, c.start, reference, { mode: "backprop", iterations: T });
    expect(relative(found.featureError, figures.backprop.fe)).toBeLessThan(1e-7);
    expect(offGolden(found.gradient.data, c.n, figures.backprop)).toBeLessThan(1e-7);
    expect(found.reliable).toBe(true);
    expect(found.reason).toBe("");
  });

  test.skipIf(!there)("damped implicit gradients at unconverged points to 1e-6", async () => {
    const c = await get();
    const T = figures.forward_T;
    const reference = await fitted(c, c.X, T);
    for (const damping of ["0.01", "0.1"] as const) {
      const found = await gradientAt(c, c.perturbed, c.start, reference, {
        iterations: T,
        damping: Number(damping),
      });
      expect(relative(found.featureError, figures.pert_T.fe)).toBeLessThan(1e-7);
      expect(found.matching).toEqual(figures.pert_T.matching);
      expect(offGolden(found.gradient.data, c.n, figures[`implicit_T_delta${damping}`])).toBeLessThan(1e-6);
      expect(relative(found.stationarity, figures.pert_T.stat)).toBeLessThan(1e-6);
      expect(found.reliable).toBe(false);
      expect(found.reason).toContain("damped");
      expect(found.reason).toContain("not stationary");
    }
  });
});

describe.skipIf(wtsiPath === undefined || factorsPath === undefined)("converged mutation counts", () => {
  test("exact implicit gradients to 1e-5, reliable", async () => {
    const c = await wtsi();
    const reference = await fitted(c, c.X, golden.wtsi.forward_T);
    const at = await wtsiConverged();
    const expected = golden.wtsi.converged;
    const exact = await gradientAt(c, c.perturbed, at, reference, {});
    expect(relative(exact.featureError, expected.fe_vs_clean_T)).toBeLessThan(1e-9);
    expect(offGolden(exact.gradient.data, c.n, expected.implicit)).toBeLessThan(1e-5);
    expect(exact.reason).toBe("");
    expect(exact.reliable).toBe(true);
    const damped = await gradientAt(c, c.perturbed, at, reference, { damping: 1e-4 });
    expect(offGolden(damped.gradient.data, c.n, expected["implicit_delta0.0001"])).toBeLessThan(1e-5);
  });
});

describe("twins", () => {
  test.each([
    [7, 6, 3],
    [17, 9, 1],
    [5, 30, 2],
    [150, 70, 4],
    [40, 33, 7],
    [70, 300, 3],
  ])("gradients, either loss, %i×%i of rank %i", async (m, n, k) => {
    const c = random(m, n, k, m + n);
    const X = c.perturbed;
    const { start: other } = random(m, n, k, 99);
    for (const [loss, name] of [
      [1, "kullback-leibler"],
      [0, "frobenius"],
    ] as const) {
      const firstH = loss === 1;
      const T = 5;
      const expected = backprop(loss, m, n, k, X, c.start, T, EPSILON, firstH, other);
      const found = await gradientAt(c, X, c.start, other, { mode: "backprop", iterations: T, loss: name });
      expect(relative(found.featureError, expected.error.value)).toBeLessThan(1e-12);
      expect(found.matching).toEqual(expected.error.matching);
      expect(distance(found.gradient.data, expected.gradient)).toBeLessThan(1e-10);
      expect(distance(found.W.data, expected.end.W)).toBeLessThan(1e-12);

      const { error, end } = expected;
      const G = { W: error.gradW, H: error.gradH };
      const solved = implicitGradient(loss, m, n, k, X, end, G, EPSILON, 0.2, 1e-12, 500);
      const implicit = await gradientAt(c, X, end, other, { loss: name, damping: 0.2, tolerance: 1e-12 });
      if (solved.negative) expect(implicit.reason).toContain("negative");
      else expect(distance(implicit.gradient.data, solved.gradient)).toBeLessThan(1e-9);
      expect(Math.abs(implicit.stationarity - solved.stationarity)).toBeLessThan(
        1e-9 * (1e-6 + solved.stationarity),
      );
    }
  });

  test("either order of the half-steps, and segments of every length", async () => {
    const c = random(13, 10, 3, 4);
    const { start: other } = random(13, 10, 3, 5);
    for (const order of ["HW", "WH"] as const) {
      for (const T of [1, 2, 3, 4, 7, 10]) {
        const expected = backprop(1, 13, 10, 3, c.X, c.start, T, EPSILON, order === "HW", other);
        const found = await gradientAt(c, c.X, c.start, other, { mode: "backprop", iterations: T, order });
        expect(distance(found.gradient.data, expected.gradient)).toBeLessThan(1e-10);
      }
    }
  });

  test("featureError", () => {
    const a = random(9, 8, 4, 1);
    const b = random(9, 8, 4, 2);
    const expected = twin.featureError(9, 8, 4, a.start.W, a.start.H, b.start.W, b.start.H);
    const found = featureError(factorsOf(a, a.start), factorsOf(b, b.start));
    expect(relative(found.value, expected.value)).toBeLessThan(1e-13);
    expect(relative(found.w, expected.w)).toBeLessThan(1e-13);
    expect(relative(found.h, expected.h)).toBeLessThan(1e-13);
    expect(found.matching).toEqual(expected.matching);
  });
});
