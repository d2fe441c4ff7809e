// The linear law of feature compression (Gao et al., arXiv 2406.16200, theorem 1), in f64. Points x_1 … x_n in R^d, n ≤ d;
// the linear classifier of least norm with f_j(x_i) = δ_ij has the rows p_j of the pseudo-inverse. With u = p_i − p_j,
// that is Xᵀu = e_i − e_j:
//
//   δ = 1/‖u‖   is the smallest change that turns x_i into j (and x_j into i)
//   cos∠(u, x_i − x_j) = 2δ/‖x_i − x_j‖   compares it with half the distance, which the nearest point would allow
//
// and with columns i, j last in X = Q·R, and [a b; 0 c] the last 2×2 block of R:
//
//   δ = |a·c| / √(c² + (a + b)²),   |c| = 1/‖p_j‖
//
// For n = d and Gaussian points the square of the cosine is Beta(½, (d − 1)/2): its root mean square is 1/√d. The two
// sides of every identity come from two factorizations, the pair being first in one and last in the other.

import { factorize, multiplyQ, solveTransposed } from "../linalg/qr";
import { axpy, dot } from "../linalg/vector";
import { nextChunk } from "../parallel/claim";
import { normal } from "../rng/counter";
import { Task } from "../task";

/** What is asked for, and where it goes. The host writes it; task.network points to it, task.claims to an i32 a trial. */
@unmanaged
export class Law {
  dimension: i32;
  /** The number of the first trial of a command. */
  first: i32;
  seed: i32;
  /** FIGURES f64 of each trial of a command. */
  figures: usize;
  /** 2d² + 3d f64 of each member, `scratchBytes` apart. */
  scratch: usize;
  scratchBytes: usize;
}

/** δ, ‖x_i − x_j‖, the cosine, δ by R, |c|, 1/‖p_j‖. */
const FIGURES: i32 = 6;

/**
 * Figures of points 0 and 1 of n in R^d, which lie one after another at the start of `scratch`: 2dn + n + 2d f64. Behind
 * them it leaves R with the pair last, by columns of d numbers, and behind that the diagonal of R.
 */
export function separate(d: i32, n: i32, scratch: usize, figures: usize): void {
  const column = <usize>d * 8;
  const X = scratch;
  const Y = X + column * n;
  const diagonal = Y + column * n;
  const u = diagonal + <usize>n * 8;
  const apart = u + column;
  // Points 2 … n − 1, then the pair.
  memory.copy(Y, X + 2 * column, column * (n - 2));
  memory.copy(Y + column * (n - 2), X, 2 * column);
  memory.copy(apart, X, column);
  axpy<f64>(d, -1, X + column, apart);
  const distance = Math.sqrt(dot<f64>(d, apart, apart));

  factorize<f64>(d, n, X, diagonal);
  dual(d, n, X, diagonal, 1, -1, u);
  const norm = Math.sqrt(dot<f64>(d, u, u));
  store<f64>(figures, 1 / norm);
  store<f64>(figures, distance, 8);
  store<f64>(figures, dot<f64>(d, u, apart) / (norm * distance), 16);
  dual(d, n, X, diagonal, 0, 1, u);
  store<f64>(figures, 1 / Math.sqrt(dot<f64>(d, u, u)), 40);

  factorize<f64>(d, n, Y, diagonal);
  const a = load<f64>(diagonal + <usize>(n - 2) * 8);
  const c = load<f64>(diagonal + <usize>(n - 1) * 8);
  const b = load<f64>(Y + column * (n - 1) + <usize>(n - 2) * 8);
  store<f64>(figures, Math.abs(a * c) / Math.sqrt(c * c + (a + b) * (a + b)), 24);
  store<f64>(figures, Math.abs(c), 32);
}

/** u (d) ← Q·R⁻ᵀ(first, second, 0 …): the vector of least norm with these products with the points. */
function dual(d: i32, n: i32, A: usize, diagonal: usize, first: f64, second: f64, u: usize): void {
  memory.fill(u, 0, <usize>d * 8);
  store<f64>(u, first);
  store<f64>(u, second, 8);
  solveTransposed<f64>(d, n, A, diagonal, u);
  multiplyQ<f64>(d, n, A, u);
}

/** `trials` of the task's law: d Gaussian points in R^d each, from stream d·2¹⁶ + trial. One member finishes a trial. */
export function law(task: Task, trials: i32, id: i32): void {
  const asked = changetype<Law>(task.network);
  const d = asked.dimension;
  const scratch = asked.scratch + <usize>id * asked.scratchBytes;
  for (let trial = nextChunk(task, trials, id, -1); trial >= 0; ) {
    const stream = ((<u32>d) << 16) + <u32>(asked.first + trial);
    normal<f64>(<u32>asked.seed, stream, d * d, false, scratch, scratch + <usize>d * <usize>d * 8);
    separate(d, d, scratch, asked.figures + <usize>trial * (FIGURES * 8));
    trial = nextChunk(task, trials, id, trial);
  }
}

/** dst (count f64) ← Gaussian numbers for points of the host's own. scratch: 16 bytes. */
export function gaussian(seed: u32, stream: u32, count: i32, dst: usize, scratch: usize): void {
  normal<f64>(seed, stream, count, false, dst, scratch);
}
