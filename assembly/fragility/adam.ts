// Training: the gradient of the cross-entropy with respect to the weights, and Adam (Kingma & Ba 2015).
//
//   ∂/∂W_l = Σ over points of ∂/∂Z_l [A_l; 1]ᵀ
//   m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  W ← W − η·m̂/(√v̂ + ε),  m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)
//
// Batches take the points in the order that the host gives for an epoch. A panel of a layer's weights is one member's,
// who sums over the points of the batch in their order, so the bits do not depend on the team.

import { PANEL_BYTES, panelCount, smallestNormal } from "../linalg/lanes";
import { accumulate, clear } from "../linalg/product";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { Task } from "../task";
import { Pass, pass, retile } from "./network";
import { layerOf, Network, networkOf, widthOf } from "./workspace";

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/** That many steps of Adam, or fewer when somebody says stop. */
export function train<T>(task: Task, steps: i32, id: i32): void {
  const net = networkOf(task);
  for (let step = 0; step < steps; step++) {
    if (id == 0) begin(task, net);
    barrier(task);
    if (net.halted) return;
    const count = net.count;
    const rate = net.rate / (1 - net.power1);
    const correction = 1 / Math.sqrt(1 - net.power2);
    pass<T>(task, Pass.LEARN, count, id);
    barrier(task);
    descend<T>(task, net, count, rate, correction, id);
    if (id == 0) net.loss += total<T>(net, count);
  }
}

/** Member 0, before a step: the next batch. */
function begin(task: Task, net: Network): void {
  net.halted = task.stop;
  if (net.halted) return;
  net.done++;
  if (net.cursor >= net.points) net.cursor = 0;
  if (net.cursor == 0) net.loss = 0;
  net.count = min(net.batch, net.points - net.cursor);
  net.cursor += net.count;
  net.power1 *= BETA1;
  net.power2 *= BETA2;
}

/** Scores of `count` points from the cursor on, and their loss where they have labels. */
export function scores<T>(task: Task, count: i32, id: i32): void {
  const net = networkOf(task);
  pass<T>(task, Pass.SCORES, count, id);
  barrier(task);
  if (id == 0 && net.learns) net.loss = total<T>(net, count);
}

/** The loss of all points and its gradient with respect to every weight and every point. */
export function gradient<T>(task: Task, id: i32): void {
  const net = networkOf(task);
  const count = net.points;
  pass<T>(task, Pass.GRADIENT, count, id);
  barrier(task);
  descend<T>(task, net, count, 0, 0, id);
  if (id == 0) net.loss = total<T>(net, count);
}

/** Sum of the losses of a batch. */
function total<T>(net: Network, count: i32): f64 {
  let sum: f64 = 0;
  for (let p = 0; p < panelCount<T>(count); p++) sum += load<f64>(net.losses + ((<usize>p) << 3));
  return sum;
}

/** The gradient of every weight, and with a rate a step of Adam along it. */
function descend<T>(task: Task, net: Network, count: i32, rate: f64, correction: f64, id: i32): void {
  const sum = net.scratch + <usize>id * net.scratchBytes + net.sweep;
  let units = 0;
  for (let l = 0; l < net.depth; l++) units += panelCount<T>(widthOf(net, l) + 1);
  for (let unit = nextChunk(task, units, id, -1); unit >= 0; unit = nextChunk(task, units, id, unit)) {
    let l = 0;
    let p = unit;
    for (;;) {
      const own = panelCount<T>(widthOf(net, l) + 1);
      if (p < own) break;
      p -= own;
      l++;
    }
    const layer = layerOf(net, l);
    const bytes = <usize>layer.outputs * PANEL_BYTES;
    const panel = <usize>p * bytes;
    clear(layer.outputs, sum);
    const rows = layer.rows + <usize>p * count * PANEL_BYTES;
    accumulate<T>(count, layer.outputs, layer.deltas, count, 0, rows, sum);
    if (rate == 0) memory.copy(layer.first + panel, sum, bytes);
    else {
      adam<T>(bytes, sum, layer.first + panel, layer.second + panel, layer.weights + panel, rate, correction);
      retile<T>(layer, p);
    }
  }
}

/** One step along g; correction: 1/√(1 − β₂ᵗ). Moments below the smallest normal number become 0. */
function adam<T>(bytes: usize, g: usize, m: usize, v: usize, w: usize, rate: f64, correction: f64): void {
  const b1 = v128.splat<T>(<T>BETA1);
  const c1 = v128.splat<T>(<T>(1 - BETA1));
  const b2 = v128.splat<T>(<T>BETA2);
  const c2 = v128.splat<T>(<T>(1 - BETA2));
  const eta = v128.splat<T>(<T>rate);
  const root = v128.splat<T>(<T>correction);
  const epsilon = v128.splat<T>(<T>EPSILON);
  const least = v128.splat<T>(smallestNormal<T>());
  for (let at: usize = 0; at < bytes; at += 16) {
    const slope = v128.load(g + at);
    let first = v128.add<T>(v128.mul<T>(b1, v128.load(m + at)), v128.mul<T>(c1, slope));
    first = v128.and(first, v128.ge<T>(v128.abs<T>(first), least));
    let second = v128.add<T>(v128.mul<T>(b2, v128.load(v + at)), v128.mul<T>(c2, v128.mul<T>(slope, slope)));
    second = v128.and(second, v128.ge<T>(second, least));
    v128.store(m + at, first);
    v128.store(v + at, second);
    const size = v128.add<T>(v128.mul<T>(root, v128.sqrt<T>(second)), epsilon);
    const step = v128.div<T>(v128.mul<T>(eta, first), size);
    v128.store(w + at, v128.sub<T>(v128.load(w + at), step));
  }
}
