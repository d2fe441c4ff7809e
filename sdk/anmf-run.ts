// One run of the ANMF kernels (assembly/anmf), as solve.ts has it for nmf: a generator that yields after
// every burst of iterations. It begins with a start of nmf, brings V to root mean square 1, and gives everything
// back in the units of V.

import { affordable } from "./attempt.js";
import type { Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import type { Matrix, Numbers } from "./matrix.js";
import { type Bilevel, checkData, type DataFacts, type Problem } from "./problem.js";
import type { Run, Solution } from "./solve.js";
import type { AnmfHistoryEntry, AnmfResiduals, Progress, RestartResult, StopReason } from "./types.js";
import { named } from "./unobserved.js";

/** The KKT residual is looked at every so many iterations. */
const CHECK_EVERY = 10;

/**
 * Penalties at the start: k²/500 between these. On the synthetic data of AT-NMF (100×50, k = 5; two targets, ten
 * seeds) 0.05 brings all 20 runs to a KKT residual of 1e-6, in 417 iterations on average; 0.1 19 in 386, 0.3 17 in
 * 725. The more components, the longer a small one lets the method swing: on faces (361×2429) k = 20 is below 1e-2
 * after 80 iterations with 1, and at 0.2 after 150 with 0.2; k = 49 after 60 with 3, and at 0.1 after 150 with
 * 1. Towards a target that is nearly 0 it is the largest.
 */
const RHO = { least: 0.05, most: 3, ofSquare: 1 / 500 } as const;

/** What they are multiplied by each time the method begins again, and in all at most. */
const STIFFER = 10;
const STIFFEST = 1000;

/** Of the root mean square of V: a target below it is nearly 0. */
const SMALL_TARGET = 0.1;

/** The stream of the permutation, apart from those of the starts. */
const PERMUTATION_STREAM = 0x414e4d46;

/** What a run finds besides factors, in the units of V. */
export interface BilevelSolution {
  /** The attacker's answer to W and H, m×k. */
  readonly attackedW: Matrix;
  /** ½ Σ D (V − WH)². */
  readonly loss: number;
  readonly kkt: number;
  readonly residuals: AnmfResiduals;
  readonly history: readonly AnmfHistoryEntry[];
}

/** V as the kernels want it: scaled, missing entries 0, with weights of at most 1. */
interface Scaled {
  readonly data: Float64Array;
  readonly weights: Float64Array | undefined;
  /** V is that many times `data`. */
  readonly scale: number;
  /** The weights are that many times `weights`. */
  readonly heaviest: number;
  /** Σ D V², of what is scaled. */
  readonly squares: number;
}

/**
 * Runs a problem on an engine that nothing else is using.
 *
 * @param runNmf what the starts are made with.
 * @throws AdvnmfError `MEMORY` before anything is allocated when it cannot fit; `OPTION` when V is all
 *   zeros; `NOT_FINITE` when the systems of the method become singular.
 */
export function* runAnmf(
  engine: Engine,
  problem: Problem,
  bilevel: Bilevel,
  runNmf: (engine: Engine, problem: Problem) => Run,
): Run {
  const { arena } = engine;
  const mark = arena.mark();
  const started = performance.now();
  try {
    const facts = checkData(problem);
    const scaled = scale(problem, facts.weighted);
    arena.resetPeak();
    const workspace = new Workspace(engine, problem, bilevel, scaled);
    workspace.loadData();
    let peak = arena.peak;

    let best: { attempt: Attempt; factors: Factors } | undefined;
    const restarts: RestartResult[] = [];
    let aborted = false;
    const end = problem.firstRestart + problem.restarts;
    for (let restart = problem.firstRestart; restart < end && !aborted; restart++) {
      const start = startOf(engine, problem, scaled, restart, runNmf);
      peak = Math.max(peak, arena.peak);
      const attempt = yield* attemptFrom(start, workspace, problem, restart, started);
      aborted = attempt.reason === "aborted";
      const { objective, iterations, converged } = attempt;
      restarts.push({ loss: objective, iterations, converged });
      if (!best || objective < best.attempt.objective) best = { attempt, factors: workspace.factors() };
    }
    const { attempt, factors } = best as NonNullable<typeof best>;
    const { attackedW, ...own } = factors;
    const { state, history, iterations, converged, reason } = attempt;
    return {
      ...own,
      loss: attempt.objective,
      score: attempt.objective,
      relativeError: Math.sqrt(state.fit / scaled.squares),
      iterations,
      converged,
      reason: aborted ? "aborted" : reason,
      history: history.map(({ iteration, objective }) => ({ iteration, loss: objective })),
      restarts,
      cauchyScale: 0,
      seconds: (performance.now() - started) / 1000,
      peakBytes: peak - mark,
      threads: 1,
      warnings: warnings(problem, facts),
      bilevel: {
        attackedW,
        loss: (scaled.scale * scaled.scale * scaled.heaviest * state.fit) / 2,
        kkt: state.kkt,
        residuals: state.residuals,
        history,
      },
    };
  } finally {
    arena.rewind(mark);
  }
}

/** @throws AdvnmfError `OPTION` when there is nothing but zeros. */
function scale({ V, mask, zeroFill }: Problem, weighted: boolean): Scaled {
  const count = V.data.length;
  const data = new Float64Array(count);
  const weights = weighted ? new Float64Array(count) : undefined;
  let max = 0;
  let heaviest = weighted ? 0 : 1;
  for (let i = 0; i < count; i++) {
    const weight = Number.isNaN(V.data[i] as number) ? 0 : mask ? (mask[i] as number) : 1;
    data[i] = weight > 0 ? (V.data[i] as number) : 0;
    max = Math.max(max, data[i] as number);
    if (!weights) continue;
    weights[i] = weight;
    heaviest = Math.max(heaviest, weight);
  }
  let total = 0;
  let squares = 0;
  for (let i = 0; i < count && max > 0; i++) {
    // By the largest first, so that squares stay in range.
    data[i] = (data[i] as number) / max;
    const weight = weights ? (weights[i] as number) / heaviest : 1;
    if (weights) weights[i] = weight;
    total += weight;
    squares += weight * (data[i] as number) * (data[i] as number);
  }
  if (squares === 0) {
    const which = zeroFill ? "entries of V, missing ones counted as 0," : "observed entries of V";
    throw new AdvnmfError("OPTION", `all ${which} are zeros: there is nothing to factorize`, {
      option: "V",
    });
  }
  const rms = Math.sqrt(squares / total);
  for (let i = 0; i < count; i++) data[i] = (data[i] as number) / rms;
  return { data, weights, scale: rms * max, heaviest, squares: squares / (rms * rms) };
}

/** The factors that nmf starts from, on the scaled data. */
function startOf(
  engine: Engine,
  problem: Problem,
  { data, weights, scale: unit }: Scaled,
  restart: number,
  runNmf: (engine: Engine, problem: Problem) => Run,
): Solution {
  const { V, init } = problem;
  const given = typeof init === "object" ? { W: inUnits(init.W, 1 / unit), H: init.H } : init;
  const { bilevel: _, ...plain } = problem;
  const steps = runNmf(engine, {
    ...plain,
    V: { rows: V.rows, cols: V.cols, data },
    mask: weights,
    zeroFill: false,
    init: given,
    maxIterations: 0,
    firstRestart: restart,
    restarts: 1,
  });
  let step = steps.next(false);
  while (!step.done) step = steps.next(false);
  return step.value;
}

function inUnits({ rows, cols, data }: Matrix, unit: number): Matrix<Float64Array> {
  return { rows, cols, data: Float64Array.from(data, (x) => x * unit) };
}

interface Factors {
  readonly W: Matrix;
  readonly H: Matrix;
  readonly attackedW: Matrix;
}

/** What the kernels say of the present iterate. */
interface State {
  readonly objective: number;
  readonly fit: number;
  readonly kkt: number;
  readonly residuals: AnmfResiduals;
}

/** The record of the kernels (assembly/anmf/workspace.ts) and the memory behind it. */
class Workspace {
  readonly #engine: Engine;
  readonly #problem: Problem;
  readonly #bilevel: Bilevel;
  readonly #scaled: Scaled;
  readonly #record: number;
  /** The usual penalties at the start. */
  #rho: number = RHO.least;

  constructor(engine: Engine, problem: Problem, bilevel: Bilevel, scaled: Scaled) {
    this.#engine = engine;
    this.#problem = problem;
    this.#bilevel = bilevel;
    this.#scaled = scaled;
    const { V, rank } = problem;
    const { arena } = engine;
    const bytes = engine.constant("anmf_bytes");
    this.#record = arena.take(bytes, "the ANMF record");
    new Uint8Array(arena.memory.buffer, this.#record, bytes).fill(0);
    for (const [field, value] of Object.entries({
      m: V.rows,
      n: rank,
      N: V.cols,
      weighted: scaled.weights ? 1 : 0,
      gauge: bilevel.gauge ? 1 : 0,
    })) {
      this.#view().setInt32(this.#at(field), value, true);
    }
    const needed = engine.kernel("anmfLayout")(this.#record, 0);
    const base = arena.take(needed, `an adversarial ${V.rows}×${V.cols} problem of rank ${rank}`);
    engine.kernel("anmfLayout")(this.#record, base);
    this.#setNumber("lambda", bilevel.lambda * V.cols);
    this.#setNumber("beta", bilevel.beta);
  }

  #view(): DataView {
    return new DataView(this.#engine.arena.memory.buffer);
  }

  #at(field: string): number {
    return this.#record + this.#engine.constant(`anmf_${field}`);
  }

  #setNumber(field: string, value: number): void {
    this.#view().setFloat64(this.#at(field), value, true);
  }

  #number(field: string): number {
    return this.#view().getFloat64(this.#at(field), true);
  }

  #staged(length: number): Float64Array {
    const address = this.#view().getUint32(this.#at("staging"), true);
    return new Float64Array(this.#engine.arena.memory.buffer, address, length);
  }

  /** Brings in V, the target and the weights, a block of rows at a time, and chooses the penalties. */
  loadData(): void {
    const { rows, cols } = this.#problem.V;
    const { data, weights } = this.#scaled;
    const block = this.#engine.kernel("stagingRows", "f64")(rows, cols);
    const targetRow = this.#target();
    let squares = 0;
    for (let row = 0; row < rows; row += block) {
      const count = Math.min(block, rows - row);
      const from = row * cols;
      const to = from + count * cols;
      const staged = this.#staged(count * cols);
      const load = (which: number) => this.#engine.kernel("anmfLoadRows")(this.#record, which, row, count);
      staged.set(data.subarray(from, to));
      load(0);
      for (let i = 0; i < count; i++) targetRow(row + i, staged.subarray(i * cols, (i + 1) * cols));
      for (const z of staged) squares += z * z;
      load(1);
      if (!weights) continue;
      staged.set(weights.subarray(from, to));
      load(2);
    }
    const small = Math.sqrt(squares / (rows * cols)) < SMALL_TARGET;
    const { rank } = this.#problem;
    const usual = Math.min(RHO.most, Math.max(RHO.least, RHO.ofSquare * rank * rank));
    this.#rho = this.#bilevel.rho ?? (small ? RHO.most : usual);
  }

  /** What writes a row of the target. */
  #target(): (row: number, out: Float64Array) => void {
    const { target } = this.#bilevel;
    const { cols } = this.#problem.V;
    const { data, weights, scale: unit } = this.#scaled;
    if (target === "zero") return (_, out) => out.fill(0);
    if (typeof target === "object") {
      return (row, out) => {
        for (let j = 0; j < cols; j++) out[j] = (target.data[row * cols + j] as number) / unit;
      };
    }
    const mean = (row: number): number => {
      let total = 0;
      let sum = 0;
      for (let at = row * cols; at < (row + 1) * cols; at++) {
        const weight = weights ? (weights[at] as number) : 1;
        total += weight;
        sum += weight * (data[at] as number);
      }
      return total > 0 ? sum / total : 0;
    };
    if (target === "mean") return (row, out) => out.fill(mean(row));
    const order = this.#permutation(cols);
    return (row, out) => {
      const fill = weights ? mean(row) : 0;
      for (let j = 0; j < cols; j++) {
        const at = row * cols + (order[j] as number);
        out[j] = weights && weights[at] === 0 ? fill : (data[at] as number);
      }
    };
  }

  /** Fisher and Yates' shuffle of 0 … count − 1, with one draw a step from a stream of its own. */
  #permutation(count: number): Uint32Array {
    const { arena } = this.#engine;
    const mark = arena.mark();
    const address = arena.take(8 * count + 16, "the permutation of the columns");
    const draw = this.#engine.kernel("uniform", "f64");
    draw(this.#problem.seed, PERMUTATION_STREAM, count, address, address + 8 * count);
    const draws = new Float64Array(arena.memory.buffer, address, count);
    const order = Uint32Array.from({ length: count }, (_, j) => j);
    for (let last = count - 1; last > 0; last--) {
      const other = Math.floor((draws[last] as number) * (last + 1));
      const moved = order[last] as number;
      order[last] = order[other] as number;
      order[other] = moved;
    }
    arena.rewind(mark);
    return order;
  }

  /** Puts a start in place, with penalties so many times the usual ones. */
  start({ W, H }: Solution, stiffness: number): void {
    this.#setNumber("rho", stiffness * this.#rho);
    const staged = this.#staged(W.data.length + H.data.length);
    staged.set(W.data);
    staged.set(H.data, W.data.length);
    this.#engine.kernel("anmfLoadFactors")(this.#record);
    this.#engine.kernel("anmfBegin")(this.#record);
  }

  iterate(count: number): void {
    this.#engine.kernel("anmfIterate")(this.#record, count);
  }

  /** @throws AdvnmfError `NOT_FINITE` when the numbers are good for nothing. */
  look(): State {
    this.#engine.kernel("anmfEvaluate")(this.#record);
    const { scale: unit, heaviest } = this.#scaled;
    const objective = unit * unit * heaviest * this.#number("objective");
    const kkt = this.#number("kkt");
    const failed = this.#view().getInt32(this.#at("failed"), true) !== 0;
    if (failed || !Number.isFinite(objective + kkt)) {
      const iteration = this.#view().getInt32(this.#at("iteration"), true);
      const { lambda } = this.#bilevel;
      throw new AdvnmfError(
        "NOT_FINITE",
        `a system of the method became singular by iteration ${iteration}, with lambda ${lambda}; use a larger rho, a lambda nearer to 1, a lower rank or another start`,
        { iteration, lambda },
      );
    }
    return {
      objective,
      fit: this.#number("fit"),
      kkt,
      residuals: {
        attack: this.#number("attack"),
        splitW: this.#number("splitA"),
        splitAttackH: this.#number("splitQ"),
        splitH: this.#number("splitX"),
        bestResponse: this.#number("bestResponse"),
      },
    };
  }

  /** Copies of the factors and of the attacker's answer, of the last look, in the units and the type of V. */
  factors(): Factors {
    const { V, rank } = this.#problem;
    const { scale: unit } = this.#scaled;
    this.#engine.kernel("anmfStoreFactors")(this.#record);
    const left = V.rows * rank;
    const right = rank * V.cols;
    const staged = this.#staged(2 * left + right);
    const part = (from: number, length: number, factor: number): Numbers => {
      const numbers = staged.slice(from, from + length).map((x) => x * factor);
      return V.data instanceof Float32Array ? Float32Array.from(numbers) : numbers;
    };
    return {
      W: { rows: V.rows, cols: rank, data: part(0, left, unit) },
      H: { rows: rank, cols: V.cols, data: part(left, right, 1) },
      attackedW: { rows: V.rows, cols: rank, data: part(left + right, left, unit) },
    };
  }
}

interface Attempt {
  readonly objective: number;
  readonly state: State;
  readonly iterations: number;
  readonly converged: boolean;
  readonly reason: StopReason;
  readonly history: AnmfHistoryEntry[];
}

/** With penalties that are too small the method may swing out of range: it then begins again with larger ones. */
function* attemptFrom(
  start: Solution,
  workspace: Workspace,
  problem: Problem,
  restart: number,
  started: number,
): Generator<Progress, Attempt, boolean> {
  const most = problem.bilevel?.rho === undefined ? STIFFEST : 1;
  for (let stiffness = 1; ; stiffness *= STIFFER) {
    workspace.start(start, stiffness);
    try {
      return yield* iterate(workspace, problem, restart, started);
    } catch (error) {
      const swung = error instanceof AdvnmfError && error.code === "NOT_FINITE";
      if (!swung || stiffness >= most) throw error;
    }
  }
}

function* iterate(
  workspace: Workspace,
  problem: Problem,
  restart: number,
  started: number,
): Generator<Progress, Attempt, boolean> {
  const { maxIterations, tolerance, restarts } = problem;
  let iteration = 0;
  let state = workspace.look();
  const entry = ({ objective, kkt, residuals }: State): AnmfHistoryEntry => {
    const { attack, splitW, splitAttackH, splitH } = residuals;
    return { iteration, objective, kkt, primal: Math.max(attack, splitW, splitAttackH, splitH) };
  };
  const history = [entry(state)];
  const result = (reason: StopReason): Attempt => {
    if (history.at(-1)?.iteration !== iteration) {
      state = workspace.look();
      history.push(entry(state));
    }
    const { objective } = state;
    return { objective, state, iterations: iteration, converged: reason === "tolerance", reason, history };
  };
  let perIteration = 0;
  while (iteration < maxIterations) {
    const untilCheck = CHECK_EVERY - (iteration % CHECK_EVERY);
    const burst = Math.min(untilCheck, maxIterations - iteration, affordable(perIteration));
    const before = performance.now();
    workspace.iterate(burst);
    perIteration = (performance.now() - before) / 1000 / burst;
    iteration += burst;
    if (iteration % CHECK_EVERY === 0) {
      state = workspace.look();
      history.push(entry(state));
      if (state.kkt <= tolerance) return result("tolerance");
    }
    const seconds = (performance.now() - started) / 1000;
    const stop = yield { iteration, maxIterations, loss: state.objective, restart, restarts, seconds };
    if (stop) return result("aborted");
  }
  return result("maxIterations");
}

/** Columns without an observed entry: the learner's data say nothing of them. */
function warnings({ zeroFill, bilevel }: Problem, { emptyCols }: DataFacts): string[] {
  const found: string[] = [];
  if (bilevel?.gauge === false) {
    found.push(
      'Without a gauge the problem is degenerate: scaling W up and H down weakens the attack, and the objective tends to that of plain NMF. Use gauge "unit-rms".',
    );
  }
  if (emptyCols.length > 0) {
    const fate = zeroFill ? "counts as zeros." : "H has there what the attacker's target says alone.";
    found.push(`V has no observed entry in ${named("column", emptyCols)}: ${fate}`);
  }
  return found;
}
