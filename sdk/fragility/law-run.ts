// Trials of the linear law (assembly/fragility/law.ts): the policy around the kernels.

import { affordable } from "../attempt.js";
import type { Engine } from "../engine.js";
import { Fields } from "../fields.js";
import type { Run } from "../solve.js";
import type { StopReason } from "../types.js";
import { ALONE, newTask, type Team } from "../workspace.js";

/** Commands of the lead (assembly/team.ts, assembly/fragility/commands.ts). */
const END = 0;
const LAW = 69;

/** Figures of a trial, in the kernel's order. */
export const FIGURES = ["distance", "apart", "cosine", "predicted", "corner", "inverseNorm"] as const;

/** Trials of a burst at most. */
const MOST_AT_ONCE = 1024;

/** Trials of the law, checked. */
export interface LawProblem {
  readonly kind: "law";
  readonly dtype: "f64";
  readonly dimension: number;
  readonly trials: number;
  readonly seed: number;
}

/** What a {@link lawRun} ends with. */
export interface LawSolution {
  /** The figures of every finished trial, one after another. */
  readonly figures: Float64Array;
  /** Trials that were finished. */
  readonly iterations: number;
  readonly reason: StopReason;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly threads: number;
  readonly warnings: readonly string[];
}

/** Runs trials on an engine that nothing else is using; the calling thread is the first of the team. */
export function* lawRun(engine: Engine, problem: LawProblem, team: Team = ALONE): Run<LawSolution> {
  const { arena } = engine;
  const { dimension: d, trials, seed } = problem;
  const mark = arena.mark();
  arena.resetPeak();
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const task = newTask(engine, team.size);
  const lead = (command: number, argument: number) =>
    engine.kernel("lead", "f64")(task.address, command, argument);
  let open = false;
  try {
    const law = Fields.take(engine, "law", "the record of a law");
    task.setInt("network", law.address);
    const most = Math.min(trials, MOST_AT_ONCE);
    const what = `the linear law in ${d} dimensions`;
    const scratch = Math.ceil(d * d + 1.5 * d) * 16;
    law.setInt("figures", arena.take(most * FIGURES.length * 8, what));
    law.setInt("scratch", arena.take(scratch * team.size, what));
    law.setInt("scratchBytes", scratch);
    const claims = arena.take(most * 4, what);
    new Int32Array(arena.memory.buffer, claims, most).fill(0);
    task.setInt("claims", claims);
    law.setInt("dimension", d);
    law.setInt("seed", seed);
    team.open(task.address);
    open = true;

    const figures = new Float64Array(trials * FIGURES.length);
    let done = 0;
    let aborted = false;
    let perTrial = 0;
    while (done < trials && !aborted) {
      // At least one a member, so that all have something to do.
      const count = Math.min(most, trials - done, team.size * affordable(perTrial * team.size));
      law.setInt("first", done);
      const before = performance.now();
      lead(LAW, count);
      perTrial = (performance.now() - before) / 1000 / count;
      const found = new Float64Array(arena.memory.buffer, law.pointer("figures"), count * FIGURES.length);
      figures.set(found, done * FIGURES.length);
      done += count;
      if (done === trials) break;
      aborted = yield {
        iteration: done,
        maxIterations: trials,
        loss: Number.NaN,
        restart: 0,
        restarts: 1,
        seconds: seconds(),
      };
    }
    return {
      figures: figures.subarray(0, done * FIGURES.length),
      iterations: done,
      reason: aborted ? "aborted" : "maxIterations",
      seconds: seconds(),
      peakBytes: arena.peak - mark,
      threads: team.size,
      warnings: [],
    };
  } finally {
    if (open) lead(END, 0);
    arena.rewind(mark);
  }
}
