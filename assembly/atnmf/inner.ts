// The inner loop of AT-NMF (Algorithm 1, lines 7 to 12): iterations on the attacked data U, until rule (12) says
// that WH no longer moves. The half-steps are those of NMF; U takes the place of V while the loop runs.

import { step } from "../nmf/iterate";
import { barrier } from "../parallel/barrier";
import { Side, Task } from "../task";
import { changedLess } from "./change";

/**
 * At most `count` iterations. task.done ← how many; task.met ← 1 when the last one changed WH by less than
 * the task's innerTolerance; with 0 none does. Every member calls it.
 */
export function innerLoop<T>(task: Task, count: i32, id: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  const tolerance = task.innerTolerance;
  if (id == 0) {
    exchange(H);
    exchange(W);
  }
  barrier(task);
  let done = 0;
  let met = false;
  while (done < count && !met) {
    // Read again only behind the barriers of the half-steps.
    if (id == 0) task.exceeded = 0;
    step<T>(task, H, W, id);
    done++;
    if (tolerance > 0) met = changedLess<T>(task, H.before, W.before, tolerance, id);
  }
  if (id > 0) return;
  exchange(H);
  exchange(W);
  task.done = done;
  task.met = met ? 1 : 0;
}

/** task.met ← 1 when WH has changed by less than the task's outerTolerance since the attack: rule (13). */
export function outerRule<T>(task: Task, id: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  if (id == 0) task.exceeded = 0;
  barrier(task);
  const met = changedLess<T>(task, H.outset, W.outset, task.outerTolerance, id);
  if (id == 0) task.met = met ? 1 : 0;
}

function exchange(side: Side): void {
  const data = side.data;
  side.data = side.attacked;
  side.attacked = data;
}
