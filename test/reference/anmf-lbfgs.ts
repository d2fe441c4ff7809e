// A second way to solve the bilevel problem of anmf.ts, for tests: the attacker's answer is put in, the gauge too, by
// X = √N·rows of C over their norms, and what is left, a function of A, C ≥ 0, is minimised by projected L-BFGS:
// quasi-Newton directions (Nocedal & Wright, algorithm 7.4) over the entries that are free to move, and
// backtracking along the projected path (Bertsekas 1982).

import { type AnmfProblem, inner, ontoGauge } from "./anmf.js";

const MEMORY = 20;

/** What it ended with. */
export interface Minimum {
  readonly A: Float64Array;
  readonly X: Float64Array;
  readonly objective: number;
}

/** Minimises from A (m×n) and X (n×N). */
export function minimize(
  p: AnmfProblem,
  A: Float64Array,
  X: Float64Array,
  iterations: number,
  tolerance: number,
): Minimum {
  const split = p.m * p.n;
  const unpack = (x: Float64Array) => {
    const rows = x.slice(split);
    const norms = p.gauge ? ontoGauge(p.n, p.N, rows) : new Float64Array(p.n).fill(1);
    return { A: x.slice(0, split), X: rows, norms };
  };
  const value = (x: Float64Array): number => {
    const at = unpack(x);
    return p.objective(at.A, at.X);
  };
  const slope = (x: Float64Array): Float64Array => {
    const at = unpack(x);
    const G = p.gradientX(at.A, at.X);
    for (let a = 0; a < p.n && p.gauge; a++) {
      const row = at.X.subarray(a * p.N, (a + 1) * p.N);
      const own = G.subarray(a * p.N, (a + 1) * p.N);
      const along = inner(row, own) / p.N;
      for (let j = 0; j < p.N; j++) own[j] = (own[j]! - along * row[j]!) / at.norms[a]!;
    }
    const g = new Float64Array(x.length);
    g.set(p.gradientA(at.A, at.X));
    g.set(G, split);
    return g;
  };

  let x = new Float64Array(split + X.length);
  x.set(A);
  x.set(X, split);
  let f = value(x);
  let g = slope(x);
  let pairs: { s: Float64Array; y: Float64Array }[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    const free = x.map((c, i) => (c > 0 || g[i]! < 0 ? 1 : 0));
    const masked = (v: Float64Array) => v.map((c, i) => c * free[i]!);
    const steep = masked(g);
    if (Math.sqrt(inner(steep, steep)) <= tolerance * (1 + Math.abs(f))) break;
    let d = direction(
      steep,
      pairs.map(({ s, y }) => ({ s: masked(s), y: masked(y) })),
    );
    if (inner(d, steep) >= 0) d = steep.map((c) => -c);
    let next = x;
    let reached = f;
    let step = pairs.length > 0 ? 1 : 1 / Math.sqrt(inner(steep, steep));
    for (let tries = 0; tries < 60; tries++, step /= 2) {
      next = x.map((c, i) => Math.max(0, c + step * d[i]!));
      reached = value(next);
      const moved = next.map((c, i) => c - x[i]!);
      if (reached <= f + 1e-4 * inner(g, moved) && reached < f) break;
    }
    if (!(reached < f)) {
      if (pairs.length === 0) break;
      pairs = [];
      continue;
    }
    const after = slope(next);
    const s = next.map((c, i) => c - x[i]!);
    const y = after.map((c, i) => c - g[i]!);
    if (inner(s, y) > 1e-12 * inner(y, y)) pairs = [...pairs, { s, y }].slice(-MEMORY);
    x = next;
    f = reached;
    g = after;
  }
  const { A: bestA, X: bestX } = unpack(x);
  return { A: bestA, X: bestX, objective: f };
}

/** −H·g with the pairs' approximation H of the inverse Hessian. */
function direction(g: Float64Array, pairs: { s: Float64Array; y: Float64Array }[]): Float64Array {
  const d = g.map((c) => -c);
  const usable = pairs.filter(({ s, y }) => inner(s, y) > 1e-14 * Math.sqrt(inner(s, s) * inner(y, y)));
  const alphas: number[] = [];
  for (const { s, y } of [...usable].reverse()) {
    const alpha = inner(s, d) / inner(s, y);
    alphas.unshift(alpha);
    for (let i = 0; i < d.length; i++) d[i] = d[i]! - alpha * y[i]!;
  }
  const last = usable.at(-1);
  if (last) {
    const scale = inner(last.s, last.y) / inner(last.y, last.y);
    for (let i = 0; i < d.length; i++) d[i] = d[i]! * scale;
  }
  usable.forEach(({ s, y }, k) => {
    const beta = inner(y, d) / inner(s, y);
    for (let i = 0; i < d.length; i++) d[i] = d[i]! + (alphas[k]! - beta) * s[i]!;
  });
  return d;
}
