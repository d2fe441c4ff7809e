// HALS: exact coordinate descent for ½‖V − WH‖² + l1·ΣH + ½·l2·‖H‖² (Cichocki & Phan 2009,
// algorithm 2), one row of H after another, some sweeps in a row (Gillis & Glineur 2012):
//
//   h_aj ← max(0, h_aj + ((WᵀV)_aj − Σ_b (WᵀW)_ab h_bj − l1 − l2·h_aj) / ((WᵀW)_aa + l2))
//
// Columns go in groups of `width`. A group is done when a sweep moved it, in squares, by a hundredth
// or less of what the first sweep did. For W, call on Vᵀ ≈ Hᵀ·Wᵀ.

/** The new H. V: m×n, W: m×k, H: k×n. */
export function hals(
  m: i32,
  n: i32,
  k: i32,
  V: Float64Array,
  W: Float64Array,
  H: Float64Array,
  l1: f64,
  l2: f64,
  sweeps: i32,
  width: i32,
): Float64Array {
  const next = new Float64Array(k * n);
  for (let at = 0; at < k * n; at++) next[at] = H[at]!;
  for (let first = 0; first < n; first += width) {
    let before: f64 = 0;
    for (let sweep = 0; sweep < sweeps; sweep++) {
      let moved: f64 = 0;
      for (let a = 0; a < k; a++) {
        for (let j = first; j < n && j < first + width; j++)
          moved += descend(m, n, k, V, W, next, l1, l2, a, j);
      }
      if (sweep === 0) before = moved;
      if (moved === 0 || (sweep > 0 && moved <= 0.01 * before)) break;
    }
  }
  return next;
}

/** Updates h_aj in place; returns the square of its change. */
function descend(
  m: i32,
  n: i32,
  k: i32,
  V: Float64Array,
  W: Float64Array,
  H: Float64Array,
  l1: f64,
  l2: f64,
  a: i32,
  j: i32,
): f64 {
  let pull: f64 = 0;
  let curvature: f64 = 0;
  for (let i = 0; i < m; i++) {
    let fitted: f64 = 0;
    for (let b = 0; b < k; b++) fitted += W[i * k + b]! * H[b * n + j]!;
    pull += W[i * k + a]! * (V[i * n + j]! - fitted);
    curvature += W[i * k + a]! * W[i * k + a]!;
  }
  if (curvature + l2 === 0) return 0;
  const old: f64 = H[a * n + j]!;
  const value = Math.max(0, old + (pull - l1 - l2 * old) / (curvature + l2));
  H[a * n + j] = value;
  return (value - old) * (value - old);
}
