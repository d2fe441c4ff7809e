/** Choosing one variable of a file that holds several, and naming several to be written. */
import { closest } from "fastest-levenshtein";
import { AdvnmfError } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import type { MatrixSet, VariableInfo } from "./types.js";

/** The option that picks one variable. */
export interface VariableOption {
  /** Name of the variable to read; needed when the file holds more than one matrix. */
  readonly variable?: string | undefined;
}

/**
 * The variable called `wanted`; without a name, the only one that can be read as a matrix (single numbers
 * stored beside one matrix do not count).
 *
 * @throws AdvnmfError `OPTION` when there is no such variable or the choice is open; `FORMAT` when nothing
 *   can be read.
 */
export function chooseVariable<V extends VariableInfo>(
  variables: readonly V[],
  wanted: string | undefined,
  format: string,
): V {
  const names = variables.map((variable) => variable.name);
  if (wanted !== undefined) {
    const found = variables.find((variable) => variable.name === wanted);
    if (found !== undefined) return found;
    const nearest = names.length > 0 ? closest(wanted, names) : undefined;
    throw new AdvnmfError(
      "OPTION",
      `the ${format} file has no variable "${wanted}"${nearest === undefined ? "" : `; did you mean "${nearest}"?`} It holds ${describe(variables)}`,
      { option: "variable", got: wanted, nearest, names },
    );
  }
  const readable = variables.filter((variable) => variable.readable);
  const matrices = readable.filter((variable) => variable.shape.some((length) => length !== 1));
  const [first, second] = matrices.length > 0 ? matrices : readable;
  if (first === undefined) {
    throw new AdvnmfError(
      "FORMAT",
      `the ${format} file holds no matrix of real numbers, only ${describe(variables)}`,
      {
        names,
      },
    );
  }
  if (second !== undefined) {
    throw new AdvnmfError(
      "OPTION",
      `the ${format} file holds several matrices: ${describe(variables)}; choose one with the option variable`,
      { option: "variable", names },
    );
  }
  return first;
}

function describe(variables: readonly VariableInfo[]): string {
  if (variables.length === 0) return "nothing";
  const shown = variables.slice(0, 20).map(({ name, shape, type }) => `${name} (${shape.join("×")} ${type})`);
  const more = variables.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Whether `value` is one matrix rather than several by name. */
export function isMatrixLike(value: MatrixLike | MatrixSet): value is MatrixLike {
  if (Array.isArray(value)) return true;
  const data: unknown = (value as { data?: unknown } | null)?.data;
  return data instanceof Float32Array || data instanceof Float64Array;
}

/**
 * The matrices to write, by name: those of a set, or the one matrix under `name`.
 *
 * @throws AdvnmfError `SHAPE` when there is none.
 */
export function namedMatrices(value: MatrixLike | MatrixSet, name: string): [string, MatrixLike][] {
  if (isMatrixLike(value)) return [[name, value]];
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) {
    throw new AdvnmfError(
      "SHAPE",
      "there is no matrix to write; pass a matrix, or several as { name: matrix }",
      {},
    );
  }
  return entries;
}
