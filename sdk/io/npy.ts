/**
 * NPY, NumPy's file of one array, versions 1 to 3.
 * Specification: NumPy Enhancement Proposal 1 and the documentation of `numpy.lib.format`.
 */
import { AdvnmfError } from "../errors.js";
import { type MatrixLike, toMatrix } from "../matrix.js";
import {
  allocate,
  checkLength,
  checkShape,
  concatBytes,
  dtypeFor,
  latin1,
  type NumberType,
  readGrid,
  sizeOf,
  startsWith,
  viewOf,
  writeGrid,
} from "./bytes.js";
import { checkOptions, dtypeOption, maxBytesOption } from "./options.js";
import type { Dtype, DtypeOption, FileMatrix, MaxBytesOption } from "./types.js";

/** The bytes an NPY file starts with. */
export const npyMagic = "\x93NUMPY";

/** Longest header that is looked at; NumPy itself writes a few hundred bytes at most. */
const longestHeader = 65_535;

/** Options of {@link decodeNpy}. */
export interface NpyReadOptions extends DtypeOption, MaxBytesOption {}

/** What the header of an NPY file says. */
export interface NpyHeader {
  /** NumPy's type string, such as `<f8`. */
  readonly descr: string;
  readonly shape: readonly number[];
  readonly columnMajor: boolean;
  /** Where the entries start. */
  readonly offset: number;
}

/**
 * Reads the header only; `bytes` may be the beginning of the file.
 *
 * @throws AdvnmfError `FORMAT` when it is no NPY header or not all there.
 */
export function readNpyHeader(bytes: Uint8Array): NpyHeader {
  if (!startsWith(bytes, npyMagic)) {
    throw new AdvnmfError(
      "FORMAT",
      "an NPY file starts with \\x93NUMPY, this one does not; name its format with the option format",
      { got: latin1(bytes, 0, 6) },
    );
  }
  checkLength(12, bytes.length, "the NPY header");
  const version = bytes[6] as number;
  if (version < 1 || version > 3) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      `NPY version ${version} is not known (1 to 3 are); save it with numpy.save`,
      {
        got: version,
      },
    );
  }
  const view = viewOf(bytes);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > longestHeader) {
    throw new AdvnmfError(
      "FORMAT",
      `the NPY header claims ${length} bytes, more than the ${longestHeader} any plain array needs; the file is damaged or holds a structured array`,
      { got: length, expected: longestHeader },
    );
  }
  checkLength(start + length, bytes.length, "the NPY header");
  return { ...parseHeader(latin1(bytes, start, start + length)), offset: start + length };
}

function parseHeader(text: string): Omit<NpyHeader, "offset"> {
  const descr = /'descr'\s*:\s*(?:'([^']*)'|\[)/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const shape = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(text);
  if (descr === null || order === null || shape === null) {
    throw new AdvnmfError(
      "FORMAT",
      `the NPY header should give descr, fortran_order and shape, got ${JSON.stringify(text.trim())}; save the array again with numpy.save`,
      { got: text.trim() },
    );
  }
  const lengths = (shape[1] as string).split(",").map((length) => length.replace("L", "").trim());
  return {
    descr: descr[1] ?? "structured",
    columnMajor: order[1] === "True",
    shape: lengths.filter((length) => length !== "").map(Number),
  };
}

const kinds: Readonly<Record<string, NumberType>> = {
  b1: "u1",
  i1: "i1",
  u1: "u1",
  i2: "i2",
  u2: "u2",
  i4: "i4",
  u4: "u4",
  i8: "i8",
  u8: "u8",
  f2: "f2",
  f4: "f4",
  f8: "f8",
};

/** The stored number type behind a NumPy type string; undefined when it is not a real number. */
export function npyType(descr: string): NumberType | undefined {
  const match = /^[<>|=]?([a-zA-Z]\d+)$/.exec(descr);
  return match === null ? undefined : kinds[match[1] as string];
}

/** Rows and columns of an array of `shape`: no dimension is 1×1, one dimension is one column. */
export function npyGrid(shape: readonly number[]): { rows: number; cols: number } {
  const [rows = 1, cols = 1] = shape;
  if (shape.length > 2) {
    throw new AdvnmfError(
      "SHAPE",
      `the array has ${shape.length} dimensions (${shape.join("×")}), a matrix has at most 2; reshape it and save it again`,
      { shape },
    );
  }
  return { rows, cols };
}

/**
 * How many bytes the whole file has according to its header.
 *
 * @throws AdvnmfError `UNSUPPORTED` when the entries are not real numbers, `SHAPE` for more than two
 *   dimensions, `FORMAT` when the size is beyond any file.
 */
export function npyLength(header: NpyHeader): number {
  const type = npyType(header.descr);
  if (type === undefined) throw unreadable(header.descr);
  const { rows, cols } = npyGrid(header.shape);
  const length = header.offset + rows * cols * sizeOf(type);
  if (!Number.isSafeInteger(length)) {
    throw new AdvnmfError(
      "FORMAT",
      `the NPY header claims ${header.shape.join("×")} entries, more than any file holds; the file is damaged`,
      { shape: header.shape },
    );
  }
  return length;
}

function unreadable(descr: string): AdvnmfError {
  const what =
    descr === "structured"
      ? "records"
      : /O\d*$/.test(descr)
        ? "Python objects"
        : /c\d+$/.test(descr)
          ? "complex numbers"
          : `entries of type ${descr}`;
  return new AdvnmfError(
    "UNSUPPORTED",
    `the array holds ${what}; a matrix needs real numbers: convert it with astype(float) and save it again`,
    { type: descr },
  );
}

/**
 * Reads an NPY file: f2, f4, f8, signed and unsigned integers of 1 to 8 bytes and booleans, in either byte
 * order, in C or Fortran order. A one-dimensional array of n becomes n × 1.
 *
 * @throws AdvnmfError `FORMAT` when the file is damaged, too short or too long for its header;
 *   `UNSUPPORTED` for complex, object and structured arrays; `SHAPE` for an empty array or more than two
 *   dimensions; `MEMORY` beyond `maxBytes`.
 */
export function decodeNpy(bytes: Uint8Array, options: NpyReadOptions = {}): FileMatrix {
  checkOptions(options, ["dtype", "maxBytes"], "decodeNpy");
  const asked = dtypeOption(options.dtype);
  const maxBytes = maxBytesOption(options.maxBytes);
  const header = readNpyHeader(bytes);
  const expected = npyLength(header);
  const { rows, cols } = npyGrid(header.shape);
  const type = npyType(header.descr) as NumberType;
  checkLength(expected, bytes.length, `an NPY array of ${rows}×${cols} ${header.descr}`);
  if (expected < bytes.length) {
    throw new AdvnmfError(
      "FORMAT",
      `an NPY array of ${rows}×${cols} ${header.descr} needs ${expected} bytes, but there are ${bytes.length}; the file is damaged or holds more than one array`,
      { expected, got: bytes.length },
    );
  }
  const dtype = dtypeFor(type, asked);
  checkShape(rows, cols, dtype, maxBytes);
  const data = allocate(rows * cols, dtype);
  const { columnMajor, offset } = header;
  readGrid(
    bytes,
    offset,
    { rows, cols, type, littleEndian: !header.descr.startsWith(">"), columnMajor },
    data,
  );
  return { rows, cols, data, format: "npy" };
}

/** Options of {@link encodeNpy}. */
export interface NpyWriteOptions {
  /** Width of the stored entries; default as in the matrix. */
  readonly dtype?: Dtype | undefined;
}

/**
 * Writes a matrix as NPY version 1: little-endian f4 or f8, C order.
 *
 * @throws AdvnmfError `SHAPE` when it is no matrix.
 */
export function encodeNpy(matrix: MatrixLike, options: NpyWriteOptions = {}): Uint8Array<ArrayBuffer> {
  checkOptions(options, ["dtype"], "encodeNpy");
  const { rows, cols, data } = toMatrix(matrix, "matrix");
  const dtype = dtypeOption(options.dtype) ?? (data instanceof Float32Array ? "f32" : "f64");
  const descr = dtype === "f32" ? "<f4" : "<f8";
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${rows}, ${cols}), }`;
  /* the entries start at a multiple of 64 bytes, and the header ends with a newline */
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = new Uint8Array(10 + length).fill(0x20);
  for (let i = 0; i < npyMagic.length; i++) header[i] = npyMagic.charCodeAt(i);
  header.set([1, 0, length & 255, length >> 8], 6);
  header.set(new TextEncoder().encode(text), 10);
  header[header.length - 1] = 0x0a;
  return concatBytes([header, writeGrid(data, rows, cols, dtype, false)]);
}
