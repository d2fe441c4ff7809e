// A few of V's pictures, and under each what was visible of it and what became of it.

import type { Matrix } from "../index.js";
import { encodeImageSheet } from "../io/index.js";
import { type Pictures, sheetStyle } from "./factor-files.js";

/** So many pictures, evenly spread over V. */
const MOST_SHOWN = 8;

/** One row of the sheet: a matrix of V's shape. */
export interface SheetRow {
  readonly title: string;
  readonly matrix: Matrix;
  /** Entries of either sign: 0 is grey, and the largest size black or white. */
  readonly signed?: boolean;
}

/** Numbers from 0 of the pictures that are shown. */
export function shownPictures({ images }: Pictures, { rows, cols }: Matrix): number[] {
  const count = images === "columns" ? cols : rows;
  const shown = Math.min(MOST_SHOWN, count);
  return Array.from({ length: shown }, (_, index) => Math.floor((index * count) / shown));
}

/** The sheet as PNG. What is not signed has one scale, on which V's largest entry is white. */
export function restoredSheet(
  pictures: Pictures,
  V: Matrix,
  rows: readonly SheetRow[],
  shown: readonly number[],
): Uint8Array {
  const { width, height, images } = pictures;
  const white = largest(V.data) || 1;
  const cols = rows.length * shown.length;
  const data = new Float64Array(width * height * cols);
  rows.forEach(({ matrix, signed }, row) => {
    const reach = signed ? largest(matrix.data) || 1 : 0;
    shown.forEach((picture, place) => {
      for (let pixel = 0; pixel < width * height; pixel++) {
        const at = images === "columns" ? pixel * matrix.cols + picture : picture * matrix.cols + pixel;
        const entry = matrix.data[at] as number;
        const grey = signed ? 0.5 + entry / (2 * reach) : entry / white;
        data[pixel * cols + row * shown.length + place] = Number.isNaN(grey) ? 0 : grey;
      }
    });
  });
  const sheet = { rows: width * height, cols, data };
  return encodeImageSheet(sheet, { width, height, columns: shown.length, white: 1, ...sheetStyle(pictures) });
}

/** The largest size of an entry, NaN apart. */
function largest(values: Matrix["data"]): number {
  let most = 0;
  for (const value of values) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}
