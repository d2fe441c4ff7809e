import type { Engine } from "./engine.js";
import type { Matrix, MatrixLike, Numbers } from "./matrix.js";

/**
 * What is minimised, with P = WH and weights D (see `mask`):
 *
 * - `"frobenius"`: ½ Σ D (V − P)²
 * - `"kullback-leibler"`: Σ D (V log(V/P) − V + P)
 * - `"itakura-saito"`: Σ D (V/P − log(V/P) − 1)
 * - `{ beta }`: the β-divergence (Févotte & Idier 2011), β ≥ −15 (f32: ≥ −0.4); 2, 1 and 0 are the three above
 * - `{ cauchy }`: truncated Cauchy, ½γ² Σ D log(1 + min(|V − P|, cut)²/γ²) (arXiv 1906.00495), for data
 *   with outliers; the number is the scale γ, in the units of V, and `"auto"` estimates it
 */
export type LossOption =
  | "frobenius"
  | "kullback-leibler"
  | "itakura-saito"
  | { readonly beta: number }
  | { readonly cauchy: number | "auto" };

/** Multiplicative updates, hierarchical alternating least squares, or Newton steps. */
export type SolverOption = "auto" | "mu" | "hals" | "newton";

/** Where the factors start, or the factors themselves: W m×k and H k×n. */
export type InitOption =
  | "random"
  | "half-normal"
  | "nndsvd"
  | "nndsvda"
  | { readonly W: MatrixLike; readonly H: MatrixLike };

/** What {@link NmfOptions.onProgress} is told. */
export interface Progress {
  /** Iterations done in the present start; those of the outer loop with an adversary. */
  readonly iteration: number;
  /** The most a start may take. */
  readonly maxIterations: number;
  /** With an adversary: iterations done in the present inner loop. */
  readonly innerIteration?: number;
  /** The last loss that was computed. */
  readonly loss: number;
  /** Number of the present start, from 0. */
  readonly restart: number;
  /** Number of starts. */
  readonly restarts: number;
  /** Seconds since the call began computing. */
  readonly seconds: number;
}

/** Options of {@link nmf}. V is m×n, W m×k, H k×n. */
export interface NmfOptions {
  /** Number of components k, 1 … min(m, n). */
  readonly rank: number;
  /** Default `"frobenius"`. */
  readonly loss?: LossOption;
  /**
   * `"mu"`: multiplicative updates, one of each factor an iteration. `"hals"`: coordinate descent, the
   * iterates of scikit-learn's `cd`; Frobenius only. `"newton"`: coordinate descent with scalar Newton
   * steps (Hsieh & Dhillon 2011), no iteration of which raises the loss; Kullback–Leibler only. `"auto"`
   * (default): the fastest for the loss, that is `"hals"` for Frobenius and `"newton"` for
   * Kullback–Leibler, both with `innerSweeps: "auto"` and `extrapolate: true`, and `"mu"` for the others.
   */
  readonly solver?: SolverOption;
  /**
   * Default `"random"` (uniform, scaled so that mean(WH) = mean(V)); `"half-normal"` is |N(0,1)| followed
   * by 5 multiplicative updates (AT-NMF §II-C), `"nndsvd"` and `"nndsvda"` start from the singular vectors.
   */
  readonly init?: InitOption;
  /** Any uint32, default 0; the same seed gives the same bits. */
  readonly seed?: number;
  /** Starts, each from its own stream of the seed; the one with the least loss is kept. Default 1. */
  readonly restarts?: number;
  /** Default 1000. */
  readonly maxIterations?: number;
  /** Where to stop, see `stopping`. Default 1e-4; 0 runs all iterations. */
  readonly tolerance?: number;
  /**
   * `"decrease"` (default): every 10 iterations, stop when √(2·loss) fell by less than tolerance times
   * its value at the start (scikit-learn's rule). `"kkt"`: stop when the norm of the projected gradient
   * is below tolerance times its value at the start (Lin 2007).
   */
  readonly stopping?: "decrease" | "kkt";
  /**
   * m×n weights: 0 = missing, 1 = observed, other non-negative numbers weigh. NaN entries of V are
   * missing too.
   */
  readonly mask?: MatrixLike | Uint8Array;
  /**
   * `"ignore"` (default): missing entries take no part; a column of which nothing is observed gets the mean of
   * the coefficients of the others, such a row zeros, and a warning names them. `"zero-fill"`: they count as
   * zeros, as in the AT-NMF authors' code.
   */
  readonly missing?: "ignore" | "zero-fill";
  /** Penalties l1W·n·ΣW + l1H·m·ΣH + ½·l2W·n·‖W‖² + ½·l2H·m·‖H‖², as scikit-learn scales them. Default 0. */
  readonly l1W?: number;
  /** See {@link l1W}. */
  readonly l1H?: number;
  /** See {@link l1W}. */
  readonly l2W?: number;
  /** See {@link l1W}. */
  readonly l2H?: number;
  /** Which factor an iteration updates first. Default `"WH"` (AT-NMF, scikit-learn); LaFA has `"HW"`. */
  readonly order?: "WH" | "HW";
  /** Added to denominators, and inside V/(WH + ε). Default 2.2e-16; LaFA's code has 1e-10. */
  readonly epsilon?: number;
  /**
   * HALS sweeps over a factor per product with V; `"auto"`: as many as pay, panel by panel (Gillis &
   * Glineur 2012). Default 1 with `"hals"`, `"auto"` with `"auto"`. With missing entries or weights
   * `"auto"` is 1. With Newton steps: sweeps per half-step, and `"auto"` is 2.
   */
  readonly innerSweeps?: number | "auto";
  /**
   * Extrapolates HALS iterates (Ang & Gillis 2019): fewer iterations, but the loss may rise for one at a
   * time; without effect where entries are missing or weighted. Gives Newton steps momentum, with weights
   * too: the loss is looked at every 10 iterations, and where it rose they are taken back. Default false
   * with `"hals"` and `"newton"`, true with `"auto"`; `transform` has none.
   */
  readonly extrapolate?: boolean;
  /**
   * Threads to compute with, 1 … 32; the bits do not depend on it. Default: as many as pay, which is all
   * cores for large problems and the calling thread alone for small ones. Where threads cannot be had
   * (`info()` says why) the call computes alone and, if they were asked for, says so in `warnings`.
   */
  readonly threads?: number;
  /** Stops the call with `ABORTED`; the error's `best` is the result so far. */
  readonly signal?: AbortSignal;
  /** Called between bursts of iterations, at most some sixty times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** The engine to compute on; default a shared one. */
  readonly engine?: Engine;
}

/** One point of {@link NmfResult.history}. */
export interface HistoryEntry {
  /** Iterations done; 0 is the start. */
  readonly iteration: number;
  /** The loss then, penalties included. */
  readonly loss: number;
}

/** Why a run ended. */
export type StopReason = "tolerance" | "maxIterations" | "aborted";

/** What became of one start. */
export interface RestartResult {
  /** The loss it ended with. */
  readonly loss: number;
  /** Iterations it took. */
  readonly iterations: number;
  /** Whether it met the stopping rule. */
  readonly converged: boolean;
}

/** What {@link nmf} returns. All arrays are the caller's own. */
export interface NmfResult<A extends Numbers = Numbers> {
  /** m×k. */
  readonly W: Matrix<A>;
  /** k×n. */
  readonly H: Matrix<A>;
  /** The minimised loss at W, H, penalties included. */
  readonly loss: number;
  /** ‖V − WH‖_F / ‖V‖_F over what was fitted, whatever the loss. */
  readonly relativeError: number;
  /** Iterations of the kept start. */
  readonly iterations: number;
  /** Whether the stopping rule was met. */
  readonly converged: boolean;
  /** Why it ended. */
  readonly reason: StopReason;
  /** Loss at the start, every 10 iterations (50 with tolerance 0) and at the end, for the kept start. */
  readonly history: readonly HistoryEntry[];
  /** The seed of the call. */
  readonly seed: number;
  /** One entry a start, in order. */
  readonly restarts: readonly RestartResult[];
  /** The scale γ in use at the end, for the Cauchy loss. */
  readonly cauchyScale?: number;
  /** Seconds of computing. */
  readonly seconds: number;
  /** Most bytes of WebAssembly memory the call took. */
  readonly peakBytes: number;
  /** Threads that computed it. */
  readonly threads: number;
  /** What the caller should know, in sentences. */
  readonly warnings: readonly string[];
  /**
   * H for new data, W fixed: V2 (m×n2) → k×n2, with the loss, solver, penalties and ε of this fit.
   *
   * @throws AdvnmfError as {@link nmf} does; `SHAPE` when V2 has not m rows.
   */
  transform(V2: MatrixLike, options?: TransformOptions): Promise<TransformResult<A>>;
  /** W·H, m×n f64. */
  reconstruct(): Matrix<Float64Array>;
}

/** Options of {@link transform}: those of {@link nmf} that apply with W fixed. */
export type TransformOptions = Pick<
  NmfOptions,
  | "loss"
  | "solver"
  | "maxIterations"
  | "tolerance"
  | "stopping"
  | "mask"
  | "missing"
  | "l1H"
  | "l2H"
  | "epsilon"
  | "innerSweeps"
  | "threads"
  | "signal"
  | "onProgress"
  | "engine"
>;

/** What {@link transform} returns: H, and what {@link nmf} tells of a run. */
export interface TransformResult<A extends Numbers = Numbers>
  extends Pick<
    NmfResult,
    | "loss"
    | "relativeError"
    | "iterations"
    | "converged"
    | "reason"
    | "history"
    | "seconds"
    | "peakBytes"
    | "threads"
    | "warnings"
  > {
  /** k×n2. */
  readonly H: Matrix<A>;
}

/** Options of {@link atnmf}; those that it shares with {@link nmf} mean the same. V is m×n. */
export interface AtnmfOptions
  extends Pick<
    NmfOptions,
    | "rank"
    | "seed"
    | "restarts"
    | "mask"
    | "missing"
    | "order"
    | "epsilon"
    | "threads"
    | "signal"
    | "onProgress"
    | "engine"
  > {
  /**
   * The λ > 1 of the penalty that the adversary pays, default 2. The smaller, the stronger the adversary; ∞ is
   * NMF with the stopping rules of AT-NMF. A list, or `"auto"` for 1.5, 2, 3, 5, 10 and ∞: the one that predicts
   * held-out entries best (a tenth of the observed ones, three times), see {@link AtnmfResult.lambdas}.
   */
  readonly lambda?: number | "auto" | readonly number[];
  /**
   * `"penalty"` (default): pays λ·D(V + R, V) for what it does, D being the loss. `{ linf: radius }`: moves no
   * entry by more than the radius, in the units of V; takes no λ. Either keeps V + R ≥ 0.
   */
  readonly adversary?: "penalty" | { readonly linf: number };
  /** `"frobenius"` (default, as in the paper), `"kullback-leibler"`, or `{ beta }` with β ≥ 1. */
  readonly loss?: "frobenius" | "kullback-leibler" | { readonly beta: number };
  /** Default `"half-normal"`, as in the paper (§II-C). */
  readonly init?: InitOption;
  /** An inner loop ends when WH changed by less, eq. (12): ‖ΔWH / WH‖_F, entry by entry. Default 0.01; 0: never. */
  readonly epsilonInner?: number;
  /** The outer loop ends when an inner loop changed WH by less, eq. (13). Default 0.01; 0: never. */
  readonly epsilonOuter?: number;
  /** Most iterations of an inner loop. Default 1000. */
  readonly maxInner?: number;
  /** Most outer iterations. Default 100. */
  readonly maxOuter?: number;
}

/**
 * One point of {@link AtnmfResult.history}. D is the divergence of the loss without a factor: for Frobenius the sum
 * of squares, as in the paper.
 */
export interface AtnmfHistoryEntry extends HistoryEntry {
  /** Outer iterations done; 0 is the start. */
  readonly iteration: number;
  /** The loss of WH against V itself, as {@link nmf} has it. */
  readonly loss: number;
  /** D(V + R, WH) with the R of this outer iteration: what its inner loop brought down (fig. 2 of the paper). */
  readonly objective: number;
  /** What the best answer R* to these W, H leaves the adversary: D(V + R*, WH) − λ·D(V + R*, V). */
  readonly saddle: number;
  /** D(V + R*, V); ‖R*‖² for Frobenius. */
  readonly effort: number;
}

/** How one λ did on held-out entries. */
export interface LambdaScore {
  /** The λ that was tried. */
  readonly lambda: number;
  /** Root mean square error on the hidden entries, mean over the masks. */
  readonly heldOutError: number;
  /** Standard error of that mean. */
  readonly heldOutErrorSpread: number;
}

/** What {@link atnmf} returns: what {@link nmf} does, and what the adversary did. */
export interface AtnmfResult<A extends Numbers = Numbers>
  extends Omit<NmfResult<A>, "history" | "cauchyScale"> {
  /** The adversary's answer R* to W and H: m×n, V + R ≥ 0, and 0 where nothing is observed. */
  readonly R: Matrix<A>;
  /** The λ that was used; `undefined` with an ℓ∞ adversary. */
  readonly lambda: number | undefined;
  /** What the adversary has of R*, see {@link AtnmfHistoryEntry.saddle}; of several starts the least is kept. */
  readonly saddle: number;
  /** Iterations of all inner loops together. */
  readonly iterations: number;
  /** Outer iterations of the kept start. */
  readonly outerIterations: number;
  /** Iterations of each of its inner loops. */
  readonly innerIterations: readonly number[];
  /**
   * One entry an outer iteration, from the start on. With a strong adversary (small λ) the figures go up and down
   * for long, since nothing makes the outer loop descend; they are told as they are.
   */
  readonly history: readonly AtnmfHistoryEntry[];
  /** With several λ to choose from: how each did, in their order. */
  readonly lambdas?: readonly LambdaScore[];
}
