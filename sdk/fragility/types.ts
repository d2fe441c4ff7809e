// What the functions of `fragility` take and return.

import type { Engine } from "../engine.js";
import type { Matrix, MatrixLike } from "../matrix.js";
import type { HistoryEntry, Progress, StopReason } from "../types.js";

/** What a hidden layer does to its sums: nothing, or max(·, 0). */
export type Activation = "linear" | "relu";

/** One layer: its outputs are W·x + b, W outputs×inputs, b as long as it has outputs (absent: zeros). */
export interface NetworkLayer {
  /** Outputs×inputs. */
  readonly W: MatrixLike;
  /** One number an output; absent: zeros. */
  readonly b?: ArrayLike<number>;
}

/** A classifier: one to three layers, whose last outputs are the scores of the classes, the largest winning. */
export interface Network {
  /** One to three, the first taking the points. */
  readonly layers: readonly NetworkLayer[];
  /** Between layers; of no meaning, and not needed, where there is but one. */
  readonly activation?: Activation;
}

/** What every function of `fragility` takes. */
export interface EngineOption {
  /** The engine to compute on; default a shared one. */
  readonly engine?: Engine;
}

/** What a call that may take long takes besides. */
export interface RunOptions extends EngineOption {
  /** 1 … 32; the bits do not depend on it. Default: as many as pay. */
  readonly threads?: number;
  /** Stops the call with `ABORTED`; the error's `best` is the result so far. */
  readonly signal?: AbortSignal;
  /** Called between bursts. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Options of {@link Fragility.linear}. */
export interface LinearOptions extends RunOptions {
  /** d, 2 … 4096: so many Gaussian points in R^d. */
  readonly dimension: number;
  /** Instances, 1 … 65536, with one pair of points each. Default 200. */
  readonly trials?: number;
  /** Any uint32, default 0. */
  readonly seed?: number;
}

/** The figures of one pair i, j of points, under the linear classifier of least norm with f_j(x_i) = δ_ij. */
export interface PairFigures {
  /** δ: the smallest change that turns x_i into j. */
  readonly distance: number;
  /** ‖x_i − x_j‖. */
  readonly apart: number;
  /** cos∠(p_i − p_j, x_i − x_j) = 2δ/‖x_i − x_j‖: the compression. */
  readonly cosine: number;
  /** δ as R of the QR factorization with i, j last gives it. */
  readonly predicted: number;
  /** |R_dd| of that factorization. */
  readonly corner: number;
  /** 1/‖p_j‖, which it equals. */
  readonly inverseNorm: number;
}

/** What {@link Fragility.linear} returns: the figures of every trial, and what the exact law says of them. */
export interface LinearResult {
  /** d. */
  readonly dimension: number;
  /** Instances. */
  readonly trials: number;
  /** What they were drawn by. */
  readonly seed: number;
  /** δ of every trial: the smallest change that turns x_i into j. */
  readonly distance: Float64Array;
  /** ‖x_i − x_j‖ of every trial. */
  readonly apart: Float64Array;
  /** Compression of every trial, 2δ/‖x_i − x_j‖. */
  readonly cosine: Float64Array;
  /** δ of every trial as the QR factorization gives it. */
  readonly predicted: Float64Array;
  /** |R_dd| of every trial. */
  readonly corner: Float64Array;
  /** 1/‖p_j‖ of every trial. */
  readonly inverseNorm: Float64Array;
  /** Root mean square of the cosines; the law says 1/√d. */
  readonly rms: number;
  /** Mean of the cosines; for large d the law says √(2/(πd)). */
  readonly mean: number;
  /** 1/√d. */
  readonly expectedRms: number;
  /** Largest relative difference of `predicted` from `distance`, and of `corner` from `inverseNorm`. */
  readonly identityError: number;
  /** Seconds of computing. */
  readonly seconds: number;
  /** Most bytes of WebAssembly memory the call took. */
  readonly peakBytes: number;
  /** Threads that computed it. */
  readonly threads: number;
  /** What the caller should know, such as threads that could not be had. */
  readonly warnings: readonly string[];
}

/** Options of {@link Fragility.points}. */
export interface PointsOptions extends EngineOption {
  /** Rows. */
  readonly count: number;
  /** Columns. */
  readonly dimension: number;
  /** Any uint32, default 0. */
  readonly seed?: number;
}

/** Options of {@link Fragility.signs}. */
export interface SignsOptions extends EngineOption {
  /** d, 2 … 16: there are 2^d points. */
  readonly dimension: number;
  /** Any uint32, default 0. */
  readonly seed?: number;
}

/** What {@link Fragility.signs} returns. */
export interface SignsResult {
  /** All x = Az, z of signs, 2^d×d. */
  readonly X: Matrix<Float64Array>;
  /** 1 where z_d is positive, else 0. */
  readonly labels: Int32Array;
  /** d×d, Gaussian; column i is what sign i adds. */
  readonly A: Matrix<Float64Array>;
  /** |R_dd|/‖A_d‖ of A = QR: what the compression is, where the classifier looks at the part of A_d alone that no other column has. */
  readonly phi: number;
  /** β: A_d = Σ β_i A_i + that part. */
  readonly coefficients: Float64Array;
  /** Whether every |β_i| ≤ 1: then, and only then, the classifier of largest margin looks at that part alone. */
  readonly interior: boolean;
}

/** Options of {@link Fragility.train}. */
export interface TrainOptions extends RunOptions {
  /** Width of the hidden layers, default 128. */
  readonly hidden?: number;
  /** Hidden layers, 0 … 2, default 1. */
  readonly depth?: number;
  /** Default `"relu"`. */
  readonly activation?: Activation;
  /** Classes; default one more than the largest label. */
  readonly classes?: number;
  /** Of Adam, default 3e-3. */
  readonly learningRate?: number;
  /** Points of a step; default all of them, up to 512 of them, else 128. */
  readonly batchSize?: number;
  /** Steps of Adam at most, default 10000. */
  readonly maxIterations?: number;
  /** Mean cross-entropy to stop at, default 1e-3; 0 takes all steps. */
  readonly tolerance?: number;
  /** Whether layers have biases, default true. */
  readonly bias?: boolean;
  /**
   * Columns in which all points agree say nothing of the classes, and weights on them keep the noise of their start,
   * which attacks would use. `"refuse"` (default): they are an error. `"ignore"`: the network has weights of 0 there.
   */
  readonly constantColumns?: "refuse" | "ignore";
  /** Of the start and the order of the points: any uint32, default 0. */
  readonly seed?: number;
}

/** A layer of a network that was trained here. */
export interface TrainedLayer {
  /** Outputs×inputs. */
  readonly W: Matrix;
  /** One number an output. */
  readonly b: Float32Array | Float64Array;
}

/** What {@link Fragility.train} returns; it is a {@link Network}. */
export interface TrainResult {
  /** Hidden layers, then the one of the scores. */
  readonly layers: readonly TrainedLayer[];
  /** Between layers. */
  readonly activation: Activation;
  /** Mean cross-entropy of all points. */
  readonly loss: number;
  /** Share of the points whose label has the largest score. */
  readonly accuracy: number;
  /** Steps of Adam. */
  readonly iterations: number;
  /** Whether the tolerance was reached. */
  readonly converged: boolean;
  /** What ended it. */
  readonly reason: StopReason;
  /** Loss of a batch of all points before a step, every 10 steps; of an epoch on the way, where batches are smaller. */
  readonly history: readonly HistoryEntry[];
  /** Of the start and the order of the points. */
  readonly seed: number;
  /** Seconds of computing. */
  readonly seconds: number;
  /** Most bytes of WebAssembly memory the call took. */
  readonly peakBytes: number;
  /** Threads that computed it. */
  readonly threads: number;
  /** What the caller should know, such as threads that could not be had. */
  readonly warnings: readonly string[];
}

/** What {@link Fragility.gradient} returns. */
export interface NetworkGradient {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** ∂loss/∂W and ∂loss/∂b. */
  readonly layers: readonly TrainedLayer[];
  /** ∂loss/∂X, N×d. */
  readonly X: Matrix;
}

/** What {@link Fragility.predict} returns. */
export interface Prediction {
  /** N×classes. */
  readonly scores: Matrix;
  /** The class of the largest score, of equals the first. */
  readonly classes: Int32Array;
}

/** Options of {@link Fragility.compression}. */
export interface CompressionOptions extends EngineOption {
  /** The classes i, j of the margin g = f_i − f_j; default those of the two points. */
  readonly classes?: readonly [own: number, other: number];
  /** Where the integrals take their values, default 400. */
  readonly midpoints?: number;
}

/** The network at one point, seen along x_i − x_j. */
export interface PointCompression {
  /** g there. */
  readonly margin: number;
  /** ‖∇g‖. */
  readonly gradientNorm: number;
  /** cos∠(∇g, x_i − x_j); 0 where ∇g is 0. */
  readonly cosine: number;
}

/** What {@link Fragility.compression} returns. */
export interface CompressionResult {
  /** i and j. */
  readonly classes: readonly [own: number, other: number];
  /** ‖x_i − x_j‖. */
  readonly apart: number;
  /** At x_i. */
  readonly start: PointCompression;
  /** At x_j. */
  readonly end: PointCompression;
  /** c̄ = ∫ ‖∇g‖ cos θ / ∫ ‖∇g‖ along the whole segment. */
  readonly compression: number;
  /** g(x_i) − g(x_j). */
  readonly change: number;
  /** ∫ ∇g·(x_i − x_j) along the segment, which it equals but for the midpoints. */
  readonly integral: number;
  /** Where the class turns first on the straight way from x_i to x_j; null where it does not. */
  readonly flip: {
    /** As a part of the segment, from x_i. */
    readonly t: number;
    /** As a distance from x_i. */
    readonly distance: number;
    /** c̄ up to there. */
    readonly compression: number;
    /** `distance`·c̄: what the smallest change that turns x_i should be, by the paper's local analysis. */
    readonly predicted: number;
  } | null;
  /** At every midpoint of the whole segment. */
  readonly path: {
    readonly t: Float64Array;
    readonly margin: Float64Array;
    readonly gradientNorm: Float64Array;
    readonly cosine: Float64Array;
  };
}

/** Options of {@link Fragility.attack}. */
export interface NetworkAttackOptions extends EngineOption {
  /** The class that x is to lose; default the one it has. */
  readonly from?: number;
  /** Steps of DeepFool, and again of the way along the boundary, default 50. */
  readonly maxIterations?: number;
  /** Relative accuracy of distances, default 1e-6. */
  readonly tolerance?: number;
}

/** What {@link Fragility.attack} returns. */
export interface NetworkAttackResult {
  /** The class that x loses. */
  readonly from: number;
  /** The class whose score overtakes; of the nearest one where none was named. */
  readonly to: number;
  /** Whether a change that turns x was found. */
  readonly found: boolean;
  /** Length of the smallest one that was: the distance from x to the boundary, NaN where none was found. */
  readonly distance: number;
  /** x as it then is, just beyond the boundary. */
  readonly perturbed: Float64Array;
  /** What was added. */
  readonly perturbation: Float64Array;
  /** Gradients that it took. */
  readonly iterations: number;
  /** Where a point was named: the first turn on the straight way to it; null where there is none. */
  readonly straight: { readonly t: number; readonly distance: number } | null;
}
