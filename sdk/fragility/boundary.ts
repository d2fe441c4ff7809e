// The margin g = f_own − f_other along straight ways, and where it turns.

import type { NetworkWorkspace } from "./workspace.js";

/** Numbers of a way: its points are start + t·(end − start). */
export type Point = ArrayLike<number>;

/** Parts of a way that are looked at in one pass. */
const PARTS = 16;

/** Where g turns, as a part of the way: the last t known before, and the first known behind it. */
export interface Crossing {
  /** On the boundary, as near as g, taken as straight in between, tells. */
  readonly t: number;
  /** Just behind it. */
  readonly behind: number;
}

/** The margin of two classes under a network in the engine's memory. */
export class Margin {
  readonly #net: NetworkWorkspace;
  readonly #classes: number;
  readonly own: number;
  readonly other: number;

  /** `classes`: outputs of the network, whose batch is `PARTS` points or more. */
  constructor(net: NetworkWorkspace, classes: number, own: number, other: number) {
    this.#net = net;
    this.#classes = classes;
    this.own = own;
    this.other = other;
  }

  /** Least batch of a network that it is asked of. */
  static readonly BATCH = PARTS;

  /** Which way is asked about. */
  along(start: Point, end: Point): void {
    this.#net.setPoints(start);
    this.#net.setPoints(end, 1);
  }

  /** Values at first + i·spacing. */
  values(first: number, spacing: number, count: number): Float64Array {
    this.#net.segment(this.own, this.other, first, spacing, count);
    const scores = this.#net.scores(count);
    return Float64Array.from({ length: count }, (_, i) => {
      const row = i * this.#classes;
      return (scores[row + this.own] as number) - (scores[row + this.other] as number);
    });
  }

  /** Value and gradient at `point`. */
  at(point: Point): { value: number; gradient: ArrayLike<number>; norm: number } {
    this.along(point, point);
    const [value] = this.values(0, 0, 1);
    return {
      value: value as number,
      gradient: this.#net.gradients(1),
      norm: this.#net.figures(1)[0] as number,
    };
  }

  /**
   * The first turn of the way between `from`, where the margin is above 0, and `to`; undefined where it is above 0 at
   * every point of an even grid. Narrowed down to `tolerance` of its place.
   */
  crossing(from: number, to: number, tolerance: number): Crossing | undefined {
    let low = from;
    let high = to;
    let before = Number.NaN;
    let behind = Number.NaN;
    for (let round = 0; ; round++) {
      const spacing = (high - low) / PARTS;
      const values = this.values(low + spacing, spacing, PARTS);
      const turn = values.findIndex((value) => !(value > 0));
      // Later rounds have a turn at their end at least.
      if (turn < 0 && round === 0) return undefined;
      const place = turn < 0 ? PARTS - 1 : turn;
      if (place > 0) before = values[place - 1] as number;
      else if (round === 0) before = this.values(low, 0, 1)[0] as number;
      behind = values[place] as number;
      const next = low + place * spacing;
      high = low + (place + 1) * spacing;
      low = next;
      // The second condition: there is no number left in between.
      if (high - low <= tolerance * high || low + (high - low) / PARTS === low) break;
    }
    const share = before > 0 && before > behind ? before / (before - behind) : 1;
    return { t: low + share * (high - low), behind: high };
  }
}
