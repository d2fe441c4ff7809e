// Feature error (Vu et al., arXiv 2408.03909, §3). Feature i is column i of W and row i of H, brought to a common
// norm and stacked:
//
//   w̃_i = s_i w_i,  h̃_i = h_i/s_i,  s_i = √(‖h_i‖/‖w_i‖);  c_i = [w̃_i; h̃_i]
//   FE = ‖C − C*_π‖ / ‖C*‖,  π the matching with the least Σ‖c_i − c*_π(i)‖²
//
// With D = C − C*_π, γ = D/(‖D‖‖C*‖) = [γw; γh] and q_i = ⟨γw_i, w_i⟩ − ⟨γh_i, h_i⟩/s_i²:
//
//   ∂FE/∂w_i = s_i γw_i − ½ s_i q_i w_i/‖w_i‖²,  ∂FE/∂h_i = γh_i/s_i + ½ s_i q_i h_i/‖h_i‖²
//
// At FE = 0 there is no gradient, and it is set to 0. (m+n)k² work, which one member does alone.

import { PANEL_BYTES, panelCount } from "../linalg/lanes";
import { loadPair, pairSum } from "../nmf/loss";
import { barrier } from "../parallel/barrier";
import { Side, Task } from "../task";
import { assign } from "./hungarian";
import { Gradient, GradientSide, gradientOf, vectorsOf } from "./workspace";

/** Reports value, parts and matching, and writes the gradients into `adjoint`. Every member calls it. */
export function featureError(task: Task, id: i32): void {
  if (id == 0) compute(task);
  barrier(task);
}

/** Σ x·y over row a of X and row b of Y, panels of k rows. */
function rowDotOf<T>(k: i32, cols: i32, X: usize, a: i32, Y: usize, b: i32): f64 {
  let sum = f64x2.splat(0);
  const stride = <usize>k * PANEL_BYTES;
  const count = panelCount<T>(cols);
  let x = X + <usize>a * PANEL_BYTES;
  let y = Y + <usize>b * PANEL_BYTES;
  for (let p = 0; p < count; p++) {
    for (let at: usize = 0; at < PANEL_BYTES; at += 2 * sizeof<T>()) {
      sum = f64x2.add(sum, f64x2.mul(loadPair<T>(x + at), loadPair<T>(y + at)));
    }
    x += stride;
    y += stride;
  }
  return pairSum(sum);
}

/** Σ (αx − βy)² over row a of X and row b of Y. */
function rowDistanceOf<T>(k: i32, cols: i32, X: usize, a: i32, alpha: f64, Y: usize, b: i32, beta: f64): f64 {
  let sum = f64x2.splat(0);
  const stride = <usize>k * PANEL_BYTES;
  const count = panelCount<T>(cols);
  let x = X + <usize>a * PANEL_BYTES;
  let y = Y + <usize>b * PANEL_BYTES;
  const u = f64x2.splat(alpha);
  const v = f64x2.splat(beta);
  for (let p = 0; p < count; p++) {
    for (let at: usize = 0; at < PANEL_BYTES; at += 2 * sizeof<T>()) {
      const off = f64x2.sub(f64x2.mul(u, loadPair<T>(x + at)), f64x2.mul(v, loadPair<T>(y + at)));
      sum = f64x2.add(sum, f64x2.mul(off, off));
    }
    x += stride;
    y += stride;
  }
  return pairSum(sum);
}

/** Row a of out ← αx + βy, with row a of X and row b of Y. */
function rowMixOf<T>(
  k: i32,
  cols: i32,
  out: usize,
  X: usize,
  a: i32,
  alpha: f64,
  Y: usize,
  b: i32,
  beta: f64,
): void {
  const stride = <usize>k * PANEL_BYTES;
  const count = panelCount<T>(cols);
  for (let p = 0; p < count; p++) {
    const x = X + <usize>p * stride + <usize>a * PANEL_BYTES;
    const y = Y + <usize>p * stride + <usize>b * PANEL_BYTES;
    const to = out + <usize>p * stride + <usize>a * PANEL_BYTES;
    for (let at: usize = 0; at < PANEL_BYTES; at += sizeof<T>()) {
      store<T>(to + at, <T>(alpha * <f64>load<T>(x + at) + beta * <f64>load<T>(y + at)));
    }
  }
}

// These choose the type: what calls them is there once for both.

export function rowDot(g: Gradient, k: i32, cols: i32, X: usize, a: i32, Y: usize, b: i32): f64 {
  if (g.size == 4) return rowDotOf<f32>(k, cols, X, a, Y, b);
  return rowDotOf<f64>(k, cols, X, a, Y, b);
}

function rowDistance(
  g: Gradient,
  k: i32,
  cols: i32,
  X: usize,
  a: i32,
  alpha: f64,
  Y: usize,
  b: i32,
  beta: f64,
): f64 {
  if (g.size == 4) return rowDistanceOf<f32>(k, cols, X, a, alpha, Y, b, beta);
  return rowDistanceOf<f64>(k, cols, X, a, alpha, Y, b, beta);
}

export function rowMix(
  g: Gradient,
  k: i32,
  cols: i32,
  out: usize,
  X: usize,
  a: i32,
  alpha: f64,
  Y: usize,
  b: i32,
  beta: f64,
): void {
  if (g.size == 4) rowMixOf<f32>(k, cols, out, X, a, alpha, Y, b, beta);
  else rowMixOf<f64>(k, cols, out, X, a, alpha, Y, b, beta);
}

// Of each component six numbers are kept: ‖w‖², ‖h‖², s, and those of the reference.

function figure(g: Gradient, a: i32, index: i32): f64 {
  return load<f64>(g.features + <usize>(6 * a + index) * 8);
}

/** Norms and scales of W, H into the figures from `index`; the first component without them, from 1, or 0. */
function measureFeatures(task: Task, W: usize, H: usize, index: i32): i32 {
  const g = gradientOf(task);
  const k = task.k;
  let vanished = 0;
  for (let a = 0; a < k; a++) {
    const w = rowDot(g, k, task.m, W, a, W, a);
    const h = rowDot(g, k, task.n, H, a, H, a);
    if (!(w > 0 && h > 0) && vanished == 0) vanished = a + 1;
    const at = g.features + <usize>(6 * a + index) * 8;
    store<f64>(at, w);
    store<f64>(at, h, 8);
    store<f64>(at, Math.sqrt(Math.sqrt(h) / Math.sqrt(w)), 16);
  }
  return vanished;
}

function compute(task: Task): void {
  const g = gradientOf(task);
  const k = task.k;
  const m = task.m;
  const n = task.n;
  const W = changetype<Side>(task.sideW).panels;
  const H = changetype<Side>(task.sideH).panels;
  const ofW: GradientSide = vectorsOf(task, false);
  const ofH: GradientSide = vectorsOf(task, true);
  g.vanished = measureFeatures(task, W, H, 0);
  if (g.vanished) return;
  measureFeatures(task, ofW.reference, ofH.reference, 3);
  let size: f64 = 0;
  let sizeW: f64 = 0;
  for (let b = 0; b < k; b++) {
    const s = figure(g, b, 5);
    sizeW += s * s * figure(g, b, 3);
    size += s * s * figure(g, b, 3) + figure(g, b, 4) / (s * s);
  }
  for (let a = 0; a < k; a++) {
    const s = figure(g, a, 2);
    const own = s * s * figure(g, a, 0) + figure(g, a, 1) / (s * s);
    for (let b = 0; b < k; b++) {
      const t = figure(g, b, 5);
      const others = t * t * figure(g, b, 3) + figure(g, b, 4) / (t * t);
      const common =
        s * t * rowDot(g, k, m, W, a, ofW.reference, b) + rowDot(g, k, n, H, a, ofH.reference, b) / (s * t);
      store<f64>(g.cost + <usize>(a * k + b) * 8, own + others - 2 * common);
    }
  }
  assign(k, g.cost, g.matching, g.assignment);
  let offW: f64 = 0;
  let offH: f64 = 0;
  for (let a = 0; a < k; a++) {
    const b = load<i32>(g.matching + <usize>a * 4);
    const s = figure(g, a, 2);
    const t = figure(g, b, 5);
    offW += rowDistance(g, k, m, W, a, s, ofW.reference, b, t);
    offH += rowDistance(g, k, n, H, a, 1 / s, ofH.reference, b, 1 / t);
  }
  g.error = Math.sqrt((offW + offH) / size);
  g.errorW = Math.sqrt(offW / sizeW);
  g.errorH = Math.sqrt(offH / (size - sizeW));
  const norms = Math.sqrt(offW + offH) * Math.sqrt(size);
  const inverse = norms > 0 ? 1 / norms : 0;
  for (let a = 0; a < k; a++) {
    const b = load<i32>(g.matching + <usize>a * 4);
    const s = figure(g, a, 2);
    const t = figure(g, b, 5);
    const w = figure(g, a, 0);
    const h = figure(g, a, 1);
    const alongW = s * w - t * rowDot(g, k, m, W, a, ofW.reference, b);
    const alongH = h / s - rowDot(g, k, n, H, a, ofH.reference, b) / t;
    const q = inverse * (alongW - alongH / (s * s));
    // γw = (s w − t w*)/norms and γh = (h/s − h*/t)/norms, put into the equations above.
    const half = (0.5 * s * q) / w;
    rowMix(g, k, m, ofW.adjoint, W, a, s * s * inverse - half, ofW.reference, b, -s * t * inverse);
    const other = (0.5 * s * q) / h;
    rowMix(g, k, n, ofH.adjoint, H, a, inverse / (s * s) + other, ofH.reference, b, -inverse / (s * t));
  }
}
