// One gradient of the feature error, from a checked problem: the policy around the kernels of assembly/lafa.

import { affordable } from "./attempt.js";
import type { Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { Fields } from "./fields.js";
import type { Matrix } from "./matrix.js";
import type { Training } from "./model.js";
import { checkData, type Problem } from "./problem.js";
import { type Run, refuseTooLarge, type Solution } from "./solve.js";
import type { Progress } from "./types.js";
import { type Team, Workspace } from "./workspace.js";

/** What a gradient needs besides the data and the start of a {@link Problem}. */
export interface GradientProblem {
  readonly mode: "implicit" | "backprop";
  readonly reference: { readonly W: Matrix; readonly H: Matrix };
  /** Iterations from the start to the factors whose error it is; with an adversary those of all inner loops. */
  readonly iterations: number;
  /** With it the iterations are those of AT-NMF, and some adversary answers. */
  readonly training?: Training;
  /** Stationarity to go on to after them; undefined: stay where they end. */
  readonly converge: number | undefined;
  readonly damping: number;
  /** Where the system cannot be solved, δ grows fivefold as long as it stays below this. */
  readonly maxDamping: number;
  readonly tolerance: number;
  readonly maxProducts: number;
  /** Entries below this part of the largest of their component count as so much. */
  readonly floor: number;
}

/** What {@link gradientRun} finds beside the factors. */
export interface GradientOutcome {
  readonly gradient: Matrix;
  readonly featureError: number;
  readonly featureErrorW: number;
  readonly featureErrorH: number;
  readonly matching: readonly number[];
  readonly residual: number;
  /** Whether the tolerance was reached, without meeting negative curvature. */
  readonly solved: boolean;
  readonly damping: number;
  readonly products: number;
  readonly stationarity: number;
  readonly curvature: number;
  readonly multiplier: number;
  readonly leak: number;
  readonly reliable: boolean;
  readonly reason: string;
}

/** An exact gradient needs factors at least this near to a stationary point, … */
const STATIONARITY = 1e-5;
/** … no multiplier at a zero entry below this, … */
const MULTIPLIER = -1e-6;
/** … no more of the right-hand side than this along the scalings, … */
const LEAK = 1e-8;
/** … no direction with less curvature than this, where the directions of the largest have about 1, … */
export const CURVATURE = 1e-10;
/** … and a fit that is not exact. */
const EXACT_FIT = 1e-6;

/** SQUAREM hands over to Newton steps there: further away these may lead to another minimum. */
const NEAR = 1e-6;
/** Cycles of SQUAREM between looks at the stationarity, and in all. */
const LOOK_EVERY = 10;
const MOST_CYCLES = 20_000;
/** Iterations in a cycle. */
const CYCLE = 3;
const MOST_NEWTON_STEPS = 60;
const MOST_HALVINGS = 25;
/** Products with S in a Newton step at most. */
const NEWTON_PRODUCTS = 500;

/** What the implicit system is prepared for (assembly/lafa/implicit.ts). */
export const PURPOSES = { gradient: 0, newton: 1, stationarity: 2 } as const;

/** Growth of δ where the system cannot be solved. */
export const DAMPING_GROWTH = 5;

/** Modes in the record (assembly/lafa/workspace.ts). */
export const MODES = { backprop: 0, implicit: 1 } as const;

/** Checkpoints and steps between them for T iterations: about √T of each, unless the steps are given. */
export function segments(
  iterations: number,
  steps = Math.max(1, Math.ceil(Math.sqrt(iterations))),
): { steps: number; checkpoints: number; states: number } {
  const checkpoints = Math.max(1, Math.ceil(iterations / steps));
  return { steps, checkpoints, states: checkpoints + steps - 1 };
}

/** Counts what was done, and how much of the next burst's kind fits into its time. */
export class Pace {
  #perUnit = 0;
  #started = 0;

  begin(): void {
    this.#started = performance.now();
  }

  end(units: number): void {
    this.#perUnit = (performance.now() - this.#started) / 1000 / units;
  }

  /** Of `left` units, as many as a burst can take. */
  fit(left: number): number {
    return Math.min(left, affordable(this.#perUnit));
  }
}

/**
 * Runs a gradient on an engine that nothing else is using; the calling thread is the first of the team.
 *
 * @throws AdvnmfError `MEMORY` before anything is allocated when it cannot fit; `ABORTED`; `OPTION` when a feature
 *   vanished on the way, so that there is no feature error.
 */
export function* gradientRun(engine: Engine, problem: Problem, asked: GradientProblem, team: Team): Run {
  const { arena } = engine;
  const mark = arena.mark();
  arena.resetPeak();
  const started = performance.now();
  const { V, rank, dtype } = problem;
  const { mode, iterations, training } = asked;
  const { steps, checkpoints, states } = segments(iterations, training?.inner);
  let workspace: Workspace | undefined;
  let done = 0;
  let damping = asked.damping;
  const work = mode === "backprop" ? 2 * iterations : iterations + asked.maxProducts;
  const report = (): Progress => ({
    iteration: Math.min(done, work),
    maxIterations: work,
    loss: Number.NaN,
    restart: 0,
    restarts: 1,
    seconds: (performance.now() - started) / 1000,
  });
  try {
    refuseTooLarge(engine, problem);
    const facts = checkData(problem);
    workspace = new Workspace(engine, problem, facts, team);
    const run = workspace;
    run.loadData(facts);
    const kept = mode === "backprop" ? states : 0;
    const bytes = run.call("gradientLayout", 0, MODES[mode], kept);
    const what = `the gradient of a ${V.rows}×${V.cols} ${dtype} problem of rank ${rank}${mode === "backprop" ? ` through ${iterations} iterations` : ""}`;
    run.call("gradientLayout", arena.take(bytes, what), MODES[mode], kept);
    const record = new Fields(engine, run.pointer("gradient"), "gradient");
    record.setInt("checkpoints", checkpoints);
    record.setInt("limit", asked.maxProducts);
    record.setNumber("damping", asked.damping);
    record.setNumber("tolerance", asked.tolerance);
    record.setNumber("floor", asked.floor);
    run.stage(asked.reference);
    run.call("loadReference");
    run.start(0);

    const pace = new Pace();
    function* iterate(count: number): Generator<Progress, void, boolean> {
      for (let left = count; left > 0; ) {
        const burst = pace.fit(left);
        pace.begin();
        run.iterate(burst);
        pace.end(burst);
        left -= burst;
        done += burst;
        if (run.stopped || (yield report())) throw aborted();
      }
    }
    const stepsOf = (checkpoint: number) => Math.min(steps, iterations - checkpoint * steps);
    if (training) {
      // The answer stands where V does, so that V has to come back for the next one, and for the figures.
      for (let checkpoint = 0; checkpoint < checkpoints; checkpoint++) {
        run.command("keep", checkpoint);
        run.command("answer");
        yield* iterate(steps);
        run.reloadData(facts);
      }
    } else if (mode === "backprop") {
      for (let checkpoint = 0; checkpoint < checkpoints - 1; checkpoint++) {
        run.command("keep", checkpoint);
        yield* iterate(steps);
      }
      record.setInt("steps", stepsOf(checkpoints - 1));
      run.command("keep", checkpoints - 1);
      run.command("advance", checkpoints - 1);
      done += stepsOf(checkpoints - 1);
      if (run.stopped || (yield report())) throw aborted();
    } else yield* iterate(iterations);
    let reached = iterations;
    if (asked.converge !== undefined) {
      reached += yield* converge(run, record, asked.converge, pace, report);
      record.setInt("limit", asked.maxProducts);
      record.setNumber("damping", asked.damping);
      record.setNumber("tolerance", asked.tolerance);
    }

    const figures = run.finalFigures();
    if (!Number.isFinite(figures.loss + figures.relativeError)) {
      throw new AdvnmfError(
        "NOT_FINITE",
        `the numbers left the range of their type within ${iterations} iterations; scale V, or use Float64Array data`,
        { iterations },
      );
    }
    const factors = run.factors();
    if (mode === "backprop") run.command("beginReturn");
    else run.command("prepare", PURPOSES.gradient);
    const vanished = record.int("vanished");
    if (vanished > 0) {
      throw new AdvnmfError(
        "OPTION",
        `feature ${vanished - 1} vanished within ${iterations} iterations, so it has no feature error; use a lower rank or another start`,
        { feature: vanished - 1 },
      );
    }
    const gradient = dtype === "f32" ? new Float32Array(V.data.length) : new Float64Array(V.data.length);
    if (training) {
      record.setInt("steps", steps);
      for (let checkpoint = checkpoints - 1; checkpoint >= 0; checkpoint--) {
        run.command("restore", checkpoint);
        run.command("answer");
        run.command("advance", checkpoint);
        run.command("comeBack", checkpoint);
        run.command("answerAdjoint");
        collect(run, record, V, mode, (block, from) => {
          for (let at = 0; at < block.length; at++) {
            gradient[from + at] = (gradient[from + at] as number) + (block[at] as number);
          }
        });
        if (checkpoint > 0) run.reloadData(facts);
        done += steps;
        if (run.stopped || (yield report())) throw aborted();
      }
    } else if (mode === "backprop") {
      for (let checkpoint = checkpoints - 1; checkpoint >= 0; checkpoint--) {
        if (checkpoint < checkpoints - 1) {
          record.setInt("steps", steps);
          run.command("restore", checkpoint);
          run.command("advance", checkpoint);
        }
        run.command("comeBack", checkpoint);
        done += stepsOf(checkpoint);
        if (run.stopped || (yield report())) throw aborted();
      }
    } else {
      const products = new Pace();
      for (;;) {
        while (record.int("done") === 0) {
          const burst = products.fit(asked.maxProducts);
          products.begin();
          run.command("solve", burst);
          products.end(burst);
          done += burst;
          if (run.stopped || (yield report())) throw aborted();
        }
        const next = damping * DAMPING_GROWTH;
        if (solved(record, asked) || !(next > damping && next <= asked.maxDamping)) break;
        damping = next;
        record.setNumber("damping", damping);
        run.command("prepare", PURPOSES.gradient);
      }
      run.command("concludeGradient");
    }
    if (!training) collect(run, record, V, mode, (block, from) => gradient.set(block, from));
    const outcome: GradientOutcome = {
      gradient: { rows: V.rows, cols: V.cols, data: gradient },
      featureError: record.number("error"),
      featureErrorW: record.number("errorW"),
      featureErrorH: record.number("errorH"),
      matching: record.ints("matching", rank),
      residual: record.number("residual"),
      solved: mode === "backprop" || solved(record, asked),
      damping,
      products: record.int("products"),
      stationarity: record.number("stationarity"),
      curvature: record.number("curvature"),
      multiplier: record.number("multiplier"),
      leak: record.number("leak"),
      ...trust({ ...asked, damping }, record, figures.relativeError),
    };
    const solution: Solution = {
      ...factors,
      ...figures,
      score: figures.loss,
      cauchyScale: 0,
      iterations: reached,
      converged: false,
      reason: "maxIterations",
      history: [],
      restarts: [],
      seconds: (performance.now() - started) / 1000,
      peakBytes: arena.peak - mark,
      threads: team.size,
      warnings: [],
      gradient: outcome,
    };
    return solution;
  } finally {
    workspace?.dismiss();
    arena.rewind(mark);
  }
}

/**
 * Goes on to a stationary point, or as near as it gets, and returns the iterations and Newton steps it took: SQUAREM
 * with a guard on the loss, then Newton steps that may not raise it.
 */
export function* converge(
  run: Workspace,
  record: Fields,
  target: number,
  pace: Pace,
  report: () => Progress,
): Generator<Progress, number, boolean> {
  let taken = 0;
  const look = () => {
    run.command("prepare", PURPOSES.stationarity);
    return record.number("stationarity");
  };
  let stationarity = look();
  for (let cycles = 0; cycles < MOST_CYCLES && stationarity > Math.max(NEAR, target); ) {
    // In equal bursts, whatever the speed: the guard looks at the loss at the beginning of each.
    pace.begin();
    run.command("squarem", LOOK_EVERY);
    pace.end(LOOK_EVERY);
    cycles += LOOK_EVERY;
    taken += CYCLE * LOOK_EVERY;
    if (run.stopped || (yield report())) throw aborted();
    stationarity = look();
  }
  record.setNumber("damping", 0);
  record.setInt("limit", NEWTON_PRODUCTS);
  const { total, squares } = run.totals;
  // The loss is a sum of terms as large as V's: below this, a difference is rounding.
  const rounding = 1e-14 * Math.max(total, squares);
  let loss = run.exactLoss();
  for (let step = 0; step < MOST_NEWTON_STEPS && stationarity > target; step++) {
    record.setNumber("tolerance", Math.min(0.1, Math.sqrt(stationarity)));
    run.command("prepare", PURPOSES.newton);
    while (record.int("done") === 0) run.command("solve", LOOK_EVERY);
    let next = Number.NaN;
    let halvings = 0;
    for (; halvings <= MOST_HALVINGS; halvings++) {
      run.command("step", halvings);
      next = run.exactLoss();
      if (next <= loss + rounding) break;
    }
    if (!(next <= loss + rounding)) {
      run.command("step", -1);
      return taken;
    }
    taken++;
    if (run.stopped || (yield report())) throw aborted();
    const before = stationarity;
    stationarity = look();
    // Neither falls: this is as far as the numbers go.
    if (stationarity >= before && next >= loss - rounding) return taken;
    loss = next;
  }
  return taken;
}

/** Hands the gradient over, a block of rows at a time, with the number of entries before it. */
export function collect(
  run: Workspace,
  record: Fields,
  { rows, cols }: Matrix,
  mode: GradientProblem["mode"],
  take: (block: Float32Array | Float64Array, from: number) => void,
): void {
  const block = run.stagingRows();
  for (let row = 0; row < rows; row += block) {
    const count = Math.min(block, rows - row);
    if (mode === "backprop") run.call("storeGradient", row, count);
    else {
      record.setInt("steps", count);
      run.command("outerRows", row);
    }
    take(run.floats(run.pointer("staging"), count * cols), row * cols);
  }
}

function solved(record: Fields, { tolerance }: GradientProblem): boolean {
  return record.int("negative") === 0 && record.number("residual") <= tolerance;
}

/** Whether a gradient is that of the map it claims to be, and if not, why. */
function trust(
  asked: GradientProblem,
  record: Fields,
  relativeError: number,
): { reliable: boolean; reason: string } {
  const figures = (field: string) => record.number(field);
  if (asked.mode === "backprop") {
    const flat = figures("error") === 0;
    return {
      reliable: !flat,
      reason: flat ? "the feature error is 0, where it has no gradient" : "",
    };
  }
  const negative = record.int("negative") === 1;
  const reasons = doubts({
    ...{ relativeError, negative, damping: asked.damping, tolerance: asked.tolerance },
    ...{ stationarity: figures("stationarity"), curvature: figures("curvature") },
    ...{ multiplier: figures("multiplier"), residual: figures("residual"), products: record.int("products") },
  });
  if (figures("error") === 0) reasons.unshift("the feature error is 0, where it has no gradient");
  if (!(figures("leak") <= LEAK)) {
    reasons.push(`${figures("leak").toExponential(1)} of the right-hand side lies along the scalings`);
  }
  return { reliable: reasons.length === 0, reason: reasons.join("; ") };
}

/** What is known of the solutions of an implicit system. */
export interface SystemFigures {
  readonly relativeError: number;
  readonly stationarity: number;
  readonly multiplier: number;
  readonly curvature: number;
  /** Whether a direction of negative curvature was met. */
  readonly negative: boolean;
  readonly damping: number;
  readonly residual: number;
  readonly tolerance: number;
  readonly products: number;
}

/** What speaks against taking the solutions of an implicit system for those at a minimum. */
export function doubts(figures: SystemFigures): string[] {
  const { relativeError, stationarity, multiplier, curvature, negative, damping } = figures;
  const { residual, tolerance, products } = figures;
  const reasons: string[] = [];
  if (!(relativeError > EXACT_FIT)) {
    reasons.push(
      `V is of rank k but for ${relativeError.toExponential(1)} of its norm: k² directions change W and H and not the fit`,
    );
  }
  if (damping > 0) {
    reasons.push(`damped with ${damping}, it is that of about the last ${Math.ceil(1 / damping)} iterations`);
  }
  if (!(stationarity <= STATIONARITY)) {
    reasons.push(
      `the factors are not stationary: ${stationarity.toExponential(1)}, and ${STATIONARITY} is needed`,
    );
  }
  if (negative) {
    reasons.push(
      `the curvature is negative (${curvature.toExponential(1)}): the factors are not at a minimum`,
    );
  } else if (damping === 0 && curvature < CURVATURE) {
    reasons.push(
      `some directions change W and H and hardly the fit (curvature ${curvature.toExponential(1)}): V does not determine the factors`,
    );
  }
  if (!(residual <= tolerance) && !negative) {
    reasons.push(`the system is solved to ${residual.toExponential(1)} only, after ${products} products`);
  }
  if (multiplier < MULTIPLIER) {
    reasons.push(
      `an entry that is 0 would grow if it could (multiplier ${multiplier.toExponential(1)}): the factors are not at a minimum`,
    );
  }
  return reasons;
}

export function aborted(): AdvnmfError {
  return new AdvnmfError("ABORTED", "aborted before the computation was complete");
}
