// Rows and columns of V without an observed entry.

import type { Matrix } from "./matrix.js";
import type { DataFacts, Problem } from "./problem.js";

/** So many are named; of the others, how many there are. */
const MOST_NAMED = 8;

/**
 * A column (a sample) of which nothing is known is predicted by the mean sample: its coefficients ← their mean
 * over the other columns. Nothing says how large a row (a feature) is that was never seen: its coefficients ← 0,
 * which is what multiplicative updates give. In place; the loss stays as it is. With zero-fill both count as zeros.
 *
 * @returns warnings that name them.
 */
export function fillUnobserved(
  { zeroFill, fixedW }: Problem,
  facts: DataFacts,
  W: Matrix,
  H: Matrix,
): string[] {
  const { emptyRows, emptyCols } = facts;
  const found: string[] = [];
  if (emptyCols.length > 0) {
    const fate = zeroFill ? "counts as zeros." : "predicted by the mean of the coefficients of the others.";
    found.push(`V has no observed entry in ${list("column", emptyCols)}: ${fate}`);
    if (!zeroFill) fillWithMean(H, emptyCols);
  }
  // A W that was given stays what it is, and says how large such a row is.
  if (fixedW) return found;
  if (emptyRows.length > 0) {
    found.push(
      `V has no observed entry in ${list("row", emptyRows)}: ${zeroFill ? "counts" : "predicted"} as zeros.`,
    );
  }
  if (!zeroFill) for (const i of emptyRows) W.data.fill(0, i * W.cols, (i + 1) * W.cols);
  return found;
}

function fillWithMean({ rows, cols, data }: Matrix, empty: readonly number[]): void {
  const missing = new Set(empty);
  for (let a = 0; a < rows; a++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) if (!missing.has(j)) sum += data[a * cols + j] as number;
    for (const j of empty) data[a * cols + j] = sum / (cols - empty.length);
  }
}

function list(what: string, indices: readonly number[]): string {
  if (indices.length === 1) return `${what} ${indices[0]}`;
  const named = indices.slice(0, MOST_NAMED).join(", ");
  const more = indices.length - MOST_NAMED;
  return `${what}s ${named}${more > 0 ? ` and ${more} more` : ""}`;
}
