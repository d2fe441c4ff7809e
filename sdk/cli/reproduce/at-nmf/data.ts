// The data of an experiment: V and a mask for each α, from the authors' files or made here.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { datasets, hideEntries, type Matrix, sha256 } from "../../../index.js";
import { readMatrix } from "../../../io/index.js";
import { EXIT, Failure, reading } from "../../failure.js";
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

/** Where data may be, and who said so. */
export interface DataFolder {
  readonly path: string;
  readonly sets: readonly SetName[];
}

/**
 * The sets that the folder `path`, or `at-nmf` in it, holds.
 *
 * @throws Failure with exit code 3 when it holds none.
 */
export async function findData(path: string, source: string): Promise<DataFolder> {
  for (const folder of [path, join(path, "at-nmf")]) {
    const sets: SetName[] = [];
    for (const facts of Object.values(SETS)) {
      if (await isFile(join(folder, facts.folder, facts.file))) sets.push(facts.name);
    }
    if (sets.length > 0) return { path: folder, sets };
  }
  const wanted = Object.values(SETS).map(({ folder, file }) => `${folder}/${file}`);
  throw new Failure(
    EXIT.badInput,
    "IO",
    `${source} ${path} holds none of ${wanted.join(", ")}, nor does its folder at-nmf; point it at the data folder of the AT-NMF authors, or leave it out to run on generated data`,
    { details: { path, expected: wanted } },
  );
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * Reads a set from `folder`, or makes the one that can be made, with a mask for each of `alphas`.
 *
 * @throws Failure or AdvnmfError with exit code 3 when a file is absent, damaged or of another shape.
 */
export async function loadData(
  name: SetName,
  folder: string | undefined,
  alphas: readonly number[],
  seed: number,
): Promise<ExperimentData> {
  const facts = SETS[name];
  const V =
    folder === undefined
      ? await datasets.atnmfSynthetic({ seed })
      : await readV(join(folder, facts.folder, facts.file), facts);
  const masks = new Map<number, Mask>();
  for (const alpha of alphas) masks.set(alpha, await mask(V, facts, folder, alpha, seed));
  const origin = folder === undefined ? "generated" : "authors";
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
    ? await readMask(join(folder, facts.folder, `mask${number}.mat`), V, facts)
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
