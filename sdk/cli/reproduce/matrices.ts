// The little linear algebra that reading data and drawing results takes.

import type { Matrix } from "../../index.js";

type Plain = Pick<Matrix, "rows" | "cols" | "data">;

/** Aᵀ. */
export function transpose({ rows, cols, data }: Plain): Matrix<Float64Array> {
  const turned = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) turned[j * rows + i] = data[i * cols + j] as number;
  }
  return { rows: cols, cols: rows, data: turned };
}

/** W·H. */
export function product(W: Plain, H: Plain): Matrix<Float64Array> {
  const [rows, rank, cols] = [W.rows, W.cols, H.cols];
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * cols, (i + 1) * cols);
    for (let a = 0; a < rank; a++) {
      const weight = W.data[i * rank + a] as number;
      for (let j = 0; j < cols; j++) row[j] = (row[j] as number) + weight * (H.data[a * cols + j] as number);
    }
  }
  return { rows, cols, data };
}
