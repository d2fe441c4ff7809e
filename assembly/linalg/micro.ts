// Micro-kernels: one register tile each, and nothing but sizes, pointers and strides.
//
//   strip1…strip4   out (h×2 vectors) += Σ_r b(r, 0…h−1) ⊗ x(r, 2 vectors)
//   predict4        out (4 rows × 2 vectors) = Σ_a b(a, 0…3) ⊗ x(a, 2 vectors)
//   weighted4       out = d ∘ that
//   quotient4       out = v / (that + ε)
//   rows1           out(r) (1 vector) += x(r)·c, the lanes of the two vectors of a row added
//   rows2           the same += x(r)·c + y(r)·d
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

/** out(r) (1 vector) += the two vectors of x(r) ∘ c, added. x: rows of a panel; c: one; out: rows vectors. */
export function rows1<T>(rows: i32, x: usize, c: usize, out: usize): void {
  const c0 = v128.load(c);
  const c1 = v128.load(c, 16);
  for (const end = out + ((<usize>rows) << 4); out < end; out += 16, x += PANEL_BYTES) {
    const first = v128.mul<T>(v128.load(x), c0);
    const both = v128.add<T>(first, v128.mul<T>(v128.load(x, 16), c1));
    v128.store(out, v128.add<T>(v128.load(out), both));
  }
}

/** {@link rows1} of x and c, and of y and d. */
export function rows2<T>(rows: i32, x: usize, c: usize, y: usize, d: usize, out: usize): void {
  const c0 = v128.load(c);
  const c1 = v128.load(c, 16);
  const d0 = v128.load(d);
  const d1 = v128.load(d, 16);
  for (const end = out + ((<usize>rows) << 4); out < end; out += 16) {
    const first = v128.mul<T>(v128.load(x), c0);
    const both = v128.add<T>(first, v128.mul<T>(v128.load(x, 16), c1));
    const other = v128.mul<T>(v128.load(y), d0);
    const others = v128.add<T>(other, v128.mul<T>(v128.load(y, 16), d1));
    v128.store(out, v128.add<T>(v128.load(out), v128.add<T>(both, others)));
    x += PANEL_BYTES;
    y += PANEL_BYTES;
  }
}
