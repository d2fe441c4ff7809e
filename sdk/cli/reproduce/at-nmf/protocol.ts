// What is run: the paper's section III, with the starts, stopping rules and masks it gives.

import { type PaperTable, TABLE_I, TABLE_II, TABLE_III } from "./paper.js";

/** A data set of the paper that can be had. */
export type SetName = "synthetic" | "moffet" | "cbcl";

/** A column of the tables. */
export type Method = "nmf" | "anmf" | "at-nmf";

/**
 * What held-out entries count for: `"zero-fill"`: as zeros, as in the authors' code; `"ignore"`: they take no
 * part in the fit.
 */
export type Missing = "zero-fill" | "ignore";

/** Pictures that the columns of V, or V itself, can be shown as. */
export interface SetPictures {
  /** `"faces"`: each column of V is one; `"map"`: each row of V is one; `"matrix"`: V is one. */
  readonly kind: "faces" | "map" | "matrix";
  readonly width: number;
  readonly height: number;
  /** Which column or row Fig. 3 shows. */
  readonly index: number;
  /** Pixels are stored column by column. */
  readonly columnMajor: boolean;
  /** The α of Fig. 3 and of Fig. 4; null where there are no parts to show. */
  readonly restoredAt: number;
  readonly partsAt: number | null;
}

/** A data set: where it lies, what is done to it, and which table it belongs to. */
export interface SetFacts {
  readonly name: SetName;
  /** As the page calls it. */
  readonly title: string;
  /** Folder and file below the data folder. */
  readonly folder: string;
  readonly file: string;
  /** The file holds Vᵀ. */
  readonly transposed: boolean;
  /** The masks are stored as the transpose of V. */
  readonly masksTransposed: boolean;
  /** V is divided by this. */
  readonly divisor: number;
  readonly rank: number;
  readonly table: PaperTable;
  /**
   * How near a zero-filled mean is to come to the paper's: within the larger of `relative` times the figure
   * and `deviations` times the paper's standard deviation. Null where the data are not the authors' own.
   */
  readonly bounds: { readonly relative: number; readonly deviations: number } | null;
  readonly pictures: SetPictures;
  /** The λ of Fig. 1, besides those of the table, and the most starts that one has. */
  readonly figureLambdas: readonly number[];
  readonly figureStarts: number;
  /** Seconds that a start takes about, by method, on one core of 2.5 GHz or so; for the estimate only. */
  readonly secondsPerStart: Readonly<Record<Missing, Readonly<Record<Method, number>>>>;
  /** What a reader has to know of it. */
  readonly remark: string;
}

/** The sets by name, the cheapest first. */
export const SETS: Readonly<Record<SetName, SetFacts>> = {
  synthetic: {
    name: "synthetic",
    title: "Synthetic",
    folder: "Synthetic",
    file: "X.mat",
    transposed: true,
    masksTransposed: true,
    divisor: 1,
    rank: 5,
    table: TABLE_I,
    bounds: { relative: 0.02, deviations: 3 },
    pictures: {
      kind: "matrix",
      width: 100,
      height: 50,
      index: 400,
      columnMajor: true,
      restoredAt: 0.5,
      partsAt: null,
    },
    figureLambdas: [1.5, 10, 20, 50, 100],
    figureStarts: 3,
    secondsPerStart: {
      "zero-fill": { nmf: 0.02, anmf: 0.1, "at-nmf": 0.8 },
      ignore: { nmf: 0.02, anmf: 0.2, "at-nmf": 0.5 },
    },
    remark: "100×50, made from 5 half-normal components.",
  },
  moffet: {
    name: "moffet",
    title: "Moffet",
    folder: "Moffet",
    file: "clean_Moffet.mat",
    transposed: false,
    masksTransposed: false,
    divisor: 1,
    rank: 5,
    table: TABLE_III,
    bounds: { relative: 0.03, deviations: 0 },
    pictures: {
      kind: "map",
      width: 50,
      height: 50,
      index: 80,
      columnMajor: true,
      restoredAt: 0.5,
      partsAt: 0.5,
    },
    figureLambdas: [1.5, 10, 100],
    figureStarts: 1,
    secondsPerStart: {
      "zero-fill": { nmf: 0.7, anmf: 45, "at-nmf": 60 },
      ignore: { nmf: 2, anmf: 45, "at-nmf": 185 },
    },
    remark: "165 spectral bands of 50×50 pixels; rank 5.",
  },
  cbcl: {
    name: "cbcl",
    title: "CBCL/255",
    folder: "CBCL",
    file: "CBCL.mat",
    transposed: false,
    masksTransposed: true,
    divisor: 255,
    rank: 49,
    table: TABLE_II,
    bounds: null,
    pictures: {
      kind: "faces",
      width: 19,
      height: 19,
      index: 400,
      columnMajor: true,
      restoredAt: 0.2,
      partsAt: 0.1,
    },
    figureLambdas: [1.5, 3, 10, 100],
    figureStarts: 1,
    secondsPerStart: {
      "zero-fill": { nmf: 16, anmf: 600, "at-nmf": 1600 },
      ignore: { nmf: 39, anmf: 600, "at-nmf": 3900 },
    },
    remark:
      "2429 faces of 19×19 pixels, grey values divided by 255; rank 49. The authors' own normalised file is not published, so these rows stand beside Table II without being held against it.",
  },
};

/** The stopping rules (12) and (13) and the start of section II-C. */
export interface SolverOptions {
  readonly init: "half-normal";
  readonly epsilonInner: number;
  readonly epsilonOuter: number;
  readonly maxInner: number;
  readonly maxOuter: number;
}

/** Those of the paper. */
export const SOLVER_OPTIONS: SolverOptions = {
  init: "half-normal",
  epsilonInner: 0.01,
  epsilonOuter: 0.01,
  maxInner: 1000,
  maxOuter: 100,
};

/** The α of the tables. */
export const TABLE_ALPHAS: readonly number[] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** The α of Fig. 1 and Fig. 2. */
export const FIGURE_ALPHA = 0.5;

/** The λ of Fig. 3 and Fig. 4. */
export const PICTURE_LAMBDA = 2;

/** Starts a cell of the tables has. */
export const STARTS = 10;

/** What `--quick` leaves. */
export const QUICK = { alphas: [0.5, 0.9], starts: 3, figureStarts: 1 } as const;

/** Both conventions, the authors' first. */
export const MISSING: readonly Missing[] = ["zero-fill", "ignore"];

/** The columns of the tables. */
export const METHODS: readonly Method[] = ["nmf", "anmf", "at-nmf"];

/** α as a number of the authors' masks: mask i holds out 0.2 + 0.1·i; undefined where there is none. */
export function maskNumber(alpha: number): number | undefined {
  const number = Math.round((alpha - 0.2) * 10);
  return number >= 1 && number <= 7 && Math.abs(0.2 + 0.1 * number - alpha) < 1e-9 ? number : undefined;
}

/** `AT-NMF(3)`. */
export function methodText(method: Method, lambda: number | null): string {
  if (method === "at-nmf") return `AT-NMF(${lambda})`;
  return method === "nmf" ? "NMF" : "ANMF";
}
