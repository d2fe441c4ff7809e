// NNDSVD (Boutsidis & Gallopoulos 2008) and NNDSVDa, from a singular value decomposition
// V ≈ Σ_a σ_a u_a z_aᵀ with σ_0 ≥ σ_1 ≥ …. With x⁺ and x⁻ the positive and negative parts:
//
//   a = 0   w_0 = √σ_0 |u_0|, h_0 = √σ_0 |z_0|
//   a > 0   (u, z) = (u_a⁺, z_a⁺) if ‖u_a⁺‖‖z_a⁺‖ ≥ ‖u_a⁻‖‖z_a⁻‖, else (u_a⁻, z_a⁻)
//           w_a = √(σ_a‖u‖‖z‖)·u/‖u‖, h_a = √(σ_a‖u‖‖z‖)·z/‖z‖
//
// Entries below 1e-6 are 0, or `fill` (the mean of V for NNDSVDa).

/** Norm of the part with the given sign of column `a` of X (rows×k). */
function partNorm(rows: i32, k: i32, X: Float64Array, a: i32, sign: f64): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < rows; i++) {
    const part = Math.max(0, sign * X[i * k + a]!);
    sum += part * part;
  }
  return Math.sqrt(sum);
}

/** One factor from its singular vectors X (rows×k); Y (others×k) are the other side's. Returns rows×k. */
export function nndsvdFactor(
  rows: i32,
  others: i32,
  k: i32,
  X: Float64Array,
  sigma: Float64Array,
  Y: Float64Array,
  fill: f64,
): Float64Array {
  const out = new Float64Array(rows * k);
  for (let a = 0; a < k; a++) {
    const plus = partNorm(rows, k, X, a, 1) * partNorm(others, k, Y, a, 1);
    const minus = partNorm(rows, k, X, a, -1) * partNorm(others, k, Y, a, -1);
    const sign: f64 = plus >= minus ? 1 : -1;
    const size = Math.sqrt(sigma[a]! * Math.max(plus, minus)) / partNorm(rows, k, X, a, sign);
    for (let i = 0; i < rows; i++) {
      const x: f64 = X[i * k + a]!;
      const value = a === 0 ? Math.sqrt(sigma[0]!) * Math.abs(x) : size * Math.max(0, sign * x);
      out[i * k + a] = value < 1e-6 ? fill : value;
    }
  }
  return out;
}
