// Matrices in the journal: single precision, which is plenty for pictures, in base64.

import { Buffer } from "node:buffer";
import type { Matrix } from "../../index.js";

/** A matrix as text. */
export interface StoredMatrix {
  readonly rows: number;
  readonly cols: number;
  /** Row-major little-endian f32, in base64. */
  readonly f32: string;
}

/** A matrix to text. */
export function encodeNumbers({ rows, cols, data }: Matrix): StoredMatrix {
  return { rows, cols, f32: Buffer.from(Float32Array.from(data).buffer).toString("base64") };
}

/** And back. */
export function decodeNumbers({ rows, cols, f32 }: StoredMatrix): Matrix<Float32Array> {
  const bytes = Buffer.from(f32, "base64");
  const data = new Float32Array(rows * cols);
  new Uint8Array(data.buffer).set(bytes);
  return { rows, cols, data };
}
