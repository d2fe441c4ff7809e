// What a half-step leaves behind for the other one: the tiles of its factor, and, where the loss
// needs them, the Gram matrix CCᵀ (k×k) or the row sums of C (k). Each chunk writes its own part;
// after the barrier member 0 adds the parts in the order of the chunks.

import { gram, mirror } from "../linalg/gram";
import { horizontalSum, PANEL_BYTES, panelCount } from "../linalg/lanes";
import { panelToTiles, squareToTiles } from "../linalg/layout";
import { barrier } from "../parallel/barrier";
import { chunkCount, chunkPanels, firstChunk } from "../parallel/range";
import { Side, Task } from "../task";
import { numerator, partialScalars, partialSums, usesGram, usesSums } from "./workspace";

/** Tiles, Gram part and row sums of one chunk. */
export function summarize<T>(task: Task, side: Side, chunk: i32): void {
  const k = task.k;
  const total = panelCount<T>(side.cols);
  const size = chunkPanels(total);
  const first = chunk * size;
  const count = min(size, total - first);
  const panels = side.panels + <usize>first * k * PANEL_BYTES;
  for (let p = 0; p < count; p++) {
    panelToTiles<T>(k, side.cols, first + p, panels + <usize>p * k * PANEL_BYTES, side.tiles);
  }
  if (usesGram(task)) gram<T>(k, count, panels, task.partials + <usize>chunk * task.partialBytes);
  if (usesSums(task)) {
    const out = partialSums<T>(task, chunk);
    for (let a = 0; a < k; a++) {
      let s0 = v128.splat<T>(<T>0);
      let s1 = s0;
      let at = panels + <usize>a * PANEL_BYTES;
      for (let p = 0; p < count; p++) {
        s0 = v128.add<T>(s0, v128.load(at));
        s1 = v128.add<T>(s1, v128.load(at, 16));
        at += <usize>k * PANEL_BYTES;
      }
      store<f64>(out + <usize>a * 8, horizontalSum<T>(v128.add<T>(s0, s1)));
    }
  }
}

/** Adds the parts of all chunks into the side's Gram tiles and sums. One member calls it. */
export function combine<T>(task: Task, side: Side): void {
  const k = task.k;
  const chunks = chunkCount(panelCount<T>(side.cols));
  if (usesGram(task)) {
    const sum = numerator(task, 0);
    const bytes = (<usize>k * k * sizeof<T>() + 15) & ~15;
    memory.copy(sum, task.partials, bytes);
    for (let chunk = 1; chunk < chunks; chunk++) {
      const part = task.partials + <usize>chunk * task.partialBytes;
      for (let at: usize = 0; at < bytes; at += 16) {
        v128.store(sum + at, v128.add<T>(v128.load(sum + at), v128.load(part + at)));
      }
    }
    mirror<T>(k, sum);
    squareToTiles<T>(k, sum, side.gram);
  }
  if (usesSums(task)) {
    for (let a = 0; a < k; a++) {
      let sum: f64 = 0;
      for (let chunk = 0; chunk < chunks; chunk++) {
        sum += load<f64>(partialSums<T>(task, chunk) + <usize>a * 8);
      }
      store<f64>(side.sums + <usize>a * 8, sum);
    }
  }
}

/** Scalar `index` (0…3), summed over the chunks in order. */
export function combineScalar<T>(task: Task, chunks: i32, index: i32): f64 {
  let sum: f64 = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    sum += load<f64>(partialScalars<T>(task, chunk) + <usize>index * 8);
  }
  return sum;
}

/** Brings tiles, Gram matrix and sums of a side in line with its panels. */
export function refresh<T>(task: Task, side: Side, id: i32): void {
  const chunks = chunkCount(panelCount<T>(side.cols));
  const end = firstChunk(chunks, task.team, id + 1);
  for (let chunk = firstChunk(chunks, task.team, id); chunk < end; chunk++) {
    summarize<T>(task, side, chunk);
  }
  barrier(task);
  if (id == 0) combine<T>(task, side);
  barrier(task);
}

/** Where the panels of member `id`'s own range begin, in bytes. */
export function firstByte<T>(task: Task, side: Side, id: i32): usize {
  const total = panelCount<T>(side.cols);
  const panel = min(total, firstChunk(chunkCount(total), task.team, id) * chunkPanels(total));
  return <usize>panel * task.k * PANEL_BYTES;
}
