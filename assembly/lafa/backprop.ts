// Back-propagation through T iterations in memory that grows with √T (checkpoints after Griewank 1992): the state
// is kept every ⌈√T⌉ iterations, the steps of a segment between two checkpoints are made anew and kept, and the
// adjoint of the step (step-adjoint.ts, kl-adjoint.ts) takes the gradient back over them.
//
//   kept    ●─────────●─────────●─────────      then, from the last segment to the first:
//                               ●─●─●─●─●       advance, return
//
// A state is H and Wᵀ as panels, with their row sums.

import { PANEL_BYTES, panelCount } from "../linalg/lanes";
import { panelsRows } from "../linalg/layout";
import { iterate } from "../nmf/iterate";
import { refresh } from "../nmf/statistics";
import { barrier } from "../parallel/barrier";
import { chunkCount, chunkPanels, firstChunk } from "../parallel/range";
import { Loss, Side, Task } from "../task";
import { featureError } from "./feature-error";
import { kullbackLeiblerReturn } from "./kl-adjoint";
import { frobeniusHalfStep } from "./step-adjoint";
import { gradientOf, panelsInState, slotOf, stateAt, sumsInState } from "./workspace";

/** Slot ← the state. Every member calls it. */
export function keep<T>(task: Task, slot: i32, id: i32): void {
  const state = stateAt<T>(task, slot);
  if (id == 0) keepSide<T>(task, state, false);
  if (id == task.team - 1) keepSide<T>(task, state, true);
  barrier(task);
}

function keepSide<T>(task: Task, state: usize, ofH: bool): void {
  const side = changetype<Side>(ofH ? task.sideH : task.sideW);
  const bytes = <usize>(panelCount<T>(side.cols) * task.k) * PANEL_BYTES;
  memory.copy(panelsInState<T>(task, state, ofH), side.panels, bytes);
  memory.copy(sumsInState<T>(task, state, ofH), side.sums, <usize>task.k * 8);
}

/** H (`ofH`) or W ← what slot holds. */
function recall<T>(task: Task, slot: i32, ofH: bool, id: i32): void {
  const side = changetype<Side>(ofH ? task.sideH : task.sideW);
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const first = min(total, firstChunk(chunks, task.team, id) * size);
  const end = min(total, firstChunk(chunks, task.team, id + 1) * size);
  const from = <usize>(first * task.k) * PANEL_BYTES;
  const panels = panelsInState<T>(task, stateAt<T>(task, slot), ofH);
  memory.copy(side.panels + from, panels + from, <usize>((end - first) * task.k) * PANEL_BYTES);
  // `refresh` gives each member the chunks it has just written.
  refresh<T>(task, side, id);
}

/** Both factors ← what slot holds. Every member calls it. */
export function restore<T>(task: Task, slot: i32, id: i32): void {
  recall<T>(task, slot, true, id);
  recall<T>(task, slot, false, id);
}

/** Makes the steps of the segment at `checkpoint`, where the state stands, and keeps what lies between them. */
export function advance<T>(task: Task, checkpoint: i32, id: i32): void {
  const steps = gradientOf(task).steps;
  for (let step = 0; step < steps; step++) {
    if (step > 0) keep<T>(task, slotOf(task, checkpoint, step), id);
    iterate<T>(task, 1, id);
  }
}

/**
 * Takes the gradient back over the steps of the segment at `checkpoint`, behind which the state stands; then it stands
 * at the checkpoint.
 */
export function comeBack<T>(task: Task, checkpoint: i32, id: i32): void {
  if (task.loss != Loss.FROBENIUS) {
    kullbackLeiblerReturn<T>(task, checkpoint, id);
    restore<T>(task, checkpoint, id);
    return;
  }
  const firstH = task.firstH != 0;
  for (let step = gradientOf(task).steps - 1; step >= 0; step--) {
    const slot = slotOf(task, checkpoint, step);
    // The factor that was updated last goes back first: the other one is still the new one.
    recall<T>(task, slot, !firstH, id);
    frobeniusHalfStep<T>(task, !firstH, id);
    recall<T>(task, slot, firstH, id);
    frobeniusHalfStep<T>(task, firstH, id);
  }
}

/** The feature error at the end of all steps and its gradient; ∂L/∂X ← 0. Every member calls it. */
export function beginReturn<T>(task: Task, id: i32): void {
  if (id == task.team - 1) clearGradient<T>(task);
  featureError(task, id);
}

/** ∂L/∂X ← 0. One member calls it. */
export function clearGradient<T>(task: Task): void {
  memory.fill(gradientOf(task).gradient, 0, <usize>panelCount<T>(task.n) * task.m * PANEL_BYTES);
}

/** Rows [row0, row0 + count) of ∂L/∂X, row-major, into the staging area. One member calls it. */
export function storeGradient<T>(task: Task, row0: i32, count: i32): void {
  panelsRows<T>(task.m, task.n, row0, count, gradientOf(task).gradient, task.staging);
}
