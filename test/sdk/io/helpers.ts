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

const idxTypes = { u1: 8, i1: 9, i2: 11, i4: 12, f4: 13, f8: 14 } as const;

/** An IDX file of this shape; without entries of your own they are 1, 2, 3 … */
export function idx(
  type: keyof typeof idxTypes,
  shape: readonly number[],
  entries?: readonly number[],
): Uint8Array<ArrayBuffer> {
  const count = shape.reduce((product, length) => product * length, 1);
  const own = entries ?? Array.from({ length: count }, (_, i) => i + 1);
  const size = Number(type[1]);
  const offset = 4 + 4 * shape.length;
  const bytes = new Uint8Array(offset + own.length * size);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, idxTypes[type], shape.length]);
  for (const [i, length] of shape.entries()) view.setUint32(4 + 4 * i, length);
  for (const [i, entry] of own.entries()) {
    const at = offset + i * size;
    if (type === "f4") view.setFloat32(at, entry);
    else if (type === "f8") view.setFloat64(at, entry);
    else if (type === "i4") view.setInt32(at, entry);
    else if (type === "i2") view.setInt16(at, entry);
    else bytes[at] = entry;
  }
  return bytes;
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
