// The attacks that make up the tables and figures: each one a job of its own.

import { type LafaOptions, type Norm, VERSION } from "../../../index.js";
import type { ExperimentData } from "./data.js";
import type { Gradient, Lengths, Procedure, SetFacts, SetName, Sizes } from "./protocol.js";

/** What the user may choose. */
export interface Plan {
  readonly gradients: readonly Gradient[];
  readonly procedures: readonly Procedure[];
  /** Undefined: those of each set. */
  readonly epsilons: readonly number[] | undefined;
  /** Undefined: those of each set. */
  readonly norms: readonly Norm[] | undefined;
  readonly lengths: Lengths;
  readonly quick: boolean;
  /** Of the victim's start, the random points and the controls, and of generated data. */
  readonly seed: number;
}

/** One attack of one size. */
export interface Job {
  readonly set: SetName;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly gradient: Gradient;
  readonly procedure: Procedure;
  readonly lengths: Lengths;
  readonly seed: number;
}

/** Every job of the plan for one set. */
export function jobsOf(facts: SetFacts, plan: Plan): Job[] {
  const { gradients, procedures, lengths, seed } = plan;
  return sizesOf(facts, plan).flatMap(({ norm, epsilons }) =>
    epsilons.flatMap((epsilon) =>
      procedures.flatMap((procedure) =>
        gradients.map(
          (gradient): Job => ({ set: facts.name, norm, epsilon, gradient, procedure, lengths, seed }),
        ),
      ),
    ),
  );
}

function sizesOf(facts: SetFacts, { quick, epsilons, norms }: Plan): Sizes[] {
  const own = quick && facts.quick.length > 0 ? facts.quick : facts.sizes;
  const wanted = norms ?? own.map(({ norm }) => norm);
  return wanted.flatMap((norm) => {
    const known = own.find((sizes) => sizes.norm === norm)?.epsilons ?? [];
    const chosen = epsilons ?? known;
    return chosen.length > 0 ? [{ norm, epsilons: chosen }] : [];
  });
}

/** What `lafa` is called with, but for V. */
export function lafaOptions(
  { norm, epsilon, gradient, procedure, lengths, seed }: Job,
  rank: number,
): LafaOptions {
  const { restarts, ...others } = lengths;
  const own = procedure === "ours" ? { restarts } : { compat: "official" as const };
  return { ...others, ...own, rank, norm, epsilons: [epsilon], gradient, seed };
}

/** Iterations that a job takes about, those of the gradients counted as well. */
export function iterationsOf({ gradient, procedure, lengths }: Job): number {
  const restarts = procedure === "ours" ? lengths.restarts : 1;
  const { steps, iterations, evaluationIterations, otherStarts, noiseTrials } = lengths;
  // Three points of every attack are judged, that on the loss among them.
  const judged = 2 + 3 * (restarts + 1) + 2 * otherStarts + noiseTrials;
  // The last quarter of the steps goes three times as far.
  const farther = procedure === "ours" ? 1.5 : 1;
  const perStep = 1 + farther * restarts * (gradient === "backprop" ? 5 : 2);
  return judged * evaluationIterations + (steps + 1) * iterations * perStep;
}

/** All that decides the outcome of a job, as one string. */
export function keyOf(job: Job, { facts, sha256 }: ExperimentData): string {
  return JSON.stringify({ version: VERSION, data: sha256, options: lafaOptions(job, facts.rank) });
}
