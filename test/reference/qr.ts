// QR factorization by Householder reflections (Golub & Van Loan, algorithm 5.2.1), and what the linear law of feature
// compression (arXiv 2406.16200, theorem 1) says of two points, by elimination instead.
//
//   H_k = I − 2wwᵀ/wᵀw,  w = x + sign(x_k)‖x‖e_k for the part x of column k from k on;  R = H_{n−1} … H_0 A
//   Aᵀu = b by Gaussian elimination with row interchanges

/** R (n×n) of A (m×n, row-major), m ≥ n, behind it Q (m×n). */
export function householder(m: i32, n: i32, A: Float64Array): Float64Array {
  const R = new Float64Array(m * n);
  for (let i = 0; i < m * n; i++) R[i] = A[i]!;
  const H = new Float64Array(m * m);
  for (let i = 0; i < m; i++) H[i * m + i] = 1;
  const w = new Float64Array(m);
  for (let k = 0; k < n; k++) {
    let squares: f64 = 0;
    for (let i = k; i < m; i++) squares += R[i * n + k]! * R[i * n + k]!;
    if (squares === 0) continue;
    const norm = Math.sqrt(squares);
    for (let i = 0; i < m; i++) w[i] = i < k ? 0 : R[i * n + k]!;
    w[k] = w[k]! + (w[k]! < 0 ? -norm : norm);
    let size: f64 = 0;
    for (let i = k; i < m; i++) size += w[i]! * w[i]!;
    for (let j = 0; j < n; j++) {
      let along: f64 = 0;
      for (let i = k; i < m; i++) along += w[i]! * R[i * n + j]!;
      for (let i = k; i < m; i++) R[i * n + j] = R[i * n + j]! - (2 * along * w[i]!) / size;
    }
    // Q = H_0 H_1 …: the reflection from the right.
    for (let r = 0; r < m; r++) {
      let along: f64 = 0;
      for (let i = k; i < m; i++) along += H[r * m + i]! * w[i]!;
      for (let i = k; i < m; i++) H[r * m + i] = H[r * m + i]! - (2 * along * w[i]!) / size;
    }
  }
  const both = new Float64Array(n * n + m * n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) both[i * n + j] = R[i * n + j]!;
  for (let r = 0; r < m; r++) for (let j = 0; j < n; j++) both[n * n + r * n + j] = H[r * m + j]!;
  return both;
}

/** u with X·u = b. X: n×n, row-major; b: n. */
export function eliminate(n: i32, X: Float64Array, b: Float64Array): Float64Array {
  const M = new Float64Array(n * n);
  for (let i = 0; i < n * n; i++) M[i] = X[i]!;
  const u = new Float64Array(n);
  for (let i = 0; i < n; i++) u[i] = b[i]!;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(M[i * n + k]!) > Math.abs(M[best * n + k]!)) best = i;
    for (let j = 0; j < n; j++) {
      const kept: f64 = M[k * n + j]!;
      M[k * n + j] = M[best * n + j]!;
      M[best * n + j] = kept;
    }
    const swapped: f64 = u[k]!;
    u[k] = u[best]!;
    u[best] = swapped;
    for (let i = k + 1; i < n; i++) {
      const factor: f64 = M[i * n + k]! / M[k * n + k]!;
      for (let j = k; j < n; j++) M[i * n + j] = M[i * n + j]! - factor * M[k * n + j]!;
      u[i] = u[i]! - factor * u[k]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    let value: f64 = u[i]!;
    for (let j = i + 1; j < n; j++) value -= M[i * n + j]! * u[j]!;
    u[i] = value / M[i * n + i]!;
  }
  return u;
}

/** δ, ‖x_0 − x_1‖, the cosine, and 1/‖p_1‖ of points 0 and 1 of n in R^n, the rows of X. */
export function separation(n: i32, X: Float64Array): Float64Array {
  const b = new Float64Array(n);
  b[0] = 1;
  b[1] = -1;
  const u = eliminate(n, X, b);
  b[0] = 0;
  b[1] = 1;
  const p = eliminate(n, X, b);
  let norm: f64 = 0;
  let apart: f64 = 0;
  let product: f64 = 0;
  let own: f64 = 0;
  for (let r = 0; r < n; r++) {
    const off: f64 = X[r]! - X[n + r]!;
    norm += u[r]! * u[r]!;
    apart += off * off;
    product += u[r]! * off;
    own += p[r]! * p[r]!;
  }
  const found = new Float64Array(4);
  found[0] = 1 / Math.sqrt(norm);
  found[1] = Math.sqrt(apart);
  found[2] = product / Math.sqrt(norm * apart);
  found[3] = 1 / Math.sqrt(own);
  return found;
}
