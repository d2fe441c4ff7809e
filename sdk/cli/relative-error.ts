// How well factors reproduce a matrix.

import type { Factors, Matrix } from "../index.js";

/** ‖V − WH‖_F / ‖V‖_F. */
export function relativeError(V: Matrix, { W, H }: Factors<Matrix>): number {
  let off = 0;
  let size = 0;
  for (let i = 0; i < V.rows; i++) {
    for (let j = 0; j < V.cols; j++) {
      const entry = V.data[i * V.cols + j] as number;
      let rest = entry;
      for (let a = 0; a < W.cols; a++) {
        rest -= (W.data[i * W.cols + a] as number) * (H.data[a * H.cols + j] as number);
      }
      off += rest * rest;
      size += entry * entry;
    }
  }
  return Math.sqrt(off / size);
}
