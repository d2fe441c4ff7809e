// Scale and cut of the truncated Cauchy loss (Guan et al., arXiv 1906.00495), from errors E
// with weights D:
//
//   scale   Nagy's iteration γ ← γ·√(1/s − 1), s = ΣD/(1+(E/γ)²) / ΣD, to a relative change of 1e-4,
//           at most 20 steps, from γ = the weighted mean of |E| unless one is given
//   cut     mean|E| + 3·std|E|, both weighted

/** The cut. E, D: count. */
export function cauchyCut(count: i32, E: Float64Array, D: Float64Array): f64 {
  const mean = meanSize(count, E, D);
  let variance: f64 = 0;
  let weight: f64 = 0;
  for (let i = 0; i < count; i++) {
    const off = Math.abs(E[i]!) - mean;
    variance += D[i]! * off * off;
    weight += D[i]!;
  }
  return mean + 3 * Math.sqrt(variance / weight);
}

/** The scale, from `start` or, where that is 0, from the mean of |E|. E, D: count. */
export function cauchyScaleOf(count: i32, E: Float64Array, D: Float64Array, start: f64): f64 {
  let scale: f64 = start > 0 ? start : meanSize(count, E, D);
  for (let step = 0; step < 20; step++) {
    let share: f64 = 0;
    let weight: f64 = 0;
    for (let i = 0; i < count; i++) {
      const u = E[i]! / scale;
      share += D[i]! / (1 + u * u);
      weight += D[i]!;
    }
    const next = scale * Math.sqrt(weight / share - 1);
    const change = Math.abs(next - scale) / scale;
    scale = next;
    if (change <= 1e-4) break;
  }
  return scale;
}

function meanSize(count: i32, E: Float64Array, D: Float64Array): f64 {
  let sum: f64 = 0;
  let weight: f64 = 0;
  for (let i = 0; i < count; i++) {
    sum += D[i]! * Math.abs(E[i]!);
    weight += D[i]!;
  }
  return sum / weight;
}
