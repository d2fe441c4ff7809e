// The jobs of an experiment.

import type { Activation } from "../../../index.js";
import { IMAGE_NETWORKS, type Lengths, PARTS, type Part, TITLES } from "./protocol.js";

/** What is run, as the flags say. */
export interface Plan {
  readonly parts: readonly Part[];
  readonly lengths: Lengths;
  readonly quick: boolean;
  readonly seed: number;
}

/** Trials of the exact law in one dimension. */
export interface LawJob {
  readonly part: "law";
  readonly dimension: number;
  readonly trials: number;
  readonly seed: number;
}

/** A network, trained, and pairs of points under it. */
export interface NetworkJob {
  readonly part: "two" | "classes" | "relu" | "mnist";
  readonly dimension: number;
  /** Points to learn from. */
  readonly points: number;
  readonly activation: Activation;
  readonly depth: number;
  readonly hidden: number;
  readonly steps: number;
  readonly pairs: number;
  readonly seed: number;
}

/** A draw of theorem 5's setting, and a network that learns it. */
export interface SignsJob {
  readonly part: "signs";
  readonly dimension: number;
  readonly seed: number;
}

export type Job = LawJob | NetworkJob | SignsJob;

/** Steps of Adam at most, where a loss of 1e-3 is what ends them. */
const MOST_STEPS = 20_000;

/** All that is to be run; pixels: of an image, where there are some. */
export function jobsOf({ parts, lengths, seed }: Plan, pixels: number | undefined): Job[] {
  const usual = { steps: MOST_STEPS, seed, pairs: lengths.pairs } as const;
  const linear = (dimension: number) =>
    ({
      ...usual,
      dimension,
      points: dimension,
      activation: "linear",
      depth: 1,
      hidden: Math.max(2 * dimension, 100),
    }) as const;
  const all: Record<Part, () => Job[]> = {
    law: () =>
      lengths.lawDimensions.map((dimension) => ({ part: "law", dimension, trials: lengths.trials, seed })),
    two: () =>
      lengths.dimensions.flatMap((dimension) =>
        range(lengths.draws).map((draw) => ({ ...linear(dimension), part: "two", seed: seed + draw })),
      ),
    classes: () => lengths.dimensions.map((dimension) => ({ ...linear(dimension), part: "classes" })),
    signs: () =>
      range(lengths.signsDraws).map((draw) => ({
        part: "signs",
        dimension: lengths.signsDimension,
        seed: seed + draw,
      })),
    relu: () =>
      lengths.reluDimensions.flatMap((dimension) =>
        [1, 2].map((depth) => ({
          ...usual,
          part: "relu",
          dimension,
          points: 2 * dimension,
          activation: "relu",
          depth,
          hidden: 128,
          pairs: lengths.reluPairs,
        })),
      ),
    mnist: () =>
      pixels === undefined
        ? []
        : IMAGE_NETWORKS.map((network) => ({
            part: "mnist",
            dimension: pixels,
            points: lengths.images,
            ...network,
            hidden: 128,
            steps: lengths.imageSteps,
            pairs: lengths.imagePairs,
            seed,
          })),
  };
  return PARTS.filter((part) => parts.includes(part)).flatMap((part) => all[part]());
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Seconds that a job takes about on one core of 2.5 GHz or so. */
export function secondsOf(job: Job): number {
  const { dimension: d } = job;
  if (job.part === "law") return (job.trials * d * d * (d * 0.7 + 60)) / 1e9;
  if (job.part === "signs") return ((1 << d) * 4) / 4096;
  const weights = (d + job.hidden * (job.depth - 1)) * job.hidden;
  const training =
    job.part === "mnist" ? (job.steps * 128 * weights * 3) / 8e9 : (300 * d * weights * 3) / 3e9;
  return training + (job.pairs * weights * 3000) / 2e9;
}

/** What a job is called. */
export function jobText(job: Job): string {
  const title = `${TITLES[job.part]}, d = ${job.dimension}`;
  if (job.part === "signs" || job.part === "two") return `${title}, draw ${job.seed}`;
  return job.part === "relu" || job.part === "mnist" ? `${title}, ${networkText(job)}` : title;
}

/** `linear`, `1 hidden layer` or `2 hidden layers`. */
export function networkText({ activation, depth }: Pick<NetworkJob, "activation" | "depth">): string {
  return activation === "linear" ? "linear" : `${depth} hidden ${depth === 1 ? "layer" : "layers"}`;
}
