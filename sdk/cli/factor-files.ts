// The files that a factorization leaves: the factors, the picture of the features, and fit.json.

import type { Matrix, MatrixNames } from "../index.js";
import { encodeImageSheet, encodeMatrix, type FormatName, formats, type Stacking } from "../io/index.js";
import type { Input } from "./input.js";
import { type OutputFile, readText } from "./output-folder.js";

/** Names of the files in the output folder. */
export interface FileNames {
  readonly W: string;
  readonly H: string;
  readonly fit: "fit.json";
  readonly features?: "features.png";
  /** What the adversary does. */
  readonly R?: string;
  readonly attackedW?: string;
  /** What was hidden, and what became of it. */
  readonly restored?: "restored.png";
}

/** The format for W and H: that of the input, or NPY where that is for pictures, is not written or, with a data set, is none. */
export function factorFormat(input: Input): FormatName {
  const { format, image } = input.matrix;
  const known = formats.find(({ name }) => name === format);
  return known?.write && image === undefined ? known.name : "npy";
}

/** W and H in `format`, and the features as a sheet of pictures where their size is known. */
export function factorFiles(
  input: Input,
  { W, H }: { readonly W: Matrix; readonly H: Matrix },
  format: FormatName,
): { files: OutputFile[]; names: FileNames } {
  const { rowNames, colNames } = input.matrix;
  const components = componentNames(W.cols);
  const names = { W: `W.${format}`, H: `H.${format}`, fit: "fit.json" } as const;
  const files: OutputFile[] = [
    {
      name: names.W,
      bytes: encode(W, { ...(rowNames ? { rowNames } : {}), colNames: components }, "W", format),
    },
    {
      name: names.H,
      bytes: encode(H, { rowNames: components, ...(colNames ? { colNames } : {}) }, "H", format),
    },
  ];
  const sheet = featureSheet(input, W, H);
  if (sheet === undefined) return { files, names };
  files.push({ name: "features.png", bytes: sheet });
  return { files, names: { ...names, features: "features.png" } };
}

/** What an adversary answers: R has the names of V, attackedW those of W. */
export function attackFile(
  input: Input,
  attack: { readonly name: "R" | "attackedW"; readonly matrix: Matrix },
  format: FormatName,
): OutputFile {
  const { name, matrix } = attack;
  const { rowNames, colNames } = input.matrix;
  const columns = name === "R" ? colNames : componentNames(matrix.cols);
  const names = { ...(rowNames ? { rowNames } : {}), ...(columns ? { colNames: columns } : {}) };
  return { name: `${name}.${format}`, bytes: encode(matrix, names, name, format) };
}

function componentNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `component ${index + 1}`);
}

/** A matrix of the shape of V, with V's names, in a file called `name` or after the variable that it holds. */
export function likeInput(
  input: Input,
  data: Matrix,
  variable: string,
  format: FormatName,
  name: string = variable,
): OutputFile {
  const { rowNames, colNames } = input.matrix;
  const names = { ...(rowNames ? { rowNames } : {}), ...(colNames ? { colNames } : {}) };
  return { name: `${name}.${format}`, bytes: encode(data, names, variable, format) };
}

function encode(factor: Matrix, names: MatrixNames, variable: string, format: FormatName): Uint8Array {
  return encodeMatrix({ ...factor, ...names }, { format, variable });
}

/** The features live in W when the columns of V are pictures, in H when its rows are. */
function featureSheet(input: Input, W: Matrix, H: Matrix): Uint8Array | undefined {
  const pictures = picturesOf(input);
  if (pictures === undefined) return undefined;
  const { width, height, images } = pictures;
  return encodeImageSheet(images === "columns" ? W : H, { width, height, images, ...sheetStyle(pictures) });
}

/** Which side of V is a list of pictures, and how large they are. */
export interface Pictures {
  readonly width: number;
  readonly height: number;
  readonly images: Stacking;
}

/** The pictures that V is made of, if it is. */
export function picturesOf({ matrix, facts }: Input): Pictures | undefined {
  if (facts?.image) return { ...facts.image, images: "columns" };
  const { image } = matrix;
  if (image === undefined || image.stacking === "none") return undefined;
  return { width: image.width, height: image.height, images: image.stacking };
}

/** Small pictures are magnified to some 128 pixels a side. */
export function sheetStyle(image: { width: number; height: number }): { scale: number; gap: number } {
  const scale = Math.max(1, Math.floor(128 / Math.max(image.width, image.height)));
  return { scale, gap: 4 };
}

/** Records that list the files of a run under `files`. */
const RECORDS = ["fit.json", "attack.json", "audit.json"];

/** Whatever a record says, nothing but such names is ever removed. */
const OURS =
  /^(?:(?:[WHR]|attackedW|(?:perturbed|delta)-\d[\d.e+-]*)\.[a-z]+|(?:features|restored)\.png|(?:fit|attack|audit)\.json|report\.html)$/;

/**
 * Files of an earlier run in `folder` that would otherwise lie beside the new ones as if they belonged
 * together: those that its record lists and that are no part of `names`.
 */
export async function staleFiles(folder: string, names: readonly string[]): Promise<string[]> {
  const stale = new Set<string>();
  for (const record of RECORDS) {
    for (const name of listedFiles(await readText(folder, record))) {
      if (OURS.test(name) && !names.includes(name)) stale.add(name);
    }
  }
  return [...stale];
}

/** The files that a record lists, one by one or several under one key. */
function listedFiles(text: string | undefined): string[] {
  if (text === undefined) return [];
  try {
    const { files } = JSON.parse(text) as { files?: object };
    return Object.values(files ?? {})
      .flat()
      .filter((name): name is string => typeof name === "string");
  } catch {
    return [];
  }
}
