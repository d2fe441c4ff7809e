// Cholesky factorization: A = L·Lᵀ of a symmetric positive definite A (n×n, row-major), factor once
// and solve many (Golub & Van Loan, Matrix Computations, algorithm 4.2.1, by rows).

import { dot } from "./vector";

/**
 * Overwrites the lower triangle of A (n·n) with L; the upper triangle is neither read nor written.
 * Returns 0, or the 1-based row of the first pivot that is not positive.
 */
export function factor<T>(n: i32, A: usize): i32 {
  for (let i = 0; i < n; i++) {
    const row = A + <usize>i * <usize>n * sizeof<T>();
    for (let j = 0; j < i; j++) {
      const other = A + <usize>j * <usize>n * sizeof<T>();
      const value = <f64>load<T>(row + <usize>j * sizeof<T>()) - dot<T>(j, row, other);
      store<T>(row + <usize>j * sizeof<T>(), <T>(value / <f64>load<T>(other + <usize>j * sizeof<T>())));
    }
    const diagonal = row + <usize>i * sizeof<T>();
    const pivot = <f64>load<T>(diagonal) - dot<T>(i, row, row);
    if (!(pivot > 0)) return i + 1;
    store<T>(diagonal, <T>Math.sqrt(pivot));
  }
  return 0;
}

/** Overwrites b (n) with A⁻¹b, from the factor L that `factor` left in A. */
export function solve<T>(n: i32, A: usize, b: usize): void {
  for (let i = 0; i < n; i++) {
    const row = A + <usize>i * <usize>n * sizeof<T>();
    const at = b + <usize>i * sizeof<T>();
    const value = <f64>load<T>(at) - dot<T>(i, row, b);
    store<T>(at, <T>(value / <f64>load<T>(row + <usize>i * sizeof<T>())));
  }
  for (let i = n - 1; i >= 0; i--) {
    let value = <f64>load<T>(b + <usize>i * sizeof<T>());
    for (let r = i + 1; r < n; r++) {
      const entry = load<T>(A + (<usize>r * <usize>n + <usize>i) * sizeof<T>());
      value -= <f64>entry * <f64>load<T>(b + <usize>r * sizeof<T>());
    }
    const pivot = load<T>(A + (<usize>i * <usize>n + <usize>i) * sizeof<T>());
    store<T>(b + <usize>i * sizeof<T>(), <T>(value / <f64>pivot));
  }
}
