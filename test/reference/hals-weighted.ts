// HALS with weights: exact coordinate descent for ½ΣD∘(V − WH)² + l1·ΣH + ½·l2·‖H‖²:
//
//   h_aj ← max(0, h_aj + (Σ_i w_ia d_ij e_ij − l1 − l2·h_aj) / (Σ_i w_ia² d_ij + l2)),  E = V − WH
//
// An entry without curvature (no observed entry meets it, and l2 = 0) stays. For W, call on
// Vᵀ ≈ Hᵀ·Wᵀ.

/** The new H after `sweeps` sweeps. V, D: m×n, W: m×k, H: k×n. */
export function halsWeighted(
  m: i32,
  n: i32,
  k: i32,
  V: Float64Array,
  D: Float64Array,
  W: Float64Array,
  H: Float64Array,
  l1: f64,
  l2: f64,
  sweeps: i32,
): Float64Array {
  const next = new Float64Array(k * n);
  for (let at = 0; at < k * n; at++) next[at] = H[at]!;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let a = 0; a < k; a++) {
      for (let j = 0; j < n; j++) {
        let pull: f64 = 0;
        let curvature: f64 = l2;
        for (let i = 0; i < m; i++) {
          let fitted: f64 = 0;
          for (let b = 0; b < k; b++) fitted += W[i * k + b]! * next[b * n + j]!;
          pull += W[i * k + a]! * D[i * n + j]! * (V[i * n + j]! - fitted);
          curvature += W[i * k + a]! * W[i * k + a]! * D[i * n + j]!;
        }
        if (curvature === 0) continue;
        const old: f64 = next[a * n + j]!;
        next[a * n + j] = Math.max(0, old + (pull - l1 - l2 * old) / curvature);
      }
    }
  }
  return next;
}
