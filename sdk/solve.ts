// One run of the kernels, from a checked problem to factors. The run is a generator: it yields after
// every burst of iterations, and the drivers at the end decide whether to go on, in one turn of the
// event loop (sync) or in many (async).

import { type BilevelSolution, runAnmf } from "./anmf-run.js";
import { type Attempt, affordable, overflow } from "./attempt.js";
import type { Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { type GradientOutcome, gradientRun } from "./gradient.js";
import { harden } from "./harden.js";
import type { Matrix } from "./matrix.js";
import { checkData, LOSSES, type Problem, SOLVERS } from "./problem.js";
import { type SensitivityOutcome, sensitivityRun } from "./sensitivity-run.js";
import type { HistoryEntry, Progress, RestartResult, StopReason } from "./types.js";
import { fillUnobserved } from "./unobserved.js";
import { ALONE, sizeOf, Workspace } from "./workspace.js";

/** The stopping rule is looked at every so many iterations (scikit-learn's number). */
const CHECK_EVERY = 10;

/** Where there is none, with tolerance 0, the loss is only for the history. */
const LOOK_EVERY = 50;

/** Below this many ε the ε inside V/(WH + ε) is felt in the fit. */
const SMALL_BESIDE_EPSILON = 1e6;

/** What a run ends with. */
export interface Solution {
  readonly W: Matrix;
  readonly H: Matrix;
  readonly loss: number;
  readonly relativeError: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly reason: StopReason;
  readonly history: readonly HistoryEntry[];
  readonly restarts: readonly RestartResult[];
  /** What starts are compared by, the least being the best: the loss, or what the adversary leaves of it. */
  readonly score: number;
  readonly cauchyScale: number;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly threads: number;
  readonly warnings: readonly string[];
  /** With an adversary. */
  readonly hardened?: Hardened;
  /** What an adversarial factorization found besides; its `loss` is then the objective. */
  readonly bilevel?: BilevelSolution;
  /** The gradient, where the problem asks for one. */
  readonly gradient?: GradientOutcome;
  /** The singular vectors of the map from data to features, where the problem asks for them. */
  readonly sensitivity?: SensitivityOutcome;
}

/** What AT-NMF tells besides. */
export interface Hardened {
  /** The adversary's answer to W and H (m×n). */
  readonly R: Matrix;
  /** Iterations of each inner loop. */
  readonly innerIterations: readonly number[];
}

/** What every run ends with. */
export interface Ended {
  readonly iterations: number;
  readonly reason: StopReason;
  readonly warnings: readonly string[];
}

/** A run: yields progress, is told whether to stop, returns the solution. */
export type Run<S extends Ended = Solution> = Generator<Progress, S, boolean>;

/**
 * Runs a problem on an engine that nothing else is using; the calling thread is the first of the team.
 *
 * @throws AdvnmfError `MEMORY` before anything is allocated when it cannot fit; what {@link checkData}
 *   throws.
 */
export function* run(engine: Engine, problem: Problem, team = ALONE): Run {
  if (problem.gradient) return yield* gradientRun(engine, problem, problem.gradient, team);
  if (problem.sensitivity) return yield* sensitivityRun(engine, problem, problem.sensitivity, team);
  if (problem.bilevel) return yield* runAnmf(engine, problem, problem.bilevel, run);
  const { arena } = engine;
  const mark = arena.mark();
  arena.resetPeak();
  const started = performance.now();
  let workspace: Workspace | undefined;
  try {
    refuseTooLarge(engine, problem);
    const facts = checkData(problem);
    workspace = new Workspace(engine, problem, facts, team);
    workspace.loadData(facts);

    let best: Kept | undefined;
    const restarts: RestartResult[] = [];
    let aborted = false;
    const end = problem.firstRestart + problem.restarts;
    for (let restart = problem.firstRestart; restart < end && !aborted; restart++) {
      workspace.start(restart);
      const attempt: Attempt = problem.adversary
        ? yield* harden(workspace, problem, problem.adversary, restart, started)
        : yield* iterate(workspace, problem, restart, started);
      aborted = attempt.reason === "aborted";
      const figures = { ...workspace.finalFigures(), cauchyScale: workspace.cauchyScale };
      const { iterations, converged } = attempt;
      // A number that is not finite anywhere in W or H shows in the error.
      if (!Number.isFinite(figures.loss + figures.relativeError)) throw overflow(iterations);
      restarts.push({ loss: figures.loss, iterations, converged });
      const last = attempt.history.at(-1);
      if (!problem.adversary && last?.iteration !== iterations) {
        attempt.history.push({ iteration: iterations, loss: figures.loss });
      }
      const score = attempt.saddle ?? figures.loss;
      if (!best || score < best.score) best = { attempt, score, figures, ...copies(workspace, attempt) };
    }
    const { attempt, score, figures, W, H, hardened } = best as Kept;
    const max = workspace.totals.squares > 0 ? facts.max : 0;
    return {
      W,
      H,
      ...figures,
      score,
      iterations: attempt.iterations,
      converged: attempt.converged,
      reason: aborted ? "aborted" : attempt.reason,
      history: attempt.history,
      restarts,
      seconds: (performance.now() - started) / 1000,
      peakBytes: arena.peak - mark,
      threads: team.size,
      warnings: [...warnings(problem, max, W, H), ...fillUnobserved(problem, facts, W, H)],
      ...(hardened ? { hardened } : {}),
    };
  } finally {
    workspace?.dismiss();
    arena.rewind(mark);
  }
}

interface Figures {
  readonly loss: number;
  readonly relativeError: number;
  readonly cauchyScale: number;
}

/** The best start so far. */
interface Kept {
  readonly attempt: Attempt;
  readonly score: number;
  readonly figures: Figures;
  readonly W: Matrix;
  readonly H: Matrix;
  readonly hardened?: Hardened;
}

/** What has to leave the workspace before another start takes it. */
function copies(workspace: Workspace, { innerIterations }: Attempt): Pick<Kept, "W" | "H" | "hardened"> {
  const factors = workspace.factors();
  if (!innerIterations) return factors;
  return { ...factors, hardened: { R: workspace.perturbation(), innerIterations } };
}

/** The copies of V alone, and of what an adversary makes of it, may be too much: said before V is copied, or every entry looked at. */
export function refuseTooLarge(engine: Engine, problem: Problem): void {
  const { arena } = engine;
  const mark = arena.mark();
  const copies = problem.adversary ? 4 : 2;
  const bytes = copies * problem.V.data.length * (problem.dtype === "f32" ? 4 : 8);
  if (mark + bytes > 2 ** 32) arena.take(bytes, sizeOf(problem));
}

/** `max`: the largest observed entry, or 0. */
function warnings(problem: Problem, max: number, W: Matrix, H: Matrix): string[] {
  const found: string[] = [];
  if (max === 0) found.push("V is all zeros, and so are W and H: there is nothing to factorize.");
  else if (problem.init === "nndsvd" && problem.solver === SOLVERS.mu) {
    found.push(
      'Multiplicative updates never move an entry away from zero, and init "nndsvd" starts with zeros: use "nndsvda" or solver "hals".',
    );
  }
  if (max > 0 && max < SMALL_BESIDE_EPSILON * problem.epsilon && problem.loss !== LOSSES.frobenius) {
    found.push(
      `The largest entry of V, ${max}, is small beside epsilon, ${problem.epsilon}, which is added to every entry of WH: scale V, or give a smaller epsilon.`,
    );
  }
  const vanished = W.data.every((w) => w === 0) || H.data.every((h) => h === 0);
  if (max > 0 && vanished) {
    found.push(
      problem.loss === LOSSES.cauchy
        ? "The fit is all zeros: to the Cauchy loss the entries above zero are outliers. Give a larger scale, or another loss."
        : "The fit is all zeros: use smaller penalties, or another start.",
    );
  }
  return found;
}

function* iterate(
  workspace: Workspace,
  problem: Problem,
  restart: number,
  started: number,
): Generator<Progress, Attempt, boolean> {
  const { maxIterations, tolerance, stopping, restarts } = problem;
  const history: HistoryEntry[] = [];
  const firstLoss = workspace.loss();
  if (!Number.isFinite(firstLoss)) throw overflow(0);
  history.push({ iteration: 0, loss: firstLoss });
  const scale = stopping === "kkt" ? workspace.gradientNorm() : root(firstLoss);
  const every = tolerance > 0 ? CHECK_EVERY : LOOK_EVERY;
  let loss = firstLoss;
  let iteration = 0;
  let perIteration = 0;
  const result = (converged: boolean, reason: StopReason): Attempt => ({
    loss,
    iterations: iteration,
    converged,
    reason,
    history,
  });
  if (scale === 0 && tolerance > 0) return result(true, "tolerance");
  while (iteration < maxIterations) {
    const untilCheck = every - (iteration % every);
    const burst = Math.min(untilCheck, maxIterations - iteration, affordable(perIteration));
    const before = performance.now();
    workspace.iterate(burst);
    perIteration = (performance.now() - before) / 1000 / burst;
    iteration += burst;
    // What was left out must not look like convergence.
    if (workspace.stopped) return result(false, "aborted");
    let done = false;
    if (iteration % every === 0) {
      workspace.adapt();
      const previous = loss;
      loss = workspace.loss();
      history.push({ iteration, loss });
      if (stopping === "kkt") done = workspace.gradientNorm() <= tolerance * scale;
      else done = Math.abs(root(previous) - root(loss)) < tolerance * scale && !workspace.setback;
      if (!Number.isFinite(loss)) throw overflow(iteration);
    }
    if (tolerance > 0 && done) return result(true, "tolerance");
    const seconds = (performance.now() - started) / 1000;
    const stop = yield { iteration, maxIterations, loss, restart, restarts, seconds };
    if (stop) return result(false, "aborted");
  }
  return result(false, "maxIterations");
}

/** √(2·loss), the Frobenius norm of the error for the Frobenius loss; rounding may leave a loss below 0. */
function root(loss: number): number {
  return Math.sqrt(Math.max(0, 2 * loss));
}

/** Drives a run to its end on the calling thread. */
export function driveSync(steps: Run, onProgress?: (progress: Progress) => void): Solution {
  let step = steps.next(false);
  while (!step.done) {
    onProgress?.(step.value);
    step = steps.next(false);
  }
  return step.value;
}

/** Seconds between two turns of the event loop. */
const TURN_SECONDS = 0.015;

/** Bursts during which a clock that runs would have moved: on the edge it stands still while code runs. */
const FROZEN_BURSTS = 256;

/**
 * Drives a run and lets the event loop turn some sixty times a second.
 *
 * @throws AdvnmfError `ABORTED` when the signal says so, with `best` = the solution so far.
 */
export async function drive<S extends Ended>(
  steps: Run<S>,
  signal: Pick<AbortSignal, "aborted"> | undefined,
  onProgress: ((progress: Progress) => void) | undefined,
): Promise<S> {
  let turned = performance.now();
  let bursts = 0;
  let step = steps.next(false);
  while (!step.done) {
    const passed = performance.now() - turned;
    bursts++;
    if (passed >= TURN_SECONDS * 1000 || (passed === 0 && bursts >= FROZEN_BURSTS)) {
      try {
        onProgress?.(step.value);
      } catch (error) {
        steps.return(undefined as never);
        throw error;
      }
      await nextTurn();
      turned = performance.now();
      bursts = 0;
    }
    step = steps.next(signal?.aborted ?? false);
  }
  if (step.value.reason === "aborted") throw abortedWith(step.value);
  return step.value;
}

/** The error of a call that was cancelled before anything was computed. */
export function abortedBefore(signal: AbortSignal): AdvnmfError {
  return new AdvnmfError("ABORTED", "aborted before it began", {}, { cause: signal.reason });
}

/** The error of a call that was cancelled, with the solution so far. */
export function abortedWith(best: Ended): AdvnmfError {
  return new AdvnmfError(
    "ABORTED",
    `aborted after ${best.iterations} iterations; the error's "best" holds the result so far`,
    { iterations: best.iterations },
    { best },
  );
}

/** The solution, with the warning that the threads that were wanted could not be had. */
export function withLack<S extends Ended>(solution: S, threads: number, reason: string): S {
  const warning = `Computed on one thread, not ${threads}: ${reason}.`;
  return { ...solution, warnings: [...solution.warnings, warning] };
}

/** The solution, or the error with the solution so far on it, in the shape that the caller returns. */
export async function shaped<R, S extends Ended = Solution>(
  solution: Promise<S>,
  shape: (solution: S) => R,
  signal: AbortSignal | undefined,
): Promise<R> {
  try {
    return shape(await solution);
  } catch (error) {
    if (!(error instanceof AdvnmfError) || error.best === undefined) throw error;
    const best = shape(error.best as S);
    throw new AdvnmfError(error.code, error.message, { ...error.details }, { cause: signal?.reason, best });
  }
}

/** Resolves in a later turn, without the 4 ms that browsers add to nested timers. */
export function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  // In workerd messages go before timers, so that a time limit would never come.
  if (globalThis.navigator?.userAgent === "Cloudflare-Workers") {
    return new Promise((resolve) => setTimeout(resolve));
  }
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
