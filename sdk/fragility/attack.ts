// The smallest change that turns a point: DeepFool (Moosavi-Dezfooli, Fawzi, Frossard, CVPR 2016), then along the
// boundary to where it is nearest.
//
//   DeepFool       y ← y − (1 + η)·g(y)/‖∇g(y)‖² ∇g(y)  until g(y) ≤ 0
//   boundary       the first b on the way from x to y with g(b) = 0, by sections to 1e-6
//   nearest        z = the point of {z : ∇g(b)·(z − b) = 0} that is nearest to x; b ← the boundary on the way from x
//                  to z and as far again, as long as it comes nearer, the turn of the way halved where it does not
//
// What it finds is a change that turns x, and a local minimum of its length; where ∇g is constant it is the minimum.

import { AdvnmfError } from "../errors.js";
import { checkOptions, numberFrom, wholeNumber } from "../options.js";
import { Margin } from "./boundary.js";
import { checkClass, checkNetwork, checkPoint } from "./check.js";
import { distance } from "./compression.js";
import { withNetwork } from "./predict.js";
import type { Network, NetworkAttackOptions, NetworkAttackResult } from "./types.js";
import { argmax } from "./workspace.js";

/** η of DeepFool. */
const OVERSHOOT = 0.02;
/** How far behind the tangent the boundary is looked for, in ways to it. */
const REACH = 2;
/** Halvings of a turn that did not pay. */
const MOST_HALVINGS = 6;

/** A point of the boundary, as x + t·direction. */
interface Found {
  readonly distance: number;
  /** x + that is just behind the boundary. */
  readonly perturbation: Float64Array;
  /** x + that is on it. */
  readonly foot: Float64Array;
}

/** As {@link Fragility.attack}. */
export async function attack(
  given: Network,
  point: ArrayLike<number>,
  target?: number | ArrayLike<number>,
  options: NetworkAttackOptions = {},
): Promise<NetworkAttackResult> {
  checkOptions(options, ["from", "maxIterations", "tolerance", "engine"], "fragility.attack");
  const network = checkNetwork(given);
  const { widths } = network;
  const inputs = widths[0] as number;
  const classes = widths.at(-1) as number;
  const x = checkPoint(point, inputs, "x");
  const towards = typeof target === "object" ? checkPoint(target, inputs, "target") : undefined;
  const named = typeof target === "number" ? checkClass(target, classes, "target") : undefined;
  const from = options.from === undefined ? undefined : checkClass(options.from, classes, "from");
  const most = wholeNumber(options.maxIterations ?? 50, 1, 1_000_000, "maxIterations");
  const tolerance = numberFrom(options.tolerance ?? 1e-6, 1e-15, "tolerance");
  const layout = { learns: false, points: 2, batch: Margin.BATCH, wanted: true };
  return withNetwork(network, layout, options.engine, (net) => {
    net.setPoints(x);
    net.setPoints(towards ?? x, 1);
    net.lead("scores", 2);
    const scores = net.scores(2);
    const own = from ?? argmax(scores, 0, classes);
    const to = towards ? argmax(scores, classes, classes) : named;
    if (own === to) {
      throw new AdvnmfError(
        "OPTION",
        `x is of class ${own} already, and so is its target: name another class, or a point of one`,
        { option: "target", class: own },
      );
    }
    const others =
      to === undefined ? Array.from({ length: classes }, (_, j) => j).filter((j) => j !== own) : [to];
    const results = others.map((other) => {
      const search = new Search(new Margin(net, classes, own, other), x, most, tolerance);
      return search.result(towards);
    });
    return results.reduce((best, next) => (next.distance < best.distance || !best.found ? next : best));
  });
}

/** The search for one class. */
class Search {
  readonly #margin: Margin;
  readonly #x: Float64Array;
  readonly #most: number;
  readonly #tolerance: number;
  #iterations = 0;

  constructor(margin: Margin, x: Float64Array, most: number, tolerance: number) {
    this.#margin = margin;
    this.#x = x;
    this.#most = most;
    this.#tolerance = tolerance;
  }

  result(towards: Float64Array | undefined): NetworkAttackResult {
    const x = this.#x;
    const { own, other } = this.#margin;
    const { value } = this.#margin.at(x);
    const direct = value > 0 && towards ? this.#onWayTo(towards, 1) : undefined;
    const apart = towards ? distance(x, towards) : 0;
    let best: Found | undefined;
    // It has turned already.
    if (!(value > 0)) best = { distance: 0, perturbation: x.map(() => 0), foot: x.map(() => 0) };
    else {
      for (const first of [this.#deepFool(), direct]) {
        const found = first && this.#nearest(first);
        if (found && !(best && best.distance <= found.distance)) best = found;
      }
    }
    return {
      from: own,
      to: other,
      found: best !== undefined,
      distance: best?.distance ?? Number.NaN,
      perturbed: x.map((value, r) => value + (best?.perturbation[r] ?? 0)),
      perturbation: best?.perturbation ?? x.map(() => 0),
      iterations: this.#iterations,
      straight: direct ? { t: direct.distance / apart, distance: direct.distance } : null,
    };
  }

  /** The first boundary on the way from x to `end` and `reach` times as far. */
  #onWayTo(end: Float64Array, reach: number): Found | undefined {
    const x = this.#x;
    this.#margin.along(x, end);
    const found = this.#margin.crossing(0, reach, this.#tolerance);
    if (!found) return undefined;
    const scaled = (t: number) => x.map((value, r) => t * ((end[r] as number) - value));
    const foot = scaled(found.t);
    return { distance: found.t * distance(x, end), perturbation: scaled(found.behind), foot };
  }

  #deepFool(): Found | undefined {
    const y = this.#x.slice();
    for (let step = 0; step < this.#most; step++) {
      const { value, gradient, norm } = this.#margin.at(y);
      this.#iterations++;
      if (!(value > 0)) break;
      const factor = ((1 + OVERSHOOT) * value) / (norm * norm);
      if (!Number.isFinite(factor)) return undefined;
      for (let r = 0; r < y.length; r++) y[r] = (y[r] as number) - factor * (gradient[r] as number);
    }
    return this.#onWayTo(y, 1);
  }

  /** Along the boundary from `first` to where it is nearest to x. */
  #nearest(first: Found): Found {
    const x = this.#x;
    let best = first;
    for (let step = 0; step < this.#most; step++) {
      const b = x.map((value, r) => value + (best.foot[r] as number));
      const { gradient, norm } = this.#margin.at(b);
      this.#iterations++;
      if (!(norm > 0)) return best;
      let along = 0;
      for (let r = 0; r < b.length; r++) along += (best.foot[r] as number) * (gradient[r] as number);
      // As near as the tangent comes: where that is no nearer, b is where the boundary is nearest.
      if (best.distance - Math.abs(along) / norm <= this.#tolerance * best.distance) return best;
      const factor = along / (norm * norm);
      let next: Found | undefined;
      for (let turn = 1, halvings = 0; halvings <= MOST_HALVINGS && !next; turn /= 2, halvings++) {
        const end = x.map((value, r) => {
          const foot = best.foot[r] as number;
          return value + foot + turn * (factor * (gradient[r] as number) - foot);
        });
        const found = this.#onWayTo(end, REACH);
        if (found && found.distance < best.distance) next = found;
      }
      if (!next) return best;
      best = next;
    }
    return best;
  }
}
