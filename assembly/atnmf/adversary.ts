// The adversary of AT-NMF (Cai, Tan & Févotte), who answers a factorization with the worst data U = V + R ≥ 0.
// With P = WH, D a β-divergence, all of it entry by entry:
//
//   PENALTY   max over U ≥ 0 of D(U, P) − λ·D(U, V), λ > 1. Its derivative in U is that of a concave function,
//             (1 − λ)·f(U) − f(P) + λ·f(V) up to a factor, with f(x) = x^(β−1), or log x for β = 1, so that
//
//             Frobenius           U = max(V + (V − P)/(λ−1), 0)                          eq. 10 of the paper
//             Kullback–Leibler    U = V·(V/P)^(1/(λ−1))
//             β-divergence, β > 1 U^(β−1) = max(V^(β−1) + (V^(β−1) − P^(β−1))/(λ−1), 0)
//
//             Below β = 1 the adversary gains without bound. λ = ∞ leaves the data alone.
//   LINF      max over |U − V| ≤ radius, U ≥ 0 of D(U, P): D is convex in U, so the farther of the two ends.
//
// R is 0 where D (the weights) is, and, under PENALTY, where V is: held-out entries that count as zeros are left
// alone without a mask.

import { lanes, PANEL_BYTES, panelCount, panelWidth } from "../linalg/lanes";
import { predict } from "../linalg/product";
import { blockDivergence, LOSS_ROWS } from "../nmf/loss";
import { combineScalar, firstByte } from "../nmf/statistics";
import { partialScalars, tileOne, tileTwo } from "../nmf/workspace";
import { barrier } from "../parallel/barrier";
import { nextChunk } from "../parallel/claim";
import { chunkCount, chunkPanels } from "../parallel/range";
import { Adversary, Loss, Side, Task } from "../task";

/**
 * U of both sides ← the answer to the factors as they stand, and the factors are kept as the outset of the
 * inner loop. The task gets D(V, P), D(U, P) for the U before and for this one, and D(U, V); for Frobenius D is
 * the sum of squares. Every member calls it.
 */
export function attack<T>(task: Task, id: i32): void {
  const H = changetype<Side>(task.sideH);
  const W = changetype<Side>(task.sideW);
  attackSide<T>(task, H, W, true, id);
  if (id == 0) {
    const chunks = chunkCount(panelCount<T>(H.cols));
    task.clean = combineScalar<T>(task, chunks, 0);
    task.attackedBefore = combineScalar<T>(task, chunks, 1);
    task.attacked = combineScalar<T>(task, chunks, 2);
    task.effort = combineScalar<T>(task, chunks, 3);
  }
  if (!task.fixedW) attackSide<T>(task, W, H, false, id);
  keepOutset<T>(task, H, id);
  keepOutset<T>(task, W, id);
}

/** R = U − V: rows [row0, row0 + count), row-major, into the staging area. One member calls it. */
export function storePerturbation<T>(task: Task, row0: i32, count: i32): void {
  const side = changetype<Side>(task.sideH);
  const width = panelWidth<T>();
  let out = task.staging;
  for (let row = row0; row < row0 + count; row++) {
    for (let col = 0; col < side.cols; col++) {
      const at = (<usize>(col / width) * side.rows + row) * PANEL_BYTES + <usize>(col % width) * sizeof<T>();
      store<T>(out, load<T>(side.attacked + at) - load<T>(side.data + at));
      out += sizeof<T>();
    }
  }
}

/** U of one side ← the answer, which may take the place of V. `figures`: with its divergences. */
export function attackSide<T>(task: Task, side: Side, other: Side, figures: bool, id: i32): void {
  const k = task.k;
  const rows = side.rows;
  const total = panelCount<T>(side.cols);
  const chunks = chunkCount(total);
  const size = chunkPanels(total);
  const width = panelWidth<T>();
  const P = tileOne(task, id);
  const logs = tileTwo(task, id);
  for (let chunk = nextChunk(task, chunks, id, -1); chunk >= 0; chunk = nextChunk(task, chunks, id, chunk)) {
    const last = min(total, (chunk + 1) * size);
    let clean: f64 = 0;
    let before: f64 = 0;
    let attacked: f64 = 0;
    let effort: f64 = 0;
    for (let p = chunk * size; p < last; p++) {
      const live = min(width, side.cols - p * width);
      const panel = side.panels + <usize>p * k * PANEL_BYTES;
      for (let row = 0; row < rows; row += LOSS_ROWS) {
        const count = min(LOSS_ROWS, rows - row);
        const at = (<usize>p * rows + row) * PANEL_BYTES;
        const v = side.data + at;
        const d = side.weights ? side.weights + at : 0;
        const u = side.attacked + at;
        predict<T>(count, k, other.panels, row, panel, P);
        if (figures) {
          clean += blockDivergence<T>(task, task.loss, count, live, v, d, P, logs);
          before += blockDivergence<T>(task, task.loss, count, live, u, d, P, logs);
        }
        answer<T>(task, count, v, d, P, u);
        if (live < width) blank<T>(count, live, u);
        if (figures) {
          attacked += blockDivergence<T>(task, task.loss, count, live, u, d, P, logs);
          effort += blockDivergence<T>(task, task.loss, count, live, u, d, v, logs);
        }
      }
    }
    if (figures) {
      const out = partialScalars<T>(task, chunk);
      store<f64>(out, clean);
      store<f64>(out, before, 8);
      store<f64>(out, attacked, 16);
      store<f64>(out, effort, 24);
    }
  }
  barrier(task);
}

/** u ← the worst data on `count` rows of a panel. v: V, d: weights or 0, p: WH. */
function answer<T>(task: Task, count: i32, v: usize, d: usize, p: usize, u: usize): void {
  const vectors = 2 * count;
  const linf = task.adversary == Adversary.LINF;
  if (task.loss == Loss.FROBENIUS) {
    if (linf) fartherEnds<T>(vectors, <T>task.radius, v, p, u);
    else pushed<T>(vectors, <T>task.strength, v, p, u);
  } else {
    const numbers = vectors * lanes<T>();
    const beta = task.loss == Loss.KULLBACK_LEIBLER ? 1.0 : task.beta;
    for (let i = 0; i < numbers; i++) {
      const at = <usize>i * sizeof<T>();
      const x = <f64>load<T>(v + at);
      const y = <f64>load<T>(p + at) + task.epsilon;
      const value = linf ? fartherEnd(task.radius, beta, x, y) : pushedFrom(task.strength, beta, x, y);
      store<T>(u + at, <T>value);
    }
  }
  if (d == 0) return;
  const zero = v128.splat<T>(<T>0);
  for (const end = u + ((<usize>vectors) << 4); u < end; u += 16, d += 16) {
    v128.store(u, v128.and(v128.load(u), v128.gt<T>(v128.load(d), zero)));
  }
}

/** Columns from `live` on are no part of the data, and stay 0. */
function blank<T>(count: i32, live: i32, u: usize): void {
  for (let r = 0; r < count; r++) {
    for (let c = live; c < panelWidth<T>(); c++) {
      store<T>(u + <usize>r * PANEL_BYTES + <usize>c * sizeof<T>(), <T>0);
    }
  }
}

function pushed<T>(vectors: i32, strength: T, v: usize, p: usize, u: usize): void {
  const s = v128.splat<T>(strength);
  const zero = v128.splat<T>(<T>0);
  for (const end = u + ((<usize>vectors) << 4); u < end; u += 16, v += 16, p += 16) {
    const value = v128.load(v);
    const step = v128.mul<T>(s, v128.sub<T>(value, v128.load(p)));
    v128.store(u, v128.max<T>(v128.add<T>(value, step), zero));
  }
}

function fartherEnds<T>(vectors: i32, radius: T, v: usize, p: usize, u: usize): void {
  const r = v128.splat<T>(radius);
  const zero = v128.splat<T>(<T>0);
  for (const end = u + ((<usize>vectors) << 4); u < end; u += 16, v += 16, p += 16) {
    const value = v128.load(v);
    const fit = v128.load(p);
    const high = v128.add<T>(value, r);
    const low = v128.max<T>(v128.sub<T>(value, r), zero);
    const up = v128.ge<T>(v128.sub<T>(high, fit), v128.sub<T>(fit, low));
    v128.store(u, v128.bitselect(high, low, up));
  }
}

/** PENALTY for β ≥ 1, β ≠ 2. x: an entry of V, y: of P + ε. */
function pushedFrom(strength: f64, beta: f64, x: f64, y: f64): f64 {
  if (strength == 0 || x == 0) return x;
  if (beta == 1) return x * Math.pow(x / y, strength);
  const power = Math.pow(x, beta - 1);
  const to = power + strength * (power - Math.pow(y, beta - 1));
  return to > 0 ? Math.pow(to, 1 / (beta - 1)) : 0;
}

/** LINF for β ≥ 1, β ≠ 2. */
function fartherEnd(radius: f64, beta: f64, x: f64, y: f64): f64 {
  const high = x + radius;
  const low = max(x - radius, 0.0);
  return distance(beta, high, y) >= distance(beta, low, y) ? high : low;
}

/** The β-divergence of x ≥ 0 from y > 0, but for a factor and what does not depend on x. */
function distance(beta: f64, x: f64, y: f64): f64 {
  if (beta == 1) return x == 0 ? 0 : x * Math.log(x / y) - x;
  return (Math.pow(x, beta) - beta * x * Math.pow(y, beta - 1)) / (beta * (beta - 1));
}

/** The side's factor → its outset, each member its own range. */
function keepOutset<T>(task: Task, side: Side, id: i32): void {
  const from = firstByte<T>(task, side, id);
  const to = firstByte<T>(task, side, id + 1);
  memory.copy(side.outset + from, side.panels + from, to - from);
}
