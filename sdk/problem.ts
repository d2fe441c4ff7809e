// From what the caller passed to a problem that is known to be sound.

import type { Dtype } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import type { GradientProblem } from "./gradient.js";
import { checkEntries, type Matrix, type MatrixLike, toMatrix } from "./matrix.js";
import { checkOptions, numberFrom, oneOf, show, wholeNumber } from "./options.js";
import type { SensitivityProblem } from "./sensitivity-run.js";
import type { NmfOptions, SolverOption, TransformOptions } from "./types.js";

/** Numbers of the losses in the task block (assembly/task.ts). */
export const LOSSES = {
  frobenius: 0,
  "kullback-leibler": 1,
  "itakura-saito": 2,
  divergence: 3,
  cauchy: 4,
} as const;
/** Numbers of the solvers there. */
export const SOLVERS = { mu: 0, hals: 1, newton: 2 } as const;
/** The loss that a solver is for, and the option that asks for it; the others take "mu". */
const SPECIAL = [
  { solver: "hals", loss: LOSSES.frobenius, name: "Frobenius" },
  { solver: "newton", loss: LOSSES["kullback-leibler"], name: "Kullback–Leibler" },
] as const;
/** Below, (WH + ε)^(β−2) leaves the range of the type where WH is 0 and ε the default. */
const LOWEST_BETA = { f32: -0.4, f64: -15 } as const;
/** Largest entries of V with which squares and products of three, summed, stay normal numbers. */
const RANGE = { f32: { low: 1e-12, high: 1e15 }, f64: { low: 1e-100, high: 1e100 } } as const;
/** Work is cut into at most so many pieces (assembly/parallel/range.ts). */
export const MOST_THREADS = 32;
const INITS = ["random", "half-normal", "nndsvd", "nndsvda"] as const;

/** The adversary of AT-NMF, and when the loops against it end. */
export interface Adversary {
  /** What the adversary pays, > 1; ∞ leaves the data alone. Of no account with a radius. */
  readonly lambda: number;
  /** Most that an entry is moved, with an ℓ∞ adversary. */
  readonly radius: number | undefined;
  readonly epsilonInner: number;
  readonly epsilonOuter: number;
  readonly maxInner: number;
  readonly maxOuter: number;
}

/** Everything the solver needs to know, checked; V is m×n. */
export interface Problem {
  readonly V: Matrix;
  readonly dtype: Dtype;
  readonly rank: number;
  readonly loss: number;
  readonly beta: number;
  /** The scale of the Cauchy loss; 0 = to be estimated. */
  readonly cauchyScale: number;
  readonly solver: number;
  readonly innerSweeps: number;
  readonly extrapolate: boolean;
  /** m·n weights, or undefined when none was given. */
  readonly mask: ArrayLike<number> | undefined;
  readonly zeroFill: boolean;
  /** Whether NaN was announced as missing. */
  readonly allowMissing: boolean;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly stopping: "decrease" | "kkt";
  readonly epsilon: number;
  readonly l1W: number;
  readonly l1H: number;
  readonly l2W: number;
  readonly l2H: number;
  readonly firstH: boolean;
  readonly seed: number;
  /** Starts to try, and the number of the first of them: each number is a stream of the seed. */
  readonly restarts: number;
  readonly firstRestart: number;
  readonly init: (typeof INITS)[number] | { readonly W: Matrix; readonly H: Matrix };
  /** W to keep as it is, for `transform`. */
  readonly fixedW: Matrix | undefined;
  /** With it the factorization is AT-NMF. */
  readonly adversary: Adversary | undefined;
  /** Threads that were asked for; undefined: as many as pay. */
  readonly threads: number | undefined;
  /** What an adversarial factorization needs besides; then the run is that of anmf-run.ts. */
  readonly bilevel?: Bilevel;
  /** A gradient is wanted rather than the factors alone. */
  readonly gradient?: GradientProblem;
  /** The singular vectors of the map from data to features are wanted. */
  readonly sensitivity?: SensitivityProblem;
}

/** The figures of an adversarial factorization (assembly/anmf/admm.ts), checked. */
export interface Bilevel {
  /** The attacker's penalty, relative to the number of columns. */
  readonly lambda: number;
  /** The share of the attacked error in the objective. */
  readonly beta: number;
  /** The attacker's target, m×n. */
  readonly target: "permuted" | "mean" | "zero" | Matrix;
  /** Whether the rows of H keep the root mean square 1. */
  readonly gauge: boolean;
  /** The penalties of the method at its start; undefined: chosen by the target. */
  readonly rho: number | undefined;
}

const SHARED_OPTIONS = [
  "loss",
  "solver",
  "maxIterations",
  "tolerance",
  "stopping",
  "mask",
  "missing",
  "l1H",
  "l2H",
  "epsilon",
  "innerSweeps",
  "threads",
  "signal",
  "onProgress",
  "engine",
] as const;

/** Names of the options of `nmf`. */
export const NMF_OPTIONS: readonly string[] = [
  "rank",
  "init",
  "seed",
  "restarts",
  "l1W",
  "l2W",
  "order",
  "extrapolate",
  ...SHARED_OPTIONS,
];

/** Names of the options of `transform`. */
export const TRANSFORM_OPTIONS: readonly string[] = SHARED_OPTIONS;

/** Checks the arguments of `nmf`. @throws AdvnmfError `SHAPE`, `RANK`, `OPTION`. */
export function nmfProblem(data: MatrixLike, options: NmfOptions): Problem {
  checkOptions(options, NMF_OPTIONS, "nmf");
  const V = toMatrix(data, "V");
  const rank = checkRank(options.rank, V);
  const restarts = wholeNumber(options.restarts ?? 1, 1, 1_000_000, "restarts");
  const init = checkInit(options.init ?? "random", V, rank);
  if (restarts > 1 && init !== "random" && init !== "half-normal") {
    throw new AdvnmfError(
      "OPTION",
      `restarts: ${restarts} needs a random start, and init ${typeof init === "string" ? `"${init}"` : "{ W, H }"} always gives the same one; use "random" or "half-normal"`,
      { option: "restarts", restarts },
    );
  }
  return {
    ...sharedProblem(V, options),
    rank,
    restarts,
    firstRestart: 0,
    init,
    l1W: numberFrom(options.l1W ?? 0, 0, "l1W"),
    l2W: numberFrom(options.l2W ?? 0, 0, "l2W"),
    seed: wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed"),
    firstH: oneOf(options.order ?? "WH", ["WH", "HW"], "order") === "HW",
    fixedW: undefined,
    adversary: undefined,
  };
}

/** Checks the arguments of `transform`. @throws AdvnmfError `SHAPE`, `NEGATIVE`, `NOT_FINITE`, `OPTION`. */
export function transformProblem(
  data: MatrixLike,
  dictionary: MatrixLike,
  options: TransformOptions,
): Problem {
  checkOptions(options, TRANSFORM_OPTIONS, "transform");
  const W = toMatrix(dictionary, "W");
  const V = toMatrix(data, "V");
  if (V.rows !== W.rows) {
    throw new AdvnmfError(
      "SHAPE",
      `V has ${V.rows} rows and W has ${W.rows}; new data must have the rows of the data that W was fitted to`,
      { got: V.rows, expected: W.rows },
    );
  }
  refuseMissing(W, checkEntries(W, "W").missing, "W");
  const shared = sharedProblem(V, options);
  return {
    ...shared,
    dtype: W.data instanceof Float32Array ? "f32" : "f64",
    extrapolate: false,
    rank: W.cols,
    restarts: 1,
    firstRestart: 0,
    init: "random",
    l1W: 0,
    l2W: 0,
    seed: 0,
    firstH: false,
    fixedW: W,
    adversary: undefined,
  };
}

type SharedProblem = Omit<
  Problem,
  "rank" | "restarts" | "firstRestart" | "init" | "l1W" | "l2W" | "seed" | "firstH" | "fixedW" | "adversary"
>;

function sharedProblem(V: Matrix, options: TransformOptions): SharedProblem {
  const dtype: Dtype = V.data instanceof Float32Array ? "f32" : "f64";
  const loss = checkLoss(options.loss ?? "frobenius", dtype);
  const asked = oneOf(options.solver ?? "auto", ["auto", "mu", "hals", "newton"], "solver");
  const solver = chooseSolver(asked, loss.loss, options.loss);
  for (const option of ["innerSweeps", "extrapolate"] as const) {
    if ((options as NmfOptions)[option] === undefined || solver !== "mu") continue;
    throw new AdvnmfError(
      "OPTION",
      `${option} belongs to the solvers "hals" and "newton", and this run uses "mu"`,
      { option },
    );
  }
  const sweeps = options.innerSweeps ?? (asked === "auto" ? "auto" : 1);
  const extrapolate = (options as NmfOptions).extrapolate ?? (asked === "auto" && solver !== "mu");
  if (typeof extrapolate !== "boolean") {
    throw new AdvnmfError("OPTION", `extrapolate must be true or false, got ${show(extrapolate)}`, {
      option: "extrapolate",
    });
  }
  // Below the smallest normal number of the type, ε would be flushed and 0/0 could arise.
  const epsilon = numberFrom(options.epsilon ?? 2.2e-16, dtype === "f32" ? 1.2e-38 : 2.3e-308, "epsilon");
  if (options.onProgress !== undefined && typeof options.onProgress !== "function") {
    throw new AdvnmfError("OPTION", `onProgress must be a function, got ${show(options.onProgress)}`, {
      option: "onProgress",
    });
  }
  const mask = options.mask === undefined ? undefined : checkMask(options.mask, V);
  const missing = oneOf(options.missing ?? "ignore", ["ignore", "zero-fill"], "missing");
  return {
    V,
    dtype,
    ...loss,
    solver: SOLVERS[solver],
    extrapolate,
    innerSweeps: sweeps === "auto" ? 0 : wholeNumber(sweeps, 1, 1000, "innerSweeps"),
    threads:
      options.threads === undefined ? undefined : wholeNumber(options.threads, 1, MOST_THREADS, "threads"),
    mask,
    zeroFill: missing === "zero-fill",
    allowMissing: mask !== undefined || options.missing !== undefined,
    maxIterations: wholeNumber(options.maxIterations ?? 1000, 0, 0x7fffffff, "maxIterations"),
    tolerance: numberFrom(options.tolerance ?? 1e-4, 0, "tolerance"),
    stopping: oneOf(options.stopping ?? "decrease", ["decrease", "kkt"], "stopping"),
    epsilon,
    l1H: numberFrom(options.l1H ?? 0, 0, "l1H"),
    l2H: numberFrom(options.l2H ?? 0, 0, "l2H"),
  };
}

/** What "auto" stands for. @throws AdvnmfError `OPTION` when the solver is for another loss. */
function chooseSolver(asked: SolverOption, loss: number, given: unknown): keyof typeof SOLVERS {
  for (const { solver, loss: own, name } of SPECIAL) {
    if (asked === "auto" && loss === own) return solver;
    if (asked !== solver || loss === own) continue;
    throw new AdvnmfError(
      "OPTION",
      `solver "${solver}" minimises the ${name} loss only, got loss ${show(given ?? "frobenius")}; use solver "mu" or "auto"`,
      { option: "solver", loss: given },
    );
  }
  return asked === "auto" ? "mu" : asked;
}

function checkRank(rank: unknown, V: Matrix): number {
  const most = Math.min(V.rows, V.cols);
  if (Number.isInteger(rank) && (rank as number) >= 1 && (rank as number) <= most) return rank as number;
  throw new AdvnmfError(
    "RANK",
    `rank must be a whole number in 1 … ${most} for a ${V.rows}×${V.cols} matrix, got ${show(rank)}`,
    { got: rank, low: 1, high: most },
  );
}

function checkLoss(loss: unknown, dtype: Dtype): { loss: number; beta: number; cauchyScale: number } {
  const none = { beta: 2, cauchyScale: 0 };
  if (typeof loss === "object" && loss !== null) {
    const given = loss as { beta?: unknown; cauchy?: unknown };
    checkOptions(loss, ["beta", "cauchy"], "loss");
    if (given.beta !== undefined && given.cauchy === undefined) {
      const beta = numberFrom(given.beta, LOWEST_BETA[dtype], `loss.beta for ${dtype} data`);
      const known = beta === 2 ? LOSSES.frobenius : beta === 1 ? LOSSES["kullback-leibler"] : undefined;
      return { ...none, beta, loss: known ?? (beta === 0 ? LOSSES["itakura-saito"] : LOSSES.divergence) };
    }
    if (given.cauchy !== undefined && given.beta === undefined) {
      if (given.cauchy === "auto") return { ...none, loss: LOSSES.cauchy };
      const scale = numberFrom(given.cauchy, Number.MIN_VALUE, "loss.cauchy");
      return { ...none, loss: LOSSES.cauchy, cauchyScale: scale };
    }
    throw new AdvnmfError("OPTION", `loss must name one of beta and cauchy, got ${show(loss)}`, {
      option: "loss",
      got: loss,
    });
  }
  const name = oneOf(loss, ["frobenius", "kullback-leibler", "itakura-saito"], "loss");
  return { ...none, loss: LOSSES[name] };
}

function checkInit(init: unknown, V: Matrix, rank: number): Problem["init"] {
  if (typeof init !== "object" || init === null) {
    return oneOf(init, INITS, "init");
  }
  checkOptions(init, ["W", "H"], "init");
  const given = init as { W?: MatrixLike; H?: MatrixLike };
  const W = checkFactor(given.W, "init.W", V.rows, rank);
  const H = checkFactor(given.H, "init.H", rank, V.cols);
  return { W, H };
}

function checkFactor(value: MatrixLike | undefined, name: string, rows: number, cols: number): Matrix {
  const factor = toMatrix(value as MatrixLike, name);
  if (factor.rows !== rows || factor.cols !== cols) {
    throw new AdvnmfError("SHAPE", `${name} must be ${rows}×${cols}, got ${factor.rows}×${factor.cols}`, {
      name,
      expected: [rows, cols],
      got: [factor.rows, factor.cols],
    });
  }
  refuseMissing(factor, checkEntries(factor, name).missing, name);
  return factor;
}

function checkMask(mask: MatrixLike | Uint8Array, V: Matrix): ArrayLike<number> {
  if (mask instanceof Uint8Array) {
    if (mask.length === V.data.length) return mask;
    throw new AdvnmfError(
      "SHAPE",
      `mask must hold ${V.rows}·${V.cols} = ${V.data.length} numbers, got ${mask.length}`,
      {
        expected: V.data.length,
        got: mask.length,
      },
    );
  }
  const weights = toMatrix(mask, "mask");
  if (weights.rows !== V.rows || weights.cols !== V.cols) {
    throw new AdvnmfError(
      "SHAPE",
      `mask must be ${V.rows}×${V.cols} like V, got ${weights.rows}×${weights.cols}`,
      { expected: [V.rows, V.cols], got: [weights.rows, weights.cols] },
    );
  }
  refuseMissing(weights, checkEntries(weights, "mask").missing, "mask");
  return weights.data;
}

/** @throws AdvnmfError `NOT_FINITE` with the place of the first NaN, when there is one. */
export function refuseMissing(matrix: Matrix, missing: number, name: string, hint = ""): void {
  if (missing === 0) return;
  const index = matrix.data.findIndex(Number.isNaN);
  const row = Math.floor(index / matrix.cols);
  const column = index % matrix.cols;
  throw new AdvnmfError("NOT_FINITE", `${name} has NaN at row ${row}, column ${column}${hint}`, {
    name,
    row,
    column,
    count: missing,
  });
}

/** What is known of the data once every entry has been looked at. */
export interface DataFacts {
  /** Whether entries differ in weight, so that the weighted kernels are needed. */
  readonly weighted: boolean;
  /** Whether all weights are 0 or 1. */
  readonly binary: boolean;
  /** Whether some entries are to be read as 0. */
  readonly holes: boolean;
  /** The largest entry of V. */
  readonly max: number;
  /** Rows and columns without an observed entry. */
  readonly emptyRows: readonly number[];
  readonly emptyCols: readonly number[];
}

/**
 * Looks at every entry of V and of the mask.
 *
 * @throws AdvnmfError `NEGATIVE`, `NOT_FINITE`; `OPTION` for weights with `missing: "zero-fill"`, or when
 *   nothing is observed.
 */
export function checkData(problem: Problem): DataFacts {
  const { V, mask } = problem;
  const { missing, max } = checkEntries(V, "V");
  if (!problem.allowMissing) {
    refuseMissing(
      V,
      missing,
      "V",
      `, ${missing} in all; if NaN means "missing", say missing: "ignore" (or "zero-fill"), otherwise mend the data`,
    );
  }
  const { low, high } = RANGE[problem.dtype];
  if (max > high || (max > 0 && max < low)) {
    throw new AdvnmfError(
      "NOT_FINITE",
      `the largest entry of V is ${max}: with it, sums of products leave the range of ${problem.dtype}, which is safe from ${low} to ${high}; scale V first${problem.dtype === "f32" ? ", or use Float64Array data" : ""}`,
      { value: max, low, high },
    );
  }
  let observed = V.data.length - missing;
  let holes = missing > 0;
  let uneven = false;
  if (mask) {
    observed = 0;
    for (let index = 0; index < mask.length; index++) {
      const weight = mask[index] as number;
      if (weight === 0) holes = true;
      else if (!Number.isNaN(V.data[index] as number)) observed++;
      if (weight !== 0 && weight !== 1) uneven = true;
    }
  }
  if (observed === 0) {
    throw new AdvnmfError("OPTION", "every entry of V is missing: there is nothing to fit", {
      option: "mask",
    });
  }
  if (problem.zeroFill && uneven) {
    throw new AdvnmfError(
      "OPTION",
      `missing: "zero-fill" takes a mask of zeros and ones; weights need missing: "ignore"`,
      { option: "missing" },
    );
  }
  const empty = holes ? unobserved(problem) : { emptyRows: [], emptyCols: [] };
  return { weighted: !problem.zeroFill && (holes || uneven), binary: !uneven, holes, max, ...empty };
}

function unobserved({ V, mask }: Problem): Pick<DataFacts, "emptyRows" | "emptyCols"> {
  const rows = new Uint8Array(V.rows);
  const cols = new Uint8Array(V.cols);
  for (let index = 0; index < V.data.length; index++) {
    if (mask?.[index] === 0 || Number.isNaN(V.data[index] as number)) continue;
    rows[Math.floor(index / V.cols)] = 1;
    cols[index % V.cols] = 1;
  }
  const without = (seen: Uint8Array) => [...seen.keys()].filter((i) => seen[i] === 0);
  return { emptyRows: without(rows), emptyCols: without(cols) };
}
