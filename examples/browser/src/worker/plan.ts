// How much of an attack a page can afford: its settings from the size of the problem and the seconds it may take.

import type { Matrix } from "advnmf";
import type { AttackSettings } from "../protocol.js";

type Effort = AttackSettings["effort"];

/** Seconds of one thread, roughly, that the attacks may take, and what they take where that is more than enough. */
const SECONDS: Record<Effort, number> = { light: 8, thorough: 120 };
const STEPS: Record<Effort, number> = { light: 6, thorough: 20 };
const FEWER_STEPS: Record<Effort, number> = { light: 4, thorough: 10 };
const MOST_ITERATIONS: Record<Effort, number> = { light: 100, thorough: 1000 };
const LEAST_ITERATIONS = 30;
/** An implicit gradient that can afford no more iterations is taken too far from a stationary point. */
const LEAST_IMPLICIT = 100;
/** What gradients cost, in iterations: each of those they go back through, and the products of an implicit system. */
const BACK = 4;
const PRODUCTS = 150;
/** Results are judged after so many times the iterations of a step. */
const JUDGED = 4;

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
  effort: Effort,
  threads: number,
  sizes: number,
): Plan {
  const affordable = (SECONDS[effort] * 1e9 * threads) / iterationTime(V, rank, loss);
  // Each size has three candidates of the attack, three of one on the loss, and its controls.
  const judged = sizes * (6 + CONTROLS.noiseTrials + CONTROLS.otherStarts) + CONTROLS.otherStarts + 2;
  const within = (steps: number, factor: number, fixed: number) => {
    const gradients = sizes * (steps + 1);
    const iterations = (affordable - gradients * fixed) / (gradients * factor + judged * JUDGED);
    return Math.round(Math.min(MOST_ITERATIONS[effort], Math.max(LEAST_ITERATIONS, iterations)));
  };
  const settings = (gradient: Plan["gradient"], steps: number, iterations: number) => ({
    gradient,
    steps,
    iterations,
    evaluationIterations: JUDGED * iterations,
  });
  // The control on the loss costs the iterations once more.
  const implicit = within(STEPS[effort], 2, PRODUCTS);
  if (implicit >= LEAST_IMPLICIT) return settings("implicit", STEPS[effort], implicit);
  return settings("backprop", FEWER_STEPS[effort], within(FEWER_STEPS[effort], 2 + BACK, 0));
}
