// Gram matrix of the rows of a factor: out (k×k) = C·Cᵀ for a run of panels of C (k×N).
//
// Pairs of rows are taken in register tiles (4×2 off the diagonal, the ten pairs of a 4×4 block on
// it); the lower triangle is computed, the upper one mirrored. Each entry is one sum over the
// panels in order, then over the lanes.

import { horizontalSum, PANEL_BYTES } from "./lanes";

/** out (row-major k×k) = Σ over `count` panels of C·Cᵀ. panels: count·k rows of panels. */
export function gram<T>(k: i32, count: i32, panels: usize, out: usize): void {
  let a = 0;
  for (; a + 4 <= k; a += 4) {
    for (let b = 0; b < a; b += 2) block42<T>(k, count, panels, a, b, out);
    diagonal4<T>(k, count, panels, a, out);
  }
  for (; a < k; a++) {
    let b = 0;
    for (; b + 4 <= a + 1; b += 4) block14<T>(k, count, panels, a, b, out);
    for (; b <= a; b++) single<T>(k, count, panels, a, b, out);
  }
}

function put<T>(k: i32, a: i32, b: i32, v: v128, out: usize): void {
  const value = <T>horizontalSum<T>(v);
  store<T>(out + (<usize>a * k + b) * sizeof<T>(), value);
  store<T>(out + (<usize>b * k + a) * sizeof<T>(), value);
}

function block42<T>(k: i32, count: i32, panels: usize, a: i32, b: i32, out: usize): void {
  let s00 = v128.splat<T>(<T>0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  const stride = <usize>k * PANEL_BYTES;
  let x = panels + <usize>a * PANEL_BYTES;
  let y = panels + <usize>b * PANEL_BYTES;
  for (let p = 0; p < count; p++) {
    for (let half: usize = 0; half < 32; half += 16) {
      const y0 = v128.load(y + half);
      const y1 = v128.load(y + half, 32);
      const x0 = v128.load(x + half);
      const x1 = v128.load(x + half, 32);
      const x2 = v128.load(x + half, 64);
      const x3 = v128.load(x + half, 96);
      s00 = v128.add<T>(s00, v128.mul<T>(x0, y0));
      s01 = v128.add<T>(s01, v128.mul<T>(x0, y1));
      s10 = v128.add<T>(s10, v128.mul<T>(x1, y0));
      s11 = v128.add<T>(s11, v128.mul<T>(x1, y1));
      s20 = v128.add<T>(s20, v128.mul<T>(x2, y0));
      s21 = v128.add<T>(s21, v128.mul<T>(x2, y1));
      s30 = v128.add<T>(s30, v128.mul<T>(x3, y0));
      s31 = v128.add<T>(s31, v128.mul<T>(x3, y1));
    }
    x += stride;
    y += stride;
  }
  put<T>(k, a, b, s00, out);
  put<T>(k, a, b + 1, s01, out);
  put<T>(k, a + 1, b, s10, out);
  put<T>(k, a + 1, b + 1, s11, out);
  put<T>(k, a + 2, b, s20, out);
  put<T>(k, a + 2, b + 1, s21, out);
  put<T>(k, a + 3, b, s30, out);
  put<T>(k, a + 3, b + 1, s31, out);
}

function diagonal4<T>(k: i32, count: i32, panels: usize, a: i32, out: usize): void {
  let s00 = v128.splat<T>(<T>0);
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s22 = s00;
  let s30 = s00;
  let s31 = s00;
  let s32 = s00;
  let s33 = s00;
  const stride = <usize>k * PANEL_BYTES;
  let x = panels + <usize>a * PANEL_BYTES;
  for (let p = 0; p < count; p++) {
    for (let half: usize = 0; half < 32; half += 16) {
      const x0 = v128.load(x + half);
      const x1 = v128.load(x + half, 32);
      const x2 = v128.load(x + half, 64);
      const x3 = v128.load(x + half, 96);
      s00 = v128.add<T>(s00, v128.mul<T>(x0, x0));
      s10 = v128.add<T>(s10, v128.mul<T>(x1, x0));
      s11 = v128.add<T>(s11, v128.mul<T>(x1, x1));
      s20 = v128.add<T>(s20, v128.mul<T>(x2, x0));
      s21 = v128.add<T>(s21, v128.mul<T>(x2, x1));
      s22 = v128.add<T>(s22, v128.mul<T>(x2, x2));
      s30 = v128.add<T>(s30, v128.mul<T>(x3, x0));
      s31 = v128.add<T>(s31, v128.mul<T>(x3, x1));
      s32 = v128.add<T>(s32, v128.mul<T>(x3, x2));
      s33 = v128.add<T>(s33, v128.mul<T>(x3, x3));
    }
    x += stride;
  }
  put<T>(k, a, a, s00, out);
  put<T>(k, a + 1, a, s10, out);
  put<T>(k, a + 1, a + 1, s11, out);
  put<T>(k, a + 2, a, s20, out);
  put<T>(k, a + 2, a + 1, s21, out);
  put<T>(k, a + 2, a + 2, s22, out);
  put<T>(k, a + 3, a, s30, out);
  put<T>(k, a + 3, a + 1, s31, out);
  put<T>(k, a + 3, a + 2, s32, out);
  put<T>(k, a + 3, a + 3, s33, out);
}

function block14<T>(k: i32, count: i32, panels: usize, a: i32, b: i32, out: usize): void {
  let s0 = v128.splat<T>(<T>0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const stride = <usize>k * PANEL_BYTES;
  let x = panels + <usize>a * PANEL_BYTES;
  let y = panels + <usize>b * PANEL_BYTES;
  for (let p = 0; p < count; p++) {
    for (let half: usize = 0; half < 32; half += 16) {
      const x0 = v128.load(x + half);
      s0 = v128.add<T>(s0, v128.mul<T>(x0, v128.load(y + half)));
      s1 = v128.add<T>(s1, v128.mul<T>(x0, v128.load(y + half, 32)));
      s2 = v128.add<T>(s2, v128.mul<T>(x0, v128.load(y + half, 64)));
      s3 = v128.add<T>(s3, v128.mul<T>(x0, v128.load(y + half, 96)));
    }
    x += stride;
    y += stride;
  }
  put<T>(k, a, b, s0, out);
  put<T>(k, a, b + 1, s1, out);
  put<T>(k, a, b + 2, s2, out);
  put<T>(k, a, b + 3, s3, out);
}

function single<T>(k: i32, count: i32, panels: usize, a: i32, b: i32, out: usize): void {
  put<T>(k, a, b, rowProduct<T>(k, count, panels, a, panels, b), out);
}

/** The lanes of Σ over panels of x(a)·y(b): rows a of x and b of y, both with k rows a panel. */
function rowProduct<T>(k: i32, count: i32, x: usize, a: i32, y: usize, b: i32): v128 {
  let s0 = v128.splat<T>(<T>0);
  let s1 = s0;
  const stride = <usize>k * PANEL_BYTES;
  x += <usize>a * PANEL_BYTES;
  y += <usize>b * PANEL_BYTES;
  for (let p = 0; p < count; p++) {
    s0 = v128.add<T>(s0, v128.mul<T>(v128.load(x), v128.load(y)));
    s1 = v128.add<T>(s1, v128.mul<T>(v128.load(x, 16), v128.load(y, 16)));
    x += stride;
    y += stride;
  }
  return v128.add<T>(s0, s1);
}

/** Σ_c C(a, c)·C(b, c) over `count` panels of a k×N matrix, in f64 at the end. */
export function rowDot<T>(k: i32, count: i32, panels: usize, a: i32, b: i32): f64 {
  return horizontalSum<T>(rowProduct<T>(k, count, panels, a, panels, b));
}
