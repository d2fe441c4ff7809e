// What an audit is asked, and what it answers: plain numbers, strings and arrays that JSON keeps as they are.

import type { Spread } from "../attack.js";
import type { Dtype, Engine } from "../engine.js";
import type { MatrixNames } from "../matrix.js";
import type { Norm } from "../projection.js";

/** The factorizations that are audited: plain, adversarially trained (Cai, Tan & Févotte), adversarial (Luo, Zhang & Huang). */
export type AuditModelName = "nmf" | "atnmf" | "anmf";

/** The pictures that V is made of. */
export interface AuditShape {
  /** Pixels across. */
  readonly width: number;
  /** Pixels down. */
  readonly height: number;
  /** Whether each column of V (default) or each row is one picture. */
  readonly images?: "columns" | "rows";
}

/** How far an audit is. */
export interface AuditProgress {
  /** What is under way. */
  readonly phase: "factorizing" | "differentiating" | "attacking" | "judging";
  /** Factorizations and steps of attacks that are done. */
  readonly done: number;
  /** Those that there will be. */
  readonly total: number;
}

/** Options of `audit`. V is m×n. */
export interface AuditOptions {
  /** Number of features k, 1 … min(m, n). */
  readonly rank: number;
  /** Default all three. The first one is that which the verdict speaks of. */
  readonly models?: readonly AuditModelName[];
  /** Default both, `"l2"` first. The verdict speaks of the first. */
  readonly norms?: readonly Norm[];
  /**
   * Sizes of the change. A list is that of `l2`, relative to ‖V‖_F; default 0.01, 0.02, 0.05, and 0.01, 0.05 with
   * `quick`. Those of `linf`, absolute, follow unless they are given: ε‖V‖_F/√(mn), so that a change of that size in
   * every entry has the length of the `l2` one. 0 is always there, as a control.
   */
  readonly epsilons?:
    | readonly number[]
    | { readonly l2?: readonly number[]; readonly linf?: readonly number[] };
  /** λ > 1 of AT-NMF's adversary. Default 3. */
  readonly lambda?: number;
  /** What NMF and AT-NMF minimise, default `"frobenius"`; ANMF has least squares only. */
  readonly loss?: "frobenius" | "kullback-leibler";
  /** One for each column of V, to measure what the change does to clustering and to nearest neighbours. */
  readonly labels?: readonly (string | number)[];
  /** Names of the rows and columns, for the report; default those that V carries from its file. */
  readonly names?: MatrixNames;
  /** The pictures that V is made of, for the report. */
  readonly shape?: AuditShape;
  /** Few steps, starts and iterations: a first look in seconds. Default false: those of `lafa`. */
  readonly quick?: boolean;
  /** Random points that each attack begins at. Default 4, quick 1. */
  readonly restarts?: number;
  /** Steps of each attack. Default 40, quick 4. */
  readonly steps?: number;
  /** Which gradient of the feature error NMF's attacker follows, as in `lafa`. Default `"implicit"`, quick `"backprop"`. */
  readonly gradient?: "implicit" | "backprop" | "both";
  /** Iterations of the factorization at every step of an attack. Default 1000, quick 60. */
  readonly iterations?: number;
  /** Iterations of the factorizations that are judged. Default 10,000, quick 300; ANMF has at most 1000. */
  readonly evaluationIterations?: number;
  /** Other random starts, of V and of the changed data. Default 5, quick 2. */
  readonly otherStarts?: number;
  /** Random changes of the same size. Default 3, quick 1. */
  readonly noiseTrials?: number;
  /**
   * Whether to make the map of the entries that matter most, which needs a stationary point and may take longer than
   * the rest. Default true; with `quick` it is made to three digits.
   */
  readonly sensitivity?: boolean;
  /** Of the starts, the attacks, the noise and the clustering. Default 0. */
  readonly seed?: number;
  /** As in `nmf`; changes no figure. */
  readonly threads?: number;
  /** Stops the call with `ABORTED`; the error's `best` is the audit of what was finished. */
  readonly signal?: AbortSignal;
  /** Called as the work goes on. */
  readonly onProgress?: (progress: AuditProgress) => void;
  /** The engine to compute on; default a shared one. */
  readonly engine?: Engine;
}

/** A matrix as JSON has it: row-major. */
export interface PlainMatrix {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** The rows·cols entries. */
  readonly data: readonly number[];
}

/** What became of one feature. Features are counted as in the first model's factorization of V, from 0. */
export interface FeatureChange {
  /** ‖c − c*‖/‖c*‖ with c the feature's column of W and row of H, balanced: its part in the feature error. */
  readonly error: number;
  /** Cosine between the feature before and after: of its column of W, or of its row of H where rows are pictures. */
  readonly similarity: number;
}

/** A factorization of changed data beside that of V. */
export interface FactorizationChange {
  /** As `featureError` has it; a feature that vanished counts as one that is all wrong. */
  readonly featureError: number;
  /** The part of W. */
  readonly featureErrorW: number;
  /** The part of H. */
  readonly featureErrorH: number;
  /** ‖X − WH‖_F / ‖X‖_F. */
  readonly reconstructionError: number;
  /** One entry a feature. */
  readonly features: readonly FeatureChange[];
}

/** What several trials did without an attack, or from starts that an attacker does not know. */
export interface AuditControl {
  /** Of the feature errors. */
  readonly featureError: Spread;
  /** Of ‖X − WH‖_F / ‖X‖_F. */
  readonly reconstructionError: Spread;
  /** For each feature: the least similarity over the trials. */
  readonly similarity: readonly number[];
  /** For each feature: the share of the trials in which its similarity is at least 0.9. */
  readonly found: readonly number[];
}

/** How useful H is, with labels to compare with. Rows of H are scaled by ‖w‖ of their feature. */
export interface DownstreamFigures {
  /** Share of the columns in the right cluster: k-means on the columns of H, clusters matched with labels at best. */
  readonly accuracy: number;
  /** Normalized mutual information of clusters and labels: I/mean of the entropies. */
  readonly nmi: number;
  /** Share of the columns whose nearest other column of H has the same label. */
  readonly nearest: number;
}

/** One model without an attack. */
export interface AuditModel {
  /** Which. */
  readonly model: AuditModelName;
  /** Columns of its W, in the order of the first model's features that they go with. */
  readonly columns: readonly number[];
  /** ‖V − WH‖_F / ‖V‖_F. */
  readonly reconstructionError: number;
  /** Iterations that it took. */
  readonly iterations: number;
  /** Whether W and H come from a stopping rule that was met; of none, with a fixed number of iterations: null. */
  readonly converged: boolean | null;
  /** Feature error of the same factorization once more, the control at ε = 0. */
  readonly unattacked: number;
  /** V from other random starts. */
  readonly refit: AuditControl;
  /** Features that it does not have: zero in W or in H. The first model has all. */
  readonly vanished: readonly number[];
  /** How far its features are from the first model's, as their similarities. */
  readonly likeness: readonly number[];
  /** k rows, one a feature: what is drawn of it, its largest entry 1, rounded to four decimals. */
  readonly features: PlainMatrix;
  /** Shares of the features in ‖WH‖₁, 0 … 1. */
  readonly shares: readonly number[];
  /** Of its own W and H. */
  readonly sha256: { readonly W: string; readonly H: string };
  /** With labels. */
  readonly downstream: DownstreamFigures | null;
}

/** A perturbation that was looked for. */
export interface AuditSource {
  /** The model whose gradient was followed. */
  readonly model: AuditModelName;
  /** Size that it reached, in the units of ε. */
  readonly size: number;
  /** The gradient that was followed. */
  readonly gradient: string;
  /** Whether every implicit system on the way could be solved. */
  readonly gradientReliable: boolean;
  /** Feature errors along the attack, as its steps saw them. */
  readonly history: readonly number[];
  /** Of the changed data. */
  readonly sha256: string;
  /** What the reader should know, in sentences. */
  readonly warnings: readonly string[];
}

/** One model under attacks of one size. */
export interface AttackedModel extends FactorizationChange {
  /** Which. */
  readonly model: AuditModelName;
  /** Whether the worst change was found along its own gradient, or was made against another model. */
  readonly attackedBy: "own gradient" | "transfer";
  /** The model whose change did the most harm: an entry of {@link AuditAttack.sources}. */
  readonly source: AuditModelName;
  /** The size that it was found at: that of the attack, or a smaller one whose change did more. */
  readonly foundAt: number;
  /** Random changes of the size that the first attack reached. */
  readonly noise: AuditControl;
  /** A change of that size that raises the loss of the first of the sources instead. */
  readonly byLoss: FactorizationChange;
  /** The changed data from other random starts, which the attacker does not know, against the features of V. */
  readonly otherStarts: AuditControl;
  /** The features after the change, as {@link AuditModel.features}. */
  readonly drawn: PlainMatrix;
  /** Of its W and H. */
  readonly sha256: { readonly W: string; readonly H: string };
  /** With labels. */
  readonly downstream: DownstreamFigures | null;
}

/** All models at one size. */
export interface AuditAttack {
  /** How the size is measured. */
  readonly norm: Norm;
  /** The size: relative to ‖V‖_F for `"l2"`, absolute for `"linf"`. */
  readonly epsilon: number;
  /** The changes that were looked for, one for each model with a gradient. */
  readonly sources: readonly AuditSource[];
  /** Feature errors: a row for each of `sources`, a column for each model. */
  readonly transfer: readonly (readonly number[])[];
  /** One entry a model, in order. */
  readonly models: readonly AttackedModel[];
}

/** What the audit comes to. Features are numbers of {@link FeatureChange}. */
export interface AuditVerdict {
  /** Two sentences for those who read nothing else. */
  readonly sentences: readonly string[];
  /** More of them, one a finding. */
  readonly findings: readonly string[];
  /**
   * `"fragile"`: features are replaced; `"shaken"`: some change, none is replaced; `"robust"`: all stay;
   * `"unfinished"`: no attack was finished.
   */
  readonly level: "fragile" | "shaken" | "robust" | "unfinished";
  /** The model that it speaks of. */
  readonly model: AuditModelName;
  /** The size that it speaks of: the least that replaces a feature, or else changes one, or else the largest. */
  readonly norm: Norm | null;
  /** See {@link norm}. */
  readonly epsilon: number | null;
  /** Features whose similarity falls below 0.8 under the attack. */
  readonly replaced: readonly number[];
  /** Features whose similarity falls below 0.9, but not below 0.8. */
  readonly changed: readonly number[];
  /** Features that most of the other starts of V itself do not find (similarity below 0.9). */
  readonly unstable: readonly number[];
  /** Features that stay at 0.9 or more under the attack and the noise, and that most of the other starts find. */
  readonly trusted: readonly number[];
}

/** Which entries of V move the features of its converged NMF most; see `sensitivity`. */
export interface AuditSensitivity {
  /** m×n, the largest entry 1, rounded to four decimals. */
  readonly map: PlainMatrix;
  /** Feature error per unit of relative change of V, to first order in the worst direction. */
  readonly amplification: number;
  /** The same for each feature alone; counted like those of the verdict if the first model is NMF. */
  readonly features: readonly number[];
  /** Whether these are the derivatives of the converged factorization. */
  readonly reliable: boolean;
  /** Why not, in words; empty when it is. */
  readonly reason: string;
  /** What else the reader should know, in sentences. */
  readonly warnings: readonly string[];
}

/** All options in force; with names, labels and shape of {@link Audit.data} they make the same audit again. */
export interface AuditSettings {
  /** As in the options. */
  readonly rank: number;
  /** As in the options. */
  readonly models: readonly AuditModelName[];
  /** As in the options. */
  readonly norms: readonly Norm[];
  /** As in the options. */
  readonly epsilons: { readonly l2?: readonly number[]; readonly linf?: readonly number[] };
  /** As in the options. */
  readonly lambda: number;
  /** As in the options. */
  readonly loss: "frobenius" | "kullback-leibler";
  /** As in the options. */
  readonly restarts: number;
  /** As in the options. */
  readonly steps: number;
  /** As in the options. */
  readonly gradient: "implicit" | "backprop" | "both";
  /** As in the options. */
  readonly iterations: number;
  /** As in the options. */
  readonly evaluationIterations: number;
  /** As in the options. */
  readonly otherStarts: number;
  /** As in the options. */
  readonly noiseTrials: number;
  /** As in the options. */
  readonly sensitivity: boolean;
  /** As in the options. */
  readonly quick: boolean;
  /** As in the options. */
  readonly seed: number;
}

/** What `audit` returns. JSON keeps it as it is. */
export interface Audit {
  /** What this object is, and the version of its form. */
  readonly format: "advnmf-audit-1";
  /** Whether all that was asked for is in it. */
  readonly complete: boolean;
  /** V, and what is known of it. */
  readonly data: {
    /** m. */
    readonly rows: number;
    /** n. */
    readonly cols: number;
    /** The number type of its entries. */
    readonly dtype: Dtype;
    /** ‖V‖_F. */
    readonly norm: number;
    /** Its largest entry. */
    readonly max: number;
    /** Of its numbers. */
    readonly sha256: string;
    /** Names of the rows, or null. */
    readonly rowNames: readonly string[] | null;
    /** Names of the columns, or null. */
    readonly colNames: readonly string[] | null;
    /** The pictures, or null. */
    readonly shape: {
      readonly width: number;
      readonly height: number;
      readonly images: "columns" | "rows";
    } | null;
    /** Labels of the columns, or null. */
    readonly labels: readonly (string | number)[] | null;
  };
  /** All options in force. */
  readonly options: AuditSettings;
  /** What it comes to. */
  readonly verdict: AuditVerdict;
  /** The models without an attack. */
  readonly models: readonly AuditModel[];
  /** The attacks, by norm and size. */
  readonly attacks: readonly AuditAttack[];
  /** Of the NMF of V; null where it was not asked for, or failed, which a warning explains. */
  readonly sensitivity: AuditSensitivity | null;
  /** What the reader should know, in sentences. */
  readonly warnings: readonly string[];
  /** SHA-256 of all of the above as JSON: equal figures, equal digest, whatever the threads and the runtime. */
  readonly digest: string;
  /** What computed it. */
  readonly versions: { readonly advnmf: string; readonly runtime: string };
  /** Seconds from the call to the result. */
  readonly seconds: number;
}
