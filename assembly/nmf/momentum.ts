// Momentum for the Newton steps (newton.ts), Nesterov's with restarts (O'Donoghue & Candès, "Adaptive
// restart for accelerated gradient schemes", Found. Comput. Math. 2015, restart by function value; for
// factorizations Ang & Gillis 2019). Before iteration c after a restart both factors move on along the
// way they came:
//
//   C_y = max(C + β(C − C_before), C/5),   β = c/(c + 6)
//
// A fifth and not 0, because a column of WH that empties has no curvature to come back by.
//
// Safeguard: every 10 iterations the objective is computed, which costs as much as a few half-steps. If
// it fell, the factors are kept as a safe point; if it rose, or is NaN, they go back to the last safe
// point, and the next 10 iterations go without momentum, so that they cannot fail. Outside `iterate` the
// factors are always an iterate, never C_y, and what the host asks for at multiples of 10 is a safe point:
// its loss is known by then, and never above the one before.

import { flush } from "../linalg/lanes";
import { barrier } from "../parallel/barrier";
import { Side, Solver, Task } from "../task";
import { explicitLoss, penalties } from "./loss";
import { firstByte, refresh } from "./statistics";

/** Iterations between two looks at the objective; the host's own looks are multiples of it. */
const LOOK_EVERY: i32 = 10;

/** β = c/(c + LAG): 3 as in Nesterov's scheme overshoots in the first iterations, at high ranks above all. */
const LAG: f64 = 6;

/** No entry falls below this share of itself by momentum. */
const FLOOR: f64 = 0.2;

/** Whether the task runs Newton steps with momentum. */
export function usesMomentum(task: Task): bool {
  return task.solver == Solver.NEWTON && task.extrapolate != 0;
}

/** Makes the factors as they stand the first safe point, unless there is one. Every member calls it. */
export function anchor<T>(task: Task, id: i32): void {
  if (task.bound != Infinity) return;
  explicitLoss<T>(task, task.loss, id);
  const loss = task.value + penalties<T>(task);
  keep<T>(task, id);
  if (id == 0) task.bound = loss;
  barrier(task);
}

/** Before an iteration: moves both factors on. */
export function moveOn<T>(task: Task, id: i32): void {
  anchor<T>(task, id);
  const beta = task.warm > 0 ? <f64>task.warm / (<f64>task.warm + LAG) : 0;
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  moveSide<T>(task, H, beta, id);
  if (!task.fixedW) moveSide<T>(task, W, beta, id);
  // Whoever does a chunk next need not be who has just moved it.
  barrier(task);
  // The first half-step leaves behind what the second one needs.
  if (beta > 0 && !task.fixedW) refresh<T>(task, task.firstH ? W : H, id);
}

/** After an iteration: looks at the objective when it is time. */
export function look<T>(task: Task, id: i32): void {
  const age = task.age + 1;
  const warm = task.warm + 1;
  barrier(task);
  if (id == 0) {
    task.age = age;
    task.warm = warm;
  }
  barrier(task);
  if (age == LOOK_EVERY) check<T>(task, id);
}

/** At the end of a run, whose last iterations nobody has looked at. Every member calls it. */
export function conclude<T>(task: Task, id: i32): void {
  if (usesMomentum(task) && task.age != 0) check<T>(task, id);
}

/** Keeps the factors as safe point, or goes back to the last one. */
function check<T>(task: Task, id: i32): void {
  explicitLoss<T>(task, task.loss, id);
  const loss = task.value + penalties<T>(task);
  const rose = !(loss <= task.bound);
  // Without momentum it is rounding at a minimum that lets the loss rise.
  const ahead = task.warm > 1;
  barrier(task);
  if (rose) goBack<T>(task, id);
  else keep<T>(task, id);
  if (id == 0) {
    task.age = 0;
    task.setback = rose && ahead ? 1 : 0;
    if (!rose) task.bound = loss;
    else if (ahead) task.warm = 1 - LOOK_EVERY;
  }
  barrier(task);
}

/** Keeps the panels of this member's chunks in `last`, and moves them on. */
function moveSide<T>(task: Task, side: Side, beta: f64, id: i32): void {
  const first = firstByte<T>(task, side, id);
  const end = firstByte<T>(task, side, id + 1);
  if (beta == 0) {
    memory.copy(side.last + first, side.panels + first, end - first);
    return;
  }
  const b = v128.splat<T>(<T>beta);
  const floor = v128.splat<T>(<T>FLOOR);
  for (let at = first; at < end; at += 16) {
    const now = v128.load(side.panels + at);
    const way = v128.sub<T>(now, v128.load(side.last + at));
    const ahead = v128.add<T>(now, v128.mul<T>(b, way));
    v128.store(side.last + at, now);
    v128.store(side.panels + at, flush<T>(v128.max<T>(ahead, v128.mul<T>(floor, now))));
  }
}

/** Panels of this member's chunks → safe. */
function keep<T>(task: Task, id: i32): void {
  for (let i = 0; i < 2; i++) {
    const side = changetype<Side>(i ? task.sideW : task.sideH);
    const first = firstByte<T>(task, side, id);
    memory.copy(side.safe + first, side.panels + first, firstByte<T>(task, side, id + 1) - first);
  }
}

/** Safe → panels, and what belongs to them. */
function goBack<T>(task: Task, id: i32): void {
  for (let i = 0; i < 2; i++) {
    const side = changetype<Side>(i ? task.sideW : task.sideH);
    const first = firstByte<T>(task, side, id);
    memory.copy(side.panels + first, side.safe + first, firstByte<T>(task, side, id + 1) - first);
    refresh<T>(task, side, id);
  }
}
