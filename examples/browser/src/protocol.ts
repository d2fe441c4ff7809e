// What the page and its worker tell each other, through comlink. Matrices stay in the worker; the page gets
// what it draws: facts, small rasters, and files to download.

import type { AuditProgress, DatasetName } from "advnmf";

/** Where a matrix comes from. */
export type Source =
  | { readonly kind: "example"; readonly name: DatasetName }
  | { readonly kind: "files"; readonly files: readonly File[] };

/** How it is read. */
export interface Reading {
  readonly source: Source;
  /** NPZ and MAT: the variable, where there are several. */
  readonly variable?: string | undefined;
  /** Whether rows are samples, so that the matrix is turned. */
  readonly transpose: boolean;
}

/** A field that an error belongs to. */
export type Field =
  | "files"
  | "rank"
  | "loss"
  | "mask"
  | "seed"
  | "iterations"
  | "starts"
  | "largest"
  | "lambda"
  | "form";

/** What a call of the worker came to; errors of the library keep their code and sentence. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly field: Field;
      /** Variables to choose from, where that is what is missing. */
      readonly variables?: readonly string[];
    };

/** A picture of numbers: bytes of 0 … 255, row by row. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array;
}

/** What is known of the matrix that was opened. */
export interface Opened {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly dtype: "f32" | "f64";
  readonly least: number;
  readonly most: number;
  readonly mean: number;
  /** Entries that are NaN. */
  readonly missing: number;
  /** Entries that are 0. */
  readonly zeros: number;
  /** The first few of each. */
  readonly rowNames: readonly string[];
  readonly colNames: readonly string[];
  /** The rank that suits it, where that is known. */
  readonly rank: number | undefined;
  readonly view: View;
  /** Means over blocks of entries; `top` is what 255 stands for. */
  readonly map: Raster & { readonly top: number };
  /** The first columns, where they are pictures. */
  readonly samples: Drawings | undefined;
}

/** How features, the columns of W, are drawn. */
export type View =
  | { readonly kind: "lines" | "bars" }
  | { readonly kind: "pictures"; readonly width: number; readonly order: "rows" | "columns" };

export type Loss = "frobenius" | "kullback-leibler" | "itakura-saito";

/** Which entries take part. */
export type Mask =
  | { readonly kind: "none" | "nan" }
  | { readonly kind: "hide"; readonly fraction: number }
  | { readonly kind: "file"; readonly files: readonly File[] };

export interface FitSettings {
  readonly rank: number;
  readonly loss: Loss;
  readonly mask: Mask;
  readonly seed: number;
  readonly iterations: number;
  readonly starts: number;
}

/** One moment of a factorization. */
export interface FitProgress {
  readonly iteration: number;
  readonly maxIterations: number;
  readonly start: number;
  readonly starts: number;
  readonly loss: number;
}

/** Features as they are drawn: each a line of heights or a picture; 255 is the largest entry, untouched, and above. */
export interface Drawings {
  readonly kind: View["kind"];
  readonly width: number;
  readonly height: number;
  /** One a feature, as many as are shown. */
  readonly features: readonly Uint8Array[];
}

/** Features under an attack, as they are and hardened. */
export type DrawingPair = readonly [attacked: Drawings, hardened: Drawings];

/** What the page shows of a factorization. */
export interface Fitted {
  readonly rank: number;
  readonly loss: number;
  readonly relativeError: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly cancelled: boolean;
  readonly seconds: number;
  readonly threads: number;
  readonly history: readonly (readonly [iteration: number, loss: number])[];
  readonly warnings: readonly string[];
  readonly sha256: { readonly W: string; readonly H: string };
  /** Root mean square error on the entries that were hidden, where some were. */
  readonly hidden?: { readonly count: number; readonly rmse: number };
  readonly drawings: Drawings;
  /** The rows that weigh most in each feature, where rows have names. */
  readonly tops: readonly (readonly string[])[];
}

export interface AttackSettings {
  /** The largest change, relative to ‖V‖. */
  readonly largest: number;
  readonly lambda: number;
  readonly effort: "light" | "thorough";
  readonly seed: number;
}

export type AttackProgress =
  | {
      readonly phase: "attack";
      readonly step: number;
      readonly steps: number;
      readonly errors: readonly number[];
    }
  | { readonly phase: "judge" }
  | { readonly phase: "harden"; readonly done: number; readonly of: number };

/** One step of the ladder; the first is the data untouched. */
export interface Rung {
  readonly epsilon: number;
  readonly size: number;
  readonly featureError: number;
  /** Features after the attack, in the order of the untouched ones. */
  readonly drawings: Drawings;
  /** The same attack on features that were hardened. */
  readonly hardened: { readonly featureError: number; readonly drawings: Drawings };
  /** Controls: random changes of the same size, the attack on starts that it does not know, one on the victim's loss. */
  readonly noise: number;
  readonly transfer: number;
  readonly reconstruction: number;
  readonly reconstructionError: number | null;
  /** What was added: 128 is nothing, 1 and 255 are ∓`top` and beyond. */
  readonly added: Raster & { readonly top: number };
}

/** What the page shows of an attack. */
export interface Attacked {
  readonly rungs: readonly Rung[];
  /** Feature error of the untouched data from other starts: the mean. */
  readonly refit: number;
  readonly lambda: number;
  /** Whether the hardened features were given the changes made against NMF, and not attacked themselves. */
  readonly carried: boolean;
  readonly assumption: string;
  /** How it was made, for the curious. */
  readonly procedure: string;
  readonly seconds: number;
}

/** A file for the reader. */
export interface Download {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type Wanted = { readonly kind: "W" | "H" } | { readonly kind: "perturbed"; readonly rung: number };

/** What the computing side is. */
export interface Environment {
  readonly version: string;
  readonly threads: number;
  readonly threadsReason: string | undefined;
}

/** What the worker offers. One thing at a time: the page ends one run before it begins another. */
export interface StudioApi {
  environment(): Promise<Outcome<Environment>>;
  open(reading: Reading): Promise<Outcome<Opened>>;
  factorize(
    settings: FitSettings,
    view: View,
    tell: (progress: FitProgress) => void,
  ): Promise<Outcome<Fitted>>;
  attack(
    settings: AttackSettings,
    view: View,
    tell: (progress: AttackProgress) => void,
  ): Promise<Outcome<Attacked>>;
  /** The features at hand, drawn in another way; of the attack too, if there was one. */
  redraw(view: View): Promise<Outcome<{ fit: Drawings; attacked: readonly DrawingPair[] }>>;
  file(wanted: Wanted): Promise<Outcome<Download>>;
  /** Audits the matrix at the rank, with the loss and the seed of the factorization at hand: a page of HTML. */
  report(view: View, tell: (progress: AuditProgress) => void): Promise<Outcome<Download>>;
  /** Asks the run under way to stop. */
  cancel(): void;
}

/** The most bytes of files that are read: beyond that a browser's tab is the wrong place. */
export const MOST_BYTES = 100_000_000;

/** The most features that are drawn. */
export const MOST_DRAWN = 60;
