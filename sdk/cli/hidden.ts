// Entries that a fit does not see, and how well it tells what they are.

import { AdvnmfError, hideEntries, type Matrix } from "../index.js";
import { readMatrix } from "../io/index.js";
import { EXIT, Failure, reading } from "./failure.js";
import type { Input } from "./input.js";

/** What a built-in data set hides unasked. */
const USUAL_SHARE = 0.6;

/** The options that say what is hidden. */
export interface HideFlags {
  readonly mask?: string;
  readonly hide?: number;
  readonly seed: number;
  readonly missing?: "ignore" | "zero-fill";
}

/** What is hidden. */
export interface Hidden {
  /** Weights like V, 0 = hidden; absent: all is visible. */
  readonly mask?: Matrix;
  /** Row-major indices of hidden entries whose value is known. */
  readonly indices: readonly number[];
  /** What was asked for; 0 with a mask of the user's. */
  readonly share: number;
}

/** Reads the mask, or makes one. @throws Failure when both are asked for. */
export async function hiddenEntries(input: Input, flags: HideFlags, signal: AbortSignal): Promise<Hidden> {
  const { matrix: V, kind } = input;
  if (flags.mask !== undefined) {
    if (flags.hide !== undefined) {
      throw new Failure(EXIT.usage, "USAGE", "--mask says what is hidden, and so does --hide: give one");
    }
    const path = flags.mask;
    const mask = await reading(() => readMatrix(path, { signal }));
    if (mask.rows !== V.rows || mask.cols !== V.cols) {
      throw new AdvnmfError(
        "SHAPE",
        `mask must be ${V.rows}×${V.cols} like V, got ${mask.rows}×${mask.cols}`,
        { name: "mask", rows: mask.rows, cols: mask.cols },
      );
    }
    const indices: number[] = [];
    mask.data.forEach((weight, index) => {
      if (weight === 0 && !Number.isNaN(V.data[index])) indices.push(index);
    });
    return { mask, indices, share: 0 };
  }
  const share = flags.hide ?? (kind === "dataset" ? USUAL_SHARE : 0);
  if (share === 0) return { indices: [], share };
  // A mask allows NaN, but it was not the user who gave this one.
  const missing = flags.missing === undefined ? V.data.findIndex(Number.isNaN) : -1;
  if (missing >= 0) {
    const [row, column] = [Math.floor(missing / V.cols), missing % V.cols];
    throw new AdvnmfError(
      "NOT_FINITE",
      `V has NaN at row ${row}, column ${column}; if NaN means "missing", say --missing ignore (or zero-fill), otherwise mend the data`,
      { name: "V", row, column },
    );
  }
  const { mask, hidden } = await hideEntries(V, { fraction: share, seed: flags.seed });
  return { mask, indices: hidden, share };
}

/** Root mean square of V − P over the entries with those indices. */
export function rootMeanSquare(V: Matrix, P: Matrix, indices: readonly number[]): number {
  let sum = 0;
  for (const index of indices) {
    const error = (V.data[index] as number) - (P.data[index] as number);
    sum += error * error;
  }
  return Math.sqrt(sum / indices.length);
}
