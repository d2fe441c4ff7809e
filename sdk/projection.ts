// The set a perturbed matrix has to stay in: a ball around V, in the Euclidean or the largest-entry norm, and a box
// for the entries. Only the exact operations of the host are used.

/** How the size of a perturbation is measured. */
export type Norm = "l2" | "linf";

/** A ball around V with a box for the entries. V lies in the box. */
export class PerturbationSet {
  /** V. */
  readonly base: ArrayLike<number>;
  readonly #norm: Norm;
  readonly #radius: number;
  readonly #low: number;
  readonly #high: number;

  constructor(V: ArrayLike<number>, norm: Norm, radius: number, low: number, high: number) {
    this.base = V;
    this.#norm = norm;
    this.#radius = radius;
    this.#low = low;
    this.#high = high;
  }

  /**
   * The nearest X of the set to V + D. In the Euclidean norm that is V + clip(tD) with the largest t ≤ 1 that
   * fits, found by bisection from below.
   */
  project(D: Float64Array): Float64Array {
    if (this.#norm === "linf") {
      const radius = this.#radius;
      return this.#clipped(
        D.map((d) => Math.max(-radius, Math.min(radius, d))),
        1,
      );
    }
    if (this.#clippedSize(D, 1) <= this.#radius) return this.#clipped(D, 1);
    let low = 0;
    let high = 1;
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (this.#clippedSize(D, middle) <= this.#radius) low = middle;
      else high = middle;
    }
    return this.#clipped(D, low);
  }

  /** V + tD, clipped to the box. */
  #clipped(D: Float64Array, t: number): Float64Array {
    const clipped = new Float64Array(D.length);
    for (let at = 0; at < D.length; at++) clipped[at] = this.#entry(D, t, at);
    return clipped;
  }

  #entry(D: Float64Array, t: number, at: number): number {
    return Math.max(this.#low, Math.min(this.#high, (this.base[at] as number) + t * (D[at] as number)));
  }

  /** The size of `#clipped(D, t)`, without making it. */
  #clippedSize(D: Float64Array, t: number): number {
    let sum = 0;
    for (let at = 0; at < D.length; at++) {
      const d = this.#entry(D, t, at) - (this.base[at] as number);
      sum += d * d;
    }
    return Math.sqrt(sum);
  }

  /** The norm of X − V. */
  size(X: ArrayLike<number>): number {
    return norm(this.#norm, this.difference(X));
  }

  /** X − V. */
  difference(X: ArrayLike<number>): Float64Array {
    return difference(X, this.base);
  }
}

/** X − V, entry by entry. */
export function difference(X: ArrayLike<number>, V: ArrayLike<number>): Float64Array {
  const off = new Float64Array(V.length);
  for (let at = 0; at < off.length; at++) off[at] = (X[at] as number) - (V[at] as number);
  return off;
}

/**
 * X ≥ 0 in single precision, each entry rounded towards that of V, which is one of single precision: what lay in the
 * set stays in it.
 */
export function singleTowards(V: ArrayLike<number>, X: Float64Array): Float32Array {
  const rounded = new Float32Array(X);
  const bits = new Uint32Array(rounded.buffer);
  for (let at = 0; at < X.length; at++) {
    const x = X[at] as number;
    const v = V[at] as number;
    const r = rounded[at] as number;
    // Neighbours among numbers that are not negative are neighbours in their bits.
    if (x > v && r > x) bits[at] = (bits[at] as number) - 1;
    else if (x < v && r < x) bits[at] = (bits[at] as number) + 1;
  }
  return rounded;
}

/** ‖D‖ in either norm. */
export function norm(kind: Norm, D: ArrayLike<number>): number {
  let sum = 0;
  let most = 0;
  for (let at = 0; at < D.length; at++) {
    const d = D[at] as number;
    sum += d * d;
    most = Math.max(most, Math.abs(d));
  }
  return kind === "l2" ? Math.sqrt(sum) : most;
}

/** The direction of a step along a gradient, of norm 1: g/‖g‖, or its signs. */
export function steepest(kind: Norm, gradient: ArrayLike<number>): Float64Array {
  const length = norm("l2", gradient);
  const along = new Float64Array(gradient.length);
  for (let at = 0; at < along.length; at++) {
    const g = gradient[at] as number;
    if (kind === "linf") along[at] = Math.sign(g);
    else along[at] = length > 0 ? g / length : 0;
  }
  return along;
}
