import { compute } from "./compute.js";
import { defaultEngine, type Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { checkFactors, type Factors } from "./feature-error.js";
import type { GradientOutcome } from "./gradient.js";
import type { Matrix, MatrixLike, Numbers, Rows } from "./matrix.js";
import { toMatrix } from "./matrix.js";
import { checkModel, checkModelLoss, checkTraining, type Model } from "./model.js";
import { checkOptions, numberFrom, oneOf, wholeNumber } from "./options.js";
import { nmfProblem, type Problem } from "./problem.js";
import type { Progress } from "./types.js";

/** Options of {@link lafa.gradient}. V is m×n, W m×k, H k×n. */
export interface GradientOptions {
  /** Where the iterations start; without iterations, where the gradient is taken. */
  readonly W: MatrixLike;
  /** See {@link W}. */
  readonly H: MatrixLike;
  /** The factors that the feature error is measured against, of the same shapes. */
  readonly reference: Factors;
  /**
   * `"implicit"` (default): through the conditions that hold at a stationary point, in memory that does not depend
   * on the iterations. `"backprop"`: through every iteration, in memory that grows with the root of their number,
   * or with the inner and outer iterations of `"atnmf"`. With model `"atnmf"` the default is `"backprop"`.
   */
  readonly mode?: "implicit" | "backprop";
  /** Multiplicative updates from W and H. Default 0 for `"implicit"`, 500 for `"backprop"`, which needs one. */
  readonly iterations?: number;
  /**
   * What is differentiated: the updates of `"nmf"` (default), or the training of `"atnmf"` ({@link atnmf}), so many
   * times the adversary's answer and updates on the attacked data. That has mode `"backprop"` only, the Frobenius
   * loss, and the numbers of iterations that follow, none of its stopping rules.
   */
  readonly model?: Model;
  /** `"atnmf"` only: what the adversary pays, > 1. Default 2; ∞ leaves V alone, which is `"nmf"`. */
  readonly lambda?: number;
  /** `"atnmf"` only: updates after each answer of the adversary. Default 25. */
  readonly innerIterations?: number;
  /** `"atnmf"` only: answers of the adversary. Default 20. */
  readonly outerIterations?: number;
  /**
   * Implicit only: go on after the iterations to a point whose stationarity is at most this, or as near as the
   * numbers allow (SQUAREM on the updates, then Newton steps); 1e-9, say. Default: stay where the iterations end.
   */
  readonly converge?: number;
  /** What the updates minimise. Default `"kullback-leibler"`; model `"atnmf"` has `"frobenius"` only. */
  readonly loss?: "kullback-leibler" | "frobenius";
  /** Which factor is updated first. Default `"HW"` for Kullback–Leibler (LaFA's code), `"WH"` for Frobenius. */
  readonly order?: "WH" | "HW";
  /** Added to denominators, and inside V/(WH + ε). Default 1e-10 (LaFA's code). */
  readonly epsilon?: number;
  /**
   * δ, implicit only: like back-propagation through about the last 1/δ iterations, for factors that are not quite
   * stationary. Default 0, the exact gradient of a stationary point.
   */
  readonly damping?: number;
  /**
   * Implicit only: entries below this part of the largest of their feature count as so much, since those that are 0
   * take no part in the gradient. Default 0.
   */
  readonly floor?: number;
  /** Residual to which the implicit system is solved, relative to its right-hand side. Default 1e-10, f32: 1e-5. */
  readonly tolerance?: number;
  /** Products with the implicit system at most. Default 1000. */
  readonly maxProducts?: number;
  /** As in {@link nmf}. */
  readonly threads?: number;
  /** Stops the call with `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Called between bursts; `iteration` counts iterations and products, there and back. */
  readonly onProgress?: (progress: Progress) => void;
  /** The engine to compute on; default a shared one. */
  readonly engine?: Engine;
}

/** What {@link lafa.gradient} returns. All arrays are the caller's own. */
export interface GradientResult<A extends Numbers = Numbers> {
  /** ∂FE/∂V, m×n. */
  readonly gradient: Matrix<A>;
  /** Feature error of W and H against the reference. */
  readonly featureError: number;
  /** The part of W. */
  readonly featureErrorW: number;
  /** The part of H. */
  readonly featureErrorH: number;
  /** Feature i of W and H goes with feature matching[i] of the reference. */
  readonly matching: readonly number[];
  /** W after the iterations, m×k. */
  readonly W: Matrix<A>;
  /** H after the iterations, k×n. */
  readonly H: Matrix<A>;
  /** Iterations that led there; with `converge`, those and the Newton steps too. */
  readonly iterations: number;
  /** Residual of the implicit system, relative to its right-hand side; 0 for back-propagation. */
  readonly residual: number;
  /** Products with the implicit system. */
  readonly products: number;
  /** δ of the implicit system. */
  readonly damping: number;
  /**
   * Distance from stationarity that does not depend on the scale of the features: the root mean square over them
   * of the relative pulls on W_k and H_k. 0 for back-propagation.
   */
  readonly stationarity: number;
  /** The least curvature that was met, without δ; below 0 the factors are at no minimum. */
  readonly curvature: number;
  /** The least multiplier at an entry that is 0. */
  readonly multiplier: number;
  /** Share of the right-hand side along the scalings of the features, which no gradient should have. */
  readonly leak: number;
  /**
   * Whether this is the gradient of the converged factorization (implicit), or of the one after that many
   * iterations (back-propagation).
   */
  readonly reliable: boolean;
  /** Why not, in words; empty when it is. */
  readonly reason: string;
  /** ‖V − WH‖_F / ‖V‖_F. */
  readonly relativeError: number;
  /** Seconds of computing. */
  readonly seconds: number;
  /** Most bytes of WebAssembly memory the call took. */
  readonly peakBytes: number;
  /** Threads that computed it. */
  readonly threads: number;
}

const GRADIENT_OPTIONS = [
  "W",
  "H",
  "reference",
  "mode",
  "iterations",
  "model",
  "lambda",
  "innerIterations",
  "outerIterations",
  "converge",
  "loss",
  "order",
  "epsilon",
  "damping",
  "floor",
  "tolerance",
  "maxProducts",
  "threads",
  "signal",
  "onProgress",
  "engine",
] as const;

/** A step there and back takes as long as so many iterations, a product with the implicit system as this many. */
const BACKPROP_COST = 5;
const PRODUCT_COST = 5;
/** Products that a system usually takes. */
const USUAL_PRODUCTS = 60;

/**
 * Gradient of the feature error with respect to the data (Vu et al., arXiv 2408.03909): how the features that the
 * updates find move with every entry of V. By back-propagation through the iterations, or by implicit
 * differentiation through the conditions of a minimum, without a Jacobian. The number type is that of V.
 *
 * @throws AdvnmfError `SHAPE`, `RANK`, `NEGATIVE`, `NOT_FINITE`, `OPTION` for bad input and for a feature that is
 *   zero, `MEMORY` when it cannot fit, `ABORTED`.
 */
export function gradient(
  V: Matrix<Float32Array>,
  options: GradientOptions,
): Promise<GradientResult<Float32Array>>;
export function gradient(
  V: Matrix<Float64Array> | Rows,
  options: GradientOptions,
): Promise<GradientResult<Float64Array>>;
export function gradient(V: MatrixLike, options: GradientOptions): Promise<GradientResult>;
export async function gradient(V: MatrixLike, options: GradientOptions): Promise<GradientResult> {
  const problem = gradientProblem(V, options);
  const engine = options.engine ?? (await defaultEngine());
  const solution = await compute(engine, problem, options);
  const { W, H, iterations, relativeError, seconds, peakBytes, threads } = solution;
  const { solved: _solved, ...outcome } = solution.gradient as GradientOutcome;
  return {
    ...outcome,
    W,
    H,
    iterations,
    relativeError,
    seconds,
    peakBytes,
    threads,
  };
}

/** Checks the arguments of `lafa.gradient`. @throws AdvnmfError `SHAPE`, `RANK`, `OPTION` and what entries throw. */
export function gradientProblem(data: MatrixLike, options: GradientOptions): Problem {
  checkOptions(options, GRADIENT_OPTIONS, "lafa.gradient");
  const V = toMatrix(data, "V");
  const model = checkModel(options, {
    nmf: ["iterations"],
    atnmf: ["lambda", "innerIterations", "outerIterations"],
  });
  const { lambda, innerIterations, outerIterations } = options;
  const training =
    model === "atnmf"
      ? checkTraining(lambda, ["innerIterations", innerIterations], ["outerIterations", outerIterations])
      : undefined;
  const mode = oneOf(options.mode ?? (training ? "backprop" : "implicit"), ["implicit", "backprop"], "mode");
  const loss = checkModelLoss(model, options.loss);
  const iterations = training
    ? training.inner * training.outer
    : wholeNumber(options.iterations ?? (mode === "backprop" ? 500 : 0), 0, 0x7fffffff, "iterations");
  if (mode === "backprop" && iterations === 0) {
    throw new AdvnmfError(
      "OPTION",
      'mode "backprop" goes back through iterations, and iterations is 0; give at least 1, or use mode "implicit"',
      { option: "iterations" },
    );
  }
  if (training && mode === "implicit") {
    throw new AdvnmfError(
      "OPTION",
      'model "atnmf" has mode "backprop" only: where its training ends, no minimum\'s conditions hold to differentiate',
      { option: "mode" },
    );
  }
  for (const option of ["damping", "floor", "converge", "tolerance", "maxProducts"] as const) {
    if (mode !== "backprop" || options[option] === undefined) continue;
    throw new AdvnmfError("OPTION", `${option} belongs to mode "implicit", and this is mode "backprop"`, {
      option,
    });
  }
  const rank = toMatrix(options.W, "W").cols;
  const shape = [V.rows, rank, V.cols] as const;
  const start = checkFactors({ W: options.W, H: options.H }, "the start", shape);
  const reference = checkFactors(options.reference, "the reference", shape);
  const { threads, onProgress } = options;
  const base = nmfProblem(V, {
    rank,
    loss,
    solver: "mu",
    init: start,
    order: options.order ?? (loss === "frobenius" ? "WH" : "HW"),
    epsilon: options.epsilon ?? 1e-10,
    tolerance: 0,
    maxIterations: Math.min(
      0x7fffffff,
      mode === "backprop" ? BACKPROP_COST * iterations : iterations + PRODUCT_COST * USUAL_PRODUCTS,
    ),
    ...(threads === undefined ? {} : { threads }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const damping = numberFrom(options.damping ?? 0, 0, "damping");
  const floor = numberFrom(options.floor ?? 0, 0, "floor");
  const tolerance = numberFrom(options.tolerance ?? (base.dtype === "f32" ? 1e-5 : 1e-10), 0, "tolerance");
  const maxProducts = wholeNumber(options.maxProducts ?? 1000, 1, 1_000_000, "maxProducts");
  const converge = options.converge === undefined ? undefined : numberFrom(options.converge, 0, "converge");
  return {
    ...base,
    gradient: {
      mode,
      reference,
      iterations,
      ...(training && training.lambda < Number.POSITIVE_INFINITY ? { training } : {}),
      converge,
      damping,
      maxDamping: damping,
      tolerance,
      maxProducts,
      floor,
    },
  };
}
