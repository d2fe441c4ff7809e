import { AdvnmfError } from "./errors.js";

/** The arrays that hold the entries of a matrix; the kernels compute in the same type. */
export type Numbers = Float32Array | Float64Array;

/** A dense matrix, row-major: entry (i, j) is `data[i * cols + j]`. */
export interface Matrix<A extends Numbers = Numbers> {
  /** Number of rows, ≥ 1. */
  readonly rows: number;
  /** Number of columns, ≥ 1. */
  readonly cols: number;
  /** The rows·cols entries. */
  readonly data: A;
}

/** A matrix as an array of its rows. */
export type Rows = readonly (readonly number[])[];

/** What every function accepts as a matrix. */
export type MatrixLike = Matrix | Rows;

/** Names an input matrix can carry from its file. */
export interface MatrixNames {
  /** One name a row. */
  readonly rowNames?: readonly string[];
  /** One name a column. */
  readonly colNames?: readonly string[];
}

/**
 * Makes a {@link Matrix} of `rows` × `cols` from a row-major array, or from an array of rows.
 *
 * A `Float32Array` stays f32 (and is not copied); everything else becomes f64.
 *
 * @throws AdvnmfError `SHAPE` when the length is not rows·cols, when rows differ in length, or
 *   when there are no entries.
 */
export function matrix(rows: Rows): Matrix<Float64Array>;
export function matrix(rows: number, cols: number, data: Float32Array): Matrix<Float32Array>;
export function matrix(rows: number, cols: number, data: ArrayLike<number>): Matrix<Float64Array>;
export function matrix(rows: number | Rows, cols?: number, data?: ArrayLike<number>): Matrix {
  if (typeof rows !== "number") return toMatrix(rows, "matrix");
  checkCount(rows, "rows");
  checkCount(cols, "cols");
  if (data === undefined || data === null || data.length !== rows * (cols as number)) {
    throw new AdvnmfError(
      "SHAPE",
      `a ${rows}×${cols} matrix needs ${rows * (cols as number)} entries, got ${data?.length ?? "none"}`,
      { rows, cols, expected: rows * (cols as number), got: data?.length },
    );
  }
  const array = data instanceof Float32Array || data instanceof Float64Array ? data : Float64Array.from(data);
  return { rows, cols: cols as number, data: array };
}

function checkCount(value: unknown, name: string): void {
  if (!Number.isInteger(value) || (value as number) < 1) {
    throw new AdvnmfError("SHAPE", `${name} must be a whole number ≥ 1, got ${String(value)}`, {
      [name]: value,
    });
  }
}

/**
 * Brings anything a caller may pass as a matrix into a {@link Matrix}; `name` is what the error
 * calls it. Entries are not looked at: see {@link checkEntries}.
 *
 * @throws AdvnmfError `SHAPE` when it is no matrix, is empty, or has ragged rows.
 */
export function toMatrix(value: MatrixLike, name: string): Matrix {
  if (Array.isArray(value)) return fromRows(value as Rows, name);
  const candidate = value as Matrix | null | undefined;
  const data = candidate?.data;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new AdvnmfError(
      "SHAPE",
      `${name} must be { rows, cols, data: Float32Array | Float64Array } or an array of rows, got ${describe(value)}`,
      { name },
    );
  }
  const { rows, cols } = candidate as Matrix;
  if (!Number.isInteger(rows) || !Number.isInteger(cols) || rows < 1 || cols < 1) {
    throw new AdvnmfError("SHAPE", `${name} needs at least one row and one column, got ${rows}×${cols}`, {
      name,
      rows,
      cols,
    });
  }
  if (data.length !== rows * cols) {
    throw new AdvnmfError(
      "SHAPE",
      `${name} says ${rows}×${cols} = ${rows * cols} entries, but its data holds ${data.length}`,
      { name, rows, cols, expected: rows * cols, got: data.length },
    );
  }
  return candidate as Matrix;
}

function fromRows(rows: Rows, name: string): Matrix<Float64Array> {
  const cols = rows[0]?.length ?? 0;
  if (cols === 0) {
    throw new AdvnmfError("SHAPE", `${name} is empty: it needs at least one row and one column`, {
      name,
      rows: rows.length,
    });
  }
  const data = new Float64Array(rows.length * cols);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (row?.length !== cols) {
      throw new AdvnmfError(
        "SHAPE",
        `${name} has ragged rows: row 0 has ${cols} entries, row ${i} has ${row?.length ?? "none"}`,
        { name, row: i, expected: cols, got: row?.length },
      );
    }
    for (let j = 0; j < cols; j++) {
      const x = row[j];
      if (typeof x !== "number") {
        throw new AdvnmfError(
          "NOT_FINITE",
          `${name} holds ${describe(x)} at row ${i}, column ${j}; expected a number`,
          {
            name,
            row: i,
            column: j,
          },
        );
      }
      data[i * cols + j] = x;
    }
  }
  return { rows: rows.length, cols, data };
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return value.constructor?.name ?? "an object";
  return typeof value === "string" ? `"${value}"` : String(value);
}

/** What {@link checkEntries} found beside sound numbers. */
export interface EntryFacts {
  /** How many entries are NaN, that is, missing. */
  readonly missing: number;
  /** The largest entry. */
  readonly max: number;
}

/**
 * Looks at every entry once. NaN is counted as missing; whether missing entries are allowed is the
 * caller's question.
 *
 * @throws AdvnmfError `NEGATIVE` or `NOT_FINITE` with the row and column of the first offender.
 */
export function checkEntries(V: Matrix, name: string): EntryFacts {
  const { data, cols } = V;
  let missing = 0;
  let max = 0;
  for (let index = 0; index < data.length; index++) {
    const x = data[index] as number;
    if (x >= 0 && x < Infinity) {
      if (x > max) max = x;
      continue;
    }
    if (Number.isNaN(x)) {
      missing++;
      continue;
    }
    const row = Math.floor(index / cols);
    const column = index % cols;
    if (x < 0) {
      throw new AdvnmfError(
        "NEGATIVE",
        `${name} has a negative entry ${x} at row ${row}, column ${column}; every entry must be ≥ 0 (shift or clip the data first)`,
        { name, row, column, value: x },
      );
    }
    throw new AdvnmfError(
      "NOT_FINITE",
      `${name} has an infinite entry at row ${row}, column ${column}; mark missing entries with NaN or a mask instead`,
      { name, row, column, value: x },
    );
  }
  return { missing, max };
}
