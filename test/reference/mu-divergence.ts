// Multiplicative update for β-divergences and for every loss with weights D (Févotte & Idier 2011).
// With P = WH:
//
//   h_aj ← h_aj · ( (WᵀA)_aj / ((WᵀB)_aj + l1 + l2·h_aj + ε) )^γ
//
//   loss                        A                     B                    γ
//   0 Frobenius                 D∘V                   D∘P                  1
//   1 Kullback–Leibler          D∘V/(P+ε)             D                    1
//   2 Itakura–Saito             D∘V/(P+ε)²            D/(P+ε)              ½
//   3 β-divergence              D∘V∘(P+ε)^(β−2)       D∘(P+ε)^(β−1)        1/(2−β), 1 or 1/(β−1)
//   4 truncated Cauchy          Q∘V                   Q∘P                  1
//     with Q = D/(1+(E/scale)²) where |E| ≤ cut, and 0 beyond; E = V − P
//
// The gradient of the loss in H is Wᵀ(B − A). For W, call on Vᵀ ≈ Hᵀ·Wᵀ.

/** A of the table for one entry: v of V, d of D, p of P. */
function partA(loss: i32, v: f64, d: f64, p: f64, beta: f64, epsilon: f64, scale: f64, cut: f64): f64 {
  if (loss === 0) return d * v;
  if (loss === 1) return (d * v) / (p + epsilon);
  if (loss === 2) return (d * v) / ((p + epsilon) * (p + epsilon));
  if (loss === 3) return d * v * (p + epsilon) ** (beta - 2);
  return cauchyWeight(v - p, scale, cut) * d * v;
}

/** B of the table. */
function partB(loss: i32, v: f64, d: f64, p: f64, beta: f64, epsilon: f64, scale: f64, cut: f64): f64 {
  if (loss === 0) return d * p;
  if (loss === 1) return d;
  if (loss === 2) return d / (p + epsilon);
  if (loss === 3) return d * (p + epsilon) ** (beta - 1);
  return cauchyWeight(v - p, scale, cut) * d * p;
}

function cauchyWeight(error: f64, scale: f64, cut: f64): f64 {
  if (Math.abs(error) > cut) return 0;
  const u = error / scale;
  return 1 / (1 + u * u);
}

/** γ of the table. */
function exponent(loss: i32, beta: f64): f64 {
  if (loss === 2) return 0.5;
  if (loss !== 3) return 1;
  if (beta < 1) return 1 / (2 - beta);
  if (beta > 2) return 1 / (beta - 1);
  return 1;
}

/** WᵀA (which = 0) or WᵀB (which = 1), k×n. */
function weighted(
  which: i32,
  loss: i32,
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
): Float64Array {
  const out = new Float64Array(k * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const v: f64 = V[i * n + j]!;
      const d: f64 = D[i * n + j]!;
      let p: f64 = 0;
      for (let a = 0; a < k; a++) p += W[i * k + a]! * H[a * n + j]!;
      const part =
        which === 0
          ? partA(loss, v, d, p, beta, epsilon, scale, cut)
          : partB(loss, v, d, p, beta, epsilon, scale, cut);
      for (let a = 0; a < k; a++) out[a * n + j] = out[a * n + j]! + W[i * k + a]! * part;
    }
  }
  return out;
}

/** The new H. V, D: m×n, W: m×k, H: k×n. */
export function muDivergence(
  loss: i32,
  m: i32,
  n: i32,
  k: i32,
  V: Float64Array,
  D: Float64Array,
  W: Float64Array,
  H: Float64Array,
  l1: f64,
  l2: f64,
  beta: f64,
  epsilon: f64,
  scale: f64,
  cut: f64,
): Float64Array {
  const numerator = weighted(0, loss, m, n, k, V, D, W, H, beta, epsilon, scale, cut);
  const denominator = weighted(1, loss, m, n, k, V, D, W, H, beta, epsilon, scale, cut);
  const gamma = exponent(loss, beta);
  const next = new Float64Array(k * n);
  for (let at = 0; at < k * n; at++) {
    const old: f64 = H[at]!;
    const ratio = numerator[at]! / (denominator[at]! + l1 + l2 * old + epsilon);
    next[at] = old * ratio ** gamma;
  }
  return next;
}

/** The gradient of loss + l1·ΣH + ½·l2·‖H‖² in H: Wᵀ(B − A) + l1 + l2·H, k×n. */
export function gradient(
  loss: i32,
  m: i32,
  n: i32,
  k: i32,
  V: Float64Array,
  D: Float64Array,
  W: Float64Array,
  H: Float64Array,
  l1: f64,
  l2: f64,
  beta: f64,
  epsilon: f64,
  scale: f64,
  cut: f64,
): Float64Array {
  const above = weighted(0, loss, m, n, k, V, D, W, H, beta, epsilon, scale, cut);
  const below = weighted(1, loss, m, n, k, V, D, W, H, beta, epsilon, scale, cut);
  const out = new Float64Array(k * n);
  for (let at = 0; at < k * n; at++) out[at] = below[at]! - above[at]! + l1 + l2 * H[at]!;
  return out;
}
