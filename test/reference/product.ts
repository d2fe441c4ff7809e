// Products of row-major matrices, one entry at a time.
//
//   product      C = A·B           c_ij = Σ_a a_ia b_aj
//   transpose    Aᵀ
//   gramOfRows   G = C·Cᵀ          g_ab = Σ_j c_aj c_bj

/** A·B. A: m×k, B: k×n; returns m×n. */
export function product(m: i32, k: i32, n: i32, A: Float64Array, B: Float64Array): Float64Array {
  const C = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum: f64 = 0;
      for (let a = 0; a < k; a++) sum += A[i * k + a]! * B[a * n + j]!;
      C[i * n + j] = sum;
    }
  }
  return C;
}

/** Aᵀ. A: m×n; returns n×m. */
export function transpose(m: i32, n: i32, A: Float64Array): Float64Array {
  const T = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) T[j * m + i] = A[i * n + j]!;
  }
  return T;
}

/** C·Cᵀ. C: k×n; returns k×k. */
export function gramOfRows(k: i32, n: i32, C: Float64Array): Float64Array {
  const G = new Float64Array(k * k);
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) {
      let sum: f64 = 0;
      for (let j = 0; j < n; j++) sum += C[a * n + j]! * C[b * n + j]!;
      G[a * k + b] = sum;
    }
  }
  return G;
}
