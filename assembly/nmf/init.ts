// Random starting factors, row-major into the staging area. W draws from stream 2s and H from 2s+1,
// s being the number of the restart.

import { scale, sum } from "../linalg/vector";
import { normal, uniform } from "../rng/counter";
import { Task } from "../task";
import { stagedH } from "./workspace";

/** Uniform W and H, both scaled by one number so that mean(WH) = mean(V) over observed entries. */
export function initRandom<T>(task: Task, seed: u32, stream: u32): void {
  const W = task.staging;
  const H = stagedH<T>(task);
  const m = task.m;
  const n = task.n;
  const k = task.k;
  uniform<T>(seed, 2 * stream, m * k, W, task.scratch);
  uniform<T>(seed, 2 * stream + 1, k * n, H, task.scratch);
  let product: f64 = 0;
  for (let a = 0; a < k; a++) {
    let column: f64 = 0;
    for (let i = 0; i < m; i++) column += <f64>load<T>(W + (<usize>i * k + a) * sizeof<T>());
    product += column * sum<T>(n, H + <usize>a * n * sizeof<T>());
  }
  const mean = product / (<f64>m * <f64>n);
  const target = task.total / task.weight;
  const factor = mean > 0 ? Math.sqrt(target / mean) : 0;
  scale<T>(m * k, <T>factor, W);
  scale<T>(k * n, <T>factor, H);
}

/** |N(0,1)| W and H (AT-NMF, section II-C; the five steps that follow are the caller's). */
export function initHalfNormal<T>(task: Task, seed: u32, stream: u32): void {
  normal<T>(seed, 2 * stream, task.m * task.k, true, task.staging, task.scratch);
  normal<T>(seed, 2 * stream + 1, task.k * task.n, true, stagedH<T>(task), task.scratch);
}
