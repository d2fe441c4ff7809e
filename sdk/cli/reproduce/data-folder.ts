// Which data sets of an experiment there are: in the folder of `--data`, or made here.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { EXIT, Failure } from "../failure.js";

/** The data sets of an experiment. */
export interface DataSets<N extends string> {
  /** Whose data they are, as in “the data folder of the AT-NMF authors”. */
  readonly owner: string;
  /** A folder in the data folder that may hold them. */
  readonly subfolder: string;
  /** What each set is read from, relative to either folder: the first of these that there is. */
  readonly files: ReadonlyMap<N, readonly string[]>;
  /** Sets that can be made here. */
  readonly generated: readonly N[];
}

/** Where data are. */
export interface DataFolder<N extends string> {
  readonly path: string;
  /** The file or folder of each set that there is. */
  readonly found: ReadonlyMap<N, string>;
}

/**
 * The folder of `--data`, or of ADVNMF_DATA, and what it holds; undefined where neither is given.
 *
 * @throws Failure with exit code 3 when it holds none of the sets.
 */
export async function findData<N extends string>(
  flag: string | undefined,
  { owner, subfolder, files }: DataSets<N>,
): Promise<DataFolder<N> | undefined> {
  const path = flag ?? process.env.ADVNMF_DATA;
  if (path === undefined || path === "") return undefined;
  const found = new Map<N, string>();
  for (const [name, candidates] of files) {
    const places = [path, join(path, subfolder)].flatMap((folder) =>
      candidates.map((file) => join(folder, file)),
    );
    for (const place of places) {
      if (!found.has(name) && (await exists(place))) found.set(name, place);
    }
  }
  if (found.size > 0) return { path, found };
  const source = flag === undefined ? "the folder of ADVNMF_DATA," : "--data";
  const wanted = [...files.values()].map(([first]) => first as string);
  throw new Failure(
    EXIT.badInput,
    "IO",
    `${source} ${path} holds none of ${wanted.join(", ")}, nor does its folder ${subfolder}; point it at the data folder of the ${owner} authors, or leave it out to run on generated data`,
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
 * Makes sure that there are data for all of `wanted`.
 *
 * @throws Failure with exit code 3, with what there is.
 */
export function checkAvailable<N extends string>(
  wanted: readonly N[],
  available: readonly N[],
  folder: DataFolder<N> | undefined,
  { files, generated }: DataSets<N>,
): void {
  const absent = wanted.filter((name) => !available.includes(name));
  if (absent.length === 0) return;
  const where = folder
    ? `${folder.path} has only ${[...folder.found.keys()].join(", ")}`
    : `without --data there is only ${generated.join(", ")}, generated`;
  throw new Failure(
    EXIT.badInput,
    "IO",
    `there are no data for ${absent.map((name) => `${name} (${files.get(name)?.[0]})`).join(", ")}: ${where}; name the folder with --data, or leave these sets out with --set`,
    { details: { absent, available } },
  );
}
