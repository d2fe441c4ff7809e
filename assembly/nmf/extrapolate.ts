// Extrapolated HALS (Ang & Gillis, "Accelerating nonnegative matrix factorization algorithms using
// extrapolation", Neural Computation 2019). After each half-step the factor is moved on
// along the way it came, and kept non-negative:
//
//   C_y = max(0, C_n + β(C_n − C_(n−1)))
//
// β grows by γ while the loss of (W_y, H_y) falls, up to a ceiling that itself grows by γ̄ to 1. When
// the loss rises, the factors go back to (W_n, H_n), the ceiling becomes the last β that worked, and
// β shrinks by η. The loss comes free from the Gram identity.

import { flush, PANEL_BYTES } from "../linalg/lanes";
import { barrier } from "../parallel/barrier";
import { Side, Task } from "../task";
import { gramLoss, penalties } from "./loss";
import { firstByte, refresh } from "./statistics";

const FIRST_STEP: f64 = 0.5;
const STEP_GROWTH: f64 = 1.05;
const CEILING_GROWTH: f64 = 1.01;
const STEP_SHRINK: f64 = 1.5;

/** Begins anew: the next iteration is a plain one. */
export function resetExtrapolation(task: Task): void {
  task.warm = 0;
  task.age = 0;
  task.setback = 0;
  task.step = FIRST_STEP;
  task.stepBefore = FIRST_STEP;
  task.ceiling = 1;
  task.bound = Infinity;
}

/** Panel p of the side, just updated: keeps it in `last` and moves it on. */
export function extrapolatePanel<T>(task: Task, side: Side, p: i32): void {
  const bytes = <usize>task.k * PANEL_BYTES;
  const c = side.panels + <usize>p * bytes;
  const last = side.last + <usize>p * bytes;
  if (!task.warm) {
    // There is no iteration before the first one, and `last` holds whatever lay there.
    memory.copy(last, c, bytes);
    return;
  }
  const beta = v128.splat<T>(<T>task.step);
  for (let at: usize = 0; at < bytes; at += 16) {
    const now = v128.load(c + at);
    const before = v128.load(last + at);
    v128.store(last + at, now);
    const ahead = v128.add<T>(now, v128.mul<T>(beta, v128.sub<T>(now, before)));
    v128.store(c + at, flush<T>(ahead));
  }
}

/** At the end of an iteration: keeps the extrapolated factors, or goes back. Every member calls it. */
export function settle<T>(task: Task, id: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  const loss = gramLoss<T>(task) + penalties<T>(task);
  const rose = loss > task.bound && task.warm != 0;
  barrier(task);
  if (rose) {
    restore<T>(task, H, id);
    restore<T>(task, W, id);
    refresh<T>(task, H, id);
    refresh<T>(task, W, id);
  }
  if (id == 0) {
    task.warm = 1;
    if (rose) {
      // ⟨WᵀV, H⟩ belongs to the factors that were given up.
      task.inner = NaN;
      task.ceiling = task.stepBefore;
      task.step = task.step / STEP_SHRINK;
      task.bound = Infinity;
    } else {
      task.bound = loss;
      task.stepBefore = task.step;
      task.step = Math.min(task.ceiling, STEP_GROWTH * task.step);
      task.ceiling = Math.min(1, CEILING_GROWTH * task.ceiling);
    }
  }
  barrier(task);
}

/** Panels of this member's own range ← last. */
function restore<T>(task: Task, side: Side, id: i32): void {
  const first = firstByte<T>(task, side, id);
  memory.copy(side.panels + first, side.last + first, firstByte<T>(task, side, id + 1) - first);
}
