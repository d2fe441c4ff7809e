// AT-NMF: what the caller passed → a problem with an adversary → the result, and the choice of λ.

import { compute, computeEach } from "./compute.js";
import { defaultEngine, type Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { rootMeanSquare, scored, speckles } from "./held-out.js";
import type { Matrix, MatrixLike, Rows } from "./matrix.js";
import { nmfResult } from "./nmf.js";
import { checkOptions, numberFrom, oneOf, show, wholeNumber } from "./options.js";
import { LOSSES, nmfProblem, type Problem } from "./problem.js";
import { type Hardened, type Solution, shaped } from "./solve.js";
import { transform } from "./transform.js";
import type {
  AtnmfHistoryEntry,
  AtnmfOptions,
  AtnmfResult,
  LambdaScore,
  TransformOptions,
  TransformResult,
} from "./types.js";

/** Options that mean what they mean to `nmf`. */
const SHARED = [
  "rank",
  "seed",
  "restarts",
  "mask",
  "missing",
  "order",
  "epsilon",
  "threads",
  "signal",
  "onProgress",
  "engine",
] as const;

/** Names of the options of `atnmf`. */
export const ATNMF_OPTIONS: readonly string[] = [
  ...SHARED,
  "lambda",
  "adversary",
  "loss",
  "init",
  "epsilonInner",
  "epsilonOuter",
  "maxInner",
  "maxOuter",
];

/** What `lambda: "auto"` chooses from. */
const CANDIDATES = [1.5, 2, 3, 5, 10, Number.POSITIVE_INFINITY] as const;

/** Masks that each of several λ is tried on, and the share of the entries that they hide. */
const REPEATS = 3;
const FRACTION = 0.1;

/**
 * Adversarially-trained NMF (Cai, Tan & Févotte, "Adversarially-Trained Nonnegative Matrix Factorization",
 * Algorithm 1): min over W (m×k), H (k×n) ≥ 0 of max over R, V + R ≥ 0, of ‖V + R − WH‖² − λ‖R‖².
 *
 * The adversary's R is exact (eq. 10), W and H follow by multiplicative updates (eq. 11) until WH no longer moves
 * (eq. 12), and so on (eq. 13). Beyond the paper: the same with a β-divergence, β ≥ 1, in both terms, and an
 * adversary who is held to a ball of ℓ∞. R is 0 where V is not observed. Running out of iterations is a result
 * with `converged: false`, not an error. The same V, options and seed give the same bits in every runtime.
 *
 * @throws AdvnmfError as `nmf`; `OPTION` for λ ≤ 1, with which the adversary gains without bound.
 */
export function atnmf(V: Matrix<Float32Array>, options: AtnmfOptions): Promise<AtnmfResult<Float32Array>>;
export function atnmf(
  V: Matrix<Float64Array> | Rows,
  options: AtnmfOptions,
): Promise<AtnmfResult<Float64Array>>;
export function atnmf(V: MatrixLike, options: AtnmfOptions): Promise<AtnmfResult>;
export async function atnmf(V: MatrixLike, options: AtnmfOptions): Promise<AtnmfResult> {
  const candidates = lambdasOf(options);
  const [first] = candidates;
  let problem = atnmfProblem(V, { ...options, ...(first === undefined ? {} : { lambda: first }) });
  const engine = options.engine ?? (await defaultEngine());
  let lambdas: LambdaScore[] | undefined;
  if (candidates.length > 1) {
    lambdas = await tryLambdas(problem.V, candidates, options, engine);
    const best = lambdas.reduce((kept, next) => (next.heldOutError < kept.heldOutError ? next : kept));
    problem = atnmfProblem(V, { ...options, lambda: best.lambda });
  }
  const shape = (solution: Solution) => ({
    ...atnmfResult(solution, problem, options, transform),
    ...(lambdas ? { lambdas } : {}),
  });
  return shaped(compute(engine, problem, options), shape, options.signal);
}

/** The λ to choose from: none with a radius, one where there is no choice. @throws AdvnmfError `OPTION`. */
function lambdasOf({ lambda, adversary }: AtnmfOptions): readonly number[] {
  if (typeof adversary === "object") return [];
  if (lambda === "auto") return CANDIDATES;
  if (!Array.isArray(lambda)) return [(lambda ?? 2) as number];
  if (lambda.length === 0) {
    throw new AdvnmfError("OPTION", "lambda is an empty list: give numbers above 1 to choose from", {
      option: "lambda",
    });
  }
  return [...new Set((lambda as readonly number[]).map(checkLambda))];
}

/**
 * Checks the arguments of `atnmf`, one λ at most.
 *
 * @throws AdvnmfError as `nmfProblem`; `OPTION` for λ ≤ 1, a loss below β = 1, or an option of another adversary.
 */
export function atnmfProblem(data: MatrixLike, options: AtnmfOptions): Problem {
  checkOptions(options, ATNMF_OPTIONS, "atnmf");
  const { adversary = "penalty", init = "half-normal", loss = "frobenius" } = options;
  const radius = typeof adversary === "object" && adversary !== null ? checkRadius(adversary) : undefined;
  if (radius === undefined) oneOf(adversary, ["penalty"], "adversary");
  const { lambda = 2 } = options;
  if (radius !== undefined && options.lambda !== undefined) {
    throw new AdvnmfError(
      "OPTION",
      "an adversary with a radius pays nothing, and takes no lambda: give one of the two",
      { option: "lambda" },
    );
  }
  const epsilonInner = numberFrom(options.epsilonInner ?? 0.01, 0, "epsilonInner");
  const maxInner = wholeNumber(options.maxInner ?? 1000, 1, 1_000_000, "maxInner");
  const maxOuter = wholeNumber(options.maxOuter ?? 100, 1, 1_000_000, "maxOuter");
  const checked = {
    lambda: radius === undefined ? checkLambda(lambda) : Number.POSITIVE_INFINITY,
    radius,
    epsilonInner,
    epsilonOuter: numberFrom(options.epsilonOuter ?? 0.01, 0, "epsilonOuter"),
    maxInner,
    maxOuter,
  };
  const shared = Object.fromEntries(
    SHARED.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  ) as unknown as Pick<AtnmfOptions, (typeof SHARED)[number]>;
  const maxIterations = Math.min(maxInner * maxOuter, 0x7fffffff);
  const problem = nmfProblem(data, {
    ...shared,
    loss,
    init,
    solver: "mu",
    maxIterations,
    tolerance: epsilonInner,
  });
  const known: readonly number[] = [LOSSES.frobenius, LOSSES["kullback-leibler"], LOSSES.divergence];
  if (!known.includes(problem.loss) || (problem.loss === LOSSES.divergence && problem.beta < 1)) {
    throw new AdvnmfError(
      "OPTION",
      `the loss of AT-NMF is "frobenius", "kullback-leibler" or { beta } with β ≥ 1, got ${show(loss)}; below β = 1 the adversary gains without bound`,
      { option: "loss", got: loss },
    );
  }
  if (radius !== undefined && problem.zeroFill) {
    throw new AdvnmfError(
      "OPTION",
      'an adversary with a radius would fill in the entries that count as zeros: with { linf } use missing: "ignore"',
      { option: "missing" },
    );
  }
  return { ...problem, adversary: checked };
}

function checkRadius(adversary: object): number {
  checkOptions(adversary, ["linf"], "adversary");
  const { linf } = adversary as { linf?: unknown };
  const radius = numberFrom(linf, 0, "adversary.linf");
  return radius;
}

/** A λ > 1. @throws AdvnmfError `OPTION`. */
export function checkLambda(lambda: unknown): number {
  if (typeof lambda === "number" && lambda > 1) return lambda;
  throw new AdvnmfError(
    "OPTION",
    `lambda must be a number above 1 (∞ for no adversary), got ${show(lambda)}: for λ ≤ 1 the adversary pays less than it gains, and its answer has no bound`,
    { option: "lambda", got: lambda },
  );
}

/** Fits each λ with entries hidden; the masks are the same for all of them. */
async function tryLambdas(
  V: Matrix,
  lambdas: readonly number[],
  options: AtnmfOptions,
  engine: Engine,
): Promise<LambdaScore[]> {
  const masks = Array.from({ length: REPEATS }, (_, repeat) =>
    speckles(V, options, engine, FRACTION, repeat),
  );
  const errors: number[] = [];
  const problemOf = (job: number) =>
    atnmfProblem(V, {
      ...options,
      lambda: lambdas[Math.floor(job / REPEATS)] as number,
      mask: (masks[job % REPEATS] as (typeof masks)[number]).mask,
    });
  await computeEach(engine, lambdas.length * REPEATS, problemOf, options.signal, (job, { W, H }) => {
    errors[job] = rootMeanSquare(V, W, H, (masks[job % REPEATS] as (typeof masks)[number]).indices);
  });
  return lambdas.map((lambda, i) => ({ lambda, ...scored(errors.slice(i * REPEATS, (i + 1) * REPEATS)) }));
}

/** A solution as {@link atnmf} returns it; `transformWith` is what its `transform` calls. */
export function atnmfResult(
  solution: Solution,
  { adversary }: Problem,
  options: AtnmfOptions,
  transformWith: (V: MatrixLike, W: Matrix, options: TransformOptions) => Promise<TransformResult>,
): AtnmfResult {
  const { R, innerIterations } = solution.hardened as Hardened;
  const { cauchyScale: _, history, ...result } = nmfResult(solution, options, transformWith);
  return {
    ...result,
    history: history as readonly AtnmfHistoryEntry[],
    R,
    lambda: adversary?.radius === undefined ? adversary?.lambda : undefined,
    saddle: solution.score,
    outerIterations: innerIterations.length,
    innerIterations,
  };
}
