// Losses, with P = WH and weights D (all 1 when there are none):
//
//   Frobenius          ½ Σ D (V − P)²
//   Kullback–Leibler   Σ D (V log((V+ε)/(P+ε)) − V + P)
//   Itakura–Saito      Σ D (r − log r − 1), r = (V+ε)/(P+ε)
//   β-divergence       Σ D (x^β + (β−1) y^β − β x y^(β−1)) / (β(β−1)), x = V+ε, y = P+ε
//   truncated Cauchy   ½γ² Σ D log(1 + min(|E|, cut)²/γ²), E = V − P
//
// plus the penalties. For Frobenius without weights the products of the last half-step give the loss
// for nothing, by the Gram identity ½(‖V‖² − 2⟨WᵀV, H⟩ + ⟨WᵀW, HHᵀ⟩); near a perfect fit that
// difference cancels, and the explicit sum takes over. Sums are f64 for either type.

import { lanes, PANEL_BYTES, panelCount, panelWidth } from "../linalg/lanes";
import { logOfRatios } from "../linalg/logarithm";
import { predict } from "../linalg/product";
import { dot, sum } from "../linalg/vector";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Loss, Side, Task } from "../task";
import { anchor, usesMomentum } from "./momentum";
import { combineScalar } from "./statistics";
import { partialScalars, TILE_ROWS, tileOne, tileTwo, usesGram } from "./workspace";

/** Rows whose loss is summed at once: their numbers as f64, twice, fill a tile. */
export const LOSS_ROWS: i32 = TILE_ROWS / 4;

/** A number of each entry of those rows, as f64. */
const LOG_BYTES: usize = 2 * LOSS_ROWS * PANEL_BYTES;

/** Two numbers at `at`, as f64. */
export function loadPair<T>(at: usize): v128 {
  if (sizeof<T>() == 4) return f64x2.promote_low_f32x4(v128.load64_zero(at));
  return v128.load(at);
}

/** Sum of both lanes. */
export function pairSum(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** task.value ← the loss `kind` of the factors as they stand, entry by entry. */
export function explicitLoss<T>(task: Task, kind: i32, id: i32): void {
  const side = changetype<Side>(task.sideH);
  const other = changetype<Side>(task.sideW);
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    let part: f64 = 0;
    const last = min(total, (chunk + 1) * size);
    for (let p = chunk * size; p < last; p++) part += panelLoss<T>(task, kind, side, other, p, id);
    store<f64>(partialScalars<T>(task, chunk), part);
  }
  barrier(task);
  if (id == 0) {
    const sum = combineScalar<T>(task, chunks, 0);
    if (kind == Loss.FROBENIUS) task.value = 0.5 * sum;
    else if (kind == Loss.CAUCHY) task.value = 0.5 * task.cauchyScale * task.cauchyScale * sum;
    else task.value = sum;
  }
  barrier(task);
}

function panelLoss<T>(task: Task, kind: i32, side: Side, other: Side, p: i32, id: i32): f64 {
  const k = task.k;
  const rows = side.rows;
  const tile = tileOne(task, id);
  const logs = tileTwo(task, id);
  const panel = side.panels + <usize>p * k * PANEL_BYTES;
  const live = min(panelWidth<T>(), side.cols - p * panelWidth<T>());
  let total: f64 = 0;
  for (let row = 0; row < rows; row += LOSS_ROWS) {
    const count = min(LOSS_ROWS, rows - row);
    const at = (<usize>p * rows + row) * PANEL_BYTES;
    const x = side.data + at;
    const d = side.weights ? side.weights + at : 0;
    predict<T>(count, k, other.panels, row, panel, tile);
    total += blockDivergence<T>(task, kind, count, live, x, d, tile, logs);
  }
  return total;
}

/**
 * The loss `kind`, without the factor ½ of Frobenius and Cauchy, on at most LOSS_ROWS rows of a panel with `live`
 * columns. x: V, d: weights or 0, p: WH, logs: a tile of scratch.
 */
export function blockDivergence<T>(
  task: Task,
  kind: i32,
  rows: i32,
  live: i32,
  x: usize,
  d: usize,
  p: usize,
  logs: usize,
): f64 {
  const pairs = rows * lanes<T>();
  if (kind == Loss.FROBENIUS) return squaredError<T>(pairs, x, d, p);
  if (kind == Loss.KULLBACK_LEIBLER) return kullbackLeibler<T>(pairs, task.epsilon, x, d, p, logs);
  if (kind == Loss.ITAKURA_SAITO) return itakuraSaito<T>(pairs, task.epsilon, x, d, p, logs);
  if (kind == Loss.CAUCHY) return cauchy<T>(pairs, task.cauchyScale, task.cauchyCut, x, d, p, logs);
  return divergence<T>(rows, live, task.epsilon, task.beta, x, d, p);
}

/** to ← from + ε. from: pairs of T, to: pairs of f64. */
function shifted<T>(pairs: i32, epsilon: f64, from: usize, to: usize): void {
  const e = f64x2.splat(epsilon);
  for (const end = to + ((<usize>pairs) << 4); to < end; to += 16, from += 2 * sizeof<T>()) {
    v128.store(to, f64x2.add(loadPair<T>(from), e));
  }
}

/** logs ← log((V+ε)/(P+ε)). */
function logsOfRatios<T>(pairs: i32, epsilon: f64, x: usize, p: usize, logs: usize): void {
  shifted<T>(pairs, epsilon, x, logs);
  shifted<T>(pairs, epsilon, p, logs + LOG_BYTES);
  logOfRatios(pairs, logs, logs + LOG_BYTES);
}

// Each of these sums one tile: x: V, d: D or 0, p: P; logs: 2·LOG_BYTES of scratch. Padding columns hold
// x = p = 0 and add 0.

function squaredError<T>(pairs: i32, x: usize, d: usize, p: usize): f64 {
  let s = f64x2.splat(0);
  const step: usize = 2 * sizeof<T>();
  for (let i = 0; i < pairs; i++) {
    const e = f64x2.sub(loadPair<T>(x), loadPair<T>(p));
    let term = f64x2.mul(e, e);
    if (d) {
      term = f64x2.mul(term, loadPair<T>(d));
      d += step;
    }
    s = f64x2.add(s, term);
    x += step;
    p += step;
  }
  return pairSum(s);
}

function kullbackLeibler<T>(pairs: i32, epsilon: f64, x: usize, d: usize, p: usize, logs: usize): f64 {
  logsOfRatios<T>(pairs, epsilon, x, p, logs);
  let s = f64x2.splat(0);
  const step: usize = 2 * sizeof<T>();
  for (const end = logs + ((<usize>pairs) << 4); logs < end; logs += 16) {
    const v = loadPair<T>(x);
    let term = f64x2.add(f64x2.sub(f64x2.mul(v, v128.load(logs)), v), loadPair<T>(p));
    if (d) {
      term = f64x2.mul(term, loadPair<T>(d));
      d += step;
    }
    s = f64x2.add(s, term);
    x += step;
    p += step;
  }
  return pairSum(s);
}

function itakuraSaito<T>(pairs: i32, epsilon: f64, x: usize, d: usize, p: usize, logs: usize): f64 {
  logsOfRatios<T>(pairs, epsilon, x, p, logs);
  let s = f64x2.splat(0);
  const e = f64x2.splat(epsilon);
  const one = f64x2.splat(1);
  const step: usize = 2 * sizeof<T>();
  for (const end = logs + ((<usize>pairs) << 4); logs < end; logs += 16) {
    const ratio = f64x2.div(f64x2.add(loadPair<T>(x), e), f64x2.add(loadPair<T>(p), e));
    let term = f64x2.sub(f64x2.sub(ratio, v128.load(logs)), one);
    if (d) {
      term = f64x2.mul(term, loadPair<T>(d));
      d += step;
    }
    s = f64x2.add(s, term);
    x += step;
    p += step;
  }
  return pairSum(s);
}

function cauchy<T>(pairs: i32, scale: f64, cut: f64, x: usize, d: usize, p: usize, logs: usize): f64 {
  const inverse = f64x2.splat(1 / scale);
  const limit = f64x2.splat(cut);
  const one = f64x2.splat(1);
  const step: usize = 2 * sizeof<T>();
  const end = logs + ((<usize>pairs) << 4);
  for (let to = logs; to < end; to += 16) {
    const error = f64x2.abs(f64x2.sub(loadPair<T>(x), loadPair<T>(p)));
    const u = f64x2.mul(f64x2.min(error, limit), inverse);
    v128.store(to, f64x2.add(one, f64x2.mul(u, u)));
    v128.store(to + LOG_BYTES, one);
    x += step;
    p += step;
  }
  logOfRatios(pairs, logs, logs + LOG_BYTES);
  let s = f64x2.splat(0);
  for (; logs < end; logs += 16) {
    let term = v128.load(logs);
    if (d) {
      term = f64x2.mul(term, loadPair<T>(d));
      d += step;
    }
    s = f64x2.add(s, term);
  }
  return pairSum(s);
}

function divergence<T>(rows: i32, live: i32, epsilon: f64, beta: f64, x: usize, d: usize, p: usize): f64 {
  let s: f64 = 0;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < live; c++) {
      const at = <usize>r * PANEL_BYTES + <usize>c * sizeof<T>();
      const v = <f64>load<T>(x + at) + epsilon;
      const q = <f64>load<T>(p + at) + epsilon;
      const power = Math.pow(q, beta - 1);
      const term = Math.pow(v, beta) + (beta - 1) * q * power - beta * v * power;
      s += d ? <f64>load<T>(d + at) * term : term;
    }
  }
  return s / (beta * (beta - 1));
}

/**
 * Below this share of ½‖V‖² the Gram identity has lost too many digits: products of f32 are good to some
 * 1e-6 of ‖V‖², those of f64 to 1e-14, and three digits of the loss are enough to watch it.
 */
function cancellation<T>(): f64 {
  return sizeof<T>() == 4 ? 1e-3 : 1e-8;
}

/** ½‖V − WH‖² by the Gram identity, from what the last half-steps left; NaN before the first. */
export function gramLoss<T>(task: Task): f64 {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  return 0.5 * (task.squares - 2 * task.inner + dot<T>(task.k * task.k, H.gram, W.gram));
}

/** The penalties on both factors. */
export function penalties<T>(task: Task): f64 {
  return penalty<T>(task, task.sideH) + penalty<T>(task, task.sideW);
}

/**
 * task.value ← the loss that the solver minimises, penalties included; with `exact` always summed
 * entry by entry.
 */
export function currentLoss<T>(task: Task, exact: i32, id: i32): void {
  if (usesMomentum(task) && task.age == 0) {
    anchor<T>(task, id);
    if (id == 0) task.value = task.bound;
    barrier(task);
    return;
  }
  let quick = false;
  if (usesGram(task) && !exact) {
    const value = gramLoss<T>(task);
    quick = value > cancellation<T>() * 0.5 * task.squares;
    barrier(task);
    if (quick && id == 0) task.value = value;
  }
  if (!quick) explicitLoss<T>(task, task.loss, id);
  if (id == 0) task.value += penalties<T>(task);
  barrier(task);
}

/** l1·ΣC + ½·l2·‖C‖² of one factor. */
function penalty<T>(task: Task, at: usize): f64 {
  const side = changetype<Side>(at);
  if (side.l1 == 0 && side.l2 == 0) return 0;
  const count = panelCount<T>(side.cols) * panelWidth<T>() * task.k;
  return side.l1 * sum<T>(count, side.panels) + 0.5 * side.l2 * dot<T>(count, side.panels, side.panels);
}

/** Σ D, Σ D∘V and Σ D∘V² into the task. One member calls it, once the data are in place. */
export function measure<T>(task: Task): void {
  const side = changetype<Side>(task.sideH);
  const pairs = panelCount<T>(side.cols) * side.rows * lanes<T>();
  const step: usize = 2 * sizeof<T>();
  let x = side.data;
  let d = side.weights;
  let weight = f64x2.splat(0);
  let total = f64x2.splat(0);
  let squares = f64x2.splat(0);
  for (let i = 0; i < pairs; i++) {
    const v = loadPair<T>(x);
    let part = v;
    if (d) {
      const w = loadPair<T>(d);
      weight = f64x2.add(weight, w);
      part = f64x2.mul(w, v);
      d += step;
    }
    total = f64x2.add(total, part);
    squares = f64x2.add(squares, f64x2.mul(part, v));
    x += step;
  }
  task.weight = side.weights ? pairSum(weight) : <f64>task.m * <f64>task.n;
  task.total = pairSum(total);
  task.squares = pairSum(squares);
}
