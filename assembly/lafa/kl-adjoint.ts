// The adjoint of a multiplicative update for Kullback–Leibler (LaFA, arXiv 2408.03909, back-propagation). A half-step
// updates C (k×cols), the factor B (rows×k) fixed, to fit X (rows×cols):
//
//   P = BC + ε,  R = X/P,  A = BᵀR,  s = Bᵀ1 + ε,  C⁺ = C∘A/s
//
// From Ḡ, the gradient in C⁺, come those in C, B and X:
//
//   Ā = Ḡ∘C/s,  s̄ = −Ḡ∘C⁺/s,  Q = BĀ/P
//   C̄ = Ḡ∘C⁺/C − Bᵀ(Q∘R);  B̄ = RĀᵀ − (Q∘R)Cᵀ + 1(Σ_j s̄)ᵀ;  X̄ = Q
//
// P, R and their division are the larger part of it, so each is formed once, a tile at a time, and both half-steps
// run over the panels of X. H̄ is a sum over the rows of a panel. W̄ is one over the columns of X and is left as
// vectors, k for each row of X. The adjoint of a half-step of W asks for all of W̄, that of H for its own panel, so a
// half-step of W and the one of H before it make one pass over X, and W̄ is added up between the passes:
//
//   H first   back over W_t, H_t │ W_{t−1}, H_{t−1} │ …
//   W first   back over H_t │ W_t, H_{t−1} │ W_{t−1}, …

import { horizontalSum, lanes, PANEL_BYTES, panelCount, panelWidth } from "../linalg/lanes";
import { panelToTiles } from "../linalg/layout";
import { accumulate, accumulateRows, pairUp, SHARE_ROWS, shares } from "../linalg/product";
import { denominator, numerator, tileOne, tileTwo } from "../nmf/workspace";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Side, Task } from "../task";
import {
  columnSumsOf,
  firstInGroup,
  gradientOf,
  groupBytes,
  groupCount,
  panelsInState,
  partialOf,
  SCALARS,
  shiftOf,
  slotOf,
  stateAt,
  sumOfSide,
  sumsInState,
  vectorsOf,
} from "./workspace";

/**
 * `adjoint` of both sides, gradients in the factors behind the segment at `checkpoint`, which is where they stand,
 * become those in the factors at it. Adds to ∂L/∂X. Every member calls it.
 */
export function kullbackLeiblerReturn<T>(task: Task, checkpoint: i32, id: i32): void {
  const steps = gradientOf(task).steps;
  // With H first, the half-step of W had the new H.
  const ahead = task.firstH ? 1 : 0;
  if (id == 0) {
    const constants = gradientOf(task).constants;
    v128.store(constants, v128.splat<T>(<T>task.epsilon));
    v128.store(constants, v128.splat<T>(<T>1), 16);
  }
  if (!ahead) {
    rowsPass<T>(task, checkpoint, steps, steps, false, id);
    columnsPass<T>(task, checkpoint, steps, steps, id);
  }
  for (let step = steps - 1; step >= 0; step--) {
    rowsPass<T>(task, checkpoint, step, step + ahead, ahead == 0 || step < steps - 1, id);
    columnsPass<T>(task, checkpoint, step, step + ahead, id);
  }
  rowsPass<T>(task, checkpoint, -1, ahead - 1, true, id);
}

/** Panels of a factor before step `step` of the segment, or behind the last. */
function panelsAt<T>(task: Task, checkpoint: i32, step: i32, ofH: bool): usize {
  if (step == gradientOf(task).steps) return changetype<Side>(ofH ? task.sideH : task.sideW).panels;
  return panelsInState<T>(task, stateAt<T>(task, slotOf(task, checkpoint, step)), ofH);
}

/** Its row sums. */
function sumsAt<T>(task: Task, checkpoint: i32, step: i32, ofH: bool): usize {
  if (step == gradientOf(task).steps) return changetype<Side>(ofH ? task.sideH : task.sideW).sums;
  return sumsInState<T>(task, stateAt<T>(task, slotOf(task, checkpoint, step)), ofH);
}

/**
 * With `summed`, W̄ += what the last pass over columns left, and the shift of its half-step of H, whose new H was that
 * of step `current` + 1, if there was one. Then makes W of `step` ≥ 0 ready for the next pass, and, before the last
 * step, W̄ → Ā and Ḡ∘W⁺/W of its half-step of W, whose H was that of `current`.
 */
function rowsPass<T>(task: Task, checkpoint: i32, step: i32, current: i32, summed: bool, id: i32): void {
  const k = task.k;
  const width = panelWidth<T>();
  const side = changetype<Side>(task.sideW);
  const vectors = vectorsOf(task, false);
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const shift = summed && current >= 0 ? shiftOfColumns<T>(task, id) : <usize>0;
  const changed = step >= 0 && step < gradientOf(task).steps;
  const W = step < 0 ? <usize>0 : panelsAt<T>(task, checkpoint, step, false);
  const next = changed ? panelsAt<T>(task, checkpoint, step + 1, false) : <usize>0;
  const inverses = changed ? inversesOf(task, sumsAt<T>(task, checkpoint, current, true), id) : <usize>0;
  const change = denominator(task, id);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    const last = min(total, (chunk + 1) * size);
    const part = partialOf(task, false, chunk) + <usize>SCALARS * 8;
    memory.fill(part, 0, <usize>k * 8);
    for (let p = chunk * size; p < last; p++) {
      const at = <usize>(p * k) * PANEL_BYTES;
      const gradient = vectors.adjoint + at;
      if (summed) addColumnSums<T>(task, p);
      if (shift) addToRows<T>(k, shift, gradient);
      if (step < 0) continue;
      panelToTiles<T>(k, side.cols, p, W + at, side.tiles);
      if (changed) {
        changePanel<T>(k, W + at, next + at, inverses, gradient, change, part);
        panelToTiles<T>(k, side.cols, p, change, vectors.changeTiles);
      }
      const pairs = gradientOf(task).pairs + 2 * at;
      pairUp<T>(min(width, side.cols - p * width), k, W + at, changed ? change : W + at, pairs);
    }
  }
  barrier(task);
}

/**
 * Back over the half-step of W of step `step`, whose H was that of `current`, if there is such a step; then over that
 * of H which led there, if there is one. W is that of `step` in both.
 */
function columnsPass<T>(task: Task, checkpoint: i32, step: i32, current: i32, id: i32): void {
  const k = task.k;
  const ofW = step < gradientOf(task).steps;
  const ofH = current > 0;
  const stop = changetype<usize>(task) + offsetof<Task>("stop");
  const adjoint = vectorsOf(task, true).adjoint;
  const change = denominator(task, id);
  const inverses = inversesOf(task, sumsAt<T>(task, checkpoint, step, false), id);
  const H = panelsAt<T>(task, checkpoint, current, true);
  const before = ofH ? panelsAt<T>(task, checkpoint, current - 1, true) : <usize>0;
  const shift = ofW ? shiftOfRows(task, id) : <usize>0;
  const groups = groupCount<T>(task);
  for (let group = nextChunk(task, groups, id, -1); group >= 0; group = nextChunk(task, groups, id, group)) {
    if (atomic.load<i32>(stop)) break;
    const rowSums = columnSumsOf<T>(task, group);
    memory.fill(rowSums, 0, groupBytes<T>(task));
    const part = shiftOf<T>(task, group);
    const last = firstInGroup<T>(task, group + 1);
    for (let p = firstInGroup<T>(task, group); p < last; p++) {
      const at = <usize>(p * k) * PANEL_BYTES;
      const out = adjoint + at;
      if (ofW) {
        panelAdjoint<T>(task, p, H + at, 0, rowSums, out, id);
        addToRows<T>(k, shift, out);
      }
      if (ofH) {
        changePanel<T>(k, before + at, H + at, inverses, out, change, part);
        panelAdjoint<T>(task, p, before + at, change, rowSums, out, id);
      }
    }
  }
  barrier(task);
}

/**
 * Panel p of X in either half-step, a tile at a time: its parts of H̄ and of ∂L/∂X, and into `sums` those of W̄. h: the
 * panel of H in P.
 *
 *   of H   H̄ −= Wᵀ(Q∘R),        W̄ += RĀᵀ − (Q∘R)Hᵀ     Q = WĀ/P, Ā the panel `change`
 *   of W   H̄ += ĀᵀR − Wᵀ(Q∘R),  W̄ −= (Q∘R)Hᵀ           Q = ĀH/P, `change` 0
 */
function panelAdjoint<T>(
  task: Task,
  p: i32,
  h: usize,
  change: usize,
  sums: usize,
  out: usize,
  id: i32,
): void {
  const k = task.k;
  const m = task.m;
  const tiles = changetype<Side>(task.sideW).tiles;
  const changeTiles = vectorsOf(task, false).changeTiles;
  const data = changetype<Side>(task.sideH).data;
  const g = gradientOf(task);
  const R = tileOne(task, id);
  const minus = tileTwo(task, id);
  for (let row = 0; row < m; row += SHARE_ROWS) {
    const count = min(SHARE_ROWS, m - row);
    const at = (<usize>p * m + row) * PANEL_BYTES;
    const pairs = g.pairs + <usize>(2 * row * k) * sizeof<T>();
    shares<T>(count, k, pairs, h, change, data + at, g.constants, g.gradient + at, R, minus);
    if (!change) accumulate<T>(count, k, changeTiles, m, row, R, out);
    accumulate<T>(count, k, tiles, m, row, minus, out);
    accumulateRows<T>(count, k, change ? R : 0, change, minus, h, sums + ((<usize>(row * k)) << 4));
  }
}

/** C, C⁺ and Ḡ in `gradient` → Ā, and Ḡ∘C⁺/C in its place, of one panel, and its part of Σ_j s̄. inverses: 1/s. */
function changePanel<T>(
  k: i32,
  c: usize,
  next: usize,
  inverses: usize,
  gradient: usize,
  change: usize,
  part: usize,
): void {
  const zero = v128.splat<T>(<T>0);
  const end = c + <usize>k * PANEL_BYTES;
  for (; c < end; c += PANEL_BYTES, part += 8, inverses += 8) {
    const inverse = v128.splat<T>(<T>load<f64>(inverses));
    let sum = zero;
    for (let half: usize = 0; half < PANEL_BYTES; half += 16) {
      const old = v128.load(c + half);
      const value = v128.load(next + half);
      const slope = v128.load(gradient + half);
      // An entry that is 0 stays so, and so does what depends on it.
      const ratio = v128.and(v128.div<T>(value, old), v128.gt<T>(old, zero));
      const relative = v128.mul<T>(slope, inverse);
      v128.store(change + half, v128.mul<T>(relative, old));
      v128.store(gradient + half, v128.mul<T>(slope, ratio));
      sum = v128.add<T>(sum, v128.mul<T>(relative, value));
    }
    store<f64>(part, load<f64>(part) - horizontalSum<T>(sum));
    next += PANEL_BYTES;
    gradient += PANEL_BYTES;
    change += PANEL_BYTES;
  }
}

/** 1/s of each component from the row sums of B (k f64), in the member's scratch. */
function inversesOf(task: Task, sums: usize, id: i32): usize {
  const inverses = numerator(task, id) + <usize>task.k * 8;
  for (let at: usize = 0; at < <usize>task.k * 8; at += 8) {
    store<f64>(inverses + at, 1 / (load<f64>(sums + at) + task.epsilon));
  }
  return inverses;
}

/** Σ s̄ of each component over what the half-step of W left (k f64), in the member's scratch. */
function shiftOfRows(task: Task, id: i32): usize {
  const sums = numerator(task, id);
  for (let a = 0; a < task.k; a++) store<f64>(sums + <usize>a * 8, sumOfSide(task, false, SCALARS + a));
  return sums;
}

/** The same of the half-step of H. */
function shiftOfColumns<T>(task: Task, id: i32): usize {
  const sums = numerator(task, id);
  const groups = groupCount<T>(task);
  for (let a = 0; a < task.k; a++) {
    let sum: f64 = 0;
    for (let group = 0; group < groups; group++) sum += load<f64>(shiftOf<T>(task, group) + <usize>a * 8);
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
  const k = task.k;
  const groups = groupCount<T>(task);
  const bytes = groupBytes<T>(task);
  // From one row's sum of a component to the next row's.
  const row = (<usize>k) << 4;
  const rows = <usize>(p * panelWidth<T>());
  for (let half: usize = 0; half < 2; half++) {
    let to = vectorsOf(task, false).adjoint + <usize>(p * k) * PANEL_BYTES + 16 * half;
    let from = columnSumsOf<T>(task, 0) + (rows + half * lanes<T>()) * row;
    for (let a = 0; a < k; a++, from += 16, to += PANEL_BYTES) {
      let sum = v128.load(to);
      for (let group = 0, at = from; group < groups; group++, at += bytes) {
        sum = v128.add<T>(sum, sumsOfLanes<T>(at, row));
      }
      v128.store(to, sum);
    }
  }
}

/** The sums of the lanes of as many vectors as there are lanes, `apart` bytes apart. */
function sumsOfLanes<T>(at: usize, apart: usize): v128 {
  const a = v128.load(at);
  const b = v128.load(at + apart);
  if (sizeof<T>() == 8) {
    return v128.add<T>(v128.shuffle<f64>(a, b, 0, 2), v128.shuffle<f64>(a, b, 1, 3));
  }
  const c = v128.load(at + 2 * apart);
  const d = v128.load(at + 3 * apart);
  const ab = v128.add<T>(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  const cd = v128.add<T>(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7));
  return v128.add<T>(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7));
}
