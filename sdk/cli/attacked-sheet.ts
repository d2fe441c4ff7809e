// Features as pictures: one row of the sheet before the attack, and one for each size of it.

import { type Factors, featureError, type Matrix } from "../index.js";
import { encodeImageSheet } from "../io/index.js";
import type { Pictures } from "./factor-files.js";

/** A row of the sheet is at most about so many pixels wide. */
const MOST_WIDTH = 1200;

/**
 * The sheet as PNG: the features of `reference` from left to right, and below each those of every one of `others`
 * that the feature error matches with it. Each is as bright as its own largest entry allows.
 */
export function attackedSheet(
  { width, height, images }: Pictures,
  reference: Factors<Matrix>,
  others: readonly Factors<Matrix>[],
): Uint8Array<ArrayBuffer> {
  const rank = reference.W.cols;
  const rows = [reference, ...others];
  const pixels = width * height;
  const data = new Float64Array(pixels * rank * rows.length);
  const across = rank * rows.length;
  rows.forEach((factors, row) => {
    const places = row === 0 ? undefined : featureError(factors, reference).matching;
    for (let feature = 0; feature < rank; feature++) {
      const place = row * rank + (places?.[feature] ?? feature);
      const { W, H } = factors;
      for (let pixel = 0; pixel < pixels; pixel++) {
        const entry =
          images === "columns" ? W.data[pixel * rank + feature] : H.data[feature * pixels + pixel];
        data[pixel * across + place] = entry as number;
      }
    }
  });
  const scale = Math.max(
    1,
    Math.min(Math.floor(128 / Math.max(width, height)), Math.floor(MOST_WIDTH / (rank * width))),
  );
  return encodeImageSheet(
    { rows: pixels, cols: across, data },
    { width, height, columns: rank, scale, gap: 4 },
  );
}
