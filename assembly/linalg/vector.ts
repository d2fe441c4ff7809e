// Vectors: contiguous arrays of n numbers, of any length and alignment.
//
// Sums run in a fixed order (two vector accumulators, then the lanes, then the tail), so that the
// same numbers give the same bits in every run.

import { horizontalSum, lanes } from "./lanes";

/** Σ xᵢ yᵢ. x, y: n. */
export function dot<T>(n: i32, x: usize, y: usize): f64 {
  let a0 = v128.splat<T>(<T>0);
  let a1 = v128.splat<T>(<T>0);
  const step = 2 * lanes<T>();
  let i = 0;
  for (; i + step <= n; i += step) {
    const at = <usize>i * sizeof<T>();
    a0 = v128.add<T>(a0, v128.mul<T>(v128.load(x + at), v128.load(y + at)));
    a1 = v128.add<T>(a1, v128.mul<T>(v128.load(x + at, 16), v128.load(y + at, 16)));
  }
  let sum = horizontalSum<T>(v128.add<T>(a0, a1));
  for (; i < n; i++) {
    const at = <usize>i * sizeof<T>();
    sum += <f64>load<T>(x + at) * <f64>load<T>(y + at);
  }
  return sum;
}

/** Σ xᵢ. x: n. */
export function sum<T>(n: i32, x: usize): f64 {
  let a0 = v128.splat<T>(<T>0);
  let a1 = v128.splat<T>(<T>0);
  const step = 2 * lanes<T>();
  let i = 0;
  for (; i + step <= n; i += step) {
    const at = <usize>i * sizeof<T>();
    a0 = v128.add<T>(a0, v128.load(x + at));
    a1 = v128.add<T>(a1, v128.load(x + at, 16));
  }
  let total = horizontalSum<T>(v128.add<T>(a0, a1));
  for (; i < n; i++) total += <f64>load<T>(x + <usize>i * sizeof<T>());
  return total;
}

/** y ← y + αx. x, y: n. */
export function axpy<T>(n: i32, alpha: T, x: usize, y: usize): void {
  const a = v128.splat<T>(alpha);
  const step = lanes<T>();
  let i = 0;
  for (; i + step <= n; i += step) {
    const at = <usize>i * sizeof<T>();
    v128.store(y + at, v128.add<T>(v128.load(y + at), v128.mul<T>(a, v128.load(x + at))));
  }
  for (; i < n; i++) {
    const at = <usize>i * sizeof<T>();
    store<T>(y + at, load<T>(y + at) + alpha * load<T>(x + at));
  }
}

/** x ← αx. x: n. */
export function scale<T>(n: i32, alpha: T, x: usize): void {
  const a = v128.splat<T>(alpha);
  const step = lanes<T>();
  let i = 0;
  for (; i + step <= n; i += step) {
    const at = <usize>i * sizeof<T>();
    v128.store(x + at, v128.mul<T>(a, v128.load(x + at)));
  }
  for (; i < n; i++) {
    const at = <usize>i * sizeof<T>();
    store<T>(x + at, alpha * load<T>(x + at));
  }
}
