// Gram matrix of the rows of a factor: out (k×k) = C·Cᵀ for a run of panels of C (k×N).
//
// Pairs of rows are taken in register tiles (4×2 off the diagonal, the ten pairs of a 4×4 block on
// it), each pair once. Each entry is one sum over the panels in order, then over the lanes. `mirror`
// completes the matrix, after the parts of several runs have been added.

import { horizontalSum, PANEL_BYTES } from "./lanes";

/**
 * out (row-major k×k) = Σ over `count` panels of C·Cᵀ, one of each two symmetric entries; `mirror` fills in
 * the other. panels: count·k rows of panels.
 */
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

/**
 * Four sums over the lanes at once, to four neighbours in memory: the vectors are transposed, so that
 * the lanes are added as vectors, left to right.
 */
function quad<T>(s0: v128, s1: v128, s2: v128, s3: v128, to: usize): void {
  if (sizeof<T>() == 4) {
    const low01 = v128.shuffle<f32>(s0, s1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(s0, s1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(s2, s3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(s2, s3, 2, 6, 3, 7);
    const first = v128.shuffle<f64>(low01, low23, 0, 2);
    const second = v128.shuffle<f64>(low01, low23, 1, 3);
    const third = v128.shuffle<f64>(high01, high23, 0, 2);
    const fourth = v128.shuffle<f64>(high01, high23, 1, 3);
    v128.store(to, f32x4.add(f32x4.add(f32x4.add(first, second), third), fourth));
  } else {
    v128.store(to, f64x2.add(v128.shuffle<f64>(s0, s1, 0, 2), v128.shuffle<f64>(s0, s1, 1, 3)));
    v128.store(to, f64x2.add(v128.shuffle<f64>(s2, s3, 0, 2), v128.shuffle<f64>(s2, s3, 1, 3)), 16);
  }
}

/** Fills in the entries of a row-major k×k matrix that `gram` left out. */
export function mirror<T>(k: i32, out: usize): void {
  const whole = k & ~3;
  for (let b = 1; b < k; b++) {
    for (let a = 0; a < b; a++) {
      const upper = out + (<usize>a * k + b) * sizeof<T>();
      const lower = out + (<usize>b * k + a) * sizeof<T>();
      if (b < whole) store<T>(lower, load<T>(upper));
      else store<T>(upper, load<T>(lower));
    }
  }
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
  quad<T>(s00, s10, s20, s30, out + (<usize>b * k + a) * sizeof<T>());
  quad<T>(s01, s11, s21, s31, out + (<usize>(b + 1) * k + a) * sizeof<T>());
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
  const row = <usize>k * sizeof<T>();
  const to = out + <usize>a * (row + sizeof<T>());
  quad<T>(s00, s10, s20, s30, to);
  quad<T>(s10, s11, s21, s31, to + row);
  quad<T>(s20, s21, s22, s32, to + 2 * row);
  quad<T>(s30, s31, s32, s33, to + 3 * row);
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
  quad<T>(s0, s1, s2, s3, out + (<usize>a * k + b) * sizeof<T>());
}

function single<T>(k: i32, count: i32, panels: usize, a: i32, b: i32, out: usize): void {
  const value = rowDot<T>(k, count, panels, a, b);
  store<T>(out + (<usize>a * k + b) * sizeof<T>(), <T>value);
}

/** Σ_c C(a, c)·C(b, c) over `count` panels of a k×N matrix, in f64 at the end. */
export function rowDot<T>(k: i32, count: i32, panels: usize, a: i32, b: i32): f64 {
  let s0 = v128.splat<T>(<T>0);
  let s1 = s0;
  const stride = <usize>k * PANEL_BYTES;
  let x = panels + <usize>a * PANEL_BYTES;
  let y = panels + <usize>b * PANEL_BYTES;
  for (let p = 0; p < count; p++) {
    s0 = v128.add<T>(s0, v128.mul<T>(v128.load(x), v128.load(y)));
    s1 = v128.add<T>(s1, v128.mul<T>(v128.load(x, 16), v128.load(y, 16)));
    x += stride;
    y += stride;
  }
  return horizontalSum<T>(v128.add<T>(s0, s1));
}
