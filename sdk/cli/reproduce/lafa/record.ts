// What a run found, as reproduce.json and tables.csv hold it.

import type { ExperimentData } from "./data.js";
import { findingsOf, verdictOf } from "./findings.js";
import type { Job, Plan } from "./jobs.js";
import type { SetName } from "./protocol.js";
import { QUOTED_COSTS, QUOTED_ERRORS, quotedError } from "./quoted.js";
import type { AttackOutcome } from "./run.js";

/** A job and what came of it, if it is finished. */
export interface Attempt {
  readonly job: Job;
  readonly outcome: AttackOutcome | undefined;
}

/** A finished attack. */
export interface Attacked extends Pick<Job, "set" | "norm" | "epsilon" | "gradient" | "procedure"> {
  readonly outcome: AttackOutcome;
  /** That of the authors' code, quoted. */
  readonly quoted: number | null;
}

/** The attacks of a set that are finished. */
export function attackedOf(attempts: readonly Attempt[]): Attacked[] {
  return attempts.flatMap(({ job: { set, norm, epsilon, gradient, procedure }, outcome }) => {
    const quoted = quotedError(set, norm, epsilon, gradient)?.featureError ?? null;
    return outcome ? [{ set, norm, epsilon, gradient, procedure, outcome, quoted }] : [];
  });
}

/** A data set and its attacks. */
export interface SetAttacks {
  readonly data: ExperimentData;
  readonly attacks: readonly Attacked[];
}

/** A data set that was run on. */
export interface SetRecord {
  readonly name: SetName;
  readonly title: string;
  readonly origin: "file" | "generated";
  /** The name of that file or folder. */
  readonly file: string | null;
  readonly rows: number;
  readonly cols: number;
  readonly rank: number;
  /** Of V as it was attacked. */
  readonly sha256: string;
  readonly findings: readonly string[];
  readonly attacks: readonly (Omit<Attacked, "outcome"> & Omit<AttackOutcome, "features">)[];
}

/** The whole of reproduce.json. */
export interface ReproduceRecord {
  readonly experiment: "lafa";
  readonly paper: string;
  readonly versions: { readonly advnmf: string; readonly runtime: string };
  readonly verdict: readonly string[];
  /** Whether every attack of the plan is finished. */
  readonly complete: boolean;
  readonly attacks: { readonly finished: number; readonly planned: number };
  readonly options: Plan;
  /** What all figures assume. */
  readonly assumption: string;
  /** Seconds of this call, and of all attacks together, however many calls they took. */
  readonly seconds: { readonly wall: number; readonly attacks: number };
  readonly threads: number;
  readonly leftOut: readonly string[];
  /** Figures of the authors' code: not computed here. */
  readonly quoted: { readonly errors: typeof QUOTED_ERRORS; readonly costs: typeof QUOTED_COSTS };
  readonly sets: readonly SetRecord[];
}

/** The paper. */
export const PAPER =
  "M. Vu et al., “LaFA: Latent Feature Attacks on Non-negative Matrix Factorization”, arXiv 2408.03909";

/** What has to be known with every figure. */
export const ASSUMPTION =
  "The attacker knows the start of the victim’s factorization; in the official procedure, that of the authors’ code, it draws others at random. What is left from starts that the attacker does not know stands beside every figure.";

/** What is recorded of a set. */
export function setRecord({ data, attacks }: SetAttacks): SetRecord {
  const { facts, V, origin, file, sha256 } = data;
  return {
    name: facts.name,
    title: facts.title,
    origin,
    file,
    rows: V.rows,
    cols: V.cols,
    rank: facts.rank,
    sha256,
    findings: findingsOf({ data, attacks }),
    attacks: attacks.map(({ outcome: { features: _, ...figures }, ...attack }) => ({
      ...attack,
      ...figures,
    })),
  };
}

/** All that is recorded. */
export function recordOf(
  sets: readonly SetAttacks[],
  about: Omit<ReproduceRecord, "experiment" | "paper" | "verdict" | "assumption" | "quoted" | "sets">,
): ReproduceRecord {
  return {
    experiment: "lafa",
    paper: PAPER,
    verdict: verdictOf(sets),
    assumption: ASSUMPTION,
    ...about,
    quoted: { errors: QUOTED_ERRORS, costs: QUOTED_COSTS },
    sets: sets.map(setRecord),
  };
}

/** The rows of tables.csv. */
export function csvRows(sets: readonly SetRecord[]): Record<string, string | number | boolean | null>[] {
  return sets.flatMap(({ origin, attacks }) =>
    attacks.map((attack) => ({
      set: attack.set,
      data: origin,
      norm: attack.norm,
      epsilon: attack.epsilon,
      gradient: attack.gradient,
      procedure: attack.procedure,
      feature_error: attack.featureError,
      feature_error_w: attack.featureErrorW,
      feature_error_h: attack.featureErrorH,
      reconstruction_error: attack.reconstructionError,
      size: attack.size,
      noise_mean: attack.noise.mean,
      noise_most: attack.noise.most,
      by_loss: attack.byLoss,
      unattacked: attack.unattacked,
      unattacked_reconstruction: attack.unattackedReconstruction,
      other_starts_unattacked_mean: attack.refit.mean,
      other_starts_unattacked_most: attack.refit.most,
      other_starts_mean: attack.transfer.mean,
      other_starts_least: attack.transfer.least,
      other_starts_most: attack.transfer.most,
      gradient_reliable: attack.gradientReliable,
      quoted_feature_error: attack.quoted,
      seconds: attack.seconds,
      step_seconds: attack.stepSeconds,
      peak_bytes: attack.peakBytes,
    })),
  );
}
