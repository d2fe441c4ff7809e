// Latent feature attacks (Vu et al., arXiv 2408.03909): data within a small distance of V whose factorization has
// other features. All attacks of a call, over ε, restarts and kinds of gradient, go step by step together, so that
// their factorizations can be computed side by side.

import { defaultEngine, type Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { type Factors, featureError } from "./feature-error.js";
import { checkEntries, type Matrix, type MatrixLike, type Numbers, toMatrix } from "./matrix.js";
import { checkModel, checkModelLoss, checkTraining, type Model, type Training } from "./model.js";
import { OfficialAscent } from "./official-ascent.js";
import { checkOptions, numberFrom, oneOf, show, wholeNumber } from "./options.js";
import { type Norm, norm as normOf, PerturbationSet, singleTowards } from "./projection.js";
import { abortedBefore, nextTurn, type Solution } from "./solve.js";
import { canLead, StagedAscent, stagesOf, wholeStage } from "./staged-ascent.js";
import type { InitOption } from "./types.js";
import { type Attack, type Direction, type Outlook, Victim } from "./victim.js";

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
  /** Attacks from different random points, of which the best is kept. Default 4: one of them may stay where features hardly move. */
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
  /** Iterations of the victim's updates at every step of an attack. Default 1000; see `maxOuter` for `"atnmf"`. */
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
   * at an L2 size of 0.01 to 0.65 and more from six of ten random starts, to less than 0.4 from the others, whatever
   * the restarts.
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

/** Mean and extremes of some feature errors. */
export interface Spread {
  /** The mean. */
  readonly mean: number;
  /** The least. */
  readonly least: number;
  /** The largest. */
  readonly most: number;
  /** All of them. */
  readonly values: readonly number[];
}

/** What an attack of one size came to. */
export interface AttackResult<A extends Numbers = Numbers> {
  /** The size that was allowed, as in the options. */
  readonly epsilon: number;
  /** The data under attack, m×n. */
  readonly perturbed: Matrix<A>;
  /** What was added to V, m×n. */
  readonly delta: Matrix<Float64Array>;
  /** The size that was reached, in the units of ε. */
  readonly size: number;
  /** Feature error of the victim's factorization of `perturbed`, from its own start. */
  readonly featureError: number;
  /** The part of W. */
  readonly featureErrorW: number;
  /** The part of H. */
  readonly featureErrorH: number;
  /** ‖X − WH‖_F / ‖X‖_F of that factorization. */
  readonly reconstructionError: number;
  /** Its W. */
  readonly W: Matrix<A>;
  /** Its H. */
  readonly H: Matrix<A>;
  /** Feature errors along the kept attack, after the few iterations of its steps. */
  readonly history: readonly number[];
  /** The gradient that the kept attack followed: of the feature error in either way, or of the victim's loss. */
  readonly gradient: "implicit" | "backprop" | "reconstruction";
  /** Whether every implicit system on the way could be solved, at some damping. */
  readonly gradientReliable: boolean;
  /** Feature errors of `perturbed` from other random starts, which the attacker does not know. */
  readonly transfer: Spread;
  /** What the caller should know, in sentences. */
  readonly warnings: readonly string[];
}

/** What {@link lafa} returns. */
export interface LafaResult<A extends Numbers = Numbers> {
  /** What feature errors are measured against. */
  readonly reference: Factors<Matrix>;
  /** One entry for each ε, in order. */
  readonly results: readonly AttackResult<A>[];
  /** What the attacks are held against, all from the victim's start but `refit`. */
  readonly baseline: {
    /** Feature error of V itself from the victim's start: 0 unless a reference was given. */
    readonly unattacked: number;
    /** Feature errors of V from other random starts: what a change of the start alone does. */
    readonly refit: Spread;
    /** Feature errors of random perturbations of the size that each attack reached; one entry for each ε, in order. */
    readonly noise: readonly Spread[];
    /** Feature error that an attack of each ε on the victim's loss comes to; one entry for each ε, in order. */
    readonly reconstruction: readonly number[];
  };
  /** What the figures assume. */
  readonly assumption: string;
  /** Seconds from the call to the result. */
  readonly seconds: number;
  /** Most bytes of WebAssembly memory that one of the factorizations or gradients took. */
  readonly peakBytes: number;
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

/** Streams of the random points, and of the noise of the controls, lie far from those of the starts. */
const POINT_STREAM = 0x50000000;
const NOISE_STREAM = 0x51000000;
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
/** Below this part of ε a size counts as held back by the box. */
const REACHED = 0.999;

/** The perturbed matrices so far, on the error of a call that was cancelled. */
export interface PartialAttacks {
  /** One entry for each ε, with the largest feature error that was met. */
  readonly results: readonly {
    readonly epsilon: number;
    readonly perturbed: Matrix;
    /** After the few iterations of a step. */
    readonly featureError: number;
  }[];
}

/** The attack of `lafa`; documented there. */
export async function attackFeatures(data: MatrixLike, options: LafaOptions): Promise<LafaResult> {
  const began = performance.now();
  const asked = checkAttack(data, options);
  const { V, epsilons, kind, low, high, steps } = asked;
  const { signal } = options;
  if (signal?.aborted) throw abortedBefore(signal);
  const engine = options.engine ?? (await defaultEngine());
  const victim = new Victim(asked, options, engine);
  await victim.begin();

  const unit = kind === "l2" ? normOf("l2", V.data) : 1;
  const sets = epsilons.map((epsilon) => new PerturbationSet(V.data, kind, epsilon * unit, low, high));
  const attacks: Attack[] = [];
  const others = asked.restarts - 1;
  const led = canLead(steps) && !asked.official && !asked.kinds.includes("reconstruction");
  const detours = led ? await victim.detours(others * asked.kinds.length) : [];
  for (const [index, set] of sets.entries()) {
    const radius = (epsilons[index] as number) * unit;
    for (let restart = 0; restart < asked.restarts; restart++) {
      const start = asked.randomStart
        ? set.project(await randomDirection(engine, asked, POINT_STREAM + restart, radius))
        : Float64Array.from(V.data);
      const begin = (direction: Direction, control: boolean, target?: Factors<Matrix>) => {
        const whole = direction === "reconstruction";
        const stages = whole ? ([wholeStage(steps)] as const) : stagesOf(steps, target !== undefined);
        const ascent =
          asked.official && !control
            ? new OfficialAscent(set, kind, Float64Array.from(V.data), radius, low, high)
            : new StagedAscent(set, kind, start, stages, asked.stepSize * radius);
        attacks.push({
          index,
          kind: direction,
          ascent,
          target,
          control,
          history: [],
          error: 0,
          solved: true,
        });
      };
      for (const [way, direction] of asked.kinds.entries()) {
        begin(direction, false, restart > 0 ? detours[way * others + restart - 1] : undefined);
      }
      if (restart === 0 && !asked.kinds.includes("reconstruction")) begin("reconstruction", true);
    }
  }
  const best = () =>
    epsilons.map((_, index) =>
      attacks
        .filter((attack) => attack.index === index && !attack.control)
        .reduce((a, b) => (b.ascent.bestValue > a.ascent.bestValue ? b : a)),
    );
  for (let step = 0; step <= steps; step++) {
    try {
      const outlooks = await victim.outlooks(attacks);
      for (const [i, attack] of attacks.entries()) {
        const { value, featureError: error, gradient } = outlooks[i] as Outlook;
        attack.history.push(error);
        if (value > attack.ascent.bestValue) attack.error = error;
        attack.ascent.note(value, gradient);
        if (step < steps) attack.ascent.advance(gradient);
      }
    } catch (error) {
      throw withAttacks(error, step, best(), asked);
    }
    options.onProgress?.({ step, steps, featureErrors: best().map(({ error }) => error) });
    // Gradients of small data end before the event loop has its turn, and nobody could cancel.
    await nextTurn();
  }
  try {
    const { results, noise, reconstruction } = await judge(victim, engine, asked, sets, attacks, unit);
    const unattacked = featureError(await victim.factorize(V), victim.reference).value;
    return {
      reference: victim.reference,
      results,
      baseline: { unattacked, refit: spread(await victim.otherStarts(V)), noise, reconstruction },
      assumption: asked.official
        ? "The attacker draws starts of its own and does not know that of the victim's factorization."
        : "The attacker knows the start of the victim's factorization; `transfer` tells what is left for starts that the attacker does not know.",
      seconds: (performance.now() - began) / 1000,
      peakBytes: victim.peakBytes,
    };
  } catch (error) {
    throw withAttacks(error, steps, best(), asked);
  }
}

/** The results, and the controls that go with each. */
interface Judgement {
  readonly results: AttackResult[];
  readonly noise: Spread[];
  readonly reconstruction: number[];
}

/** The best points of all attacks, judged by the whole factorization, and the controls beside the best of each ε. */
async function judge(
  victim: Victim,
  engine: Engine,
  asked: Checked,
  sets: readonly PerturbationSet[],
  attacks: readonly Attack[],
  unit: number,
): Promise<Judgement> {
  const candidates = attacks.flatMap((attack) =>
    asked.keep === "best"
      ? attack.ascent.leaders.map(({ point }) => ({ attack, perturbed: asked.shaped(point) }))
      : [{ attack, perturbed: asked.shaped(attack.ascent.point) }],
  );
  const fits = await victim.factorizeAll(candidates.map(({ perturbed }) => perturbed));
  const judged = candidates.map((candidate, at) => {
    const fit = fits[at] as Solution;
    return { ...candidate, fit, error: featureError(fit, victim.reference) };
  });
  const results: AttackResult[] = [];
  const noise: Spread[] = [];
  const reconstruction: number[] = [];
  for (const [index, set] of sets.entries()) {
    const epsilon = asked.epsilons[index] as number;
    const most = (chosen: (attack: Attack) => boolean) =>
      judged
        .filter(({ attack }) => attack.index === index && chosen(attack))
        .reduce((a, b) => (b.error.value > a.error.value ? b : a));
    const { attack, perturbed, fit, error } = most(({ control }) => !control);
    const size = set.size(perturbed.data) / unit;
    const noises: Matrix[] = [];
    for (let trial = 0; trial < asked.noiseTrials; trial++) {
      const D = await randomDirection(engine, asked, NOISE_STREAM + trial, size * unit);
      noises.push(asked.shaped(set.project(D)));
    }
    const fitted = await victim.factorizeAll(noises);
    noise.push(spread(fitted.map((found) => featureError(found, victim.reference).value)));
    reconstruction.push(most(({ kind }) => kind === "reconstruction").error.value);
    const warnings: string[] = [];
    if (size < REACHED * epsilon && epsilon > 0) {
      warnings.push(
        `The perturbation has the size ${size}, not ${epsilon}: the box ${asked.low} … ${asked.high} allows no more where the attack led, or the best point lay inside.`,
      );
    }
    results.push({
      epsilon,
      perturbed,
      delta: { rows: asked.V.rows, cols: asked.V.cols, data: set.difference(perturbed.data) },
      size,
      featureError: error.value,
      featureErrorW: error.w,
      featureErrorH: error.h,
      reconstructionError: fit.relativeError,
      W: fit.W,
      H: fit.H,
      history: attack.history,
      gradient: attack.kind,
      gradientReliable: attack.solved,
      transfer: spread(await victim.otherStarts(perturbed)),
      warnings,
    });
  }
  return { results, noise, reconstruction };
}

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

function checkAttack(data: MatrixLike, options: LafaOptions): Checked {
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

/** A random direction of norm `radius`: entries uniform around 0. */
async function randomDirection(
  engine: Engine,
  { V, seed, kind }: Checked,
  stream: number,
  radius: number,
): Promise<Float64Array> {
  const count = V.data.length;
  const drawn = await engine.enqueue(async () => {
    const { arena } = engine;
    const mark = arena.mark();
    try {
      const address = arena.take(count * 8 + 16, "a random direction");
      engine.kernel("uniform", "f64")(seed, stream, count, address, address + count * 8);
      return new Float64Array(arena.memory.buffer, address, count).slice();
    } finally {
      arena.rewind(mark);
    }
  });
  const D = drawn.map((x) => x - 0.5);
  const scale = radius / normOf(kind, D);
  return D.map((d) => d * scale);
}

function spread(values: readonly number[]): Spread {
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    least: Math.min(...values),
    most: Math.max(...values),
    values,
  };
}

/** The error of a call that was cancelled, with the best points so far. */
function withAttacks(error: unknown, step: number, best: readonly Attack[], asked: Checked): unknown {
  if (!(error instanceof AdvnmfError) || error.code !== "ABORTED") return error;
  const partial: PartialAttacks = {
    results: best.map(({ index, ascent, error }) => ({
      epsilon: asked.epsilons[index] as number,
      perturbed: asked.shaped(ascent.best),
      featureError: error,
    })),
  };
  return new AdvnmfError(
    "ABORTED",
    `aborted after ${step} of ${asked.steps} steps; the error's "best" holds the points so far`,
    { step, steps: asked.steps },
    { cause: error.cause, best: partial },
  );
}
