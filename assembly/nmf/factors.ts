// The data and the factors on their way in and out of a workspace.

import { panelCount, panelWidth } from "../linalg/lanes";
import { panelsToRows, panelsToTransposedRows, rowsToPanels, rowsToTransposedPanels } from "../linalg/layout";
import { barrier } from "../parallel/barrier";
import { Side, Task } from "../task";
import { resetExtrapolation } from "./extrapolate";
import { refresh } from "./statistics";
import { stagedH } from "./workspace";

/**
 * Rows [row0, row0 + count) of V, and of the weights where the task has them, from the staging area
 * into their panels. row0 is a multiple of the panel width.
 */
export function loadRows<T>(task: Task, row0: i32, count: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  const m = task.m;
  const n = task.n;
  rowsToPanels<T>(m, n, row0, count, task.staging, H.data);
  if (!task.fixedW) rowsToTransposedPanels<T>(n, row0, count, task.staging, W.data);
  if (!task.weighted) return;
  rowsToPanels<T>(m, n, row0, count, task.stagingWeights, H.weights);
  if (!task.fixedW) rowsToTransposedPanels<T>(n, row0, count, task.stagingWeights, W.weights);
}

/** W and H (row-major, staged) → panels and what the half-steps need. Every member calls it. */
export function loadFactors<T>(task: Task, id: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  if (id == 0) {
    // No half-step has run: the loss of these factors has to be summed entry by entry.
    task.inner = NaN;
    if (task.extrapolate) resetExtrapolation(task);
    stagedToPanels<T>(task, W.panels, H.panels);
  }
  barrier(task);
  refresh<T>(task, H, id);
  refresh<T>(task, W, id);
}

/** W and H (row-major, staged) → panels of Wᵀ and of H. */
export function stagedToPanels<T>(task: Task, panelsW: usize, panelsH: usize): void {
  rowsToPanels<T>(task.k, task.n, 0, task.k, stagedH<T>(task), panelsH);
  const width = panelWidth<T>();
  for (let p = 0; p < panelCount<T>(task.m); p++) {
    const row = p * width;
    const from = task.staging + <usize>row * task.k * sizeof<T>();
    rowsToTransposedPanels<T>(task.k, row, min(width, task.m - row), from, panelsW);
  }
}

/** Panels → W and H, row-major, in the staging area. One member calls it. */
export function storeFactors<T>(task: Task): void {
  panelsToStaged<T>(task, changetype<Side>(task.sideW).panels, changetype<Side>(task.sideH).panels);
}

/** Panels of Wᵀ and of H → rows of W and of H where these are staged. */
export function panelsToStaged<T>(task: Task, panelsW: usize, panelsH: usize): void {
  panelsToTransposedRows<T>(task.k, task.m, panelsW, task.staging);
  panelsToRows<T>(task.k, task.n, panelsH, stagedH<T>(task));
}
