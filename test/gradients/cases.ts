// The problems that gradients are tested on: the golden ones of an independent float64 implementation
// (test/fixtures/golden-lafa.json), built from formulas, and one of real data.

import { readFileSync } from "node:fs";
import { matrix } from "advnmf";
import { readMatrix } from "advnmf/io";
import { dataPath, seeded } from "../data.js";
import type { Pair } from "../reference/step-adjoint.js";

/** What the golden file says of a gradient. */
export interface GoldenGradient {
  norm: number;
  sum: number;
  maxabs_value: number;
  maxabs_index: [number, number];
  samples: [number, number, number][];
}

/** Its figures for one problem. */
export interface Golden {
  X: { sum: number; rank: number };
  Xp: { eps: number; sum: number };
  forward_T: number;
  clean_T: { kl: number; W_sum: number; H_sum: number };
  pert_T: { fe: number; stat: number; matching: number[]; dfe_dW_norm: number; dfe_dH_norm: number };
  backprop: GoldenGradient & { T: number; fe: number };
  "implicit_T_delta0.01": GoldenGradient;
  "implicit_T_delta0.1": GoldenGradient;
  onestep_kl: Record<string, number>;
  onestep_fro: Record<string, number>;
  converged: {
    stat: number;
    fe_vs_clean_T: number;
    implicit: GoldenGradient;
    "implicit_delta0.0001": GoldenGradient;
    "implicit_delta0.01": GoldenGradient;
  };
}

export const golden: { tiny: Golden; wtsi: Golden } = JSON.parse(
  readFileSync(new URL("../fixtures/golden-lafa.json", import.meta.url), "utf8"),
);

/** ε of LaFA's code. */
export const EPSILON = 1e-10;

/** A problem: m×n data, a perturbed copy, and the start of both factorizations. */
export interface Case {
  m: number;
  n: number;
  k: number;
  X: Float64Array;
  perturbed: Float64Array;
  start: Pair;
}

/** Entries from a formula, row-major. */
function entries(rows: number, cols: number, of: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, at) => of(Math.floor(at / cols), at % cols));
}

function caseOf(m: number, n: number, k: number, X: Float64Array, epsilon: number): Case {
  const D = entries(m, n, (i, j) => Math.sin(1 + 3 * i + 7 * j) * Math.sqrt(X[i * n + j]!));
  const norm = (A: Float64Array) => Math.sqrt(A.reduce((sum, x) => sum + x * x, 0));
  const scale = (epsilon * norm(X)) / norm(D);
  const most = X.reduce((max, x) => Math.max(max, x), 0);
  return {
    m,
    n,
    k,
    X,
    perturbed: X.map((x, at) => Math.min(most, Math.max(0, x + scale * D[at]!))),
    start: {
      W: entries(m, k, (i, a) => Math.max(0.05, 0.5 + 0.5 * Math.sin(1 + (7 + a) * i + 13 * a))),
      H: entries(k, n, (a, j) => Math.max(0.05, 0.5 + 0.5 * Math.sin(2 + (5 + a) * j + 11 * a))),
    },
  };
}

/** The 12×9 case of the golden file. */
export function tiny(): Case {
  const X = entries(12, 9, (i, j) => 0.05 + Math.abs(Math.sin(1 + i * j + 2 * i + 3 * j)));
  return caseOf(12, 9, 3, X, golden.tiny.Xp.eps);
}

/** Where the mutation counts are, or undefined. */
export const wtsiPath = dataPath("lafa/wtsi.mat");

/** Factors of its converged case, which has several minima. */
export const factorsPath = dataPath("../reference/golden_lafa_factors.npz");

/** The 96×21 mutation counts, scaled as LaFA scales them. */
export async function wtsi(): Promise<Case> {
  const raw = await readMatrix(wtsiPath!, { variable: "X" });
  const shifted = Float64Array.from(raw.data, (x) => x + 0.01);
  const most = shifted.reduce((max, x) => Math.max(max, x), 0);
  return caseOf(
    96,
    21,
    4,
    shifted.map((x) => x / most),
    golden.wtsi.Xp.eps,
  );
}

/** The converged factors of the golden file for {@link wtsi}. */
export async function wtsiConverged(): Promise<Pair> {
  const W = await readMatrix(factorsPath!, { variable: "wtsi_W" });
  const H = await readMatrix(factorsPath!, { variable: "wtsi_H" });
  return { W: Float64Array.from(W.data), H: Float64Array.from(H.data) };
}

/** Random non-negative data of about rank k with noise, and a random start. */
export function random(m: number, n: number, k: number, seed: number): Case {
  const next = seeded(seed);
  const draw = (count: number) => Float64Array.from({ length: count }, () => 0.1 + next());
  const W = draw(m * k);
  const H = draw(k * n);
  const X = entries(m, n, (i, j) => {
    let sum = 0.3 * next();
    for (let a = 0; a < k; a++) sum += W[i * k + a]! * H[a * n + j]! * (next() < 0.3 ? 0.2 : 1);
    return sum / k;
  });
  const start = { W: draw(m * k), H: draw(k * n) };
  const perturbed = X.map((x) => x * (0.95 + 0.1 * next()));
  return { m, n, k, X, perturbed, start };
}

/** A problem with a start, a reference, and more random numbers. */
export interface Sparse {
  m: number;
  n: number;
  k: number;
  X: Float64Array;
  start: Pair;
  reference: Pair;
  next: () => number;
}

/** Noisy data from factors with zeros, so that few other factors fit as well. */
export function sparse(m: number, n: number, k: number, seed: number): Sparse {
  const next = seeded(seed);
  const draw = (count: number) =>
    Float64Array.from({ length: count }, () => {
      const x = next();
      return x < 0.4 ? 0 : x;
    });
  const W = draw(m * k);
  const H = draw(k * n);
  const X = Float64Array.from({ length: m * n }, (_, at) => {
    let sum = 0.05;
    for (let a = 0; a < k; a++) sum += W[Math.floor(at / n) * k + a]! * H[a * n + (at % n)]!;
    return sum * (0.7 + 0.6 * next());
  });
  const positive = (count: number) => Float64Array.from({ length: count }, () => 0.1 + next());
  const start = { W: positive(m * k), H: positive(k * n) };
  const reference = { W: positive(m * k), H: positive(k * n) };
  return { m, n, k, X, start, reference, next };
}

/** |a − b|/|b|. */
export const relative = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);

/** Largest relative difference of a gradient from the golden figures, the sum measured against the norm. */
export function offGolden(G: Float64Array, n: number, expected: GoldenGradient): number {
  const norm = Math.sqrt(G.reduce((sum, x) => sum + x * x, 0));
  const total = G.reduce((sum, x) => sum + x, 0);
  const [i, j] = expected.maxabs_index;
  return Math.max(
    relative(norm, expected.norm),
    Math.abs(total - expected.sum) / expected.norm,
    relative(G[i * n + j]!, expected.maxabs_value),
    ...expected.samples.map(([row, col, value]) => Math.abs(G[row * n + col]! - value) / expected.norm),
  );
}

/** ‖a − b‖/‖b‖. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let off = 0;
  let size = 0;
  for (let at = 0; at < b.length; at++) {
    off += (a[at]! - b[at]!) ** 2;
    size += b[at]! ** 2;
  }
  return a.length === b.length ? Math.sqrt(off / size) : Number.NaN;
}

/** A matrix for the SDK. */
export const asMatrix = (rows: number, cols: number, data: Float64Array) => matrix(rows, cols, data);
