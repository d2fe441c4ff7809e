// Latent feature attacks (Vu et al., arXiv 2408.03909): data within a small distance of V whose factorization has
// other features. All attacks of a call, over ε, restarts and kinds of gradient, go step by step together, so that
// their factorizations can be computed side by side.

import { type Checked, checkAttack, type LafaOptions } from "./attack-options.js";
import { defaultEngine, type Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { type Factors, type FeatureErrorResult, featureError } from "./feature-error.js";
import { uniformNumbers } from "./kernel-calls.js";
import type { Matrix, MatrixLike, Numbers } from "./matrix.js";
import { OfficialAscent } from "./official-ascent.js";
import { difference, norm as normOf, PerturbationSet } from "./projection.js";
import { abortedBefore, nextTurn, type Solution } from "./solve.js";
import { canLead, StagedAscent, stagesOf, wholeStage } from "./staged-ascent.js";
import { type Attack, type Direction, type Outlook, Victim } from "./victim.js";

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
  /** Feature errors along the kept attack, after the iterations of its steps, of which the stages have more or fewer. */
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

/** Streams of the random points, and of the noise of the controls, lie far from those of the starts. */
const POINT_STREAM = 0x50000000;
const NOISE_STREAM = 0x51000000;
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

/** A point that an attack ended at, and the victim's whole factorization of it. */
interface Judged {
  readonly attack: Attack;
  readonly perturbed: Matrix;
  readonly fit: Solution;
  readonly error: FeatureErrorResult;
}

/** What was found for one ε. */
export interface Found extends Judged {
  readonly epsilon: number;
  /** The size that it reached, in the units of ε. */
  readonly size: number;
  /** The point of an attack on the victim's loss. */
  readonly onLoss: Judged;
  readonly warnings: readonly string[];
  /** Random points at that distance from V. */
  noises(): Promise<Matrix[]>;
}

/** Attacks that have ended. */
export interface Pursuit {
  readonly asked: Checked;
  readonly victim: Victim;
  /** One entry for each ε, in order. */
  readonly found: readonly Found[];
  /** The error of a call that is cancelled from here on. */
  withPoints(error: unknown): unknown;
}

/** The attack of `lafa`; documented there. */
export async function attackFeatures(data: MatrixLike, options: LafaOptions): Promise<LafaResult> {
  const began = performance.now();
  const { asked, victim, found, withPoints } = await pursue(data, options);
  try {
    const results: AttackResult[] = [];
    const noise: Spread[] = [];
    for (const { epsilon, attack, perturbed, fit, error, size, warnings, noises } of found) {
      const shaken = await victim.factorizeAll(await noises());
      noise.push(spread(shaken.map((fitted) => featureError(fitted, victim.reference).value)));
      results.push({
        epsilon,
        perturbed,
        delta: { rows: asked.V.rows, cols: asked.V.cols, data: difference(perturbed.data, asked.V.data) },
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
    const unattacked = featureError(await victim.factorize(asked.V), victim.reference).value;
    const refit = spread(await victim.otherStarts(asked.V));
    const reconstruction = found.map(({ onLoss }) => onLoss.error.value);
    return {
      reference: victim.reference,
      results,
      baseline: { unattacked, refit, noise, reconstruction },
      assumption: asked.official
        ? "The attacker draws starts of its own and does not know that of the victim's factorization."
        : "The attacker knows the start of the victim's factorization; `transfer` tells what is left for starts that the attacker does not know.",
      seconds: (performance.now() - began) / 1000,
      peakBytes: victim.peakBytes,
    };
  } catch (error) {
    throw withPoints(error);
  }
}

/** The attacks of `lafa` and those on the loss beside them, to their end, without any other control. */
export async function pursue(data: MatrixLike, options: LafaOptions): Promise<Pursuit> {
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
  const withPoints = (error: unknown) => withAttacks(error, steps, best(), asked);
  try {
    return { asked, victim, found: await judge(victim, engine, asked, sets, attacks, unit), withPoints };
  } catch (error) {
    throw withPoints(error);
  }
}

/** The best points of all attacks by the whole factorization. */
async function judge(
  victim: Victim,
  engine: Engine,
  asked: Checked,
  sets: readonly PerturbationSet[],
  attacks: readonly Attack[],
  unit: number,
): Promise<Found[]> {
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
  return sets.map((set, index) => {
    const epsilon = asked.epsilons[index] as number;
    const most = (chosen: (attack: Attack) => boolean) =>
      judged
        .filter(({ attack }) => attack.index === index && chosen(attack))
        .reduce((a, b) => (b.error.value > a.error.value ? b : a));
    const best = most(({ control }) => !control);
    const size = set.size(best.perturbed.data) / unit;
    const warnings: string[] = [];
    if (size < REACHED * epsilon && epsilon > 0) {
      warnings.push(
        `The perturbation has the size ${size}, not ${epsilon}: the box ${asked.low} … ${asked.high} allows no more where the attack led, or the best point lay inside.`,
      );
    }
    const noises = async () => {
      const points: Matrix[] = [];
      for (let trial = 0; trial < asked.noiseTrials; trial++) {
        const D = await randomDirection(engine, asked, NOISE_STREAM + trial, size * unit);
        points.push(asked.shaped(set.project(D)));
      }
      return points;
    };
    return {
      ...best,
      epsilon,
      size,
      onLoss: most(({ kind }) => kind === "reconstruction"),
      warnings,
      noises,
    };
  });
}

/** A random direction of norm `radius`: entries uniform around 0. */
async function randomDirection(
  engine: Engine,
  { V, seed, kind }: Checked,
  stream: number,
  radius: number,
): Promise<Float64Array> {
  const D = (await uniformNumbers(engine, seed, stream, V.data.length)).map((x) => x - 0.5);
  const scale = radius / normOf(kind, D);
  return D.map((d) => d * scale);
}

/** Mean and extremes of figures. */
export function spread(values: readonly number[]): Spread {
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
