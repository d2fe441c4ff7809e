// Natural logarithms of ratios of f64. With y' = y·2^e so near to x that 2/3 ≤ x/y' ≤ 3/2:
//
//   log(x/y) = e·log 2 + log(x/y');  s = (x − y')/(x + y');  log(x/y') = 2s + s·R(s²)
//
// x − y' is exact, so ratios near 1, where a loss ends, keep all their digits, and one division does for the
// ratio and for s. R(z)/z is the polynomial of degree 6 nearest to Σ 2z^(i−1)/(2i+1) for z ≤ 0.04 (Remez), good
// to 2^−56 of the logarithm. Only + − · / are used, so every runtime gives the same bits.

// Constants are loaded from memory before a loop: engines would build each of them anew where it is used.

/** log 2 in two parts, then the coefficients of R(z)/z. */
const TERMS = memory.data<f64>([
  0.6931471803691238, 1.9082149292705877e-10, 0.6666666666667271, 0.3999999999616168, 0.28571429395289455,
  0.22222138501604977, 0.1818635606733997, 0.15250188616196345, 0.15368190794810793,
]);

/**
 * What counts as 0; 2^11 as the exponent of an f64 (the sign bit) and a half of 1; the bits of sign and exponent;
 * 2^52, whose bits and those of an integer are 2^52 + that integer; 2^52 + 2^11.
 */
const BITS = memory.data<u64>([
  0x0010000000000000, 0x8008000000000000, 0xfff0000000000000, 0x4330000000000000, 0x4330000000000800,
]);

/**
 * x ← log(x/y). x, y: 2·pairs f64, not negative; below the smallest normal number counts as that number. y is
 * left full of something else. Two passes, so that the constants of either stay in registers.
 */
export function logOfRatios(pairs: i32, x: usize, y: usize): void {
  reduce(pairs, x, y);
  evaluate(pairs, x, y);
}

/** x ← s, y ← e. */
function reduce(pairs: i32, x: usize, y: usize): void {
  const least = v128.load64_splat(BITS);
  const bias = v128.load64_splat(BITS, 8);
  const above = v128.load64_splat(BITS, 16);
  const shift = v128.load64_splat(BITS, 24);
  const shiftAndBias = v128.load64_splat(BITS, 32);
  for (const end = x + ((<usize>pairs) << 4); x < end; x += 16, y += 16) {
    const a = f64x2.pmax(v128.load(x), least);
    const b = f64x2.pmax(v128.load(y), least);
    // Bits of a positive number grow like its logarithm: their difference, rounded, is e, here + 2^11.
    const moved = i64x2.add(i64x2.sub(a, b), bias);
    v128.store(y, f64x2.sub(v128.or(i64x2.shr_u(moved, 52), shift), shiftAndBias));
    // −y': the bias turns the sign.
    const c = i64x2.add(b, v128.and(moved, above));
    v128.store(x, f64x2.div(f64x2.add(a, c), f64x2.sub(a, c)));
  }
}

/** s in x ← e·log 2 + 2s + s·R(s²), e in y. */
function evaluate(pairs: i32, x: usize, y: usize): void {
  const high = v128.load64_splat(TERMS);
  const low = v128.load64_splat(TERMS, 8);
  const r1 = v128.load64_splat(TERMS, 16);
  const r2 = v128.load64_splat(TERMS, 24);
  const r3 = v128.load64_splat(TERMS, 32);
  const r4 = v128.load64_splat(TERMS, 40);
  const r5 = v128.load64_splat(TERMS, 48);
  const r6 = v128.load64_splat(TERMS, 56);
  const r7 = v128.load64_splat(TERMS, 64);
  for (const end = x + ((<usize>pairs) << 4); x < end; x += 16, y += 16) {
    const s = v128.load(x);
    const z = f64x2.mul(s, s);
    const w = f64x2.mul(z, z);
    const even = f64x2.add(r2, f64x2.mul(w, f64x2.add(r4, f64x2.mul(w, r6))));
    const inner = f64x2.add(r3, f64x2.mul(w, f64x2.add(r5, f64x2.mul(w, r7))));
    const odd = f64x2.add(r1, f64x2.mul(w, inner));
    const R = f64x2.add(f64x2.mul(w, even), f64x2.mul(z, odd));
    const e = v128.load(y);
    const tail = f64x2.add(f64x2.mul(s, R), f64x2.mul(e, low));
    v128.store(x, f64x2.add(f64x2.mul(e, high), f64x2.add(f64x2.add(s, s), tail)));
  }
}
