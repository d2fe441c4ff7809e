// The gradient of the feature error L in X at a stationary point, by the conditions that hold there
// (Karush–Kuhn–Tucker; implicit differentiation of LaFA, arXiv 2408.03909, §4, whose Jacobians are never formed
// here), in a symmetric, scaled form. Components are first brought to ΣW_k = ΣH_k. With
//
//   Kullback–Leibler   P = WH + ε,  C = X/P²,  E = 1 − X/P,  sW_k = ΣH_k,  sH_k = ΣW_k,  Q = 1/P
//   Frobenius          C = 1,  E = WH − X,  sW = W(HHᵀ),  sH = (WᵀW)H,  Q = 1
//   dW = √(W/sW),  dH = √(H/sH),  eW = max(EHᵀ/sW, 0),  eH = max(WᵀE/sH, 0)
//
// the product with the matrix S of the scaled second derivatives is
//
//   u = dW∘a,  v = dH∘b,  T = C∘(uH + Wv)
//   S_W = dW∘(THᵀ + Evᵀ) + eW∘a,  S_H = dH∘(WᵀT + uᵀE) + eH∘b
//
// and with (S + δI)(a, b) = (dW∘∂L/∂W, dH∘∂L/∂H),
//
//   dL/dX = Q∘((dW∘a)H + W(dH∘b))
//
// The solver is conjugate gradients (Hestenes & Stiefel 1952), preconditioned with the k×k blocks of S + δI for
// each row of W and column of H; it stops at negative curvature. S has a null space, the scalings of each
// component, z_k = (√(W_k∘sW_k), −√(H_k∘sH_k)), which is projected out where δ = 0. A product passes over X and
// over Xᵀ once, tile by tile: nothing is m×n but X. Vectors are panels like W and H; sums are f64.
//
//   stationarity   √ mean_k(‖W_k∘EHᵀ/sW‖²/‖W_k‖² + ‖H_k∘WᵀE/sH‖²/‖H_k‖²)
//   multiplier     the least of EHᵀ/sW and WᵀE/sH at entries that are 0, or next to it beside their component
//   leak           share of the right-hand side along the scalings
//   curvature      the least pᵀSp/pᵀp that was met

import { factorPanel, solvePanel } from "../linalg/cholesky-panel";
import { horizontalSum, PANEL_BYTES, panelCount, panelWidth, smallestNormal } from "../linalg/lanes";
import { panelToTiles } from "../linalg/layout";
import { accumulate, clear, predict } from "../linalg/product";
import { loadPair, pairSum } from "../nmf/loss";
import { columnSums } from "../nmf/mu-divergence";
import { refresh } from "../nmf/statistics";
import { denominator, numerator } from "../nmf/workspace";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels, firstChunk } from "../parallel/range";
import { Loss, Side, Task } from "../task";
import { featureError } from "./feature-error";
import {
  GRADIENT_ROWS,
  GradientSide,
  gradientOf,
  gradientTile,
  partialOf,
  SCALARS,
  sumOfParts,
  sumOfSide,
  vectorsOf,
} from "./workspace";

// What a chunk leaves, first from `prepare`, then from each iteration.
const MULTIPLIER: i32 = 0;
const RHS_SQUARES: i32 = 1;
const CURVATURE: i32 = 0;
const LENGTH: i32 = 1;
const RESIDUAL: i32 = 2;
const RHO: i32 = 3;
/**
 * Sums of k numbers: ‖C∘pull‖², ‖C‖², ‖z‖² and ⟨z, r⟩; from each iteration ⟨z, q⟩ in place of the first and
 * ⟨z, M⁻¹r⟩ of the last.
 */
const PULLS: i32 = 0;
const SQUARES: i32 = 1;
const SCALINGS: i32 = 2;
const ALONG: i32 = 3;

/** This part of the largest entry of its component counts as 0. */
const ZERO: f64 = 1e-10;

/** What is added to a diagonal, so that empty blocks can be factorized. */
function leastDiagonal<T>(): T {
  return sizeof<T>() == 4 ? <T>1e-12 : <T>1e-14;
}

export function sideOf(task: Task, ofH: bool): Side {
  return changetype<Side>(ofH ? task.sideH : task.sideW);
}

/** Where sum `index` of component a begins among what a chunk leaves. */
function sumAt(task: Task, index: i32, a: i32): i32 {
  return SCALARS + index * task.k + a;
}

/** What `prepare` is for. */
export namespace Purpose {
  /** The gradient of the feature error. */
  export const GRADIENT: i32 = 0;
  /** A Newton step: the right-hand side is −d∘∂loss/∂C (stationary.ts). */
  export const NEWTON: i32 = 1;
  /** Stationarity and multiplier alone. */
  export const STATIONARITY: i32 = 2;
}

/**
 * Balances the components and begins the solution of the system, with the feature error and its gradient for a
 * right-hand side: all figures of the record but the products. Every member calls it.
 */
export function prepare<T>(task: Task, purpose: i32, id: i32): void {
  const g = gradientOf(task);
  if (id == 0 && purpose == Purpose.GRADIENT && g.floor > 0) raiseZeros<T>(task, g.floor);
  balanceFactors<T>(task, id);
  if (purpose == Purpose.GRADIENT) {
    featureError(task, id);
    if (g.vanished) return;
  }
  // The figures of the features have had their use.
  if (id == 0) largest<T>(task);
  barrier(task);
  prepareSide<T>(task, true, purpose, id);
  barrier(task);
  prepareSide<T>(task, false, purpose, id);
  barrier(task);
  if (id == 0) judge(task);
  barrier(task);
  if (purpose == Purpose.STATIONARITY) return;
  begin<T>(task, g.norm, id);
}

/** Begins another solution, for the right-hand side that is in `adjoint`. Every member calls it. */
export function beginSolution<T>(task: Task, id: i32): void {
  for (let which = 0; which < 2; which++) {
    const v = vectorsOf(task, which == 0);
    const total = panelCount<T>(sideOf(task, which == 0).cols);
    const chunks = chunkCount(total);
    const bytes = <usize>chunkPanels(total) * task.k * PANEL_BYTES;
    const all = <usize>total * task.k * PANEL_BYTES;
    const first = min(all, <usize>firstChunk(chunks, task.team, id) * bytes);
    const size = min(all, <usize>firstChunk(chunks, task.team, id + 1) * bytes) - first;
    memory.fill(v.x + first, 0, size);
    memory.fill(v.p + first, 0, size);
    memory.fill(v.q + first, 0, size);
  }
  begin<T>(task, -1, id);
}

/** norm: that of the right-hand side, or −1 where it is still to be taken. */
function begin<T>(task: Task, norm: f64, id: i32): void {
  const g = gradientOf(task);
  // r is the right-hand side: with a step of 0 this leaves M⁻¹r, and it becomes the first direction.
  update<T>(task, 0, id);
  if (norm < 0) norm = Math.sqrt(sumOfParts(task, RESIDUAL));
  const rho = sumOfParts(task, RHO);
  turn<T>(task, 0, id);
  if (id == 0) {
    g.norm = norm;
    g.rho = rho;
    g.remaining = norm;
    g.residual = norm > 0 ? 1 : 0;
    g.done = norm > 0 ? 0 : 1;
    g.products = 0;
    g.negative = 0;
    g.curvature = Infinity;
  }
  barrier(task);
}

/** Balances the components, and brings tiles and statistics in line. Every member calls it. */
export function balanceFactors<T>(task: Task, id: i32): void {
  if (id == 0) balance<T>(task);
  barrier(task);
  refresh<T>(task, sideOf(task, true), id);
  refresh<T>(task, sideOf(task, false), id);
}

/** Raises entries of W and H below `part` of the largest of their component to it. */
function raiseZeros<T>(task: Task, part: f64): void {
  const width = panelWidth<T>();
  for (let which = 0; which < 2; which++) {
    const side = sideOf(task, which == 0);
    for (let a = 0; a < task.k; a++) {
      const row = side.panels + <usize>a * PANEL_BYTES;
      const least = <T>(part * largestEntry<T>(task.k, side.cols, row));
      // Beyond the columns there are zeros, and they stay.
      for (let column = 0; column < side.cols; column++) {
        const panel = row + <usize>((column / width) * task.k) * PANEL_BYTES;
        const at = panel + <usize>(column % width) * sizeof<T>();
        if (load<T>(at) < least) store<T>(at, least);
      }
    }
  }
}

/** The largest entry of one row of panels. */
function largestEntry<T>(k: i32, cols: i32, row: usize): f64 {
  let most: f64 = 0;
  const count = panelCount<T>(cols);
  for (let p = 0; p < count; p++, row += <usize>k * PANEL_BYTES) {
    for (let i: usize = 0; i < PANEL_BYTES; i += sizeof<T>()) most = Math.max(most, <f64>load<T>(row + i));
  }
  return most;
}

/** W_k ← c_k W_k and H_k ← H_k/c_k with c_k = √(ΣH_k/ΣW_k). */
function balance<T>(task: Task): void {
  const W = sideOf(task, false);
  const H = sideOf(task, true);
  for (let a = 0; a < task.k; a++) {
    const w = rowSum<T>(task.k, W.cols, W.panels, a);
    const h = rowSum<T>(task.k, H.cols, H.panels, a);
    if (!(w > 0 && h > 0)) continue;
    const c = Math.sqrt(h / w);
    scaleRow<T>(task.k, W.cols, W.panels, a, c);
    scaleRow<T>(task.k, H.cols, H.panels, a, 1 / c);
  }
}

/** The largest entry of each component of either factor, behind the k numbers ‖z‖² of the features. */
function largest<T>(task: Task): void {
  for (let which = 0; which < 2; which++) {
    const side = sideOf(task, which == 0);
    const to = largestOf(task, which == 0);
    for (let a = 0; a < task.k; a++) {
      const row = side.panels + <usize>a * PANEL_BYTES;
      store<f64>(to + <usize>a * 8, largestEntry<T>(task.k, side.cols, row));
    }
  }
}

function largestOf(task: Task, ofH: bool): usize {
  return gradientOf(task).features + <usize>task.k * (ofH ? 8 : 16);
}

function rowSum<T>(k: i32, cols: i32, panels: usize, a: i32): f64 {
  let sum = f64x2.splat(0);
  const count = panelCount<T>(cols);
  let x = panels + <usize>a * PANEL_BYTES;
  for (let p = 0; p < count; p++, x += <usize>k * PANEL_BYTES) {
    for (let at: usize = 0; at < PANEL_BYTES; at += 2 * sizeof<T>()) {
      sum = f64x2.add(sum, loadPair<T>(x + at));
    }
  }
  return pairSum(sum);
}

function scaleRow<T>(k: i32, cols: i32, panels: usize, a: i32, factor: f64): void {
  const count = panelCount<T>(cols);
  const by = v128.splat<T>(<T>factor);
  let x = panels + <usize>a * PANEL_BYTES;
  for (let p = 0; p < count; p++, x += <usize>k * PANEL_BYTES) {
    v128.store(x, v128.mul<T>(v128.load(x), by));
    v128.store(x, v128.mul<T>(v128.load(x, 16), by), 16);
  }
}

/** WH in `p` → C, and E into `e`. x: rows of X's panel. */
function curvatures<T>(task: Task, vectors: i32, x: usize, p: usize, e: usize): void {
  const end = p + ((<usize>vectors) << 4);
  const one = v128.splat<T>(<T>1);
  const epsilon = v128.splat<T>(<T>task.epsilon);
  const kullbackLeibler = task.loss == Loss.KULLBACK_LEIBLER;
  for (; p < end; p += 16, e += 16, x += 16) {
    if (kullbackLeibler) {
      const inverse = v128.div<T>(one, v128.add<T>(v128.load(p), epsilon));
      const R = v128.mul<T>(v128.load(x), inverse);
      v128.store(e, v128.sub<T>(one, R));
      v128.store(p, v128.mul<T>(R, inverse));
    } else {
      v128.store(e, v128.sub<T>(v128.load(p), v128.load(x)));
      v128.store(p, one);
    }
  }
}

/** d, e, r, the blocks and the sums of every panel of one side. */
function prepareSide<T>(task: Task, ofH: bool, purpose: i32, id: i32): void {
  const side = sideOf(task, ofH);
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const own = (SCALARS + 4 * task.k) * 8;
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    const last = min(total, (chunk + 1) * size);
    const part = partialOf(task, ofH, chunk);
    memory.fill(part, 0, own);
    for (let p = chunk * size; p < last; p++) {
      preparePanel<T>(task, ofH, p, purpose, part, id);
    }
  }
}

function preparePanel<T>(task: Task, ofH: bool, p: i32, purpose: i32, part: usize, id: i32): void {
  const k = task.k;
  const side = sideOf(task, ofH);
  const other = sideOf(task, !ofH);
  const v = vectorsOf(task, ofH);
  const rows = side.rows;
  const at = <usize>p * k * PANEL_BYTES;
  const c = side.panels + at;
  const block = v.blocks + at * k;
  const pull = numerator(task, id);
  const s = denominator(task, id);
  const C = gradientTile(task, id, 0);
  const E = gradientTile(task, id, 1);
  const weighted = gradientTile(task, id, 2);
  const whole = purpose != Purpose.STATIONARITY;
  clear(k, pull);
  if (whole) clear(k * k, block);
  for (let row = 0; row < rows; row += GRADIENT_ROWS) {
    const count = min(GRADIENT_ROWS, rows - row);
    predict<T>(count, k, other.panels, row, c, C);
    curvatures<T>(task, 2 * count, side.data + <usize>(p * rows + row) * PANEL_BYTES, C, E);
    accumulate<T>(count, k, other.tiles, rows, row, E, pull);
    for (let a = 0; a < k && whole; a++) {
      weigh<T>(k, count, other.panels, row, a, C, weighted);
      accumulate<T>(count, k, other.tiles, rows, row, weighted, block + <usize>(a * k) * PANEL_BYTES);
    }
  }
  if (task.loss == Loss.KULLBACK_LEIBLER) columnSums<T>(k, other.sums, s);
  else {
    clear(k, s);
    accumulate<T>(k, k, other.gram, k, 0, c, s);
  }
  const live = min(panelWidth<T>(), side.cols - p * panelWidth<T>());
  const sign: f64 = ofH ? -1 : 1;
  const zero = v128.splat<T>(<T>0);
  const least = v128.splat<T>(smallestNormal<T>());
  for (let a = 0; a < k; a++) {
    const small = ZERO * load<f64>(largestOf(task, ofH) + <usize>a * 8);
    for (let half = <usize>a * PANEL_BYTES; half < <usize>(a + 1) * PANEL_BYTES; half += 16) {
      const below = v128.load(s + half);
      const sound = v128.ge<T>(below, least);
      const slope = v128.load(pull + half);
      const relative = v128.and(v128.div<T>(slope, below), sound);
      const d = v128.and(v128.sqrt<T>(v128.div<T>(v128.load(c + half), below)), sound);
      v128.store(pull + half, relative);
      v128.store(v.d + at + half, d);
      v128.store(v.e + at + half, v128.max<T>(relative, zero));
      const r = v.adjoint + at + half;
      v128.store(r, v128.mul<T>(d, purpose == Purpose.NEWTON ? v128.neg<T>(slope) : v128.load(r)));
      v128.store(v.x + at + half, zero);
      v128.store(v.p + at + half, zero);
      v128.store(v.q + at + half, zero);
    }
    for (let column = 0; column < live; column++) {
      const entry = <usize>a * PANEL_BYTES + <usize>column * sizeof<T>();
      const value = <f64>load<T>(c + entry);
      const drawn = <f64>load<T>(pull + entry);
      const r = <f64>load<T>(v.adjoint + at + entry);
      const d = <f64>load<T>(v.d + at + entry);
      const z = d > 0 ? (sign * value) / d : 0;
      if (value <= small) store<f64>(part, Math.min(load<f64>(part), drawn));
      add(part + RHS_SQUARES * 8, r * r);
      add(part + <usize>sumAt(task, PULLS, a) * 8, value * drawn * value * drawn);
      add(part + <usize>sumAt(task, SQUARES, a) * 8, value * value);
      add(part + <usize>sumAt(task, SCALINGS, a) * 8, z * z);
      add(part + <usize>sumAt(task, ALONG, a) * 8, z * r);
    }
  }
  if (whole) finishBlocks<T>(task, v.d + at, v.e + at, block);
}

function add(at: usize, value: f64): void {
  store<f64>(at, load<f64>(at) + value);
}

/** out(r) = B(row0 + r, a) · C(r), rows of a panel. factor: the panels of Bᵀ (k rows). */
function weigh<T>(k: i32, rows: i32, factor: usize, row0: i32, a: i32, C: usize, out: usize): void {
  const width = panelWidth<T>();
  for (let r = 0; r < rows; r++) {
    const row = row0 + r;
    const panel = factor + <usize>((row / width) * k + a) * PANEL_BYTES;
    const b = v128.load_splat<T>(panel + <usize>(row % width) * sizeof<T>());
    v128.store(out, v128.mul<T>(b, v128.load(C)));
    v128.store(out, v128.mul<T>(b, v128.load(C, 16)), 16);
    out += PANEL_BYTES;
    C += PANEL_BYTES;
  }
}

/** Σ C∘B_a∘B_b of a panel's columns → d_a(that)d_b + e + δ on the diagonal, factorized. */
function finishBlocks<T>(task: Task, d: usize, e: usize, block: usize): void {
  const k = task.k;
  const shift = v128.splat<T>(<T>gradientOf(task).damping + leastDiagonal<T>());
  for (let a = 0; a < k; a++) {
    for (let b = 0; b <= a; b++) {
      const to = block + <usize>(a * k + b) * PANEL_BYTES;
      for (let half: usize = 0; half < PANEL_BYTES; half += 16) {
        const da = v128.load(d + <usize>a * PANEL_BYTES + half);
        const db = v128.load(d + <usize>b * PANEL_BYTES + half);
        let value = v128.mul<T>(da, v128.mul<T>(v128.load(to + half), db));
        if (a == b)
          value = v128.add<T>(value, v128.add<T>(v128.load(e + <usize>a * PANEL_BYTES + half), shift));
        v128.store(to + half, value);
      }
    }
  }
  factorPanel<T>(k, block);
}

/** Stationarity, multiplier, leak and norm from the sums of the chunks; ⟨z, r⟩/‖z‖² of each component is kept. */
function judge(task: Task): void {
  const g = gradientOf(task);
  const k = task.k;
  let shares: f64 = 0;
  let along: f64 = 0;
  for (let a = 0; a < k; a++) {
    // W's chunks and H's have norms of their own.
    shares += shareOf(task, true, a) + shareOf(task, false, a);
    const length = sumOfParts(task, sumAt(task, SCALINGS, a));
    const part = sumOfParts(task, sumAt(task, ALONG, a));
    along += length > 0 ? (part * part) / length : 0;
    store<f64>(g.features + <usize>a * 8, length);
  }
  g.stationarity = Math.sqrt(shares / <f64>k);
  g.norm = Math.sqrt(sumOfParts(task, RHS_SQUARES));
  g.leak = g.norm > 0 ? Math.sqrt(along) / g.norm : 0;
  let least: f64 = 0;
  for (let chunk = 0; chunk < g.chunksH + g.chunksW; chunk++) {
    least = Math.min(least, load<f64>(partialOf(task, true, chunk) + MULTIPLIER * 8));
  }
  g.multiplier = least;
}

/** ‖C_a∘pull‖²/‖C_a‖² of one side. */
function shareOf(task: Task, ofH: bool, a: i32): f64 {
  return sumOfSide(task, ofH, sumAt(task, PULLS, a)) / sumOfSide(task, ofH, sumAt(task, SQUARES, a));
}

/** At most `count` iterations of conjugate gradients. Every member calls it, and takes the same decisions. */
export function solve<T>(task: Task, count: i32, id: i32): void {
  const g = gradientOf(task);
  const limit = g.limit;
  const goal = g.tolerance * g.norm;
  let rho = g.rho;
  let products = g.products;
  let residual = g.remaining;
  let least = g.curvature;
  let negative = 0;
  let done = g.done;
  for (let i = 0; i < count && done == 0; i++) {
    if (residual <= goal || products >= limit) {
      done = 1;
      break;
    }
    multiplySide<T>(task, true, id);
    barrier(task);
    multiplySide<T>(task, false, id);
    barrier(task);
    products++;
    const curvature = sumOfParts(task, CURVATURE);
    const length = sumOfParts(task, LENGTH);
    least = Math.min(least, curvature / length - g.damping);
    // NaN is no curvature either.
    if (!(curvature > 0)) {
      negative = 1;
      done = 1;
      break;
    }
    update<T>(task, rho / curvature, id);
    const next = sumOfParts(task, RHO);
    residual = Math.sqrt(sumOfParts(task, RESIDUAL));
    turn<T>(task, next / rho, id);
    rho = next;
  }
  if (residual <= goal || products >= limit) done = 1;
  barrier(task);
  if (id == 0) {
    g.rho = rho;
    g.products = products;
    g.remaining = residual;
    g.residual = g.norm > 0 ? residual / g.norm : 0;
    g.curvature = least;
    g.negative = negative;
    g.done = done;
  }
  barrier(task);
}

/** q ← (S + δI)p of one side, with pᵀq and pᵀp of each chunk. */
function multiplySide<T>(task: Task, ofH: bool, id: i32): void {
  const side = sideOf(task, ofH);
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const stop = changetype<usize>(task) + offsetof<Task>("stop");
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    if (atomic.load<i32>(stop)) break;
    const last = min(total, (chunk + 1) * size);
    const part = partialOf(task, ofH, chunk);
    store<f64>(part + CURVATURE * 8, 0);
    store<f64>(part + LENGTH * 8, 0);
    memory.fill(part + <usize>sumAt(task, PULLS, 0) * 8, 0, <usize>task.k * 8);
    for (let p = chunk * size; p < last; p++) multiplyPanel<T>(task, ofH, p, part, id);
  }
}

function multiplyPanel<T>(task: Task, ofH: bool, p: i32, part: usize, id: i32): void {
  const k = task.k;
  const side = sideOf(task, ofH);
  const other = sideOf(task, !ofH);
  const v = vectorsOf(task, ofH);
  const others = vectorsOf(task, !ofH);
  const rows = side.rows;
  const at = <usize>p * k * PANEL_BYTES;
  const C = gradientTile(task, id, 0);
  const E = gradientTile(task, id, 1);
  const more = gradientTile(task, id, 2);
  const sum = numerator(task, id);
  clear(k, sum);
  for (let row = 0; row < rows; row += GRADIENT_ROWS) {
    const count = min(GRADIENT_ROWS, rows - row);
    predict<T>(count, k, other.panels, row, side.panels + at, C);
    curvatures<T>(task, 2 * count, side.data + <usize>(p * rows + row) * PANEL_BYTES, C, E);
    accumulate<T>(count, k, others.changeTiles, rows, row, E, sum);
    predict<T>(count, k, others.change, row, side.panels + at, E);
    predict<T>(count, k, other.panels, row, v.change + at, more);
    for (let i: usize = 0; i < <usize>count * PANEL_BYTES; i += 16) {
      const both = v128.add<T>(v128.load(E + i), v128.load(more + i));
      v128.store(C + i, v128.mul<T>(v128.load(C + i), both));
    }
    accumulate<T>(count, k, other.tiles, rows, row, C, sum);
  }
  const damping = v128.splat<T>(<T>gradientOf(task).damping);
  let curvature: f64 = 0;
  let length: f64 = 0;
  for (let a = 0; a < k; a++) {
    let along: f64 = 0;
    for (let i = <usize>a * PANEL_BYTES; i < <usize>(a + 1) * PANEL_BYTES; i += 16) {
      const direction = v128.load(v.p + at + i);
      const shift = v128.add<T>(v128.load(v.e + at + i), damping);
      const q = v128.add<T>(
        v128.mul<T>(v128.load(v.d + at + i), v128.load(sum + i)),
        v128.mul<T>(shift, direction),
      );
      v128.store(v.q + at + i, q);
      curvature += horizontalSum<T>(v128.mul<T>(direction, q));
      length += horizontalSum<T>(v128.mul<T>(direction, direction));
      along += horizontalSum<T>(v128.mul<T>(scaling<T>(v.d + at + i, side.panels + at + i), q));
    }
    add(part + <usize>sumAt(task, PULLS, a) * 8, ofH ? -along : along);
  }
  add(part + CURVATURE * 8, curvature);
  add(part + LENGTH * 8, length);
}

/**
 * x ← x + αp, r ← r − α(q without what lies along the scalings), q ← M⁻¹r, with rᵀr, rᵀq and ⟨z, q⟩ of each chunk.
 * Ends with a barrier.
 */
function update<T>(task: Task, alpha: f64, id: i32): void {
  const shares = sharesOf(task, PULLS, id);
  for (let which = 0; which < 2; which++) {
    const ofH = which == 0;
    const side = sideOf(task, ofH);
    const v = vectorsOf(task, ofH);
    const total = panelCount<T>(side.cols);
    const chunks = chunkCount(total);
    const size = chunkPanels(total);
    const end = firstChunk(chunks, task.team, id + 1);
    for (let chunk = firstChunk(chunks, task.team, id); chunk < end; chunk++) {
      const part = partialOf(task, ofH, chunk);
      store<f64>(part + RESIDUAL * 8, 0);
      store<f64>(part + RHO * 8, 0);
      memory.fill(part + <usize>sumAt(task, ALONG, 0) * 8, 0, <usize>task.k * 8);
      const last = min(total, (chunk + 1) * size);
      for (let p = chunk * size; p < last; p++) updatePanel<T>(task, side, v, p, <T>alpha, shares, ofH, part);
    }
  }
  barrier(task);
}

function updatePanel<T>(
  task: Task,
  side: Side,
  v: GradientSide,
  p: i32,
  alpha: T,
  shares: usize,
  ofH: bool,
  part: usize,
): void {
  const k = task.k;
  const at = <usize>p * k * PANEL_BYTES;
  const step = v128.splat<T>(alpha);
  let squares: f64 = 0;
  for (let a = 0; a < k; a++) {
    const share = load<f64>(shares + <usize>a * 8);
    const removed = v128.splat<T>(<T>(ofH ? -share : share));
    const from = at + <usize>a * PANEL_BYTES;
    for (let i = from; i < from + PANEL_BYTES; i += 16) {
      v128.store(v.x + i, v128.add<T>(v128.load(v.x + i), v128.mul<T>(step, v128.load(v.p + i))));
      const z = scaling<T>(v.d + i, side.panels + i);
      const q = v128.sub<T>(v128.load(v.q + i), v128.mul<T>(removed, z));
      const r = v128.sub<T>(v128.load(v.adjoint + i), v128.mul<T>(step, q));
      v128.store(v.adjoint + i, r);
      v128.store(v.q + i, r);
      squares += horizontalSum<T>(v128.mul<T>(r, r));
    }
  }
  solvePanel<T>(k, v.blocks + at * k, v.q + at);
  let rho: f64 = 0;
  for (let a = 0; a < k; a++) {
    let along: f64 = 0;
    const from = at + <usize>a * PANEL_BYTES;
    for (let i = from; i < from + PANEL_BYTES; i += 16) {
      const y = v128.load(v.q + i);
      rho += horizontalSum<T>(v128.mul<T>(v128.load(v.adjoint + i), y));
      along += horizontalSum<T>(v128.mul<T>(scaling<T>(v.d + i, side.panels + i), y));
    }
    add(part + <usize>sumAt(task, ALONG, a) * 8, ofH ? -along : along);
  }
  add(part + RESIDUAL * 8, squares);
  add(part + RHO * 8, rho);
}

/** What of each component's z is to be taken away, f64, into the member's row: 0 where nothing is. */
function sharesOf(task: Task, index: i32, id: i32): usize {
  const g = gradientOf(task);
  const shares = numerator(task, id);
  for (let a = 0; a < task.k; a++) {
    const length = load<f64>(g.features + <usize>a * 8);
    let share: f64 = 0;
    if (g.damping == 0 && length > 0) share = sumOfParts(task, sumAt(task, index, a)) / length;
    store<f64>(shares + <usize>a * 8, share);
  }
  return shares;
}

/** √(C∘s) = C/d, and 0 where d is. */
function scaling<T>(d: usize, c: usize): v128 {
  const below = v128.load(d);
  const zero = v128.splat<T>(<T>0);
  return v128.and(v128.div<T>(v128.load(c), below), v128.gt<T>(below, zero));
}

/** p ← M⁻¹r, without what lies along the scalings, + βp; u = d∘p. Ends with a barrier. */
function turn<T>(task: Task, beta: f64, id: i32): void {
  const k = task.k;
  const shares = sharesOf(task, ALONG, id);
  const again = v128.splat<T>(<T>beta);
  for (let which = 0; which < 2; which++) {
    const ofH = which == 0;
    const side = sideOf(task, ofH);
    const v = vectorsOf(task, ofH);
    const total = panelCount<T>(side.cols);
    const chunks = chunkCount(total);
    const size = chunkPanels(total);
    const end = min(total, firstChunk(chunks, task.team, id + 1) * size);
    for (let p = min(total, firstChunk(chunks, task.team, id) * size); p < end; p++) {
      const at = <usize>p * k * PANEL_BYTES;
      for (let a = 0; a < k; a++) {
        const share = load<f64>(shares + <usize>a * 8);
        const removed = v128.splat<T>(<T>(ofH ? -share : share));
        const from = at + <usize>a * PANEL_BYTES;
        for (let i = from; i < from + PANEL_BYTES; i += 16) {
          const z = scaling<T>(v.d + i, side.panels + i);
          const y = v128.sub<T>(v128.load(v.q + i), v128.mul<T>(removed, z));
          const direction = v128.add<T>(y, v128.mul<T>(again, v128.load(v.p + i)));
          v128.store(v.p + i, direction);
          v128.store(v.change + i, v128.mul<T>(v128.load(v.d + i), direction));
        }
      }
      panelToTiles<T>(k, side.cols, p, v.change + at, v.changeTiles);
    }
  }
  barrier(task);
}

/** `change` ← d∘x, ready for `outerRows`. Every member calls it. */
export function conclude<T>(task: Task, id: i32): void {
  for (let which = 0; which < 2; which++) {
    const side = sideOf(task, which == 0);
    const v = vectorsOf(task, which == 0);
    const total = panelCount<T>(side.cols);
    const chunks = chunkCount(total);
    const bytes = <usize>chunkPanels(total) * task.k * PANEL_BYTES;
    const all = <usize>total * task.k * PANEL_BYTES;
    const end = min(all, <usize>firstChunk(chunks, task.team, id + 1) * bytes);
    for (let i = min(all, <usize>firstChunk(chunks, task.team, id) * bytes); i < end; i += 16) {
      v128.store(v.change + i, v128.mul<T>(v128.load(v.d + i), v128.load(v.x + i)));
    }
  }
  barrier(task);
}

/**
 * Rows [row0, row0 + steps) of dL/dX, row-major, into the staging area, with the number of rows in the record's
 * `steps`; row0 is a multiple of the panel width. Every member calls it.
 */
export function outerRows<T>(task: Task, row0: i32, id: i32): void {
  const H = sideOf(task, true);
  const W = sideOf(task, false);
  const vH = vectorsOf(task, true);
  const vW = vectorsOf(task, false);
  const k = task.k;
  const rows = gradientOf(task).steps;
  const one = gradientTile(task, id, 0);
  const two = gradientTile(task, id, 1);
  const three = gradientTile(task, id, 2);
  const kullbackLeibler = task.loss == Loss.KULLBACK_LEIBLER;
  const e = v128.splat<T>(<T>task.epsilon);
  const total = panelCount<T>(task.n);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const width = panelWidth<T>();
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    const last = min(total, (chunk + 1) * size);
    for (let p = chunk * size; p < last; p++) {
      const at = <usize>p * k * PANEL_BYTES;
      const live = min(width, task.n - p * width);
      for (let row = 0; row < rows; row += GRADIENT_ROWS) {
        const count = min(GRADIENT_ROWS, rows - row);
        predict<T>(count, k, vW.change, row0 + row, H.panels + at, one);
        predict<T>(count, k, W.panels, row0 + row, vH.change + at, two);
        if (kullbackLeibler) predict<T>(count, k, W.panels, row0 + row, H.panels + at, three);
        for (let i: usize = 0; i < <usize>count * PANEL_BYTES; i += 16) {
          let value = v128.add<T>(v128.load(one + i), v128.load(two + i));
          if (kullbackLeibler) value = v128.div<T>(value, v128.add<T>(v128.load(three + i), e));
          v128.store(one + i, value);
        }
        for (let r = 0; r < count; r++) {
          const to = task.staging + <usize>((row + r) * task.n + p * width) * sizeof<T>();
          memory.copy(to, one + <usize>r * PANEL_BYTES, <usize>live * sizeof<T>());
        }
      }
    }
  }
  barrier(task);
}
