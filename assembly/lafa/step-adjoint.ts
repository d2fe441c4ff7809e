// The adjoint of a multiplicative update for the Frobenius loss (LaFA, arXiv 2408.03909, back-propagation), half-step by
// half-step. A half-step updates C (k×cols), the factor B (rows×k) fixed, to fit X (rows×cols):
//
//   A = BᵀX,  G = BᵀB,  s = GC + ε,  C⁺ = C∘A/s
//
// From Ḡ, the gradient in C⁺, come those in C, B and X:
//
//   Ā = Ḡ∘C/s,  s̄ = −Ḡ∘C⁺/s
//   C̄ = Ḡ∘A/s + Gs̄;  B̄ = XĀᵀ + B(s̄Cᵀ + Cs̄ᵀ);  X̄ = BĀ
//
// An entry of C that is 0 stays so in every iteration, and what would flow through it leads nowhere: the first term of
// its C̄ is left out, since A/s may be 1/ε there, and its power overflow (a column that AT-NMF's adversary wipes out).
//
// C̄ is a sum over the rows of X and B̄ one over its columns: a pass over the panels of X and one over those of Xᵀ.
// Nothing is m×n but X̄.

import { horizontalSum, PANEL_BYTES, panelCount } from "../linalg/lanes";
import { panelToTiles, squareToTiles } from "../linalg/layout";
import { accumulate, clear, predict } from "../linalg/product";
import { denominator, numerator } from "../nmf/workspace";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Side, Task } from "../task";
import { GRADIENT_ROWS, GradientSide, gradientOf, gradientTile, vectorsOf } from "./workspace";

/**
 * `adjoint` of both sides, gradients in the factors after the half-step that updated H (`ofH`) or W, become those
 * in the factors before it, which is where panels, tiles and statistics stand. Adds to ∂L/∂X. Every member calls it.
 */
export function frobeniusHalfStep<T>(task: Task, ofH: bool, id: i32): void {
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
