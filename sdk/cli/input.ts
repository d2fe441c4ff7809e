// The matrix that a command works on: a file, a folder, a URL, standard input or a built-in data set.

import { stat } from "node:fs/promises";
import process from "node:process";
import { closest, distance } from "fastest-levenshtein";
import { AdvnmfError, type DatasetFacts, type DatasetName, type Dtype, datasets } from "../index.js";
import { decodeMatrix, type FileMatrix, type FormatName, readMatrix, type Stacking } from "../io/index.js";
import { EXIT, Failure, reading } from "./failure.js";

/** The options that say how to read. */
export interface InputFlags {
  readonly format?: FormatName;
  readonly dtype?: Dtype;
  readonly images?: Stacking;
  readonly variable?: string;
}

/** A matrix and where it came from. */
export interface Input {
  readonly kind: "file" | "stdin" | "dataset";
  /** As the user wrote it. */
  readonly name: string;
  readonly matrix: Omit<FileMatrix, "format"> & { readonly format?: FormatName };
  /** With a data set: what is known of it. */
  readonly facts?: DatasetFacts;
}

/**
 * Reads `name`: `-` is standard input, and a data set is meant only where no file has its name.
 *
 * @throws Failure when it cannot be read; AdvnmfError as `readMatrix` does.
 */
export async function readInput(name: string, flags: InputFlags, signal?: AbortSignal): Promise<Input> {
  const { format, dtype, images, variable } = flags;
  if (name === "-") {
    const bytes = await readStandardInput(signal);
    const decode = async () => decodeMatrix(bytes, { format, dtype, images, variable });
    try {
      return { kind: "stdin", name, matrix: await reading(decode) };
    } catch (error) {
      if (error instanceof AdvnmfError) {
        const { code, message, details } = error;
        throw new AdvnmfError(code, `standard input: ${message}`, details, { cause: error });
      }
      throw error;
    }
  }
  const isAddress = /^[a-z][a-z+.-]+:/i.test(name);
  if (!isAddress && !(await exists(name))) {
    const dataset = (Object.keys(datasets.facts) as DatasetName[]).find((known) => known === name);
    if (dataset === undefined) throw noSuchInput(name);
    return readDataset(dataset, flags);
  }
  const read = () =>
    readMatrix(name, { format, dtype, images, variable, ...(signal === undefined ? {} : { signal }) });
  return { kind: "file", name, matrix: await reading(read) };
}

async function readDataset(name: DatasetName, { dtype }: InputFlags): Promise<Input> {
  const { rows, cols, data } = await datasets.load(name);
  const facts = datasets.facts[name];
  return {
    kind: "dataset",
    name,
    facts,
    matrix: { rows, cols, data: dtype === "f32" ? Float32Array.from(data) : data },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    // Anything but "no such file" is better told by the attempt to read it.
    const code = (error as NodeJS.ErrnoException).code;
    return code !== "ENOENT" && code !== "ENOTDIR";
  }
}

function noSuchInput(name: string): Failure {
  const known = Object.keys(datasets.facts);
  const nearest = closest(name, known);
  const near = distance(name, nearest) <= 3 ? ` (did you mean ${nearest}?)` : "";
  return new Failure(
    EXIT.badInput,
    "IO",
    `there is no file ${name}, and no built-in data set of that name${near}; give a path, a URL, - for standard input, or one of ${known.join(", ")}`,
    { details: { path: name, known } },
  );
}

async function readStandardInput(signal: AbortSignal | undefined): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // An interrupt must not wait for a sender that sends nothing.
  const stop = () => process.stdin.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      length += chunk.length;
    }
  } catch (cause) {
    if (!signal?.aborted) {
      throw new Failure(EXIT.badInput, "IO", `cannot read standard input: ${(cause as Error).message}`, {
        cause,
      });
    }
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  if (signal?.aborted) throw new AdvnmfError("ABORTED", "interrupted while reading standard input");
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** `60×21 f64`. */
export function sizeText({ rows, cols, data }: Pick<FileMatrix, "rows" | "cols" | "data">): string {
  return `${rows}×${cols} ${data instanceof Float32Array ? "f32" : "f64"}`;
}
