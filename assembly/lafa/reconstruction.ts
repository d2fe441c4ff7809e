// The reconstruction loss as an attacker's objective: what Vu et al. (arXiv 2408.03909) compare LaFA with. W and H
// are those of a factorization of X and count as fixed, so that
//
//   ∂D(X|WH)/∂X = log(X/WH) for Kullback–Leibler,  X − WH for Frobenius (which needs no kernel).

/** out = log((x + ε)/(y + ε)), `count` f64 each; X may be 0. */
export function logRatio(count: i32, epsilon: f64, x: usize, y: usize, out: usize): void {
  for (let i = 0; i < count; i++) {
    const at = (<usize>i) << 3;
    store<f64>(out + at, Math.log((load<f64>(x + at) + epsilon) / (load<f64>(y + at) + epsilon)));
  }
}
