// What `fragility.train` takes and returns.

import { defaultEngine } from "../engine.js";
import { AdvnmfError } from "../errors.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import { checkOptions, numberFrom, oneOf, wholeNumber } from "../options.js";
import { MOST_THREADS } from "../problem.js";
import { shaped } from "../solve.js";
import { checkFinite, checkLabels, checkUnits, constantColumns } from "./check.js";
import { computeJob } from "./compute.js";
import { type TrainingProblem, type TrainingSolution, trainingRun } from "./training-run.js";
import type { Activation, TrainOptions, TrainResult } from "./types.js";

/** Points up to which a batch is all of them, and a batch of more. */
const MOST_WHOLE = 512;
const USUAL_BATCH = 128;

/** Nanoseconds of a multiply+add in f64, and of an exponential. */
const MULTIPLY_ADD = 0.2;
const EXPONENTIAL = 20;
/** Steps that a training usually takes. */
const USUAL_STEPS = 1000;

const TRAIN_OPTIONS = [
  "hidden",
  "depth",
  "activation",
  "classes",
  "learningRate",
  "batchSize",
  "maxIterations",
  "tolerance",
  "bias",
  "constantColumns",
  "seed",
  "threads",
  "signal",
  "onProgress",
  "engine",
];

/** As {@link Fragility.train}. */
export async function train(
  data: MatrixLike,
  labels: ArrayLike<number>,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const problem = trainingProblem(data, labels, options);
  const { threads, signal } = options;
  const asked = threads === undefined ? undefined : wholeNumber(threads, 1, MOST_THREADS, "threads");
  const engine = options.engine ?? (await defaultEngine());
  const { widths, batchSize, maxIterations, tolerance, seed, activation } = problem;
  const weights = widths.slice(1).reduce((sum, width, l) => sum + width * (widths[l] as number), 0);
  const step = batchSize * (3 * weights * MULTIPLY_ADD + (widths.at(-1) as number) * EXPONENTIAL);
  const steps = tolerance > 0 ? Math.min(maxIterations, USUAL_STEPS) : maxIterations;
  const alone = (steps * step) / (problem.dtype === "f32" ? 2 : 1);
  const effort = { alone, meetings: steps, threads: asked };
  const shape = (solution: TrainingSolution): TrainResult => ({ ...solution, activation, seed });
  return shaped(computeJob(engine, problem, trainingRun, effort, options), shape, signal);
}

function trainingProblem(data: MatrixLike, given: ArrayLike<number>, options: TrainOptions): TrainingProblem {
  checkOptions(options, TRAIN_OPTIONS, "fragility.train");
  const X = toMatrix(data, "X");
  checkFinite(X, "X");
  const { labels, classes } = checkLabels(given, X.rows, options.classes);
  if (labels.every((label) => label === labels[0])) {
    throw new AdvnmfError(
      "OPTION",
      `all ${X.rows} labels are ${labels[0]}: there is nothing to tell apart; give points of at least two classes`,
      { option: "labels", class: labels[0] },
    );
  }
  const depth = wholeNumber(options.depth ?? 1, 0, 2, "depth");
  const hidden = checkUnits(options.hidden ?? 128, "hidden");
  const activation = oneOf(
    options.activation ?? "relu",
    ["linear", "relu"] satisfies Activation[],
    "activation",
  );
  const { batchSize } = options;
  const rule = oneOf(options.constantColumns ?? "refuse", ["refuse", "ignore"], "constantColumns");
  const ignored = constantColumns(X);
  if (ignored.length > 0 && rule === "refuse") {
    throw new AdvnmfError(
      "OPTION",
      `column ${ignored[0]} of X is constant${ignored.length > 1 ? `, as are ${ignored.length - 1} others` : ""}: its weights would keep the noise of their start; leave it out, or say constantColumns: "ignore"`,
      { option: "constantColumns", columns: ignored },
    );
  }
  if (ignored.length === X.cols) {
    throw new AdvnmfError(
      "OPTION",
      "every column of X is constant: there is nothing to tell the classes by",
      {
        option: "constantColumns",
      },
    );
  }
  const bias = oneOf(options.bias ?? true, [true, false], "bias");
  return {
    kind: "training",
    dtype: X.data instanceof Float32Array ? "f32" : "f64",
    X: ignored.length > 0 ? without(X, ignored) : X,
    labels,
    ignored,
    widths: [X.cols, ...Array.from({ length: depth }, () => hidden), classes],
    activation,
    bias,
    learningRate: numberFrom(options.learningRate ?? 3e-3, Number.MIN_VALUE, "learningRate"),
    batchSize: Math.min(
      X.rows,
      batchSize === undefined
        ? X.rows <= MOST_WHOLE
          ? X.rows
          : USUAL_BATCH
        : wholeNumber(batchSize, 1, 0x7fffffff, "batchSize"),
    ),
    maxIterations: wholeNumber(options.maxIterations ?? 10_000, 0, 0x7fffffff, "maxIterations"),
    tolerance: numberFrom(options.tolerance ?? 1e-3, 0, "tolerance"),
    seed: wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed"),
  };
}

/** X with zeros in some columns. */
function without(X: Matrix, columns: readonly number[]): Matrix {
  const data = X.data.slice();
  for (const j of columns) for (let i = 0; i < X.rows; i++) data[i * X.cols + j] = 0;
  return { ...X, data };
}
