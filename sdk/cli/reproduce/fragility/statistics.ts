// What the figures of many pairs come to. Nothing here but sums, products, quotients and roots.

import { mean } from "../statistics.js";

/** Pearson's correlation; NaN of fewer than two pairs. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const [centreA, centreB] = [mean(a), mean(b)];
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (const [i, x] of a.entries()) {
    const u = x - centreA;
    const v = (b[i] as number) - centreB;
    product += u * v;
    squaresA += u * u;
    squaresB += v * v;
  }
  return product / Math.sqrt(squaresA * squaresB);
}

/** Parts of the integral of the law's density. */
const PARTS = 4000;

/** The distribution function of |cos| whose square is Beta(½, (d − 1)/2), d ≥ 3, at every part of [0, 1]. */
export function lawOf(dimension: number): Float64Array {
  const below = new Float64Array(PARTS + 1);
  for (let i = 0; i < PARTS; i++) {
    const c = (i + 0.5) / PARTS;
    below[i + 1] = (below[i] as number) + halfPower(1 - c * c, dimension - 3);
  }
  const whole = below[PARTS] as number;
  return below.map((part) => part / whole);
}

/** x to the power of n/2. */
function halfPower(x: number, n: number): number {
  let power = n % 2 === 1 ? Math.sqrt(x) : 1;
  for (let i = 0; i < (n - (n % 2)) / 2; i++) power *= x;
  return power;
}

/** √n·D: how far n cosines are from that law (Kolmogorov, Smirnov). */
export function kolmogorov(cosines: readonly number[], dimension: number): number {
  const law = lawOf(dimension);
  const sorted = cosines.map(Math.abs).toSorted((a, b) => a - b);
  const n = sorted.length;
  let most = 0;
  for (const [i, c] of sorted.entries()) {
    const expected = law[Math.round(c * PARTS)] as number;
    most = Math.max(most, Math.abs((i + 1) / n - expected), Math.abs(i / n - expected));
  }
  return Math.sqrt(n) * most;
}

/** At the share q of the sorted values, by the nearest of them. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(q * (sorted.length - 1))] as number;
}
