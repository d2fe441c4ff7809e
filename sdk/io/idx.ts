/**
 * IDX, the file of one array that MNIST came in: two zero bytes, a type, the number of dimensions, their lengths, the
 * entries, all big-endian. Specification: Y. LeCun, C. Cortes, C. J. C. Burges, “The MNIST database”, file formats.
 */
import { AdvnmfError } from "../errors.js";
import {
  allocate,
  checkLength,
  checkShape,
  dtypeFor,
  type NumberType,
  readGrid,
  sizeOf,
  viewOf,
} from "./bytes.js";
import { checkOptions, dtypeOption, maxBytesOption, oneOf } from "./options.js";
import type { DtypeOption, FileMatrix, ImageFacts, MaxBytesOption, Stacking } from "./types.js";

/** Options of {@link decodeIdx}. */
export interface IdxReadOptions extends DtypeOption, MaxBytesOption {
  /** Three dimensions: each image one row (default: n × pixels) or one column (pixels × n). */
  readonly images?: Stacking | undefined;
}

const types: ReadonlyMap<number, NumberType> = new Map([
  [0x08, "u1"],
  [0x09, "i1"],
  [0x0b, "i2"],
  [0x0c, "i4"],
  [0x0d, "f4"],
  [0x0e, "f8"],
]);

/** Whether `bytes` starts like an IDX file. */
export function isIdx([first, second, type, dimensions]: Uint8Array): boolean {
  return first === 0 && second === 0 && types.has(type as number) && (dimensions ?? 0) > 0;
}

interface IdxHeader {
  readonly type: NumberType;
  readonly shape: readonly number[];
  /** Where the entries start. */
  readonly offset: number;
  /** Bytes of the whole file. */
  readonly length: number;
}

function readHeader(bytes: Uint8Array): IdxHeader {
  checkLength(4, bytes.length, "the IDX header");
  if (!isIdx(bytes)) {
    const got = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new AdvnmfError(
      "FORMAT",
      `an IDX file starts with 00 00, a type (08, 09, 0b to 0e) and a number of dimensions, this one with ${got}; name its format with the option format`,
      { got },
    );
  }
  const type = types.get(bytes[2] as number) as NumberType;
  const dimensions = bytes[3] as number;
  const offset = 4 + 4 * dimensions;
  checkLength(offset, bytes.length, `the IDX header of ${dimensions} dimensions`);
  const view = viewOf(bytes);
  const shape = Array.from({ length: dimensions }, (_, at) => view.getUint32(4 + 4 * at));
  if (dimensions > 3) {
    throw new AdvnmfError(
      "SHAPE",
      `the IDX array has ${dimensions} dimensions (${shape.join("×")}), a list of images has 3 and a matrix 2; split it`,
      { shape },
    );
  }
  const length = offset + shape.reduce((product, count) => product * count, sizeOf(type));
  if (!Number.isSafeInteger(length)) {
    throw new AdvnmfError(
      "FORMAT",
      `the IDX header claims ${shape.join("×")} entries, more than any file holds; the file is damaged`,
      { shape },
    );
  }
  return { type, shape, offset, length };
}

/**
 * From the first bytes of an IDX file, how many it has in all.
 *
 * @throws AdvnmfError `FORMAT` when the header is damaged, `SHAPE` for more than three dimensions.
 */
export function idxLength(head: Uint8Array): number {
  return readHeader(head).length;
}

/**
 * Reads an IDX file of bytes, signed bytes, 16- and 32-bit integers, f4 or f8. One dimension of n becomes n × 1, two
 * become a matrix, and three, n images of height × width, become n × pixels or, with `images: "columns"`, pixels × n,
 * each image row by row from the top left. Entries stay as they are stored, negative ones too.
 *
 * @throws AdvnmfError `FORMAT` when the file is damaged, too short or too long for its header; `SHAPE` for an empty
 *   array or more than three dimensions; `MEMORY` beyond `maxBytes`.
 */
export function decodeIdx(bytes: Uint8Array, options: IdxReadOptions = {}): FileMatrix {
  checkOptions(options, ["dtype", "images", "maxBytes"], "decodeIdx");
  const asked = dtypeOption(options.dtype);
  const maxBytes = maxBytesOption(options.maxBytes);
  const stacking = oneOf<Stacking, "rows">(options.images, ["rows", "columns"], "rows", "images");
  const { type, shape, offset, length } = readHeader(bytes);
  const what = `an IDX array of ${shape.join("×")} entries of ${sizeOf(type)} bytes`;
  checkLength(length, bytes.length, what);
  if (length < bytes.length) {
    throw new AdvnmfError(
      "FORMAT",
      `${what} needs ${length} bytes, but there are ${bytes.length}; the file is damaged or holds more than one array`,
      { expected: length, got: bytes.length },
    );
  }
  const [count, height = 1, width = 1] = shape as [number, ...number[]];
  // Images that are columns lie in the file as the columns of a matrix in column-major order.
  const columnMajor = shape.length === 3 && stacking === "columns";
  const size = height * width;
  const [rows, cols] = columnMajor ? [size, count] : [count, size];
  const dtype = dtypeFor(type, asked);
  checkShape(rows, cols, dtype, maxBytes);
  const data = allocate(rows * cols, dtype);
  readGrid(bytes, offset, { rows, cols, type, littleEndian: false, columnMajor }, data);
  if (shape.length < 3) return { rows, cols, data, format: "idx" };
  let maxval = type === "u1" ? 255 : 0;
  for (const entry of data) maxval = Math.max(maxval, entry);
  const image: ImageFacts = { width, height, stacking, maxval, names: [], colors: "grey" };
  return { rows, cols, data, format: "idx", image };
}
