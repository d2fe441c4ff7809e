// Multiplicative updates that need WH entry by entry: β-divergences (Févotte & Idier 2011,
// majorization–minimization) and every loss with weights D. On one panel of H, with P = WH:
//
//   H ← H ∘ ( Wᵀ A / (Wᵀ B + ε) )^γ            A                     B
//     Kullback–Leibler (β = 1)            D∘V/(P+ε)              D
//     Itakura–Saito (β = 0)               D∘V/(P+ε)²             D/(P+ε)
//     β-divergence                        D∘V∘(P+ε)^(β−2)        D∘(P+ε)^(β−1)
//     Frobenius, weighted (β = 2)         D∘V                    D∘P
//     truncated Cauchy (cauchy.ts)        Q∘V                    Q∘P,  Q = D/(1+(E/γ)²) or 0
//
// Everything m×n is formed, used and forgotten a tile at a time (TILE_ROWS rows of one panel): one
// pass over V, no m×n temporary.

import { lanes, PANEL_BYTES } from "../linalg/lanes";
import { accumulate, accumulateQuotients, clear, predict, predictWeighted } from "../linalg/product";
import { Loss, Side, Task } from "../task";
import { denominator, numerator, TILE_ROWS, tileOne, tileTwo } from "./workspace";

/** numerator ← WᵀA and denominator ← WᵀB on panel p of the side. */
export function divergenceTerms<T>(task: Task, side: Side, other: Side, p: i32, id: i32): void {
  const k = task.k;
  const rows = side.rows;
  const num = numerator(task, id);
  const den = denominator(task, id);
  const A = tileOne(task, id);
  const B = tileTwo(task, id);
  const panel = side.panels + <usize>p * k * PANEL_BYTES;
  clear(k, num);
  clear(k, den);
  for (let row = 0; row < rows; row += TILE_ROWS) {
    const count = min(TILE_ROWS, rows - row);
    const at = (<usize>p * rows + row) * PANEL_BYTES;
    const x = side.data + at;
    const d = side.weights ? side.weights + at : 0;
    predict<T>(count, k, other.panels, row, panel, A);
    const vectors = 2 * count;
    if (task.loss == Loss.KULLBACK_LEIBLER) kullbackLeibler<T>(vectors, <T>task.epsilon, x, d, A, B);
    else if (task.loss == Loss.FROBENIUS) frobenius<T>(vectors, x, d, A, B);
    else if (task.loss == Loss.ITAKURA_SAITO) itakuraSaito<T>(vectors, <T>task.epsilon, x, d, A, B);
    else if (task.loss == Loss.CAUCHY) {
      cauchy<T>(vectors, <T>task.cauchyScale, <T>task.cauchyCut, x, d, A, B);
    } else divergence<T>(vectors, task.epsilon, task.beta, x, d, A, B);
    accumulate<T>(count, k, other.tiles, rows, row, A, num);
    accumulate<T>(count, k, other.tiles, rows, row, B, den);
  }
}

/** The same for Frobenius with weights of 0 and 1, where missing entries are 0: A is the data themselves. */
export function maskedFrobeniusTerms<T>(task: Task, side: Side, other: Side, p: i32, id: i32): void {
  const k = task.k;
  const rows = side.rows;
  const num = numerator(task, id);
  const den = denominator(task, id);
  const B = tileTwo(task, id);
  const panel = side.panels + <usize>p * k * PANEL_BYTES;
  clear(k, num);
  clear(k, den);
  for (let row = 0; row < rows; row += TILE_ROWS) {
    const count = min(TILE_ROWS, rows - row);
    const at = (<usize>p * rows + row) * PANEL_BYTES;
    predictWeighted<T>(count, k, other.panels, row, panel, side.weights + at, B);
    accumulate<T>(count, k, other.tiles, rows, row, side.data + at, num);
    accumulate<T>(count, k, other.tiles, rows, row, B, den);
  }
}

/** The same for Kullback–Leibler without weights, where WᵀB is the row sums of Wᵀ. */
export function kullbackLeiblerTerms<T>(task: Task, side: Side, other: Side, p: i32, id: i32): void {
  const k = task.k;
  const rows = side.rows;
  const num = numerator(task, id);
  const panel = side.panels + <usize>p * k * PANEL_BYTES;
  const x = side.data + <usize>p * rows * PANEL_BYTES;
  const e = v128.splat<T>(<T>task.epsilon);
  clear(k, num);
  const tile = tileOne(task, id);
  accumulateQuotients<T>(rows, k, other.panels, other.tiles, panel, x, e, TILE_ROWS, tile, num);
  columnSums<T>(k, other.sums, denominator(task, id));
}

/** out (k rows of a panel) ← sums (k f64), the same in every column. */
export function columnSums<T>(k: i32, sums: usize, out: usize): void {
  for (let a = 0; a < k; a++) {
    const sum = v128.splat<T>(<T>load<f64>(sums + <usize>a * 8));
    v128.store(out + <usize>a * PANEL_BYTES, sum);
    v128.store(out + <usize>a * PANEL_BYTES, sum, 16);
  }
}

// Each of these turns P in A into the table's A and B; x: V, d: D, or 0 where a loss comes here without
// weights too; all `vectors` vectors long.

function kullbackLeibler<T>(vectors: i32, epsilon: T, x: usize, d: usize, A: usize, B: usize): void {
  const e = v128.splat<T>(epsilon);
  const end = A + ((<usize>vectors) << 4);
  for (; A < end; A += 16, B += 16, x += 16, d += 16) {
    const weight = v128.load(d);
    const ratio = v128.div<T>(v128.load(x), v128.add<T>(v128.load(A), e));
    v128.store(A, v128.mul<T>(weight, ratio));
    v128.store(B, weight);
  }
}

function frobenius<T>(vectors: i32, x: usize, d: usize, A: usize, B: usize): void {
  const end = A + ((<usize>vectors) << 4);
  for (; A < end; A += 16, B += 16, x += 16, d += 16) {
    const weight = v128.load(d);
    v128.store(B, v128.mul<T>(weight, v128.load(A)));
    v128.store(A, v128.mul<T>(weight, v128.load(x)));
  }
}

function itakuraSaito<T>(vectors: i32, epsilon: T, x: usize, d: usize, A: usize, B: usize): void {
  const e = v128.splat<T>(epsilon);
  const one = v128.splat<T>(<T>1);
  const end = A + ((<usize>vectors) << 4);
  for (; A < end; A += 16, B += 16, x += 16) {
    const weight = d ? v128.load(d) : one;
    if (d) d += 16;
    const q = v128.div<T>(one, v128.add<T>(v128.load(A), e));
    const b = v128.mul<T>(weight, q);
    v128.store(B, b);
    v128.store(A, v128.mul<T>(v128.mul<T>(v128.load(x), q), b));
  }
}

function divergence<T>(vectors: i32, epsilon: f64, beta: f64, x: usize, d: usize, A: usize, B: usize): void {
  const count = vectors * lanes<T>();
  for (let i = 0; i < count; i++) {
    const at = <usize>i * sizeof<T>();
    const p = <f64>load<T>(A + at) + epsilon;
    const b = Math.pow(p, beta - 1) * (d ? <f64>load<T>(d + at) : 1.0);
    store<T>(B + at, <T>b);
    store<T>(A + at, <T>((b / p) * <f64>load<T>(x + at)));
  }
}

function cauchy<T>(vectors: i32, scale: T, cut: T, x: usize, d: usize, A: usize, B: usize): void {
  const inverse = v128.splat<T>(<T>1 / scale);
  const limit = v128.splat<T>(cut);
  const one = v128.splat<T>(<T>1);
  const end = A + ((<usize>vectors) << 4);
  for (; A < end; A += 16, B += 16, x += 16) {
    const value = v128.load(x);
    const p = v128.load(A);
    const error = v128.sub<T>(value, p);
    const u = v128.mul<T>(error, inverse);
    let q = v128.div<T>(one, v128.add<T>(one, v128.mul<T>(u, u)));
    q = v128.and(q, v128.le<T>(v128.abs<T>(error), limit));
    if (d) {
      q = v128.mul<T>(q, v128.load(d));
      d += 16;
    }
    v128.store(A, v128.mul<T>(q, value));
    v128.store(B, v128.mul<T>(q, p));
  }
}
