// Scale and cut of the truncated Cauchy loss (Guan, Liu, Zhang, Tao, Davis, "Truncated Cauchy
// non-negative matrix factorization", arXiv 1906.00495). With E = V − WH:
//
//   scale   γ of maximum likelihood: the mean of 1/(1+(E/γ)²) is ½. Nagy's iteration
//           γ ← γ·√(1/mean − 1) finds it.
//   cut     three-sigma rule: |E| beyond mean|E| + 3·std|E| counts as an outlier, with weight 0
//           (the paper's γ√σ).

import { lanes, PANEL_BYTES, panelCount } from "../linalg/lanes";
import { predict } from "../linalg/product";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Side, Task } from "../task";
import { loadPair, pairSum } from "./loss";
import { combineScalar } from "./statistics";
import { partialScalars, TILE_ROWS, tileOne } from "./workspace";

/** Nagy's iteration converges linearly; this many steps or a change below 1e-4 end it. */
const STEPS: i32 = 20;
const CHANGE: f64 = 1e-4;

/** No scale below this share of the root mean square of V: a perfect fit has no scale. */
const SMALLEST: f64 = 1e-9;

/**
 * Sets task.cauchyCut, and task.cauchyScale too when `estimate` is not 0, from the errors as they stand.
 */
export function cauchyScale<T>(task: Task, estimate: i32, id: i32): void {
  const floor = SMALLEST * Math.sqrt(task.squares / task.weight);
  gather<T>(task, id);
  const chunks = chunkCount(panelCount<T>(task.n));
  const mean = combineScalar<T>(task, chunks, 1) / task.weight;
  const variance = combineScalar<T>(task, chunks, 2) / task.weight - mean * mean;
  barrier(task);
  if (id == 0) {
    task.cauchyCut = mean + 3 * Math.sqrt(Math.max(0, variance));
    if (estimate && !(task.cauchyScale > 0)) task.cauchyScale = Math.max(mean, floor);
  }
  barrier(task);
  if (!estimate) return;
  for (let step = 0; step < STEPS; step++) {
    gather<T>(task, id);
    const share = combineScalar<T>(task, chunks, 0) / task.weight;
    const old = task.cauchyScale;
    const next = Math.max(floor, old * Math.sqrt(Math.max(0, 1 / share - 1)));
    barrier(task);
    if (id == 0) task.cauchyScale = next;
    barrier(task);
    if (Math.abs(next - old) <= CHANGE * old) break;
  }
}

/** Scalars of each chunk: ΣD/(1+(E/γ)²), ΣD|E|, ΣD E². */
function gather<T>(task: Task, id: i32): void {
  const side = changetype<Side>(task.sideH);
  const other = changetype<Side>(task.sideW);
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const tile = tileOne(task, id);
  const inverse = f64x2.splat(task.cauchyScale > 0 ? 1 / task.cauchyScale : 0);
  const one = f64x2.splat(1);
  const step: usize = 2 * sizeof<T>();
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    const last = min(total, (chunk + 1) * size);
    let shares = f64x2.splat(0);
    let sizes = f64x2.splat(0);
    let squares = f64x2.splat(0);
    for (let p = chunk * size; p < last; p++) {
      const panel = side.panels + <usize>p * task.k * PANEL_BYTES;
      for (let row = 0; row < side.rows; row += TILE_ROWS) {
        const count = min(TILE_ROWS, side.rows - row);
        const at = (<usize>p * side.rows + row) * PANEL_BYTES;
        predict<T>(count, task.k, other.panels, row, panel, tile);
        let x = side.data + at;
        let d = side.weights ? side.weights + at : 0;
        let q = tile;
        const pairs = count * lanes<T>();
        for (let i = 0; i < pairs; i++) {
          const error = f64x2.sub(loadPair<T>(x), loadPair<T>(q));
          const u = f64x2.mul(error, inverse);
          const weight = d ? loadPair<T>(d) : one;
          const square = f64x2.mul(error, error);
          shares = f64x2.add(shares, f64x2.div(weight, f64x2.add(one, f64x2.mul(u, u))));
          sizes = f64x2.add(sizes, f64x2.mul(weight, f64x2.abs(error)));
          squares = f64x2.add(squares, f64x2.mul(weight, square));
          x += step;
          q += step;
          if (d) d += step;
        }
      }
    }
    const out = partialScalars<T>(task, chunk);
    store<f64>(out, pairSum(shares) - padding<T>(task, chunk, chunks));
    store<f64>(out, pairSum(sizes), 8);
    store<f64>(out, pairSum(squares), 16);
  }
  barrier(task);
}

/** Without weights each padding column of the last chunk was counted as a perfect fit. */
function padding<T>(task: Task, chunk: i32, chunks: i32): f64 {
  const side = changetype<Side>(task.sideH);
  if (side.weights || chunk < chunks - 1) return 0;
  const spare = panelCount<T>(side.cols) * 2 * lanes<T>() - side.cols;
  return <f64>spare * <f64>side.rows;
}
