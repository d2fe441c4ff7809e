// AT-NMF (Cai, Tan & Févotte): the adversary's answer U = V + R to P, entry by entry, and the change of WH.
//
//   PENALTY (1)   β = 2: U = max(V + s·(V − P), 0); β = 1: U = V·(V/(P+ε))^s;
//                 else U^(β−1) = max(V^(β−1) + s·(V^(β−1) − (P+ε)^(β−1)), 0), s = 1/(λ − 1)
//   LINF (2)      of max(V − radius, 0) and V + radius the one with the greater divergence from P

/** Divergence of x from y > 0, but for what does not depend on x. */
function distance(beta: f64, x: f64, y: f64): f64 {
  if (beta === 2) return 0.5 * x * x - x * y;
  if (beta === 1) return x === 0 ? 0 : x * Math.log(x / y) - x;
  return (x ** beta - beta * x * y ** (beta - 1)) / (beta * (beta - 1));
}

function pushed(beta: f64, strength: f64, v: f64, p: f64, epsilon: f64): f64 {
  if (beta === 2) return Math.max(v + strength * (v - p), 0);
  if (v === 0) return 0;
  if (beta === 1) return v * (v / (p + epsilon)) ** strength;
  const power = v ** (beta - 1);
  const to = power + strength * (power - (p + epsilon) ** (beta - 1));
  return to > 0 ? to ** (1 / (beta - 1)) : 0;
}

function farther(beta: f64, radius: f64, v: f64, p: f64, epsilon: f64): f64 {
  const high = v + radius;
  const low = Math.max(v - radius, 0);
  // The Frobenius loss takes no ε.
  const y = beta === 2 ? p : p + epsilon;
  return distance(beta, high, y) >= distance(beta, low, y) ? high : low;
}

/** U. V, D (weights), P: count numbers. kind: 1 PENALTY, 2 LINF; amount: s, or the radius. */
export function attacked(
  kind: i32,
  beta: f64,
  amount: f64,
  count: i32,
  V: Float64Array,
  D: Float64Array,
  P: Float64Array,
  epsilon: f64,
): Float64Array {
  const U = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const v: f64 = V[i]!;
    const p: f64 = P[i]!;
    if (D[i]! === 0) U[i] = 0;
    else U[i] = kind === 1 ? pushed(beta, amount, v, p, epsilon) : farther(beta, amount, v, p, epsilon);
  }
  return U;
}

/** ‖(now − then)/then‖_F, 0/0 counting as 0. */
export function relativeChange(count: i32, now: Float64Array, then: Float64Array): f64 {
  let squares: f64 = 0;
  for (let i = 0; i < count; i++) {
    const change: f64 = now[i]! - then[i]!;
    if (change !== 0) squares += (change / then[i]!) * (change / then[i]!);
  }
  return Math.sqrt(squares);
}
