// What `lafa` can be asked, and how that is checked before anything is computed.

import type { Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import type { Factors } from "./feature-error.js";
import { checkEntries, type Matrix, type MatrixLike, toMatrix } from "./matrix.js";
import { checkModel, checkModelLoss, checkTraining, type Model, type Training } from "./model.js";
import { checkOptions, numberFrom, oneOf, show, wholeNumber } from "./options.js";
import { type Norm, singleTowards } from "./projection.js";
import type { InitOption } from "./types.js";
import type { Direction } from "./victim.js";

/** What {@link LafaOptions.onProgress} is told. */
export interface LafaProgress {
  /** Steps that all attacks have taken. */
  readonly step: number;
  /** Steps that they will take. */
  readonly steps: number;
  /** The feature error of the best point so far, for each ε, after the few iterations of a step. */
  readonly featureErrors: readonly number[];
}

/** Options of {@link lafa}. V is m×n. */
export interface LafaOptions {
  /** Number of features k. */
  readonly rank: number;
  /**
   * The victim: `"nmf"` (default), or `"atnmf"`, which is trained against an adversary of its own ({@link atnmf}):
   * Frobenius loss, an answer of that adversary after every `maxInner` updates, and none of the stopping rules.
   */
  readonly model?: Model;
  /** Victim `"atnmf"` only: what its adversary pays, > 1. Default 2. */
  readonly lambda?: number;
  /** Victim `"atnmf"` only: updates after each answer of its adversary. Default 25. */
  readonly maxInner?: number;
  /**
   * Victim `"atnmf"` only: answers of its adversary at every step of an attack. Default 20. The reference and the
   * factorizations that results are judged by have as many more as make up `evaluationIterations`.
   */
  readonly maxOuter?: number;
  /** Sizes of the perturbation: for `"l2"` relative to ‖V‖_F, for `"linf"` absolute. */
  readonly epsilons: readonly number[];
  /** Euclidean norm or largest entry. Default `"l2"`. */
  readonly norm?: Norm;
  /** `"pgd"` (default): projected ascent with momentum (Auto-PGD). `"fgsm"`: one step from a random point. */
  readonly attack?: "pgd" | "fgsm";
  /** Steps of `"pgd"`. Default 40. */
  readonly steps?: number;
  /** The first step, in units of ε; Auto-PGD halves it where it does not pay. Default 2. */
  readonly stepSize?: number;
  /**
   * Attacks from different random points, of which the best is kept. Default 4. With 8 steps and more all but the
   * first spend half of them on approaching the features that V's factorization passes from another start, where
   * there are such: from a start that leads straight to the reference no attack gets far without.
   */
  readonly restarts?: number;
  /**
   * Whether to begin at a random point of the ball; at V itself, with the reference for its factorization, the
   * feature error is 0 and has no gradient. Default true.
   */
  readonly randomStart?: boolean;
  /**
   * What the attack raises: the feature error (default), or the victim's loss, the baseline of the paper: features
   * hardly move under it. Beside every attack on the feature error one on the loss is made as a control.
   */
  readonly objective?: "feature-error" | "reconstruction";
  /**
   * Which gradient of the feature error is followed; `"both"` attacks with each and keeps the better. Default
   * `"implicit"`; that of victim `"atnmf"` is `"backprop"`.
   */
  readonly gradient?: "implicit" | "backprop" | "both";
  /**
   * Iterations of the victim's updates at every step of an attack. Default 1000; see `maxOuter` for `"atnmf"`. With
   * 8 steps and more the last quarter of them looks three times as far ahead, and what is said of `restarts` a tenth.
   */
  readonly iterations?: number;
  /** Iterations that `"backprop"` goes through. Default: as many as `iterations`. */
  readonly backpropIterations?: number;
  /**
   * Iterations of the reference and of the factorizations that results are judged by. Default 10,000; for victim
   * `"atnmf"` those of all inner loops together, rounded up to whole ones.
   */
  readonly evaluationIterations?: number;
  /**
   * δ of the implicit system. Default 0.01; where it cannot be solved, δ grows up to five times that, and beyond
   * the gradient of that step is back-propagated.
   */
  readonly damping?: number;
  /** What the victim minimises. Default `"kullback-leibler"`; `"atnmf"` has `"frobenius"` only. */
  readonly loss?: "kullback-leibler" | "frobenius";
  /** Factors that the feature error is measured against; default: those of V from the same start. */
  readonly reference?: Factors;
  /**
   * The victim's start, which the attacker knows. Default `"random"`. It decides how far an attack can get: on WTSI
   * at an L2 size of 0.01 to feature errors from 0.54 to 0.80 over the starts of ten seeds.
   */
  readonly init?: InitOption;
  /** Of the start, the random points and the controls. Default 0. */
  readonly seed?: number;
  /** The box that entries stay in. Default 0 … the largest entry of V. */
  readonly clip?: readonly [low: number, high: number];
  /**
   * Which point of an attack is the result: `"best"` (default), of the three where the objective was largest on the
   * way that of the largest feature error after the whole factorization; or the last.
   */
  readonly keep?: "best" | "last";
  /**
   * Whether each step goes on from the factors of the step before instead of the victim's start. Default false: what
   * such factors follow is another branch of solutions than the victim's, and the feature error that is seen on the
   * way may be far above that of the result.
   */
  readonly warmStart?: boolean;
  /**
   * `"official"`: the procedure of LaFA's own code, to compare with. A new random start for every gradient and
   * another for what it compares with, sign steps of 0.01 from V itself, scaled to the sphere and clipped last; the
   * last point is the result, and is held against a reference of half as many iterations as its factorization. 1600
   * `iterations`; `"implicit"` is a sum of 80 terms, taken here as the last 81 iterations back-propagated.
   */
  readonly compat?: "official";
  /** Other random starts that the results and V itself are factorized from, as controls. Default 5. */
  readonly otherStarts?: number;
  /** Random perturbations of the same size, as controls. Default 3. */
  readonly noiseTrials?: number;
  /** As in {@link nmf}. */
  readonly threads?: number;
  /** Stops the call with `ABORTED`; the error's `best` holds the perturbed matrices so far. */
  readonly signal?: AbortSignal;
  /** Called after every step. */
  readonly onProgress?: (progress: LafaProgress) => void;
  /** The engine to compute on; default a shared one. */
  readonly engine?: Engine;
}

const LAFA_OPTIONS = [
  "rank",
  "model",
  "lambda",
  "maxInner",
  "maxOuter",
  "epsilons",
  "norm",
  "attack",
  "steps",
  "stepSize",
  "restarts",
  "randomStart",
  "objective",
  "gradient",
  "iterations",
  "backpropIterations",
  "evaluationIterations",
  "damping",
  "loss",
  "reference",
  "init",
  "seed",
  "clip",
  "keep",
  "warmStart",
  "compat",
  "otherStarts",
  "noiseTrials",
  "threads",
  "signal",
  "onProgress",
  "engine",
] as const;

/** Iterations of one gradient of the official procedure. */
const OFFICIAL_ITERATIONS = 1600;
/** Options that the official procedure leaves no choice of. */
const NOT_OFFICIAL = [
  "attack",
  "stepSize",
  "restarts",
  "randomStart",
  "backpropIterations",
  "damping",
  "keep",
  "objective",
  "warmStart",
] as const;
/** The arguments of `lafa`, checked. */
export interface Checked {
  readonly V: Matrix;
  readonly rank: number;
  readonly epsilons: readonly number[];
  readonly kind: Norm;
  readonly steps: number;
  readonly stepSize: number;
  readonly restarts: number;
  readonly randomStart: boolean;
  readonly kinds: readonly Direction[];
  readonly iterations: number;
  readonly backpropIterations: number;
  readonly evaluationIterations: number;
  readonly damping: number;
  readonly loss: "kullback-leibler" | "frobenius";
  /** Of a victim that is AT-NMF. */
  readonly training: Training | undefined;
  readonly seed: number;
  readonly low: number;
  readonly high: number;
  readonly keep: "best" | "last";
  readonly warmStart: boolean;
  readonly official: boolean;
  readonly otherStarts: number;
  readonly noiseTrials: number;
  readonly threads: number | undefined;
  /** Entries as a matrix like V. */
  shaped(X: Float64Array): Matrix;
}

/**
 * Checks the arguments of `lafa`.
 *
 * @throws AdvnmfError `OPTION` and `NOT_FINITE`, and what the entries of V throw.
 */
export function checkAttack(data: MatrixLike, options: LafaOptions): Checked {
  checkOptions(options, LAFA_OPTIONS, "lafa");
  const V = toMatrix(data, "V");
  const { missing, max } = checkEntries(V, "V");
  if (missing > 0) {
    throw new AdvnmfError("NOT_FINITE", `V has ${missing} entries that are NaN; an attack needs all of V`, {
      count: missing,
    });
  }
  const { epsilons } = options;
  if (!Array.isArray(epsilons) || epsilons.length === 0) {
    throw new AdvnmfError("OPTION", `epsilons must be an array of sizes, got ${show(epsilons)}`, {
      option: "epsilons",
    });
  }
  for (const epsilon of epsilons) numberFrom(epsilon, 0, "epsilons");
  const [low, high] = checkClip(options.clip ?? [0, max], V, max);
  const attack = oneOf(options.attack ?? "pgd", ["pgd", "fgsm"], "attack");
  if (attack === "fgsm" && options.steps !== undefined) {
    throw new AdvnmfError("OPTION", 'steps belongs to attack "pgd"; "fgsm" takes one', { option: "steps" });
  }
  const model = checkModel(options, {
    nmf: ["iterations", "backpropIterations", "damping", "compat"],
    atnmf: ["lambda", "maxInner", "maxOuter"],
  });
  const { lambda, maxInner, maxOuter } = options;
  const training =
    model === "atnmf" ? checkTraining(lambda, ["maxInner", maxInner], ["maxOuter", maxOuter]) : undefined;
  const gradient = oneOf(
    options.gradient ?? (training ? "backprop" : "implicit"),
    ["implicit", "backprop", "both"],
    "gradient",
  );
  if (training && gradient !== "backprop") {
    throw new AdvnmfError("OPTION", `the gradient of model "atnmf" is "backprop", got "${gradient}"`, {
      option: "gradient",
      got: gradient,
    });
  }
  const objective = oneOf(
    options.objective ?? "feature-error",
    ["feature-error", "reconstruction"],
    "objective",
  );
  if (objective === "reconstruction" && options.gradient !== undefined) {
    throw new AdvnmfError(
      "OPTION",
      'gradient belongs to objective "feature-error"; "reconstruction" has one of its own',
      { option: "gradient" },
    );
  }
  const official = options.compat !== undefined;
  if (official) {
    oneOf(options.compat, ["official"], "compat");
    for (const option of NOT_OFFICIAL) {
      if (options[option] === undefined) continue;
      throw new AdvnmfError(
        "OPTION",
        `compat "official" leaves no choice of ${option}; leave one of them out`,
        {
          option,
        },
      );
    }
    if (gradient === "both") {
      throw new AdvnmfError("OPTION", 'compat "official" follows one gradient: "implicit" or "backprop"', {
        option: "gradient",
      });
    }
  }
  const iterations = wholeNumber(
    training
      ? training.inner * training.outer
      : (options.iterations ?? (official ? OFFICIAL_ITERATIONS : 1000)),
    1,
    0x7fffffff,
    "iterations",
  );
  const single = V.data instanceof Float32Array;
  return {
    V,
    rank: options.rank,
    epsilons,
    kind: oneOf(options.norm ?? "l2", ["l2", "linf"], "norm"),
    steps: attack === "fgsm" ? 1 : wholeNumber(options.steps ?? 40, 1, 1_000_000, "steps"),
    stepSize: numberFrom(options.stepSize ?? 2, 0, "stepSize"),
    restarts: wholeNumber(options.restarts ?? (official ? 1 : 4), 1, 1_000_000, "restarts"),
    randomStart: oneOf(options.randomStart ?? true, [true, false], "randomStart"),
    kinds:
      objective === "reconstruction"
        ? ["reconstruction"]
        : gradient === "both"
          ? ["implicit", "backprop"]
          : [gradient],
    iterations,
    backpropIterations: wholeNumber(
      options.backpropIterations ?? iterations,
      1,
      0x7fffffff,
      "backpropIterations",
    ),
    evaluationIterations: wholeNumber(
      options.evaluationIterations ?? 10_000,
      1,
      0x7fffffff,
      "evaluationIterations",
    ),
    damping: numberFrom(options.damping ?? 0.01, Number.MIN_VALUE, "damping"),
    loss: checkModelLoss(model, options.loss),
    training,
    seed: wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed"),
    low,
    high,
    keep: oneOf(options.keep ?? (official ? "last" : "best"), ["best", "last"], "keep"),
    warmStart: oneOf(options.warmStart ?? false, [true, false], "warmStart"),
    official,
    otherStarts: wholeNumber(options.otherStarts ?? 5, 1, 10_000, "otherStarts"),
    noiseTrials: wholeNumber(options.noiseTrials ?? 3, 1, 10_000, "noiseTrials"),
    threads: options.threads,
    shaped: (X) => ({ rows: V.rows, cols: V.cols, data: single ? singleTowards(V.data, X) : X }),
  };
}

function checkClip(clip: unknown, V: Matrix, max: number): [number, number] {
  const [low, high] = Array.isArray(clip) ? clip : [];
  if (!(Number.isFinite(low) && Number.isFinite(high) && low >= 0 && high >= low)) {
    throw new AdvnmfError("OPTION", `clip must be [low, high] with 0 ≤ low ≤ high, got ${show(clip)}`, {
      option: "clip",
      got: clip,
    });
  }
  let least = Number.POSITIVE_INFINITY;
  for (const v of V.data) least = Math.min(least, v);
  if (least < low || max > high) {
    throw new AdvnmfError(
      "OPTION",
      `V must lie within clip, ${low} … ${high}, and its entries go from ${least} to ${max}`,
      { option: "clip", least, max },
    );
  }
  return [low, high];
}
