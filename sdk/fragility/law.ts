// The linear law (assembly/fragility/law.ts): Gaussian points, the caller's own, and sums of signs.

import { defaultEngine, type Engine } from "../engine.js";
import { AdvnmfError } from "../errors.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { checkOptions, show, wholeNumber } from "../options.js";
import { MOST_THREADS } from "../problem.js";
import { shaped } from "../solve.js";
import { checkFinite } from "./check.js";
import { computeJob } from "./compute.js";
import { FIGURES, type LawProblem, type LawSolution, lawRun } from "./law-run.js";
import type {
  EngineOption,
  LinearOptions,
  LinearResult,
  PairFigures,
  PointsOptions,
  SignsOptions,
  SignsResult,
} from "./types.js";

const LINEAR_OPTIONS = ["dimension", "trials", "seed", "threads", "signal", "onProgress", "engine"];

/** As {@link Fragility.linear}. */
export async function linear(options: LinearOptions): Promise<LinearResult> {
  checkOptions(options, LINEAR_OPTIONS, "fragility.linear");
  const dimension = wholeNumber(options.dimension, 2, 4096, "dimension");
  const trials = wholeNumber(options.trials ?? 200, 1, 65536, "trials");
  const seed = wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed");
  const { threads, signal } = options;
  const asked = threads === undefined ? undefined : wholeNumber(threads, 1, MOST_THREADS, "threads");
  const engine = options.engine ?? (await defaultEngine());
  const problem: LawProblem = { kind: "law", dtype: "f64", dimension, trials, seed };
  // Two factorizations at half a nanosecond a multiply+add, and as many draws as entries.
  const alone = trials * dimension * dimension * (dimension * 0.7 + 60);
  const effort = { alone, meetings: 1, threads: asked };
  const shape = (solution: LawSolution) => linearResult(problem, solution);
  return shaped(computeJob(engine, problem, lawRun, effort, options), shape, signal);
}

function linearResult(problem: LawProblem, solution: LawSolution): LinearResult {
  const { dimension, seed } = problem;
  const { figures, iterations: trials, seconds, peakBytes, threads, warnings } = solution;
  const column = (name: (typeof FIGURES)[number]) => {
    const at = FIGURES.indexOf(name);
    return Float64Array.from({ length: trials }, (_, i) => figures[i * FIGURES.length + at] as number);
  };
  const cosine = column("cosine");
  const distance = column("distance");
  const predicted = column("predicted");
  const corner = column("corner");
  const inverseNorm = column("inverseNorm");
  let sum = 0;
  let squares = 0;
  let identityError = 0;
  for (let i = 0; i < trials; i++) {
    const c = cosine[i] as number;
    sum += c;
    squares += c * c;
    identityError = Math.max(
      identityError,
      Math.abs((predicted[i] as number) / (distance[i] as number) - 1),
      Math.abs((corner[i] as number) / (inverseNorm[i] as number) - 1),
    );
  }
  return {
    dimension,
    trials,
    seed,
    distance,
    apart: column("apart"),
    cosine,
    predicted,
    corner,
    inverseNorm,
    rms: Math.sqrt(squares / trials),
    mean: sum / trials,
    expectedRms: 1 / Math.sqrt(dimension),
    identityError,
    seconds,
    peakBytes,
    threads,
    warnings,
  };
}

/** As {@link Fragility.qr}. */
export async function qr(
  points: MatrixLike,
  pair: readonly [i: number, j: number] = [0, 1],
  options: EngineOption = {},
): Promise<PairFigures> {
  checkOptions(options, ["engine"], "fragility.qr");
  const X = toMatrix(points, "points");
  const { rows: n, cols: d } = X;
  if (n < 2 || n > d) {
    throw new AdvnmfError(
      "SHAPE",
      `points must be 2 … d rows of d numbers, got ${n}×${d}: more points than dimensions have no linear classifier with all the scores asked for`,
      { got: [n, d] },
    );
  }
  checkFinite(X, "points");
  const [i, j] = checkPair(pair, n);
  const engine = options.engine ?? (await defaultEngine());
  const { figures } = await separate(engine, X, [i, j]);
  if (Object.values(figures).every((x: number) => Number.isFinite(x) && x !== 0)) return figures;
  throw new AdvnmfError(
    "RANK",
    `points ${i} and ${j} are not independent of each other and the rest: no linear classifier tells all ${n} points apart`,
    { pair: [i, j] },
  );
}

/** The figures of two points, the rows of X, and R of the factorization in which they are last. */
function separate(
  engine: Engine,
  X: Matrix,
  [i, j]: readonly [number, number],
): Promise<{ figures: PairFigures; R: (row: number, column: number) => number }> {
  const { rows: n, cols: d } = X;
  return engine.enqueue(async () => {
    const { arena } = engine;
    const mark = arena.mark();
    try {
      const length = 2 * d * n + n + 2 * d;
      const scratch = arena.take(length * 8, `${n} points in ${d} dimensions`);
      const found = arena.take(FIGURES.length * 8, "their figures");
      const numbers = new Float64Array(arena.memory.buffer, scratch, length);
      const others = Array.from({ length: n }, (_, k) => k).filter((k) => k !== i && k !== j);
      for (const [place, k] of [i, j, ...others].entries()) {
        numbers.set(X.data.subarray(k * d, (k + 1) * d), place * d);
      }
      engine.kernel("separate")(d, n, scratch, found);
      const values = [...new Float64Array(arena.memory.buffer, found, FIGURES.length)];
      const figures = Object.fromEntries(FIGURES.map((name, at) => [name, values[at]]));
      const kept = numbers.slice(d * n, 2 * d * n + n);
      const R = (row: number, column: number) =>
        kept[row === column ? d * n + row : column * d + row] as number;
      return { figures: figures as unknown as PairFigures, R };
    } finally {
      arena.rewind(mark);
    }
  });
}

function checkPair(pair: readonly [number, number], n: number): readonly [number, number] {
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new AdvnmfError("OPTION", `pair must be two rows [i, j], got ${show(pair)}`, { option: "pair" });
  }
  const i = wholeNumber(pair[0], 0, n - 1, "pair[0]");
  const j = wholeNumber(pair[1], 0, n - 1, "pair[1]");
  if (i === j) {
    throw new AdvnmfError("OPTION", `pair must be two different rows, got ${i} twice`, { option: "pair" });
  }
  return [i, j];
}

/** As {@link Fragility.points}. */
export async function points(options: PointsOptions): Promise<Matrix<Float64Array>> {
  checkOptions(options, ["count", "dimension", "seed", "engine"], "fragility.points");
  const rows = wholeNumber(options.count, 1, 0x7fffffff, "count");
  const cols = wholeNumber(options.dimension, 1, 0x7fffffff, "dimension");
  const seed = wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed");
  const engine = options.engine ?? (await defaultEngine());
  return { rows, cols, data: await gaussian(engine, seed, POINTS, rows * cols) };
}

/** Streams of the points, and of A. */
const POINTS = 0x50545300;
const SIGNS = 0x53474e00;

/** Gaussian numbers of a stream. */
function gaussian(engine: Engine, seed: number, stream: number, count: number): Promise<Float64Array> {
  return engine.enqueue(async () => {
    const { arena } = engine;
    const mark = arena.mark();
    try {
      const scratch = arena.take(16, "a draw");
      const to = arena.take(count * 8, `${count} Gaussian numbers`);
      engine.kernel("gaussian")(seed, stream, count, to, scratch);
      return new Float64Array(arena.memory.buffer, to, count).slice();
    } finally {
      arena.rewind(mark);
    }
  });
}

/** As {@link Fragility.signs}. */
export async function signs(options: SignsOptions): Promise<SignsResult> {
  checkOptions(options, ["dimension", "seed", "engine"], "fragility.signs");
  const d = wholeNumber(options.dimension, 2, 16, "dimension");
  const seed = wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed");
  const engine = options.engine ?? (await defaultEngine());
  // Column i of A is point i; A_d and A_1 are the pair, A_d last in R.
  const columns = await gaussian(engine, seed, SIGNS, d * d);
  const A: Matrix<Float64Array> = { rows: d, cols: d, data: new Float64Array(d * d) };
  for (let i = 0; i < d; i++) for (let r = 0; r < d; r++) A.data[r * d + i] = columns[i * d + r] as number;
  const { figures, R } = await separate(engine, { rows: d, cols: d, data: columns }, [0, d - 1]);
  // A_d's coefficients on the others solve R₁₁β = r: the columns of R are A_2, …, A_{d−1}, A_1, A_d.
  const coefficients = new Float64Array(d - 1);
  for (let k = d - 2; k >= 0; k--) {
    let rest = R(k, d - 1);
    for (let j = k + 1; j < d - 1; j++) rest -= R(k, j) * (coefficients[(j + 1) % (d - 1)] as number);
    coefficients[(k + 1) % (d - 1)] = rest / R(k, k);
  }
  const last = columns.subarray(d * (d - 1));
  const length = Math.sqrt(last.reduce((sum, x) => sum + x * x, 0));
  const count = 1 << d;
  const X = { rows: count, cols: d, data: new Float64Array(count * d) };
  const labels = new Int32Array(count);
  for (let point = 0; point < count; point++) {
    const x = X.data.subarray(point * d, (point + 1) * d);
    for (let i = 0; i < d; i++) {
      const sign = (point >> i) & 1 ? 1 : -1;
      for (let r = 0; r < d; r++) x[r] = (x[r] as number) + sign * (columns[i * d + r] as number);
    }
    labels[point] = (point >> (d - 1)) & 1;
  }
  return {
    X,
    labels,
    A,
    phi: figures.corner / length,
    coefficients,
    interior: coefficients.every((beta) => Math.abs(beta) <= 1),
  };
}
