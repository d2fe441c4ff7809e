// What the bench's WebAssembly module has besides the kernels' own exports (assembly/index.ts, compiled
// into the same module): the ceilings, and single kernels repeated on a prepared task, walking over the
// data exactly as a half-step does.
//
// `transposed` 0: the side of H (V, W fixed); 1: the side of W (Vᵀ, H fixed).

import { gram } from "../../assembly/linalg/gram";
import { PANEL_BYTES, panelCount } from "../../assembly/linalg/lanes";
import { predict } from "../../assembly/linalg/product";
import { frobeniusDenominator, frobeniusNumerator } from "../../assembly/nmf/mu-frobenius";
import { summarize } from "../../assembly/nmf/statistics";
import { TILE_ROWS, tileOne } from "../../assembly/nmf/workspace";
import { chunkCount, chunkPanels } from "../../assembly/parallel/range";
import { Side, Task } from "../../assembly/task";
import { chains8, chains10, chains12, divisions, tile42 } from "./peak";

function sideOf(task: Task, transposed: i32): Side {
  return changetype<Side>(transposed ? task.sideW : task.sideH);
}

/** WᵀV: every panel's numerator, one after another in the same scratch. */
function product<T>(task: Task, transposed: i32, reps: i32): void {
  const side = sideOf(task, transposed);
  const other = sideOf(task, 1 - transposed);
  const total = panelCount<T>(side.cols);
  for (let rep = 0; rep < reps; rep++) {
    for (let p = 0; p < total; p++) frobeniusNumerator<T>(task, side, other, p, 0);
  }
}

/** WᵀW·H: every panel's denominator. */
function denominators<T>(task: Task, transposed: i32, reps: i32): void {
  const side = sideOf(task, transposed);
  const other = sideOf(task, 1 - transposed);
  const total = panelCount<T>(side.cols);
  for (let rep = 0; rep < reps; rep++) {
    for (let p = 0; p < total; p++) frobeniusDenominator<T>(task, side, other, p, 0);
  }
}

/** HHᵀ: the part of every chunk. */
function grams<T>(task: Task, transposed: i32, reps: i32): void {
  const side = sideOf(task, transposed);
  const total = panelCount<T>(side.cols);
  const size = chunkPanels(total);
  const chunks = chunkCount(total);
  for (let rep = 0; rep < reps; rep++) {
    for (let chunk = 0; chunk < chunks; chunk++) {
      const first = chunk * size;
      const panels = side.panels + <usize>first * task.k * PANEL_BYTES;
      const out = task.partials + <usize>chunk * task.partialBytes;
      gram<T>(task.k, min(size, total - first), panels, out);
    }
  }
}

/** Everything a half-step leaves for the other one: tiles, Gram parts, row sums. */
function summaries<T>(task: Task, transposed: i32, reps: i32): void {
  const side = sideOf(task, transposed);
  const chunks = chunkCount(panelCount<T>(side.cols));
  for (let rep = 0; rep < reps; rep++) {
    for (let chunk = 0; chunk < chunks; chunk++) summarize<T>(task, side, chunk);
  }
}

/** WH, tile by tile, as the fused passes form it. */
function predictions<T>(task: Task, transposed: i32, reps: i32): void {
  const side = sideOf(task, transposed);
  const other = sideOf(task, 1 - transposed);
  const k = task.k;
  const total = panelCount<T>(side.cols);
  const tile = tileOne(task, 0);
  for (let rep = 0; rep < reps; rep++) {
    for (let p = 0; p < total; p++) {
      const panel = side.panels + <usize>p * k * PANEL_BYTES;
      for (let row = 0; row < side.rows; row += TILE_ROWS) {
        predict<T>(min(TILE_ROWS, side.rows - row), k, other.panels, row, panel, tile);
      }
    }
  }
}

// f32

export function bench_product_f32(task: Task, transposed: i32, reps: i32): void {
  product<f32>(task, transposed, reps);
}
export function bench_denominators_f32(task: Task, transposed: i32, reps: i32): void {
  denominators<f32>(task, transposed, reps);
}
export function bench_grams_f32(task: Task, transposed: i32, reps: i32): void {
  grams<f32>(task, transposed, reps);
}
export function bench_summaries_f32(task: Task, transposed: i32, reps: i32): void {
  summaries<f32>(task, transposed, reps);
}
export function bench_predictions_f32(task: Task, transposed: i32, reps: i32): void {
  predictions<f32>(task, transposed, reps);
}
export function peak_chains8_f32(rounds: i32, data: usize): void {
  chains8<f32>(rounds, data);
}
export function peak_chains10_f32(rounds: i32, data: usize): void {
  chains10<f32>(rounds, data);
}
export function peak_chains12_f32(rounds: i32, data: usize): void {
  chains12<f32>(rounds, data);
}
export function peak_divisions_f32(rounds: i32, data: usize): void {
  divisions<f32>(rounds, data);
}
export function peak_tile42_f32(rounds: i32, data: usize): void {
  tile42<f32>(rounds, data, data + 16384);
}

// f64

export function bench_product_f64(task: Task, transposed: i32, reps: i32): void {
  product<f64>(task, transposed, reps);
}
export function bench_denominators_f64(task: Task, transposed: i32, reps: i32): void {
  denominators<f64>(task, transposed, reps);
}
export function bench_grams_f64(task: Task, transposed: i32, reps: i32): void {
  grams<f64>(task, transposed, reps);
}
export function bench_summaries_f64(task: Task, transposed: i32, reps: i32): void {
  summaries<f64>(task, transposed, reps);
}
export function bench_predictions_f64(task: Task, transposed: i32, reps: i32): void {
  predictions<f64>(task, transposed, reps);
}
export function peak_chains8_f64(rounds: i32, data: usize): void {
  chains8<f64>(rounds, data);
}
export function peak_chains10_f64(rounds: i32, data: usize): void {
  chains10<f64>(rounds, data);
}
export function peak_chains12_f64(rounds: i32, data: usize): void {
  chains12<f64>(rounds, data);
}
export function peak_divisions_f64(rounds: i32, data: usize): void {
  divisions<f64>(rounds, data);
}
export function peak_tile42_f64(rounds: i32, data: usize): void {
  tile42<f64>(rounds, data, data + 16384);
}
