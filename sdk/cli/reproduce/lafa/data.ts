// The data of the experiments: from the authors' files, or made here.

import { datasets, type Matrix, sha256 } from "../../../index.js";
import { readMatrix } from "../../../io/index.js";
import { reading } from "../../failure.js";
import type { DataSets } from "../data-folder.js";
import { SETS, type SetFacts, type SetName } from "./protocol.js";

/** A data set, ready to be attacked. */
export interface ExperimentData {
  readonly facts: SetFacts;
  readonly V: Matrix<Float64Array>;
  readonly sha256: string;
  readonly origin: "authors" | "generated";
}

/** The sets, as the authors published them. */
export const DATA: DataSets<SetName> = {
  owner: "LaFA",
  subfolder: "lafa",
  files: new Map(
    Object.values(SETS).flatMap(({ name, path }) => (path === null ? [] : [[name, [path]] as const])),
  ),
  generated: Object.values(SETS).flatMap(({ name, path }) => (path === null ? [name] : [])),
};

/**
 * Reads a set from `path`, or makes the one that can be made.
 *
 * @throws Failure or AdvnmfError with exit code 3 when a file is absent or damaged.
 */
export async function loadData(
  name: SetName,
  path: string | undefined,
  seed: number,
): Promise<ExperimentData> {
  const facts = SETS[name];
  const V = path === undefined ? await make(name, seed) : await read(path, facts);
  return { facts, V, sha256: await sha256(V), origin: path === undefined ? "generated" : "authors" };
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
