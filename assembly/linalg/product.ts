// Blocked products on panels and tiles (shapes and layouts: layout.ts).
//
//   accumulate   out (k×panel) += Bᵀ·X    B: R×k as tiles, X: one panel of an R×N matrix
//   predict      out (rows×panel) = B·C   B: rows of an R×k factor, C: one panel of a k×N factor
//   predictWeighted   out (rows×panel) = D∘(B·C)
//   accumulateQuotients   out (k×panel) += Bᵀ·(V/(B·C + ε))
//   shares            R = V/P, −Q∘R, and out += Q     P = B·C + ε, Q = (B·D or E·C)/P
//   accumulateRows    out (rows×k) += X·Cᵀ + Y·Dᵀ   X, Y: rows of a panel, C, D: panels of k rows
//
// Long panels are taken in blocks of rows that stay in the first-level cache while every strip of
// B passes over them. A micro-kernel has one call site here, where the compiler puts it in line: a call
// costs as much as a row or two of a small k.

import { PANEL_BYTES, panelWidth } from "./lanes";
import { stripCount, stripWidth } from "./layout";
import {
  pairs1,
  pairs2,
  pairs3,
  predict4,
  quotient4,
  quotientStrip3,
  rows1,
  rows2,
  rows3,
  shareRows,
  strip1,
  strip2,
  strip3,
  strip4,
  turnedShareRows,
  weighted4,
} from "./micro";

/** Rows of a panel that are taken at once: 16 KiB. */
const BLOCK_ROWS: i32 = 512;

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
  const count = stripCount(k);
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const block = min(BLOCK_ROWS, rows - first);
    const from = x + <usize>first * PANEL_BYTES;
    let strip = tiles;
    let to = out;
    for (let s = 0; s < count; s++) {
      const h = stripWidth(k, s);
      const b = strip + <usize>((row0 + first) * h) * sizeof<T>();
      if (h == 4) strip4<T>(block, b, from, to);
      else if (h == 3) strip3<T>(block, b, from, to);
      else if (h == 2) strip2<T>(block, b, from, to);
      else strip1<T>(block, b, from, to);
      strip += <usize>(tileRows * h) * sizeof<T>();
      to += <usize>h * PANEL_BYTES;
    }
  }
}

/** From four numbers of a panel's first row to the next four: in the same row, or in the next panel's first. */
function nextFour<T>(k: i32, factor: usize, b: usize): usize {
  const step: usize = 4 * sizeof<T>();
  if (step == PANEL_BYTES || (b - factor) & step) return b + <usize>k * PANEL_BYTES - (PANEL_BYTES - step);
  return b + step;
}

/**
 * out(r) = Σ_a B(row0 + r, a) C(a, ·) for r < rows, rows rounded up to a multiple of four.
 * factor: the panels of Bᵀ (k rows); row0 is a multiple of the panel width; panel: one panel of C
 * (k rows); out: rows (rounded up) of a panel.
 */
export function predict<T>(rows: i32, k: i32, factor: usize, row0: i32, panel: usize, out: usize): void {
  let b = factor + <usize>(row0 / panelWidth<T>()) * k * PANEL_BYTES;
  for (const end = out + <usize>((rows + 3) & ~3) * PANEL_BYTES; out < end; out += 4 * PANEL_BYTES) {
    predict4<T>(k, b, panel, out);
    b = nextFour<T>(k, factor, b);
  }
}

/** {@link predict}, times weights. d: rows of their panel; those behind the last are read and mean nothing. */
export function predictWeighted<T>(
  rows: i32,
  k: i32,
  factor: usize,
  row0: i32,
  panel: usize,
  d: usize,
  out: usize,
): void {
  let b = factor + <usize>(row0 / panelWidth<T>()) * k * PANEL_BYTES;
  for (const end = out + <usize>((rows + 3) & ~3) * PANEL_BYTES; out < end; out += 4 * PANEL_BYTES) {
    weighted4<T>(k, b, panel, d, out);
    b = nextFour<T>(k, factor, b);
    d += 4 * PANEL_BYTES;
  }
}

/**
 * out (k×2 vectors) += Bᵀ·(V/(B·C + e)), `tileRows` rows at a time. B: rows×k, as `factor`, the panels of Bᵀ,
 * and as tiles; panel: one panel of C (k rows); v: rows of V's panel; tile: tileRows rows of a panel.
 * tileRows is a multiple of the panel width.
 */
export function accumulateQuotients<T>(
  rows: i32,
  k: i32,
  factor: usize,
  tiles: usize,
  panel: usize,
  v: usize,
  e: v128,
  tileRows: i32,
  tile: usize,
  out: usize,
): void {
  if (k == 3) {
    for (let half: usize = 0; half < PANEL_BYTES; half += 16) {
      quotientStrip3<T>(rows, tiles, panel + half, v + half, e, out + half);
    }
    return;
  }
  for (let row = 0; row < rows; row += tileRows) {
    const count = min(tileRows, rows - row);
    quotients<T>(count, k, factor, row, panel, v + <usize>row * PANEL_BYTES, e, tile);
    accumulate<T>(count, k, tiles, rows, row, tile, out);
  }
}

/**
 * out(r) = V(r) / (Σ_a B(row0 + r, a) C(a, ·) + e), otherwise as predict. v: rows (rounded up) of V's panel;
 * what lies behind the last row is read and gives rows of `out` that mean nothing.
 */
function quotients<T>(
  rows: i32,
  k: i32,
  factor: usize,
  row0: i32,
  panel: usize,
  v: usize,
  e: v128,
  out: usize,
): void {
  let b = factor + <usize>(row0 / panelWidth<T>()) * k * PANEL_BYTES;
  for (const end = out + <usize>((rows + 3) & ~3) * PANEL_BYTES; out < end; out += 4 * PANEL_BYTES) {
    quotient4<T>(k, b, panel, v, e, out);
    b = nextFour<T>(k, factor, b);
    v += 4 * PANEL_BYTES;
  }
}

/** Rows that {@link shares} takes at most: an even number. */
export const SHARE_ROWS: i32 = 126;

/** Numbers that {@link pairUp} leaves of `rows` rows. */
export function pairElements(rows: i32, k: i32): f64 {
  return 4 * <f64>((rows + 1) / 2) * <f64>k;
}

/**
 * Panels of Bᵀ and Eᵀ, k rows each, → what {@link shares} reads of B and E, from the panel's first row on: of each two
 * rows and each component two numbers of B and two of E. rows: how many there are, at most a panel's width.
 */
export function pairUp<T>(rows: i32, k: i32, b: usize, l: usize, out: usize): void {
  for (let column: usize = 0; column < <usize>rows * sizeof<T>(); column += 2 * sizeof<T>()) {
    for (let at = column; at < column + <usize>k * PANEL_BYTES; at += PANEL_BYTES) {
      if (sizeof<T>() == 4) {
        store<u64>(out, load<u64>(b + at));
        store<u64>(out, load<u64>(l + at), 8);
      } else {
        v128.store(out, v128.load(b + at));
        v128.store(out, v128.load(l + at), 16);
      }
      out += 4 * sizeof<T>();
    }
  }
}

/**
 * Of the rows of one panel, with P = B·C + e: r ← R = V/P, t ← −Q∘R, gradient += Q, where Q = B·D/P, or E·C/P for d 0.
 * pairs: B and E, from the first row on, which is even; c, d: k rows of a panel; v, gradient, r, t: rows of a panel, t
 * with room for two behind SHARE_ROWS. constants: e and 1, a vector each.
 */
export function shares<T>(
  rows: i32,
  k: i32,
  pairs: usize,
  c: usize,
  d: usize,
  v: usize,
  constants: usize,
  gradient: usize,
  r: usize,
  t: usize,
): void {
  const even = rows & ~1;
  shareEven<T>(even, k, pairs, c, d, v, constants, gradient, r, t);
  if (even == rows) return;
  // Behind an odd last row there is nobody's gradient, or somebody else's.
  const spare = t + <usize>SHARE_ROWS * PANEL_BYTES;
  const at = <usize>even * PANEL_BYTES;
  memory.copy(spare, gradient + at, PANEL_BYTES);
  pairs += <usize>(2 * even * k) * sizeof<T>();
  shareEven<T>(2, k, pairs, c, d, v + at, constants, spare, r + at, t + at);
  memory.copy(gradient + at, spare, PANEL_BYTES);
}

function shareEven<T>(
  rows: i32,
  k: i32,
  pairs: usize,
  c: usize,
  d: usize,
  v: usize,
  constants: usize,
  gradient: usize,
  r: usize,
  t: usize,
): void {
  const e = v128.load(constants);
  const one = v128.load(constants, 16);
  if (d) shareRows<T>(rows, k, pairs, c, d, v, e, one, gradient, r, t);
  else turnedShareRows<T>(rows, k, pairs, c, v, e, one, gradient, r, t);
}

/**
 * out(r, a) += x(r)·c(a) + y(r)·d(a) for r < rows, each a vector whose lanes remain to be added. x, y: rows of a
 * panel, x 0 for none; c, d: k rows of a panel; out: rows of k vectors.
 */
export function accumulateRows<T>(
  rows: i32,
  k: i32,
  x: usize,
  c: usize,
  y: usize,
  d: usize,
  out: usize,
): void {
  const stride = (<usize>k) << 4;
  while (k > 0) {
    // Three at a time, but two and two of four.
    const width = k == 4 ? 2 : min(3, k);
    if (x) {
      if (width == 3) pairs3<T>(rows, x, c, y, d, out, stride);
      else if (width == 2) pairs2<T>(rows, x, c, y, d, out, stride);
      else pairs1<T>(rows, x, c, y, d, out, stride);
    } else if (width == 3) rows3<T>(rows, y, d, out, stride);
    else if (width == 2) rows2<T>(rows, y, d, out, stride);
    else rows1<T>(rows, y, d, out, stride);
    k -= width;
    c += <usize>width * PANEL_BYTES;
    d += <usize>width * PANEL_BYTES;
    out += (<usize>width) << 4;
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
