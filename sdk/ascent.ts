// Auto-PGD (Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
// attacks", ICML 2020): projected ascent with momentum whose step is halved, from the best point so far, where it
// does not pay any more.
//
//   z = P(x + η d),  x⁺ = P(x + ¾(z − x) + ¼(x − x⁻)),  d the steepest direction, η = 2ε to begin with
//
// Checkpoints lie at p_j N steps with p_0 = 0, p_1 = 0.22, p_{j+1} = p_j + max(p_j − p_{j−1} − 0.03, 0.06). η is
// halved at one if less than ¾ of the steps since the last raised the value, or if neither η nor the best value
// has changed since then.

import { type Norm, type PerturbationSet, steepest } from "./projection.js";

const MOMENTUM = 0.75;
const ENOUGH_RISES = 0.75;
const FIRST_INTERVAL = 0.22;
const SHRINK = 0.03;
const SHORTEST_INTERVAL = 0.06;

/** Best points that are kept. */
const LEADERS = 3;

/** The checkpoints of N steps. */
function checkpoints(steps: number): Set<number> {
  const found = new Set<number>();
  let before = 0;
  for (let at = FIRST_INTERVAL; at < 1; ) {
    found.add(Math.ceil(at * steps));
    const next = at + Math.max(at - before - SHRINK, SHORTEST_INTERVAL);
    before = at;
    at = next;
  }
  return found;
}

/** One ascent: where it stands, and the best it has met. */
export class Ascent {
  readonly #set: PerturbationSet;
  readonly #norm: Norm;
  readonly #checkpoints: Set<number>;
  #step: number;
  #taken = 0;
  #lastCheckpoint = 0;
  #rises = 0;
  #value = Number.NEGATIVE_INFINITY;
  #halved = false;
  #bestThen = Number.NEGATIVE_INFINITY;
  #before: Float64Array;
  #bestGradient: ArrayLike<number> = [];
  /** Where it stands. */
  point: Float64Array;
  /** The points of the largest values so far, the best first. */
  readonly leaders: { readonly value: number; readonly point: Float64Array }[] = [];

  /** `step`: the first η, in the units of the norm. */
  constructor(set: PerturbationSet, kind: Norm, start: Float64Array, steps: number, step: number) {
    this.#set = set;
    this.#norm = kind;
    this.#step = step;
    this.#checkpoints = checkpoints(steps);
    this.point = start;
    this.#before = start;
  }

  /** The point of the largest value so far. */
  get best(): Float64Array {
    return this.leaders[0]?.point ?? this.point;
  }

  /** That value. */
  get bestValue(): number {
    return this.leaders[0]?.value ?? Number.NEGATIVE_INFINITY;
  }

  /** Notes the value of the present point. */
  note(value: number, gradient: ArrayLike<number>): void {
    if (value > this.#value) this.#rises++;
    this.#value = value;
    if (value > this.bestValue) this.#bestGradient = gradient;
    const place = this.leaders.findIndex((leader) => value > leader.value);
    this.leaders.splice(place < 0 ? this.leaders.length : place, 0, { value, point: this.point });
    this.leaders.splice(LEADERS);
  }

  /** Goes on from the present point, which has been noted. */
  advance(gradient: ArrayLike<number>): void {
    let along = gradient;
    if (this.#checkpoints.has(this.#taken)) {
      const few = this.#rises < ENOUGH_RISES * (this.#taken - this.#lastCheckpoint);
      const stuck = !this.#halved && this.bestValue === this.#bestThen;
      this.#halved = few || stuck;
      if (this.#halved) {
        this.#step /= 2;
        this.point = this.best;
        this.#before = this.best;
        this.#value = this.bestValue;
        along = this.#bestGradient;
      }
      this.#bestThen = this.bestValue;
      this.#lastCheckpoint = this.#taken;
      this.#rises = 0;
    }
    const direction = steepest(this.#norm, along);
    const D = this.#set.difference(this.point);
    const z = this.#set.difference(
      this.#set.project(D.map((d, at) => d + this.#step * (direction[at] as number))),
    );
    const earlier = this.#set.difference(this.#before);
    const first = this.#taken === 0;
    const next = D.map((d, at) =>
      first
        ? (z[at] as number)
        : d + MOMENTUM * ((z[at] as number) - d) + (1 - MOMENTUM) * (d - (earlier[at] as number)),
    );
    this.#before = this.point;
    this.point = this.#set.project(next);
    this.#taken++;
  }
}
