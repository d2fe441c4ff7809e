// The ascent of LaFA's own code (arXiv 2408.03909, github.com/lanl/LaFA), kept to compare with: sign steps of one
// length in either norm; in the Euclidean one the perturbation is then scaled to the sphere, also from inside; the
// box comes last and may shorten it; where it ends is the result.

import { type Norm, norm as normOf, type PerturbationSet, steepest } from "./projection.js";

/** Length of a step in every entry (the experiments' --alpha). */
const ALPHA = 0.01;

/** One such ascent. */
export class OfficialAscent {
  readonly #set: PerturbationSet;
  readonly #norm: Norm;
  readonly #radius: number;
  readonly #clip: (X: Float64Array) => Float64Array;
  /** There is but one stage. */
  readonly stage = { depth: 1, leads: false } as const;
  /** Where it stands. */
  point: Float64Array;
  /** The value there. */
  bestValue = Number.NEGATIVE_INFINITY;

  /** `V` is where it begins, `radius` in the units of the norm. */
  constructor(set: PerturbationSet, kind: Norm, V: Float64Array, radius: number, low: number, high: number) {
    this.#set = set;
    this.#norm = kind;
    this.#radius = radius;
    this.#clip = (X) => X.map((x) => Math.max(low, Math.min(high, x)));
    this.point = V;
  }

  /** Where it stands, whatever it has met. */
  get best(): Float64Array {
    return this.point;
  }

  /** That point alone. */
  get leaders(): readonly { readonly value: number; readonly point: Float64Array }[] {
    return [{ value: this.bestValue, point: this.point }];
  }

  /** Notes the value of the present point. */
  note(value: number): void {
    this.bestValue = value;
  }

  /** Takes a step. */
  advance(gradient: ArrayLike<number>): void {
    const signs = steepest("linf", gradient);
    const base = this.#set.base;
    const D = this.#set.difference(this.point).map((d, at) => d + ALPHA * (signs[at] as number));
    const radius = this.#radius;
    const length = normOf("l2", D);
    const bounded =
      this.#norm === "linf"
        ? D.map((d) => Math.max(-radius, Math.min(radius, d)))
        : D.map((d) => (length > 0 ? (d / length) * radius : 0));
    this.point = this.#clip(bounded.map((d, at) => (base[at] as number) + d));
  }
}
