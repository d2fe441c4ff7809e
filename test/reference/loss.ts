// Losses of V ≈ P = WH with weights D, E = V − P:
//
//   0 Frobenius          ½ Σ D E²
//   1 Kullback–Leibler   Σ D (V log((V+ε)/(P+ε)) − V + P)
//   2 Itakura–Saito      Σ D (r − log r − 1), r = (V+ε)/(P+ε)
//   3 β-divergence       Σ D (x^β + (β−1) y^β − β x y^(β−1)) / (β(β−1)), x = V+ε, y = P+ε
//   4 truncated Cauchy   ½ scale² Σ D log(1 + min(|E|, cut)²/scale²)

/** The loss, without penalties. V, D: m×n, W: m×k, H: k×n. */
export function loss(
  kind: i32,
  m: i32,
  n: i32,
  k: i32,
  V: Float64Array,
  D: Float64Array,
  W: Float64Array,
  H: Float64Array,
  beta: f64,
  epsilon: f64,
  scale: f64,
  cut: f64,
): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let p: f64 = 0;
      for (let a = 0; a < k; a++) p += W[i * k + a]! * H[a * n + j]!;
      sum += D[i * n + j]! * entryLoss(kind, V[i * n + j]!, p, beta, epsilon, scale, cut);
    }
  }
  return sum;
}

function entryLoss(kind: i32, v: f64, p: f64, beta: f64, epsilon: f64, scale: f64, cut: f64): f64 {
  const x = v + epsilon;
  const y = p + epsilon;
  if (kind === 0) return 0.5 * (v - p) * (v - p);
  if (kind === 1) return v * Math.log(x / y) - v + p;
  if (kind === 2) return x / y - Math.log(x / y) - 1;
  if (kind === 3) {
    const mixed = beta * x * y ** (beta - 1);
    return (x ** beta + (beta - 1) * y ** beta - mixed) / (beta * (beta - 1));
  }
  const u = Math.min(Math.abs(v - p), cut) / scale;
  return 0.5 * scale * scale * Math.log(1 + u * u);
}

/** l1·ΣC + ½·l2·‖C‖². C: count. */
export function penalty(count: i32, C: Float64Array, l1: f64, l2: f64): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += l1 * C[i]! + 0.5 * l2 * C[i]! * C[i]!;
  return sum;
}
