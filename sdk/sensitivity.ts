import { compute } from "./compute.js";
import { defaultEngine, type Engine } from "./engine.js";
import { checkFactors, type Factors, featureError } from "./feature-error.js";
import { doubts } from "./gradient.js";
import type { Matrix, MatrixLike, Numbers, Rows } from "./matrix.js";
import { toMatrix } from "./matrix.js";
import { checkOptions, numberFrom, oneOf, wholeNumber } from "./options.js";
import { LOSSES, nmfProblem, type Problem } from "./problem.js";
import type { SensitivityOutcome } from "./sensitivity-run.js";
import type { Solution } from "./solve.js";
import type { Progress } from "./types.js";

/** Options of {@link sensitivity}. */
export interface SensitivityOptions {
  /** What the factorization minimises. Default `"frobenius"`, as in `nmf`. */
  readonly loss?: "frobenius" | "kullback-leibler";
  /** Only this feature, 0 … k − 1: map, singular values, vectors and bound are then those of its motion alone. */
  readonly feature?: number;
  /** Singular values and vectors, from the largest down. Default 6, or as many as there are. */
  readonly count?: number;
  /**
   * Residual of the singular vectors, relative to the square of the largest value: the values are right to about its
   * square. The linear systems are solved a hundred times further. Default 1e-6, f32: 1e-3.
   */
  readonly tolerance?: number;
  /** Of the vector that the search begins with. Default 0. */
  readonly seed?: number;
  /**
   * Stationarity to go on to from W and H first (SQUAREM on the multiplicative updates, then Newton steps): only a
   * stationary point has a sensitivity. `false`: stay at W and H. Default 1e-10, f32: 1e-6.
   */
  readonly converge?: number | false;
  /** Added to denominators, and inside V/(WH + ε). Default 2.2e-16, as in `nmf`. */
  readonly epsilon?: number;
  /** As in {@link nmf}. */
  readonly threads?: number;
  /** Stops the call with `ABORTED`. */
  readonly signal?: AbortSignal;
  /** Called between bursts; `iteration` counts products with the linear system. */
  readonly onProgress?: (progress: Progress) => void;
  /** The engine to compute on; default a shared one. */
  readonly engine?: Engine;
}

/** How far a change of V moves one feature at most. */
export interface FeatureSensitivity {
  /** The feature's number. */
  readonly feature: number;
  /** The largest ‖dc‖/‖c‖ of this feature alone per unit of ‖dV‖_F/‖V‖_F. */
  readonly amplification: number;
}

/**
 * What {@link sensitivity} returns. C stacks the features c_i = [w_i√(‖h_i‖/‖w_i‖); h_i√(‖w_i‖/‖h_i‖)], and
 * J = ∂C/∂V. All arrays are the caller's own.
 */
export interface SensitivityResult<A extends Numbers = Numbers> {
  /**
   * m×n, ≥ 0: which entries of V move the features most. √(Σ_t σ_t² v_t²)·‖V‖_F/‖C‖_F over the singular vectors that
   * were computed: the feature error per unit of relative change of V that is put into this entry alone, as far as
   * these vectors tell.
   */
  readonly map: Matrix<A>;
  /** Feature error per unit of ‖dV‖_F/‖V‖_F in the worst direction, σ_1‖V‖_F/‖C‖_F. */
  readonly amplification: number;
  /** The largest singular values of J, from the largest down. */
  readonly singularValues: readonly number[];
  /** The unit directions in V that go with them, m×n. */
  readonly right: readonly Matrix<A>[];
  /** Where these move the features, m×k and k×n, together of norm 1: J·right = σ·left. */
  readonly left: readonly Factors<Matrix<A>>[];
  /** Every feature alone; with option `feature` that one. */
  readonly features: readonly FeatureSensitivity[];
  /** Feature error to first order that a change of V with ‖dV‖_F = ε‖V‖_F leads to at most. */
  featureErrorBound(epsilon: number): number;
  /** Whether these are the derivatives of the converged factorization. */
  readonly reliable: boolean;
  /** Why not, in words; empty when it is. */
  readonly reason: string;
  /** The stationary point, m×k. */
  readonly W: Matrix<A>;
  /** The stationary point, k×n. */
  readonly H: Matrix<A>;
  /** Iterations and Newton steps from the given factors to the stationary point. */
  readonly iterations: number;
  /** Distance from stationarity that does not depend on the scale of the features, as in `lafa.gradient`. */
  readonly stationarity: number;
  /** The least curvature that was met, without δ; below 0 the factors are at no minimum. */
  readonly curvature: number;
  /** The least multiplier at an entry that is 0. */
  readonly multiplier: number;
  /** δ of the linear system: 0 unless it could not be solved without. */
  readonly damping: number;
  /** Residual of the worst singular vector, relative to σ_1². */
  readonly residual: number;
  /** Products with the linear system. */
  readonly products: number;
  /** ‖V − WH‖_F / ‖V‖_F. */
  readonly relativeError: number;
  /** Seconds of computing. */
  readonly seconds: number;
  /** Most bytes of WebAssembly memory the call took. */
  readonly peakBytes: number;
  /** Threads that computed it. */
  readonly threads: number;
  /** What the caller should know, in words. */
  readonly warnings: readonly string[];
}

const SENSITIVITY_OPTIONS = [
  "loss",
  "feature",
  "count",
  "tolerance",
  "seed",
  "converge",
  "epsilon",
  "threads",
  "signal",
  "onProgress",
  "engine",
] as const;

/** Singular values unless told. */
const COUNT = 6;
/** Most of them: restarts keep as many numbers of each in a member's scratch. */
const MOST_COUNT = 200;
/** What a call usually takes, in iterations of multiplicative updates: for the choice of threads. */
const USUAL_WORK = 20_000;
/**
 * Zeros of the given factors count as this part of the largest entry of their feature on the way to a stationary
 * point, since the updates never move a zero.
 */
const RAISED = 1e-6;
/** A stationary point this far from the given factors in feature error is another one than theirs. */
const ELSEWHERE = 0.05;

/**
 * First-order fragility of a factorization: the largest singular values of the map from V to the features of its
 * converged NMF, with the directions in V that move them most and the entries that matter. By implicit
 * differentiation through the conditions of a minimum, without a Jacobian (assembly/lafa/sensitivity.ts). Features are
 * measured as {@link featureError} does (Vu et al., arXiv 2408.03909, §3), so that for small changes
 *
 *     feature error ≤ featureErrorBound(‖dV‖_F/‖V‖_F), with equality along right[0].
 *
 * The bound is that of the minimum at hand; an attack that reaches another one can exceed it. The number type is that
 * of V.
 *
 * @param fit anything with W (m×k) and H (k×n): where the search for the stationary point begins.
 * @throws AdvnmfError `SHAPE`, `RANK`, `NEGATIVE`, `NOT_FINITE`, `OPTION` for bad input and for a feature that is
 *   zero or vanishes, `MEMORY` when it cannot fit, `ABORTED`.
 */
export function sensitivity(
  V: Matrix<Float32Array>,
  fit: Factors,
  options?: SensitivityOptions,
): Promise<SensitivityResult<Float32Array>>;
export function sensitivity(
  V: Matrix<Float64Array> | Rows,
  fit: Factors,
  options?: SensitivityOptions,
): Promise<SensitivityResult<Float64Array>>;
export function sensitivity(
  V: MatrixLike,
  fit: Factors,
  options?: SensitivityOptions,
): Promise<SensitivityResult>;
export async function sensitivity(
  V: MatrixLike,
  fit: Factors,
  options: SensitivityOptions = {},
): Promise<SensitivityResult> {
  const problem = sensitivityProblem(V, fit, options);
  const engine = options.engine ?? (await defaultEngine());
  const solution = await compute(engine, problem, options);
  return sensitivityResult(solution, problem);
}

/** Checks the arguments. @throws AdvnmfError `SHAPE`, `RANK`, `OPTION` and what entries throw. */
export function sensitivityProblem(data: MatrixLike, fit: Factors, options: SensitivityOptions): Problem {
  checkOptions(options, SENSITIVITY_OPTIONS, "sensitivity");
  const V = toMatrix(data, "V");
  const given = checkFactors(fit, "fit", shapeOf(V, fit));
  const rank = given.W.cols;
  const loss = oneOf(options.loss ?? "frobenius", ["frobenius", "kullback-leibler"], "loss");
  const single = V.data instanceof Float32Array;
  const feature =
    options.feature === undefined ? undefined : wholeNumber(options.feature, 0, rank - 1, "feature");
  const count = wholeNumber(options.count ?? COUNT, 1, MOST_COUNT, "count");
  const tolerance = numberFrom(options.tolerance ?? (single ? 1e-3 : 1e-6), 0, "tolerance");
  const seed = wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed");
  const stays = options.converge === false;
  const converge = stays
    ? undefined
    : numberFrom(options.converge ?? (single ? 1e-6 : 1e-10), 0, "converge (a number, or false)");
  const { threads, onProgress } = options;
  const base = nmfProblem(V, {
    rank,
    loss,
    solver: "mu",
    init: stays ? given : raised(given),
    tolerance: 0,
    maxIterations: USUAL_WORK,
    ...(options.epsilon === undefined ? {} : { epsilon: options.epsilon }),
    ...(threads === undefined ? {} : { threads }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return { ...base, sensitivity: { converge, feature, count, tolerance, seed } };
}

/** The shape that W and H must have for V, if `fit` has a W at all. */
function shapeOf(V: Matrix, fit: Factors): readonly [m: number, k: number, n: number] | undefined {
  if (typeof fit !== "object" || fit === null) return undefined;
  return [V.rows, toMatrix(fit.W, "W of fit").cols, V.cols];
}

function raised({ W, H }: Factors<Matrix>): Factors<Matrix> {
  const lift = ({ rows, cols, data }: Matrix, of: (at: number) => number): Matrix => {
    const most = new Array<number>(W.cols).fill(0);
    for (let at = 0; at < data.length; at++) {
      most[of(at)] = Math.max(most[of(at)] as number, data[at] as number);
    }
    return { rows, cols, data: data.map((x, at) => Math.max(x, RAISED * (most[of(at)] as number))) };
  };
  return { W: lift(W, (at) => at % W.cols), H: lift(H, (at) => Math.floor(at / H.cols)) };
}

/** From the solution to what the caller gets. */
export function sensitivityResult(solution: Solution, problem: Problem): SensitivityResult {
  const outcome = solution.sensitivity as SensitivityOutcome;
  const { feature, tolerance } = problem.sensitivity as NonNullable<Problem["sensitivity"]>;
  const { W, H, iterations, relativeError, seconds, peakBytes, threads } = solution;
  const { singularValues, right, left, norm, squares, figures, residual, products } = outcome;
  const all = squares.reduce((sum, square) => sum + square, 0);
  const size = Math.sqrt(feature === undefined ? all : (squares[feature] as number));
  const amplification = ((singularValues[0] as number) * norm) / size;
  const reasons = doubts({ ...figures, damping: 0 });
  const { damping } = figures;
  if (damping > 0) {
    reasons.push(
      `these are the derivatives of a system damped with ${damping}, of about the next ${Math.ceil(1 / damping)} iterations after a change`,
    );
  }
  if (!(outcome.firstResidual <= tolerance)) {
    reasons.push(`the first singular vector is found to ${outcome.firstResidual.toExponential(1)} only`);
  }
  return {
    map: mapOf(problem.V, right, singularValues, norm / size),
    amplification,
    singularValues,
    right,
    left,
    features: outcome.alone.map((one) => ({
      feature: one.feature,
      amplification: (one.value * norm) / Math.sqrt(squares[one.feature] as number),
    })),
    featureErrorBound: (epsilon) => amplification * numberFrom(epsilon, 0, "epsilon"),
    reliable: reasons.length === 0,
    reason: reasons.join("; "),
    W,
    H,
    iterations,
    stationarity: figures.stationarity,
    curvature: figures.curvature,
    multiplier: figures.multiplier,
    damping,
    residual,
    products,
    relativeError,
    seconds,
    peakBytes,
    threads,
    warnings: [...solution.warnings, ...warningsOf(problem, { W, H }, outcome)],
  };
}

/** √(Σ_t σ_t² v_t²), scaled. */
function mapOf(
  { rows, cols, data }: Matrix,
  right: readonly Matrix[],
  values: readonly number[],
  scale: number,
): Matrix {
  const out = data instanceof Float32Array ? new Float32Array(rows * cols) : new Float64Array(rows * cols);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let t = 0; t < right.length; t++) {
      const moved = (values[t] as number) * ((right[t] as Matrix).data[i] as number);
      sum += moved * moved;
    }
    out[i] = Math.sqrt(sum) * scale;
  }
  return { rows, cols, data: out };
}

function warningsOf(
  { init, loss, V, sensitivity: asked }: Problem,
  { W, H }: Factors<Matrix>,
  { residual, alone }: SensitivityOutcome,
): string[] {
  const found: string[] = [];
  if (!(residual <= (asked as NonNullable<typeof asked>).tolerance)) {
    found.push(
      `Not all singular vectors were found: the worst has a residual of ${residual.toExponential(1)}.`,
    );
  }
  const missed = alone.filter(({ met }) => !met).map(({ feature }) => feature);
  if (missed.length > 0) {
    found.push(`The amplification of feature ${missed.join(", ")} may be larger: its vector was not found.`);
  }
  const { value } = featureError({ W, H }, init as Factors<Matrix>);
  if (value > ELSEWHERE) {
    found.push(
      `The stationary point is not that of the given factors: their feature error is ${value.toFixed(2)}.`,
    );
  }
  const silent = loss === LOSSES["kullback-leibler"] ? oneSided(V, W, H) : 0;
  if (silent > 0) {
    found.push(
      `${silent} entries are 0 in V and in WH: features follow them upwards only, which no derivative tells, and these entries count as nothing.`,
    );
  }
  return found;
}

/** How many entries are 0 in V and in WH. */
function oneSided(V: Matrix, W: Matrix, H: Matrix): number {
  let count = 0;
  for (let i = 0; i < V.rows; i++) {
    for (let j = 0; j < V.cols; j++) {
      if (V.data[i * V.cols + j] !== 0) continue;
      let apart = true;
      for (let a = 0; a < W.cols && apart; a++) {
        apart = W.data[i * W.cols + a] === 0 || H.data[a * V.cols + j] === 0;
      }
      if (apart) count++;
    }
  }
  return count;
}
