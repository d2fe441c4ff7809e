/**
 * Comma-, semicolon-, tab- and blank-separated values, with names of rows and columns kept.
 * Specification: RFC 4180, read generously.
 */
import Papa from "papaparse";
import { AdvnmfError } from "../errors.js";
import { type MatrixNames, toMatrix } from "../matrix.js";
import { allocate, checkShape, concatBytes } from "./bytes.js";
import { checkOptions, dtypeOption, maxBytesOption, oneOf } from "./options.js";
import { decodeText, formatNumber, isMissing, parseNumber } from "./text.js";
import type { DtypeOption, FileMatrix, MaxBytesOption, NamedMatrixLike } from "./types.js";

/** Options of {@link parseCsv} and {@link decodeCsv}. */
export interface CsvReadOptions extends DtypeOption, MaxBytesOption {
  /** One character; default: whichever of tab, semicolon, comma and blank is on every one of the first lines. */
  readonly delimiter?: string | undefined;
  /**
   * Whether the first line holds column names. `"auto"` (default): it does when none of its cells is a
   * number and at least one after the first is text, or when it is one cell shorter than the others.
   */
  readonly header?: boolean | "auto" | undefined;
  /**
   * Whether the first column holds row names. `"auto"` (default): it does when none of its cells is a number
   * or missing, or when its name in the header is empty or absent.
   */
  readonly rowNames?: boolean | "auto" | undefined;
}

const readOptions = ["delimiter", "header", "rowNames", "dtype", "maxBytes"] as const;

/** {@link parseCsv} for the bytes of a file in UTF-8, or in UTF-16 with a byte-order mark. */
export function decodeCsv(bytes: Uint8Array, options: CsvReadOptions = {}): FileMatrix {
  return parseCsv(decodeText(bytes), options);
}

/**
 * Reads delimited text. Empty cells, NA, N/A and NaN become NaN, that is, missing; blank lines are skipped.
 *
 * @throws AdvnmfError `FORMAT` at the first cell that is no number, with its line, row and column; `SHAPE`
 *   at the first line of another length, with its number, and when there is no data; `MEMORY` beyond
 *   `maxBytes`.
 */
export function parseCsv(text: string, options: CsvReadOptions = {}): FileMatrix {
  checkOptions(options, readOptions, "parseCsv");
  const dtype = dtypeOption(options.dtype) ?? "f64";
  const header = oneOf<boolean | "auto", "auto">(options.header, [true, false, "auto"], "auto", "header");
  const rowNames = oneOf<boolean | "auto", "auto">(
    options.rowNames,
    [true, false, "auto"],
    "auto",
    "rowNames",
  );
  const maxBytes = maxBytesOption(options.maxBytes);
  const delimiter = checkDelimiter(options.delimiter) ?? detectDelimiter(text);
  const table = readTable(text, delimiter, maxBytes);
  const layout = decideLayout(table, header, rowNames);
  const { rows, cols, names, columns } = layout;
  if (table.bad !== undefined) throw notNumber(table.bad, layout);
  checkShape(rows, cols, dtype, maxBytes);
  const data = allocate(rows * cols, dtype);
  const firstLine = layout.header ? [] : [table.first];
  let at = 0;
  for (const cells of firstLine) {
    for (let field = layout.rowNames ? 1 : 0; field < table.width; field++) {
      data[at++] = cellNumber(cells[field] as string, table.firstLine, field, 0, layout);
    }
  }
  for (let i = 0; i < table.leading.length; i++) {
    if (!layout.rowNames) {
      const row = i + (layout.header ? 0 : 1);
      data[at++] = cellNumber(table.leading[i] as string, table.lines[i] as number, 0, row, layout);
    }
    const rest = table.width - 1;
    for (let j = 0; j < rest; j++) data[at++] = table.values[i * rest + j] as number;
  }
  return {
    rows,
    cols,
    data,
    format: delimiter === "\t" ? "tsv" : "csv",
    ...(names === undefined ? {} : { rowNames: names }),
    ...(columns === undefined ? {} : { colNames: columns }),
  };
}

function checkDelimiter(delimiter: unknown): string | undefined {
  if (delimiter === undefined) return undefined;
  if (typeof delimiter === "string" && delimiter.length === 1 && !'"\r\n\ufeff'.includes(delimiter)) {
    return delimiter;
  }
  throw new AdvnmfError(
    "OPTION",
    `delimiter must be one character other than a quote or a line end, got ${JSON.stringify(delimiter)}`,
    { option: "delimiter", got: delimiter },
  );
}

/** The first candidate that is on every one of the first lines, quoted parts aside. */
function detectDelimiter(text: string): string {
  const lines = text
    .slice(0, 65_536)
    .replace(/"(?:[^"]|"")*"/g, "_")
    .split(/[\r\n]+/)
    .map((line) => (line.trim() === "" ? "" : line))
    .filter((line) => line !== "")
    .slice(0, 10);
  for (const delimiter of ["\t", ";", ","]) {
    if (lines.length > 0 && lines.every((line) => line.includes(delimiter))) return delimiter;
  }
  return lines.length > 0 && lines.every((line) => line.trim().includes(" ")) ? " " : ",";
}

interface BadCell {
  readonly cell: string;
  readonly line: number;
  /** Place in the line, from 0. */
  readonly field: number;
  /** Place among the lines that are not blank, from 0. */
  readonly record: number;
}

/** The text as cells: the first line, then the leading cell of each line and the numbers after it. */
interface Table {
  readonly first: readonly string[];
  readonly firstLine: number;
  readonly width: number;
  readonly leading: readonly string[];
  /** Line number of each entry of `leading`, from 1. */
  readonly lines: readonly number[];
  /** width − 1 numbers for each entry of `leading`. */
  readonly values: Float64Array;
  /** The first cell outside the first line and column that is no number; nothing is read beyond it. */
  readonly bad?: BadCell;
}

function readTable(text: string, delimiter: string, maxBytes: number): Table {
  let first: readonly string[] | undefined;
  let firstLine = 0;
  let width = 0;
  let line = 1;
  let count = 0;
  let values = new Float64Array(1024);
  let failure: AdvnmfError | undefined;
  let bad: BadCell | undefined;
  const leading: string[] = [];
  const lines: number[] = [];
  const takeLine = (cells: readonly string[], at: number): void => {
    if (first === undefined) {
      first = cells;
      firstLine = at;
      width = cells.length;
      return;
    }
    if (leading.length === 0 && cells.length === width + 1) width++;
    if (cells.length !== width) {
      failure = ragged(at, cells.length, width);
      return;
    }
    leading.push(cells[0] as string);
    lines.push(at);
    if (count + width > values.length) {
      checkShape(leading.length, width, "f64", maxBytes);
      const grown = new Float64Array(Math.max(2 * values.length, count + width));
      grown.set(values);
      values = grown;
    }
    for (let field = 1; field < width; field++) {
      const value = parseNumber(cells[field] as string);
      if (value === undefined) {
        bad = { cell: cells[field] as string, line: at, field, record: leading.length };
        return;
      }
      values[count++] = value;
    }
  };
  Papa.parse<string[]>(delimiter === " " ? collapseBlanks(text) : text, {
    delimiter,
    step: ({ data, errors }, parser) => {
      const [error] = errors;
      if (error !== undefined) failure ??= badQuotes(line, error.message);
      const cells = data;
      if (failure === undefined && !(cells.length === 1 && cells[0]?.trim() === "")) takeLine(cells, line);
      if (failure !== undefined || bad !== undefined) parser.abort();
      line++;
      for (const cell of cells) line += cell.match(/\r\n?|\n/g)?.length ?? 0;
    },
  });
  if (failure !== undefined) throw failure;
  if (first === undefined) {
    throw new AdvnmfError(
      "FORMAT",
      "the text has no data; expected lines of numbers with a delimiter between them",
      {
        got: text.length,
      },
    );
  }
  return { first, firstLine, width, leading, lines, values, ...(bad === undefined ? {} : { bad }) };
}

/** Blank-separated text often aligns its columns: runs of blanks outside quotes count as one. */
function collapseBlanks(text: string): string {
  return text
    .replace(/^ +| +$/gm, "")
    .replace(/"(?:[^"]|"")*"| +/g, (part) => (part.startsWith('"') ? part : " "));
}

function ragged(line: number, got: number, expected: number): AdvnmfError {
  return new AdvnmfError(
    "SHAPE",
    `line ${line} has ${got} cells, the lines before it have ${expected}; every line needs the same number (check the delimiter and the quotes)`,
    { line, got, expected },
  );
}

function badQuotes(line: number, message: string): AdvnmfError {
  return new AdvnmfError(
    "FORMAT",
    `the quotes of the cell that starts on line ${line} are wrong (${message}); double a quote inside a quoted cell and close every quote`,
    { line },
  );
}

/** What is data and what is names. */
interface Layout {
  readonly rows: number;
  readonly cols: number;
  readonly header: boolean;
  readonly rowNames: boolean;
  readonly names?: readonly string[];
  readonly columns?: readonly string[];
}

function decideLayout(table: Table, headerOption: boolean | "auto", namesOption: boolean | "auto"): Layout {
  const { first, width, leading } = table;
  const short = first.length < width;
  if (short && (headerOption === false || namesOption === false)) {
    throw ragged(table.lines[0] as number, width, first.length);
  }
  const header = short || (headerOption === "auto" ? looksLikeHeader(first) : headerOption);
  const inFirstColumn = header ? leading : [first[0] as string, ...leading];
  const unnamed = header && first.length > 1 && first[0]?.trim() === "";
  const rowNames =
    short ||
    (namesOption === "auto"
      ? width > 1 && (unnamed || (inFirstColumn.length > 0 && inFirstColumn.every(isText)))
      : namesOption);
  const rows = inFirstColumn.length;
  const cols = width - (rowNames ? 1 : 0);
  if (rows === 0 || cols === 0) {
    throw new AdvnmfError(
      "SHAPE",
      `the text has ${rows} rows and ${cols} columns of data beside its names; at least one of each is needed (see the options header and rowNames)`,
      { rows, cols },
    );
  }
  return {
    rows,
    cols,
    header,
    rowNames,
    ...(rowNames ? { names: inFirstColumn } : {}),
    ...(header ? { columns: rowNames && !short ? first.slice(1) : first } : {}),
  };
}

/**
 * Whether a cell can be nothing but a name. Something like a number, such as 1,5 or 1.000,00, is not: it is
 * better refused as a bad number than silently taken for a name.
 */
function isText(cell: string): boolean {
  return parseNumber(cell) === undefined && !/^[+-]?[\d.,]+(?:e[+-]?\d+)?$/i.test(cell.trim());
}

/** A number in the first line, be it in the corner, is taken for data rather than dropped as a name. */
function looksLikeHeader(first: readonly string[]): boolean {
  const names = first.length === 1 ? first : first.slice(1);
  return names.some(isText) && first.every((cell) => isText(cell) || isMissing(cell));
}

function cellNumber(cell: string, line: number, field: number, row: number, layout: Layout): number {
  const value = parseNumber(cell);
  if (value === undefined)
    throw notNumber({ cell, line, field, record: row + (layout.header ? 1 : 0) }, layout);
  return value;
}

function notNumber({ cell, line, field, record }: BadCell, layout: Layout): AdvnmfError {
  const row = record - (layout.header ? 1 : 0);
  const column = field - (layout.rowNames ? 1 : 0);
  const shown = JSON.stringify(cell.length > 40 ? `${cell.slice(0, 40)}…` : cell);
  const hint = /^[+-]?\d+,\d+$/.test(cell.trim())
    ? "write decimal points rather than commas"
    : row === 0 && !layout.header
      ? "if the first line holds names, pass header: true"
      : column === 0 && !layout.rowNames
        ? "if the first column holds names, pass rowNames: true"
        : "leave missing cells empty or write NA";
  return new AdvnmfError(
    "FORMAT",
    `${shown} on line ${line}, cell ${field + 1} (row ${row}, column ${column} of the matrix) is not a number; ${hint}`,
    { cell, line, row, column },
  );
}

/** Options of {@link formatCsv} and {@link encodeCsv}. */
export interface CsvWriteOptions {
  /** One character; default a comma. */
  readonly delimiter?: string | undefined;
}

/**
 * Writes a matrix as delimited text that reads back to the same numbers; NaN is written as NaN. Column names
 * become the first line, row names the first cell of each line.
 *
 * @throws AdvnmfError `SHAPE` when it is no matrix or has another number of names than rows or columns.
 */
export function formatCsv(matrix: NamedMatrixLike, options: CsvWriteOptions = {}): string {
  return [...csvLines(matrix, options)].join("");
}

/** {@link formatCsv} as UTF-8. */
export function encodeCsv(matrix: NamedMatrixLike, options: CsvWriteOptions = {}): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  for (const line of csvLines(matrix, options)) parts.push(encoder.encode(line));
  return concatBytes(parts);
}

function* csvLines(matrix: NamedMatrixLike, options: CsvWriteOptions): Generator<string> {
  checkOptions(options, ["delimiter"], "encodeCsv");
  const delimiter = checkDelimiter(options.delimiter) ?? ",";
  const { rows, cols, data } = toMatrix(matrix, "matrix");
  const { rowNames, colNames }: MatrixNames = Array.isArray(matrix) ? {} : (matrix as MatrixNames);
  checkNames(rowNames, rows, "row");
  checkNames(colNames, cols, "column");
  const quote = (name: string): string => Papa.unparse([[name]], { delimiter });
  if (colNames !== undefined) {
    yield [...(rowNames === undefined ? [] : [""]), ...colNames.map(quote)].join(delimiter) + "\n";
  }
  for (let row = 0; row < rows; row++) {
    const cells: string[] = rowNames === undefined ? [] : [quote(rowNames[row] as string)];
    for (let column = 0; column < cols; column++) {
      cells.push(formatNumber(data[row * cols + column] as number));
    }
    yield cells.join(delimiter) + "\n";
  }
}

function checkNames(names: readonly string[] | undefined, expected: number, what: string): void {
  if (names === undefined || names.length === expected) return;
  throw new AdvnmfError(
    "SHAPE",
    `the matrix has ${expected} ${what}s but ${names.length} ${what} names; give one name a ${what} or none`,
    { expected, got: names.length },
  );
}
