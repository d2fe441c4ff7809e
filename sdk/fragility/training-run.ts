// Training (assembly/fragility/adam.ts): the policy around the kernels.

import { affordable } from "../attempt.js";
import type { Dtype, Engine } from "../engine.js";
import { AdvnmfError } from "../errors.js";
import type { Matrix } from "../matrix.js";
import type { Run } from "../solve.js";
import type { HistoryEntry, StopReason } from "../types.js";
import { ALONE, type Team } from "../workspace.js";
import type { Activation, TrainResult } from "./types.js";
import { argmax, NetworkWorkspace } from "./workspace.js";

/** Steps between two looks at the loss of a batch of all points. */
const CHECK_EVERY = 10;

/** A training, checked. */
export interface TrainingProblem {
  readonly kind: "training";
  readonly dtype: Dtype;
  /** N×d; columns that are to be ignored are 0. */
  readonly X: Matrix;
  readonly labels: Int32Array;
  /** Columns that are 0 for that reason. */
  readonly ignored: readonly number[];
  readonly widths: readonly number[];
  readonly activation: Activation;
  readonly bias: boolean;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly seed: number;
}

/** What a {@link trainingRun} ends with. */
export type TrainingSolution = Omit<TrainResult, "seed" | "activation">;

/**
 * Trains on an engine that nothing else is using; the calling thread is the first of the team.
 *
 * @throws AdvnmfError `MEMORY` when it cannot fit; `NOT_FINITE` when the loss leaves the range of its type.
 */
export function* trainingRun(
  engine: Engine,
  problem: TrainingProblem,
  team: Team = ALONE,
): Run<TrainingSolution> {
  const { arena } = engine;
  const mark = arena.mark();
  arena.resetPeak();
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const { X, widths, batchSize, maxIterations, tolerance, seed } = problem;
  const whole = batchSize === X.rows;
  let workspace: NetworkWorkspace | undefined;
  try {
    workspace = new NetworkWorkspace(
      engine,
      {
        dtype: problem.dtype,
        widths,
        relu: problem.activation === "relu",
        bias: problem.bias,
        learns: true,
        points: X.rows,
        batch: batchSize,
        wanted: false,
      },
      team,
    );
    const net = workspace;
    net.setPoints(X.data);
    net.setLabels(problem.labels);
    net.inOrder();
    net.start(seed);
    net.rate = problem.learningRate;

    const steps = Math.ceil(X.rows / batchSize);
    const every = whole ? CHECK_EVERY : steps;
    const history: HistoryEntry[] = [];
    let reason: StopReason = "maxIterations";
    let iteration = 0;
    let loss = Number.NaN;
    let perStep = 0;
    while (iteration < maxIterations) {
      if (!whole && iteration % steps === 0) net.shuffle(seed, iteration / steps);
      const burst = Math.min(every - (iteration % every), maxIterations - iteration, affordable(perStep));
      const before = performance.now();
      net.lead("train", burst);
      perStep = (performance.now() - before) / 1000 / burst;
      iteration = net.done;
      if (net.stopped) {
        reason = "aborted";
        break;
      }
      if (iteration % every === 0) {
        loss = net.loss / X.rows;
        if (!Number.isFinite(loss)) throw overflow(iteration);
        history.push({ iteration, loss });
        if (tolerance > 0 && loss <= tolerance) {
          reason = "tolerance";
          break;
        }
      }
      const stop = yield { iteration, maxIterations, loss, restart: 0, restarts: 1, seconds: seconds() };
      if (stop) {
        reason = "aborted";
        break;
      }
    }
    const layers = net.layers(false, problem.ignored);
    const last = score(net, problem);
    if (!Number.isFinite(last.loss)) throw overflow(iteration);
    return {
      layers,
      ...last,
      iterations: iteration,
      converged: reason === "tolerance",
      reason,
      history,
      seconds: seconds(),
      peakBytes: arena.peak - mark,
      threads: team.size,
      warnings: [],
    };
  } finally {
    workspace?.dismiss();
    arena.rewind(mark);
  }
}

function overflow(iteration: number): AdvnmfError {
  return new AdvnmfError(
    "NOT_FINITE",
    `the loss left the range of its type by step ${iteration}; use a smaller learningRate, or scale X (its columns to variance 1, say)`,
    { iteration },
  );
}

/** Loss and accuracy over all points. */
function score(net: NetworkWorkspace, problem: TrainingProblem): { loss: number; accuracy: number } {
  const { X, labels, batchSize, widths } = problem;
  const classes = widths.at(-1) as number;
  let sum = 0;
  let right = 0;
  for (let first = 0; first < X.rows; first += batchSize) {
    const count = Math.min(batchSize, X.rows - first);
    net.cursor = first;
    net.lead("scores", count);
    sum += net.loss;
    const scores = net.scores(count);
    for (let i = 0; i < count; i++) if (argmax(scores, i * classes, classes) === labels[first + i]) right++;
  }
  return { loss: sum / X.rows, accuracy: right / X.rows };
}
