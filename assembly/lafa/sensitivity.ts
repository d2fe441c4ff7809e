// How far the features of a stationary factorization move with its data, to first order. Features are those of the
// feature error (feature-error.ts): w̃_a = s_a w_a, h̃_a = h_a/s_a with ‖w̃_a‖ = ‖h̃_a‖, so that neither the scale nor
// the order of components counts. With the notation of implicit.ts, u = dW∘a and v = dH∘b,
//
//   B dX = (dW∘((Q∘dX)Hᵀ), dH∘(Wᵀ(Q∘dX)))      how the conditions of a minimum move with the data
//   Bᵀ(a, b) = Q∘(uH + Wv)                      its adjoint
//   d(W, H) = d∘S⁻¹B dX,  dC = Π Σ d(W, H)      Σ: times s for W, 1/s for H
//   J = Π Σ D S⁻¹ B
//
// where Π takes away what lies along g_a = (w̃_a, −h̃_a), the scalings of each component, which leave C as it is. The
// singular vectors of J come from those of the symmetric
//
//   JJᵀ = Π Σ D S⁻¹ (BBᵀ) S⁻¹ D Σ Π,   BBᵀ(a, b) = d∘(YHᵀ, WᵀY),  Y = Q²∘(uH + Wv)
//
// by the method of Lanczos with full reorthogonalization, restarted with the best Ritz vectors (Wu & Simon 2000). Both
// products are formed tile by tile and S⁻¹ is the solution of implicit.ts, so that neither J nor anything else m×n is
// kept: vectors have (m+n)k entries. With one feature asked for, the rows of J that are not of it are left out.

import { horizontalSum, PANEL_BYTES, panelCount, panelWidth } from "../linalg/lanes";
import { accumulate, clear, predict } from "../linalg/product";
import { rotateToOrthogonal } from "../linalg/svd";
import { panelsToStaged, stagedToPanels } from "../nmf/factors";
import { Cursor, numerator, stagedH, take } from "../nmf/workspace";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels, firstChunk, MAX_CHUNKS } from "../parallel/range";
import { normal } from "../rng/counter";
import { Loss, Task } from "../task";
import { rowDot, rowMix } from "./feature-error";
import { sideOf } from "./implicit";
import {
  GRADIENT_ROWS,
  Gradient,
  gradientOf,
  gradientTile,
  panelBytes,
  partialOf,
  sumOfParts,
  vectorsOf,
} from "./workspace";

/** What a chunk leaves: ⟨x, BBᵀx⟩. */
const SQUARE: i32 = 0;

/** The streams of the first vectors, apart from those of the starts. */
const STREAM: u32 = 0x53454e00;

/** The basis, the projected matrix T = UᵀJJᵀU and what the host reads. */
@unmanaged
export class Sensitivity {
  // What the host writes.
  /** The one feature whose rows of J count, or −1 for all. */
  only: i32;
  // What the kernels report.
  /** Norm of what the last product had outside the basis. */
  norm: f64;
  /** ‖Bᵀx‖². */
  length: f64;
  /** ‖c_a‖² (k f64), Ritz values from the largest down, and the last entry of each Ritz vector in the basis. */
  squares: usize;
  values: usize;
  last: usize;
  // The memory.
  /** Vectors that the basis has room for. */
  room: i32;
  /** The vectors: panels of H and then of W, `stride` bytes or `rows` rows of a panel apart. */
  basis: usize;
  rows: i32;
  stride: usize;
  bytesH: usize;
  /** T, room×room f64, and Ritz vectors as rows, in the order of the values. */
  projected: usize;
  rotation: usize;
  /** Two matrices of Jacobi rotations, as f64 panels. */
  turned: usize;
  turns: usize;
  /** Inner products with the vectors of the basis, those of every piece of them. */
  parts: usize;
  /** s_a, k f64. */
  scales: usize;
}

export function sensitivityOf(task: Task): Sensitivity {
  return changetype<Sensitivity>(gradientOf(task).sensitivity);
}

/**
 * Writes the record and the pointers of a block at `base` with room for so many vectors, for a task whose
 * `gradientLayout` is done, and returns its bytes; with `base` 0 it only tells them.
 */
export function sensitivityLayout<T>(task: Task, base: usize, room: i32): f64 {
  return layoutOf(task, base, room, sizeof<T>());
}

function layoutOf(task: Task, base: usize, room: i32, size: i32): f64 {
  const k = task.k;
  const cursor = changetype<usize>(task) + offsetof<Task>("value");
  changetype<Cursor>(cursor).at = <f64>base;
  const record = take(cursor, <f64>offsetof<Sensitivity>());
  const bytesH = panelBytes(k, task.n, size);
  const stride = bytesH + panelBytes(k, task.m, size);
  const basis = take(cursor, stride * <f64>room);
  const square = <f64>room * <f64>room * 8;
  const projected = take(cursor, square);
  const rotation = take(cursor, square);
  const turned = take(cursor, panelBytes(room, room, 8));
  const turns = take(cursor, panelBytes(room, room, 8));
  const parts = take(cursor, <f64>MAX_CHUNKS * <f64>room * 8);
  const values = take(cursor, <f64>room * 8);
  const last = take(cursor, <f64>room * 8);
  const scales = take(cursor, <f64>k * 8);
  const squares = take(cursor, <f64>k * 8);
  const bytes = changetype<Cursor>(cursor).at - <f64>base;
  if (base != 0) {
    memory.fill(record, 0, offsetof<Sensitivity>());
    gradientOf(task).sensitivity = record;
    const s = changetype<Sensitivity>(record);
    s.only = -1;
    s.room = room;
    s.basis = basis;
    s.stride = <usize>stride;
    s.bytesH = <usize>bytesH;
    s.projected = projected;
    s.rotation = rotation;
    s.turned = turned;
    s.turns = turns;
    s.parts = parts;
    s.rows = <i32>(stride / PANEL_BYTES);
    s.values = values;
    s.last = last;
    s.scales = scales;
    s.squares = squares;
  }
  return bytes;
}

/** Vector `index` of the basis, the part of one side. */
function basisOf(s: Sensitivity, index: i32, ofH: bool): usize {
  return s.basis + <usize>index * s.stride + (ofH ? 0 : s.bytesH);
}

function f64At(at: usize, index: i32): f64 {
  return load<f64>(at + <usize>index * 8);
}

/** First panel of a chunk. */
function panelOf(chunk: i32, total: i32): i32 {
  return min(total, chunk * chunkPanels(total));
}

/** s_a and ‖c_a‖² of every feature, once `prepare` is done. Every member calls it. */
export function measureFeatures(task: Task, id: i32): void {
  if (id == 0) {
    const g = gradientOf(task);
    const s = sensitivityOf(task);
    const W = sideOf(task, false);
    const H = sideOf(task, true);
    for (let a = 0; a < task.k; a++) {
      const w = Math.sqrt(rowDot(g, task.k, task.m, W.panels, a, W.panels, a));
      const h = Math.sqrt(rowDot(g, task.k, task.n, H.panels, a, H.panels, a));
      store<f64>(s.scales + <usize>a * 8, Math.sqrt(h / w));
      store<f64>(s.squares + <usize>a * 8, 2 * w * h);
    }
  }
  barrier(task);
}

/** s_a for W, 1/s_a for H; 0 where the feature does not count. */
function scaleOf(s: Sensitivity, a: i32, ofH: bool): f64 {
  if (s.only >= 0 && s.only != a) return 0;
  const scale = f64At(s.scales, a);
  return ofH ? 1 / scale : scale;
}

/** Right-hand side ← d∘Σ∘(vector `index` of the basis). Every member calls it. */
export function rightSide<T>(task: Task, index: i32, id: i32): void {
  const k = task.k;
  const s = sensitivityOf(task);
  for (let which = 0; which < 2; which++) {
    const ofH = which == 0;
    const v = vectorsOf(task, ofH);
    const from = basisOf(s, index, ofH);
    const total = panelCount<T>(sideOf(task, ofH).cols);
    const chunks = chunkCount(total);
    const end = panelOf(firstChunk(chunks, task.team, id + 1), total);
    for (let p = panelOf(firstChunk(chunks, task.team, id), total); p < end; p++) {
      for (let a = 0; a < k; a++) {
        const scale = v128.splat<T>(<T>scaleOf(s, a, ofH));
        const first = <usize>(p * k + a) * PANEL_BYTES;
        for (let i = first; i < first + PANEL_BYTES; i += 16) {
          const y = v128.mul<T>(scale, v128.load(from + i));
          v128.store(v.adjoint + i, v128.mul<T>(v128.load(v.d + i), y));
        }
      }
    }
  }
  barrier(task);
}

/** Right-hand side ← BBᵀx, with `length` = ⟨x, BBᵀx⟩; `change` is d∘x already. Every member calls it. */
export function normalProduct<T>(task: Task, id: i32): void {
  for (let which = 0; which < 2; which++) {
    const ofH = which == 0;
    const total = panelCount<T>(sideOf(task, ofH).cols);
    const chunks = chunkCount(total);
    for (
      let chunk = nextChunk(task, chunks, id, -1);
      chunk >= 0;
      chunk = nextChunk(task, chunks, id, chunk)
    ) {
      const part = partialOf(task, ofH, chunk) + SQUARE * 8;
      let square: f64 = 0;
      const end = panelOf(chunk + 1, total);
      for (let p = panelOf(chunk, total); p < end; p++) square += normalPanel<T>(task, ofH, p, id);
      store<f64>(part, square);
    }
    barrier(task);
  }
  if (id == 0) sensitivityOf(task).length = sumOfParts(task, SQUARE);
  barrier(task);
}

function normalPanel<T>(task: Task, ofH: bool, p: i32, id: i32): f64 {
  const k = task.k;
  const side = sideOf(task, ofH);
  const other = sideOf(task, !ofH);
  const v = vectorsOf(task, ofH);
  const others = vectorsOf(task, !ofH);
  const at = <usize>(p * k) * PANEL_BYTES;
  const P = gradientTile(task, id, 0);
  const Y = gradientTile(task, id, 1);
  const more = gradientTile(task, id, 2);
  const sum = numerator(task, id);
  const one = v128.splat<T>(<T>1);
  const epsilon = v128.splat<T>(<T>task.epsilon);
  const kullbackLeibler = task.loss == Loss.KULLBACK_LEIBLER;
  clear(k, sum);
  for (let row = 0; row < side.rows; row += GRADIENT_ROWS) {
    const count = min(GRADIENT_ROWS, side.rows - row);
    predict<T>(count, k, others.change, row, side.panels + at, Y);
    predict<T>(count, k, other.panels, row, v.change + at, more);
    if (kullbackLeibler) predict<T>(count, k, other.panels, row, side.panels + at, P);
    for (let i: usize = 0; i < <usize>count * PANEL_BYTES; i += 16) {
      let value = v128.add<T>(v128.load(Y + i), v128.load(more + i));
      if (kullbackLeibler) {
        const Q = v128.div<T>(one, v128.add<T>(v128.load(P + i), epsilon));
        value = v128.mul<T>(Q, v128.mul<T>(Q, value));
      }
      v128.store(Y + i, value);
    }
    accumulate<T>(count, k, other.tiles, side.rows, row, Y, sum);
  }
  let square: f64 = 0;
  for (let i: usize = 0; i < <usize>k * PANEL_BYTES; i += 16) {
    const r = v128.mul<T>(v128.load(v.d + at + i), v128.load(sum + i));
    square += horizontalSum<T>(v128.mul<T>(v128.load(v.x + at + i), r));
    v128.store(v.adjoint + at + i, r);
  }
  return square;
}

/**
 * Vector `count` of the basis ← ΠΣd∘x, where `change` is d∘x, without what lies in the vectors before it, whose shares
 * become row and column count − 1 of T, and normalized. With −1 vector 0 is what was loaded into it. Every member
 * calls it.
 */
export function extend<T>(task: Task, count: i32, id: i32): void {
  const s = sensitivityOf(task);
  const given = count < 0;
  if (given) count = 0;
  const row = s.projected + <usize>(max(0, count - 1) * s.room) * 8;
  if (id == 0) memory.fill(row, 0, <usize>s.room * 8);
  for (let pass = 0; pass < 2; pass++) {
    // Again: of what is left after the first pass, which may be little, nothing may lie along the scalings either.
    candidate(task, count, given || pass > 0, id);
    multiply<T>(task, count, id);
    if (id == 0) {
      for (let j = 0; j < count; j++) {
        const share = f64At(row, j) + sumOfPieces(s, j);
        store<f64>(row + <usize>j * 8, share);
        store<f64>(s.projected + <usize>(j * s.room + count - 1) * 8, share);
      }
    }
    subtract<T>(task, count, id);
  }
  const norm = Math.sqrt(sumOfPieces(s, count));
  if (id == 0) s.norm = norm;
  scale<T>(task, count, norm > 0 ? 1 / norm : 0, id);
}

/**
 * Vector `index` ← ΠΣd∘x, where `change` is d∘x, or Π of what it is where that is given. (m+n)k work, which one member
 * does alone. Ends with a barrier.
 */
function candidate(task: Task, index: i32, given: bool, id: i32): void {
  if (id == 0) {
    const g = gradientOf(task);
    const s = sensitivityOf(task);
    for (let a = 0; a < task.k; a++) {
      const along = scaled(g, task, index, a, given, false) - scaled(g, task, index, a, given, true);
      const share = along / f64At(s.squares, a);
      straighten(g, task, index, a, -share, false);
      straighten(g, task, index, a, share, true);
    }
  }
  barrier(task);
}

/** Row a of one part of the vector ← Σd∘x, or itself; ⟨c̃_a, that⟩. */
function scaled(g: Gradient, task: Task, index: i32, a: i32, given: bool, ofH: bool): f64 {
  const s = sensitivityOf(task);
  const side = sideOf(task, ofH);
  const y = basisOf(s, index, ofH);
  const factor = scaleOf(s, a, ofH);
  const from = given ? y : vectorsOf(task, ofH).change;
  rowMix(g, task.k, side.cols, y, from, a, given && factor > 0 ? 1 : factor, from, a, 0);
  return factor * rowDot(g, task.k, side.cols, side.panels, a, y, a);
}

/** Row a of one part of the vector, and `share` times c̃_a. */
function straighten(g: Gradient, task: Task, index: i32, a: i32, share: f64, ofH: bool): void {
  const s = sensitivityOf(task);
  const side = sideOf(task, ofH);
  const y = basisOf(s, index, ofH);
  rowMix(g, task.k, side.cols, y, y, a, 1, side.panels, a, share * scaleOf(s, a, ofH));
}

// What follows takes a vector as one piece of memory, cut like panels.

/** Where a piece begins, in bytes. */
function pieceAt(s: Sensitivity, piece: i32): usize {
  return <usize>panelOf(piece, s.rows) * PANEL_BYTES;
}

/** What the pieces left under number j, summed in their order. */
function sumOfPieces(s: Sensitivity, j: i32): f64 {
  const pieces = chunkCount(s.rows);
  let sum: f64 = 0;
  for (let piece = 0; piece < pieces; piece++) sum += f64At(s.parts, piece * s.room + j);
  return sum;
}

function innerProduct<T>(x: usize, y: usize, bytes: usize): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < bytes; i += PANEL_BYTES) {
    const low = v128.mul<T>(v128.load(x + i), v128.load(y + i));
    sum += horizontalSum<T>(v128.add<T>(low, v128.mul<T>(v128.load(x + i, 16), v128.load(y + i, 16))));
  }
  return sum;
}

/** The pieces' ⟨vector j, vector count⟩ under number j < count. Ends with a barrier. */
function multiply<T>(task: Task, count: i32, id: i32): void {
  const s = sensitivityOf(task);
  const pieces = chunkCount(s.rows);
  const end = firstChunk(pieces, task.team, id + 1);
  for (let piece = firstChunk(pieces, task.team, id); piece < end; piece++) {
    const from = s.basis + pieceAt(s, piece);
    const bytes = pieceAt(s, piece + 1) - pieceAt(s, piece);
    for (let j = 0; j < count; j++) {
      const product = innerProduct<T>(from + <usize>j * s.stride, from + <usize>count * s.stride, bytes);
      store<f64>(s.parts + <usize>(piece * s.room + j) * 8, product);
    }
  }
  barrier(task);
}

/** Vector `count` less those products times the vectors; the pieces' squares of it under number count. Ends with a barrier. */
function subtract<T>(task: Task, count: i32, id: i32): void {
  const s = sensitivityOf(task);
  const pieces = chunkCount(s.rows);
  const end = firstChunk(pieces, task.team, id + 1);
  const y = s.basis + <usize>count * s.stride;
  const first = pieceAt(s, firstChunk(pieces, task.team, id));
  for (let j = 0; j < count; j++) {
    const share = v128.splat<T>(<T>sumOfPieces(s, j));
    const vector = s.basis + <usize>j * s.stride;
    for (let i = first; i < pieceAt(s, end); i += 16) {
      v128.store(y + i, v128.sub<T>(v128.load(y + i), v128.mul<T>(share, v128.load(vector + i))));
    }
  }
  for (let piece = firstChunk(pieces, task.team, id); piece < end; piece++) {
    const from = y + pieceAt(s, piece);
    const square = innerProduct<T>(from, from, pieceAt(s, piece + 1) - pieceAt(s, piece));
    store<f64>(s.parts + <usize>(piece * s.room + count) * 8, square);
  }
  barrier(task);
}

/** Vector `index` times a factor. Ends with a barrier. */
function scale<T>(task: Task, index: i32, factor: f64, id: i32): void {
  const s = sensitivityOf(task);
  const pieces = chunkCount(s.rows);
  const y = s.basis + <usize>index * s.stride;
  const end = y + pieceAt(s, firstChunk(pieces, task.team, id + 1));
  const by = v128.splat<T>(<T>factor);
  for (let i = y + pieceAt(s, firstChunk(pieces, task.team, id)); i < end; i += 16) {
    v128.store(i, v128.mul<T>(by, v128.load(i)));
  }
  barrier(task);
}

/** Ritz values and vectors of the first `count` vectors, from the leading part of T. Every member calls it. */
export function ritz(task: Task, count: i32, id: i32): void {
  if (id == 0) diagonalize(sensitivityOf(task), count);
  barrier(task);
}

/** T is symmetric with eigenvalues ≥ 0: rotations that make its rows orthogonal diagonalize it. */
function diagonalize(s: Sensitivity, count: i32): void {
  const panels = panelCount<f64>(count);
  clear(panels * count, s.turned);
  clear(panels * count, s.turns);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      store<f64>(entryOf(s.turned, count, i, j), f64At(s.projected, i * s.room + j));
    }
    store<f64>(entryOf(s.turns, count, i, i), 1);
  }
  rotateToOrthogonal<f64>(count, panels, s.turned, panels, s.turns);
  for (let i = 0; i < count; i++) {
    let square: f64 = 0;
    for (let j = 0; j < count; j++) {
      const x = load<f64>(entryOf(s.turned, count, i, j));
      square += x * x;
    }
    // Insertion keeps the rows sorted.
    let at = i;
    for (; at > 0 && f64At(s.values, at - 1) < Math.sqrt(square); at--) {
      store<f64>(s.values + <usize>at * 8, f64At(s.values, at - 1));
      store<f64>(s.last + <usize>at * 8, f64At(s.last, at - 1));
      const row = s.rotation + <usize>(at * s.room) * 8;
      memory.copy(row, row - <usize>s.room * 8, <usize>count * 8);
    }
    store<f64>(s.values + <usize>at * 8, Math.sqrt(square));
    store<f64>(s.last + <usize>at * 8, load<f64>(entryOf(s.turns, count, i, count - 1)));
    for (let j = 0; j < count; j++) {
      store<f64>(s.rotation + <usize>(at * s.room + j) * 8, load<f64>(entryOf(s.turns, count, i, j)));
    }
  }
}

/** Entry (r, c) of a matrix with `rows` rows as f64 panels. */
function entryOf(panels: usize, rows: i32, r: i32, c: i32): usize {
  const width = panelWidth<f64>();
  return panels + <usize>((c / width) * rows + r) * PANEL_BYTES + <usize>(c % width) * 8;
}

/**
 * The basis ← its `keep` best Ritz vectors, of those that `ritz` found for the first `count`, and vector `count`
 * behind them. Every member calls it. keep ≤ 256.
 */
export function restart<T>(task: Task, keep: i32, count: i32, id: i32): void {
  const s = sensitivityOf(task);
  const pieces = chunkCount(s.rows);
  const mixed = numerator(task, id);
  const end = s.basis + pieceAt(s, firstChunk(pieces, task.team, id + 1));
  for (let i = s.basis + pieceAt(s, firstChunk(pieces, task.team, id)); i < end; i += 16) {
    for (let t = 0; t < keep; t++) {
      let sum = v128.splat<T>(<T>0);
      for (let j = 0; j < count; j++) {
        const share = v128.splat<T>(<T>f64At(s.rotation, t * s.room + j));
        sum = v128.add<T>(sum, v128.mul<T>(share, v128.load(i + <usize>j * s.stride)));
      }
      v128.store(mixed + <usize>t * 16, sum);
    }
    for (let t = 0; t < keep; t++) v128.store(i + <usize>t * s.stride, v128.load(mixed + <usize>t * 16));
    v128.store(i + <usize>keep * s.stride, v128.load(i + <usize>count * s.stride));
  }
  if (id == 0) {
    memory.fill(s.projected, 0, <usize>(s.room * s.room) * 8);
    for (let t = 0; t < keep; t++) store<f64>(s.projected + <usize>(t * s.room + t) * 8, f64At(s.values, t));
  }
  barrier(task);
}

/** Vector 0 of the basis ← what is staged as W and H. One member calls it. */
export function loadVector<T>(task: Task): void {
  const s = sensitivityOf(task);
  stagedToPanels<T>(task, basisOf(s, 0, false), basisOf(s, 0, true));
}

/** W and H in the staging area ← normal numbers. One member calls it. */
export function drawVector<T>(task: Task, seed: u32): void {
  normal<T>(seed, STREAM, task.m * task.k, false, task.staging, numerator(task, 0));
  normal<T>(seed, STREAM + 1, task.k * task.n, false, stagedH<T>(task), numerator(task, 0));
}

/** Vector `index` of the basis, row-major like W and H, in the staging area. One member calls it. */
export function storeVector<T>(task: Task, index: i32): void {
  const s = sensitivityOf(task);
  panelsToStaged<T>(task, basisOf(s, index, false), basisOf(s, index, true));
}
