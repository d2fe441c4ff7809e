// What the gradients keep beside a task's workspace (nmf/workspace.ts), and where it lies. V stays where it is:
// nothing here is m×n but the gradient of back-propagation, which is summed over the steps.
//
//   [Gradient][GradientSide H][GradientSide W] vectors of H, of W  features  partials
//   back-propagation   ∂L/∂X  states
//   implicit           the k×k blocks of each column of H and row of W

import { PANEL_BYTES, panelCount } from "../linalg/lanes";
import { panelElements } from "../linalg/layout";
import { Cursor, take, tileOne } from "../nmf/workspace";
import { chunkCount } from "../parallel/range";
import { Task } from "../task";
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
  /** Back-propagation: Ā. Implicit: u = d∘p. */
  change: usize;
  /** The same as tiles. */
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
  /** Sums of each chunk of either side. */
  partials: usize;
  /** ∂L/∂X as panels. */
  gradient: usize;
  states: usize;
}

/** Sums of k numbers that a chunk leaves. */
export const SUMS: i32 = 4;
/** Single sums that a chunk leaves. */
export const SCALARS: i32 = 4;

/** Bytes of one state: W and H, as tiles. */
export function stateBytes<T>(task: Task): f64 {
  return tileBytes<T>(task.m, task.k) + tileBytes<T>(task.n, task.k);
}

function tileBytes<T>(cols: i32, k: i32): f64 {
  return Math.ceil((<f64>cols * <f64>k * <f64>sizeof<T>()) / 16) * 16;
}

/**
 * Writes the record and the pointers of a block that starts at `base`, for a task whose `layout` is done, and
 * returns the bytes it takes; with `base` 0 it only tells them. states: how many back-propagation keeps.
 */
export function gradientLayout<T>(task: Task, base: usize, mode: i32, states: i32): f64 {
  const k = task.k;
  const size = <f64>sizeof<T>();
  const cursor = changetype<usize>(task) + offsetof<Task>("value");
  changetype<Cursor>(cursor).at = <f64>base;
  const record = take(cursor, <f64>offsetof<Gradient>());
  const H = take(cursor, <f64>offsetof<GradientSide>());
  const W = take(cursor, <f64>offsetof<GradientSide>());
  const implicit = mode == Mode.IMPLICIT;
  layoutSide<T>(cursor, base == 0 ? 0 : H, task.n, k, implicit);
  layoutSide<T>(cursor, base == 0 ? 0 : W, task.m, k, implicit);
  const matching = take(cursor, <f64>k * 4);
  const cost = take(cursor, <f64>k * <f64>k * 8);
  const assignment = take(cursor, <f64>assignBytes(k));
  const features = take(cursor, <f64>k * 6 * 8);
  const square = take(cursor, <f64>k * <f64>k * size);
  const chunks = chunkCount(panelCount<T>(task.n)) + chunkCount(panelCount<T>(task.m));
  const partials = take(cursor, <f64>chunks * <f64>partialBytes(k));
  const gradient = take(cursor, implicit ? 0 : panelElements<T>(task.m, task.n) * size);
  const kept = take(cursor, implicit ? 0 : <f64>states * stateBytes<T>(task));
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
    g.gradient = gradient;
    g.states = kept;
  }
  return bytes;
}

/** The vectors of one side, whose record is at `at`, or is not written for 0. */
function layoutSide<T>(cursor: usize, at: usize, cols: i32, k: i32, implicit: bool): void {
  const vector = panelElements<T>(k, cols) * <f64>sizeof<T>();
  const reference = take(cursor, vector);
  const adjoint = take(cursor, vector);
  const change = take(cursor, vector);
  const changeTiles = take(cursor, tileBytes<T>(cols, k));
  const more = implicit ? vector : 0;
  const d = take(cursor, more);
  const e = take(cursor, more);
  const x = take(cursor, more);
  const p = take(cursor, more);
  const q = take(cursor, more);
  const blocks = take(cursor, more * <f64>k);
  if (at == 0) return;
  const side = changetype<GradientSide>(at);
  side.reference = reference;
  side.adjoint = adjoint;
  side.change = change;
  side.changeTiles = changeTiles;
  side.d = d;
  side.e = e;
  side.x = x;
  side.p = p;
  side.q = q;
  side.blocks = blocks;
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
export function partialOf<T>(task: Task, ofH: bool, chunk: i32): usize {
  const before = ofH ? 0 : chunkCount(panelCount<T>(task.n));
  return gradientOf(task).partials + <usize>(before + chunk) * partialBytes(task.k);
}

/** Number `index` of what the chunks of both sides left, summed in their order. */
export function sumOfParts<T>(task: Task, index: i32): f64 {
  const chunks = chunkCount(panelCount<T>(task.n)) + chunkCount(panelCount<T>(task.m));
  let at = gradientOf(task).partials + <usize>index * 8;
  let sum: f64 = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    sum += load<f64>(at);
    at += partialBytes(task.k);
  }
  return sum;
}

/** One of three tiles of GRADIENT_ROWS rows, which take the place of a member's two of TILE_ROWS. */
export function gradientTile(task: Task, id: i32, tile: i32): usize {
  return tileOne(task, id) + <usize>(tile * GRADIENT_ROWS) * PANEL_BYTES;
}
