/**
 * MAT files version 5 (MATLAB 5 to 7: `save -v6`, `save -v7`), reading and writing. Dense numeric arrays of
 * every class, logical and sparse ones, in either byte order, compressed or not, and with their entries
 * stored in a narrower type than their class, as MATLAB does where it can.
 * Specification: MathWorks, "MAT-File Format", chapter 1 (level 5 MAT-files).
 */
import { zlibSync } from "fflate";
import { AdvnmfError } from "../errors.js";
import { type Matrix, type MatrixLike, toMatrix } from "../matrix.js";
import {
  allocate,
  checkLength,
  checkShape,
  concatBytes,
  latin1,
  readGrid,
  sizeOf,
  startsWith,
  viewOf,
  writeGrid,
} from "./bytes.js";
import { inflateZlib, inflateZlibHead } from "./inflate.js";
import {
  type ArrayHeader,
  type Element,
  elementTypes,
  matHeaderBytes,
  miCompressed,
  miMatrix,
  readArrayHeader,
  readElement,
  readTag,
  singleClass,
  sparseClass,
} from "./mat-elements.js";
import { checkOptions, dtypeOption, maxBytesOption, oneOf } from "./options.js";
import type { Dtype, DtypeOption, FileMatrix, MatrixSet, MaxBytesOption, VariableInfo } from "./types.js";
import { chooseVariable, namedMatrices, type VariableOption } from "./variables.js";

/** Options of {@link decodeMat}. */
export interface MatReadOptions extends DtypeOption, MaxBytesOption, VariableOption {}

interface MatVariable extends VariableInfo {
  readonly header: ArrayHeader;
  /** Bytes of the whole array element, its own tag included, once expanded. */
  readonly arrayBytes: number;
  /** The whole array element. */
  open(): Uint8Array;
}

/** More than the tag, flags, dimensions and name of any array that MATLAB writes. */
const arrayHeadBytes = 4096;

/** Whether `bytes` starts like a MAT file of version 5. */
export function isMat5(bytes: Uint8Array): boolean {
  return (
    bytes.length >= matHeaderBytes &&
    (startsWith(bytes, "IM", 126) || startsWith(bytes, "MI", 126)) &&
    startsWith(bytes, "MATLAB 5")
  );
}

/** Whether `bytes` is HDF5, plain or behind the 512 bytes that MAT version 7.3 puts in front. */
export function isHdf5(bytes: Uint8Array): boolean {
  return startsWith(bytes, "\x89HDF\r\n\x1a\n") || startsWith(bytes, "\x89HDF\r\n\x1a\n", 512);
}

/** Byte order of a version 5 file; an error that says what to do for everything else. */
function checkHeader(bytes: Uint8Array): boolean {
  if (isHdf5(bytes) || startsWith(bytes, "MATLAB 7.3")) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      "the file is HDF5 (MAT version 7.3), which is not read; in MATLAB, save it with -v7",
      { version: "7.3" },
    );
  }
  if (bytes.subarray(0, 4).includes(0)) {
    /* the text that version 5 starts with has no zero in its first four bytes, version 4 always has one */
    throw new AdvnmfError(
      "UNSUPPORTED",
      "the file looks like MAT version 4, which is not read; in MATLAB, save it with -v7",
      { version: "4" },
    );
  }
  checkLength(matHeaderBytes, bytes.length, "the header of a MAT file");
  const little = startsWith(bytes, "IM", 126);
  if (!little && !startsWith(bytes, "MI", 126)) {
    throw new AdvnmfError(
      "FORMAT",
      `a MAT file of version 5 has IM or MI at byte 126, got ${JSON.stringify(latin1(bytes, 126, 128))}; save it with -v7`,
      { got: latin1(bytes, 126, 128) },
    );
  }
  const version = viewOf(bytes).getUint16(124, little);
  if (version !== 0x0100) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      `the MAT file has version ${version >> 8}.${version & 255}, only version 5 is read; save it with -v7`,
      { version },
    );
  }
  return little;
}

/**
 * The variables of a MAT file, in its own order. Compressed ones are expanded only as far as their headers.
 *
 * @throws AdvnmfError `UNSUPPORTED` for versions 4 and 7.3; `FORMAT` when the file is damaged.
 */
export function listMat(bytes: Uint8Array): VariableInfo[] {
  return variablesOf(bytes, checkHeader(bytes)).map(({ name, shape, type, readable }) => ({
    name,
    shape,
    type,
    readable,
  }));
}

function variablesOf(bytes: Uint8Array, little: boolean): MatVariable[] {
  const variables: MatVariable[] = [];
  let at = matHeaderBytes;
  while (at < bytes.length) {
    const what = `variable ${variables.length + 1} of the MAT file`;
    const element = readElement(bytes, at, little, what);
    if (element.type === miMatrix || element.type === miCompressed) {
      variables.push(readVariable(bytes, at, element, little, what));
    } else if (!(element.type in elementTypes)) {
      throw new AdvnmfError(
        "FORMAT",
        `${what} should be an array (type 14 or 15), got type ${element.type}; the file is damaged`,
        { got: element.type },
      );
    }
    at = element.next;
  }
  return variables;
}

function readVariable(
  bytes: Uint8Array,
  at: number,
  element: Element,
  little: boolean,
  what: string,
): MatVariable {
  const stored = bytes.subarray(at, element.data + element.size);
  const packed = bytes.subarray(element.data, element.data + element.size);
  const compressed = element.type === miCompressed;
  const head = compressed ? inflateZlibHead(packed, arrayHeadBytes, what) : stored;
  const tag = readTag(head, 0, little, what);
  if (tag.type !== miMatrix) {
    throw new AdvnmfError("FORMAT", `${what} should be an array (type 14), got type ${tag.type}`, {
      got: tag.type,
    });
  }
  const header = readArrayHeader(head, tag.data, little);
  const { name, shape, type, classNumber } = header;
  const arrayBytes = tag.data + tag.size;
  return {
    name,
    shape,
    type: header.complex ? `complex ${type}` : type,
    readable: classNumber >= sparseClass && classNumber <= 15 && !header.complex && shape.length === 2,
    header,
    arrayBytes,
    open: () => (compressed ? inflateZlib(packed, arrayBytes, what) : stored),
  };
}

/**
 * Reads one variable of a MAT file. Class single gives f32, every other class f64.
 *
 * @throws AdvnmfError `UNSUPPORTED` for versions 4 and 7.3 and for classes that are no real numbers;
 *   `FORMAT` when the file is damaged or cut short; `SHAPE` for empty arrays or more than two dimensions;
 *   `OPTION` when `variable` is wrong, or missing although there are several matrices; `MEMORY` beyond
 *   `maxBytes`.
 */
export function decodeMat(bytes: Uint8Array, options: MatReadOptions = {}): FileMatrix {
  checkOptions(options, ["dtype", "maxBytes", "variable"], "decodeMat");
  const asked = dtypeOption(options.dtype);
  const maxBytes = maxBytesOption(options.maxBytes);
  const little = checkHeader(bytes);
  const variable = chooseVariable(variablesOf(bytes, little), options.variable, "MAT");
  const { header, arrayBytes } = variable;
  checkReadable(variable);
  const [rows = 0, cols = 0] = header.shape;
  const dtype = asked ?? (header.classNumber === singleClass ? "f32" : "f64");
  checkShape(rows, cols, dtype, maxBytes);
  /* a dense array is its header, one data tag and at most 8 bytes an entry */
  const dense = header.classNumber !== sparseClass;
  const most = dense ? header.offset + 8 + rows * cols * 8 : maxBytes;
  if (arrayBytes > most) {
    throw new AdvnmfError(
      dense ? "FORMAT" : "MEMORY",
      `variable ${header.name} (${rows}×${cols} ${header.type}) declares ${arrayBytes} bytes, more than the ${most} it may take; the file is damaged or made to exhaust memory`,
      { expected: most, got: arrayBytes },
    );
  }
  const array = variable.open();
  const data = dense
    ? readDense(array, header, little, allocate(rows * cols, dtype))
    : readSparse(array, header, little, allocate(rows * cols, dtype));
  return { rows, cols, data, format: "mat", variable: header.name };
}

function checkReadable({ header, type, readable }: MatVariable): void {
  if (readable) return;
  const { name, shape } = header;
  if (shape.length > 2) {
    throw new AdvnmfError(
      "SHAPE",
      `variable ${name} has ${shape.length} dimensions (${shape.join("×")}), a matrix has 2; reshape it and save it again`,
      { variable: name, shape },
    );
  }
  throw new AdvnmfError(
    "UNSUPPORTED",
    `variable ${name} is ${type}, a matrix needs real numbers; convert it with double(real(…)) and save it again`,
    { variable: name, type },
  );
}

/** The number type of a data element that should hold `count` numbers. */
function numbersIn(element: Element, count: number, what: string) {
  const type = elementTypes[element.type];
  if (type === undefined) {
    throw new AdvnmfError(
      "FORMAT",
      `${what} should be numbers, got element type ${element.type}; the file is damaged`,
      {
        got: element.type,
      },
    );
  }
  const expected = count * sizeOf(type);
  if (element.size !== expected) {
    throw new AdvnmfError(
      "FORMAT",
      `${what} should take ${expected} bytes (${count} of ${sizeOf(type)}), got ${element.size}; the file is damaged`,
      { expected, got: element.size },
    );
  }
  return type;
}

function readDense<A extends Float32Array | Float64Array>(
  array: Uint8Array,
  header: ArrayHeader,
  littleEndian: boolean,
  out: A,
): A {
  const [rows = 0, cols = 0] = header.shape;
  const what = `the data of variable ${header.name}`;
  const element = readElement(array, header.offset, littleEndian, what);
  const type = numbersIn(element, rows * cols, what);
  readGrid(array, element.data, { rows, cols, type, littleEndian, columnMajor: true }, out);
  return out;
}

/**
 * Spreads a sparse array: `ir` holds the row of each entry, `jc` where each column's entries start, `pr` the
 * values; `ir` and `pr` may be longer than the number of entries in use, which is the last of `jc`.
 */
function readSparse<A extends Float32Array | Float64Array>(
  array: Uint8Array,
  header: ArrayHeader,
  little: boolean,
  out: A,
): A {
  const [rows = 0, cols = 0] = header.shape;
  const what = `sparse variable ${header.name}`;
  const ir = readElement(array, header.offset, little, what);
  const jc = readElement(array, ir.next, little, what);
  const pr = readElement(array, jc.next, little, what);
  const starts = readNumbers(array, jc, cols + 1, little, what);
  const used = starts[cols] as number;
  const valueType = elementTypes[pr.type];
  const stored = valueType === undefined ? 0 : Math.floor(pr.size / sizeOf(valueType));
  if (!(used >= 0 && used <= stored && used * 4 <= ir.size)) {
    throw new AdvnmfError(
      "FORMAT",
      `${what} says it has ${used} entries, but ${stored} values and ${ir.size / 4} rows are stored; the file is damaged`,
      { expected: used, got: stored },
    );
  }
  const rowOf = readNumbers(array, { ...ir, size: used * 4 }, used, little, what);
  const values = readNumbers(
    array,
    { ...pr, size: used * (pr.size === 0 ? 0 : sizeOf(valueType ?? "f8")) },
    used,
    little,
    what,
  );
  let next = 0;
  for (let column = 0; column < cols; column++) {
    const end = starts[column + 1] as number;
    if (starts[column] !== next || end < next || end > used) throw badIndex(what, column);
    for (; next < end; next++) {
      const row = rowOf[next] as number;
      if (!(row >= 0 && row < rows)) throw badIndex(what, column);
      const index = row * cols + column;
      out[index] = (out[index] as number) + (values[next] as number);
    }
  }
  return out;
}

function badIndex(what: string, column: number): AdvnmfError {
  return new AdvnmfError(
    "FORMAT",
    `${what} has an index outside the matrix in column ${column}; the file is damaged`,
    {
      column,
    },
  );
}

function readNumbers(
  array: Uint8Array,
  element: Element,
  count: number,
  littleEndian: boolean,
  what: string,
): Float32Array | Float64Array {
  const type = numbersIn(element, count, what);
  const out = allocate(count, "f64");
  readGrid(array, element.data, { rows: 1, cols: count, type, littleEndian, columnMajor: false }, out);
  return out;
}

/** Options of {@link encodeMat}. */
export interface MatWriteOptions {
  /** Class of the arrays: f32 = single, f64 = double; default as in each matrix. */
  readonly dtype?: Dtype | undefined;
  /** Name of a single matrix; default `V`. */
  readonly variable?: string | undefined;
  /** Whether variables are compressed, as `save -v7` does; default true. */
  readonly compress?: boolean | undefined;
}

/**
 * Writes one matrix, or several as `{ name: matrix }`, as class double or single. No time stamp is stored,
 * so equal input gives equal bytes.
 *
 * @throws AdvnmfError `OPTION` when a name is not one that MATLAB accepts (a letter, then up to 62 letters,
 *   digits and underscores); `SHAPE` when something is no matrix; `UNSUPPORTED` beyond 4 GiB a variable.
 */
export function encodeMat(
  matrices: MatrixLike | MatrixSet,
  options: MatWriteOptions = {},
): Uint8Array<ArrayBuffer> {
  checkOptions(options, ["dtype", "variable", "compress"], "encodeMat");
  const asked = dtypeOption(options.dtype);
  const compress = oneOf(options.compress, [true, false], true, "compress");
  const header = new Uint8Array(matHeaderBytes).fill(0x20, 0, 116);
  header.set(new TextEncoder().encode("MATLAB 5.0 MAT-file, written by advnmf"));
  header.set([0x00, 0x01, 0x49, 0x4d], 124);
  const parts: Uint8Array[] = [header];
  for (const [name, value] of namedMatrices(matrices, options.variable ?? "V")) {
    const matrix = toMatrix(value, name);
    const array = arrayElement(name, matrix, asked ?? (matrix.data instanceof Float32Array ? "f32" : "f64"));
    if (!compress) {
      parts.push(array);
      continue;
    }
    const packed = zlibSync(array);
    parts.push(tagBytes(miCompressed, packed.length), packed);
  }
  return concatBytes(parts);
}

function arrayElement(name: string, matrix: Matrix, dtype: Dtype): Uint8Array {
  if (!/^[A-Za-z]\w{0,62}$/.test(name)) {
    throw new AdvnmfError(
      "OPTION",
      `"${name}" cannot name a MAT variable: a letter, then up to 62 letters, digits or underscores`,
      { option: "variable", got: name },
    );
  }
  const { rows, cols, data } = matrix;
  const dims = new Uint8Array(8);
  viewOf(dims).setInt32(0, rows, true);
  viewOf(dims).setInt32(4, cols, true);
  const single = dtype === "f32";
  const size = rows * cols * (single ? 4 : 8);
  if (size > 0xffff_ff00) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      `a ${rows}×${cols} matrix takes ${size} bytes, more than the 4 GiB a MAT variable may have; write it as NPY`,
      { rows, cols, got: size },
    );
  }
  const flags = new Uint8Array([single ? singleClass : 6, 0, 0, 0, 0, 0, 0, 0]);
  const body = concatBytes([
    ...element(6, flags),
    ...element(5, dims),
    ...element(1, new TextEncoder().encode(name)),
    ...element(single ? 7 : 9, writeGrid(data, rows, cols, dtype, true)),
  ]);
  return concatBytes([tagBytes(miMatrix, body.length), body]);
}

function element(type: number, data: Uint8Array): Uint8Array[] {
  return [tagBytes(type, data.length), data, new Uint8Array((8 - (data.length % 8)) % 8)];
}

function tagBytes(type: number, size: number): Uint8Array {
  const tag = new Uint8Array(8);
  viewOf(tag).setUint32(0, type, true);
  viewOf(tag).setUint32(4, size, true);
  return tag;
}
