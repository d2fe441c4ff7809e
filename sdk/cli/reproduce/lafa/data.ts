// The data of the experiments: from the authors' files, or made here.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { datasets, type Matrix, sha256 } from "../../../index.js";
import { readMatrix } from "../../../io/index.js";
import { EXIT, Failure, reading } from "../../failure.js";
import { SETS, type SetFacts, type SetName } from "./protocol.js";

/** A data set, ready to be attacked. */
export interface ExperimentData {
  readonly facts: SetFacts;
  readonly V: Matrix<Float64Array>;
  readonly sha256: string;
  readonly origin: "authors" | "generated";
}

/** Where data are, and which sets they are. */
export interface DataFolder {
  readonly path: string;
  readonly sets: readonly SetName[];
}

/** Sets that need no file. */
export const GENERATED: readonly SetName[] = Object.values(SETS).flatMap(({ name, path }) =>
  path === null ? [name] : [],
);

/**
 * The sets that the folder `path`, or `lafa` in it, holds.
 *
 * @throws Failure with exit code 3 when it holds none.
 */
export async function findData(path: string, source: string): Promise<DataFolder> {
  for (const folder of [join(path, "lafa"), path]) {
    const sets: SetName[] = [];
    for (const { name, path: file } of Object.values(SETS)) {
      if (file !== null && (await exists(join(folder, file)))) sets.push(name);
    }
    if (sets.length > 0) return { path: folder, sets };
  }
  const wanted = Object.values(SETS).flatMap(({ path: file }) => file ?? []);
  throw new Failure(
    EXIT.badInput,
    "IO",
    `${source} ${path} holds none of ${wanted.join(", ")}, nor does its folder lafa; point it at the data of the LaFA authors, or leave it out to run on generated data`,
    { details: { path, expected: wanted } },
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Reads a set from `folder`, or makes the one that can be made.
 *
 * @throws Failure or AdvnmfError with exit code 3 when a file is absent or damaged.
 */
export async function loadData(
  name: SetName,
  folder: string | undefined,
  seed: number,
): Promise<ExperimentData> {
  const facts = SETS[name];
  const V = facts.path === null ? await make(name, seed) : await read(join(folder ?? ".", facts.path), facts);
  return { facts, V, sha256: await sha256(V), origin: facts.path === null ? "generated" : "authors" };
}

function make(name: SetName, seed: number): Promise<Matrix<Float64Array>> {
  return name === "swimmer" ? datasets.swimmer() : datasets.lafaSynthetic({ seed });
}

async function read(path: string, { name, pictures }: SetFacts): Promise<Matrix<Float64Array>> {
  const images = pictures ? { images: pictures.images } : {};
  const { rows, cols, data } = await reading(() => readMatrix(path, { dtype: "f64", ...images }));
  const raised = Float64Array.from(data, (entry) => (name === "wtsi" ? entry + 0.01 : entry));
  const largest = raised.reduce((most, entry) => Math.max(most, entry), 0);
  return { rows, cols, data: raised.map((entry) => entry / largest) };
}
