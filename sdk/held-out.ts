// Entries that are hidden from a fit, to see how well it predicts them: a "speckled" mask (Owen & Perry 2009).

import type { Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { type Matrix, toMatrix } from "./matrix.js";
import type { NmfOptions } from "./types.js";

/** Streams of the masks lie far from those of the starts. */
const MASK_STREAM = 0x4d000000;

/** The caller's weights with a random share of the observed entries set to 0, and where those are. */
export function speckles(
  V: Matrix,
  options: Pick<NmfOptions, "seed" | "mask">,
  engine: Engine,
  fraction: number,
  repeat: number,
): { mask: Matrix<Float64Array>; indices: number[] } {
  const { arena } = engine;
  const count = V.data.length;
  const mark = arena.mark();
  let draws: Float64Array;
  try {
    const address = arena.take(count * 8 + 16, "a held-out mask");
    engine.kernel("uniform", "f64")(
      options.seed ?? 0,
      MASK_STREAM + repeat,
      count,
      address,
      address + count * 8,
    );
    draws = new Float64Array(arena.memory.buffer, address, count).slice();
  } finally {
    arena.rewind(mark);
  }
  const given = options.mask;
  const weights = given === undefined || given instanceof Uint8Array ? given : toMatrix(given, "mask").data;
  const indices: number[] = [];
  for (let i = 0; i < count; i++) {
    const weight = Number.isNaN(V.data[i] as number) ? 0 : (weights?.[i] ?? 1);
    const hide = weight > 0 && (draws[i] as number) < fraction;
    if (hide) indices.push(i);
    draws[i] = hide ? 0 : weight;
  }
  if (indices.length === 0) {
    throw new AdvnmfError(
      "OPTION",
      `a fraction of ${fraction} hides none of ${count} entries; choose a larger one`,
      { option: "fraction" },
    );
  }
  return { mask: { rows: V.rows, cols: V.cols, data: draws }, indices };
}

/** Root mean square of V − WH over the entries with those row-major indices. */
export function rootMeanSquare(V: Matrix, W: Matrix, H: Matrix, indices: readonly number[]): number {
  let sum = 0;
  for (const index of indices) {
    const i = Math.floor(index / V.cols);
    const j = index % V.cols;
    let value = 0;
    for (let a = 0; a < W.cols; a++)
      value += (W.data[i * W.cols + a] as number) * (H.data[a * H.cols + j] as number);
    const error = (V.data[index] as number) - value;
    sum += error * error;
  }
  return Math.sqrt(sum / indices.length);
}

/** Mean of the errors on several masks, and its standard error. */
export function scored(errors: readonly number[]): { heldOutError: number; heldOutErrorSpread: number } {
  const count = errors.length;
  const mean = errors.reduce((sum, error) => sum + error, 0) / count;
  const variance =
    errors.reduce((sum, error) => sum + (error - mean) * (error - mean), 0) / Math.max(1, count - 1);
  return { heldOutError: mean, heldOutErrorSpread: Math.sqrt(variance / count) };
}
