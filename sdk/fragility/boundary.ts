// The margin g = f_own − f_other along straight ways, and where it turns.

import type { NetworkWorkspace } from "./workspace.js";

/** Numbers of a way: its points are start + t·(end − start). */
export type Point = ArrayLike<number>;

/** Parts of a way that a turn is looked for in, and points of a pass that narrows it down. */
const PARTS = 16;
const CLOSER = 4;
const MOST_ROUNDS = 200;

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
    this.#net.way(first, spacing, count);
    return this.#margins(count);
  }

  /** The same; the network then has figures and gradients too. */
  slopes(first: number, spacing: number, count: number): Float64Array {
    this.#net.segment(this.own, this.other, first, spacing, count);
    return this.#margins(count);
  }

  #margins(count: number): Float64Array {
    const scores = this.#net.scores(count);
    return Float64Array.from({ length: count }, (_, i) => {
      const row = i * this.#classes;
      return (scores[row + this.own] as number) - (scores[row + this.other] as number);
    });
  }

  /** Value and gradient at `point`. */
  at(point: Point): { value: number; gradient: ArrayLike<number>; norm: number } {
    this.along(point, point);
    const [value] = this.slopes(0, 0, 1);
    return {
      value: value as number,
      gradient: this.#net.gradients(1),
      norm: this.#net.figures(1)[0] as number,
    };
  }

  /**
   * The first turn of the way between `from`, where the margin is above 0, and `to`; undefined where it is above 0 at
   * every point of an even grid. Narrowed down to `tolerance` of its place: where g, taken as straight, would turn, and
   * close by on both sides; where that did not halve what is left, evenly.
   */
  crossing(from: number, to: number, tolerance: number): Crossing | undefined {
    const part = (to - from) / PARTS;
    const values = this.values(from + part, part, PARTS);
    const turn = values.findIndex((value) => !(value > 0));
    if (turn < 0) return undefined;
    let low = from + turn * part;
    let high = from + (turn + 1) * part;
    let before = turn > 0 ? (values[turn - 1] as number) : (this.values(from, 0, 1)[0] as number);
    let behind = values[turn] as number;
    let halved = true;
    const straight = () => low + (before > behind ? before / (before - behind) : 1) * (high - low);
    for (let round = 0; round < MOST_ROUNDS && high - low > tolerance * high; round++) {
      const left = high - low;
      const spacing = halved ? (tolerance * high) / 2 : left / (CLOSER + 1);
      const first = halved ? straight() - 1.5 * spacing : low + spacing;
      const found = this.values(first, spacing, CLOSER);
      for (let i = 0; i < CLOSER; i++) {
        const t = first + i * spacing;
        if (!(t > low && t < high)) continue;
        const value = found[i] as number;
        if (value > 0) [low, before] = [t, value];
        else [high, behind] = [t, value];
        if (!(value > 0)) break;
      }
      // There are no numbers in between any more.
      if (!halved && high - low === left) break;
      halved = high - low <= left / 2;
    }
    return { t: straight(), behind: high };
  }
}
