// Runs an attack, and keeps what the tables and figures need of it.

import { type Factors, featureError, lafa, type Matrix, type Spread } from "../../../index.js";
import { relativeError } from "../../relative-error.js";
import type { Lane } from "../experiment.js";
import { transpose } from "../matrices.js";
import { encodeNumbers, type StoredMatrix } from "../stored-matrix.js";
import type { ExperimentData } from "./data.js";
import { type Job, lafaOptions } from "./jobs.js";

/** What is kept of an attack. */
export interface AttackOutcome {
  readonly featureError: number;
  readonly featureErrorW: number;
  readonly featureErrorH: number;
  /** ‖X − WH‖/‖X‖ of the data under attack, and of V itself. */
  readonly reconstructionError: number;
  readonly unattackedReconstruction: number;
  /** The size that was reached. */
  readonly size: number;
  /** Feature error of V itself from the victim's start. */
  readonly unattacked: number;
  /** Feature errors of V from other starts. */
  readonly refit: Spread;
  /** Feature errors of the data under attack from other starts. */
  readonly transfer: Spread;
  /** Feature errors of random perturbations of the same size. */
  readonly noise: Spread;
  /** Feature error of an attack of this size on the victim's loss. */
  readonly byLoss: number;
  readonly gradientReliable: boolean;
  readonly warnings: readonly string[];
  readonly history: readonly number[];
  /** Of the whole call with its controls. */
  readonly seconds: number;
  /** Of one step of all its restarts, each a factorization and a gradient, and of the attack on the loss. */
  readonly stepSeconds: number;
  readonly peakBytes: number;
  /** What the sheets are drawn from: features as rows, k × pixels, those of the attack in the order of the others. */
  readonly features?: { readonly reference: StoredMatrix; readonly attacked: StoredMatrix };
}

/** Of the time of a job, about so much are the steps; the rest is judging. */
const STEPS_SHARE = 0.5;

/** Runs attacks, each on at most `threads` threads, or on all that pay. */
export function attackLane(
  dataOf: (job: Job) => ExperimentData,
  threads: number | undefined,
): Lane<Job, AttackOutcome> {
  return {
    run: (job, signal, onFraction) => runJob(job, dataOf(job), threads, signal, onFraction),
    [Symbol.dispose]: () => undefined,
  };
}

async function runJob(
  job: Job,
  { facts, V }: ExperimentData,
  threads: number | undefined,
  signal: AbortSignal,
  onFraction: (fraction: number) => void,
): Promise<AttackOutcome> {
  let first = 0;
  let last = 0;
  const { reference, results, baseline, seconds, peakBytes } = await lafa(V, {
    ...lafaOptions(job, facts.rank),
    ...(threads === undefined ? {} : { threads }),
    signal,
    onProgress: ({ step, steps }) => {
      last = performance.now();
      if (step === 0) first = last;
      onFraction((STEPS_SHARE * (step + 1)) / (steps + 1));
    },
  });
  const [result] = results;
  const [noise] = baseline.noise;
  const [byLoss] = baseline.reconstruction;
  if (result === undefined || noise === undefined || byLoss === undefined)
    throw new Error("an attack of one size has one result");
  return {
    featureError: result.featureError,
    featureErrorW: result.featureErrorW,
    featureErrorH: result.featureErrorH,
    reconstructionError: result.reconstructionError,
    unattackedReconstruction: relativeError(V, reference),
    size: result.size,
    unattacked: baseline.unattacked,
    refit: baseline.refit,
    transfer: result.transfer,
    noise,
    byLoss,
    gradientReliable: result.gradientReliable,
    warnings: result.warnings,
    history: result.history,
    seconds,
    stepSeconds: (last - first) / 1000 / job.lengths.steps,
    peakBytes,
    ...(facts.pictures
      ? {
          features: {
            reference: encodeNumbers(pictured(reference, facts.pictures.images)),
            attacked: encodeNumbers(ordered(result, reference, facts.pictures.images)),
          },
        }
      : {}),
  };
}

/** The features as rows. */
function pictured({ W, H }: Factors<Matrix>, images: "rows" | "columns"): Matrix {
  return images === "columns" ? transpose(W) : H;
}

/** The same, in the order of the reference. */
function ordered(factors: Factors<Matrix>, reference: Factors<Matrix>, images: "rows" | "columns"): Matrix {
  const features = pictured(factors, images);
  const { rows, cols } = features;
  const data = new Float64Array(rows * cols);
  for (const [own, place] of featureError(factors, reference).matching.entries()) {
    data.set(features.data.subarray(own * cols, (own + 1) * cols), place * cols);
  }
  return { rows, cols, data };
}
