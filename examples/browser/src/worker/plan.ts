// How much of an attack a page can afford: its settings from the size of the problem and the seconds it may take.

import type { Matrix } from "advnmf";
import type { AttackSettings } from "../protocol.js";

/** Seconds of one thread, roughly, that the attacks may take. */
const SECONDS: Record<AttackSettings["effort"], number> = { light: 15, thorough: 120 };
const STEPS: Record<AttackSettings["effort"], number> = { light: 6, thorough: 20 };
const MOST_ITERATIONS: Record<AttackSettings["effort"], number> = { light: 200, thorough: 1000 };
const LEAST_ITERATIONS = 30;
/** Below this many iterations an implicit gradient is taken too far from a stationary point. */
const LEAST_IMPLICIT = 120;
/** What gradients cost, in iterations: of those they go back through, and of the products of an implicit system. */
const BACK = 4;
const PRODUCTS = 200;

/** Random changes and other starts that each result is held against. */
export const CONTROLS = { noiseTrials: 1, otherStarts: 2 } as const;

/** Settings of `lafa`. */
export interface Plan {
  readonly gradient: "implicit" | "backprop";
  readonly steps: number;
  readonly iterations: number;
  readonly evaluationIterations: number;
}

/** Nanoseconds of one multiplicative update of both factors, f64, as far as one can tell beforehand. */
function iterationTime({ rows, cols }: Matrix, rank: number, loss: "frobenius" | "kullback-leibler"): number {
  const entries = rows * cols;
  return loss === "frobenius" ? 0.3 * entries * rank : 0.6 * entries * rank + 1.5 * entries;
}

/** The settings for attacks of `sizes` sizes. */
export function planAttack(
  V: Matrix,
  rank: number,
  loss: "frobenius" | "kullback-leibler",
  effort: AttackSettings["effort"],
  threads: number,
  sizes: number,
): Plan {
  const affordable = (SECONDS[effort] * 1e9 * threads) / iterationTime(V, rank, loss);
  const steps = STEPS[effort];
  // Each size has an attack, one on the loss beside it, three candidates of both, and its controls.
  const gradients = sizes * (steps + 1);
  const judged = sizes * (6 + CONTROLS.noiseTrials + CONTROLS.otherStarts) + CONTROLS.otherStarts + 2;
  const within = (factor: number, fixed: number) => {
    const iterations = (affordable - gradients * fixed) / (gradients * factor + judged * 4);
    return Math.round(Math.min(MOST_ITERATIONS[effort], Math.max(LEAST_ITERATIONS, iterations)));
  };
  const implicit = within(2, PRODUCTS);
  const gradient = implicit >= LEAST_IMPLICIT ? "implicit" : "backprop";
  const iterations = gradient === "implicit" ? implicit : within(1 + BACK, 0);
  return { gradient, steps, iterations, evaluationIterations: 4 * iterations };
}
