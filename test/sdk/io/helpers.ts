/** What several tests of advnmf/io need. */
import fc from "fast-check";
import { AdvnmfError } from "../../../sdk/errors.js";
import type { Matrix } from "../../../sdk/matrix.js";

/** The AdvnmfError that `run` throws; anything else it does fails the test. */
export function failure(run: () => unknown): AdvnmfError {
  try {
    run();
  } catch (error) {
    if (error instanceof AdvnmfError) return error;
    throw error;
  }
  throw new Error("expected an AdvnmfError, but nothing was thrown");
}

/** {@link failure} for a promise. */
export async function rejection(promise: Promise<unknown>): Promise<AdvnmfError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AdvnmfError) return error;
    throw error;
  }
  throw new Error("expected an AdvnmfError, but the promise was kept");
}

/** The entries as arrays of rows. */
export function rowsOf({ rows, cols, data }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
}

/** Matrices up to 6 × 6 in either dtype, with NaN, infinities and −0 when `any`, else finite. */
export function matrices(any: boolean): fc.Arbitrary<Matrix> {
  const size = fc.integer({ min: 1, max: 6 });
  return fc.tuple(size, size, fc.boolean()).chain(([rows, cols, single]) => {
    const length = rows * cols;
    const special = { noNaN: !any, noDefaultInfinity: !any, maxLength: length, minLength: length };
    return single
      ? fc.float32Array(special).map((data): Matrix => ({ rows, cols, data }))
      : fc.float64Array(special).map((data): Matrix => ({ rows, cols, data }));
  });
}

/** UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** `bytes` with the byte at `at` replaced. */
export function patched(bytes: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

/** The matrix that most fixtures hold. */
export const base = [
  [0, 1.5, -2.25],
  [3.125, 4e10, 5e-10],
];
