// What the gradients keep beside a task's workspace (nmf/workspace.ts), and where it lies. V stays where it is:
// nothing here is m×n but the gradient of back-propagation, which is summed over the steps.
//
//   [Gradient][GradientSide H][GradientSide W] vectors of H, of W  features  partials
//   back-propagation   ∂L/∂X  states  sums over columns  constants  W and Ā in pairs of rows
//   implicit           the k×k blocks of each column of H and row of W

import { PANEL_BYTES, panelCount, panelWidth } from "../linalg/lanes";
import { pairElements } from "../linalg/product";
import { Cursor, take, tileOne } from "../nmf/workspace";
import { chunkCount } from "../parallel/range";
import { Loss, Task } from "../task";
import { assignBytes } from "./hungarian";

/** Rows of a panel that gradients take at once: three tiles of them fit where there are two of TILE_ROWS. */
export const GRADIENT_ROWS: i32 = 80;

/** How a gradient is computed. */
export namespace Mode {
  export const BACKPROP: i32 = 0;
  export const IMPLICIT: i32 = 1;
}

/** Vectors that go with one factor C (k×cols), all as panels like C itself, but for the tiles. */
@unmanaged
export class GradientSide {
  /** The factor of the reference. */
  reference: usize;
  /** Gradient in C; in the solution of the implicit system the residual r. */
  adjoint: usize;
  /** Frobenius, back-propagation: Ā. Implicit: u = d∘p. */
  change: usize;
  /** The same as tiles; with Kullback–Leibler too, of W. */
  changeTiles: usize;
  /** Implicit: √(C/s), and the multipliers of entries on the boundary. */
  d: usize;
  e: usize;
  /** Implicit: solution, direction, S times direction or M⁻¹r. */
  x: usize;
  p: usize;
  q: usize;
  /** Implicit: k² rows a panel, the factorized blocks of its columns. */
  blocks: usize;
}

/** Fields of a GradientSide, the blocks last; the first of them, the tiles last, are there in either mode. */
const VECTORS: i32 = 10;
const SHARED_VECTORS: i32 = 4;

@unmanaged
export class Gradient {
  // What the host writes.
  /** Steps of the segment that is worked on. */
  steps: i32;
  /** Checkpoints; the states inside a segment lie behind them. */
  checkpoints: i32;
  /** Products with S at most. */
  limit: i32;
  /** δ of S + δI, and the residual to reach, relative to the right-hand side. */
  damping: f64;
  tolerance: f64;
  /** Entries below this part of the largest of their component are raised to it; 0: none. */
  floor: f64;
  // What the kernels report.
  /** Component, from 1, that is zero in W or in H, so that there is no feature error; 0: none. */
  vanished: i32;
  products: i32;
  /** 1: a direction of negative curvature was met. */
  negative: i32;
  /** 1: the system is solved, or has to be given up. */
  done: i32;
  error: f64;
  errorW: f64;
  errorH: f64;
  /** See implicit.ts. */
  stationarity: f64;
  residual: f64;
  curvature: f64;
  multiplier: f64;
  leak: f64;
  /** ⟨r, M⁻¹r⟩ and ‖right-hand side‖. */
  rho: f64;
  norm: f64;
  /** ‖r‖. */
  remaining: f64;
  // The memory.
  H: usize;
  W: usize;
  /** k i32. */
  matching: usize;
  /** k×k f64 and what the assignment needs, and six f64 a component. */
  cost: usize;
  assignment: usize;
  features: usize;
  /** k×k as tiles. */
  square: usize;
  /** Sums of each chunk of H, then of W, and how many chunks they have. */
  partials: usize;
  chunksH: i32;
  chunksW: i32;
  /** Bytes of a number. */
  size: i32;
  /** ∂L/∂X as panels. */
  gradient: usize;
  states: usize;
  /** Kullback–Leibler, of each group of panels: sums over its columns (groupBytes). */
  columnSums: usize;
  /** ε and 1, a vector each: engines make a constant anew in every pass of a loop. */
  constants: usize;
  /** W and Ā as linalg/product.ts has them for `shares`. */
  pairs: usize;
  /** What sensitivities keep besides (sensitivity.ts). */
  sensitivity: usize;
}

/** At most this many groups of panels of H sum over columns. */
const MOST_GROUPS: i32 = 8;

/** Sums of k numbers that a chunk leaves. */
export const SUMS: i32 = 4;
/** Single sums that a chunk leaves. */
export const SCALARS: i32 = 4;

/** Bytes of one state: the panels of H and of Wᵀ, and their row sums. */
function stateBytesOf(task: Task, size: i32): f64 {
  return panelBytes(task.k, task.n, size) + panelBytes(task.k, task.m, size) + 2 * sumBytes(task.k);
}

function sumBytes(k: i32): f64 {
  return Math.ceil((<f64>k * 8) / 16) * 16;
}

function tileBytes(cols: i32, k: i32, size: i32): f64 {
  return Math.ceil((<f64>cols * <f64>k * <f64>size) / 16) * 16;
}

export function panelBytes(rows: i32, cols: i32, size: i32): f64 {
  const width = <i32>PANEL_BYTES / size;
  return <f64>((cols + width - 1) / width) * <f64>rows * <f64>PANEL_BYTES;
}

/**
 * Writes the record and the pointers of a block that starts at `base`, for a task whose `layout` is done, and
 * returns the bytes it takes; with `base` 0 it only tells them. states: how many back-propagation keeps.
 */
export function gradientLayout<T>(task: Task, base: usize, mode: i32, states: i32): f64 {
  return layoutOf(task, base, mode, states, sizeof<T>());
}

function layoutOf(task: Task, base: usize, mode: i32, states: i32, size: i32): f64 {
  const k = task.k;
  const width = <i32>PANEL_BYTES / size;
  const cursor = changetype<usize>(task) + offsetof<Task>("value");
  changetype<Cursor>(cursor).at = <f64>base;
  const record = take(cursor, <f64>offsetof<Gradient>());
  const H = take(cursor, <f64>offsetof<GradientSide>());
  const W = take(cursor, <f64>offsetof<GradientSide>());
  const implicit = mode == Mode.IMPLICIT;
  const summed = !implicit && task.loss != Loss.FROBENIUS;
  layoutSide(cursor, base == 0 ? 0 : H, task.n, k, size, implicit, !summed, !summed);
  layoutSide(cursor, base == 0 ? 0 : W, task.m, k, size, implicit, !summed, true);
  const matching = take(cursor, <f64>k * 4);
  const cost = take(cursor, <f64>k * <f64>k * 8);
  const assignment = take(cursor, <f64>assignBytes(k));
  const features = take(cursor, <f64>k * 6 * 8);
  const square = take(cursor, <f64>k * <f64>k * <f64>size);
  const chunksH = chunkCount((task.n + width - 1) / width);
  const chunksW = chunkCount((task.m + width - 1) / width);
  const partials = take(cursor, <f64>(chunksH + chunksW) * <f64>partialBytes(k));
  const gradient = take(cursor, implicit ? 0 : panelBytes(task.m, task.n, size));
  const kept = take(cursor, implicit ? 0 : <f64>states * stateBytesOf(task, size));
  const groups = groupsOf((task.n + width - 1) / width);
  const rowSums = <f64>width * Math.ceil(<f64>task.m / <f64>width) * <f64>k * 16;
  const sums = take(cursor, summed ? <f64>groups * (rowSums + sumBytes(k)) : 0);
  const constants = take(cursor, summed ? 32 : 0);
  const pairs = take(cursor, summed ? pairElements(task.m, k) * <f64>size : 0);
  const bytes = changetype<Cursor>(cursor).at - <f64>base;
  if (base != 0) {
    memory.fill(record, 0, offsetof<Gradient>());
    task.gradient = record;
    const g = changetype<Gradient>(record);
    g.H = H;
    g.W = W;
    g.matching = matching;
    g.cost = cost;
    g.assignment = assignment;
    g.features = features;
    g.square = square;
    g.partials = partials;
    g.chunksH = chunksH;
    g.chunksW = chunksW;
    g.size = size;
    g.gradient = gradient;
    g.states = kept;
    g.columnSums = sums;
    g.constants = constants;
    g.pairs = pairs;
  }
  return bytes;
}

/** The vectors of one side, whose record is at `at`, or is not written for 0; with `change`, or as tiles, or not. */
function layoutSide(
  cursor: usize,
  at: usize,
  cols: i32,
  k: i32,
  size: i32,
  implicit: bool,
  change: bool,
  changeTiles: bool,
): void {
  const vector = panelBytes(k, cols, size);
  const tiles = tileBytes(cols, k, size);
  // Fields and vectors are in one order.
  for (let field = 0; field < VECTORS; field++) {
    let bytes = field < SHARED_VECTORS || implicit ? vector : 0;
    if (field == SHARED_VECTORS - 1) bytes = tiles;
    if (field == VECTORS - 1) bytes *= <f64>k;
    if (field == SHARED_VECTORS - 2 && !change) bytes = 0;
    if (field == SHARED_VECTORS - 1 && !changeTiles) bytes = 0;
    const start = take(cursor, bytes);
    if (at) store<usize>(at + <usize>field * sizeof<usize>(), start);
  }
}

/** The record of the task's gradient. */
export function gradientOf(task: Task): Gradient {
  return changetype<Gradient>(task.gradient);
}

/** The record of one side's vectors; `ofH` says which. */
export function vectorsOf(task: Task, ofH: bool): GradientSide {
  const g = gradientOf(task);
  return changetype<GradientSide>(ofH ? g.H : g.W);
}

/** Bytes of what one chunk leaves. */
function partialBytes(k: i32): i32 {
  return (SUMS * k + SCALARS) * 8;
}

/** Where chunk `chunk` of a side leaves its sums: SCALARS f64, then SUMS of k f64. */
export function partialOf(task: Task, ofH: bool, chunk: i32): usize {
  const g = gradientOf(task);
  return g.partials + <usize>((ofH ? 0 : g.chunksH) + chunk) * partialBytes(task.k);
}

/** Number `index` of what the chunks of both sides left, summed in their order. */
export function sumOfParts(task: Task, index: i32): f64 {
  const g = gradientOf(task);
  return sumOfChunks(task, index, 0, g.chunksH + g.chunksW);
}

/** The same over the chunks of one side. */
export function sumOfSide(task: Task, ofH: bool, index: i32): f64 {
  const g = gradientOf(task);
  return sumOfChunks(task, index, ofH ? 0 : g.chunksH, ofH ? g.chunksH : g.chunksW);
}

function sumOfChunks(task: Task, index: i32, first: i32, count: i32): f64 {
  const bytes = partialBytes(task.k);
  let at = gradientOf(task).partials + <usize>first * bytes + <usize>index * 8;
  let sum: f64 = 0;
  for (let chunk = 0; chunk < count; chunk++, at += bytes) sum += load<f64>(at);
  return sum;
}

/** As many for each member of a team of two, and about four panels in each. */
function groupsOf(panels: i32): i32 {
  return min(MOST_GROUPS, 2 * ((panels + 7) / 8));
}

/** Groups that the panels of H are summed in. */
export function groupCount<T>(task: Task): i32 {
  return groupsOf(panelCount<T>(task.n));
}

/** First panel of H in a group, which ends where the next begins. */
export function firstInGroup<T>(task: Task, group: i32): i32 {
  return (panelCount<T>(task.n) * group) / groupCount<T>(task);
}

/** Bytes of the sums of one group: k vectors a row of X, whose lanes are not yet added, and k f64. */
export function groupBytes<T>(task: Task): usize {
  return rowSumBytes<T>(task) + <usize>sumBytes(task.k);
}

/** Rows are as many as there are in whole panels of Wᵀ, and 0 behind the last. */
function rowSumBytes<T>(task: Task): usize {
  return (<usize>(panelCount<T>(task.m) * panelWidth<T>() * task.k)) << 4;
}

/** Where a group leaves its vectors, row by row. */
export function columnSumsOf<T>(task: Task, group: i32): usize {
  return gradientOf(task).columnSums + <usize>group * groupBytes<T>(task);
}

/** Where a group leaves its k numbers. */
export function shiftOf<T>(task: Task, group: i32): usize {
  return columnSumsOf<T>(task, group) + rowSumBytes<T>(task);
}

/** Where slot `slot` holds its state: panels of H, of Wᵀ, row sums of H, of Wᵀ. */
export function stateAt<T>(task: Task, slot: i32): usize {
  return gradientOf(task).states + <usize>slot * <usize>stateBytesOf(task, sizeof<T>());
}

/** Where the panels of one factor lie in a state. */
export function panelsInState<T>(task: Task, state: usize, ofH: bool): usize {
  return state + (ofH ? 0 : <usize>panelBytes(task.k, task.n, sizeof<T>()));
}

/** Where the row sums of one factor lie in a state. */
export function sumsInState<T>(task: Task, state: usize, ofH: bool): usize {
  const behind = panelsInState<T>(task, state, false) + <usize>panelBytes(task.k, task.m, sizeof<T>());
  return behind + (ofH ? 0 : <usize>sumBytes(task.k));
}

/** Slot of the state before step `step` of the segment that begins at checkpoint `checkpoint`. */
export function slotOf(task: Task, checkpoint: i32, step: i32): i32 {
  return step == 0 ? checkpoint : gradientOf(task).checkpoints + step - 1;
}

/** One of three tiles of GRADIENT_ROWS rows, which take the place of a member's two of TILE_ROWS. */
export function gradientTile(task: Task, id: i32, tile: i32): usize {
  return tileOne(task, id) + <usize>(tile * GRADIENT_ROWS) * PANEL_BYTES;
}
