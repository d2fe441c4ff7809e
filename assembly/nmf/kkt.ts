// Projected gradient (Lin 2007): with the gradient G = denominator − numerator of the
// multiplicative update, which holds for every loss here,
//
//   (proj G)_aj = G_aj where C_aj > 0, min(G_aj, 0) where C_aj = 0
//
// It is zero exactly where the Karush–Kuhn–Tucker conditions hold.

import { PANEL_BYTES, panelCount } from "../linalg/lanes";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Side, Task } from "../task";
import { terms } from "./iterate";
import { loadPair, pairSum } from "./loss";
import { combineScalar } from "./statistics";
import { denominator, numerator, partialScalars } from "./workspace";

/** task.value ← ‖proj ∇W‖² + ‖proj ∇H‖² at the factors as they stand. */
export function projectedGradient<T>(task: Task, id: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  const fromH = sideGradient<T>(task, H, W, id);
  const fromW = task.fixedW ? 0 : sideGradient<T>(task, W, H, id);
  if (id == 0) task.value = fromH + fromW;
  barrier(task);
}

function sideGradient<T>(task: Task, side: Side, other: Side, id: i32): f64 {
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const step: usize = 2 * sizeof<T>();
  const zero = f64x2.splat(0);
  const l1 = f64x2.splat(side.l1);
  const l2 = f64x2.splat(side.l2);
  const pairs = task.k * <i32>(PANEL_BYTES / step);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    const last = min(total, (chunk + 1) * size);
    let squares = zero;
    for (let p = chunk * size; p < last; p++) {
      terms<T>(task, side, other, p, id);
      let num = numerator(task, id);
      let den = denominator(task, id);
      let c = side.panels + <usize>p * task.k * PANEL_BYTES;
      for (let i = 0; i < pairs; i++) {
        const value = loadPair<T>(c);
        let g = f64x2.sub(loadPair<T>(den), loadPair<T>(num));
        g = f64x2.add(g, f64x2.add(l1, f64x2.mul(l2, value)));
        g = v128.bitselect(g, f64x2.min(g, zero), f64x2.gt(value, zero));
        squares = f64x2.add(squares, f64x2.mul(g, g));
        c += step;
        num += step;
        den += step;
      }
    }
    store<f64>(partialScalars<T>(task, chunk), pairSum(squares));
  }
  barrier(task);
  const sum = combineScalar<T>(task, chunks, 0);
  barrier(task);
  return sum;
}
