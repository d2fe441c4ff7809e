// Where problems are computed: on the calling thread, by a team of workers over one memory, or by workers
// apart, each with problems of its own. The choice changes the time and nothing else.

import { plan } from "./cost.js";
import type { Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { processors } from "./platform/threads.js";
import { MOST_THREADS, type Problem } from "./problem.js";
import { abortedBefore, abortedWith, drive, refuseTooLarge, run, type Solution, withLack } from "./solve.js";
import type { Calls } from "./workers/call.js";
import type { Outcomes } from "./workers/pool.js";

/**
 * Computes a problem when the engine's calls before it have ended.
 *
 * @throws AdvnmfError what `run` throws; `ABORTED` with the solution so far as `best`; `WORKER` when a
 *   worker dies.
 */
export function compute(engine: Engine, problem: Problem, calls: Calls): Promise<Solution> {
  return engine.enqueue(async () => {
    // From here on there is a result so far, though it may be that of one iteration.
    if (calls.signal?.aborted) throw abortedBefore(calls.signal);
    refuseTooLarge(engine, problem);
    const { threads, apart } = plan(problem, () => cores(engine), engine.pool.size);
    if (threads > 1 && (await engine.pool.ready(threads))) {
      return apart ? startsApart(engine, problem, threads, calls) : engine.pool.team(problem, threads, calls);
    }
    const solution = await drive(run(engine, problem), calls.signal, calls.onProgress);
    return threads === 1 ? solution : withLack(solution, threads, engine.pool.lack as string);
  });
}

/**
 * Computes `count` problems that do not depend on each other, side by side where that is sooner, and
 * hands each solution over as it comes.
 *
 * @throws AdvnmfError the first error of any; the others are then given up.
 */
export async function computeEach(
  engine: Engine,
  count: number,
  problemOf: (index: number) => Problem,
  signal: AbortSignal | undefined,
  onSolved: (index: number, solution: Solution) => void,
): Promise<void> {
  // Alike as they are, together they take what that many starts of the first take.
  const { threads, apart } = plan(
    { ...problemOf(0), restarts: count },
    () => cores(engine),
    engine.pool.size,
  );
  const outcomes = apart
    ? await engine.enqueue(async () => {
        if (signal?.aborted) throw abortedBefore(signal);
        const ready = await engine.pool.ready(threads);
        return ready ? engine.pool.apart(count, threads, problemOf, { signal }, onSolved) : undefined;
      })
    : undefined;
  if (outcomes?.error !== undefined) throw withoutBest(outcomes.error, signal);
  if (outcomes) return;
  for (let index = 0; index < count; index++) {
    const solved = compute(engine, problemOf(index), { signal });
    onSolved(index, await solved.catch((error) => Promise.reject(withoutBest(error, signal))));
  }
}

/** {@link computeEach} of problems that are at hand: their solutions, in order; `onSolved` is told of each. */
export async function computeAll(
  engine: Engine,
  problems: readonly Problem[],
  signal: AbortSignal | undefined,
  onSolved?: (solution: Solution) => void,
): Promise<Solution[]> {
  const solutions: Solution[] = [];
  if (problems.length === 0) return solutions;
  const problemOf = (index: number) => problems[index] as Problem;
  await computeEach(engine, problems.length, problemOf, signal, (index, solution) => {
    solutions[index] = solution;
    onSolved?.(solution);
  });
  return solutions;
}

/** One solution of many is not the result so far of the call that wanted them all. */
function withoutBest(error: unknown, signal: AbortSignal | undefined): unknown {
  if (!(error instanceof AdvnmfError) || error.best === undefined) return error;
  return new AdvnmfError(error.code, "aborted before all fits were done", {}, { cause: signal?.reason });
}

/** The most threads that are chosen unasked. */
export function cores(engine: Engine): number {
  return engine.pool.lack === undefined ? Math.min(processors() ?? 1, MOST_THREADS) : 1;
}

/** Pieces of the starts for each worker: the last piece is waited for, and each loads V once. */
const PIECES = 4;

async function startsApart(engine: Engine, problem: Problem, hands: number, calls: Calls): Promise<Solution> {
  const began = performance.now();
  const { restarts } = problem;
  const share = Math.max(1, Math.floor(restarts / (PIECES * hands)));
  const pieceOf = (index: number): Problem => {
    const firstRestart = index * share;
    return { ...problem, firstRestart, restarts: Math.min(share, restarts - firstRestart) };
  };
  const { signal, onProgress } = calls;
  const tell =
    onProgress && ((progress: Parameters<typeof onProgress>[0]) => onProgress({ ...progress, restarts }));
  const outcomes = await engine.pool.apart(Math.ceil(restarts / share), hands, pieceOf, {
    signal,
    onProgress: tell,
  });
  return gather(outcomes, hands, (performance.now() - began) / 1000);
}

/** The best of the pieces; of equals the first, as when one thread tries all starts. */
function gather({ solutions, error }: Outcomes, hands: number, seconds: number): Solution {
  const aborted = error instanceof AdvnmfError && error.code === "ABORTED";
  if (error !== undefined && !aborted) throw error;
  const found = solutions.filter((solution) => solution !== undefined);
  const [first, ...others] = found;
  if (first === undefined) throw error;
  const best = others.reduce((kept, next) => (next.score < kept.score ? next : kept), first);
  const solution: Solution = {
    ...best,
    reason: aborted ? "aborted" : best.reason,
    restarts: found.flatMap(({ restarts }) => restarts),
    seconds,
    peakBytes: hands * Math.max(...found.map(({ peakBytes }) => peakBytes)),
    threads: hands,
  };
  if (aborted) throw abortedWith(solution);
  return solution;
}
