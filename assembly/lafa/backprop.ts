// Back-propagation through T iterations in memory that grows with √T (checkpoints after Griewank 1992): the state
// is kept every ⌈√T⌉ iterations, the steps of a segment between two checkpoints are made anew and kept, and the
// adjoint of the step (step-adjoint.ts) takes the gradient back over them.
//
//   kept    ●─────────●─────────●─────────      then, from the last segment to the first:
//                               ●─●─●─●─●       advance, return
//
// A state is W and H as tiles, which have no padding.

import { PANEL_BYTES, panelCount } from "../linalg/lanes";
import { panelsRows, tilesToPanel } from "../linalg/layout";
import { iterate } from "../nmf/iterate";
import { refresh } from "../nmf/statistics";
import { barrier } from "../parallel/barrier";
import { chunkCount, chunkPanels, firstChunk } from "../parallel/range";
import { Side, Task } from "../task";
import { featureError } from "./feature-error";
import { halfStepAdjoint } from "./step-adjoint";
import { gradientOf, stateBytes, vectorsOf } from "./workspace";

function stateAt<T>(task: Task, slot: i32): usize {
  return gradientOf(task).states + <usize>slot * <usize>stateBytes<T>(task);
}

function tilesBytes<T>(task: Task, side: Side): usize {
  return <usize>side.cols * task.k * sizeof<T>();
}

/** Where H begins in a state. */
function behindW<T>(task: Task): usize {
  return (<usize>task.m * task.k * sizeof<T>() + 15) & ~15;
}

/** Slot ← the state. Every member calls it. */
export function keep<T>(task: Task, slot: i32, id: i32): void {
  const W = changetype<Side>(task.sideW);
  const H = changetype<Side>(task.sideH);
  const to = stateAt<T>(task, slot);
  if (id == 0) memory.copy(to, W.tiles, tilesBytes<T>(task, W));
  if (id == task.team - 1) memory.copy(to + behindW<T>(task), H.tiles, tilesBytes<T>(task, H));
  barrier(task);
}

/** H (`ofH`) or W ← what slot holds; `change` ← what it was, if it is to be kept. */
function recall<T>(task: Task, slot: i32, ofH: bool, kept: bool, id: i32): void {
  const side = changetype<Side>(ofH ? task.sideH : task.sideW);
  const tiles = stateAt<T>(task, slot) + (ofH ? behindW<T>(task) : 0);
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const first = min(total, firstChunk(chunks, task.team, id) * size);
  const end = min(total, firstChunk(chunks, task.team, id + 1) * size);
  if (kept) {
    const from = <usize>(first * task.k) * PANEL_BYTES;
    const bytes = <usize>((end - first) * task.k) * PANEL_BYTES;
    memory.copy(vectorsOf(task, ofH).change + from, side.panels + from, bytes);
  }
  for (let p = first; p < end; p++) {
    tilesToPanel<T>(task.k, side.cols, p, tiles, side.panels + <usize>p * task.k * PANEL_BYTES);
  }
  // `refresh` gives each member the chunks it has just written.
  refresh<T>(task, side, id);
}

/** Both factors ← what slot holds. Every member calls it. */
export function restore<T>(task: Task, slot: i32, id: i32): void {
  recall<T>(task, slot, true, false, id);
  recall<T>(task, slot, false, false, id);
}

/** Slot of the state before step `step` of the segment that begins at checkpoint `checkpoint`. */
function slotOf(task: Task, checkpoint: i32, step: i32): i32 {
  return step == 0 ? checkpoint : gradientOf(task).checkpoints + step - 1;
}

/** Makes the steps of the segment at `checkpoint`, where the state stands, and keeps what lies between them. */
export function advance<T>(task: Task, checkpoint: i32, id: i32): void {
  const steps = gradientOf(task).steps;
  for (let step = 0; step < steps; step++) {
    if (step > 0) keep<T>(task, slotOf(task, checkpoint, step), id);
    iterate<T>(task, 1, id);
  }
}

/** Takes the gradient back over the steps of the segment at `checkpoint`, behind which the state stands. */
export function comeBack<T>(task: Task, checkpoint: i32, id: i32): void {
  const firstH = task.firstH != 0;
  for (let step = gradientOf(task).steps - 1; step >= 0; step--) {
    const slot = slotOf(task, checkpoint, step);
    // The factor that was updated last goes back first: the other one is still the new one.
    recall<T>(task, slot, !firstH, true, id);
    halfStepAdjoint<T>(task, !firstH, id);
    recall<T>(task, slot, firstH, true, id);
    halfStepAdjoint<T>(task, firstH, id);
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
