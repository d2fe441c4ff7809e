/**
 * The data elements that a MAT version 5 file is made of: tags, type numbers and array headers.
 * Specification: MathWorks, "MAT-File Format", chapter 1 (level 5 MAT-files).
 */
import { AdvnmfError } from "../errors.js";
import { checkLength, latin1, type NumberType, viewOf } from "./bytes.js";

/** Bytes of the file header in front of the first element. */
export const matHeaderBytes = 128;

/** Number types of data elements. */
export const elementTypes: Readonly<Record<number, NumberType>> = {
  1: "i1",
  2: "u1",
  3: "i2",
  4: "u2",
  5: "i4",
  6: "u4",
  7: "f4",
  9: "f8",
  12: "i8",
  13: "u8",
};

/** An element that holds one array. */
export const miMatrix = 14;
/** An element that holds one zlib-compressed element. */
export const miCompressed = 15;

/** MATLAB's names of array classes. */
const classNames: Readonly<Record<number, string>> = {
  1: "cell",
  2: "struct",
  3: "object",
  4: "char",
  5: "sparse",
  6: "double",
  7: "single",
  8: "int8",
  9: "uint8",
  10: "int16",
  11: "uint16",
  12: "int32",
  13: "uint32",
  14: "int64",
  15: "uint64",
  16: "function",
  17: "opaque",
};

/** The class of sparse arrays; 6 to 15 are the dense numeric ones. */
export const sparseClass = 5;
/** The class of 32-bit floats. */
export const singleClass = 7;

/** Where an element's data lies. */
export interface Element {
  readonly type: number;
  /** Bytes of data. */
  readonly size: number;
  /** Where the data starts. */
  readonly data: number;
  /** Where the next element starts. */
  readonly next: number;
}

/**
 * Reads the tag at `at`. A tag whose upper two bytes are not zero is a *small element*: size and type in the
 * first four bytes, up to four bytes of data in the next four. Elements in arrays are padded to multiples
 * of 8 bytes, compressed ones are not.
 */
export function readTag(bytes: Uint8Array, at: number, little: boolean, what: string): Element {
  checkLength(at + 8, bytes.length, what);
  const view = viewOf(bytes);
  const first = view.getUint32(at, little);
  const smallSize = first >>> 16;
  if (smallSize !== 0) {
    if (smallSize > 4) {
      throw new AdvnmfError(
        "FORMAT",
        `${what} has a small data element of ${smallSize} bytes, at most 4 are possible; the file is damaged`,
        { got: smallSize, expected: 4 },
      );
    }
    return { type: first & 0xffff, size: smallSize, data: at + 4, next: at + 8 };
  }
  const size = view.getUint32(at + 4, little);
  const padded = first === miCompressed ? size : Math.ceil(size / 8) * 8;
  return { type: first, size, data: at + 8, next: at + 8 + padded };
}

/** {@link readTag}, with all of the element's data present. */
export function readElement(bytes: Uint8Array, at: number, little: boolean, what: string): Element {
  const element = readTag(bytes, at, little, what);
  checkLength(element.data + element.size, bytes.length, what);
  return element;
}

/** What an array says before its data. */
export interface ArrayHeader {
  readonly name: string;
  readonly shape: readonly number[];
  readonly classNumber: number;
  readonly complex: boolean;
  /** MATLAB's name of the class; `logical` when the flag is set. */
  readonly type: string;
  /** Where the first data element starts. */
  readonly offset: number;
}

/**
 * Reads an array's flags, dimensions and name, from `at` (after the array's own tag).
 *
 * @throws AdvnmfError `FORMAT` when they are not all in `bytes` or make no sense.
 */
export function readArrayHeader(bytes: Uint8Array, at: number, little: boolean): ArrayHeader {
  const view = viewOf(bytes);
  const flags = readElement(bytes, at, little, "the flags of a MAT array");
  const dims = readElement(bytes, flags.next, little, "the dimensions of a MAT array");
  const nameElement = readElement(bytes, dims.next, little, "the name of a MAT array");
  if (flags.type !== 6 || flags.size !== 8 || dims.type !== 5 || dims.size < 8 || dims.size % 4 !== 0) {
    throw new AdvnmfError(
      "FORMAT",
      `a MAT array should start with its flags and at least two dimensions, got elements of type ${flags.type} (${flags.size} bytes) and ${dims.type} (${dims.size} bytes); the file is damaged`,
      { got: [flags.type, flags.size, dims.type, dims.size] },
    );
  }
  const word = view.getUint32(flags.data, little);
  const classNumber = word & 0xff;
  const shape: number[] = [];
  for (let i = 0; i < dims.size; i += 4) shape.push(view.getInt32(dims.data + i, little));
  if (shape.some((length) => length < 0)) {
    throw new AdvnmfError(
      "FORMAT",
      `a MAT array has the dimensions ${shape.join("×")}; the file is damaged`,
      {
        shape,
      },
    );
  }
  const className = classNames[classNumber] ?? `class ${classNumber}`;
  return {
    name: latin1(bytes, nameElement.data, nameElement.data + nameElement.size),
    shape,
    classNumber,
    complex: (word & 0x800) !== 0,
    type: word & 0x200 ? (classNumber === sparseClass ? "sparse logical" : "logical") : className,
    offset: nameElement.next,
  };
}
