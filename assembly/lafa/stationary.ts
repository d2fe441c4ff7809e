// From factors near a stationary point to the point itself. SQUAREM (Varadhan & Roland 2008) on the iteration F of
// multiplicative updates, in square-root coordinates θ = √(W, H), where the updates are nearly linear:
//
//   r = F(θ) − θ,  v = F(F(θ)) − F(θ) − r,  α = −max(1, ‖r‖/‖v‖)
//   θ ← F(θ − 2αr + α²v), or F(F(θ)) where that has the larger loss
//
// and, near the end, Newton steps on the scaled second derivatives S of implicit.ts, C ← max(C + t d∘x, C/1000)
// with Sx = −d∘∂loss/∂C, whose length t the host finds. Components are balanced, ΣW_k = ΣH_k, in every cycle.

import { flush, horizontalSum, PANEL_BYTES, panelCount } from "../linalg/lanes";
import { iterate } from "../nmf/iterate";
import { explicitLoss } from "../nmf/loss";
import { refresh } from "../nmf/statistics";
import { barrier } from "../parallel/barrier";
import { chunkCount, chunkPanels, firstChunk } from "../parallel/range";
import { Side, Task } from "../task";
import { balanceFactors } from "./implicit";
import { partialOf, sumOfParts, vectorsOf } from "./workspace";

/** What a chunk leaves: ‖r‖² and ‖v‖². */
const FIRST: i32 = 0;
const SECOND: i32 = 1;

/** No step makes an entry smaller than this part of it. */
const LEAST_PART: f64 = 1e-3;

// What `pass` does to every vector of panels, with C the factor.
const SAVE_FIRST: i32 = 0;
const SAVE_SECOND: i32 = 1;
const MEASURE: i32 = 2;
const EXTRAPOLATE: i32 = 3;
const GO_BACK: i32 = 4;
const STEP: i32 = 5;
const UNDO: i32 = 6;

/** `count` cycles of three iterations each. task.value: the loss. Every member calls it. */
export function squarem<T>(task: Task, count: i32, id: i32): void {
  explicitLoss<T>(task, task.loss, id);
  let loss = task.value;
  for (let cycle = 0; cycle < count; cycle++) {
    balanceFactors<T>(task, id);
    pass<T>(task, SAVE_FIRST, 0, id);
    iterate<T>(task, 1, id);
    pass<T>(task, SAVE_SECOND, 0, id);
    iterate<T>(task, 1, id);
    pass<T>(task, MEASURE, 0, id);
    const first = sumOfParts(task, FIRST);
    const second = sumOfParts(task, SECOND);
    barrier(task);
    const alpha = second > 0 ? -Math.max(1, Math.sqrt(first / second)) : -1;
    pass<T>(task, EXTRAPOLATE, alpha, id);
    refreshBoth<T>(task, id);
    iterate<T>(task, 1, id);
    explicitLoss<T>(task, task.loss, id);
    const reached = task.value;
    barrier(task);
    if (!(reached <= loss)) {
      pass<T>(task, GO_BACK, 0, id);
      refreshBoth<T>(task, id);
      explicitLoss<T>(task, task.loss, id);
    }
    loss = task.value;
    barrier(task);
  }
}

/**
 * The factors ← a step of length 2^−halvings along the solution of `prepare` and `solve`, from where they stood at
 * 0 halvings; back there for −1. Every member calls it.
 */
export function step<T>(task: Task, halvings: i32, id: i32): void {
  if (halvings < 0) pass<T>(task, UNDO, 0, id);
  else {
    // The factors are kept in q, which is free once the system is solved.
    if (halvings == 0) pass<T>(task, SAVE_SECOND, 0, id);
    pass<T>(task, STEP, 1 / <f64>(1 << min(30, halvings)), id);
  }
  refreshBoth<T>(task, id);
}

function refreshBoth<T>(task: Task, id: i32): void {
  refresh<T>(task, changetype<Side>(task.sideH), id);
  refresh<T>(task, changetype<Side>(task.sideW), id);
}

/** One of the tasks above on this member's own chunks of both factors. Ends with a barrier. */
function pass<T>(task: Task, what: i32, amount: f64, id: i32): void {
  for (let which = 0; which < 2; which++) {
    const ofH = which == 0;
    const side = changetype<Side>(ofH ? task.sideH : task.sideW);
    const total = panelCount<T>(side.cols);
    const chunks = chunkCount(total);
    const size = chunkPanels(total);
    const end = firstChunk(chunks, task.team, id + 1);
    for (let chunk = firstChunk(chunks, task.team, id); chunk < end; chunk++) {
      const from = <usize>(chunk * size * task.k) * PANEL_BYTES;
      const to = <usize>(min(total, (chunk + 1) * size) * task.k) * PANEL_BYTES;
      passChunk<T>(task, ofH, side.panels, what, amount, from, to, partialOf(task, ofH, chunk));
    }
  }
  barrier(task);
}

function passChunk<T>(
  task: Task,
  ofH: bool,
  C: usize,
  what: i32,
  amount: f64,
  from: usize,
  to: usize,
  part: usize,
): void {
  const v = vectorsOf(task, ofH);
  if (what == SAVE_FIRST) memory.copy(v.p + from, C + from, to - from);
  else if (what == SAVE_SECOND) memory.copy(v.q + from, C + from, to - from);
  else if (what == GO_BACK) memory.copy(C + from, v.x + from, to - from);
  else if (what == UNDO) memory.copy(C + from, v.q + from, to - from);
  else if (what == MEASURE) {
    let first: f64 = 0;
    let second: f64 = 0;
    for (let at = from; at < to; at += 16) {
      const c = v128.load(C + at);
      v128.store(v.x + at, c);
      const middle = v128.sqrt<T>(v128.load(v.q + at));
      const r = v128.sub<T>(middle, v128.sqrt<T>(v128.load(v.p + at)));
      const change = v128.sub<T>(v128.sub<T>(v128.sqrt<T>(c), middle), r);
      first += horizontalSum<T>(v128.mul<T>(r, r));
      second += horizontalSum<T>(v128.mul<T>(change, change));
    }
    store<f64>(part + FIRST * 8, first);
    store<f64>(part + SECOND * 8, second);
  } else if (what == EXTRAPOLATE) {
    const twice = v128.splat<T>(<T>(-2 * amount));
    const square = v128.splat<T>(<T>(amount * amount));
    for (let at = from; at < to; at += 16) {
      const start = v128.sqrt<T>(v128.load(v.p + at));
      const middle = v128.sqrt<T>(v128.load(v.q + at));
      const r = v128.sub<T>(middle, start);
      const change = v128.sub<T>(v128.sub<T>(v128.sqrt<T>(v128.load(C + at)), middle), r);
      const moved = v128.add<T>(v128.mul<T>(twice, r), v128.mul<T>(square, change));
      const root = v128.add<T>(start, moved);
      v128.store(C + at, flush<T>(v128.mul<T>(root, root)));
    }
  } else {
    const length = v128.splat<T>(<T>amount);
    const least = v128.splat<T>(<T>LEAST_PART);
    for (let at = from; at < to; at += 16) {
      const c = v128.load(v.q + at);
      const move = v128.mul<T>(v128.load(v.d + at), v128.load(v.x + at));
      const next = v128.add<T>(c, v128.mul<T>(length, move));
      v128.store(C + at, flush<T>(v128.max<T>(next, v128.mul<T>(least, c))));
    }
  }
}
