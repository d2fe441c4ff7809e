// Scale of a random start: W and H are both multiplied by s, so that the mean of s²·WH over all
// entries is the mean of V over the observed ones:
//
//   s = √( mean(V) / mean(WH) )

/** s. W: m×k, H: k×n. */
export function startScale(m: i32, n: i32, k: i32, W: Float64Array, H: Float64Array, meanOfV: f64): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let a = 0; a < k; a++) sum += W[i * k + a]! * H[a * n + j]!;
    }
  }
  const entries: f64 = m * n;
  return Math.sqrt(meanOfV / (sum / entries));
}
