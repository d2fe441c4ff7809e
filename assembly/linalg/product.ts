// Blocked products on panels and tiles (shapes and layouts: layout.ts).
//
//   accumulate   out (k×panel) += Bᵀ·X    B: R×k as tiles, X: one panel of an R×N matrix
//   predict      out (rows×panel) = B·C   B: rows of an R×k factor, C: one panel of a k×N factor
//   quotients    out (rows×panel) = V/(B·C + ε)
//
// Long panels are taken in blocks of rows that stay in the first-level cache while every strip of
// B passes over them.

import { PANEL_BYTES, panelWidth } from "./lanes";
import { stripCount, stripWidth } from "./layout";
import { predict4, quotient4, strip1, strip2, strip3, strip4 } from "./micro";

/** Rows of a panel that are taken at once: 8 KiB. */
const BLOCK_ROWS: i32 = 256;

/**
 * out (k×2 vectors) += Σ_r b(row0 + r, ·) ⊗ x(r) for r < rows.
 * tiles: tileRows×k as tiles; x: rows of a panel; out: k rows of a panel.
 */
export function accumulate<T>(
  rows: i32,
  k: i32,
  tiles: usize,
  tileRows: i32,
  row0: i32,
  x: usize,
  out: usize,
): void {
  const strips = stripCount(k);
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, rows - first);
    const from = x + <usize>first * PANEL_BYTES;
    let a = 0;
    for (let s = 0; s < strips; s++) {
      const h = stripWidth(k, s);
      const b = tiles + (<usize>tileRows * a + <usize>(row0 + first) * h) * sizeof<T>();
      const to = out + <usize>a * PANEL_BYTES;
      if (h == 4) strip4<T>(count, b, from, to);
      else if (h == 3) strip3<T>(count, b, from, to);
      else if (h == 2) strip2<T>(count, b, from, to);
      else strip1<T>(count, b, from, to);
      a += h;
    }
  }
}

/**
 * out(r) = Σ_a B(row0 + r, a) C(a, ·) for r < rows, rows rounded up to a whole panel width.
 * factor: the panels of Bᵀ (k rows); row0 is a multiple of the panel width; panel: one panel of C
 * (k rows); out: rows (rounded up) of a panel.
 */
export function predict<T>(rows: i32, k: i32, factor: usize, row0: i32, panel: usize, out: usize): void {
  const width = panelWidth<T>();
  let b = factor + <usize>(row0 / width) * k * PANEL_BYTES;
  for (let r = 0; r < rows; r += width) {
    predict4<T>(k, b, panel, out);
    out += 4 * PANEL_BYTES;
    if (sizeof<T>() == 4) {
      predict4<T>(k, b + 4 * sizeof<T>(), panel, out);
      out += 4 * PANEL_BYTES;
    }
    b += <usize>k * PANEL_BYTES;
  }
}

/**
 * out(r) = V(r) / (Σ_a B(row0 + r, a) C(a, ·) + e), otherwise as predict. v: rows (rounded up) of V's panel;
 * what lies behind the last row is read and gives rows of `out` that mean nothing.
 */
export function quotients<T>(
  rows: i32,
  k: i32,
  factor: usize,
  row0: i32,
  panel: usize,
  v: usize,
  e: v128,
  out: usize,
): void {
  const width = panelWidth<T>();
  let b = factor + <usize>(row0 / width) * k * PANEL_BYTES;
  for (let r = 0; r < rows; r += width) {
    quotient4<T>(k, b, panel, v, e, out);
    out += 4 * PANEL_BYTES;
    v += 4 * PANEL_BYTES;
    if (sizeof<T>() == 4) {
      quotient4<T>(k, b + 4 * sizeof<T>(), panel, v, e, out);
      out += 4 * PANEL_BYTES;
      v += 4 * PANEL_BYTES;
    }
    b += <usize>k * PANEL_BYTES;
  }
}

/** x (rows of a panel) ← 0. */
export function clear(rows: i32, x: usize): void {
  const zero = v128.splat<u8>(0);
  for (const end = x + <usize>rows * PANEL_BYTES; x < end; x += PANEL_BYTES) {
    v128.store(x, zero);
    v128.store(x, zero, 16);
  }
}
