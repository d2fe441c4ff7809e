// Where trainings and trials of the linear law are computed.

import { cores } from "../compute.js";
import { teamFor } from "../cost.js";
import type { Engine } from "../engine.js";
import { abortedBefore, drive, type Run, withLack } from "../solve.js";
import type { Calls } from "../workers/call.js";
import type { SolutionOf } from "../workers/work.js";
import type { LawProblem } from "./law-run.js";
import type { TrainingProblem } from "./training-run.js";

/** How long a job takes on one thread, in nanoseconds, how often its team meets, and the threads that were asked for. */
export interface Effort {
  readonly alone: number;
  readonly meetings: number;
  readonly threads: number | undefined;
}

/**
 * Computes a job when the engine's calls before it have ended, on the calling thread or by a team.
 *
 * @throws AdvnmfError what the run throws; `ABORTED` with the solution so far as `best`; `WORKER`.
 */
export function computeJob<J extends TrainingProblem | LawProblem>(
  engine: Engine,
  job: J,
  run: (engine: Engine, job: J) => Run<SolutionOf<J>>,
  { alone, meetings, threads }: Effort,
  calls: Calls,
): Promise<SolutionOf<J>> {
  return engine.enqueue(async () => {
    if (calls.signal?.aborted) throw abortedBefore(calls.signal);
    const team = teamFor(alone, meetings, threads, () => cores(engine), engine.pool.size);
    if (team > 1 && (await engine.pool.ready(team))) return engine.pool.team(job, team, calls);
    const solution = await drive(run(engine, job), calls.signal, calls.onProgress);
    return team === 1 ? solution : withLack(solution, team, engine.pool.lack as string);
  });
}
