// The features of the hardened factorization: of the data untouched, and under attacks of each size. With Frobenius
// the attacks are made against it; with Kullback–Leibler it is given the data that was made against NMF, as the
// library differentiates AT-NMF for Frobenius only.

import { atnmf, type Engine, featureError, type LafaResult, lafa, type Matrix, nmf } from "advnmf";
import type { Factors } from "./drawing.js";
import type { Plan } from "./plan.js";

/** Updates after each answer of the adversary where it is attacked itself. */
const TRAINED_INNER = 10;
/** Enough for the outer loop to settle where λ allows it to, where it is given data. */
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

/** One for each size, the first being the untouched data, which feature errors are measured against. */
export interface Hardened {
  readonly factors: Factors;
  readonly featureError: number;
}

/**
 * Hardens against the attacks that were made on NMF, or attacks what is hardened in the same way.
 *
 * @throws AdvnmfError as `lafa` and `atnmf`.
 */
export function harden(
  V: Matrix,
  { results }: LafaResult,
  plan: Plan,
  hardening: Hardening,
  tell: (done: number, of: number) => void,
): Promise<Hardened[]> {
  if (hardening.loss === "frobenius") {
    const epsilons = results.map(({ epsilon }) => epsilon);
    return attackHardened(V, epsilons, plan, hardening, tell);
  }
  return carryOver([V, ...results.map(({ perturbed }) => perturbed)], hardening, tell);
}

async function attackHardened(
  V: Matrix,
  epsilons: readonly number[],
  { steps, iterations, evaluationIterations }: Plan,
  { loss: _, ...hardening }: Hardening,
  tell: (done: number, of: number) => void,
): Promise<Hardened[]> {
  const { reference, results } = await lafa(V, {
    ...hardening,
    model: "atnmf",
    epsilons,
    maxInner: TRAINED_INNER,
    maxOuter: Math.ceil(iterations / TRAINED_INNER),
    evaluationIterations,
    steps,
    restarts: 1,
    // The page holds nothing against controls of its own here; the library takes no fewer.
    otherStarts: 1,
    noiseTrials: 1,
    onProgress: ({ step, steps: of }) => tell(step, of),
  });
  return [
    { factors: reference, featureError: 0 },
    ...results.map(({ W, H, featureError: moved }) => ({ factors: { W, H }, featureError: moved })),
  ];
}

/** AT-NMF of each matrix from one start, that of the victim. */
async function carryOver(
  matrices: readonly Matrix[],
  { rank, loss, lambda, seed, engine, signal }: Hardening,
  tell: (done: number, of: number) => void,
): Promise<Hardened[]> {
  const [V] = matrices as [Matrix];
  const { W, H } = await nmf(V, { rank, loss, seed, solver: "mu", maxIterations: 0, engine, signal });
  const results: Hardened[] = [];
  for (const X of matrices) {
    tell(results.length, matrices.length);
    const options = { rank, loss, lambda, init: { W, H }, maxInner: INNER, maxOuter: OUTER, engine, signal };
    const factors = await atnmf(X, options);
    results.push({ factors, featureError: featureError(factors, results[0]?.factors ?? factors).value });
  }
  return results;
}
