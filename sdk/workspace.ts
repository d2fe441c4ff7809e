// Everything a run does to the memory: the task block, the workspace behind it, and the kernels bound to them.

import type { Dtype, Engine } from "./engine.js";
import { Fields } from "./fields.js";
import type { Matrix } from "./matrix.js";
import { processors } from "./platform/threads.js";
import { type DataFacts, LOSSES, type Problem, SOLVERS } from "./problem.js";

/** Multiplicative updates after a half-normal start (AT-NMF §II-C). */
const HALF_NORMAL_STEPS = 5;

/**
 * How often a member of a team looks for the others before it sleeps: some hundred microseconds where each has
 * a processor, since waking up takes longer than most waits, and briefly where they share them.
 */
const SPINS = { patient: 300_000, crowded: 1000 } as const;

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
  attack: 8,
  innerLoop: 9,
  outerRule: 10,
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
  answer: 43,
  answerAdjoint: 44,
  measureFeatures: 57,
  rightSide: 58,
  beginSolution: 59,
  normalProduct: 60,
  extend: 61,
  ritz: 62,
  restart: 63,
} as const;

/** A new task block in the engine's memory (assembly/task.ts), for a team of that size. */
export function newTask(engine: Engine, team: number): Fields {
  const task = Fields.take(engine, "task", "the task block");
  task.setInt("team", team);
  task.setInt("spins", team <= (processors() ?? 1) ? SPINS.patient : SPINS.crowded);
  return task;
}

/** What an attack found; sums over all entries, of squares for the Frobenius loss. */
export interface AttackFigures {
  /** D(V, WH). */
  readonly clean: number;
  /** D(V + R, WH) for the R of the attack before. */
  readonly before: number;
  /** D(V + R, WH) for the R of this one. */
  readonly attacked: number;
  /** D(V + R, V). */
  readonly effort: number;
}

/** Numbers of the adversaries (assembly/task.ts). */
const ADVERSARIES = { none: 0, penalty: 1, linf: 2 } as const;

/** The kernels of one type, bound to one task. Everything the run does to the memory goes through here. */
export class Workspace {
  readonly #engine: Engine;
  readonly #problem: Problem;
  readonly #task: Fields;
  readonly #dtype: Dtype;
  readonly #weighted: boolean;
  readonly #binary: boolean;
  readonly #extrapolate: boolean;

  constructor(engine: Engine, problem: Problem, facts: DataFacts, team: Team) {
    this.#engine = engine;
    this.#problem = problem;
    this.#dtype = problem.dtype;
    this.#weighted = facts.weighted;
    this.#binary = facts.weighted && facts.binary;
    this.#extrapolate = problem.extrapolate && (problem.solver === SOLVERS.newton || !facts.weighted);
    this.#task = newTask(engine, team.size);
    const bytes = this.#describe();
    const base = engine.arena.take(bytes, sizeOf(problem));
    engine.kernel("layout", this.#dtype)(this.#task.address, base);
    const { V } = problem;
    this.#setPenalties("sideW", problem.l1W * V.cols, problem.l2W * V.cols);
    this.#setPenalties("sideH", problem.l1H * V.rows, problem.l2H * V.rows);
    team.open(this.#task.address);
  }

  /** Lets the team go. Nothing else may be asked of it afterwards. */
  dismiss(): void {
    this.#lead("end");
  }

  #setPenalties(side: "sideW" | "sideH", l1: number, l2: number): void {
    const fields = new Fields(this.#engine, this.#task.pointer(side), "side");
    fields.setNumber("l1", l1);
    fields.setNumber("l2", l2);
  }

  /** Writes the problem's figures into the task and returns the bytes its workspace takes. */
  #describe(): number {
    const task = this.#task;
    const problem = this.#problem;
    task.setInt("m", problem.V.rows);
    task.setInt("n", problem.V.cols);
    task.setInt("k", problem.rank);
    task.setInt("loss", problem.loss);
    task.setInt("weighted", this.#weighted ? 1 : 0);
    task.setInt("binary", this.#binary ? 1 : 0);
    task.setInt("fixedW", problem.fixedW ? 1 : 0);
    task.setInt("firstH", problem.firstH ? 1 : 0);
    task.setInt("sweeps", problem.innerSweeps);
    this.#choose(problem.solver, this.#extrapolate);
    task.setNumber("epsilon", problem.epsilon);
    task.setNumber("beta", problem.beta);
    task.setNumber("cauchyScale", problem.cauchyScale);
    this.#describeAdversary();
    return this.#engine.kernel("layout", this.#dtype)(task.address, 0);
  }

  #describeAdversary(): void {
    const task = this.#task;
    const { adversary, gradient } = this.#problem;
    if (gradient?.training) task.setNumber("strength", 1 / (gradient.training.lambda - 1));
    if (!adversary) return;
    const { lambda, radius, epsilonInner, epsilonOuter } = adversary;
    task.setInt("adversary", radius === undefined ? ADVERSARIES.penalty : ADVERSARIES.linf);
    task.setNumber("strength", 1 / (lambda - 1));
    task.setNumber("radius", radius ?? 0);
    task.setNumber("innerTolerance", epsilonInner);
    task.setNumber("outerTolerance", epsilonOuter);
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

  /** Brings V and the weights in, and sums over them. */
  loadData(facts: DataFacts): void {
    this.reloadData(facts);
    this.#call("measure");
  }

  /** Brings them in, a block of rows at a time; missing entries become 0. */
  reloadData(facts: DataFacts): void {
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

  /** The adversary answers the factors as they stand. */
  attack(): AttackFigures {
    this.#lead("attack");
    return {
      clean: this.#task.number("clean"),
      before: this.#task.number("attackedBefore"),
      attacked: this.#task.number("attacked"),
      effort: this.#task.number("effort"),
    };
  }

  /** At most `count` iterations on the attacked data: how many, and whether rule (12) of AT-NMF ended them. */
  innerLoop(count: number): { done: number; met: boolean } {
    this.#lead("innerLoop", count);
    return { done: this.#task.int("done"), met: this.#task.int("met") === 1 };
  }

  /** Rule (13) of AT-NMF. */
  outerRule(): boolean {
    this.#lead("outerRule");
    return this.#task.int("met") === 1;
  }

  /** A copy of R, the answer of the last attack (m×n). */
  perturbation(): Matrix {
    const { rows, cols } = this.#problem.V;
    const data = this.#dtype === "f32" ? new Float32Array(rows * cols) : new Float64Array(rows * cols);
    const block = this.#engine.kernel("stagingRows", this.#dtype)(rows, cols);
    for (let row = 0; row < rows; row += block) {
      const count = Math.min(block, rows - row);
      this.#call("storePerturbation", row, count);
      data.set(this.#floats(this.#task.pointer("staging"), count * cols), row * cols);
    }
    return { rows, cols, data };
  }

  /** Copies of W and H. */
  factors(): { W: Matrix; H: Matrix } {
    this.#call("storeFactors");
    return this.staged();
  }

  /** Copies of what lies where W and H are staged. */
  staged(): { W: Matrix; H: Matrix } {
    const { V, rank } = this.#problem;
    const staged = this.#staged();
    return {
      W: { rows: V.rows, cols: rank, data: staged.W.slice() },
      H: { rows: rank, cols: V.cols, data: staged.H.slice() },
    };
  }
}

/** The problem in a few words, for messages about memory. */
export function sizeOf(problem: Problem): string {
  const { V, rank, dtype } = problem;
  return `a ${V.rows}×${V.cols} ${dtype} problem of rank ${rank}`;
}
