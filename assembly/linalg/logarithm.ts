// Natural logarithm of two f64 at once, by the method of FreeBSD's e_log.c (Sun Microsystems 1993):
//
//   x = 2^e·(1+f), √½ < 1+f ≤ √2;  s = f/(2+f);  log(1+f) = f − (f²/2 − s·(f²/2 + R(s²)))
//
// with R of degree 7 in s², error below one unit in the last place. Only + − · / are used, so every
// runtime gives the same bits.

const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
const R1: f64 = 0.6666666666666735;
const R2: f64 = 0.3999999999940942;
const R3: f64 = 0.2857142874366239;
const R4: f64 = 0.22222198432149784;
const R5: f64 = 0.1818357216161805;
const R6: f64 = 0.15313837699209373;
const R7: f64 = 0.14798198605116586;

/** log of both lanes of x (f64x2, not negative); what is not a normal number counts as the nearest one. */
export function log2lanes(x: v128): v128 {
  x = f64x2.max(f64x2.min(x, f64x2.splat(f64.MAX_VALUE)), f64x2.splat(f64.MIN_NORMAL_VALUE));
  // Moving the bits up by 1 − √½ (as bits) carries the exponent over exactly where 1+f > √2.
  const moved = i64x2.add(x, i64x2.splat(0x3ff0000000000000 - 0x3fe6a09e00000000));
  const exponent = i64x2.shr_u(moved, 52);
  const mantissa = v128.and(moved, i64x2.splat(0x000fffffffffffff));
  const f = f64x2.sub(i64x2.add(mantissa, i64x2.splat(0x3fe6a09e00000000)), f64x2.splat(1));
  // 2^52 + exponent as bits, minus 2^52, is the exponent as a number.
  const e = f64x2.sub(
    v128.or(exponent, i64x2.splat(0x4330000000000000)),
    f64x2.splat(4503599627370496 + 1023),
  );
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2)));
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
  const half = f64x2.mul(f64x2.splat(0.5), f64x2.mul(f, f));
  const tail = f64x2.add(
    f64x2.mul(s, f64x2.add(half, f64x2.add(even, odd))),
    f64x2.mul(e, f64x2.splat(LN2_LOW)),
  );
  return f64x2.sub(f64x2.mul(e, f64x2.splat(LN2_HIGH)), f64x2.sub(f64x2.sub(half, tail), f));
}
