// The products and systems that ANMF is made of, in f64 (layouts: linalg/layout.ts).

import { PANEL_BYTES, panelCount } from "../linalg/lanes";
import { panelToTiles, squareToTiles } from "../linalg/layout";
import { accumulate, clear, predict } from "../linalg/product";
import { TILE_ROWS } from "./workspace";

/** Cᵀ as tiles. C: n×cols panels; tiles: cols·n. */
export function toTiles(n: i32, cols: i32, C: usize, tiles: usize): void {
  for (let p = 0; p < panelCount<f64>(cols); p++) {
    panelToTiles<f64>(n, cols, p, C + <usize>p * n * PANEL_BYTES, tiles);
  }
}

/** out (n×cols panels) = Bᵀ·X. tiles: B, rows×n; X: rows×cols panels. */
export function times(rows: i32, n: i32, cols: i32, tiles: usize, X: usize, out: usize): void {
  for (let p = 0; p < panelCount<f64>(cols); p++) {
    const to = out + <usize>p * n * PANEL_BYTES;
    clear(n, to);
    accumulate<f64>(rows, n, tiles, rows, 0, X + <usize>p * rows * PANEL_BYTES, to);
  }
}

/** out = M·C for n×n M, given as Mᵀ, row-major. C, out: n×cols panels; tiles: n·n. */
export function mix(n: i32, cols: i32, Mt: usize, C: usize, tiles: usize, out: usize): void {
  squareToTiles<f64>(n, Mt, tiles);
  times(n, n, cols, tiles, C, out);
}

/** out (n×n, row-major) = X·Yᵀ. X, Y: n×cols panels. */
export function cross(n: i32, cols: i32, X: usize, Y: usize, out: usize): void {
  const stride = <usize>n * PANEL_BYTES;
  const end = X + <usize>panelCount<f64>(cols) * stride;
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) {
      let s0 = f64x2.splat(0);
      let s1 = s0;
      let y = Y + <usize>b * PANEL_BYTES;
      for (let x = X + <usize>a * PANEL_BYTES; x < end; x += stride) {
        s0 = f64x2.add(s0, f64x2.mul(v128.load(x), v128.load(y)));
        s1 = f64x2.add(s1, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
        y += stride;
      }
      const sum = f64x2.add(s0, s1);
      store<f64>(out + <usize>(a * n + b) * 8, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
    }
  }
}

/**
 * out (n×cols panels) = Bᵀ·(D∘(V − B·C)); returns Σ D∘(V − B·C)². V, D: rows×cols panels, D 0: all ones;
 * factor: panels of Bᵀ; tiles: B, rows×n; C: n×cols panels; tile: TILE_ROWS rows of a panel.
 */
export function residual(
  rows: i32,
  n: i32,
  cols: i32,
  V: usize,
  D: usize,
  factor: usize,
  tiles: usize,
  C: usize,
  tile: usize,
  out: usize,
): f64 {
  let total: f64 = 0;
  for (let p = 0; p < panelCount<f64>(cols); p++) {
    const panel = <usize>p * n * PANEL_BYTES;
    clear(n, out + panel);
    for (let row = 0; row < rows; row += TILE_ROWS) {
      const count = min(TILE_ROWS, rows - row);
      const at = <usize>(p * rows + row) * PANEL_BYTES;
      predict<f64>(count, n, factor, row, C + panel, tile);
      total += weigh(count, V + at, D == 0 ? 0 : D + at, tile);
      accumulate<f64>(count, n, tiles, rows, row, tile, out + panel);
    }
  }
  return total;
}

/** tile ← D∘(V − tile); returns Σ D∘(V − tile)². */
function weigh(rows: i32, V: usize, D: usize, tile: usize): f64 {
  let sum = f64x2.splat(0);
  const one = f64x2.splat(1);
  for (let at: usize = 0; at < <usize>rows * PANEL_BYTES; at += 16) {
    const e = f64x2.sub(v128.load(V + at), v128.load(tile + at));
    const d = D == 0 ? one : v128.load(D + at);
    const w = f64x2.mul(d, e);
    sum = f64x2.add(sum, f64x2.mul(w, e));
    v128.store(tile + at, w);
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** C ← L⁻¹·C. L: n×n as linalg/cholesky.ts leaves it; C: n×cols panels. */
export function forward(n: i32, cols: i32, L: usize, C: usize): void {
  for (let p = 0; p < panelCount<f64>(cols); p++) {
    const panel = C + <usize>p * n * PANEL_BYTES;
    for (let i = 0; i < n; i++) {
      const row = L + <usize>(i * n) * 8;
      const at = panel + <usize>i * PANEL_BYTES;
      let x0 = v128.load(at);
      let x1 = v128.load(at, 16);
      for (let r = 0; r < i; r++) {
        const l = v128.load64_splat(row + <usize>r * 8);
        const from = panel + <usize>r * PANEL_BYTES;
        x0 = f64x2.sub(x0, f64x2.mul(l, v128.load(from)));
        x1 = f64x2.sub(x1, f64x2.mul(l, v128.load(from, 16)));
      }
      const pivot = v128.load64_splat(row + <usize>i * 8);
      v128.store(at, f64x2.div(x0, pivot));
      v128.store(at, f64x2.div(x1, pivot), 16);
    }
  }
}

/** C ← L⁻ᵀ·C. */
export function backward(n: i32, cols: i32, L: usize, C: usize): void {
  for (let p = 0; p < panelCount<f64>(cols); p++) {
    const panel = C + <usize>p * n * PANEL_BYTES;
    for (let i = n - 1; i >= 0; i--) {
      const row = L + <usize>(i * n) * 8;
      const at = panel + <usize>i * PANEL_BYTES;
      const pivot = v128.load64_splat(row + <usize>i * 8);
      const x0 = f64x2.div(v128.load(at), pivot);
      const x1 = f64x2.div(v128.load(at, 16), pivot);
      v128.store(at, x0);
      v128.store(at, x1, 16);
      for (let r = 0; r < i; r++) {
        const l = v128.load64_splat(row + <usize>r * 8);
        const to = panel + <usize>r * PANEL_BYTES;
        v128.store(to, f64x2.sub(v128.load(to), f64x2.mul(l, x0)));
        v128.store(to, f64x2.sub(v128.load(to, 16), f64x2.mul(l, x1)), 16);
      }
    }
  }
}

/** M ← αA + βB + δI, n×n row-major, with room for a multiple of four numbers; M may be A or B. */
export function blend(n: i32, alpha: f64, A: usize, beta: f64, B: usize, delta: f64, M: usize): void {
  sum((n * n + 3) & ~3, alpha, A, beta, B, M);
  const step = <usize>(n + 1) * 8;
  for (let i = 0; i < n; i++) {
    store<f64>(M, load<f64>(M) + delta);
    M += step;
  }
}

/** out ← αx + βy + γz; count numbers, a multiple of four; out may be any of the three. */
export function sum3(
  count: i32,
  alpha: f64,
  x: usize,
  beta: f64,
  y: usize,
  gamma: f64,
  z: usize,
  out: usize,
): void {
  const a = f64x2.splat(alpha);
  const b = f64x2.splat(beta);
  const end = out + <usize>count * 8;
  if (gamma == 0) {
    for (; out < end; out += 32) {
      v128.store(out, f64x2.add(f64x2.mul(a, v128.load(x)), f64x2.mul(b, v128.load(y))));
      v128.store(out, f64x2.add(f64x2.mul(a, v128.load(x, 16)), f64x2.mul(b, v128.load(y, 16))), 16);
      x += 32;
      y += 32;
    }
    return;
  }
  const c = f64x2.splat(gamma);
  for (; out < end; out += 32) {
    const first = f64x2.add(f64x2.mul(a, v128.load(x)), f64x2.mul(b, v128.load(y)));
    const second = f64x2.add(f64x2.mul(a, v128.load(x, 16)), f64x2.mul(b, v128.load(y, 16)));
    v128.store(out, f64x2.add(first, f64x2.mul(c, v128.load(z))));
    v128.store(out, f64x2.add(second, f64x2.mul(c, v128.load(z, 16))), 16);
    x += 32;
    y += 32;
    z += 32;
  }
}

/** out ← αx + βy. */
export function sum(count: i32, alpha: f64, x: usize, beta: f64, y: usize, out: usize): void {
  sum3(count, alpha, x, beta, y, 0, y, out);
}

/** x ← αx. */
export function multiply(count: i32, alpha: f64, x: usize): void {
  sum3(count, alpha, x, 0, x, 0, x, x);
}

/** y ← max(x + y', 0), count numbers, an even number; out may be y'. */
export function positivePart(count: i32, x: usize, y: usize, out: usize): void {
  const zero = f64x2.splat(0);
  for (let at: usize = 0; at < <usize>count * 8; at += 16) {
    v128.store(out + at, f64x2.pmax(zero, f64x2.add(v128.load(x + at), v128.load(y + at))));
  }
}

/** √(part/whole), 0/0 being 0. */
export function ratio(part: f64, whole: f64): f64 {
  return part == 0 ? 0 : Math.sqrt(part / whole);
}

/** ‖x − y‖ / ‖z‖, count numbers, a multiple of four. */
export function distance(count: i32, x: usize, y: usize, z: usize): f64 {
  let part0 = f64x2.splat(0);
  let part1 = part0;
  let whole0 = part0;
  let whole1 = part0;
  for (const end = x + <usize>count * 8; x < end; x += 32) {
    const e0 = f64x2.sub(v128.load(x), v128.load(y));
    const e1 = f64x2.sub(v128.load(x, 16), v128.load(y, 16));
    const z0 = v128.load(z);
    const z1 = v128.load(z, 16);
    part0 = f64x2.add(part0, f64x2.mul(e0, e0));
    part1 = f64x2.add(part1, f64x2.mul(e1, e1));
    whole0 = f64x2.add(whole0, f64x2.mul(z0, z0));
    whole1 = f64x2.add(whole1, f64x2.mul(z1, z1));
    y += 32;
    z += 32;
  }
  const part = f64x2.add(part0, part1);
  const whole = f64x2.add(whole0, whole1);
  return ratio(
    f64x2.extract_lane(part, 0) + f64x2.extract_lane(part, 1),
    f64x2.extract_lane(whole, 0) + f64x2.extract_lane(whole, 1),
  );
}

/**
 * out (row-major side×side, lower triangle) = ZZ + Fᵀ·O − Cᵀ·F + κI. F, O, C: n×side panels. Rows of out are
 * written in whole panels, from the first row on.
 */
export function shiftedGram(
  n: i32,
  side: i32,
  ZZ: usize,
  F: usize,
  O: usize,
  C: usize,
  kappa: f64,
  out: usize,
): void {
  for (let i = 0; i < side; i++) {
    const lane = <usize>(i >> 2) * n * PANEL_BYTES + <usize>(i & 3) * 8;
    const line = <usize>i * side * 8;
    for (let p = 0; p <= i >> 2; p++) {
      const at = line + <usize>p * PANEL_BYTES;
      let x0 = v128.load(ZZ + at);
      let x1 = v128.load(ZZ + at, 16);
      for (let a = 0; a < n; a++) {
        const from = <usize>(p * n + a) * PANEL_BYTES;
        const f = v128.load64_splat(F + lane + <usize>a * PANEL_BYTES);
        const c = v128.load64_splat(C + lane + <usize>a * PANEL_BYTES);
        x0 = f64x2.add(x0, f64x2.sub(f64x2.mul(f, v128.load(O + from)), f64x2.mul(c, v128.load(F + from))));
        x1 = f64x2.add(
          x1,
          f64x2.sub(f64x2.mul(f, v128.load(O + from, 16)), f64x2.mul(c, v128.load(F + from, 16))),
        );
      }
      v128.store(out + at, x0);
      v128.store(out + at, x1, 16);
    }
    const diagonal = out + line + <usize>i * 8;
    store<f64>(diagonal, load<f64>(diagonal) + kappa);
  }
}
