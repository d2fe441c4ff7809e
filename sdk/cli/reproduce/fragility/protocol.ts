// What is run: the settings of Gao et al., and what their laws say.

import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Activation, Matrix } from "../../../index.js";
import { readMatrix } from "../../../io/index.js";
import { EXIT, Failure, reading } from "../../failure.js";
import type { DataSets } from "../data-folder.js";

/** The parts of the experiment, in the order of the page. */
export const PARTS = ["law", "two", "classes", "signs", "relu", "mnist"] as const;
export type Part = (typeof PARTS)[number];

/** What a part is called. */
export const TITLES: Readonly<Record<Part, string>> = {
  law: "linear law",
  two: "two classes, linear",
  classes: "d classes, linear",
  signs: "theorem 5",
  relu: "max(·, 0)",
  mnist: "MNIST",
};

/** How much of everything is run. */
export interface Lengths {
  readonly lawDimensions: readonly number[];
  readonly trials: number;
  /** Of trained linear networks, with so many draws of two classes, and pairs of points a draw. */
  readonly dimensions: readonly number[];
  readonly draws: number;
  readonly pairs: number;
  /** Theorem 5: dimension and draws. */
  readonly signsDimension: number;
  readonly signsDraws: number;
  /** Networks with max(·, 0): dimensions, each with one and two hidden layers, and pairs. */
  readonly reluDimensions: readonly number[];
  readonly reluPairs: number;
  /** Images to learn from, steps at most, and pairs. */
  readonly images: number;
  readonly imageSteps: number;
  readonly imagePairs: number;
}

/** Those of the paper's figures, as far as they are told. */
export const WHOLE: Lengths = {
  lawDimensions: [10, 20, 40, 80, 160],
  trials: 400,
  dimensions: [12, 25, 50, 100],
  draws: 5,
  pairs: 12,
  signsDimension: 12,
  signsDraws: 40,
  reluDimensions: [20, 50],
  reluPairs: 60,
  images: 10_000,
  imageSteps: 1500,
  imagePairs: 40,
};

/** Those of a quick run. */
export const QUICK: Lengths = {
  lawDimensions: [10, 20, 40, 80],
  trials: 200,
  dimensions: [12, 25, 50],
  draws: 2,
  pairs: 6,
  signsDimension: 8,
  signsDraws: 16,
  reluDimensions: [20],
  reluPairs: 20,
  images: 1500,
  imageSteps: 200,
  imagePairs: 10,
};

/** Networks that learn from images. */
export const IMAGE_NETWORKS: readonly { readonly activation: Activation; readonly depth: number }[] = [
  { activation: "linear", depth: 1 },
  { activation: "relu", depth: 1 },
  { activation: "relu", depth: 2 },
];

/** √n·D at which the test of Kolmogorov and Smirnov has p = 1e-3. */
export const CRITICAL = 1.9495;

/** The images, compressed or not; those for training come first. */
export const DATA: DataSets<"mnist"> = {
  owner: "MNIST",
  subfolder: "mnist",
  files: new Map([
    [
      "mnist",
      ["train", "t10k"].flatMap((set) =>
        ["-images-idx3-ubyte", "-images.idx3-ubyte"].flatMap((name) => [`${set}${name}`, `${set}${name}.gz`]),
      ),
    ],
  ]),
  generated: [],
};

/** MNIST: an image a row, divided by the largest entry, and their digits. */
export interface Images {
  readonly X: Matrix<Float64Array>;
  readonly labels: Int32Array;
  readonly file: string;
}

/**
 * Reads the images at `path` and the labels that lie beside them, each compressed or not.
 *
 * @throws Failure or AdvnmfError with exit code 3 when a file is absent or damaged, or the two do not fit.
 */
export async function readImages(path: string): Promise<Images> {
  const { rows, cols, data } = await reading(() => readMatrix(path, { dtype: "f64" }));
  const name = basename(path).replace("images", "labels").replace("idx3", "idx1");
  const other = name.endsWith(".gz") ? name.slice(0, -3) : `${name}.gz`;
  const beside = await readdir(dirname(path));
  const own = join(dirname(path), beside.includes(other) && !beside.includes(name) ? other : name);
  const labels = await reading(() => readLabels(own));
  if (labels.length !== rows) {
    throw new Failure(
      EXIT.badInput,
      "SHAPE",
      `${path} holds ${rows} images, ${own} ${labels.length} labels`,
      {
        details: { expected: rows, got: labels.length },
      },
    );
  }
  const numbers = Float64Array.from(data);
  const largest = numbers.reduce((most, entry) => Math.max(most, entry), 0);
  const X = { rows, cols, data: numbers.map((entry) => entry / largest) };
  return { X, labels, file: basename(path) };
}

async function readLabels(path: string): Promise<Int32Array> {
  const { data } = await readMatrix(path, { dtype: "f64" });
  return Int32Array.from(data);
}
