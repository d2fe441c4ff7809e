// Kullback–Leibler by coordinate descent with scalar Newton steps (Hsieh & Dhillon 2011), the curvature
// of a half-step frozen. With P = WH, T = D∘V/(P+ε), C = T/(P+ε), X = W(H_new − H), row by row
//
//   h_a ← max(0, h_a − (g_a + l2·δ_a + Σ_i w_ia c_i x_i) / (Σ_i w_ia² c_i + l2)),  g = Wᵀ(D − T) + l1 + l2·H
//
// and without curvature 0 where the numerator is positive. A column whose bound
//
//   ⟨g, δ⟩ + ½l2‖δ‖² + ½Σ c x²/(1 + min(u, u/2)),   u = x/(p+ε)
//
// is not ≤ 0 takes h ∘ WᵀT/(WᵀD + l1 + l2·h + ε) instead. For W, call on Vᵀ ≈ Hᵀ·Wᵀ.

/** The new H after `sweeps` sweeps. V, D: m×n, W: m×k, H: k×n. */
export function newton(
  m: i32,
  n: i32,
  k: i32,
  V: Float64Array,
  D: Float64Array,
  W: Float64Array,
  H: Float64Array,
  l1: f64,
  l2: f64,
  epsilon: f64,
  sweeps: i32,
): Float64Array {
  const next = new Float64Array(k * n);
  for (let j = 0; j < n; j++) {
    const column = newtonColumn(m, n, k, V, D, W, H, l1, l2, epsilon, sweeps, j);
    for (let a = 0; a < k; a++) next[a * n + j] = column[a]!;
  }
  return next;
}

/** Column j of it. */
function newtonColumn(
  m: i32,
  n: i32,
  k: i32,
  V: Float64Array,
  D: Float64Array,
  W: Float64Array,
  H: Float64Array,
  l1: f64,
  l2: f64,
  epsilon: f64,
  sweeps: i32,
  j: i32,
): Float64Array {
  const p = new Float64Array(m);
  const c = new Float64Array(m);
  const above = new Float64Array(k);
  const below = new Float64Array(k);
  for (let i = 0; i < m; i++) {
    let fitted: f64 = epsilon;
    for (let a = 0; a < k; a++) fitted += W[i * k + a]! * H[a * n + j]!;
    const t = (D[i * n + j]! * V[i * n + j]!) / fitted;
    p[i] = fitted;
    c[i] = t / fitted;
    for (let a = 0; a < k; a++) {
      above[a] = above[a]! + W[i * k + a]! * t;
      below[a] = below[a]! + W[i * k + a]! * D[i * n + j]!;
    }
  }

  const h = new Float64Array(k);
  for (let a = 0; a < k; a++) h[a] = H[a * n + j]!;
  const x = new Float64Array(m);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let a = 0; a < k; a++) {
      let gradient: f64 = below[a]! - above[a]! + l1 + l2 * h[a]!;
      let curvature: f64 = l2;
      for (let i = 0; i < m; i++) {
        gradient += W[i * k + a]! * c[i]! * x[i]!;
        curvature += W[i * k + a]! * W[i * k + a]! * c[i]!;
      }
      const old: f64 = h[a]!;
      if (curvature > 0) h[a] = Math.max(0, old - gradient / curvature);
      else if (gradient > 0) h[a] = 0;
      for (let i = 0; i < m; i++) x[i] = x[i]! + W[i * k + a]! * (h[a]! - old);
    }
  }

  let change: f64 = 0;
  for (let i = 0; i < m; i++) {
    const u = x[i]! / p[i]!;
    if (c[i]! > 0) change += (0.5 * c[i]! * x[i]! * x[i]!) / (1 + Math.min(u, 0.5 * u));
  }
  for (let a = 0; a < k; a++) {
    const old: f64 = H[a * n + j]!;
    const delta = h[a]! - old;
    change += (below[a]! - above[a]! + l1 + l2 * (old + 0.5 * delta)) * delta;
  }
  if (change <= 0) return h;
  for (let a = 0; a < k; a++) {
    const old: f64 = H[a * n + j]!;
    h[a] = (old * above[a]!) / (below[a]! + l1 + l2 * old + epsilon);
  }
  return h;
}
