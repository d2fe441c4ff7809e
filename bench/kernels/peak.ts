// The ceiling that kernels are measured against: multiply+add on v128, with everything in registers
// or in the first-level cache. Which form comes closest to what a core can do depends on the core
// (latency of an add, loads a cycle), so there are several, and the best one counts.
//
//   chains8 … chains12   acc ← acc·m + q, so many independent chains: no loads
//   tile42               acc(i,j) += x(i)·y(j), the 4×2 register tile of the products, over and over a
//                        few rows that stay in the first-level cache
//   divisions            acc ← q / acc: the ceiling of divisions, for kernels that are bound by them
//
// No form has more than 14 vectors alive: engines emit the loads of a loop body first, and with more
// they spill. All numbers stay normal: chains tend to q/(1−m) = 1, sums grow slowly from 0.

/** 8 chains acc ← acc·m + q, twice a round. out: 8 vectors. Flops a round: 8·2·2 a lane. */
export function chains8<T>(rounds: i32, out: usize): void {
  const m = v128.splat<T>(<T>0.5);
  const q = v128.splat<T>(<T>0.5);
  let a = v128.load(out);
  let b = v128.load(out, 16);
  let c = v128.load(out, 32);
  let d = v128.load(out, 48);
  let e = v128.load(out, 64);
  let f = v128.load(out, 80);
  let g = v128.load(out, 96);
  let h = v128.load(out, 112);
  for (let r = 0; r < rounds; r++) {
    a = v128.add<T>(v128.mul<T>(a, m), q);
    b = v128.add<T>(v128.mul<T>(b, m), q);
    c = v128.add<T>(v128.mul<T>(c, m), q);
    d = v128.add<T>(v128.mul<T>(d, m), q);
    e = v128.add<T>(v128.mul<T>(e, m), q);
    f = v128.add<T>(v128.mul<T>(f, m), q);
    g = v128.add<T>(v128.mul<T>(g, m), q);
    h = v128.add<T>(v128.mul<T>(h, m), q);
    a = v128.add<T>(v128.mul<T>(a, m), q);
    b = v128.add<T>(v128.mul<T>(b, m), q);
    c = v128.add<T>(v128.mul<T>(c, m), q);
    d = v128.add<T>(v128.mul<T>(d, m), q);
    e = v128.add<T>(v128.mul<T>(e, m), q);
    f = v128.add<T>(v128.mul<T>(f, m), q);
    g = v128.add<T>(v128.mul<T>(g, m), q);
    h = v128.add<T>(v128.mul<T>(h, m), q);
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
  v128.store(out, e, 64);
  v128.store(out, f, 80);
  v128.store(out, g, 96);
  v128.store(out, h, 112);
}

/** 10 chains acc ← acc·m + q, twice a round. out: 10 vectors. Flops a round: 10·2·2 a lane. */
export function chains10<T>(rounds: i32, out: usize): void {
  const m = v128.splat<T>(<T>0.5);
  const q = v128.splat<T>(<T>0.5);
  let a = v128.load(out);
  let b = v128.load(out, 16);
  let c = v128.load(out, 32);
  let d = v128.load(out, 48);
  let e = v128.load(out, 64);
  let f = v128.load(out, 80);
  let g = v128.load(out, 96);
  let h = v128.load(out, 112);
  let i = v128.load(out, 128);
  let j = v128.load(out, 144);
  for (let r = 0; r < rounds; r++) {
    a = v128.add<T>(v128.mul<T>(a, m), q);
    b = v128.add<T>(v128.mul<T>(b, m), q);
    c = v128.add<T>(v128.mul<T>(c, m), q);
    d = v128.add<T>(v128.mul<T>(d, m), q);
    e = v128.add<T>(v128.mul<T>(e, m), q);
    f = v128.add<T>(v128.mul<T>(f, m), q);
    g = v128.add<T>(v128.mul<T>(g, m), q);
    h = v128.add<T>(v128.mul<T>(h, m), q);
    i = v128.add<T>(v128.mul<T>(i, m), q);
    j = v128.add<T>(v128.mul<T>(j, m), q);
    a = v128.add<T>(v128.mul<T>(a, m), q);
    b = v128.add<T>(v128.mul<T>(b, m), q);
    c = v128.add<T>(v128.mul<T>(c, m), q);
    d = v128.add<T>(v128.mul<T>(d, m), q);
    e = v128.add<T>(v128.mul<T>(e, m), q);
    f = v128.add<T>(v128.mul<T>(f, m), q);
    g = v128.add<T>(v128.mul<T>(g, m), q);
    h = v128.add<T>(v128.mul<T>(h, m), q);
    i = v128.add<T>(v128.mul<T>(i, m), q);
    j = v128.add<T>(v128.mul<T>(j, m), q);
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
  v128.store(out, e, 64);
  v128.store(out, f, 80);
  v128.store(out, g, 96);
  v128.store(out, h, 112);
  v128.store(out, i, 128);
  v128.store(out, j, 144);
}

/** 12 chains acc ← acc·m + q, twice a round. out: 12 vectors. Flops a round: 12·2·2 a lane. */
export function chains12<T>(rounds: i32, out: usize): void {
  const m = v128.splat<T>(<T>0.5);
  const q = v128.splat<T>(<T>0.5);
  let a = v128.load(out);
  let b = v128.load(out, 16);
  let c = v128.load(out, 32);
  let d = v128.load(out, 48);
  let e = v128.load(out, 64);
  let f = v128.load(out, 80);
  let g = v128.load(out, 96);
  let h = v128.load(out, 112);
  let i = v128.load(out, 128);
  let j = v128.load(out, 144);
  let k = v128.load(out, 160);
  let l = v128.load(out, 176);
  for (let r = 0; r < rounds; r++) {
    a = v128.add<T>(v128.mul<T>(a, m), q);
    b = v128.add<T>(v128.mul<T>(b, m), q);
    c = v128.add<T>(v128.mul<T>(c, m), q);
    d = v128.add<T>(v128.mul<T>(d, m), q);
    e = v128.add<T>(v128.mul<T>(e, m), q);
    f = v128.add<T>(v128.mul<T>(f, m), q);
    g = v128.add<T>(v128.mul<T>(g, m), q);
    h = v128.add<T>(v128.mul<T>(h, m), q);
    i = v128.add<T>(v128.mul<T>(i, m), q);
    j = v128.add<T>(v128.mul<T>(j, m), q);
    k = v128.add<T>(v128.mul<T>(k, m), q);
    l = v128.add<T>(v128.mul<T>(l, m), q);
    a = v128.add<T>(v128.mul<T>(a, m), q);
    b = v128.add<T>(v128.mul<T>(b, m), q);
    c = v128.add<T>(v128.mul<T>(c, m), q);
    d = v128.add<T>(v128.mul<T>(d, m), q);
    e = v128.add<T>(v128.mul<T>(e, m), q);
    f = v128.add<T>(v128.mul<T>(f, m), q);
    g = v128.add<T>(v128.mul<T>(g, m), q);
    h = v128.add<T>(v128.mul<T>(h, m), q);
    i = v128.add<T>(v128.mul<T>(i, m), q);
    j = v128.add<T>(v128.mul<T>(j, m), q);
    k = v128.add<T>(v128.mul<T>(k, m), q);
    l = v128.add<T>(v128.mul<T>(l, m), q);
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
  v128.store(out, e, 64);
  v128.store(out, f, 80);
  v128.store(out, g, 96);
  v128.store(out, h, 112);
  v128.store(out, i, 128);
  v128.store(out, j, 144);
  v128.store(out, k, 160);
  v128.store(out, l, 176);
}

/** Rows of data that tile42 passes over. */
const ROWS: i32 = 64;

/**
 * The 4×2 tile. data: 64 rows of two vectors, then 64 rows of four numbers; out: 8 vectors. Flops a
 * round: 64·16 a lane.
 */
export function tile42<T>(rounds: i32, data: usize, out: usize): void {
  let a0 = v128.splat<T>(<T>0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let d0 = a0;
  let d1 = a0;
  for (let r = 0; r < rounds; r++) {
    let x = data;
    let y = data + 32 * ROWS;
    for (let row = 0; row < ROWS; row++) {
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const s = v128.load_splat<T>(y);
      const t = v128.load_splat<T>(y + sizeof<T>());
      const u = v128.load_splat<T>(y + 2 * sizeof<T>());
      const w = v128.load_splat<T>(y + 3 * sizeof<T>());
      a0 = v128.add<T>(a0, v128.mul<T>(s, x0));
      a1 = v128.add<T>(a1, v128.mul<T>(s, x1));
      b0 = v128.add<T>(b0, v128.mul<T>(t, x0));
      b1 = v128.add<T>(b1, v128.mul<T>(t, x1));
      c0 = v128.add<T>(c0, v128.mul<T>(u, x0));
      c1 = v128.add<T>(c1, v128.mul<T>(u, x1));
      d0 = v128.add<T>(d0, v128.mul<T>(w, x0));
      d1 = v128.add<T>(d1, v128.mul<T>(w, x1));
      x += 32;
      y += 4 * sizeof<T>();
    }
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

/** Eight chains acc ← q / acc. out: 8 vectors of 1s. Divisions a round: 8 a lane. */
export function divisions<T>(rounds: i32, out: usize): void {
  const q = v128.splat<T>(<T>1.5);
  let a = v128.load(out);
  let b = v128.load(out, 16);
  let c = v128.load(out, 32);
  let d = v128.load(out, 48);
  let e = v128.load(out, 64);
  let f = v128.load(out, 80);
  let g = v128.load(out, 96);
  let h = v128.load(out, 112);
  for (let r = 0; r < rounds; r++) {
    a = v128.div<T>(q, a);
    b = v128.div<T>(q, b);
    c = v128.div<T>(q, c);
    d = v128.div<T>(q, d);
    e = v128.div<T>(q, e);
    f = v128.div<T>(q, f);
    g = v128.div<T>(q, g);
    h = v128.div<T>(q, h);
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
  v128.store(out, e, 64);
  v128.store(out, f, 80);
  v128.store(out, g, 96);
  v128.store(out, h, 112);
}
