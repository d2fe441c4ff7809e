// Natural logarithm of the ratio of two f64, two at once. With y' = y·2^e so near to x that 2/3 ≤ x/y' ≤ 3/2:
//
//   log(x/y) = e·log 2 + log(x/y');  s = (x − y')/(x + y');  log(x/y') = 2s + s·R(s²)
//
// x − y' is exact, so ratios near 1, where a loss ends, keep all their digits, and one division does for the
// ratio and for s. R(z)/z is the polynomial of degree 6 nearest to Σ 2z^(i−1)/(2i+1) for z ≤ 0.04 (Remez), good
// to 2^−56 of the logarithm. Only + − · / are used, so every runtime gives the same bits.

const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
const R1: f64 = 0.6666666666667271;
const R2: f64 = 0.3999999999616168;
const R3: f64 = 0.28571429395289455;
const R4: f64 = 0.22222138501604977;
const R5: f64 = 0.1818635606733997;
const R6: f64 = 0.15250188616196345;
const R7: f64 = 0.15368190794810793;

/** 2^11 as the exponent of an f64: the sign bit. */
const BIAS: i64 = 1 << 63;

/**
 * log(x/y) of both lanes (f64x2, not negative); below the smallest normal number counts as that number.
 */
export function logOfRatio(x: v128, y: v128): v128 {
  x = f64x2.pmax(x, f64x2.splat(f64.MIN_NORMAL_VALUE));
  y = f64x2.pmax(y, f64x2.splat(f64.MIN_NORMAL_VALUE));
  // Bits of a positive number grow like its logarithm: their difference, rounded, is e, here + 2^11.
  const moved = i64x2.add(i64x2.sub(x, y), i64x2.splat(BIAS + (1 << 51)));
  const exponent = i64x2.shr_u(moved, 52);
  // The bias turns the sign.
  const minusY = i64x2.add(y, v128.and(moved, i64x2.splat(0xfff0000000000000)));
  // 2^52 + exponent as bits, minus 2^52, is the exponent as a number.
  const e = f64x2.sub(
    v128.or(exponent, i64x2.splat(0x4330000000000000)),
    f64x2.splat(4503599627370496 + 2048),
  );
  const s = f64x2.div(f64x2.add(x, minusY), f64x2.sub(x, minusY));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  const even = f64x2.mul(
    w,
    f64x2.add(f64x2.splat(R2), f64x2.mul(w, f64x2.add(f64x2.splat(R4), f64x2.mul(w, f64x2.splat(R6))))),
  );
  const inner = f64x2.add(f64x2.splat(R5), f64x2.mul(w, f64x2.splat(R7)));
  const odd = f64x2.mul(
    z,
    f64x2.add(f64x2.splat(R1), f64x2.mul(w, f64x2.add(f64x2.splat(R3), f64x2.mul(w, inner)))),
  );
  const tail = f64x2.add(f64x2.mul(s, f64x2.add(even, odd)), f64x2.mul(e, f64x2.splat(LN2_LOW)));
  return f64x2.add(f64x2.mul(e, f64x2.splat(LN2_HIGH)), f64x2.add(f64x2.add(s, s), tail));
}

/** log of both lanes of x, as logOfRatio has it. */
export function log2lanes(x: v128): v128 {
  return logOfRatio(x, f64x2.splat(1));
}
