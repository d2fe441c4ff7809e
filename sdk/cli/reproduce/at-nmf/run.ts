// Runs a start, and keeps what the tables and figures need of it.

import { createWorker, type Matrix } from "../../../index.js";
import type { Lane } from "../experiment.js";
import { product } from "../matrices.js";
import { encodeNumbers, type StoredMatrix } from "../stored-matrix.js";
import type { ExperimentData, Mask } from "./data.js";
import { type Job, solverCall } from "./jobs.js";

/** What is kept of a start. */
export interface StartResult {
  /** Root mean square error on the held-out entries, equation (14). */
  readonly rmse: number;
  /** The same on the observed ones. */
  readonly observedRmse: number;
  readonly loss: number;
  readonly outerIterations: number;
  /** Over all outer iterations; ANMF has but one loop, and here the same number. */
  readonly innerIterations: number;
  /** Whether rule (13), or for plain NMF rule (12), ended it rather than the limit. */
  readonly converged: boolean;
  readonly seconds: number;
  /** ‖V + R − WH‖² at the end of each outer iteration; of the first start of a cell. */
  readonly objectives?: readonly number[];
  /** What Fig. 3 and 4 are drawn from. */
  readonly factors?: { readonly W: StoredMatrix; readonly H: StoredMatrix; readonly R: StoredMatrix };
}

/** Runs starts on a worker of its own. */
export function startLane(dataOf: (job: Job) => ExperimentData): Lane<Job, StartResult> {
  const solver = createWorker();
  return {
    run: (job, signal, onFraction) => runJob(solver, job, dataOf(job), signal, onFraction),
    [Symbol.dispose]: () => solver[Symbol.dispose](),
  };
}

async function runJob(
  solver: ReturnType<typeof createWorker>,
  job: Job,
  { facts, V, masks }: ExperimentData,
  signal: AbortSignal,
  onFraction: (fraction: number) => void,
): Promise<StartResult> {
  const mask = masks.get(job.alpha) as Mask;
  const common = { mask: mask.observed, signal };
  const onProgress = ({ iteration, maxIterations }: { iteration: number; maxIterations: number }): void =>
    onFraction(iteration / maxIterations);
  const call = solverCall(job, facts.rank);
  if (call.solver === "anmf") {
    const fit = await solver.anmf(V, { ...call.options, ...common, onProgress });
    const { W, H, loss, iterations, converged, seconds } = fit;
    const counts = { outerIterations: iterations, innerIterations: iterations };
    return { ...errors(V, mask.observed, W, H), loss, ...counts, converged, seconds };
  }
  const fit = await solver.atnmf(V, { ...call.options, ...common, onProgress });
  const { W, H, R, loss, outerIterations, innerIterations, seconds } = fit;
  const inner = innerIterations.reduce((sum, count) => sum + count, 0);
  const { maxInner } = call.options;
  return {
    ...errors(V, mask.observed, W, H),
    loss,
    outerIterations,
    innerIterations: inner,
    // Plain NMF has the one outer iteration, which ends by rule (12) or at the limit.
    converged: job.method === "nmf" ? inner < maxInner * outerIterations : fit.converged,
    seconds,
    ...(job.start === 0
      ? { objectives: fit.history.filter(({ iteration }) => iteration > 0).map(({ objective }) => objective) }
      : {}),
    ...(job.factors ? { factors: { W: encodeNumbers(W), H: encodeNumbers(H), R: encodeNumbers(R) } } : {}),
  };
}

/** Equation (14) on the held-out and on the observed entries. */
export function errors(
  V: Matrix,
  observed: Uint8Array,
  W: Matrix,
  H: Matrix,
): { rmse: number; observedRmse: number } {
  const { data } = product(W, H);
  const squares = [0, 0];
  const counts = [0, 0];
  for (let i = 0; i < data.length; i++) {
    const kind = observed[i] as 0 | 1;
    const error = (V.data[i] as number) - (data[i] as number);
    squares[kind] = (squares[kind] as number) + error * error;
    counts[kind] = (counts[kind] as number) + 1;
  }
  const [rmse, observedRmse] = squares.map((sum, kind) => Math.sqrt(sum / (counts[kind] as number)));
  return { rmse: rmse as number, observedRmse: observedRmse as number };
}
