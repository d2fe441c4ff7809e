import type {
  CompressionOptions,
  CompressionResult,
  EngineOption,
  LinearOptions,
  LinearResult,
  Network,
  NetworkAttackOptions,
  NetworkAttackResult,
  NetworkGradient,
  PairFigures,
  PointsOptions,
  Prediction,
  SignsOptions,
  SignsResult,
  TrainOptions,
  TrainResult,
} from "./fragility/types.js";
import type { Matrix, MatrixLike } from "./matrix.js";

/**
 * Why classifiers are fragile, by the features that they compress (Gao et al., arXiv 2406.16200): a change along the
 * gradient of the margin g = f_i − f_j turns a point with cos θ times the change that it takes along the way to another
 * class. Points are rows; a network is plain weights, trained here or anywhere.
 *
 * The same input, options and seed give the same bits, for any number of threads. A network whose every W is a
 * Float32Array, or X with such data, is computed in f32, the rest in f64; the linear law always in f64. All throw
 * AdvnmfError: `SHAPE` for sizes that do not fit, `NOT_FINITE` for NaN and infinity, `OPTION`, `MEMORY`.
 */
export interface Fragility {
  /**
   * The exact law (theorem 1): `dimension` Gaussian points in R^d and the linear classifier with f_j(x_i) = δ_ij, many
   * times, one pair of points each. The square of the cosine has a Beta(½, (d − 1)/2) distribution, so that its root
   * mean square is 1/√d. Every pair also by the QR factorization: δ = |ac|/√(c² + (a + b)²), |R_dd| = 1/‖p_j‖.
   *
   * @throws AdvnmfError `ABORTED` with the trials so far as `best`.
   */
  linear(options: LinearOptions): Promise<LinearResult>;

  /**
   * The same figures of two rows i, j of points of your own, n×d with n ≤ d: the classifier is the one of least norm.
   *
   * @throws AdvnmfError `RANK` for points that are linearly dependent.
   */
  qr(
    points: MatrixLike,
    pair?: readonly [i: number, j: number],
    options?: EngineOption,
  ): Promise<PairFigures>;

  /** Gaussian points, `count`×`dimension`: the paper's data. The same seed gives the same bits. */
  points(options: PointsOptions): Promise<Matrix<Float64Array>>;

  /**
   * The setting of theorem 5: x = Az for all sign vectors z, A Gaussian, labelled by the last sign. `phi` is the
   * compression of a classifier that looks at the last feature alone; that the one of largest margin does so holds where
   * `interior` is true, which is in some fifth of the draws for d = 12.
   */
  signs(options: SignsOptions): Promise<SignsResult>;

  /**
   * Trains a dense network, linear or with max(·, 0), by Adam on the cross-entropy. X is N×d, labels are whole numbers
   * from 0 on, one a row. The result is a {@link Network}.
   *
   * @throws AdvnmfError `OPTION` for labels out of range or of one class only, and for a constant column; `NOT_FINITE`
   *   when the loss leaves its range; `ABORTED` with the network so far as `best`; `WORKER` when a worker dies.
   */
  train(X: MatrixLike, labels: ArrayLike<number>, options?: TrainOptions): Promise<TrainResult>;

  /** Scores and classes of the rows of X. */
  predict(network: Network, X: MatrixLike, options?: EngineOption): Promise<Prediction>;

  /** Mean cross-entropy of the rows of X, and its gradient with respect to weights and X. */
  gradient(
    network: Network,
    X: MatrixLike,
    labels: ArrayLike<number>,
    options?: EngineOption,
  ): Promise<NetworkGradient>;

  /**
   * The compression at x_i, at x_j, along the segment between them, and up to where the class turns on it: cos θ between
   * ∇g and x_i − x_j, and c̄ = ∫‖∇g‖ cos θ / ∫‖∇g‖. `flip.predicted` is what the smallest change of x_i should be.
   *
   * @throws AdvnmfError `OPTION` where both points are of one class and none are named.
   */
  compression(
    network: Network,
    xi: ArrayLike<number>,
    xj: ArrayLike<number>,
    options?: CompressionOptions,
  ): Promise<CompressionResult>;

  /**
   * The smallest change of x after which the score of `target` overtakes that of x's class: DeepFool, then along the
   * boundary to where it is nearest (a local minimum; the minimum for linear networks). `target` is a class, or a point
   * of one: then the first turn on the straight way to it is told, too. Without one it is the nearest of all classes.
   */
  attack(
    network: Network,
    x: ArrayLike<number>,
    target?: number | ArrayLike<number>,
    options?: NetworkAttackOptions,
  ): Promise<NetworkAttackResult>;
}

/** What few programs use is loaded when it is first called. */
const functions = () => import("./fragility/functions.js");

/** See {@link Fragility}. */
export const fragility: Fragility = {
  linear: async (...given) => (await functions()).linear(...given),
  qr: async (...given) => (await functions()).qr(...given),
  points: async (...given) => (await functions()).points(...given),
  signs: async (...given) => (await functions()).signs(...given),
  train: async (...given) => (await functions()).train(...given),
  predict: async (...given) => (await functions()).predict(...given),
  gradient: async (...given) => (await functions()).gradient(...given),
  compression: async (...given) => (await functions()).compression(...given),
  attack: async (...given) => (await functions()).attack(...given),
};
