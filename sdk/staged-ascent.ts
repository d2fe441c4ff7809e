// An attack in stages. Each is an ascent of its own (ascent.ts) from the best point of the one before.
//
// Where a start leads straight to the reference, every point of the ball is near a low local maximum of the feature
// error, and no ascent leaves it. So all restarts but the first are led: they begin by lowering the feature error
// against the features that V's factorization passes from another start, through a tenth of the iterations, which
// decide where the rest go. From there they raise the feature error against the reference as the first one does.
// The last stage of all looks three times as far ahead, since what is judged in the end is a longer factorization,
// and features that merely lag behind are of no use there.

import { Ascent } from "./ascent.js";
import type { Norm, PerturbationSet } from "./projection.js";

/** What a stage does. */
export interface Stage {
  /** Points that it looks at. */
  readonly points: number;
  /** Iterations of the victim at each, as a multiple of those of the options. */
  readonly depth: number;
  /** Whether it approaches features of another start, by back-propagation, instead of leaving those of the reference. */
  readonly leads: boolean;
}

/** One or more, in order. */
type Stages = readonly [Stage, ...Stage[]];

/** Steps below which there is one stage only. */
const FEWEST_STEPS = 8;
/** Parts of the steps that lead, and that look far ahead; and how far ahead those look. */
const LEADING_PART = 1 / 2;
const LEADING_DEPTH = 1 / 10;
const LAST_PART = 1 / 4;
const LAST_DEPTH = 3;

/** The one stage of an attack that has no others. */
export function wholeStage(steps: number): Stage {
  return { points: steps + 1, depth: 1, leads: false };
}

/** Whether an attack of so many steps can be led. */
export function canLead(steps: number): boolean {
  return steps >= FEWEST_STEPS;
}

/** The stages of an attack on the feature error; they look at `steps` + 1 points. */
export function stagesOf(steps: number, led: boolean): Stages {
  if (!canLead(steps)) return [wholeStage(steps)];
  const leading = led ? Math.floor(LEADING_PART * steps) : 0;
  const last = Math.floor(LAST_PART * steps);
  const rest: Stages = [
    { points: steps + 1 - leading - last, depth: 1, leads: false },
    { points: last, depth: LAST_DEPTH, leads: false },
  ];
  return led ? [{ points: leading, depth: LEADING_DEPTH, leads: true }, ...rest] : rest;
}

/** The ascents of all stages, one after the other. */
export class StagedAscent {
  readonly #begin: (start: Float64Array, stage: Stage) => Ascent;
  readonly #later: Stage[];
  #ascent: Ascent;
  #left: number;
  #best: Float64Array;
  /** The stage that it is in. */
  stage: Stage;
  /** The largest value so far; what leads has values below 0. */
  bestValue = Number.NEGATIVE_INFINITY;

  /** `step`: the first of every stage, in the units of the norm. */
  constructor(
    set: PerturbationSet,
    kind: Norm,
    start: Float64Array,
    [first, ...later]: Stages,
    step: number,
  ) {
    this.#begin = (from, { points }) => new Ascent(set, kind, from, points - 1, step);
    this.#later = later;
    this.#ascent = this.#begin(start, first);
    this.#left = first.points;
    this.#best = start;
    this.stage = first;
  }

  /** Where it stands. */
  get point(): Float64Array {
    return this.#ascent.point;
  }

  /** The point of the largest value so far. */
  get best(): Float64Array {
    return this.#best;
  }

  /** The points of the largest values of this stage, the best first. */
  get leaders(): Ascent["leaders"] {
    return this.#ascent.leaders;
  }

  /** Notes the value of the present point. */
  note(value: number, gradient: ArrayLike<number>): void {
    this.#ascent.note(value, gradient);
    if (value <= this.bestValue) return;
    this.bestValue = value;
    this.#best = this.point;
  }

  /** Goes on from the present point, which has been noted; after the last of a stage, to the best of that stage. */
  advance(gradient: ArrayLike<number>): void {
    this.#left--;
    const next = this.#left > 0 ? undefined : this.#later.shift();
    if (!next) {
      this.#ascent.advance(gradient);
      return;
    }
    this.#ascent = this.#begin(this.#ascent.best, next);
    this.#left = next.points;
    this.stage = next;
  }
}
