// How good a pair A, X ≥ 0 is: the learner's problem with the attacker's answer put in, and its gradient.
//
//   f(A, X) = β‖D∘(TX − Y)‖² + (1−β)‖D∘(AX − Y)‖²,  T = (λA + ZXᵀ)L⁻¹,  L = λI + XXᵀ
//   R_T = d(TX − Y), R_A = d(AX − Y), W = 2βR_TXᵀL⁻¹
//   ∂f/∂A = λW + 2(1−β)R_AXᵀ
//   ∂f/∂X = 2βTᵀR_T + 2(1−β)AᵀR_A + Wᵀ(Z − TX) − TᵀWX
//
// (dT = (λdA + ZdXᵀ − T(dX·Xᵀ + X·dXᵀ))L⁻¹.) With the gauge, what a row of ∂f/∂X has along that row of X is taken
// off: the row cannot move that way. An entry of the projected gradient is the gradient's where the variable is > 0, and
// its negative part where the variable is 0. The KKT residual is the larger of
//
//   ‖projected ∂f/∂A‖ / ‖2YXᵀ‖   and   ‖projected ∂f/∂X‖ / ‖2AᵀY‖,
//
// each relative to the data's own part of a gradient (Y: missing entries 0); neither depends on units or gauge.

import { rowDot } from "../linalg/gram";
import { PANEL_BYTES, panelCount } from "../linalg/lanes";
import { axpy, dot } from "../linalg/vector";
import { gramOf, respond } from "./admm";
import {
  backward,
  blend,
  cross,
  distance,
  forward,
  mix,
  multiply,
  ratio,
  residual,
  sum,
  times,
  toTiles,
} from "./products";
import { Bilevel } from "./workspace";

/** Objective, Σ D∘(Y − PS)², KKT residual and best-response residual at P, S; the answer goes to `best`. */
export function evaluate(o: Bilevel): void {
  const n = o.n;
  const m = o.m;
  const N = o.N;
  const left = o.left;
  const right = o.right;
  const D = o.weighted ? o.D : 0;
  const Dt = o.weighted ? o.Dt : 0;
  // J = λP + ZSᵀ, a the factor of L.
  respond(o, o.P, o.S, o.a, o.J, o.best);
  gramOf(n, N, o.S, o.b);
  blend(n, 1, o.b, 0, o.b, o.lambda, o.b);
  mix(n, m, o.b, o.best, o.squareTiles, o.F);
  o.bestResponse = distance(left, o.F, o.J, o.J);
  // F = −S·R_Tᵀ, then Wᵀ; G = −S·R_Aᵀ, then the gradient.
  const attacked = residual(N, n, m, o.Yt, Dt, o.S, o.tilesX, o.best, o.tile, o.F);
  o.fit = residual(N, n, m, o.Yt, Dt, o.S, o.tilesX, o.P, o.tile, o.G);
  o.objective = o.beta * attacked + (1 - o.beta) * o.fit;
  forward(n, m, o.a, o.F);
  backward(n, m, o.a, o.F);
  multiply(left, -2 * o.beta, o.F);
  sum(left, -2 * (1 - o.beta), o.G, o.lambda, o.F, o.G);
  times(N, n, m, o.tilesX, o.Yt, o.J);
  const ofA = ratio(projected(left, o.P, o.G), 4 * dot<f64>(left, o.J, o.J));
  // V = ∂f/∂X, R what is added.
  toTiles(n, m, o.F, o.tilesT);
  times(m, n, N, o.tilesT, o.Z, o.V);
  cross(n, m, o.best, o.F, o.a);
  cross(n, m, o.F, o.best, o.b);
  blend(n, 1, o.a, 1, o.b, 0, o.a);
  mix(n, N, o.a, o.S, o.squareTiles, o.R);
  sum(right, -1, o.R, 1, o.V, o.V);
  toTiles(n, m, o.best, o.tilesT);
  residual(m, n, N, o.Y, D, o.best, o.tilesT, o.S, o.tile, o.R);
  sum(right, -2 * o.beta, o.R, 1, o.V, o.V);
  toTiles(n, m, o.P, o.tilesT);
  residual(m, n, N, o.Y, D, o.P, o.tilesT, o.S, o.tile, o.R);
  sum(right, -2 * (1 - o.beta), o.R, 1, o.V, o.V);
  if (o.gauge) for (let a = 0; a < n; a++) takeOff(n, N, a, o.S, o.V);
  times(m, n, N, o.tilesT, o.Y, o.R);
  const ofX = ratio(projected(right, o.S, o.V), 4 * dot<f64>(right, o.R, o.R));
  o.kkt = max(ofA, ofX);
}

/** Row a of G loses what it has along row a of X. n×cols panels. */
function takeOff(n: i32, cols: i32, a: i32, X: usize, G: usize): void {
  const panels = panelCount<f64>(cols);
  const row = <usize>a * PANEL_BYTES;
  const stride = <usize>n * PANEL_BYTES;
  let along: f64 = 0;
  for (let p = 0; p < panels; p++)
    along += dot<f64>(4, X + row + <usize>p * stride, G + row + <usize>p * stride);
  along /= rowDot<f64>(n, panels, X, a, a);
  for (let p = 0; p < panels; p++)
    axpy<f64>(4, -along, X + row + <usize>p * stride, G + row + <usize>p * stride);
}

/** ‖projected gradient‖². C: the variable, G: the gradient, count numbers each. */
function projected(count: i32, C: usize, G: usize): f64 {
  let total: f64 = 0;
  for (let i = 0; i < count; i++) {
    const g = load<f64>(G + <usize>i * 8);
    if (load<f64>(C + <usize>i * 8) > 0 || g < 0) total += g * g;
  }
  return total;
}
