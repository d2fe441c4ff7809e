/** Bytes in and numbers out, shared by the binary formats. Nothing here knows a format. */
import { AdvnmfError } from "../errors.js";
import type { Dtype } from "./types.js";

/** A stored number type: kind (`i`nteger, `u`nsigned, `f`loat) and bytes. */
export type NumberType = "i1" | "u1" | "i2" | "u2" | "i4" | "u4" | "i8" | "u8" | "f2" | "f4" | "f8";

interface NumberFormat {
  readonly size: number;
  /** The number at byte `at`; NaN for a 64-bit integer that a double cannot hold exactly. */
  read(view: DataView, at: number, littleEndian: boolean): number;
}

const formats: Readonly<Record<NumberType, NumberFormat>> = {
  i1: { size: 1, read: (view, at) => view.getInt8(at) },
  u1: { size: 1, read: (view, at) => view.getUint8(at) },
  i2: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  u2: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  i4: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  u4: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  i8: {
    size: 8,
    read: (view, at, little) => joinHalves(view.getInt32(at + (little ? 4 : 0), little), view, at, little),
  },
  u8: {
    size: 8,
    read: (view, at, little) => joinHalves(view.getUint32(at + (little ? 4 : 0), little), view, at, little),
  },
  f2: { size: 2, read: (view, at, little) => halfToNumber(view.getUint16(at, little)) },
  f4: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

function joinHalves(high: number, view: DataView, at: number, little: boolean): number {
  const low = view.getUint32(at + (little ? 0 : 4), little);
  const exact = (high >= -0x200000 && high < 0x200000) || (high === 0x200000 && low === 0); /* −2^53 … 2^53 */
  return exact ? high * 4_294_967_296 + low : Number.NaN;
}

const scratch = new DataView(new ArrayBuffer(4));

/** Widens IEEE 754 binary16 bits by building the binary32 with the same value. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 5.9604644775390625e-8; /* 2^-24: subnormal */
  scratch.setUint32(0, (exponent === 31 ? 0x7f800000 : (exponent + 112) << 23) | (fraction << 13));
  return sign * scratch.getFloat32(0);
}

/** Bytes of one stored number. */
export function sizeOf(type: NumberType): number {
  return formats[type].size;
}

/** A DataView over exactly the bytes of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes from `start` to `end` as text, one character a byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end && i < bytes.length; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** Whether `bytes` holds the characters of `text` at `offset`. */
export function startsWith(bytes: Uint8Array, text: string, offset = 0): boolean {
  return latin1(bytes, offset, offset + text.length) === text;
}

/**
 * One array with all `parts` in order.
 *
 * @throws AdvnmfError `MEMORY` when there is no room for it.
 */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = allocateBytes(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Checks that `what` lies inside the file: it needs `expected` bytes from the start, the file has `got`.
 *
 * @throws AdvnmfError `FORMAT` when it does not.
 */
export function checkLength(expected: number, got: number, what: string): void {
  if (expected <= got) return;
  throw new AdvnmfError(
    "FORMAT",
    `${what} needs ${expected} bytes, but there are only ${got}; the file is cut short or its header is damaged: get it again`,
    { expected, got },
  );
}

/**
 * Checks a matrix's shape and size before it is allocated.
 *
 * @throws AdvnmfError `SHAPE` when it has no entries, `MEMORY` when it takes more than `maxBytes`.
 */
export function checkShape(rows: number, cols: number, dtype: Dtype, maxBytes: number): void {
  if (!(rows >= 1 && cols >= 1)) {
    throw new AdvnmfError("SHAPE", `a matrix needs at least one row and one column, got ${rows}×${cols}`, {
      rows,
      cols,
    });
  }
  const expected = rows * cols * (dtype === "f32" ? 4 : 8);
  if (expected > maxBytes) {
    throw new AdvnmfError(
      "MEMORY",
      `a ${rows}×${cols} matrix takes ${expected} bytes as ${dtype}, more than maxBytes = ${maxBytes}; raise maxBytes or read a smaller part`,
      { rows, cols, expected, maxBytes },
    );
  }
}

/**
 * An array of `length` zeros.
 *
 * @throws AdvnmfError `MEMORY` when there is no room for it.
 */
export function allocate(length: number, dtype: Dtype): Float32Array | Float64Array {
  try {
    return dtype === "f32" ? new Float32Array(length) : new Float64Array(length);
  } catch (cause) {
    throw noRoom(length * (dtype === "f32" ? 4 : 8), cause);
  }
}

/**
 * `length` zero bytes.
 *
 * @throws AdvnmfError `MEMORY` when there is no room for them.
 */
export function allocateBytes(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw noRoom(length, cause);
  }
}

function noRoom(bytes: number, cause: unknown): AdvnmfError {
  return new AdvnmfError(
    "MEMORY",
    `there is no room for ${bytes} bytes; read a smaller matrix or ask for dtype "f32"`,
    { expected: bytes },
    { cause },
  );
}

/** A dense grid of stored numbers inside a file. */
export interface StoredGrid {
  readonly rows: number;
  readonly cols: number;
  readonly type: NumberType;
  readonly littleEndian: boolean;
  /** Whether columns are contiguous (Fortran order) rather than rows. */
  readonly columnMajor: boolean;
}

/**
 * Reads rows·cols numbers from byte `offset` of `bytes` into `out` (rows × cols, row-major).
 *
 * @throws AdvnmfError `FORMAT` at the first 64-bit integer beyond ±2^53, which a double cannot hold.
 */
export function readGrid(
  bytes: Uint8Array,
  offset: number,
  grid: StoredGrid,
  out: Float32Array | Float64Array,
): void {
  const { rows, cols, littleEndian, columnMajor } = grid;
  const { size, read } = formats[grid.type];
  const view = viewOf(bytes);
  const down = columnMajor ? size : size * cols;
  const across = columnMajor ? size * rows : size;
  const wide = grid.type === "i8" || grid.type === "u8";
  let index = 0;
  for (let row = 0; row < rows; row++) {
    let at = offset + row * down;
    for (let column = 0; column < cols; column++) {
      const value = read(view, at, littleEndian);
      if (wide && Number.isNaN(value)) throw tooWide(row, column);
      out[index++] = value;
      at += across;
    }
  }
}

function tooWide(row: number, column: number): AdvnmfError {
  return new AdvnmfError(
    "FORMAT",
    `the 64-bit integer at row ${row}, column ${column} is beyond ±2^53 and cannot be kept exactly; store the matrix as doubles`,
    { row, column },
  );
}

/** The dtype that keeps `type` without loss where f32 can, unless the caller asked for another. */
export function dtypeFor(type: NumberType, asked: Dtype | undefined): Dtype {
  return asked ?? (type === "f4" || type === "f2" ? "f32" : "f64");
}

/** Appends numbers as little-endian f4 or f8, row by row or column by column. */
export function writeGrid(
  data: Float32Array | Float64Array,
  rows: number,
  cols: number,
  dtype: Dtype,
  columnMajor: boolean,
): Uint8Array<ArrayBuffer> {
  const size = dtype === "f32" ? 4 : 8;
  const bytes = allocateBytes(rows * cols * size);
  const view = viewOf(bytes);
  const down = columnMajor ? size : size * cols;
  const across = columnMajor ? size * rows : size;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < cols; column++) {
      const value = data[row * cols + column] as number;
      const at = row * down + column * across;
      if (dtype === "f32") view.setFloat32(at, value, true);
      else view.setFloat64(at, value, true);
    }
  }
  return bytes;
}
