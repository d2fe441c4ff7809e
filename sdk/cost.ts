// How long a problem takes, roughly, and on how many threads it is soonest done. The constants are those
// that `npm run bench -- --part cost` measures and prints; what they decide is speed alone, since the
// bits do not depend on the number of threads.
//
//   one iteration alone     t = s·(a·(2mnk + 2(m + n)k²) + 2b·mn), with 4mnk where WH is needed entry by entry
//   on a team of p          t/p + c·p/2
//   the whole               iterations · that, and what it takes to start the workers

import { LOSSES, type Problem, SOLVERS } from "./problem.js";

/** Nanoseconds of f64 arithmetic, for a multiply+add and for what an entry of V costs besides; f32 takes half. */
const MULTIPLY_ADD = 0.14;
const PER_ENTRY: Readonly<Record<number, number>> = {
  [LOSSES.frobenius]: 0,
  [LOSSES["kullback-leibler"]]: 0.6,
  [LOSSES["itakura-saito"]]: 1.4,
  [LOSSES.divergence]: 8,
  [LOSSES.cauchy]: 1.5,
};

/** Iterations of multiplicative updates that one of the solver takes as long as. */
const SOLVER: Readonly<Record<number, number>> = {
  [SOLVERS.mu]: 1,
  [SOLVERS.hals]: 1.5,
  [SOLVERS.newton]: 3.5,
};

/** Nanoseconds that a team of two loses in one iteration of two half-steps, at its meetings and besides. */
const MEETINGS = 3000;

/** Nanoseconds to start one worker, and to hand a problem to workers that stand ready. */
const START = 20e6;
const HAND_OVER = 0.6e6;

/** A run that may stop early usually does so by then; AT-NMF, whose inner loops start anew, much later. */
const USUAL_ITERATIONS = 100;
const USUAL_HARDENED = 2000;

/** V that each worker holds for itself, in all, at most: bytes. */
const MOST_COPIES = 2 ** 30;

/** How to compute: on how many threads, and whether each takes problems of its own. */
export interface Plan {
  readonly threads: number;
  readonly apart: boolean;
}

/** Nanoseconds of one iteration on one thread. */
export function iterationTime(problem: Problem): number {
  const { V, rank, dtype, loss, mask, zeroFill } = problem;
  const entries = V.rows * V.cols;
  if (problem.bilevel) return bilevelTime(problem);
  const fused = loss !== LOSSES.frobenius || (mask !== undefined && !zeroFill);
  // Two half-steps; where WH is needed entry by entry each has a second product.
  const products = entries * rank * (fused ? 4 : 2);
  const squares = fused ? 0 : 2 * (V.rows + V.cols) * rank * rank;
  const update = MULTIPLY_ADD * (products + squares) + 2 * entries * (PER_ENTRY[loss] as number);
  const time = update * (SOLVER[problem.solver] as number);
  return dtype === "f32" ? time / 2 : time;
}

/** Nanoseconds of one iteration of an adversarial factorization: four products, and one small square system. */
function bilevelTime({ V, rank }: Problem): number {
  const side = Math.min(V.rows, V.cols);
  return (
    MULTIPLY_ADD *
    (4 * V.rows * V.cols * rank + 20 * (V.rows + V.cols) * rank * rank + (side * side * side) / 6)
  );
}

/** Nanoseconds of one start on a team of `threads`. */
function startTime(problem: Problem, threads: number): number {
  const { maxIterations, tolerance, adversary, bilevel } = problem;
  const usual = adversary ? USUAL_HARDENED : USUAL_ITERATIONS;
  const early = tolerance > 0 && !bilevel;
  const iterations = early ? Math.min(maxIterations, usual) : maxIterations;
  const lost = threads > 1 ? MEETINGS * (threads / 2) : 0;
  return iterations * (iterationTime(problem) / threads + lost);
}

/**
 * The soonest way to compute `problem`, with the threads that were asked for or at most `cores()`.
 *
 * @param ready workers that have been started.
 */
export function plan(problem: Problem, cores: () => number, ready: number): Plan {
  const alone = { threads: 1, apart: false };
  const { restarts } = problem;
  const unasked = problem.threads === undefined;
  let best: Plan = alone;
  let soonest = unasked ? restarts * startTime(problem, 1) : Number.POSITIVE_INFINITY;
  // Most problems are small, and asking the runtime for its threads takes longer than they do.
  if (soonest <= HAND_OVER + START * Math.max(0, 2 - ready)) return alone;
  const most = problem.threads ?? cores();
  const consider = (candidate: Plan, time: number) => {
    const whole = time + HAND_OVER + START * Math.max(0, candidate.threads - ready);
    if (whole >= soonest) return;
    best = candidate;
    soonest = whole;
  };
  if (most === 1) return alone;
  // Those of an adversarial factorization have no team; their starts are computed side by side.
  const largest = problem.bilevel ? 1 : most;
  for (let threads = problem.threads ?? 2; threads <= largest; threads++) {
    consider({ threads, apart: false }, restarts * startTime(problem, threads));
  }
  const hands = Math.min(most, restarts);
  if (hands > 1 && hands * copies(problem) <= MOST_COPIES) {
    consider({ threads: hands, apart: true }, Math.ceil(restarts / hands) * startTime(problem, 1));
  }
  return best;
}

/**
 * The threads on which what takes `alone` nanoseconds on one, with a team that meets as often as in so many iterations
 * of a factorization, is done soonest: those that were asked for, or at most `cores()`.
 */
export function teamFor(
  alone: number,
  iterations: number,
  asked: number | undefined,
  cores: () => number,
  ready: number,
): number {
  if (asked !== undefined) return asked;
  let best = 1;
  let soonest = alone;
  if (alone <= HAND_OVER + START * Math.max(0, 2 - ready)) return best;
  const most = cores();
  for (let threads = 2; threads <= most; threads++) {
    const lost = (iterations * MEETINGS * threads) / 2 + HAND_OVER + START * Math.max(0, threads - ready);
    if (alone / threads + lost >= soonest) continue;
    best = threads;
    soonest = alone / threads + lost;
  }
  return best;
}

/** Bytes of the copies of V that a problem keeps: V and Vᵀ, and the attacked ones with an adversary. */
function copies({ V, dtype, adversary }: Problem): number {
  return (adversary ? 4 : 2) * V.rows * V.cols * (dtype === "f32" ? 4 : 8);
}
