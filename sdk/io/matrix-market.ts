/**
 * MatrixMarket exchange files (`.mtx`): dense (array) and sparse (coordinate) matrices as text.
 * Specification: R. F. Boisvert, R. Pozo, K. A. Remington, "The Matrix Market Exchange Formats: Initial
 * Design", NISTIR 5935, 1996.
 */
import { AdvnmfError } from "../errors.js";
import { type MatrixLike, toMatrix } from "../matrix.js";
import { allocate, checkLength, checkShape, concatBytes } from "./bytes.js";
import { checkOptions, dtypeOption, maxBytesOption, oneOf } from "./options.js";
import { decodeText, formatNumber, parseNumber } from "./text.js";
import type { DtypeOption, FileMatrix, MaxBytesOption } from "./types.js";

/** Options of {@link decodeMatrixMarket}. */
export interface MatrixMarketReadOptions extends DtypeOption, MaxBytesOption {}

interface Banner {
  readonly sparse: boolean;
  readonly pattern: boolean;
  readonly symmetric: boolean;
}

/** The lines of a text one after the other, with their numbers. */
class LineReader {
  /** Number of the line last returned, from 1. */
  number = 0;
  #at = 0;

  constructor(readonly text: string) {}

  /** Characters not read yet. */
  get left(): number {
    return Math.max(0, this.text.length - this.#at);
  }

  /** The next line; undefined at the end. */
  next(): string | undefined {
    if (this.#at >= this.text.length) return undefined;
    const found = this.text.indexOf("\n", this.#at);
    const end = found < 0 ? this.text.length : found;
    const line = this.text.slice(this.#at, end);
    this.#at = end + 1;
    this.number++;
    return line.trim();
  }

  /** The next line that is neither blank nor a comment. */
  nextData(): string | undefined {
    let line = this.next();
    while (line !== undefined && (line === "" || line.startsWith("%"))) line = this.next();
    return line;
  }
}

function fail(reader: LineReader, problem: string, details: Record<string, unknown> = {}): AdvnmfError {
  return new AdvnmfError("FORMAT", `line ${reader.number} of the MatrixMarket file: ${problem}`, {
    line: reader.number,
    ...details,
  });
}

function readBanner(reader: LineReader): Banner {
  const words = (reader.next() ?? "").toLowerCase().split(/\s+/);
  const [banner = "", object = "", layout = "", field = "", symmetry = ""] = words;
  if (banner !== "%%matrixmarket" || object !== "matrix" || words.length !== 5) {
    throw fail(
      reader,
      `expected "%%MatrixMarket matrix coordinate|array real|integer|pattern general|symmetric", got ${JSON.stringify(words.slice(0, 6).join(" "))}`,
    );
  }
  if (!["coordinate", "array"].includes(layout)) {
    throw fail(reader, `the layout must be coordinate or array, got "${layout}"`, { got: layout });
  }
  if (field === "complex" || symmetry === "hermitian" || symmetry === "skew-symmetric") {
    throw new AdvnmfError(
      "UNSUPPORTED",
      `a ${symmetry} MatrixMarket file with ${field} entries is not read; write it as real general or real symmetric`,
      { field, symmetry },
    );
  }
  if (
    !["real", "double", "integer", "pattern"].includes(field) ||
    (field === "pattern" && layout === "array")
  ) {
    throw fail(
      reader,
      `the entries of a ${layout} file must be real or integer (or pattern, if coordinate), got "${field}"`,
      { got: field },
    );
  }
  if (!["general", "symmetric"].includes(symmetry)) {
    throw fail(reader, `the symmetry must be general or symmetric, got "${symmetry}"`, { got: symmetry });
  }
  return {
    sparse: layout === "coordinate",
    pattern: field === "pattern",
    symmetric: symmetry === "symmetric",
  };
}

function wholeNumbers(line: string, count: number): number[] | undefined {
  const words = line.split(/\s+/);
  if (words.length !== count || !words.every((word) => /^\d+$/.test(word))) return undefined;
  const numbers = words.map(Number);
  return numbers.every(Number.isSafeInteger) ? numbers : undefined;
}

/**
 * Reads a MatrixMarket file: coordinate or array; real, integer or pattern (ones); general or symmetric.
 * Entries given twice are summed, entries not given are 0.
 *
 * @throws AdvnmfError `FORMAT` with the line number for anything malformed, an index outside the matrix, or
 *   another number of entries than declared; `UNSUPPORTED` for complex, hermitian and skew-symmetric files;
 *   `SHAPE` for an empty matrix; `MEMORY` when the dense matrix is beyond `maxBytes`.
 */
export function decodeMatrixMarket(bytes: Uint8Array, options: MatrixMarketReadOptions = {}): FileMatrix {
  checkOptions(options, ["dtype", "maxBytes"], "decodeMatrixMarket");
  const dtype = dtypeOption(options.dtype) ?? "f64";
  const maxBytes = maxBytesOption(options.maxBytes);
  const reader = new LineReader(decodeText(bytes));
  const banner = readBanner(reader);
  const sizeLine = reader.nextData();
  const sizes = wholeNumbers(sizeLine ?? "", banner.sparse ? 3 : 2);
  if (sizes === undefined) {
    throw fail(
      reader,
      `expected ${banner.sparse ? "rows, columns and entries" : "rows and columns"}, got ${JSON.stringify(sizeLine ?? "the end of the file")}`,
    );
  }
  const [rows = 0, cols = 0] = sizes;
  if (banner.symmetric && rows !== cols) {
    throw fail(reader, `a symmetric matrix must be square, got ${rows}×${cols}`, { rows, cols });
  }
  const stored = banner.symmetric ? (rows * (rows + 1)) / 2 : rows * cols;
  const count = banner.sparse ? (sizes[2] as number) : stored;
  /* the shortest entry is "1" and a line end, "1 1" in a pattern, "1 1 1" otherwise; the last needs no end */
  const shortest = banner.sparse ? (banner.pattern ? 4 : 6) : 2;
  checkLength(count * shortest - 1, reader.left, `a MatrixMarket file of ${count} entries`);
  checkShape(rows, cols, dtype, maxBytes);
  const data = allocate(rows * cols, dtype);
  const put = (row: number, column: number, value: number): void => {
    const index = row * cols + column;
    data[index] = (data[index] as number) + value;
    if (!banner.symmetric || row === column) return;
    const mirrored = column * cols + row;
    data[mirrored] = (data[mirrored] as number) + value;
  };
  if (banner.sparse) readCoordinates(reader, banner, rows, cols, count, put);
  else readArray(reader, banner.symmetric, rows, cols, put);
  const rest = reader.nextData();
  if (rest !== undefined) {
    throw fail(reader, `expected the end after ${count} entries, got ${JSON.stringify(rest.slice(0, 40))}`, {
      expected: count,
    });
  }
  return { rows, cols, data, format: "mtx" };
}

type Put = (row: number, column: number, value: number) => void;

function entryLine(reader: LineReader, index: number, count: number): string {
  const line = reader.nextData();
  if (line === undefined) {
    throw fail(reader, `the file ends after ${index} of ${count} entries; it is cut short`, {
      expected: count,
      got: index,
    });
  }
  return line;
}

function entryValue(reader: LineReader, word: string | undefined): number {
  const value = word === undefined ? undefined : parseNumber(word);
  if (value === undefined) {
    throw fail(reader, `${JSON.stringify(word ?? "")} is not a number`, { cell: word });
  }
  return value;
}

function readCoordinates(
  reader: LineReader,
  { pattern, symmetric }: Banner,
  rows: number,
  cols: number,
  count: number,
  put: Put,
): void {
  for (let index = 0; index < count; index++) {
    const words = entryLine(reader, index, count).split(/\s+/);
    const [rowWord = "", columnWord = "", valueWord] = words;
    const [row = 0, column = 0] = wholeNumbers(`${rowWord} ${columnWord}`, 2) ?? [];
    if (words.length !== (pattern ? 2 : 3)) {
      throw fail(reader, `expected row, column${pattern ? "" : " and value"}, got ${words.length} words`, {
        expected: pattern ? 2 : 3,
        got: words.length,
      });
    }
    if (row < 1 || row > rows || column < 1 || column > cols) {
      throw fail(
        reader,
        `the entry (${rowWord}, ${columnWord}) is outside the ${rows}×${cols} matrix; indices start at 1`,
        { row: rowWord, column: columnWord, rows, cols },
      );
    }
    if (symmetric && column > row) {
      throw fail(
        reader,
        `the entry (${row}, ${column}) is above the diagonal; a symmetric file gives only the lower triangle`,
        { row, column },
      );
    }
    put(row - 1, column - 1, pattern ? 1 : entryValue(reader, valueWord));
  }
}

function readArray(reader: LineReader, symmetric: boolean, rows: number, cols: number, put: Put): void {
  const count = symmetric ? (rows * (rows + 1)) / 2 : rows * cols;
  let index = 0;
  for (let column = 0; column < cols; column++) {
    for (let row = symmetric ? column : 0; row < rows; row++) {
      put(row, column, entryValue(reader, entryLine(reader, index++, count)));
    }
  }
}

/** Options of {@link encodeMatrixMarket}. */
export interface MatrixMarketWriteOptions {
  /** Default `"auto"`: coordinate when fewer than a third of the entries differ from 0. */
  readonly layout?: "auto" | "array" | "coordinate" | undefined;
}

/**
 * Writes a matrix as real general MatrixMarket text, dense or sparse, that reads back to the same numbers.
 *
 * @throws AdvnmfError `SHAPE` when it is no matrix.
 */
export function encodeMatrixMarket(
  matrix: MatrixLike,
  options: MatrixMarketWriteOptions = {},
): Uint8Array<ArrayBuffer> {
  checkOptions(options, ["layout"], "encodeMatrixMarket");
  const { rows, cols, data } = toMatrix(matrix, "matrix");
  let nonzeros = 0;
  for (const value of data) if (value !== 0) nonzeros++;
  const asked = oneOf(options.layout, ["auto", "array", "coordinate"] as const, "auto", "layout");
  const sparse = asked === "coordinate" || (asked === "auto" && nonzeros * 3 < data.length);
  const encoder = new TextEncoder();
  const banner = `%%MatrixMarket matrix ${sparse ? "coordinate" : "array"} real general\n`;
  const parts = [encoder.encode(`${banner}${rows} ${cols}${sparse ? ` ${nonzeros}` : ""}\n`)];
  for (let column = 0; column < cols; column++) {
    let text = "";
    for (let row = 0; row < rows; row++) {
      const value = data[row * cols + column] as number;
      if (sparse && value === 0) continue;
      text += `${sparse ? `${row + 1} ${column + 1} ` : ""}${formatNumber(value)}\n`;
    }
    parts.push(encoder.encode(text));
  }
  return concatBytes(parts);
}
