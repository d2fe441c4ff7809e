// Gradients against finite differences of the map they claim to be the gradient of, and whether the flag that says
// so can be trusted.

import { createEngine, type GradientOptions, lafa } from "advnmf";
import { describe, expect, test } from "vitest";
import type { Pair } from "../reference/step-adjoint.js";
import {
  asMatrix,
  factorsPath,
  golden,
  random,
  type Sparse,
  sparse,
  wtsi,
  wtsiConverged,
  wtsiPath,
} from "./cases.js";

const engine = await createEngine();

function gradientOf(
  c: Omit<Sparse, "next" | "start">,
  X: Float64Array,
  at: Pair,
  options: Partial<GradientOptions>,
) {
  const factors = ({ W, H }: Pair) => ({ W: asMatrix(c.m, c.k, W), H: asMatrix(c.k, c.n, H) });
  const reference = factors(c.reference);
  return lafa.gradient(asMatrix(c.m, c.n, X), { ...factors(at), reference, engine, threads: 1, ...options });
}

const dot = (a: ArrayLike<number>, b: Float64Array) => b.reduce((sum, x, at) => sum + x * a[at]!, 0);

/** A direction of the data, as long as `share` of them. */
function direction(X: Float64Array, next: () => number, share: number): Float64Array {
  const D = X.map(() => next() - 0.5);
  const scale = share * Math.sqrt(dot(X, X) / dot(D, D));
  return D.map((x) => x * scale);
}

describe("implicit gradients are those of the converged factorization", () => {
  test.each([
    [12, 9, 3, 1, "kullback-leibler"],
    [30, 40, 4, 3, "kullback-leibler"],
    [40, 30, 3, 6, "kullback-leibler"],
    [20, 15, 3, 4, "frobenius"],
  ] as const)("%i×%i of rank %i, seed %i, %s", async (m, n, k, seed, loss) => {
    const c = sparse(m, n, k, seed);
    const at = await gradientOf(c, c.X, c.start, { iterations: 200, converge: 1e-13, loss });
    expect(at.reason).toBe("");
    expect(at.reliable).toBe(true);
    expect(at.stationarity).toBeLessThan(1e-12);
    const end = { W: at.W.data, H: at.H.data };
    for (let trial = 0; trial < 5; trial++) {
      const D = direction(c.X, c.next, 1e-5);
      const value = async (sign: number) => {
        const moved = c.X.map((x, i) => x + sign * D[i]!);
        return (await gradientOf(c, moved, end, { converge: 1e-14, loss })).featureError;
      };
      const slope = ((await value(1)) - (await value(-1))) / 2;
      expect(Math.abs(slope / dot(at.gradient.data, D) - 1)).toBeLessThan(1e-5);
    }
  });
});

describe("back-propagated gradients are those of the iterations", () => {
  test.each([
    [12, 9, 3, 1, "kullback-leibler", 50],
    [30, 40, 4, 3, "kullback-leibler", 37],
    [20, 15, 3, 4, "frobenius", 60],
  ] as const)("%i×%i of rank %i, seed %i, %s, %i iterations", async (m, n, k, seed, loss, iterations) => {
    const c = sparse(m, n, k, seed);
    const options = { mode: "backprop", iterations, loss } as const;
    const at = await gradientOf(c, c.X, c.start, options);
    for (let trial = 0; trial < 5; trial++) {
      const D = direction(c.X, c.next, 3e-6);
      const value = async (by: number) => {
        const moved = c.X.map((x, i) => x + by * D[i]!);
        return (await gradientOf(c, moved, c.start, options)).featureError;
      };
      // Differences of fourth order: their own error is far below what is asked.
      const near = ((await value(1)) - (await value(-1))) / 2;
      const far = ((await value(2)) - (await value(-2))) / 4;
      const slope = (4 * near - far) / 3;
      expect(Math.abs(slope / dot(at.gradient.data, D) - 1)).toBeLessThan(1e-7);
    }
  });
});

describe("what makes an implicit gradient unreliable", () => {
  test("factors that are not stationary", async () => {
    const c = sparse(12, 9, 3, 1);
    const found = await gradientOf(c, c.X, c.start, { iterations: 100 });
    expect(found.reliable).toBe(false);
    expect(found.reason).toContain("not stationary");
  });

  test("factors that the data do not determine", async () => {
    const c = sparse(20, 15, 3, 2);
    const found = await gradientOf(c, c.X, c.start, { iterations: 200, converge: 1e-12 });
    expect(found.stationarity).toBeLessThan(1e-10);
    expect(found.reliable).toBe(false);
    expect(found.reason).toContain("does not determine");
  });

  test("a saddle: small residual, negative curvature", async () => {
    // Two equal components stay equal under the updates, and apart the fit would be better.
    const c = sparse(12, 9, 2, 7);
    const W = c.start.W.map((_, at) => c.start.W[at - (at % 2)]!);
    const H = c.start.H.map((_, at) => c.start.H[at % 9]!);
    const found = await gradientOf(c, c.X, { W, H }, { iterations: 3000 });
    expect(found.stationarity).toBeLessThan(1e-8);
    expect(found.reliable).toBe(false);
    expect(found.curvature).toBeLessThan(0);
    expect(found.reason).toContain("curvature is negative");
  });

  test("data of exact rank", async () => {
    const { m, n, k, start } = random(12, 9, 3, 8);
    const X = new Float64Array(m * n);
    for (let at = 0; at < X.length; at++) {
      for (let a = 0; a < k; a++) X[at]! += start.W[Math.floor(at / n) * k + a]! * start.H[a * n + (at % n)]!;
    }
    const reference = random(m, n, k, 9).start;
    const found = await gradientOf({ m, n, k, X, reference }, X, start, {});
    expect(found.relativeError).toBeLessThan(1e-9);
    expect(found.reliable).toBe(false);
    expect(found.reason).toContain("rank");
  });

  test("a zero that wants to grow", async () => {
    const c = sparse(12, 9, 3, 1);
    // Zeros never move under the updates.
    const W = c.start.W.map((w, at) => (at < 9 ? 0 : w));
    W[0] = 1;
    const found = await gradientOf(c, c.X, { W, H: c.start.H }, { iterations: 200, converge: 1e-10 });
    expect(found.stationarity).toBeLessThan(1e-9);
    expect(found.multiplier).toBeLessThan(-1e-6);
    expect(found.reliable).toBe(false);
    expect(found.reason).toContain("multiplier");
  });

  test("the reference itself, where the feature error has no gradient", async () => {
    const c = sparse(12, 9, 3, 1);
    const same = { ...c, reference: c.start };
    for (const mode of ["implicit", "backprop"] as const) {
      const at = mode === "implicit" ? {} : { iterations: 1 };
      const first = await gradientOf(same, c.X, c.start, { mode, ...at });
      const reference = { W: first.W.data, H: first.H.data };
      const found = await gradientOf({ ...c, reference }, c.X, c.start, { mode, ...at });
      expect(found.featureError).toBeLessThan(1e-15);
      if (found.featureError > 0) continue;
      expect(found.reliable).toBe(false);
      expect(found.reason).toContain("no gradient");
      expect(found.gradient.data.every((x) => x === 0)).toBe(true);
    }
  });

  test.skipIf(wtsiPath === undefined || factorsPath === undefined)(
    "many iterations alone are not enough",
    async () => {
      const { m, n, k, X, perturbed, start } = await wtsi();
      const reference = start;
      const c = { m, n, k, X, reference };
      const far = await gradientOf(c, perturbed, start, { iterations: golden.wtsi.forward_T });
      expect(far.reliable).toBe(false);
      const exact = await gradientOf(c, perturbed, await wtsiConverged(), {});
      expect(exact.reason).toBe("");
      expect(exact.reliable).toBe(true);
    },
  );
});
