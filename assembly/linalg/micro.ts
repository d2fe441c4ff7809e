// Micro-kernels: one register tile each, and nothing but sizes, pointers and strides.
//
//   strip1…strip4   out (h×2 vectors) += Σ_r b(r, 0…h−1) ⊗ x(r, 2 vectors)
//   predict4        out (4 rows × 2 vectors) = Σ_a b(a, 0…3) ⊗ x(a, 2 vectors)
//   weighted4       out = d ∘ that
//   quotient4       out = v / (that + ε)
//   shareRows       R = v/P, −Q∘R, and out += Q, of 2 rows × 2 vectors at a time, P = BC + ε, Q = BD/P
//   turnedShareRows the same with Q = EC/P
//   rows1…rows3     out(r, a) (1 vector) += y(r)·d(a) for 1, 2 or 3 a, the two vectors of a row added
//   pairs1…pairs3   the same += x(r)·c(a) + y(r)·d(a)
//   quotientStrip3  out (3×1 vectors) += Σ_r b(r, 0…2) ⊗ (v(r) / (Σ_a b(r, a) c(a) + ε)), all in registers
//
// The tile is 4×2 vectors because engines emit the loads of a loop body first: accumulators, the
// vectors of x and the broadcasts of b are all alive at once, 8 + 2 + 4 = 14 of 16 registers. One
// more row spills and halves the speed.

import { PANEL_BYTES } from "./lanes";

/** out (1×2 vectors) += Σ b(r)·x(r). b: rows, x: rows of a panel. */
export function strip1<T>(rows: i32, b: usize, x: usize, out: usize): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let z0 = v128.splat<T>(<T>0);
  let z1 = v128.splat<T>(<T>0);
  let r = 0;
  for (; r + 2 <= rows; r += 2) {
    const s = v128.load_splat<T>(b);
    const t = v128.load_splat<T>(b, sizeof<T>());
    a0 = v128.add<T>(a0, v128.mul<T>(s, v128.load(x)));
    a1 = v128.add<T>(a1, v128.mul<T>(s, v128.load(x, 16)));
    z0 = v128.add<T>(z0, v128.mul<T>(t, v128.load(x, 32)));
    z1 = v128.add<T>(z1, v128.mul<T>(t, v128.load(x, 48)));
    b += 2 * sizeof<T>();
    x += 2 * PANEL_BYTES;
  }
  if (r < rows) {
    const s = v128.load_splat<T>(b);
    a0 = v128.add<T>(a0, v128.mul<T>(s, v128.load(x)));
    a1 = v128.add<T>(a1, v128.mul<T>(s, v128.load(x, 16)));
  }
  v128.store(out, v128.add<T>(a0, z0));
  v128.store(out, v128.add<T>(a1, z1), 16);
}

/**
 * out (2×2 vectors) += Σ b(r, 0…1) ⊗ x(r). b: 2·rows, x: rows of a panel. Two rows at a time into sums of
 * their own, parted by the way out: engines emit the loads of a block first, and in one block 8 + 4 + 4
 * vectors would be alive.
 */
export function strip2<T>(rows: i32, b: usize, x: usize, out: usize): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let b0 = v128.load(out, 32);
  let b1 = v128.load(out, 48);
  let c0 = v128.splat<T>(<T>0);
  let c1 = v128.splat<T>(<T>0);
  let d0 = v128.splat<T>(<T>0);
  let d1 = v128.splat<T>(<T>0);
  const end = x + <usize>rows * PANEL_BYTES;
  while (x < end) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s = v128.load_splat<T>(b);
    const t = v128.load_splat<T>(b, sizeof<T>());
    a0 = v128.add<T>(a0, v128.mul<T>(s, x0));
    a1 = v128.add<T>(a1, v128.mul<T>(s, x1));
    b0 = v128.add<T>(b0, v128.mul<T>(t, x0));
    b1 = v128.add<T>(b1, v128.mul<T>(t, x1));
    x += PANEL_BYTES;
    if (x == end) break;
    const y0 = v128.load(x);
    const y1 = v128.load(x, 16);
    const u = v128.load_splat<T>(b, 2 * sizeof<T>());
    const w = v128.load_splat<T>(b, 3 * sizeof<T>());
    c0 = v128.add<T>(c0, v128.mul<T>(u, y0));
    c1 = v128.add<T>(c1, v128.mul<T>(u, y1));
    d0 = v128.add<T>(d0, v128.mul<T>(w, y0));
    d1 = v128.add<T>(d1, v128.mul<T>(w, y1));
    b += 4 * sizeof<T>();
    x += PANEL_BYTES;
  }
  v128.store(out, v128.add<T>(a0, c0));
  v128.store(out, v128.add<T>(a1, c1), 16);
  v128.store(out, v128.add<T>(b0, d0), 32);
  v128.store(out, v128.add<T>(b1, d1), 48);
}

/** out (3×2 vectors) += Σ b(r, 0…2) ⊗ x(r). b: 3·rows, x: rows of a panel. */
export function strip3<T>(rows: i32, b: usize, x: usize, out: usize): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let b0 = v128.load(out, 32);
  let b1 = v128.load(out, 48);
  let c0 = v128.load(out, 64);
  let c1 = v128.load(out, 80);
  for (const end = x + <usize>rows * PANEL_BYTES; x < end; x += PANEL_BYTES) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s = v128.load_splat<T>(b);
    const t = v128.load_splat<T>(b, sizeof<T>());
    const u = v128.load_splat<T>(b, 2 * sizeof<T>());
    a0 = v128.add<T>(a0, v128.mul<T>(s, x0));
    a1 = v128.add<T>(a1, v128.mul<T>(s, x1));
    b0 = v128.add<T>(b0, v128.mul<T>(t, x0));
    b1 = v128.add<T>(b1, v128.mul<T>(t, x1));
    c0 = v128.add<T>(c0, v128.mul<T>(u, x0));
    c1 = v128.add<T>(c1, v128.mul<T>(u, x1));
    b += 3 * sizeof<T>();
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, b0, 32);
  v128.store(out, b1, 48);
  v128.store(out, c0, 64);
  v128.store(out, c1, 80);
}

/** out (4×2 vectors) += Σ b(r, 0…3) ⊗ x(r). b: 4·rows, x: rows of a panel. */
export function strip4<T>(rows: i32, b: usize, x: usize, out: usize): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let b0 = v128.load(out, 32);
  let b1 = v128.load(out, 48);
  let c0 = v128.load(out, 64);
  let c1 = v128.load(out, 80);
  let d0 = v128.load(out, 96);
  let d1 = v128.load(out, 112);
  for (const end = x + <usize>rows * PANEL_BYTES; x < end; x += PANEL_BYTES) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s = v128.load_splat<T>(b);
    const t = v128.load_splat<T>(b, sizeof<T>());
    const u = v128.load_splat<T>(b, 2 * sizeof<T>());
    const w = v128.load_splat<T>(b, 3 * sizeof<T>());
    a0 = v128.add<T>(a0, v128.mul<T>(s, x0));
    a1 = v128.add<T>(a1, v128.mul<T>(s, x1));
    b0 = v128.add<T>(b0, v128.mul<T>(t, x0));
    b1 = v128.add<T>(b1, v128.mul<T>(t, x1));
    c0 = v128.add<T>(c0, v128.mul<T>(u, x0));
    c1 = v128.add<T>(c1, v128.mul<T>(u, x1));
    d0 = v128.add<T>(d0, v128.mul<T>(w, x0));
    d1 = v128.add<T>(d1, v128.mul<T>(w, x1));
    b += 4 * sizeof<T>();
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, b0, 32);
  v128.store(out, b1, 48);
  v128.store(out, c0, 64);
  v128.store(out, c1, 80);
  v128.store(out, d0, 96);
  v128.store(out, d1, 112);
}

/**
 * out (4×2 vectors) = Σ_a b(a, 0…3) ⊗ x(a). b: k rows of a panel (four of its columns are read),
 * x: k rows of a panel.
 */
export function predict4<T>(k: i32, b: usize, x: usize, out: usize): void {
  const p0 = v128.load(x);
  const p1 = v128.load(x, 16);
  const q0 = v128.load_splat<T>(b);
  const q1 = v128.load_splat<T>(b, sizeof<T>());
  const q2 = v128.load_splat<T>(b, 2 * sizeof<T>());
  const q3 = v128.load_splat<T>(b, 3 * sizeof<T>());
  let a0 = v128.mul<T>(q0, p0);
  let a1 = v128.mul<T>(q0, p1);
  let b0 = v128.mul<T>(q1, p0);
  let b1 = v128.mul<T>(q1, p1);
  let c0 = v128.mul<T>(q2, p0);
  let c1 = v128.mul<T>(q2, p1);
  let d0 = v128.mul<T>(q3, p0);
  let d1 = v128.mul<T>(q3, p1);
  const end = x + <usize>k * PANEL_BYTES;
  for (x += PANEL_BYTES; x < end; x += PANEL_BYTES) {
    b += PANEL_BYTES;
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s = v128.load_splat<T>(b);
    const t = v128.load_splat<T>(b, sizeof<T>());
    const u = v128.load_splat<T>(b, 2 * sizeof<T>());
    const w = v128.load_splat<T>(b, 3 * sizeof<T>());
    a0 = v128.add<T>(a0, v128.mul<T>(s, x0));
    a1 = v128.add<T>(a1, v128.mul<T>(s, x1));
    b0 = v128.add<T>(b0, v128.mul<T>(t, x0));
    b1 = v128.add<T>(b1, v128.mul<T>(t, x1));
    c0 = v128.add<T>(c0, v128.mul<T>(u, x0));
    c1 = v128.add<T>(c1, v128.mul<T>(u, x1));
    d0 = v128.add<T>(d0, v128.mul<T>(w, x0));
    d1 = v128.add<T>(d1, v128.mul<T>(w, x1));
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, b0, 32);
  v128.store(out, b1, 48);
  v128.store(out, c0, 64);
  v128.store(out, c1, 80);
  v128.store(out, d0, 96);
  v128.store(out, d1, 112);
}

/** out (4×2 vectors) = d ∘ (Σ_a b(a, 0…3) ⊗ x(a)): predict4 times weights. d: 4 rows of a panel. */
export function weighted4<T>(k: i32, b: usize, x: usize, d: usize, out: usize): void {
  const p0 = v128.load(x);
  const p1 = v128.load(x, 16);
  const q0 = v128.load_splat<T>(b);
  const q1 = v128.load_splat<T>(b, sizeof<T>());
  const q2 = v128.load_splat<T>(b, 2 * sizeof<T>());
  const q3 = v128.load_splat<T>(b, 3 * sizeof<T>());
  let a0 = v128.mul<T>(q0, p0);
  let a1 = v128.mul<T>(q0, p1);
  let b0 = v128.mul<T>(q1, p0);
  let b1 = v128.mul<T>(q1, p1);
  let c0 = v128.mul<T>(q2, p0);
  let c1 = v128.mul<T>(q2, p1);
  let d0 = v128.mul<T>(q3, p0);
  let d1 = v128.mul<T>(q3, p1);
  const end = x + <usize>k * PANEL_BYTES;
  for (x += PANEL_BYTES; x < end; x += PANEL_BYTES) {
    b += PANEL_BYTES;
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s = v128.load_splat<T>(b);
    const t = v128.load_splat<T>(b, sizeof<T>());
    const u = v128.load_splat<T>(b, 2 * sizeof<T>());
    const w = v128.load_splat<T>(b, 3 * sizeof<T>());
    a0 = v128.add<T>(a0, v128.mul<T>(s, x0));
    a1 = v128.add<T>(a1, v128.mul<T>(s, x1));
    b0 = v128.add<T>(b0, v128.mul<T>(t, x0));
    b1 = v128.add<T>(b1, v128.mul<T>(t, x1));
    c0 = v128.add<T>(c0, v128.mul<T>(u, x0));
    c1 = v128.add<T>(c1, v128.mul<T>(u, x1));
    d0 = v128.add<T>(d0, v128.mul<T>(w, x0));
    d1 = v128.add<T>(d1, v128.mul<T>(w, x1));
  }
  v128.store(out, v128.mul<T>(v128.load(d), a0));
  v128.store(out, v128.mul<T>(v128.load(d, 16), a1), 16);
  v128.store(out, v128.mul<T>(v128.load(d, 32), b0), 32);
  v128.store(out, v128.mul<T>(v128.load(d, 48), b1), 48);
  v128.store(out, v128.mul<T>(v128.load(d, 64), c0), 64);
  v128.store(out, v128.mul<T>(v128.load(d, 80), c1), 80);
  v128.store(out, v128.mul<T>(v128.load(d, 96), d0), 96);
  v128.store(out, v128.mul<T>(v128.load(d, 112), d1), 112);
}

/**
 * out (4×2 vectors) = v / (Σ_a b(a, 0…3) ⊗ x(a) + e): predict4 and the quotient in one, so that the
 * divisions of one tile run beside the multiplications of the next. v: 4 rows of a panel.
 */
export function quotient4<T>(k: i32, b: usize, x: usize, v: usize, e: v128, out: usize): void {
  let a0 = e;
  let a1 = e;
  let b0 = e;
  let b1 = e;
  let c0 = e;
  let c1 = e;
  let d0 = e;
  let d1 = e;
  for (const end = x + <usize>k * PANEL_BYTES; x < end; x += PANEL_BYTES) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s = v128.load_splat<T>(b);
    const t = v128.load_splat<T>(b, sizeof<T>());
    const u = v128.load_splat<T>(b, 2 * sizeof<T>());
    const w = v128.load_splat<T>(b, 3 * sizeof<T>());
    a0 = v128.add<T>(a0, v128.mul<T>(s, x0));
    a1 = v128.add<T>(a1, v128.mul<T>(s, x1));
    b0 = v128.add<T>(b0, v128.mul<T>(t, x0));
    b1 = v128.add<T>(b1, v128.mul<T>(t, x1));
    c0 = v128.add<T>(c0, v128.mul<T>(u, x0));
    c1 = v128.add<T>(c1, v128.mul<T>(u, x1));
    d0 = v128.add<T>(d0, v128.mul<T>(w, x0));
    d1 = v128.add<T>(d1, v128.mul<T>(w, x1));
    b += PANEL_BYTES;
  }
  v128.store(out, v128.div<T>(v128.load(v), a0));
  v128.store(out, v128.div<T>(v128.load(v, 16), a1), 16);
  v128.store(out, v128.div<T>(v128.load(v, 32), b0), 32);
  v128.store(out, v128.div<T>(v128.load(v, 48), b1), 48);
  v128.store(out, v128.div<T>(v128.load(v, 64), c0), 64);
  v128.store(out, v128.div<T>(v128.load(v, 80), c1), 80);
  v128.store(out, v128.div<T>(v128.load(v, 96), d0), 96);
  v128.store(out, v128.div<T>(v128.load(v, 112), d1), 112);
}

/**
 * Three components are few enough for the columns of C, the sums and everything between to stay in registers:
 * no tile is written and read again, and the divisions of a row run beside the other rows. One vector of each
 * row of the panels c (3 rows), v and out (3 rows); b: 3·rows.
 */
export function quotientStrip3<T>(rows: i32, b: usize, c: usize, v: usize, e: v128, out: usize): void {
  const c0 = v128.load(c);
  const c1 = v128.load(c, 32);
  const c2 = v128.load(c, 64);
  let s0 = v128.load(out);
  let s1 = v128.load(out, 32);
  let s2 = v128.load(out, 64);
  for (const end = v + <usize>rows * PANEL_BYTES; v < end; v += PANEL_BYTES) {
    const s = v128.load_splat<T>(b);
    const t = v128.load_splat<T>(b, sizeof<T>());
    const u = v128.load_splat<T>(b, 2 * sizeof<T>());
    let p = v128.add<T>(e, v128.mul<T>(s, c0));
    p = v128.add<T>(p, v128.mul<T>(t, c1));
    p = v128.add<T>(p, v128.mul<T>(u, c2));
    const q = v128.div<T>(v128.load(v), p);
    s0 = v128.add<T>(s0, v128.mul<T>(s, q));
    s1 = v128.add<T>(s1, v128.mul<T>(t, q));
    s2 = v128.add<T>(s2, v128.mul<T>(u, q));
    b += 3 * sizeof<T>();
  }
  v128.store(out, s0);
  v128.store(out, s1, 32);
  v128.store(out, s2, 64);
}

/**
 * What back-propagation makes of the rows of v/(B·C + e), two at a time, with Q the gradient in those rows:
 *
 *   r ← R = v/(BC + e),  t ← −Q∘R,  gradient += Q,  Q = BD/(BC + e)
 *
 * rows: even; b: 4k numbers for each two rows, of each component two of B and two of E; c, d: k rows of a panel; v,
 * gradient, r, t: rows of a panel. Divisions take as long as some products, and run beside those of the next rows.
 */
export function shareRows<T>(
  rows: i32,
  k: i32,
  b: usize,
  c: usize,
  d: usize,
  v: usize,
  e: v128,
  one: v128,
  gradient: usize,
  r: usize,
  t: usize,
): void {
  const zero = v128.xor(e, e);
  const last = c + <usize>k * PANEL_BYTES;
  const apart = d - c;
  for (const end = v + <usize>rows * PANEL_BYTES; v < end; v += 2 * PANEL_BYTES) {
    let p0 = e;
    let p1 = e;
    let p2 = e;
    let p3 = e;
    let m0 = zero;
    let m1 = zero;
    let m2 = zero;
    let m3 = zero;
    for (let a = c; a < last; a += PANEL_BYTES) {
      const s = v128.load_splat<T>(b);
      const u = v128.load_splat<T>(b, sizeof<T>());
      const c0 = v128.load(a);
      const c1 = v128.load(a, 16);
      const d0 = v128.load(a + apart);
      const d1 = v128.load(a + apart, 16);
      p0 = v128.add<T>(p0, v128.mul<T>(s, c0));
      p1 = v128.add<T>(p1, v128.mul<T>(s, c1));
      p2 = v128.add<T>(p2, v128.mul<T>(u, c0));
      p3 = v128.add<T>(p3, v128.mul<T>(u, c1));
      m0 = v128.sub<T>(m0, v128.mul<T>(s, d0));
      m1 = v128.sub<T>(m1, v128.mul<T>(s, d1));
      m2 = v128.sub<T>(m2, v128.mul<T>(u, d0));
      m3 = v128.sub<T>(m3, v128.mul<T>(u, d1));
      b += 4 * sizeof<T>();
    }
    p0 = v128.div<T>(one, p0);
    p1 = v128.div<T>(one, p1);
    p2 = v128.div<T>(one, p2);
    p3 = v128.div<T>(one, p3);
    m0 = v128.mul<T>(m0, p0);
    m1 = v128.mul<T>(m1, p1);
    m2 = v128.mul<T>(m2, p2);
    m3 = v128.mul<T>(m3, p3);
    p0 = v128.mul<T>(p0, v128.load(v));
    p1 = v128.mul<T>(p1, v128.load(v, 16));
    p2 = v128.mul<T>(p2, v128.load(v, 32));
    p3 = v128.mul<T>(p3, v128.load(v, 48));
    v128.store(gradient, v128.sub<T>(v128.load(gradient), m0));
    v128.store(gradient, v128.sub<T>(v128.load(gradient, 16), m1), 16);
    v128.store(gradient, v128.sub<T>(v128.load(gradient, 32), m2), 32);
    v128.store(gradient, v128.sub<T>(v128.load(gradient, 48), m3), 48);
    v128.store(r, p0);
    v128.store(r, p1, 16);
    v128.store(r, p2, 32);
    v128.store(r, p3, 48);
    v128.store(t, v128.mul<T>(p0, m0));
    v128.store(t, v128.mul<T>(p1, m1), 16);
    v128.store(t, v128.mul<T>(p2, m2), 32);
    v128.store(t, v128.mul<T>(p3, m3), 48);
    gradient += 2 * PANEL_BYTES;
    r += 2 * PANEL_BYTES;
    t += 2 * PANEL_BYTES;
  }
}

/** {@link shareRows} with Q = EC/(BC + e). */
export function turnedShareRows<T>(
  rows: i32,
  k: i32,
  b: usize,
  c: usize,
  v: usize,
  e: v128,
  one: v128,
  gradient: usize,
  r: usize,
  t: usize,
): void {
  const zero = v128.xor(e, e);
  const last = c + <usize>k * PANEL_BYTES;
  for (const end = v + <usize>rows * PANEL_BYTES; v < end; v += 2 * PANEL_BYTES) {
    let p0 = e;
    let p1 = e;
    let p2 = e;
    let p3 = e;
    let m0 = zero;
    let m1 = zero;
    let m2 = zero;
    let m3 = zero;
    for (let a = c; a < last; a += PANEL_BYTES) {
      const s = v128.load_splat<T>(b);
      const u = v128.load_splat<T>(b, sizeof<T>());
      const c0 = v128.load(a);
      const c1 = v128.load(a, 16);
      const x = v128.load_splat<T>(b, 2 * sizeof<T>());
      const y = v128.load_splat<T>(b, 3 * sizeof<T>());
      p0 = v128.add<T>(p0, v128.mul<T>(s, c0));
      p1 = v128.add<T>(p1, v128.mul<T>(s, c1));
      p2 = v128.add<T>(p2, v128.mul<T>(u, c0));
      p3 = v128.add<T>(p3, v128.mul<T>(u, c1));
      m0 = v128.sub<T>(m0, v128.mul<T>(x, c0));
      m1 = v128.sub<T>(m1, v128.mul<T>(x, c1));
      m2 = v128.sub<T>(m2, v128.mul<T>(y, c0));
      m3 = v128.sub<T>(m3, v128.mul<T>(y, c1));
      b += 4 * sizeof<T>();
    }
    p0 = v128.div<T>(one, p0);
    p1 = v128.div<T>(one, p1);
    p2 = v128.div<T>(one, p2);
    p3 = v128.div<T>(one, p3);
    m0 = v128.mul<T>(m0, p0);
    m1 = v128.mul<T>(m1, p1);
    m2 = v128.mul<T>(m2, p2);
    m3 = v128.mul<T>(m3, p3);
    p0 = v128.mul<T>(p0, v128.load(v));
    p1 = v128.mul<T>(p1, v128.load(v, 16));
    p2 = v128.mul<T>(p2, v128.load(v, 32));
    p3 = v128.mul<T>(p3, v128.load(v, 48));
    v128.store(gradient, v128.sub<T>(v128.load(gradient), m0));
    v128.store(gradient, v128.sub<T>(v128.load(gradient, 16), m1), 16);
    v128.store(gradient, v128.sub<T>(v128.load(gradient, 32), m2), 32);
    v128.store(gradient, v128.sub<T>(v128.load(gradient, 48), m3), 48);
    v128.store(r, p0);
    v128.store(r, p1, 16);
    v128.store(r, p2, 32);
    v128.store(r, p3, 48);
    v128.store(t, v128.mul<T>(p0, m0));
    v128.store(t, v128.mul<T>(p1, m1), 16);
    v128.store(t, v128.mul<T>(p2, m2), 32);
    v128.store(t, v128.mul<T>(p3, m3), 48);
    gradient += 2 * PANEL_BYTES;
    r += 2 * PANEL_BYTES;
    t += 2 * PANEL_BYTES;
  }
}

/**
 * out(r, a) (1 vector) += the two vectors of y(r) ∘ d(a), added, for one a. y: rows of a panel; d: one row of a panel;
 * out: rows of vectors, `stride` bytes apart.
 */
export function rows1<T>(rows: i32, y: usize, d: usize, out: usize, stride: usize): void {
  const d0 = v128.load(d);
  const d1 = v128.load(d, 16);
  for (const end = y + <usize>rows * PANEL_BYTES; y < end; y += PANEL_BYTES) {
    const y0 = v128.load(y);
    const y1 = v128.load(y, 16);
    const s0 = v128.add<T>(v128.mul<T>(y0, d0), v128.mul<T>(y1, d1));
    v128.store(out, v128.add<T>(v128.load(out), s0));
    out += stride;
  }
}

/** {@link rows1} for 2 a, side by side in out. */
export function rows2<T>(rows: i32, y: usize, d: usize, out: usize, stride: usize): void {
  const d0 = v128.load(d);
  const d1 = v128.load(d, 16);
  const d2 = v128.load(d, 32);
  const d3 = v128.load(d, 48);
  for (const end = y + <usize>rows * PANEL_BYTES; y < end; y += PANEL_BYTES) {
    const y0 = v128.load(y);
    const y1 = v128.load(y, 16);
    const s0 = v128.add<T>(v128.mul<T>(y0, d0), v128.mul<T>(y1, d1));
    v128.store(out, v128.add<T>(v128.load(out), s0));
    const s1 = v128.add<T>(v128.mul<T>(y0, d2), v128.mul<T>(y1, d3));
    v128.store(out, v128.add<T>(v128.load(out, 16), s1), 16);
    out += stride;
  }
}

/** {@link rows1} for 3 a, side by side in out. */
export function rows3<T>(rows: i32, y: usize, d: usize, out: usize, stride: usize): void {
  const d0 = v128.load(d);
  const d1 = v128.load(d, 16);
  const d2 = v128.load(d, 32);
  const d3 = v128.load(d, 48);
  const d4 = v128.load(d, 64);
  const d5 = v128.load(d, 80);
  for (const end = y + <usize>rows * PANEL_BYTES; y < end; y += PANEL_BYTES) {
    const y0 = v128.load(y);
    const y1 = v128.load(y, 16);
    const s0 = v128.add<T>(v128.mul<T>(y0, d0), v128.mul<T>(y1, d1));
    v128.store(out, v128.add<T>(v128.load(out), s0));
    const s1 = v128.add<T>(v128.mul<T>(y0, d2), v128.mul<T>(y1, d3));
    v128.store(out, v128.add<T>(v128.load(out, 16), s1), 16);
    const s2 = v128.add<T>(v128.mul<T>(y0, d4), v128.mul<T>(y1, d5));
    v128.store(out, v128.add<T>(v128.load(out, 32), s2), 32);
    out += stride;
  }
}

/** {@link rows1} of x and c, and of y and d. */
export function pairs1<T>(
  rows: i32,
  x: usize,
  c: usize,
  y: usize,
  d: usize,
  out: usize,
  stride: usize,
): void {
  const d0 = v128.load(d);
  const d1 = v128.load(d, 16);
  const c0 = v128.load(c);
  const c1 = v128.load(c, 16);
  for (const end = y + <usize>rows * PANEL_BYTES; y < end; y += PANEL_BYTES) {
    const y0 = v128.load(y);
    const y1 = v128.load(y, 16);
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s0 = v128.add<T>(v128.mul<T>(y0, d0), v128.mul<T>(y1, d1));
    const t0 = v128.add<T>(v128.mul<T>(x0, c0), v128.mul<T>(x1, c1));
    v128.store(out, v128.add<T>(v128.load(out), v128.add<T>(s0, t0)));
    x += PANEL_BYTES;
    out += stride;
  }
}

/** {@link pairs1} for 2 a. */
export function pairs2<T>(
  rows: i32,
  x: usize,
  c: usize,
  y: usize,
  d: usize,
  out: usize,
  stride: usize,
): void {
  const d0 = v128.load(d);
  const d1 = v128.load(d, 16);
  const d2 = v128.load(d, 32);
  const d3 = v128.load(d, 48);
  const c0 = v128.load(c);
  const c1 = v128.load(c, 16);
  const c2 = v128.load(c, 32);
  const c3 = v128.load(c, 48);
  for (const end = y + <usize>rows * PANEL_BYTES; y < end; y += PANEL_BYTES) {
    const y0 = v128.load(y);
    const y1 = v128.load(y, 16);
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s0 = v128.add<T>(v128.mul<T>(y0, d0), v128.mul<T>(y1, d1));
    const t0 = v128.add<T>(v128.mul<T>(x0, c0), v128.mul<T>(x1, c1));
    v128.store(out, v128.add<T>(v128.load(out), v128.add<T>(s0, t0)));
    const s1 = v128.add<T>(v128.mul<T>(y0, d2), v128.mul<T>(y1, d3));
    const t1 = v128.add<T>(v128.mul<T>(x0, c2), v128.mul<T>(x1, c3));
    v128.store(out, v128.add<T>(v128.load(out, 16), v128.add<T>(s1, t1)), 16);
    x += PANEL_BYTES;
    out += stride;
  }
}

/** {@link pairs1} for 3 a. */
export function pairs3<T>(
  rows: i32,
  x: usize,
  c: usize,
  y: usize,
  d: usize,
  out: usize,
  stride: usize,
): void {
  const d0 = v128.load(d);
  const d1 = v128.load(d, 16);
  const d2 = v128.load(d, 32);
  const d3 = v128.load(d, 48);
  const d4 = v128.load(d, 64);
  const d5 = v128.load(d, 80);
  const c0 = v128.load(c);
  const c1 = v128.load(c, 16);
  const c2 = v128.load(c, 32);
  const c3 = v128.load(c, 48);
  const c4 = v128.load(c, 64);
  const c5 = v128.load(c, 80);
  for (const end = y + <usize>rows * PANEL_BYTES; y < end; y += PANEL_BYTES) {
    const y0 = v128.load(y);
    const y1 = v128.load(y, 16);
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const s0 = v128.add<T>(v128.mul<T>(y0, d0), v128.mul<T>(y1, d1));
    const t0 = v128.add<T>(v128.mul<T>(x0, c0), v128.mul<T>(x1, c1));
    v128.store(out, v128.add<T>(v128.load(out), v128.add<T>(s0, t0)));
    const s1 = v128.add<T>(v128.mul<T>(y0, d2), v128.mul<T>(y1, d3));
    const t1 = v128.add<T>(v128.mul<T>(x0, c2), v128.mul<T>(x1, c3));
    v128.store(out, v128.add<T>(v128.load(out, 16), v128.add<T>(s1, t1)), 16);
    const s2 = v128.add<T>(v128.mul<T>(y0, d4), v128.mul<T>(y1, d5));
    const t2 = v128.add<T>(v128.mul<T>(x0, c4), v128.mul<T>(x1, c5));
    v128.store(out, v128.add<T>(v128.load(out, 32), v128.add<T>(s2, t2)), 32);
    x += PANEL_BYTES;
    out += stride;
  }
}
