// Matrices as small pictures: blocks of entries become bytes.

import type { Matrix } from "advnmf";
import type { Opened, Raster } from "../protocol.js";

/** The most cells of a heat map, across and down. */
const MOST_ACROSS = 480;
const MOST_DOWN = 300;
/** The byte of a block without a number; numbers go up to the one below. */
const NOTHING = 255;

/** Means of the numbers in blocks of a matrix, at most `across` × `down` of them; NaN where there is none. */
export function blockMeans(
  { rows, cols, data }: Matrix,
  across = MOST_ACROSS,
  down = MOST_DOWN,
): { width: number; height: number; means: Float64Array } {
  const width = Math.min(cols, across);
  const height = Math.min(rows, down);
  const means = new Float64Array(width * height);
  const counts = new Uint32Array(width * height);
  for (let i = 0; i < rows; i++) {
    const to = Math.floor((i * height) / rows) * width;
    for (let j = 0; j < cols; j++) {
      const entry = data[i * cols + j] as number;
      if (Number.isNaN(entry)) continue;
      const block = to + Math.floor((j * width) / cols);
      means[block] = (means[block] as number) + entry;
      counts[block] = (counts[block] as number) + 1;
    }
  }
  for (let block = 0; block < means.length; block++) {
    means[block] = (means[block] as number) / (counts[block] as number);
  }
  return { width, height, means };
}

/** A non-negative matrix: 0 … 254, and 255 for blocks of missing entries. */
export function heatMap(V: Matrix): Opened["map"] {
  const { width, height, means } = blockMeans(V);
  let top = 0;
  for (const mean of means) if (mean > top) top = mean;
  const scale = top > 0 ? (NOTHING - 1) / top : 0;
  const values = Uint8Array.from(means, (mean) => (Number.isNaN(mean) ? NOTHING : Math.round(mean * scale)));
  return { width, height, values, top };
}

/** Root mean squares of a map of both signs that its strongest colours stand for. */
const STRONG = 3;

/** A matrix of both signs: 128 is 0, 1 and 255 are ∓`top` and beyond. */
export function signedMap(delta: Matrix): Raster & { readonly top: number } {
  const { width, height, means } = blockMeans(delta);
  const top = STRONG * Math.sqrt(means.reduce((sum, mean) => sum + mean * mean, 0) / means.length);
  const scale = top > 0 ? 127 / top : 0;
  const clamp = (x: number) => Math.max(-127, Math.min(127, Math.round(x * scale)));
  return { width, height, values: Uint8Array.from(means, (mean) => 128 + clamp(mean)), top };
}
