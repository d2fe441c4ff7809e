// Cholesky factorization A = L·Lᵀ and the solution of A·x = b (Golub & Van Loan, algorithm 4.2.1).
//
//   l_jj = √(a_jj − Σ_{r<j} l_jr²)      l_ij = (a_ij − Σ_{r<j} l_ir l_jr) / l_jj     for i > j
//   L·y = b, then Lᵀ·x = y

/** L of A (n×n, row-major), zeros above the diagonal; where A is not positive definite, L holds NaN. */
export function choleskyFactor(n: i32, A: Float64Array): Float64Array {
  const L = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    let pivot: f64 = A[j * n + j]!;
    for (let r = 0; r < j; r++) pivot -= L[j * n + r]! * L[j * n + r]!;
    const root = pivot > 0 ? Math.sqrt(pivot) : NaN;
    L[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let value: f64 = A[i * n + j]!;
      for (let r = 0; r < j; r++) value -= L[i * n + r]! * L[j * n + r]!;
      L[i * n + j] = value / root;
    }
  }
  return L;
}

/** x with L·Lᵀ·x = b. L: n×n, b: n. */
export function choleskySolve(n: i32, L: Float64Array, b: Float64Array): Float64Array {
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let value: f64 = b[i]!;
    for (let r = 0; r < i; r++) value -= L[i * n + r]! * x[r]!;
    x[i] = value / L[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let value: f64 = x[i]!;
    for (let r = i + 1; r < n; r++) value -= L[r * n + i]! * x[r]!;
    x[i] = value / L[i * n + i]!;
  }
  return x;
}
