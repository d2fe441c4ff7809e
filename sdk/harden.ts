// One start of AT-NMF (Cai, Tan & Févotte, Algorithm 1): the adversary answers the factors, an inner loop fits
// them to the attacked data, and so on until WH settles.

import { type Attempt, affordable, overflow } from "./attempt.js";
import { type Adversary, LOSSES, type Problem } from "./problem.js";
import type { AtnmfHistoryEntry, Progress, StopReason } from "./types.js";
import type { AttackFigures, Workspace } from "./workspace.js";

/** Runs one start whose factors are in place; the last attack is the answer to the factors it ends with. */
export function* harden(
  workspace: Workspace,
  problem: Problem,
  adversary: Adversary,
  restart: number,
  started: number,
): Generator<Progress, Attempt, boolean> {
  const { restarts } = problem;
  const { maxInner, maxOuter, epsilonOuter } = adversary;
  const innerIterations: number[] = [];
  let figures = workspace.attack();
  if (!isSound(figures)) throw overflow(0);
  const history = [entry(problem, adversary, 0, figures.attacked, figures)];
  let iterations = 0;
  let perIteration = 0;
  const result = (reason: StopReason): Attempt => ({
    loss: lossOf(problem, figures.clean),
    saddle: saddleOf(adversary, figures),
    iterations,
    converged: reason === "tolerance",
    reason,
    history,
    innerIterations,
  });
  for (let outer = 0; outer < maxOuter; outer++) {
    let inner = 0;
    let settled = false;
    while (inner < maxInner && !settled) {
      const before = performance.now();
      const burst = workspace.innerLoop(Math.min(affordable(perIteration), maxInner - inner));
      perIteration = (performance.now() - before) / 1000 / burst.done;
      inner += burst.done;
      iterations += burst.done;
      settled = burst.met;
      const seconds = (performance.now() - started) / 1000;
      const loss = lossOf(problem, figures.clean);
      // What a stopped team left out must not look like convergence.
      const stop =
        workspace.stopped ||
        (yield {
          iteration: outer,
          maxIterations: maxOuter,
          innerIteration: inner,
          loss,
          restart,
          restarts,
          seconds,
        });
      if (!stop) continue;
      figures = workspace.attack();
      return result("aborted");
    }
    innerIterations.push(inner);
    const done = epsilonOuter > 0 && workspace.outerRule();
    figures = workspace.attack();
    if (!isSound(figures)) throw overflow(iterations);
    history.push(entry(problem, adversary, outer + 1, figures.before, figures));
    if (done) return result("tolerance");
  }
  return result("maxIterations");
}

function entry(
  problem: Problem,
  adversary: Adversary,
  iteration: number,
  objective: number,
  figures: AttackFigures,
): AtnmfHistoryEntry {
  const loss = lossOf(problem, figures.clean);
  return { iteration, loss, objective, saddle: saddleOf(adversary, figures), effort: figures.effort };
}

function lossOf({ loss }: Problem, clean: number): number {
  return loss === LOSSES.frobenius ? 0.5 * clean : clean;
}

/** What the adversary has of its answer: the attacked divergence less what it pays. */
function saddleOf({ lambda, radius }: Adversary, { attacked, effort }: AttackFigures): number {
  return radius !== undefined || effort === 0 ? attacked : attacked - lambda * effort;
}

function isSound({ clean, attacked, effort }: AttackFigures): boolean {
  return Number.isFinite(clean + attacked + effort);
}
