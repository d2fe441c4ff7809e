// The data of the experiments: from the authors' files, or made here.

import { basename } from "node:path";
import { datasets, type Matrix, sha256 } from "../../../index.js";
import { readMatrix } from "../../../io/index.js";
import { EXIT, Failure, reading } from "../../failure.js";
import type { DataSets } from "../data-folder.js";
import { MNIST_IMAGES, SETS, type SetFacts, type SetName } from "./protocol.js";

/** A data set, ready to be attacked. */
export interface ExperimentData {
  readonly facts: SetFacts;
  readonly V: Matrix<Float64Array>;
  readonly sha256: string;
  readonly origin: "file" | "generated";
  /** The name of that file or folder. */
  readonly file: string | null;
}

/** The sets, as they were published. */
export const DATA: DataSets<SetName> = {
  owner: "LaFA",
  subfolder: "lafa",
  files: new Map(
    Object.values(SETS).flatMap(({ name, files }) => (files.length > 0 ? [[name, files] as const] : [])),
  ),
  generated: Object.values(SETS).flatMap(({ name, files }) => (files.length > 0 ? [] : [name])),
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
  const source =
    path === undefined
      ? ({ origin: "generated", file: null } as const)
      : ({ origin: "file", file: basename(path) } as const);
  return { facts, V, sha256: await sha256(V), ...source };
}

function make(name: SetName, seed: number): Promise<Matrix<Float64Array>> {
  return name === "swimmer" ? datasets.swimmer() : datasets.lafaSynthetic({ seed });
}

async function read(path: string, { name, pictures }: SetFacts): Promise<Matrix<Float64Array>> {
  const images = pictures ? { images: pictures.images } : {};
  const { rows, cols, data, image } = await reading(() => readMatrix(path, { dtype: "f64", ...images }));
  if (pictures && (image?.width !== pictures.width || image.height !== pictures.height)) {
    const got = image ? `those of ${image.width}×${image.height}` : "no pictures";
    throw new Failure(
      EXIT.badInput,
      "SHAPE",
      `${path} should hold pictures of ${pictures.width}×${pictures.height} pixels, got ${got}`,
      { details: { path, expected: [pictures.width, pictures.height] } },
    );
  }
  const count = name === "mnist" ? Math.min(rows, MNIST_IMAGES) : rows;
  const raised = Float64Array.from(data.subarray(0, count * cols), (entry) =>
    name === "wtsi" ? entry + 0.01 : entry,
  );
  const largest = raised.reduce((most, entry) => Math.max(most, entry), 0);
  return { rows: count, cols, data: raised.map((entry) => entry / largest) };
}
