// The adversary's answer inside the training of AT-NMF (Cai, Tan & Févotte, eq. 10, Algorithm 1), and its adjoint, for
// back-propagation through that training (LaFA, arXiv 2408.03909). An outer iteration is
//
//   U = max(V + s(V − WH), 0),  s = 1/(λ − 1);  then iterations of W and H on U
//
// From Ū, the gradient in U that the iterations leave, with Z = Ū where U > 0 and 0 where it was clipped:
//
//   V̄ = (1 + s)Z,  W̄ −= s·ZHᵀ,  H̄ −= s·WᵀZ
//
// U takes the very place of V on both sides, so that the half-steps and their adjoints (step-adjoint.ts) are those of
// NMF and nothing more is m×n; the host brings V back where it is needed, and sums V̄ over the outer iterations.

import { attackSide } from "../atnmf/adversary";
import { PANEL_BYTES, panelCount, panelWidth } from "../linalg/lanes";
import { rowsToTransposedPanels } from "../linalg/layout";
import { accumulate } from "../linalg/product";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Side, Task } from "../task";
import { clearGradient } from "./backprop";
import { GRADIENT_ROWS, gradientOf, gradientTile, vectorsOf } from "./workspace";

/** The data, which are V, ← U of the factors as they stand; Ū ← 0. Every member calls it. */
export function answer<T>(task: Task, id: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  if (id == 0) {
    H.attacked = H.data;
    W.attacked = W.data;
  }
  if (id == task.team - 1) clearGradient<T>(task);
  barrier(task);
  attackSide<T>(task, H, W, false, id);
  attackSide<T>(task, W, H, false, id);
}

/**
 * `adjoint` of both sides, gradients in the factors behind the answer, become those before it, where the factors
 * stand; the gradient in the data, Ū, becomes V̄. The data are U. Every member calls it.
 */
export function answerAdjoint<T>(task: Task, id: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  const stop = changetype<usize>(task) + offsetof<Task>("stop");
  let total = panelCount<T>(task.m);
  let chunks = chunkCount(total);
  let size = chunkPanels(total);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    if (atomic.load<i32>(stop)) break;
    const last = min(total, (chunk + 1) * size);
    for (let q = chunk * size; q < last; q++) turnedPanel<T>(task, H, W, q, id);
  }
  barrier(task);
  total = panelCount<T>(task.n);
  chunks = chunkCount(total);
  size = chunkPanels(total);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    if (atomic.load<i32>(stop)) break;
    const last = min(total, (chunk + 1) * size);
    for (let p = chunk * size; p < last; p++) panel<T>(task, H, W, p, id);
  }
  barrier(task);
}

/** V̄ and H̄ of panel p of U. */
function panel<T>(task: Task, H: Side, W: Side, p: i32, id: i32): void {
  const m = task.m;
  const tile = gradientTile(task, id, 0);
  const out = vectorsOf(task, true).adjoint + <usize>(p * task.k) * PANEL_BYTES;
  for (let row = 0; row < m; row += GRADIENT_ROWS) {
    const count = min(GRADIENT_ROWS, m - row);
    const at = (<usize>p * m + row) * PANEL_BYTES;
    const gradient = gradientOf(task).gradient + at;
    unclipped<T>(2 * count, <T>-task.strength, H.data + at, gradient, tile);
    unclipped<T>(2 * count, <T>(1 + task.strength), H.data + at, gradient, gradient);
    accumulate<T>(count, task.k, W.tiles, m, row, tile, out);
  }
}

/** W̄ of panel q of Uᵀ. */
function turnedPanel<T>(task: Task, H: Side, W: Side, q: i32, id: i32): void {
  const n = task.n;
  const width = panelWidth<T>();
  const live = min(width, task.m - q * width);
  const tile = gradientTile(task, id, 0);
  const out = vectorsOf(task, false).adjoint + <usize>(q * task.k) * PANEL_BYTES;
  for (let row = 0; row < n; row += GRADIENT_ROWS) {
    const count = min(GRADIENT_ROWS, n - row);
    // Rows of a panel of Ū are as long as a panel is wide: their transpose is a block of one panel of Ūᵀ.
    for (let j = 0; j < count; j += width) {
      const from = (<usize>((row + j) / width) * task.m + q * width) * PANEL_BYTES;
      rowsToTransposedPanels<T>(
        width,
        0,
        live,
        gradientOf(task).gradient + from,
        tile + <usize>j * PANEL_BYTES,
      );
    }
    unclipped<T>(2 * count, <T>-task.strength, W.data + (<usize>q * n + row) * PANEL_BYTES, tile, tile);
    accumulate<T>(count, task.k, H.tiles, n, row, tile, out);
  }
}

/** out ← scale·x where u > 0, 0 elsewhere. */
function unclipped<T>(vectors: i32, scale: T, u: usize, x: usize, out: usize): void {
  const s = v128.splat<T>(scale);
  const zero = v128.splat<T>(<T>0);
  for (const end = u + ((<usize>vectors) << 4); u < end; u += 16, x += 16, out += 16) {
    v128.store(out, v128.and(v128.mul<T>(s, v128.load(x)), v128.gt<T>(v128.load(u), zero)));
  }
}
