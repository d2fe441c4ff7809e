// One run of the kernels, from a checked problem to factors. The run is a generator: it yields after
// every burst of iterations, and the drivers at the end decide whether to go on, in one turn of the
// event loop (sync) or in many (async).

import type { Dtype, Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { type GradientOutcome, gradientRun } from "./gradient.js";
import type { Matrix } from "./matrix.js";
import { processors } from "./platform/threads.js";
import { checkData, type DataFacts, LOSSES, type Problem, SOLVERS } from "./problem.js";
import type { HistoryEntry, Progress, RestartResult, StopReason } from "./types.js";

/** The stopping rule is looked at every so many iterations (scikit-learn's number). */
const CHECK_EVERY = 10;

/** Where there is none, with tolerance 0, the loss is only for the history. */
const LOOK_EVERY = 50;

/** Multiplicative updates after a half-normal start (AT-NMF §II-C). */
const HALF_NORMAL_STEPS = 5;

/** Below this many ε the ε inside V/(WH + ε) is felt in the fit. */
const SMALL_BESIDE_EPSILON = 1e6;

/**
 * How often a member of a team looks for the others before it sleeps: some hundred microseconds where each has
 * a processor, since waking up takes longer than most waits, and briefly where they share them.
 */
const SPINS = { patient: 300_000, crowded: 1000 } as const;

/** A burst should not take longer, so that progress and cancellation stay lively. */
const BURST_SECONDS = 0.02;

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
  readonly cauchyScale: number;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly threads: number;
  readonly warnings: readonly string[];
  /** The gradient, where the problem asks for one. */
  readonly gradient?: GradientOutcome;
}

/** Who computes a problem together. */
export interface Team {
  /** Members, the lead included. */
  readonly size: number;
  /** Lets the others follow on the task at that address. */
  open(task: number): void;
}

/** A team of one. */
export const ALONE: Team = { size: 1, open() {} };

/** Commands of the lead (assembly/team.ts). */
const COMMANDS = {
  end: 0,
  loadFactors: 1,
  iterate: 2,
  currentLoss: 3,
  explicitLoss: 4,
  projectedGradient: 5,
  cauchyScale: 6,
  conclude: 7,
  keep: 32,
  restore: 33,
  advance: 34,
  comeBack: 35,
  beginReturn: 36,
  prepare: 37,
  solve: 38,
  concludeGradient: 39,
  outerRows: 40,
  squarem: 41,
  step: 42,
} as const;

/** A run: yields progress, is told whether to stop, returns the solution. */
export type Run = Generator<Progress, Solution, boolean>;

/** The task block in the engine's memory, field by field (assembly/task.ts). */
class Task {
  readonly address: number;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
    const bytes = engine.constant("task_bytes");
    this.address = engine.arena.take(bytes, "the task block");
    new Uint8Array(engine.arena.memory.buffer, this.address, bytes).fill(0);
  }

  #view(): DataView {
    return new DataView(this.#engine.arena.memory.buffer);
  }

  #at(field: string): number {
    return this.address + this.#engine.constant(`task_${field}`);
  }

  setInt(field: string, value: number): void {
    this.#view().setInt32(this.#at(field), value, true);
  }

  int(field: string): number {
    return this.#view().getInt32(this.#at(field), true);
  }

  setNumber(field: string, value: number): void {
    this.#view().setFloat64(this.#at(field), value, true);
  }

  pointer(field: string): number {
    return this.#view().getUint32(this.#at(field), true);
  }

  number(field: string): number {
    return this.#view().getFloat64(this.#at(field), true);
  }

  setPenalties(side: "sideW" | "sideH", l1: number, l2: number): void {
    const view = this.#view();
    view.setFloat64(this.pointer(side) + this.#engine.constant("side_l1"), l1, true);
    view.setFloat64(this.pointer(side) + this.#engine.constant("side_l2"), l2, true);
  }
}

/** The kernels of one type, bound to one task. Everything the run does to the memory goes through here. */
export class Workspace {
  readonly #engine: Engine;
  readonly #problem: Problem;
  readonly #task: Task;
  readonly #dtype: Dtype;
  readonly #weighted: boolean;
  readonly #extrapolate: boolean;

  constructor(engine: Engine, problem: Problem, facts: DataFacts, team: Team) {
    this.#engine = engine;
    this.#problem = problem;
    this.#dtype = problem.dtype;
    this.#weighted = facts.weighted;
    this.#extrapolate = problem.extrapolate && (problem.solver === SOLVERS.newton || !facts.weighted);
    this.#task = new Task(engine);
    const bytes = this.#describe(team.size);
    const base = engine.arena.take(bytes, sizeOf(problem));
    engine.kernel("layout", this.#dtype)(this.#task.address, base);
    const { V } = problem;
    this.#task.setPenalties("sideW", problem.l1W * V.cols, problem.l2W * V.cols);
    this.#task.setPenalties("sideH", problem.l1H * V.rows, problem.l2H * V.rows);
    team.open(this.#task.address);
  }

  /** Lets the team go. Nothing else may be asked of it afterwards. */
  dismiss(): void {
    this.#lead("end");
  }

  /** Writes the problem's figures into the task and returns the bytes its workspace takes. */
  #describe(team: number): number {
    const task = this.#task;
    const problem = this.#problem;
    task.setInt("team", team);
    task.setInt("spins", team <= (processors() ?? 1) ? SPINS.patient : SPINS.crowded);
    task.setInt("m", problem.V.rows);
    task.setInt("n", problem.V.cols);
    task.setInt("k", problem.rank);
    task.setInt("loss", problem.loss);
    task.setInt("weighted", this.#weighted ? 1 : 0);
    task.setInt("fixedW", problem.fixedW ? 1 : 0);
    task.setInt("firstH", problem.firstH ? 1 : 0);
    task.setInt("sweeps", problem.innerSweeps);
    this.#choose(problem.solver, this.#extrapolate);
    task.setNumber("epsilon", problem.epsilon);
    task.setNumber("beta", problem.beta);
    task.setNumber("cauchyScale", problem.cauchyScale);
    return this.#engine.kernel("layout", this.#dtype)(task.address, 0);
  }

  #call(kernel: string, ...args: number[]): number {
    return this.#engine.kernel(kernel, this.#dtype)(this.#task.address, ...args);
  }

  /** The whole team does it. */
  #lead(command: keyof typeof COMMANDS, argument = 0): void {
    this.#call("lead", COMMANDS[command], argument);
  }

  #floats(address: number, length: number): Float32Array | Float64Array {
    const buffer = this.#engine.arena.memory.buffer;
    return this.#dtype === "f32"
      ? new Float32Array(buffer, address, length)
      : new Float64Array(buffer, address, length);
  }

  /** Brings V and the weights in, a block of rows at a time; missing entries become 0. */
  loadData(facts: DataFacts): void {
    const { V, mask } = this.#problem;
    const { rows, cols, data } = V;
    const block = this.#engine.kernel("stagingRows", this.#dtype)(rows, cols);
    for (let row = 0; row < rows; row += block) {
      const count = Math.min(block, rows - row);
      const from = row * cols;
      const length = count * cols;
      const staged = this.#floats(this.#task.pointer("staging"), length);
      staged.set(data.subarray(from, from + length));
      if (facts.holes || this.#weighted) {
        const weights = this.#weighted
          ? this.#floats(this.#task.pointer("stagingWeights"), length)
          : undefined;
        for (let i = 0; i < length; i++) {
          const weight = Number.isNaN(data[from + i] as number) ? 0 : mask ? (mask[from + i] as number) : 1;
          if (weight === 0) staged[i] = 0;
          if (weights) weights[i] = weight;
        }
      }
      this.#call("loadRows", row, count);
    }
    this.#call("measure");
  }

  /** Sum of the weights, of D∘V and of D∘V². */
  get totals(): { weight: number; total: number; squares: number } {
    return {
      weight: this.#task.number("weight"),
      total: this.#task.number("total"),
      squares: this.#task.number("squares"),
    };
  }

  #staged(): { W: Float32Array | Float64Array; H: Float32Array | Float64Array } {
    const { V, rank } = this.#problem;
    const stagedH = this.#call("stagedH") >>> 0;
    return {
      W: this.#floats(this.#task.pointer("staging"), V.rows * rank),
      H: this.#floats(stagedH, rank * V.cols),
    };
  }

  /** Puts the start of restart `restart` in place. */
  start(restart: number): void {
    const { init, seed, fixedW } = this.#problem;
    if (fixedW) this.#startWithFixedW(fixedW);
    else if (typeof init === "object") {
      const staged = this.#staged();
      staged.W.set(init.W.data);
      staged.H.set(init.H.data);
    } else if (init === "random") this.#call("initRandom", seed, restart);
    else if (init === "half-normal") this.#call("initHalfNormal", seed, restart);
    else this.#startFromSvd(init === "nndsvda", seed);
    this.#lead("loadFactors");
    this.#task.setNumber("cauchyScale", this.#problem.cauchyScale);
    this.adapt();
    if (init === "half-normal" && !fixedW) {
      this.#choose(SOLVERS.mu, false);
      this.iterate(HALF_NORMAL_STEPS);
      this.#choose(this.#problem.solver, this.#extrapolate);
      this.adapt();
    }
  }

  #choose(solver: number, extrapolate: boolean): void {
    this.#task.setInt("solver", solver);
    this.#task.setInt("extrapolate", extrapolate ? 1 : 0);
  }

  /** Every entry of H the same, so that mean(WH) = mean(V). */
  #startWithFixedW(W: Matrix): void {
    const { total, weight } = this.totals;
    let sum = 0;
    for (const w of W.data) sum += w;
    const staged = this.#staged();
    staged.W.set(W.data);
    staged.H.fill(sum > 0 ? ((total / weight) * W.rows) / sum : 0);
  }

  #startFromSvd(fill: boolean, seed: number): void {
    const { arena } = this.#engine;
    const { V, rank } = this.#problem;
    const mark = arena.mark();
    const bytes = this.#engine.kernel("nndsvdBytes", this.#dtype)(V.rows, V.cols, rank);
    const work = arena.take(bytes, `the singular vectors of ${sizeOf(this.#problem)}`);
    this.#call("initNndsvd", seed, fill ? 1 : 0, work);
    arena.rewind(mark);
  }

  iterate(count: number): void {
    this.#lead("iterate", count);
  }

  /** Whether somebody stopped the team in the middle of an iteration. */
  get stopped(): boolean {
    return this.#task.int("stop") !== 0;
  }

  /** Brings the scale and the cut of the Cauchy loss in line with the present errors. */
  adapt(): void {
    if (this.#problem.loss !== LOSSES.cauchy) return;
    this.#lead("cauchyScale", this.#problem.cauchyScale === 0 ? 1 : 0);
  }

  /** Whether momentum failed since the last look, so that the loss stands where it stood. */
  get setback(): boolean {
    return this.#task.int("setback") === 1;
  }

  loss(): number {
    this.#lead("currentLoss");
    return this.#task.number("value");
  }

  /** The loss summed entry by entry, and ‖V − WH‖/‖V‖. */
  finalFigures(): { loss: number; relativeError: number } {
    const { loss: kind, l1W, l1H, l2W, l2H } = this.#problem;
    this.#lead("conclude");
    this.#lead("explicitLoss", LOSSES.frobenius);
    const half = this.#task.number("value");
    // The plain Frobenius loss is that very sum: no second pass over V.
    const plain = kind === LOSSES.frobenius && l1W + l1H + l2W + l2H === 0;
    if (!plain) this.#lead("currentLoss", 1);
    const loss = this.#task.number("value");
    const error = 2 * half;
    const { squares } = this.totals;
    return { loss, relativeError: squares > 0 ? Math.sqrt(error / squares) : 0 };
  }

  // For what is computed beside a factorization: a kernel on the task, a command to the team, a pointer of the task,
  // numbers in the memory, rows of V that are staged at once.

  call(kernel: string, ...args: number[]): number {
    return this.#call(kernel, ...args);
  }

  command(command: keyof typeof COMMANDS, argument = 0): void {
    this.#lead(command, argument);
  }

  pointer(field: string): number {
    return this.#task.pointer(field);
  }

  floats(address: number, length: number): Float32Array | Float64Array {
    return this.#floats(address, length);
  }

  /** The loss as it stands, entry by entry. */
  exactLoss(): number {
    this.#lead("currentLoss", 1);
    return this.#task.number("value");
  }

  stagingRows(): number {
    const { V } = this.#problem;
    return this.#engine.kernel("stagingRows", this.#dtype)(V.rows, V.cols);
  }

  /** Puts W and H where kernels take factors from. */
  stage(factors: { readonly W: Matrix; readonly H: Matrix }): void {
    const staged = this.#staged();
    staged.W.set(factors.W.data);
    staged.H.set(factors.H.data);
  }

  get cauchyScale(): number {
    return this.#task.number("cauchyScale");
  }

  gradientNorm(): number {
    this.#lead("projectedGradient");
    return Math.sqrt(this.#task.number("value"));
  }

  /** Copies of W and H. */
  factors(): { W: Matrix; H: Matrix } {
    this.#call("storeFactors");
    const { V, rank } = this.#problem;
    const staged = this.#staged();
    return {
      W: { rows: V.rows, cols: rank, data: staged.W.slice() },
      H: { rows: rank, cols: V.cols, data: staged.H.slice() },
    };
  }
}

function sizeOf(problem: Problem): string {
  const { V, rank, dtype } = problem;
  return `a ${V.rows}×${V.cols} ${dtype} problem of rank ${rank}`;
}

interface Attempt extends RestartResult {
  readonly reason: StopReason;
  readonly history: HistoryEntry[];
}

/**
 * Runs a problem on an engine that nothing else is using; the calling thread is the first of the team.
 *
 * @throws AdvnmfError `MEMORY` before anything is allocated when it cannot fit; what {@link checkData}
 *   throws.
 */
export function* run(engine: Engine, problem: Problem, team = ALONE): Run {
  if (problem.gradient) return yield* gradientRun(engine, problem, problem.gradient, team);
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

    let best: { attempt: Attempt; W: Matrix; H: Matrix; figures: Figures } | undefined;
    const restarts: RestartResult[] = [];
    let aborted = false;
    const end = problem.firstRestart + problem.restarts;
    for (let restart = problem.firstRestart; restart < end && !aborted; restart++) {
      workspace.start(restart);
      const attempt = yield* iterate(workspace, problem, restart, started);
      aborted = attempt.reason === "aborted";
      const figures = { ...workspace.finalFigures(), cauchyScale: workspace.cauchyScale };
      const { iterations, converged } = attempt;
      // A number that is not finite anywhere in W or H shows in the error.
      if (!Number.isFinite(figures.loss + figures.relativeError)) throw overflow(iterations);
      restarts.push({ loss: figures.loss, iterations, converged });
      const last = attempt.history.at(-1);
      if (last?.iteration !== iterations) attempt.history.push({ iteration: iterations, loss: figures.loss });
      if (!best || figures.loss < best.figures.loss) best = { attempt, ...workspace.factors(), figures };
    }
    const kept = best as NonNullable<typeof best>;
    return {
      W: kept.W,
      H: kept.H,
      ...kept.figures,
      iterations: kept.attempt.iterations,
      converged: kept.attempt.converged,
      reason: aborted ? "aborted" : kept.attempt.reason,
      history: kept.attempt.history,
      restarts,
      seconds: (performance.now() - started) / 1000,
      peakBytes: arena.peak - mark,
      threads: team.size,
      warnings: warnings(problem, workspace.totals.squares > 0 ? facts.max : 0, kept.W, kept.H),
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

/** The two copies of V alone may be too much: said before V is copied, or every entry looked at. */
export function refuseTooLarge(engine: Engine, problem: Problem): void {
  const { arena } = engine;
  const mark = arena.mark();
  const bytes = 2 * problem.V.data.length * (problem.dtype === "f32" ? 4 : 8);
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
    const affordable = perIteration > 0 ? Math.max(1, Math.floor(BURST_SECONDS / perIteration)) : 1;
    const burst = Math.min(untilCheck, maxIterations - iteration, affordable);
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

function overflow(iteration: number): AdvnmfError {
  return new AdvnmfError(
    "NOT_FINITE",
    `the numbers left the range of their type by iteration ${iteration}; scale V (its largest entry to 1, say), use Float64Array data, or, for β below 1, keep zeros out of V`,
    { iteration },
  );
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

/**
 * Drives a run and lets the event loop turn some sixty times a second.
 *
 * @throws AdvnmfError `ABORTED` when the signal says so, with `best` = the solution so far.
 */
export async function drive(
  steps: Run,
  signal: Pick<AbortSignal, "aborted"> | undefined,
  onProgress: ((progress: Progress) => void) | undefined,
): Promise<Solution> {
  let turned = performance.now();
  let step = steps.next(false);
  while (!step.done) {
    if (performance.now() - turned >= TURN_SECONDS * 1000) {
      try {
        onProgress?.(step.value);
      } catch (error) {
        steps.return(undefined as never);
        throw error;
      }
      await nextTurn();
      turned = performance.now();
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
export function abortedWith(best: Solution): AdvnmfError {
  return new AdvnmfError(
    "ABORTED",
    `aborted after ${best.iterations} iterations; the error's "best" holds the result so far`,
    { iterations: best.iterations },
    { best },
  );
}

/** The solution, with the warning that the threads that were wanted could not be had. */
export function withLack(solution: Solution, threads: number, reason: string): Solution {
  const warning = `Computed on one thread, not ${threads}: ${reason}.`;
  return { ...solution, warnings: [...solution.warnings, warning] };
}

/** The solution, or the error with the solution so far on it, in the shape that the caller returns. */
export async function shaped<R>(
  solution: Promise<Solution>,
  shape: (solution: Solution) => R,
  signal: AbortSignal | undefined,
): Promise<R> {
  try {
    return shape(await solution);
  } catch (error) {
    if (!(error instanceof AdvnmfError) || error.best === undefined) throw error;
    const best = shape(error.best as Solution);
    throw new AdvnmfError(error.code, error.message, { ...error.details }, { cause: signal?.reason, best });
  }
}

/** Resolves in a later turn, without the 4 ms that browsers add to nested timers. */
function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}
