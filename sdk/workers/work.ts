// What a worker can be given: a factorization, a network to train, or trials of the linear law.

import type { Engine } from "../engine.js";
import { type LawProblem, type LawSolution, lawRun } from "../fragility/law-run.js";
import { type TrainingProblem, type TrainingSolution, trainingRun } from "../fragility/training-run.js";
import type { Problem } from "../problem.js";
import { type Run, run, type Solution } from "../solve.js";
import type { Team } from "../workspace.js";

export type Work = Problem | TrainingProblem | LawProblem;

/** What it ends with. */
export type SolutionOf<W extends Work> = W extends TrainingProblem
  ? TrainingSolution
  : W extends LawProblem
    ? LawSolution
    : Solution;

/** Runs it on an engine that nothing else is using; the calling thread is the first of the team. */
export function runWork<W extends Work>(engine: Engine, work: W, team?: Team): Run<SolutionOf<W>>;
export function runWork(engine: Engine, work: Work, team?: Team): Run<SolutionOf<Work>> {
  if (!("kind" in work)) return run(engine, work, team);
  return work.kind === "training" ? trainingRun(engine, work, team) : lawRun(engine, work, team);
}
