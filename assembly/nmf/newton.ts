// Kullback–Leibler by coordinate descent with scalar Newton steps (Hsieh & Dhillon, "Fast coordinate
// descent methods with variable selection for non-negative matrix factorization", KDD 2011), with the
// curvature of a half-step frozen (as in GLMNET: Friedman, Hastie & Tibshirani 2010): one division an
// entry instead of one for each component. On one panel of H, with P = WH, T = D∘V/(P+ε) and
// C = T/(P+ε), a move of H by Δ changes P by X = WΔ and the objective by about
//
//   ⟨G, Δ⟩ + ½l2‖Δ‖² + ½ΣC∘X²,   G = Wᵀ(D − T) + l1 + l2·H
//
// and each row of H in turn goes to the minimum of that, the others fixed, but not below 0:
//
//   h_a ← max(0, h_a − (g_a + l2·δ_a + Σ_i W_ia C_i X_i) / (Σ_i W_ia² C_i + l2))
//
// Safeguard, one column at a time, without a logarithm. With u = X/(P+ε),
//
//   −log(1+u) ≤ −u + ½u²/(1 + min(u, u/2)),   so the objective changes by at most
//   ⟨G, Δ⟩ + ½l2‖Δ‖² + ½Σ C∘X²/(1 + min(u, u/2))
//
// A column for which that is not ≤ 0 (NaN included) takes the multiplicative update instead, which never
// raises the objective: so no half-step does. Steps are refused mostly in the first few iterations.
//
// What else was tried, and what each cost: assembly/README.md.

import { flush, PANEL_BYTES, smallestNormal } from "../linalg/lanes";
import { stripCount, stripWidth } from "../linalg/layout";
import { accumulate, clear, predict } from "../linalg/product";
import { Side, Task } from "../task";
import { columnSums } from "./mu-divergence";
import {
  curvatureRows,
  denominator,
  diagonal,
  moveRows,
  numerator,
  pullOne,
  quotientRows,
  startOf,
  TILE_ROWS,
  tileOne,
  usesSums,
} from "./workspace";

/** Sweeps a half-step. The second one costs a quarter of the first and is worth it, a third one is not. */
export function newtonSweeps(task: Task): i32 {
  return task.sweeps > 0 ? task.sweeps : 2;
}

/** Updates panel p of the side; `sweeps`: how often each row of it is gone through. */
export function newtonPanel<T>(task: Task, side: Side, other: Side, p: i32, sweeps: i32, id: i32): void {
  const k = task.k;
  const c = side.panels + <usize>p * k * PANEL_BYTES;
  memory.copy(startOf(task, id), c, <usize>k * PANEL_BYTES);
  linearize<T>(task, side, other, p, id);
  descend<T>(task, side, other, c, sweeps, id);
  decide<T>(task, side, c, id);
}

/** Numerator WᵀT, denominator WᵀD, rows of C and of 1/(P+ε), and X ← 0. */
function linearize<T>(task: Task, side: Side, other: Side, p: i32, id: i32): void {
  const k = task.k;
  const rows = side.rows;
  const panel = side.panels + <usize>p * k * PANEL_BYTES;
  const tile = tileOne(task, id);
  const epsilon = v128.splat<T>(<T>task.epsilon);
  clear(k, numerator(task, id));
  clear(k, denominator(task, id));
  clear(rows, moveRows(task, id));
  for (let row = 0; row < rows; row += TILE_ROWS) {
    const count = min(TILE_ROWS, rows - row);
    const at = <usize>row * PANEL_BYTES;
    const from = <usize>p * rows * PANEL_BYTES + at;
    const d = side.weights ? side.weights + from : 0;
    predict<T>(count, k, other.panels, row, panel, tile);
    const q = quotientRows(task, id) + at;
    const curvature = curvatureRows(task, id) + at;
    if (d) weightedTerms<T>(count, epsilon, side.data + from, d, tile, q, curvature);
    else plainTerms<T>(count, epsilon, side.data + from, tile, q, curvature);
    accumulate<T>(count, k, other.tiles, rows, row, tile, numerator(task, id));
    if (d) accumulate<T>(count, k, other.tiles, rows, row, d, denominator(task, id));
  }
  if (usesSums(task)) columnSums<T>(k, other.sums, denominator(task, id));
}

/** tile: P ← T; q ← 1/(P+ε); c ← T·q. v: V; all `rows` rows of a panel. */
function plainTerms<T>(rows: i32, epsilon: v128, v: usize, tile: usize, q: usize, c: usize): void {
  const one = v128.splat<T>(<T>1);
  for (const end = tile + <usize>rows * PANEL_BYTES; tile < end; ) {
    const r = v128.div<T>(one, v128.add<T>(v128.load(tile), epsilon));
    const t = v128.mul<T>(v128.load(v), r);
    v128.store(q, r);
    v128.store(tile, t);
    v128.store(c, v128.mul<T>(t, r));
    tile += 16;
    v += 16;
    q += 16;
    c += 16;
  }
}

/** The same with weights d. */
function weightedTerms<T>(
  rows: i32,
  epsilon: v128,
  v: usize,
  d: usize,
  tile: usize,
  q: usize,
  c: usize,
): void {
  const one = v128.splat<T>(<T>1);
  for (const end = tile + <usize>rows * PANEL_BYTES; tile < end; ) {
    const r = v128.div<T>(one, v128.add<T>(v128.load(tile), epsilon));
    const t = v128.mul<T>(v128.mul<T>(v128.load(d), v128.load(v)), r);
    v128.store(q, r);
    v128.store(tile, t);
    v128.store(c, v128.mul<T>(t, r));
    tile += 16;
    v += 16;
    d += 16;
    q += 16;
    c += 16;
  }
}

/** The sweeps over panel c; leaves the curved part of the bound, doubled, where the pull was. */
function descend<T>(task: Task, side: Side, other: Side, c: usize, sweeps: i32, id: i32): void {
  const k = task.k;
  const rows = side.rows;
  const strips = stripCount(k);
  const pull = pullOne(task, id);
  const curvature = curvatureRows(task, id);
  const X = moveRows(task, id);
  const zero = v128.splat<T>(<T>0);
  // Column of W that moved last, and how far: X learns of it in the next pass.
  let before = other.tiles;
  let strideBefore: usize = 0;
  let moved0 = zero;
  let moved1 = zero;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let a = 0;
    for (let s = 0; s < strips; s++) {
      const h = stripWidth(k, s);
      const stride = <usize>h * sizeof<T>();
      for (let j = 0; j < h; j++, a++) {
        const w = other.tiles + (<usize>rows * (a - j) + j) * sizeof<T>();
        const diag = diagonal(task, id) + <usize>a * PANEL_BYTES;
        if (sweep == 0) {
          firstPull<T>(rows, before, strideBefore, moved0, moved1, w, stride, curvature, X, pull, diag);
        } else laterPull<T>(rows, before, strideBefore, moved0, moved1, w, stride, curvature, X, pull);
        const to = c + <usize>a * PANEL_BYTES;
        const old0 = v128.load(to);
        const old1 = v128.load(to, 16);
        const new0 = step<T>(task, side, a, 0, old0, id);
        const new1 = step<T>(task, side, a, 16, old1, id);
        v128.store(to, new0);
        v128.store(to, new1, 16);
        moved0 = v128.sub<T>(new0, old0);
        moved1 = v128.sub<T>(new1, old1);
        before = w;
        strideBefore = stride;
      }
    }
  }
  advance<T>(rows, before, strideBefore, moved0, moved1, quotientRows(task, id), curvature, X, pull);
}

/**
 * X += before ⊗ moved; pull ← Σ w∘C∘X; diag ← Σ w²∘C. before, w: columns of W as they lie in the tiles;
 * curvature, X: `rows` rows of a panel; pull, diag: one row.
 */
function firstPull<T>(
  rows: i32,
  before: usize,
  strideBefore: usize,
  moved0: v128,
  moved1: v128,
  w: usize,
  stride: usize,
  curvature: usize,
  X: usize,
  pull: usize,
  diag: usize,
): void {
  let g0 = v128.splat<T>(<T>0);
  let g1 = g0;
  let d0 = g0;
  let d1 = g0;
  for (const end = X + <usize>rows * PANEL_BYTES; X < end; X += PANEL_BYTES) {
    const b = v128.load_splat<T>(before);
    const x0 = v128.add<T>(v128.load(X), v128.mul<T>(b, moved0));
    const x1 = v128.add<T>(v128.load(X, 16), v128.mul<T>(b, moved1));
    v128.store(X, x0);
    v128.store(X, x1, 16);
    const u = v128.load_splat<T>(w);
    const c0 = v128.mul<T>(u, v128.load(curvature));
    const c1 = v128.mul<T>(u, v128.load(curvature, 16));
    g0 = v128.add<T>(g0, v128.mul<T>(c0, x0));
    g1 = v128.add<T>(g1, v128.mul<T>(c1, x1));
    d0 = v128.add<T>(d0, v128.mul<T>(c0, u));
    d1 = v128.add<T>(d1, v128.mul<T>(c1, u));
    before += strideBefore;
    w += stride;
    curvature += PANEL_BYTES;
  }
  v128.store(pull, g0);
  v128.store(pull, g1, 16);
  v128.store(diag, d0);
  v128.store(diag, d1, 16);
}

/** The same without `diag`, which the first sweep has left. */
function laterPull<T>(
  rows: i32,
  before: usize,
  strideBefore: usize,
  moved0: v128,
  moved1: v128,
  w: usize,
  stride: usize,
  curvature: usize,
  X: usize,
  pull: usize,
): void {
  let g0 = v128.splat<T>(<T>0);
  let g1 = g0;
  for (const end = X + <usize>rows * PANEL_BYTES; X < end; X += PANEL_BYTES) {
    const b = v128.load_splat<T>(before);
    const x0 = v128.add<T>(v128.load(X), v128.mul<T>(b, moved0));
    const x1 = v128.add<T>(v128.load(X, 16), v128.mul<T>(b, moved1));
    v128.store(X, x0);
    v128.store(X, x1, 16);
    const u = v128.load_splat<T>(w);
    g0 = v128.add<T>(g0, v128.mul<T>(v128.mul<T>(u, v128.load(curvature)), x0));
    g1 = v128.add<T>(g1, v128.mul<T>(v128.mul<T>(u, v128.load(curvature, 16)), x1));
    before += strideBefore;
    w += stride;
    curvature += PANEL_BYTES;
  }
  v128.store(pull, g0);
  v128.store(pull, g1, 16);
}

/** X += before ⊗ moved, and pull ← Σ C∘X²/(1 + min(u, u/2)), u = X/(P+ε), for the bound. */
function advance<T>(
  rows: i32,
  before: usize,
  stride: usize,
  moved0: v128,
  moved1: v128,
  q: usize,
  curvature: usize,
  X: usize,
  pull: usize,
): void {
  let sum0 = v128.splat<T>(<T>0);
  let sum1 = sum0;
  for (const end = X + <usize>rows * PANEL_BYTES; X < end; X += PANEL_BYTES) {
    const b = v128.load_splat<T>(before);
    const x0 = v128.add<T>(v128.load(X), v128.mul<T>(b, moved0));
    const x1 = v128.add<T>(v128.load(X, 16), v128.mul<T>(b, moved1));
    sum0 = v128.add<T>(sum0, curved<T>(x0, v128.load(q), v128.load(curvature)));
    sum1 = v128.add<T>(sum1, curved<T>(x1, v128.load(q, 16), v128.load(curvature, 16)));
    before += stride;
    q += PANEL_BYTES;
    curvature += PANEL_BYTES;
  }
  v128.store(pull, sum0);
  v128.store(pull, sum1, 16);
}

/** c·x²/(1 + min(u, u/2)), u = x·q; where 1 + u is 0 or, by rounding, below, as good as infinite. */
function curved<T>(x: v128, q: v128, c: v128): v128 {
  const u = v128.mul<T>(x, q);
  const half = v128.mul<T>(v128.splat<T>(<T>0.5), u);
  const below = v128.add<T>(v128.splat<T>(<T>1), v128.min<T>(u, half));
  const square = v128.mul<T>(v128.mul<T>(c, x), x);
  return v128.div<T>(square, v128.max<T>(below, v128.splat<T>(smallestNormal<T>())));
}

/** Where the vector of row a at byte `half` goes from `now`: the equation at the top. */
function step<T>(task: Task, side: Side, a: i32, half: usize, now: v128, id: i32): v128 {
  const at = <usize>a * PANEL_BYTES + half;
  const zero = v128.splat<T>(<T>0);
  const l2 = v128.splat<T>(<T>side.l2);
  const above = v128.load(numerator(task, id) + at);
  const below = v128.add<T>(v128.load(denominator(task, id) + at), v128.splat<T>(<T>side.l1));
  const bent = v128.add<T>(v128.load(pullOne(task, id) + half), v128.mul<T>(l2, now));
  const gradient = v128.add<T>(v128.sub<T>(below, above), bent);
  const curvature = v128.add<T>(v128.load(diagonal(task, id) + at), l2);
  const newton = v128.max<T>(zero, v128.sub<T>(now, v128.div<T>(gradient, curvature)));
  // Without curvature no observed entry asks for this one: only what it costs is left.
  const linear = v128.andnot(now, v128.gt<T>(gradient, zero));
  return v128.bitselect(newton, linear, v128.ge<T>(curvature, v128.splat<T>(smallestNormal<T>())));
}

/** Keeps the columns of panel c that the bound accepts; the others take the multiplicative update. */
function decide<T>(task: Task, side: Side, c: usize, id: i32): void {
  const k = task.k;
  const accepted0 = accepts<T>(task, side, c, 0, id);
  const accepted1 = accepts<T>(task, side, c, 16, id);
  const constant = v128.splat<T>(<T>(side.l1 + task.epsilon));
  const l2 = v128.splat<T>(<T>side.l2);
  const end = <usize>k * PANEL_BYTES;
  for (let at: usize = 0; at < end; at += 16) {
    const start = v128.load(startOf(task, id) + at);
    const below = v128.add<T>(v128.load(denominator(task, id) + at), v128.mul<T>(l2, start));
    const ratio = v128.div<T>(v128.load(numerator(task, id) + at), v128.add<T>(below, constant));
    const accepted = at & 16 ? accepted1 : accepted0;
    const kept = v128.bitselect(v128.load(c + at), v128.mul<T>(start, ratio), accepted);
    v128.store(c + at, flush<T>(kept));
  }
}

/** Mask of the columns at byte `half` of the panel whose bound does not rise. */
function accepts<T>(task: Task, side: Side, c: usize, half: usize, id: i32): v128 {
  const zero = v128.splat<T>(<T>0);
  const middle = v128.splat<T>(<T>0.5);
  const l1 = v128.splat<T>(<T>side.l1);
  const l2 = v128.splat<T>(<T>side.l2);
  let change = v128.mul<T>(middle, v128.load(pullOne(task, id) + half));
  const last = <usize>task.k * PANEL_BYTES;
  for (let at = half; at < last; at += PANEL_BYTES) {
    const start = v128.load(startOf(task, id) + at);
    const delta = v128.sub<T>(v128.load(c + at), start);
    const slope = v128.sub<T>(v128.load(denominator(task, id) + at), v128.load(numerator(task, id) + at));
    const ridge = v128.mul<T>(l2, v128.add<T>(start, v128.mul<T>(middle, delta)));
    const gradient = v128.add<T>(slope, v128.add<T>(l1, ridge));
    change = v128.add<T>(change, v128.mul<T>(gradient, delta));
  }
  return v128.le<T>(change, zero);
}
