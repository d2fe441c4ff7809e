// The features of the hardened factorization: of the data untouched, and of the data under each attack.

import { atnmf, type Engine, featureError, type Matrix, nmf } from "advnmf";
import type { Factors } from "./drawing.js";

/** Enough for the outer loop to settle where λ allows it to. */
const INNER = 50;
const OUTER = 20;

/** What is hardened, and how. */
export interface Hardening {
  readonly rank: number;
  readonly loss: "frobenius" | "kullback-leibler";
  readonly lambda: number;
  readonly seed: number;
  readonly engine: Engine;
  readonly signal: AbortSignal;
}

/** One for each matrix, the first being the untouched data, which feature errors are measured against. */
export interface Hardened {
  readonly factors: Factors;
  readonly featureError: number;
}

/**
 * AT-NMF of each matrix from one start, that of the victim: how far attacks that were made against NMF carry over.
 *
 * @throws AdvnmfError as `atnmf`.
 */
export async function harden(
  matrices: readonly Matrix[],
  { rank, loss, lambda, seed, engine, signal }: Hardening,
  tell: (done: number) => void,
): Promise<Hardened[]> {
  const [V] = matrices as [Matrix];
  const { W, H } = await nmf(V, { rank, loss, seed, solver: "mu", maxIterations: 0, engine, signal });
  const results: Hardened[] = [];
  for (const X of matrices) {
    tell(results.length);
    const options = { rank, loss, lambda, init: { W, H }, maxInner: INNER, maxOuter: OUTER, engine, signal };
    const factors = await atnmf(X, options);
    results.push({ factors, featureError: featureError(factors, results[0]?.factors ?? factors).value });
  }
  return results;
}
