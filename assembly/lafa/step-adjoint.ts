// The adjoint of one multiplicative update (LaFA, arXiv 2408.03909, back-propagation), half-step by half-step. A
// half-step updates C (k×cols), the factor B (rows×k) fixed, to fit X (rows×cols):
//
//   Kullback–Leibler   P = BC + ε,  R = X/P,  A = BᵀR,  s = Bᵀ1 + ε,  C⁺ = C∘A/s
//   Frobenius          A = BᵀX,  G = BᵀB,  s = GC + ε,  C⁺ = C∘A/s
//
// From Ḡ, the gradient in C⁺, come those in C, B and X:
//
//   Ā = Ḡ∘C/s,  s̄ = −Ḡ∘C⁺/s
//   Kullback–Leibler   P̄ = −(BĀ)∘R/P;  C̄ = Ḡ∘C⁺/C + BᵀP̄;  B̄ = RĀᵀ + P̄Cᵀ + 1(Σ_j s̄)ᵀ;  X̄ = (BĀ)/P
//   Frobenius          C̄ = Ḡ∘A/s + Gs̄;  B̄ = XĀᵀ + B(s̄Cᵀ + Cs̄ᵀ);  X̄ = BĀ
//
// An entry of C that is 0 stays so in every iteration, and what would flow through it leads nowhere: the first term of
// its C̄ is left out, since A/s may be 1/ε there, and its power overflow (a column that AT-NMF's adversary wipes out).
//
// C̄ is a sum over the rows of X and B̄ one over its columns, and nothing is m×n but X̄. Frobenius: a pass over the
// panels of X and one over those of Xᵀ. Kullback–Leibler, where P, R and their division would be made twice: one pass
// over the panels of X, a tile at a time, with k vectors of sums for each row of it (`columnSums`).

import { horizontalSum, PANEL_BYTES, panelCount, panelWidth } from "../linalg/lanes";
import { panelToTiles, squareToTiles } from "../linalg/layout";
import { accumulate, accumulateRows, clear, predict } from "../linalg/product";
import { denominator, numerator } from "../nmf/workspace";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Loss, Side, Task } from "../task";
import {
  columnSumsOf,
  firstInGroup,
  GRADIENT_ROWS,
  GradientSide,
  gradientOf,
  gradientTile,
  groupBytes,
  groupCount,
  partialOf,
  SCALARS,
  vectorsOf,
} from "./workspace";

/**
 * `adjoint` of both sides, gradients in the factors after the half-step that updated H (`ofH`) or W, become those
 * in the factors before it, which is where panels, tiles and statistics stand; Kullback–Leibler: `change` of the side
 * holds C⁺. Adds to ∂L/∂X. Every member calls it.
 */
export function halfStepAdjoint<T>(task: Task, ofH: bool, id: i32): void {
  if (task.loss == Loss.FROBENIUS) frobeniusHalfStep<T>(task, ofH, id);
  else kullbackLeiblerHalfStep<T>(task, ofH, id);
}

function kullbackLeiblerHalfStep<T>(task: Task, ofH: bool, id: i32): void {
  const k = task.k;
  const stop = changetype<usize>(task) + offsetof<Task>("stop");
  const side = changetype<Side>(ofH ? task.sideH : task.sideW);
  let total = panelCount<T>(side.cols);
  let chunks = chunkCount(total);
  let size = chunkPanels(total);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    const last = min(total, (chunk + 1) * size);
    const part = partialOf(task, ofH, chunk) + <usize>SCALARS * 8;
    memory.fill(part, 0, <usize>k * 8);
    for (let p = chunk * size; p < last; p++) changePanel<T>(task, ofH, p, part);
  }
  barrier(task);
  const shift = sumChunks(task, ofH, chunks, id);
  total = panelCount<T>(task.n);
  size = chunkPanels(total);
  const groups = groupCount(task);
  for (let group = nextChunk(task, groups, id, -1); group >= 0; group = nextChunk(task, groups, id, group)) {
    if (atomic.load<i32>(stop)) break;
    const sums = columnSumsOf(task, group);
    memory.fill(sums, 0, groupBytes(task));
    const last = min(total, firstInGroup(task, group + 1) * size);
    for (let p = firstInGroup(task, group) * size; p < last; p++) {
      columnsPanel<T>(task, ofH, p, sums, id);
      if (!ofH) addToRows<T>(k, shift, vectorsOf(task, true).adjoint + <usize>(p * k) * PANEL_BYTES);
    }
  }
  barrier(task);
  total = panelCount<T>(task.m);
  chunks = chunkCount(total);
  size = chunkPanels(total);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    const last = min(total, (chunk + 1) * size);
    for (let p = chunk * size; p < last; p++) {
      addColumnSums<T>(task, p);
      if (ofH) addToRows<T>(k, shift, vectorsOf(task, false).adjoint + <usize>(p * k) * PANEL_BYTES);
    }
  }
  barrier(task);
}

function frobeniusHalfStep<T>(task: Task, ofH: bool, id: i32): void {
  const side = changetype<Side>(ofH ? task.sideH : task.sideW);
  const other = changetype<Side>(ofH ? task.sideW : task.sideH);
  const vectors = vectorsOf(task, ofH);
  const others = vectorsOf(task, !ofH);
  const stop = changetype<usize>(task) + offsetof<Task>("stop");
  let total = panelCount<T>(side.cols);
  let chunks = chunkCount(total);
  let size = chunkPanels(total);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    if (atomic.load<i32>(stop)) break;
    const last = min(total, (chunk + 1) * size);
    memory.fill(task.partials + <usize>chunk * task.partialBytes, 0, squareBytes<T>(task));
    for (let p = chunk * size; p < last; p++) {
      frobeniusPanel<T>(task, side, other, vectors, p, ofH, chunk, id);
    }
  }
  barrier(task);
  if (id == 0) combineSquare<T>(task, chunks);
  barrier(task);
  total = panelCount<T>(other.cols);
  chunks = chunkCount(total);
  size = chunkPanels(total);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    if (atomic.load<i32>(stop)) break;
    const last = min(total, (chunk + 1) * size);
    for (let q = chunk * size; q < last; q++) {
      frobeniusTurned<T>(task, other, vectors, others, q, ofH, id);
    }
  }
  barrier(task);
}

function squareBytes<T>(task: Task): usize {
  return (<usize>task.k * task.k * sizeof<T>() + 15) & ~15;
}

/** Panel p of ∂L/∂X, or 0 where X̄ is not what the pass is over. */
function gradientPanel(task: Task, wanted: bool, p: i32): usize {
  return wanted ? gradientOf(task).gradient + <usize>p * task.m * PANEL_BYTES : 0;
}

/** C⁺ in `change` → Ā, Ḡ in `adjoint` → Ḡ∘C⁺/C, of panel p, and its part of Σ_j s̄. */
function changePanel<T>(task: Task, ofH: bool, p: i32, part: usize): void {
  const k = task.k;
  const side = changetype<Side>(ofH ? task.sideH : task.sideW);
  const other = changetype<Side>(ofH ? task.sideW : task.sideH);
  const vectors = vectorsOf(task, ofH);
  const at = <usize>p * k * PANEL_BYTES;
  const c = side.panels + at;
  const g = vectors.adjoint + at;
  const change = vectors.change + at;
  const zero = v128.splat<T>(<T>0);
  for (let a = 0; a < k; a++) {
    const inverse = v128.splat<T>(<T>(1 / (load<f64>(other.sums + <usize>a * 8) + task.epsilon)));
    let sum: f64 = 0;
    for (let half = <usize>a * PANEL_BYTES; half < <usize>(a + 1) * PANEL_BYTES; half += 16) {
      const old = v128.load(c + half);
      const next = v128.load(change + half);
      const slope = v128.load(g + half);
      // An entry that is 0 stays so, and so does what depends on it.
      const ratio = v128.and(v128.div<T>(next, old), v128.gt<T>(old, zero));
      const relative = v128.mul<T>(slope, inverse);
      v128.store(change + half, v128.mul<T>(relative, old));
      v128.store(g + half, v128.mul<T>(slope, ratio));
      sum -= horizontalSum<T>(v128.mul<T>(relative, next));
    }
    const to = part + <usize>a * 8;
    store<f64>(to, load<f64>(to) + sum);
  }
  panelToTiles<T>(k, side.cols, p, change, vectors.changeTiles);
}

/**
 * Panel p of X, tile by tile, for either half-step: its parts of H̄ and of ∂L/∂X, and into `sums` those of W̄. With
 * P = WH + ε, R = X/P, M = WĀ_H or Ā_WH:
 *
 *   of H   H̄ −= WᵀQ,          W̄ += RĀ_Hᵀ − QHᵀ     Q = M∘R/P
 *   of W   H̄ += Ā_WᵀR − WᵀQ,  W̄ −= QHᵀ
 */
function columnsPanel<T>(task: Task, ofH: bool, p: i32, sums: usize, id: i32): void {
  const k = task.k;
  const m = task.m;
  const W = changetype<Side>(task.sideW);
  const H = changetype<Side>(task.sideH);
  const vW = vectorsOf(task, false);
  const vH = vectorsOf(task, true);
  const at = <usize>p * k * PANEL_BYTES;
  const h = H.panels + at;
  const out = vH.adjoint + at;
  const changes = ofH ? W.panels : vW.change;
  const changed = ofH ? vH.change + at : h;
  const one = gradientTile(task, id, 0);
  const two = gradientTile(task, id, 1);
  const stride = (<usize>m) << 4;
  for (let row = 0; row < m; row += GRADIENT_ROWS) {
    const count = min(GRADIENT_ROWS, m - row);
    const offset = <usize>(p * m + row) * PANEL_BYTES;
    predict<T>(count, k, W.panels, row, h, one);
    predict<T>(count, k, changes, row, changed, two);
    quotients<T>(2 * count, <T>task.epsilon, H.data + offset, one, two, gradientOf(task).gradient + offset);
    if (!ofH) accumulate<T>(count, k, vW.changeTiles, m, row, one, out);
    accumulate<T>(count, k, W.tiles, m, row, two, out);
    accumulateRows<T>(count, k, ofH ? one : 0, changed, two, h, sums + ((<usize>row) << 4), stride);
  }
}

/** Σ s̄ of each component over what the chunks of the side of the half-step left (k f64), in the member's scratch. */
function sumChunks(task: Task, ofH: bool, chunks: i32, id: i32): usize {
  const sums = numerator(task, id);
  for (let a = 0; a < task.k; a++) {
    let sum: f64 = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      sum += load<f64>(partialOf(task, ofH, chunk) + <usize>(SCALARS + a) * 8);
    }
    store<f64>(sums + <usize>a * 8, sum);
  }
  return sums;
}

/** Row a of a panel += number a of `sums`. What this leaves behind the last column nobody asks for: C is 0 there. */
function addToRows<T>(k: i32, sums: usize, panel: usize): void {
  for (let a = 0; a < k; a++) {
    const sum = v128.splat<T>(<T>load<f64>(sums + <usize>a * 8));
    v128.store(panel, v128.add<T>(v128.load(panel), sum));
    v128.store(panel, v128.add<T>(v128.load(panel, 16), sum), 16);
    panel += PANEL_BYTES;
  }
}

/** Panel p of W̄ += the sums over columns of all groups. */
function addColumnSums<T>(task: Task, p: i32): void {
  const width = panelWidth<T>();
  const first = p * width;
  const live = min(width, task.m - first);
  const panel = vectorsOf(task, false).adjoint + <usize>(p * task.k) * PANEL_BYTES;
  const groups = groupCount(task);
  const bytes = groupBytes(task);
  for (let a = 0; a < task.k; a++) {
    const from = columnSumsOf(task, 0) + ((<usize>(a * task.m + first)) << 4);
    for (let column = 0; column < live; column++) {
      let at = from + ((<usize>column) << 4);
      let sum = v128.load(at);
      for (let group = 1; group < groups; group++) {
        at += bytes;
        sum = v128.add<T>(sum, v128.load(at));
      }
      const to = panel + <usize>a * PANEL_BYTES + <usize>column * sizeof<T>();
      store<T>(to, <T>(<f64>load<T>(to) + horizontalSum<T>(sum)));
    }
  }
}

/** WH in `p` → R, M in `m` → −Q, and M/P is added to the gradient. */
function quotients<T>(vectors: i32, epsilon: T, x: usize, p: usize, m: usize, gradient: usize): void {
  const e = v128.splat<T>(epsilon);
  const one = v128.splat<T>(<T>1);
  const end = p + ((<usize>vectors) << 4);
  for (; p < end; p += 16, m += 16, x += 16) {
    // A division takes as long as several products.
    const inverse = v128.div<T>(one, v128.add<T>(v128.load(p), e));
    const R = v128.mul<T>(v128.load(x), inverse);
    const share = v128.mul<T>(v128.load(m), inverse);
    v128.store(p, R);
    v128.store(m, v128.neg<T>(v128.mul<T>(share, R)));
    v128.store(gradient, v128.add<T>(v128.load(gradient), share));
    gradient += 16;
  }
}

/** Ā and C̄ of panel p, and its part of s̄Cᵀ. */
function frobeniusPanel<T>(
  task: Task,
  side: Side,
  other: Side,
  vectors: GradientSide,
  p: i32,
  ofH: bool,
  chunk: i32,
  id: i32,
): void {
  const k = task.k;
  const at = <usize>p * k * PANEL_BYTES;
  const c = side.panels + at;
  const g = vectors.adjoint + at;
  const change = vectors.change + at;
  const A = numerator(task, id);
  const s = denominator(task, id);
  clear(k, A);
  clear(k, s);
  accumulate<T>(side.rows, k, other.tiles, side.rows, 0, side.data + <usize>p * side.rows * PANEL_BYTES, A);
  accumulate<T>(k, k, other.gram, k, 0, c, s);
  const e = v128.splat<T>(<T>task.epsilon);
  const zero = v128.splat<T>(<T>0);
  for (let half: usize = 0; half < <usize>k * PANEL_BYTES; half += 16) {
    const below = v128.add<T>(v128.load(s + half), e);
    const factor = v128.div<T>(v128.load(A + half), below);
    const old = v128.load(g + half);
    const entry = v128.load(c + half);
    const value = v128.div<T>(v128.mul<T>(old, entry), below);
    v128.store(change + half, value);
    v128.store(g + half, v128.and(v128.mul<T>(old, factor), v128.gt<T>(entry, zero)));
    // s̄ takes the place of A.
    v128.store(A + half, v128.neg<T>(v128.mul<T>(value, factor)));
  }
  accumulate<T>(k, k, other.gram, k, 0, A, g);
  panelToTiles<T>(k, side.cols, p, change, vectors.changeTiles);
  const K = task.partials + <usize>chunk * task.partialBytes;
  for (let a = 0; a < k; a++) {
    const x = A + <usize>a * PANEL_BYTES;
    for (let b = 0; b < k; b++) {
      const y = c + <usize>b * PANEL_BYTES;
      const first = v128.mul<T>(v128.load(x), v128.load(y));
      const both = v128.add<T>(first, v128.mul<T>(v128.load(x, 16), v128.load(y, 16)));
      const to = K + <usize>(a * k + b) * sizeof<T>();
      store<T>(to, <T>(<f64>load<T>(to) + horizontalSum<T>(both)));
    }
  }
  if (ofH) addPredicted<T>(task, side.rows, other.panels, change, gradientPanel(task, true, p), id);
}

/** s̄Cᵀ + Cs̄ᵀ as tiles, from the parts of the chunks. */
function combineSquare<T>(task: Task, chunks: i32): void {
  const k = task.k;
  const sum = task.partials;
  for (let chunk = 1; chunk < chunks; chunk++) {
    const part = task.partials + <usize>chunk * task.partialBytes;
    for (let at: usize = 0; at < squareBytes<T>(task); at += 16) {
      v128.store(sum + at, v128.add<T>(v128.load(sum + at), v128.load(part + at)));
    }
  }
  for (let a = 0; a < k; a++) {
    for (let b = 0; b <= a; b++) {
      const lower = sum + <usize>(a * k + b) * sizeof<T>();
      const upper = sum + <usize>(b * k + a) * sizeof<T>();
      const both: T = load<T>(lower) + load<T>(upper);
      store<T>(lower, both);
      store<T>(upper, both);
    }
  }
  squareToTiles<T>(k, sum, gradientOf(task).square);
}

/** B̄ of panel q of Bᵀ. */
function frobeniusTurned<T>(
  task: Task,
  other: Side,
  vectors: GradientSide,
  others: GradientSide,
  q: i32,
  ofH: bool,
  id: i32,
): void {
  const k = task.k;
  const at = <usize>q * k * PANEL_BYTES;
  const b = other.panels + at;
  const out = others.adjoint + at;
  const rows = other.rows;
  const x = other.data + <usize>q * rows * PANEL_BYTES;
  accumulate<T>(rows, k, vectors.changeTiles, rows, 0, x, out);
  accumulate<T>(k, k, gradientOf(task).square, k, 0, b, out);
  if (!ofH) addPredicted<T>(task, rows, vectors.change, b, gradientPanel(task, true, q), id);
}

/** gradient (rows of a panel) += factor·panel. */
function addPredicted<T>(task: Task, rows: i32, factor: usize, panel: usize, gradient: usize, id: i32): void {
  const tile = gradientTile(task, id, 0);
  for (let row = 0; row < rows; row += GRADIENT_ROWS) {
    const count = min(GRADIENT_ROWS, rows - row);
    predict<T>(count, task.k, factor, row, panel, tile);
    const to = gradient + <usize>row * PANEL_BYTES;
    for (let at: usize = 0; at < <usize>count * PANEL_BYTES; at += 16) {
      v128.store(to + at, v128.add<T>(v128.load(to + at), v128.load(tile + at)));
    }
  }
}
