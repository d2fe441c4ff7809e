// Multiplicative update for ½‖V − WH‖² + l1·ΣH + ½·l2·‖H‖² (Lee & Seung 2001, theorem 1):
//
//   h_aj ← h_aj · (WᵀV)_aj / ((WᵀWH)_aj + l1 + l2·h_aj + ε)
//
// The update of W is the same one on Vᵀ ≈ Hᵀ·Wᵀ. Unlike the kernel, a twin does not flush denormals.

/** The new H. V: m×n, W: m×k, H: k×n. */
export function muFrobenius(
  m: i32,
  n: i32,
  k: i32,
  V: Float64Array,
  W: Float64Array,
  H: Float64Array,
  l1: f64,
  l2: f64,
  epsilon: f64,
): Float64Array {
  const next = new Float64Array(k * n);
  for (let j = 0; j < n; j++) {
    for (let a = 0; a < k; a++) {
      let numerator: f64 = 0;
      let denominator: f64 = 0;
      for (let i = 0; i < m; i++) {
        let fitted: f64 = 0;
        for (let b = 0; b < k; b++) fitted += W[i * k + b]! * H[b * n + j]!;
        numerator += W[i * k + a]! * V[i * n + j]!;
        denominator += W[i * k + a]! * fitted;
      }
      const old: f64 = H[a * n + j]!;
      next[a * n + j] = (old * numerator) / (denominator + l1 + l2 * old + epsilon);
    }
  }
  return next;
}
