// Whether WH still moves: rules (12) and (13) of AT-NMF,
//
//   ‖ (WH − W₀H₀) / W₀H₀ ‖_F < tolerance        the quotient entry by entry, 0/0 counting as 0
//
// with the factors W₀, H₀ as they were. WH is not kept: both products are formed a tile at a time, and since the
// sum only grows, everybody stops as soon as somebody has more than the tolerance allows, which far from
// convergence is after the first tile. The answer is that of the whole sum, whoever computes it.

import { lanes, PANEL_BYTES, panelCount } from "../linalg/lanes";
import { predict } from "../linalg/product";
import { loadPair, pairSum } from "../nmf/loss";
import { combineScalar } from "../nmf/statistics";
import { partialScalars, tileOne, tileTwo } from "../nmf/workspace";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Side, Task } from "../task";

/** Rows of a panel that are formed at once: few, since the first of them usually answer. */
const CHANGE_ROWS: i32 = 32;

/** Above the square of the tolerance by more than rounding can be. */
const CERTAINLY: f64 = 1 + 1e-9;

/**
 * Whether WH has changed by less than `tolerance` since the factors were panels `fromH` and `fromW`. Every
 * member calls it and gets the same answer; task.exceeded is 0 before.
 */
export function changedLess<T>(task: Task, fromH: usize, fromW: usize, tolerance: f64, id: i32): bool {
  const k = task.k;
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  const total = panelCount<T>(H.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const flag = changetype<usize>(task) + offsetof<Task>("exceeded");
  const limit = tolerance * tolerance;
  const now = tileOne(task, id);
  const then = tileTwo(task, id);
  let all: f64 = 0;
  let exceeded = atomic.load<i32>(flag) != 0;
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    const last = min(total, (chunk + 1) * size);
    let part: f64 = 0;
    for (let p = chunk * size; p < last && !exceeded; p++) {
      const panel = <usize>p * k * PANEL_BYTES;
      for (let row = 0; row < H.rows && !exceeded; row += CHANGE_ROWS) {
        const count = min(CHANGE_ROWS, H.rows - row);
        predict<T>(count, k, W.panels, row, H.panels + panel, now);
        predict<T>(count, k, fromW, row, fromH + panel, then);
        part += squaredChange<T>(count * lanes<T>(), now, then);
        if (all + part > limit * CERTAINLY) atomic.store<i32>(flag, 1);
        exceeded = atomic.load<i32>(flag) != 0;
      }
    }
    if (exceeded) break;
    all += part;
    store<f64>(partialScalars<T>(task, chunk), part);
  }
  barrier(task);
  const less = atomic.load<i32>(flag) == 0 && combineScalar<T>(task, chunks, 0) < limit;
  barrier(task);
  return less;
}

/** Σ ((now − then)/then)² of `pairs` pairs of numbers. */
function squaredChange<T>(pairs: i32, now: usize, then: usize): f64 {
  let s = f64x2.splat(0);
  const step: usize = 2 * sizeof<T>();
  for (let i = 0; i < pairs; i++) {
    const q = loadPair<T>(then);
    const change = f64x2.sub(loadPair<T>(now), q);
    const ratio = v128.and(f64x2.div(change, q), f64x2.ne(change, f64x2.splat(0)));
    s = f64x2.add(s, f64x2.mul(ratio, ratio));
    now += step;
    then += step;
  }
  return pairSum(s);
}
