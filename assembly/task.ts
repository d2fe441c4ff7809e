// The task block: one record in linear memory that says what is to be done and holds what is shared
// by the team. The host writes the first parts, `layout` (nmf/workspace.ts) the pointers, the kernels
// the results. The host finds fields through the offsets that index.ts exports.
//
// V is m×n, W m×k, H k×n. The half-step that updates H sees V, W and H; the one that updates W sees
// Vᵀ, Hᵀ and Wᵀ. A `Side` record (below) holds what belongs to one of the two.

/** Losses. DIVERGENCE is the general β-divergence with the task's `beta`. */
export namespace Loss {
  export const FROBENIUS: i32 = 0;
  export const KULLBACK_LEIBLER: i32 = 1;
  export const ITAKURA_SAITO: i32 = 2;
  export const DIVERGENCE: i32 = 3;
  export const CAUCHY: i32 = 4;
}

/** Solvers. */
export namespace Solver {
  export const MU: i32 = 0;
  export const HALS: i32 = 1;
  /** Second-order coordinate descent, Kullback–Leibler only. */
  export const NEWTON: i32 = 2;
}

/** Adversaries of AT-NMF (atnmf/adversary.ts). */
export namespace Adversary {
  export const NONE: i32 = 0;
  /** Pays λ times the divergence of the attacked data from the data. */
  export const PENALTY: i32 = 1;
  /** Moves no entry by more than the radius. */
  export const LINF: i32 = 2;
}

/** One factor C (k×cols, the one its half-step updates), and the data it is fitted to (rows×cols). */
@unmanaged
export class Side {
  /** Rows of the data: the length of the fixed factor. */
  rows: i32;
  /** Columns of the data and of C. */
  cols: i32;
  /** Data as panels: V for H, Vᵀ for W. */
  data: usize;
  /** Weights as panels, or 0 when every entry counts 1. */
  weights: usize;
  /** C as panels. */
  panels: usize;
  /** C as the last iteration left it, before extrapolation, as panels; 0 without extrapolation. */
  last: usize;
  /** C as it was when the objective was last looked at, as panels; 0 without momentum. */
  safe: usize;
  /** Data under attack, U = V + R, as panels; 0 without an adversary. */
  attacked: usize;
  /** C before the present iteration, and before the present inner loop, as panels; 0 without an adversary. */
  before: usize;
  outset: usize;
  /** Cᵀ as tiles (cols×k). */
  tiles: usize;
  /** C·Cᵀ as tiles (k×k). */
  gram: usize;
  /** Row sums of C (k). */
  sums: usize;
  /** Penalties on C: l1·ΣC + ½·l2·‖C‖². The host writes them after `layout`. */
  l1: f64;
  l2: f64;
}

@unmanaged
export class Task {
  // The team.
  team: i32;
  arrived: i32;
  phase: i32;
  /** How often a member looks at the phase before it asks the host to wait. */
  spins: i32;
  /** Not 0: half-steps leave the chunks alone that nobody has begun. The host sets it, from any thread. */
  stop: i32;
  /** What member 0 asks of the team (team.ts), and with which number. */
  command: i32;
  argument: i32;
  // The problem.
  m: i32;
  n: i32;
  k: i32;
  loss: i32;
  solver: i32;
  /** 1: an array of weights follows the data. */
  weighted: i32;
  /** 1: the weights are 0 and 1, and missing entries of the data 0. */
  binary: i32;
  /** 1: W stays as it is and only H is updated. */
  fixedW: i32;
  /** 1: H is updated before W. */
  firstH: i32;
  /** Sweeps of HALS over a factor per product with V; 0: as many as pay (accelerated HALS). */
  sweeps: i32;
  /** 1: HALS iterates are extrapolated, Newton steps have momentum. */
  extrapolate: i32;
  /** HALS, 1: `last` holds the factors of an earlier iteration. Momentum: iterations since its restart. */
  warm: i32;
  /** Momentum: iterations since the last look at the objective. */
  age: i32;
  /** Momentum, 1: the last look found that the objective had risen, and the factors went back. */
  setback: i32;
  /** Who attacks the data, and with what: λ − 1 as its inverse (0 for λ = ∞), or the radius. */
  adversary: i32;
  /** 1: the last iteration or inner loop changed WH by less than the tolerance. */
  met: i32;
  /** 1: somebody has seen WH change by more than that. */
  exceeded: i32;
  /** Iterations of the last burst of an inner loop. */
  done: i32;
  strength: f64;
  radius: f64;
  /** The tolerance of rules (12) and (13) of AT-NMF: of the inner loop, and of the outer one. */
  innerTolerance: f64;
  outerTolerance: f64;
  /** Added to denominators, and inside V/(WH + ε). */
  epsilon: f64;
  /** The β of DIVERGENCE. */
  beta: f64;
  /** Extrapolation: step β, its ceiling, the step before, and the loss to stay below. */
  step: f64;
  ceiling: f64;
  stepBefore: f64;
  bound: f64;
  /** Scale γ of CAUCHY, and the error from which an entry counts as an outlier. */
  cauchyScale: f64;
  cauchyCut: f64;
  // What the kernels report.
  /** Σ D, Σ D∘V and Σ D∘V². */
  weight: f64;
  total: f64;
  squares: f64;
  /** ⟨WᵀV, H⟩ at the end of the last half-step (Frobenius, no weights). */
  inner: f64;
  /** D(V, WH), D(U, WH) for the U of the last attack, and for that of this one: with it, D(U, V). */
  clean: f64;
  attackedBefore: f64;
  attacked: f64;
  effort: f64;
  /** The figure that the last reporting kernel was asked for. */
  value: f64;
  // The memory.
  /** Row-major staging area, for rows of V and for W and H on their way in and out. */
  staging: usize;
  stagingWeights: usize;
  /** Sums of each chunk, `partialBytes` apart. */
  partials: usize;
  partialBytes: usize;
  /** Whose chunk is whose (parallel/claim.ts). */
  claims: usize;
  /** Scratch of each member, `scratchBytes` apart. */
  scratch: usize;
  scratchBytes: usize;
  /** Where the sides stand. */
  sideH: usize;
  sideW: usize;
  /** What gradients keep beside it (lafa/workspace.ts), or 0. */
  gradient: usize;
  /** The network or the law of a task that has no factorization (fragility/workspace.ts, law.ts), or 0. */
  network: usize;
}
