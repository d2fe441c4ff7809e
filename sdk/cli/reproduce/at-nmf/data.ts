// The data of an experiment: V and a mask for each α, from the authors' files or made here.

import { dirname, join } from "node:path";
import { datasets, hideEntries, type Matrix, sha256 } from "../../../index.js";
import { readMatrix } from "../../../io/index.js";
import { EXIT, Failure, reading } from "../../failure.js";
import type { DataSets } from "../data-folder.js";
import { transpose } from "../matrices.js";
import { maskNumber, SETS, type SetFacts, type SetName } from "./protocol.js";

/** Which entries are observed: 1 = in the fit, 0 = held out. */
export interface Mask {
  readonly alpha: number;
  /** m·n bytes, row-major. */
  readonly observed: Uint8Array;
  readonly sha256: string;
  /** `"authors"`: from their files. */
  readonly origin: "authors" | "generated";
}

/** A data set, ready to be factorized. */
export interface ExperimentData {
  readonly facts: SetFacts;
  readonly V: Matrix<Float64Array>;
  readonly sha256: string;
  readonly origin: "authors" | "generated";
  readonly masks: ReadonlyMap<number, Mask>;
}

/** The sets, as the authors published them. */
export const DATA: DataSets<SetName> = {
  owner: "AT-NMF",
  subfolder: "at-nmf",
  files: new Map(Object.values(SETS).map(({ name, folder, file }) => [name, [`${folder}/${file}`]])),
  generated: ["synthetic"],
};

/**
 * Reads a set from `file`, or makes the one that can be made, with a mask for each of `alphas`.
 *
 * @throws Failure or AdvnmfError with exit code 3 when a file is absent, damaged or of another shape.
 */
export async function loadData(
  name: SetName,
  file: string | undefined,
  alphas: readonly number[],
  seed: number,
): Promise<ExperimentData> {
  const facts = SETS[name];
  const V = file === undefined ? await datasets.atnmfSynthetic({ seed }) : await readV(file, facts);
  const folder = file === undefined ? undefined : dirname(file);
  const masks = new Map<number, Mask>();
  for (const alpha of alphas) masks.set(alpha, await mask(V, facts, folder, alpha, seed));
  const origin = file === undefined ? "generated" : "authors";
  return { facts, V, sha256: await sha256(V), origin, masks };
}

async function readV(path: string, { transposed, divisor }: SetFacts): Promise<Matrix<Float64Array>> {
  const file = await reading(() => readMatrix(path, { dtype: "f64" }));
  const { rows, cols, data } = transposed ? transpose(file) : file;
  return { rows, cols, data: Float64Array.from(data, (value) => value / divisor) };
}

async function mask(
  V: Matrix,
  facts: SetFacts,
  folder: string | undefined,
  alpha: number,
  seed: number,
): Promise<Mask> {
  const number = maskNumber(alpha);
  const read = folder !== undefined && number !== undefined;
  const observed = read
    ? await readMask(join(folder, `mask${number}.mat`), V, facts)
    : Uint8Array.from((await hideEntries(V, { fraction: alpha, seed })).mask.data);
  return {
    alpha,
    observed,
    sha256: await sha256({ rows: V.rows, cols: V.cols, data: Float64Array.from(observed) }),
    origin: read ? "authors" : "generated",
  };
}

async function readMask(path: string, V: Matrix, facts: SetFacts): Promise<Uint8Array> {
  const file = await reading(() => readMatrix(path, { dtype: "f64" }));
  const { rows, cols, data } = facts.masksTransposed ? transpose(file) : file;
  if (rows !== V.rows || cols !== V.cols || data.some((value) => value !== 0 && value !== 1)) {
    throw new Failure(
      EXIT.badInput,
      "SHAPE",
      `${path} is not a mask of zeros and ones for V: got ${rows}×${cols}, expected ${V.rows}×${V.cols}`,
      { details: { path, got: [rows, cols], expected: [V.rows, V.cols] } },
    );
  }
  return Uint8Array.from(data);
}
