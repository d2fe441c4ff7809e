// Workspace: where everything of one factorization lies. The host asks for the bytes first, takes
// them from its arena, and lets `layout` write the pointers.
//
//   [Side H][Side W] V  Vᵀ  D  Dᵀ  U  Uᵀ  H  Wᵀ  Hᵀ tiles  W tiles  HHᵀ  WᵀW  sums  partials  claims  scratch  staging

import { PANEL_BYTES, panelWidth } from "../linalg/lanes";
import { chunkCount, MAX_CHUNKS } from "../parallel/range";
import { Adversary, Loss, Side, Solver, Task } from "../task";

/** Rows of a fused pass over V that are held in scratch at once. */
export const TILE_ROWS: i32 = 128;

/** Numbers of each chunk that are not matrices: see `scalars` below. */
const SCALAR_BYTES: f64 = 32;

/** Bytes of V that the host stages at once, about. */
const STAGING_BYTES: f64 = 1048576;

/** Rows of V that the staging area holds: a multiple of the panel width. */
export function stagingRows<T>(m: i32, n: i32): i32 {
  return stagingRowsOf(m, n, panelWidth<T>());
}

function stagingRowsOf(m: i32, n: i32, width: i32): i32 {
  const all = (m + width - 1) / width;
  const fit = <i32>min(2147483647.0, STAGING_BYTES / (<f64>n * <f64>PANEL_BYTES));
  return max(1, min(all, fit)) * width;
}

/** Hands out addresses one after another, on 16-byte boundaries; f64 so that nothing wraps. */
@unmanaged
export class Cursor {
  at: f64;
}

/** The next `bytes` of a cursor. */
export function take(cursor: usize, bytes: f64): usize {
  const state = changetype<Cursor>(cursor);
  const start = state.at;
  state.at = start + Math.ceil(bytes / 16) * 16;
  return start < 4294967296.0 ? <usize>start : 0;
}

/** Panels of that width that hold `count` columns. */
function panels(count: i32, width: i32): i32 {
  return (count + width - 1) / width;
}

/** Bytes of a rows×cols matrix as panels of that width. */
function panelBytes(rows: i32, cols: i32, width: i32): f64 {
  return <f64>panels(cols, width) * <f64>PANEL_BYTES * <f64>rows;
}

/** Start of the row-major H in the staging area, behind W. */
export function stagedH<T>(task: Task): usize {
  return task.staging + ((<usize>task.m * task.k * sizeof<T>() + 15) & ~15);
}

/**
 * Writes the pointers of a workspace that starts at `base` into the task and its sides, whose m, n,
 * k, loss, solver, adversary, weighted, fixedW and team are set, and returns the bytes it takes. With `base` 0
 * nothing outside the task is written: that call only asks for the size.
 */
export function layout<T>(task: Task, base: usize): f64 {
  return layoutOf(task, base, panelWidth<T>());
}

/** One function for both types: they differ in the columns of a panel only. */
function layoutOf(task: Task, base: usize, width: i32): f64 {
  const m = task.m;
  const n = task.n;
  const k = task.k;
  const size = <f64>PANEL_BYTES / <f64>width;
  const chunks = max(chunkCount(panels(m, width)), chunkCount(panels(n, width)));
  // The cursor lives in the field that is written last.
  const cursor = changetype<usize>(task) + offsetof<Task>("value");
  changetype<Cursor>(cursor).at = <f64>base;

  task.sideH = take(cursor, <f64>offsetof<Side>());
  task.sideW = take(cursor, <f64>offsetof<Side>());
  const both = task.fixedW == 0;
  const v = panelBytes(m, n, width);
  const vt = both ? panelBytes(n, m, width) : 0;
  const data = take(cursor, v);
  const dataT = take(cursor, vt);
  const weights = take(cursor, task.weighted ? v : 0);
  const weightsT = take(cursor, task.weighted ? vt : 0);
  const attacked = task.adversary != Adversary.NONE;
  const attackedH = take(cursor, attacked ? v : 0);
  const attackedW = take(cursor, attacked ? vt : 0);
  const factorH = panelBytes(k, n, width);
  const factorW = panelBytes(k, m, width);
  const panelsH = take(cursor, factorH);
  const panelsW = take(cursor, factorW);
  const beforeH = take(cursor, attacked ? factorH : 0);
  const beforeW = take(cursor, attacked ? factorW : 0);
  const outsetH = take(cursor, attacked ? factorH : 0);
  const outsetW = take(cursor, attacked ? factorW : 0);
  const ahead = task.extrapolate != 0;
  const lastH = take(cursor, ahead ? factorH : 0);
  const lastW = take(cursor, ahead ? factorW : 0);
  const guarded = ahead && task.solver == Solver.NEWTON;
  const safeH = take(cursor, guarded ? factorH : 0);
  const safeW = take(cursor, guarded ? factorW : 0);
  const tilesH = take(cursor, <f64>n * <f64>k * size);
  const tilesW = take(cursor, <f64>m * <f64>k * size);
  const square = <f64>k * <f64>k * size;
  const gramH = take(cursor, square);
  const gramW = take(cursor, square);
  const sumsH = take(cursor, <f64>k * 8);
  const sumsW = take(cursor, <f64>k * 8);

  const partial = Math.ceil(square / 16) * 16 + Math.ceil((<f64>k * 8) / 16) * 16 + SCALAR_BYTES;
  task.partials = take(cursor, partial * <f64>chunks);
  task.partialBytes = <usize>partial;
  task.claims = take(cursor, <f64>MAX_CHUNKS * 4);

  const longest = panels(max(m, n), width) * width;
  let more: f64 = 0;
  if (task.solver == Solver.HALS && task.weighted) more = <f64>longest;
  else if (task.solver == Solver.NEWTON) more = 3.0 * <f64>longest + 2.0 * <f64>k + 1.0;
  const scratch = max(
    (2.0 * <f64>k + 2.0 * <f64>TILE_ROWS + more) * <f64>PANEL_BYTES,
    Math.ceil(square / 16) * 16,
  );
  task.scratch = take(cursor, scratch * <f64>task.team);
  task.scratchBytes = <usize>scratch;

  const block = <f64>stagingRowsOf(m, n, width) * <f64>n * size;
  const factors = Math.ceil((<f64>m * <f64>k * size) / 16) * 16 + <f64>k * <f64>n * size;
  task.staging = take(cursor, max(block, factors));
  task.stagingWeights = take(cursor, task.weighted ? block : 0);
  const bytes = changetype<Cursor>(cursor).at - <f64>base;

  if (base != 0) {
    // Gram parts hold one triangle each; the other is added too, and must not be whatever lay there.
    memory.fill(task.partials, 0, task.partialBytes * chunks);
    memory.fill(task.claims, 0, MAX_CHUNKS * 4);
    const H = changetype<Side>(task.sideH);
    H.rows = m;
    H.cols = n;
    H.data = data;
    H.weights = task.weighted ? weights : 0;
    H.panels = panelsH;
    H.last = ahead ? lastH : 0;
    H.safe = guarded ? safeH : 0;
    H.attacked = attacked ? attackedH : 0;
    H.before = attacked ? beforeH : 0;
    H.outset = attacked ? outsetH : 0;
    H.tiles = tilesH;
    H.gram = gramH;
    H.sums = sumsH;
    H.l1 = 0;
    H.l2 = 0;
    const W = changetype<Side>(task.sideW);
    W.rows = n;
    W.cols = m;
    W.data = dataT;
    W.weights = task.weighted ? weightsT : 0;
    W.panels = panelsW;
    W.last = ahead ? lastW : 0;
    W.safe = guarded ? safeW : 0;
    W.attacked = attacked ? attackedW : 0;
    W.before = attacked ? beforeW : 0;
    W.outset = attacked ? outsetW : 0;
    W.tiles = tilesW;
    W.gram = gramW;
    W.sums = sumsW;
    W.l1 = 0;
    W.l2 = 0;
  }
  return bytes;
}

/** Whether the half-steps need Gram matrices. */
export function usesGram(task: Task): bool {
  return task.loss == Loss.FROBENIUS && !task.weighted;
}

/** Whether the half-steps need row sums. */
export function usesSums(task: Task): bool {
  return task.loss == Loss.KULLBACK_LEIBLER && !task.weighted;
}

/** Row sums (k f64) of chunk `chunk`, behind its k×k matrix. */
export function partialSums<T>(task: Task, chunk: i32): usize {
  const square = (<usize>task.k * task.k * sizeof<T>() + 15) & ~15;
  return task.partials + <usize>chunk * task.partialBytes + square;
}

/** Four f64 of chunk `chunk`, behind its row sums. */
export function partialScalars<T>(task: Task, chunk: i32): usize {
  return partialSums<T>(task, chunk) + ((<usize>task.k * 8 + 15) & ~15);
}

/**
 * Scratch of one member, in rows of a panel: numerator (k), denominator (k), two tiles; then for weighted
 * HALS the residual, for Newton steps curvature, 1/(P+ε) and X (a row for each of the side), the panel as
 * it was (k), the diagonal of the curvature (k), and the pull of one row (1).
 */
export function numerator(task: Task, id: i32): usize {
  return task.scratch + <usize>id * task.scratchBytes;
}
export function denominator(task: Task, id: i32): usize {
  return numerator(task, id) + <usize>task.k * PANEL_BYTES;
}
export function tileOne(task: Task, id: i32): usize {
  return denominator(task, id) + <usize>task.k * PANEL_BYTES;
}
export function tileTwo(task: Task, id: i32): usize {
  return tileOne(task, id) + <usize>TILE_ROWS * PANEL_BYTES;
}
export function residualRows(task: Task, id: i32): usize {
  return tileTwo(task, id) + <usize>TILE_ROWS * PANEL_BYTES;
}
export function curvatureRows(task: Task, id: i32): usize {
  return residualRows(task, id);
}
export function quotientRows(task: Task, id: i32): usize {
  return curvatureRows(task, id) + longestRows(task);
}
export function moveRows(task: Task, id: i32): usize {
  return quotientRows(task, id) + longestRows(task);
}
export function startOf(task: Task, id: i32): usize {
  return moveRows(task, id) + longestRows(task);
}
export function diagonal(task: Task, id: i32): usize {
  return startOf(task, id) + <usize>task.k * PANEL_BYTES;
}
export function pullOne(task: Task, id: i32): usize {
  return diagonal(task, id) + <usize>task.k * PANEL_BYTES;
}

function longestRows(task: Task): usize {
  return <usize>max(task.m, task.n) * PANEL_BYTES;
}
