// Where everything of one ANMF problem lies, and the moves in and out. All of it is f64.
//
// Y, Z and D are kept as panels of themselves and of their transposes; A, P, T and what belongs to them as panels
// of their transposes (n×m), X, S, Q and what belongs to them as panels (n×N), so that every product is one
// of linalg/product.ts and everything else runs along flat arrays. Padding stays 0.

import { panelCount } from "../linalg/lanes";
import {
  panelElements,
  panelsToRows,
  panelsToTransposedRows,
  rowsToPanels,
  rowsToTransposedPanels,
} from "../linalg/layout";
import { stagingRows } from "../nmf/workspace";

/** Rows of a product with a factor that are held at once. */
export const TILE_ROWS: i32 = 128;

/** Which of the three m×N matrices is meant. */
export namespace Data {
  export const Y: i32 = 0;
  export const Z: i32 = 1;
  export const D: i32 = 2;
}

/** One problem: figures from the host, what the kernels report, and where the arrays lie. */
@unmanaged
export class Bilevel {
  m: i32;
  n: i32;
  N: i32;
  /** Numbers of an n×m and of an n×N matrix as panels, padding included; `layout` writes them. */
  left: i32;
  right: i32;
  /** 1: D holds weights in [0, 1]; 0: every entry counts 1. */
  weighted: i32;
  /** 1: every row of X has the norm √N; 0: the literal problem. */
  gauge: i32;
  /** Iterations since `begin`. */
  iteration: i32;
  /** Not 0: a matrix that should be positive definite was not. */
  failed: i32;
  lambda: f64;
  beta: f64;
  /** The penalties relative to their scales, at the start. */
  rho: f64;
  /** Penalties on C1, on A = P, and on X = Q and X = S; κ = ρ3/ρ1 never changes. */
  rho1: f64;
  rho2: f64;
  rho3: f64;
  kappa: f64;
  /** The largest relative primal residual when the penalties were last looked at; below 0: not yet. */
  before: f64;
  // What `iterate` reports: ‖C1‖/(λ‖T‖), ‖A−P‖/‖A‖, ‖X−Q‖/‖X‖, ‖X−S‖/‖X‖.
  attack: f64;
  splitA: f64;
  splitQ: f64;
  splitX: f64;
  // What `evaluate` reports.
  objective: f64;
  fit: f64;
  kkt: f64;
  bestResponse: f64;
  // n×m panels.
  T: usize;
  A: usize;
  P: usize;
  U1: usize;
  U2: usize;
  /** Q·Zᵀ, and U3·Zᵀ where m ≤ N. */
  QZ: usize;
  UZ: usize;
  /** The attacker's answer to P, S, which `evaluate` writes. */
  best: usize;
  F: usize;
  G: usize;
  J: usize;
  /** Tiles, m×n. */
  tilesT: usize;
  // n×N panels.
  X: usize;
  S: usize;
  Q: usize;
  U3: usize;
  U4: usize;
  E: usize;
  V: usize;
  R: usize;
  /** Tiles, N×n. */
  tilesX: usize;
  /** n rows of min(m, N). */
  rows: usize;
  // n×n, row-major: XXᵀ, XQᵀ, and room for work.
  XX: usize;
  XQ: usize;
  a: usize;
  b: usize;
  c: usize;
  squareTiles: usize;
  /** n×n panels. */
  turn: usize;
  small: usize;
  mixed: usize;
  /** min(m, N) square, row-major: ZZᵀ or ZᵀZ, and κI + BBᵀ or κI + BᵀB. */
  ZZ: usize;
  BB: usize;
  /** TILE_ROWS rows of a panel. */
  tile: usize;
  staging: usize;
  // m×N and N×m panels.
  Y: usize;
  Yt: usize;
  Z: usize;
  Zt: usize;
  D: usize;
  Dt: usize;
}

/**
 * Writes the addresses of a workspace that starts at `base` into the record, whose m, n, N and weighted are
 * set, and returns the bytes it takes; with `base` 0 that is all the call is good for.
 */
export function layout(o: Bilevel, base: usize): f64 {
  const left = panelElements<f64>(o.n, o.m);
  const right = panelElements<f64>(o.n, o.N);
  o.left = <i32>left;
  o.right = <i32>right;
  // In f64, so that nothing wraps.
  let end = <f64>base;
  for (let field = offsetof<Bilevel>("T"); field < offsetof<Bilevel>(); field += sizeof<usize>()) {
    let elements = left;
    if (field >= offsetof<Bilevel>("X")) elements = right;
    if (field >= offsetof<Bilevel>("XX")) elements = panelElements<f64>(o.n, o.n);
    // A row is read and written in whole panels: the last one reaches beyond its end.
    if (field >= offsetof<Bilevel>("ZZ")) elements = <f64>min(o.m, o.N) * <f64>min(o.m, o.N) + 4;
    if (field >= offsetof<Bilevel>("tile")) elements = <f64>TILE_ROWS * 4;
    if (field >= offsetof<Bilevel>("staging")) {
      const rows = <f64>stagingRows<f64>(o.m, o.N) * <f64>o.N;
      elements = max(rows, (2 * <f64>o.m + <f64>o.N) * <f64>o.n);
    }
    if (field >= offsetof<Bilevel>("Y")) {
      elements = max(panelElements<f64>(o.m, o.N), panelElements<f64>(o.N, o.m));
    }
    if (field >= offsetof<Bilevel>("D") && !o.weighted) elements = 0;
    store<usize>(changetype<usize>(o) + field, end < 4294967296.0 ? <usize>end : 0);
    end += Math.ceil(elements / 2) * 16;
  }
  return end - <f64>base;
}

/** Rows [row0, row0 + count) of one of the three matrices, staged, → panels. row0 is a multiple of the panel width. */
export function loadRows(o: Bilevel, which: i32, row0: i32, count: i32): void {
  const across = which == Data.Y ? o.Y : which == Data.Z ? o.Z : o.D;
  const down = which == Data.Y ? o.Yt : which == Data.Z ? o.Zt : o.Dt;
  rowsToPanels<f64>(o.m, o.N, row0, count, o.staging, across);
  rowsToTransposedPanels<f64>(o.N, row0, count, o.staging, down);
}

/** Staged A (m×n) and, behind it, X (n×N) → panels. */
export function loadFactors(o: Bilevel): void {
  const n = o.n;
  for (let p = 0; p < panelCount<f64>(o.m); p++) {
    const row = 4 * p;
    const from = o.staging + <usize>row * n * 8;
    rowsToTransposedPanels<f64>(n, row, min(4, o.m - row), from, o.A);
  }
  rowsToPanels<f64>(n, o.N, 0, n, o.staging + <usize>o.m * n * 8, o.X);
}

/** P (m×n), S (n×N) and the attacker's answer to them (m×n), one behind the other, row-major, to the staging area. */
export function storeFactors(o: Bilevel): void {
  const factor = <usize>o.m * o.n * 8;
  panelsToTransposedRows<f64>(o.n, o.m, o.P, o.staging);
  panelsToRows<f64>(o.n, o.N, o.S, o.staging + factor);
  panelsToTransposedRows<f64>(o.n, o.m, o.best, o.staging + factor + <usize>o.n * o.N * 8);
}
