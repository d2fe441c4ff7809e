import { attackFeatures, type LafaResult } from "./attack.js";
import type { LafaOptions } from "./attack-options.js";
import { gradient } from "./lafa-gradient.js";
import type { Matrix, MatrixLike, Rows } from "./matrix.js";

/** Latent feature attacks, and the gradient that they follow. */
export interface Lafa {
  /**
   * Attacks the features of a factorization (Vu et al., arXiv 2408.03909): looks for data within a given distance
   * of V whose factorization, by the same updates from the same start, has features as far as can be from those of
   * V. Auto-PGD steps, each with the exact gradient of the feature error; the best point is judged by a long
   * factorization, and beside it stand random perturbations of the same size and other starts. The number type is
   * that of V.
   *
   * @throws AdvnmfError `SHAPE`, `RANK`, `NEGATIVE`, `NOT_FINITE`, `OPTION` for bad input, `MEMORY`, and `ABORTED`
   *   with the perturbed matrices so far as `best`.
   */
  (V: Matrix<Float32Array>, options: LafaOptions): Promise<LafaResult<Float32Array>>;
  (V: Matrix<Float64Array> | Rows, options: LafaOptions): Promise<LafaResult<Float64Array>>;
  (V: MatrixLike, options: LafaOptions): Promise<LafaResult>;
  /** The gradient of the feature error with respect to the data. */
  readonly gradient: typeof gradient;
}

/** See {@link Lafa}. */
export const lafa: Lafa = Object.assign(attackFeatures as Omit<Lafa, "gradient"> as Lafa, { gradient });
