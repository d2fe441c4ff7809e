// The largest singular values of the map from data to features at a stationary point, from a checked problem: the
// policy around the kernels of assembly/lafa/sensitivity.ts.

import type { Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import type { Factors } from "./feature-error.js";
import { Fields } from "./fields.js";
import {
  aborted,
  CURVATURE,
  collect,
  converge,
  DAMPING_GROWTH,
  MODES,
  Pace,
  PURPOSES,
  type SystemFigures,
} from "./gradient.js";
import type { Matrix } from "./matrix.js";
import { checkData, type Problem } from "./problem.js";
import { type Run, refuseTooLarge, type Solution } from "./solve.js";
import type { Progress } from "./types.js";
import { type Team, Workspace } from "./workspace.js";

/** What a sensitivity needs besides the data and the start of a {@link Problem}. */
export interface SensitivityProblem {
  /** Stationarity to go on to; undefined: stay at the start. */
  readonly converge: number | undefined;
  /** The one feature that is asked for; undefined: all. */
  readonly feature: number | undefined;
  /** Singular values. */
  readonly count: number;
  /** Residual of the singular vectors. */
  readonly tolerance: number;
  readonly seed: number;
}

/** What {@link sensitivityRun} finds beside the factors. */
export interface SensitivityOutcome {
  readonly singularValues: readonly number[];
  /** m×n each. */
  readonly right: readonly Matrix[];
  /** In the coordinates of the features. */
  readonly left: readonly Pair[];
  /** ‖V‖ and ‖c_a‖² of every feature. */
  readonly norm: number;
  readonly squares: readonly number[];
  /** The largest singular value of each feature that was looked at alone. */
  readonly alone: readonly Alone[];
  readonly figures: SystemFigures;
  /** ‖JJᵀu − σ²u‖/σ_1² of the first left singular vector, and of the worst. */
  readonly firstResidual: number;
  readonly residual: number;
  readonly products: number;
}

/** Systems are solved so much further than the singular vectors, as far as the numbers allow. */
const SYSTEM_SHARE = 1e-2;
const SYSTEM_LEAST = { f32: 1e-5, f64: 1e-12 } as const;
/** The largest singular value of a single feature needs no accurate vector. */
const ALONE_TOLERANCE = 1e-4;
/** Products with S in the solution of one system at most. */
const MOST_PRODUCTS = 2000;
/** Where the system cannot be solved: damping to begin with, and at most. */
const DAMPING = { first: 1e-4, most: 10 } as const;
/** Vectors beyond those that are wanted, before the basis is restarted; how often that may be. */
const SPARE_VECTORS = 16;
const MOST_RESTARTS = 20;
/** Of the spare vectors as many are kept at a restart, as the next best. */
const KEPT_SPARE = 8;
/** Below this part of the largest singular value, squared, what a product has outside the basis is rounding. */
const EXHAUSTED = { f32: 1e-5, f64: 1e-12 } as const;

/** Vectors that the basis has room for. */
function roomFor(count: number): number {
  return count + SPARE_VECTORS + 1;
}

/** A system that is damped too little to be solved. */
class Unsolved {}

/**
 * Runs a sensitivity on an engine that nothing else is using; the calling thread is the first of the team.
 *
 * @throws AdvnmfError `MEMORY` before anything is allocated when it cannot fit; `ABORTED`; `OPTION` when a feature
 *   vanished on the way to a stationary point.
 */
export function* sensitivityRun(
  engine: Engine,
  problem: Problem,
  asked: SensitivityProblem,
  team: Team,
): Run {
  const { arena } = engine;
  const mark = arena.mark();
  arena.resetPeak();
  const started = performance.now();
  const { V, rank, dtype } = problem;
  const { feature, tolerance, count } = asked;
  let workspace: Workspace | undefined;
  let done = 0;
  const report = (): Progress => ({
    iteration: Math.min(done, problem.maxIterations),
    maxIterations: problem.maxIterations,
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
    const what = `the sensitivity of a ${V.rows}×${V.cols} ${dtype} problem of rank ${rank}`;
    const base = arena.take(run.call("gradientLayout", 0, MODES.implicit, 0), what);
    run.call("gradientLayout", base, MODES.implicit, 0);
    const room = roomFor(count);
    run.call("sensitivityLayout", arena.take(run.call("sensitivityLayout", 0, room), what), room);
    const record = new Fields(engine, run.pointer("gradient"), "gradient");
    const own = new Fields(engine, record.pointer("sensitivity"), "sensitivity");
    run.start(0);

    const pace = new Pace();
    let iterations = 0;
    if (asked.converge !== undefined) {
      iterations = yield* converge(run, record, asked.converge, pace, report);
    }
    const { relativeError, loss } = run.finalFigures();
    if (!Number.isFinite(loss + relativeError)) {
      throw new AdvnmfError(
        "NOT_FINITE",
        "the numbers left the range of their type on the way to a stationary point; scale V, or use Float64Array data",
        {},
      );
    }
    const factors = settled(run.factors());
    run.stage(factors);
    run.command("loadFactors");

    let products = 0;
    let damping = 0;
    let worst = 0;
    let curvature = Number.POSITIVE_INFINITY;
    const systemTolerance = Math.max(tolerance * SYSTEM_SHARE, SYSTEM_LEAST[dtype]);
    const prepare = () => {
      record.setInt("limit", MOST_PRODUCTS);
      record.setNumber("damping", damping);
      record.setNumber("tolerance", systemTolerance);
      run.command("prepare", PURPOSES.newton);
    };
    prepare();
    run.command("measureFeatures");
    const stationarity = record.number("stationarity");
    const multiplier = record.number("multiplier");
    const squares = own.numbers("squares", rank);

    /** x ← S⁻¹ of the right-hand side that is there. */
    const bursts = new Pace();
    function* solve(): Generator<Progress, void, boolean> {
      run.command("beginSolution");
      while (record.int("done") === 0) {
        const burst = bursts.fit(MOST_PRODUCTS);
        const before = record.int("products");
        bursts.begin();
        run.command("solve", burst);
        const taken = record.int("products") - before;
        bursts.end(Math.max(1, taken));
        done += taken;
        products += taken;
        if (run.stopped || (yield report())) throw aborted();
      }
      curvature = Math.min(curvature, record.number("curvature"));
      const missed = record.int("negative") === 1 || !(record.number("residual") <= systemTolerance);
      const flat = damping === 0 && curvature < CURVATURE;
      if ((missed || flat) && damping < DAMPING.most) throw new Unsolved();
      worst = Math.max(worst, record.number("residual"));
    }

    /** The singular values of largest size, squared; the basis ends as their vectors. */
    function* lanczos(wanted: number, goal: number): Generator<Progress, Ritz, boolean> {
      const most = wanted + SPARE_VECTORS;
      run.command("extend", -1);
      let size = 0;
      for (let restarts = 0; ; ) {
        run.command("rightSide", size);
        yield* solve();
        run.command("concludeGradient");
        run.command("normalProduct");
        yield* solve();
        run.command("concludeGradient");
        run.command("extend", ++size);
        run.command("ritz", size);
        const values = own.numbers("values", size);
        const last = own.numbers("last", size);
        const largest = values[0] as number;
        const norm = own.number("norm");
        const least = EXHAUSTED[dtype] * largest;
        const found = Math.max(1, values.slice(0, wanted).filter((value) => value > least).length);
        const off = last.slice(0, found).map((share) => Math.abs(share) * norm);
        const residual = largest > 0 ? Math.max(...off) / largest : 0;
        const firstResidual = largest > 0 ? (off[0] as number) / largest : 0;
        // Then every Ritz vector is as good as that.
        const exhausted = !(norm > Math.max(least, goal * largest));
        const met = size >= wanted && residual <= goal;
        if (met || exhausted || (size === most && restarts === MOST_RESTARTS)) {
          run.command("restart", found + 65536 * size);
          return { found, firstResidual, residual };
        }
        if (size === most) {
          const keep = Math.min(size - 1, wanted + KEPT_SPARE);
          run.command("restart", keep + 65536 * size);
          size = keep;
          restarts++;
        }
      }
    }

    function* vectors(): Generator<Progress, Vectors, boolean> {
      own.setInt("only", feature ?? -1);
      run.call("drawVector", asked.seed);
      run.call("loadVector");
      const ritz = yield* lanczos(count, tolerance);
      const right: Matrix[] = [];
      const left: Pair[] = [];
      const values: number[] = [];
      for (let index = 0; index < ritz.found; index++) {
        run.call("storeVector", index);
        left.push(run.staged());
        run.command("rightSide", index);
        yield* solve();
        run.command("concludeGradient");
        run.command("normalProduct");
        const value = Math.sqrt(Math.max(0, own.number("length")));
        const length = V.rows * V.cols;
        const data = dtype === "f32" ? new Float32Array(length) : new Float64Array(length);
        collect(run, record, V, "implicit", (block, from) => {
          for (let i = 0; i < block.length; i++)
            data[from + i] = value > 0 ? (block[i] as number) / value : 0;
        });
        values.push(value);
        right.push({ rows: V.rows, cols: V.cols, data });
      }
      const alone: Alone[] = [];
      if (feature !== undefined) alone.push({ feature, value: values[0] as number, met: true });
      const goal = Math.max(tolerance, ALONE_TOLERANCE);
      for (let index = 0; index < rank && feature === undefined; index++) {
        own.setInt("only", index);
        run.call("drawVector", asked.seed);
        run.stage(nearby(run.staged(), left, values));
        run.call("loadVector");
        const { residual } = yield* lanczos(1, goal);
        const value = Math.sqrt(own.numbers("values", 1)[0] as number);
        alone.push({ feature: index, value, met: residual <= goal });
      }
      return { ritz, right, left, values, alone };
    }

    let found: Vectors | undefined;
    while (!found) {
      try {
        found = yield* vectors();
      } catch (error) {
        if (!(error instanceof Unsolved)) throw error;
        damping = damping === 0 ? DAMPING.first : damping * DAMPING_GROWTH;
        prepare();
      }
    }
    const outcome: SensitivityOutcome = {
      singularValues: found.values,
      right: found.right,
      left: found.left,
      norm: Math.sqrt(run.totals.squares),
      squares,
      alone: found.alone,
      figures: {
        ...{ relativeError, stationarity, multiplier, curvature, negative: curvature < -CURVATURE, damping },
        ...{ residual: worst, tolerance: systemTolerance, products: MOST_PRODUCTS },
      },
      firstResidual: found.ritz.firstResidual,
      residual: found.ritz.residual,
      products,
    };
    const solution: Solution = {
      ...factors,
      loss,
      relativeError,
      score: loss,
      cauchyScale: 0,
      iterations,
      converged: false,
      reason: "maxIterations",
      history: [],
      restarts: [],
      seconds: (performance.now() - started) / 1000,
      peakBytes: arena.peak - mark,
      threads: team.size,
      warnings: [],
      sensitivity: outcome,
    };
    return solution;
  } finally {
    workspace?.dismiss();
    arena.rewind(mark);
  }
}

type Pair = Factors<Matrix>;

/** What the method of Lanczos ended with. */
interface Ritz {
  readonly found: number;
  readonly firstResidual: number;
  readonly residual: number;
}

interface Vectors {
  readonly ritz: Ritz;
  readonly right: readonly Matrix[];
  readonly left: readonly Pair[];
  readonly values: readonly number[];
  readonly alone: readonly Alone[];
}

/** The largest singular value of one feature, and whether its vector was found as well as was asked. */
interface Alone {
  readonly feature: number;
  readonly value: number;
  readonly met: boolean;
}

/** Where the vectors of a single feature are looked for first: those of all, so much of chance besides. */
const CHANCE = 1e-3;

function nearby(chance: Pair, left: readonly Pair[], values: readonly number[]): Pair {
  const mixed = (name: "W" | "H"): Matrix => {
    const { rows, cols, data } = chance[name];
    const out = data.map((x) => CHANCE * (values[0] as number) * x);
    for (const [index, vector] of left.entries()) {
      const share = values[index] as number;
      for (let i = 0; i < out.length; i++) {
        out[i] = (out[i] as number) + share * (vector[name].data[i] as number);
      }
    }
    return { rows, cols, data: out };
  };
  return { W: mixed("W"), H: mixed("H") };
}

/** An entry below this part of the largest of its feature is 0. */
const ZERO = 1e-10;

/**
 * The factors with zeros where there is next to nothing: where both factors of an entry of WH are on their way to 0,
 * 1/WH grows without bound.
 *
 * @throws AdvnmfError `OPTION` when a feature vanished.
 */
function settled({ W, H }: Pair): Pair {
  const rank = W.cols;
  const settle = ({ rows, cols, data }: Matrix, of: (at: number) => number): Matrix => {
    const most = new Array<number>(rank).fill(0);
    for (let at = 0; at < data.length; at++) {
      most[of(at)] = Math.max(most[of(at)] as number, data[at] as number);
    }
    const feature = most.findIndex((x) => !(x > 0));
    if (feature >= 0) {
      throw new AdvnmfError(
        "OPTION",
        `feature ${feature} vanished on the way to a stationary point, so it has no sensitivity; use a lower rank or another start`,
        { feature },
      );
    }
    return { rows, cols, data: data.map((x, at) => (x > ZERO * (most[of(at)] as number) ? x : 0)) };
  };
  return { W: settle(W, (at) => at % rank), H: settle(H, (at) => Math.floor(at / H.cols)) };
}
