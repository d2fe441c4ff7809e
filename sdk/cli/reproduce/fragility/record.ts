// What is recorded of a run: reproduce.json and tables.csv are made of it, and the page.

import { mean, median } from "../statistics.js";
import { jobText, type LawJob, type NetworkJob, networkText, type Plan, type SignsJob } from "./jobs.js";
import type { LawOutcome, NetworkOutcome, PairOutcome, SignsOutcome } from "./run.js";
import { correlation } from "./statistics.js";

export const PAPER =
  "Gao et al., “Feature compression is the root cause of adversarial fragility in neural network classifiers”, arXiv 2406.16200";

export interface Finished<J, O> {
  readonly job: J;
  readonly outcome: O;
}

/** Everything that is finished, by kind. */
export interface Results {
  readonly law: readonly Finished<LawJob, LawOutcome>[];
  readonly networks: readonly Finished<NetworkJob, NetworkOutcome>[];
  readonly signs: readonly Finished<SignsJob, SignsOutcome>[];
}

/** Trained linear networks of one dimension. */
export interface LinearRow {
  readonly part: "two" | "classes";
  readonly dimension: number;
  readonly networks: number;
  readonly pairs: number;
  readonly steps: number;
  readonly loss: number;
  /** Mean of |cos θ|. */
  readonly cosine: number;
  readonly expected: number;
  /** Largest difference of (δ_ij + δ_ji)/‖x_i − x_j‖ from cos θ. */
  readonly identityError: number;
}

/** Pairs under one network. */
export interface PairsRow {
  readonly part: "relu" | "mnist";
  readonly network: string;
  readonly dimension: number;
  readonly pairs: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Largest relative error of the path's identity. */
  readonly pathError: number;
  /** Medians: c̄ up to the flip, δ, the straight way, and δ over its prediction. */
  readonly compression: number;
  readonly distance: number;
  readonly straight: number;
  readonly ratio: number;
  /** Of δ with its prediction. */
  readonly correlation: number;
}

/** Theorem 5. */
export interface SignsSummary {
  readonly dimension: number;
  readonly draws: number;
  readonly interior: number;
  /** Of φ with |cos θ|, in the interior draws and in the others; null of fewer than three. */
  readonly correlationInterior: number | null;
  readonly correlationOther: number | null;
  /** Other draws in which φ is below |cos θ|. */
  readonly belowInOthers: number;
}

/** The content of reproduce.json. */
export interface ReproduceRecord {
  readonly experiment: "fragility";
  readonly paper: string;
  readonly verdict: readonly string[];
  readonly versions: { readonly advnmf: string; readonly runtime: string };
  readonly complete: boolean;
  readonly jobs: { readonly finished: number; readonly planned: number };
  readonly options: Plan;
  readonly seconds: { readonly wall: number; readonly jobs: number };
  readonly threads: number;
  /** The file of images that was read, and the SHA-256 of what it holds. */
  readonly images: { readonly file: string; readonly sha256: string } | null;
  readonly law: readonly (LawJob & LawOutcome)[];
  readonly linear: readonly LinearRow[];
  readonly signs: SignsSummary | null;
  readonly draws: readonly (SignsJob & SignsOutcome)[];
  readonly pairs: readonly PairsRow[];
  readonly networks: readonly (NetworkJob & NetworkOutcome)[];
}

/** rms·√d, which by the law is 1 whatever d. */
export function scaledRms({ job, outcome }: Finished<LawJob, LawOutcome>): number {
  return outcome.rms * Math.sqrt(job.dimension);
}

export function linearRows({ networks }: Results): LinearRow[] {
  return (["two", "classes"] as const).flatMap((part) => {
    const own = networks.filter(({ job }) => job.part === part);
    const dimensions = [...new Set(own.map(({ job }) => job.dimension))];
    return dimensions.map((dimension) => {
      const same = own.filter(({ job }) => job.dimension === dimension);
      const pairs = same.flatMap(({ outcome }) => outcome.pairs);
      return {
        part,
        dimension,
        networks: same.length,
        pairs: pairs.length,
        steps: median(same.map(({ outcome }) => outcome.steps)),
        loss: Math.max(...same.map(({ outcome }) => outcome.loss)),
        cosine: mean(pairs.map(({ compression }) => Math.abs(compression))),
        expected: 1 / Math.sqrt(dimension),
        identityError: Math.max(
          ...pairs.map(({ distance, back, apart, compression }) =>
            distance === null || back === null
              ? Number.NaN
              : Math.abs((distance + back) / apart - compression),
          ),
        ),
      };
    });
  });
}

/** The pairs whose change and prediction are both known. */
export function known(pairs: readonly PairOutcome[]) {
  return pairs.flatMap(({ distance, predicted, straight, compressionToFlip }) =>
    distance !== null && predicted !== null && straight !== null && compressionToFlip !== null
      ? [{ distance, predicted, straight, compression: compressionToFlip }]
      : [],
  );
}

export function pairsRows({ networks }: Results): PairsRow[] {
  return networks.flatMap(({ job, outcome }) => {
    if (job.part !== "relu" && job.part !== "mnist") return [];
    const pairs = known(outcome.pairs);
    return [
      {
        part: job.part,
        network: networkText(job),
        dimension: job.dimension,
        pairs: pairs.length,
        steps: outcome.steps,
        loss: outcome.loss,
        accuracy: outcome.accuracy,
        pathError: Math.max(...outcome.pairs.map(({ pathError }) => pathError)),
        compression: median(pairs.map(({ compression }) => compression)),
        distance: median(pairs.map(({ distance }) => distance)),
        straight: median(pairs.map(({ straight }) => straight)),
        ratio: median(pairs.map(({ distance, predicted }) => distance / predicted)),
        correlation: correlation(
          pairs.map(({ distance }) => distance),
          pairs.map(({ predicted }) => predicted),
        ),
      },
    ];
  });
}

export function signsSummary({ signs }: Results): SignsSummary | null {
  const [first] = signs;
  if (first === undefined) return null;
  const of = (interior: boolean) => {
    const own = signs.filter(({ outcome }) => outcome.interior === interior).map(({ outcome }) => outcome);
    if (own.length < 3) return null;
    return correlation(
      own.map(({ phi }) => phi),
      own.map(({ cosine }) => Math.abs(cosine)),
    );
  };
  return {
    dimension: first.job.dimension,
    draws: signs.length,
    interior: signs.filter(({ outcome }) => outcome.interior).length,
    correlationInterior: of(true),
    correlationOther: of(false),
    belowInOthers: signs.filter(
      ({ outcome: { interior, phi, cosine } }) => !interior && phi < Math.abs(cosine),
    ).length,
  };
}

/** The rows of tables.csv: a line for every dimension of the law, draw, and pair. */
export function csvRows({
  law,
  networks,
  signs,
}: Results): Record<string, string | number | boolean | null>[] {
  return [
    ...law.map(({ job, outcome }) => ({
      part: job.part,
      dimension: job.dimension,
      seed: job.seed,
      pairs: job.trials,
      cosine: outcome.rms,
      expected_cosine: 1 / Math.sqrt(job.dimension),
      kolmogorov: outcome.kolmogorov,
      identity_error: outcome.identityError,
    })),
    ...signs.map(({ job, outcome }) => ({
      part: job.part,
      dimension: job.dimension,
      seed: job.seed,
      pairs: 1,
      cosine: outcome.cosine,
      expected_cosine: outcome.phi,
      interior: outcome.interior,
      loss: outcome.loss,
    })),
    ...networks.flatMap(({ job, outcome }) =>
      outcome.pairs.map((pair) => ({
        part: job.part,
        dimension: job.dimension,
        seed: job.seed,
        pairs: 1,
        network: jobText(job),
        loss: outcome.loss,
        cosine: pair.compression,
        apart: pair.apart,
        path_error: pair.pathError,
        distance: pair.distance,
        distance_back: pair.back,
        straight: pair.straight,
        compression_to_flip: pair.compressionToFlip,
        predicted: pair.predicted,
      })),
    ),
  ].map(filled);
}

const COLUMNS = [
  ...["part", "dimension", "seed", "pairs", "network", "loss", "cosine", "expected_cosine", "kolmogorov"],
  ...["identity_error", "interior", "apart", "path_error", "distance", "distance_back", "straight"],
  ...["compression_to_flip", "predicted"],
];

/** Every column in every row, so that the table has them all. */
function filled(row: Record<string, string | number | boolean | null>) {
  return Object.fromEntries(COLUMNS.map((column) => [column, row[column] ?? null]));
}
