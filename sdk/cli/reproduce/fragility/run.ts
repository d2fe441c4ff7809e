// Runs a job, and keeps what tables and figures need of it.

import { fragility, type Matrix, type Network, type TrainOptions } from "../../../index.js";
import type { Lane } from "../experiment.js";
import type { Job, LawJob, NetworkJob, SignsJob } from "./jobs.js";
import type { Images } from "./protocol.js";
import { kolmogorov, quantile } from "./statistics.js";

/** Quantiles of the cosines that are kept. */
const QUANTILES = 100;

export interface LawOutcome {
  readonly seconds: number;
  readonly rms: number;
  readonly mean: number;
  /** √n·D against the law. */
  readonly kolmogorov: number;
  /** Largest relative difference of δ and |R_dd| from what the QR factorization says. */
  readonly identityError: number;
  /** Of |cos|, at equal shares from 0 to 1. */
  readonly quantiles: readonly number[];
}

/** A pair of points under a network. */
export interface PairOutcome {
  /** ‖x_i − x_j‖. */
  readonly apart: number;
  /** c̄ along the whole segment; of a linear network cos θ. */
  readonly compression: number;
  /** cos θ at x_i. */
  readonly cosine: number;
  /** Relative difference of ∫∇g·(x_i − x_j) from g(x_i) − g(x_j). */
  readonly pathError: number;
  /** Smallest change that was found, and of linear networks that of x_j, too. */
  readonly distance: number | null;
  readonly back: number | null;
  /** The first turn on the straight way, c̄ up to it, and the two multiplied. */
  readonly straight: number | null;
  readonly compressionToFlip: number | null;
  readonly predicted: number | null;
}

export interface NetworkOutcome {
  readonly seconds: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly pairs: readonly PairOutcome[];
}

export interface SignsOutcome {
  readonly seconds: number;
  readonly steps: number;
  readonly loss: number;
  readonly phi: number;
  readonly interior: boolean;
  /** cos θ between points that differ in the last sign. */
  readonly cosine: number;
}

export type Outcome = LawOutcome | NetworkOutcome | SignsOutcome;

/** What a job of a kind ends with. */
export type OutcomeOf<J extends Job> = J extends LawJob
  ? LawOutcome
  : J extends SignsJob
    ? SignsOutcome
    : NetworkOutcome;

/** Of the time of a network's job, about so much is training. */
const TRAINING_SHARE = 0.4;

/** Runs jobs, each on at most `threads` threads, or on all that pay. */
export function lane(images: Images | undefined, threads: number | undefined): Lane<Job, Outcome> {
  return {
    async run(job, signal, onFraction) {
      const begun = performance.now();
      const calls = { signal, ...(threads === undefined ? {} : { threads }) };
      const outcome = await runJob(job, images, calls, onFraction);
      return { ...outcome, seconds: (performance.now() - begun) / 1000 };
    },
    [Symbol.dispose]: () => undefined,
  };
}

type Calls = Pick<TrainOptions, "signal" | "threads">;

function runJob(
  job: Job,
  images: Images | undefined,
  calls: Calls,
  onFraction: (fraction: number) => void,
): Promise<Omit<LawOutcome, "seconds"> | Omit<NetworkOutcome, "seconds"> | Omit<SignsOutcome, "seconds">> {
  if (job.part === "law") return runLaw(job, calls, onFraction);
  if (job.part === "signs") return runSigns(job, calls);
  return runNetwork(job, images, calls, onFraction);
}

async function runLaw(
  { dimension, trials, seed }: LawJob,
  calls: Calls,
  onFraction: (fraction: number) => void,
): Promise<Omit<LawOutcome, "seconds">> {
  const onProgress = ({ iteration }: { iteration: number }) => onFraction(iteration / trials);
  const law = await fragility.linear({ dimension, trials, seed, ...calls, onProgress });
  const cosines = [...law.cosine].map(Math.abs);
  return {
    rms: law.rms,
    mean: law.mean,
    kolmogorov: kolmogorov(cosines, dimension),
    identityError: law.identityError,
    quantiles: Array.from({ length: QUANTILES + 1 }, (_, i) => quantile(cosines, i / QUANTILES)),
  };
}

async function runSigns({ dimension, seed }: SignsJob, calls: Calls): Promise<Omit<SignsOutcome, "seconds">> {
  const { X, labels, phi, interior } = await fragility.signs({ dimension, seed });
  const net = await fragility.train(X, labels, {
    ...calls,
    activation: "linear",
    hidden: 2 * dimension,
    learningRate: 1e-2,
    batchSize: 256,
    seed,
  });
  const point = (i: number) => X.data.subarray(i * dimension, (i + 1) * dimension);
  const half = X.rows / 2;
  // The same but for the last sign.
  const { compression } = await fragility.compression(net, point(half), point(0), { classes: [1, 0] });
  return { phi, interior, cosine: compression, loss: net.loss, steps: net.iterations };
}

async function runNetwork(
  job: NetworkJob,
  images: Images | undefined,
  calls: Calls,
  onFraction: (fraction: number) => void,
): Promise<Omit<NetworkOutcome, "seconds">> {
  const { X, labels, held } = await dataOf(job, images);
  const net = await fragility.train(X, labels, {
    ...calls,
    activation: job.activation,
    depth: job.depth,
    hidden: job.hidden,
    maxIterations: job.steps,
    seed: job.seed,
    ...(job.part === "mnist" ? { constantColumns: "ignore" } : {}),
    onProgress: ({ iteration }) => onFraction((TRAINING_SHARE * iteration) / job.steps),
  });
  // What was learned in f32 is looked at in f64.
  const network: Network = {
    activation: net.activation,
    layers: net.layers.map(({ W, b }) => ({ W: { ...W, data: Float64Array.from(W.data) }, b })),
  };
  const pairs: PairOutcome[] = [];
  for (const [own, other] of await pairsOf(network, held, job.pairs)) {
    calls.signal?.throwIfAborted();
    pairs.push(await pairOutcome(network, own, other, job.activation === "linear"));
    onFraction(TRAINING_SHARE + ((1 - TRAINING_SHARE) * pairs.length) / job.pairs);
  }
  return { steps: net.iterations, loss: net.loss, accuracy: net.accuracy, pairs };
}

interface Learned {
  readonly X: Matrix;
  readonly labels: Int32Array;
  /** The points that pairs are taken from. */
  readonly held: Matrix<Float64Array>;
}

async function dataOf(
  { part, dimension, points, seed }: NetworkJob,
  images: Images | undefined,
): Promise<Learned> {
  if (part === "mnist") return split(images as Images, points);
  const X = await fragility.points({ count: points, dimension, seed });
  const classes = part === "classes" ? points : 2;
  return { X, labels: Int32Array.from({ length: points }, (_, i) => i % classes), held: X };
}

/** The first images in f32 to learn from; those behind them, of which there are a few at least, to look at. */
function split({ X, labels }: Images, wanted: number): Learned {
  const { rows, cols, data } = X;
  const count = Math.min(wanted, rows - Math.ceil(rows / 5));
  return {
    X: { rows: count, cols, data: Float32Array.from(data.subarray(0, count * cols)) },
    labels: labels.subarray(0, count),
    held: { rows: rows - count, cols, data: data.subarray(count * cols) },
  };
}

type Pair = readonly [own: Float64Array, other: Float64Array];

/** Neighbours in the list that the network takes for different classes, each point in one pair. */
async function pairsOf(network: Network, points: Matrix<Float64Array>, count: number): Promise<Pair[]> {
  const { classes } = await fragility.predict(network, points);
  const row = (i: number) => points.data.subarray(i * points.cols, (i + 1) * points.cols);
  const pairs: Pair[] = [];
  for (let i = 0; i + 1 < points.rows && pairs.length < count; i++) {
    if (classes[i] === classes[i + 1]) continue;
    pairs.push([row(i), row(i + 1)]);
    i++;
  }
  return pairs;
}

async function pairOutcome(
  network: Network,
  own: Float64Array,
  other: Float64Array,
  bothWays: boolean,
): Promise<PairOutcome> {
  const seen = await fragility.compression(network, own, other);
  const there = await fragility.attack(network, own, other);
  const back = bothWays ? await fragility.attack(network, other, own) : undefined;
  const { flip } = seen;
  return {
    apart: seen.apart,
    compression: seen.compression,
    cosine: seen.start.cosine,
    pathError: Math.abs(seen.integral / seen.change - 1),
    distance: there.found ? there.distance : null,
    back: back?.found ? back.distance : null,
    straight: flip?.distance ?? null,
    compressionToFlip: flip?.compression ?? null,
    predicted: flip?.predicted ?? null,
  };
}
