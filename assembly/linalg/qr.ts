// QR factorization by Householder reflections: A = Q·R, A and Q m×n with n ≤ m, R upper triangular (Golub & Van Loan,
// Matrix Computations, algorithms 5.2.1 and 5.1.6). Columns lie one after another, so that every step runs along one.
//
//   x = A(k…, k),  σ = ±‖x‖ with the sign of x_k,  v = x/σ + e_k,  (I − v vᵀ/v_k) x = −σ e_k
//
// v takes the place of x, R_ik that of A_ik for i < k, and R_kk = −σ goes to an array of its own. Signs of the diagonal
// are what they come to be.

import { axpy, dot, scale } from "./vector";

/** Number i of column k of a matrix with m rows. */
function entry<T>(m: i32, A: usize, i: i32, k: i32): usize {
  return A + (<usize>k * m + i) * sizeof<T>();
}

/** x (m) ← (I − v vᵀ/v_k) x, for the k-th reflection. A column of zeros has none. */
function reflect<T>(m: i32, k: i32, A: usize, x: usize): void {
  const v = entry<T>(m, A, k, k);
  const pivot = <f64>load<T>(v);
  if (pivot == 0) return;
  const rest = x + <usize>k * sizeof<T>();
  axpy<T>(m - k, <T>(-dot<T>(m - k, v, rest) / pivot), v, rest);
}

/** Factorizes A (m·n, by columns) in its place. diagonal: n, the R_kk. */
export function factorize<T>(m: i32, n: i32, A: usize, diagonal: usize): void {
  for (let k = 0; k < n; k++) {
    const x = entry<T>(m, A, k, k);
    const first = load<T>(x);
    let sigma = Math.sqrt(dot<T>(m - k, x, x));
    if (first < 0) sigma = -sigma;
    if (sigma != 0) {
      scale<T>(m - k, <T>(1 / sigma), x);
      store<T>(x, load<T>(x) + <T>1);
    }
    store<T>(diagonal + <usize>k * sizeof<T>(), <T>-sigma);
    for (let j = k + 1; j < n; j++) reflect<T>(m, k, A, entry<T>(m, A, 0, j));
  }
}

/** x (m) ← Q·x, of which the first n numbers count and the rest is to be 0. */
export function multiplyQ<T>(m: i32, n: i32, A: usize, x: usize): void {
  for (let k = n - 1; k >= 0; k--) reflect<T>(m, k, A, x);
}

/** b (n) ← the z of Rᵀz = b. */
export function solveTransposed<T>(m: i32, n: i32, A: usize, diagonal: usize, b: usize): void {
  for (let k = 0; k < n; k++) {
    const at = b + <usize>k * sizeof<T>();
    const rest = <f64>load<T>(at) - dot<T>(k, entry<T>(m, A, 0, k), b);
    store<T>(at, <T>(rest / <f64>load<T>(diagonal + <usize>k * sizeof<T>())));
  }
}
