// What is run: the data of the paper with their ranks, and the sizes of perturbation.

import type { Norm } from "../../../index.js";
import type { Pictures } from "../../factor-files.js";

/** A data set of the paper that can be had. */
export type SetName = "synthetic" | "wtsi" | "swimmer" | "face" | "mnist";

/** What an attack follows. */
export type Gradient = "implicit" | "backprop";

/** Both, in the order of the tables. */
export const GRADIENTS: readonly Gradient[] = ["implicit", "backprop"];

/** How an attack goes about it: as `lafa` does, or step by step as the authors' code. */
export type Procedure = "ours" | "official";

/** Both, in the order of the tables. */
export const PROCEDURES: readonly Procedure[] = ["ours", "official"];

/** Sizes of perturbation in one norm. */
export interface Sizes {
  readonly norm: Norm;
  readonly epsilons: readonly number[];
}

/** A data set: where it comes from, and what is done with it. */
export interface SetFacts {
  readonly name: SetName;
  /** As the page calls it. */
  readonly title: string;
  /** File or folder below the data folder, the first of these that there is; none for what is made here. */
  readonly files: readonly string[];
  /** Whose data they are. */
  readonly owner: string;
  readonly rank: number;
  readonly sizes: readonly Sizes[];
  /** Sizes of a quick run. */
  readonly quick: readonly Sizes[];
  /** Features that can be looked at. */
  readonly pictures: Pictures | null;
  /** Milliseconds that an iteration takes about, on one core of 2.5 GHz or so; for the estimate only. */
  readonly iterationMs: number;
  /** What a reader has to know of it. */
  readonly remark: string;
}

/** Names that the images of MNIST go by, compressed or not; those for training come first. */
const MNIST_FILES: readonly string[] = ["train-images", "t10k-images"].flatMap((images) =>
  ["-idx3-ubyte", ".idx3-ubyte"].flatMap((ending) => [`${images}${ending}`, `${images}${ending}.gz`]),
);

/** So many images of MNIST are attacked. */
export const MNIST_IMAGES = 1000;

/** The sets by name, the cheapest first. */
export const SETS: Readonly<Record<SetName, SetFacts>> = {
  synthetic: {
    name: "synthetic",
    title: "Synthetic",
    files: [],
    owner: "ours",
    rank: 3,
    sizes: [{ norm: "l2", epsilons: [0.005, 0.01, 0.025, 0.0475] }],
    quick: [{ norm: "l2", epsilons: [0.0475] }],
    pictures: null,
    iterationMs: 0.05,
    remark:
      "Two Gaussians, their mixture and anchor rows, uniform weights; drawn here as the authors’ code does, another draw than theirs.",
  },
  wtsi: {
    name: "wtsi",
    title: "WTSI",
    files: ["wtsi.mat"],
    owner: "the authors’ data",
    rank: 4,
    sizes: [
      { norm: "l2", epsilons: [0.0025, 0.005, 0.01, 0.018] },
      { norm: "linf", epsilons: [0.0005, 0.00095] },
    ],
    quick: [{ norm: "l2", epsilons: [0.005, 0.01] }],
    pictures: null,
    iterationMs: 0.0075,
    remark: "96 types of mutation in 21 breast cancers, (X + 0.01)/max.",
  },
  swimmer: {
    name: "swimmer",
    title: "Swimmer",
    files: [],
    owner: "ours",
    rank: 17,
    sizes: [{ norm: "l2", epsilons: [0.005, 0.01, 0.02] }],
    quick: [],
    pictures: { width: 32, height: 32, images: "columns" },
    iterationMs: 2,
    remark: "256 poses of a figure with four limbs, made here.",
  },
  face: {
    name: "face",
    title: "Face",
    files: ["face"],
    owner: "the authors’ data",
    rank: 5,
    sizes: [{ norm: "l2", epsilons: [0.005, 0.01, 0.02] }],
    quick: [],
    pictures: { width: 19, height: 19, images: "rows" },
    iterationMs: 0.5,
    remark: "472 pictures of faces, 19×19 pixels each, rows of V, divided by the largest.",
  },
  mnist: {
    name: "mnist",
    title: "MNIST",
    files: MNIST_FILES,
    owner: "MNIST’s file train-images-idx3-ubyte",
    rank: 10,
    sizes: [{ norm: "l2", epsilons: [0.005, 0.01, 0.02] }],
    quick: [],
    pictures: { width: 28, height: 28, images: "rows" },
    iterationMs: 4,
    remark: `The first ${MNIST_IMAGES} pictures of the file, 28×28 pixels each, rows of V, divided by the largest.`,
  },
};

/** How long everything goes on, and how much it is compared with. */
export interface Lengths {
  readonly steps: number;
  readonly restarts: number;
  readonly iterations: number;
  readonly evaluationIterations: number;
  readonly otherStarts: number;
  readonly noiseTrials: number;
}

/** Those of the paper and its code, with 20 starts to average over. */
export const WHOLE: Lengths = {
  steps: 40,
  restarts: 4,
  iterations: 1600,
  evaluationIterations: 10_000,
  otherStarts: 20,
  noiseTrials: 5,
};

/** Those of a quick run. */
export const QUICK: Lengths = {
  steps: 12,
  restarts: 1,
  iterations: 400,
  evaluationIterations: 3000,
  otherStarts: 4,
  noiseTrials: 2,
};

/** `L2` or `L∞`. */
export function normText(norm: Norm): string {
  return norm === "l2" ? "L2" : "L∞";
}

/** `implicit` or `back-propagation`, of which procedure. */
export function gradientText(gradient: Gradient, procedure: Procedure = "ours"): string {
  const text = gradient === "implicit" ? "implicit" : "back-propagation";
  return procedure === "ours" ? text : `${text}, official`;
}
