// Features, the columns of W, as what the page draws.

import { AdvnmfError, featureError, type Matrix } from "advnmf";
import { type Drawings, MOST_DRAWN, type View } from "../protocol.js";
import { blockMeans } from "./raster.js";

/** Points of a line, and pixels of a side of a picture, at most. */
const MOST_POINTS = 400;
const MOST_PIXELS = 96;

/** Two factors. */
export interface Factors {
  readonly W: Matrix;
  readonly H: Matrix;
}

/** One feature: a column of W, brought to length 1, as a matrix of the shape it is drawn in. */
type Shape = Matrix<Float64Array>;

/** @throws AdvnmfError `SHAPE` when the rows are no picture of that width. */
function shaped(column: Float64Array, view: View): Shape {
  const length = column.length;
  if (view.kind !== "pictures") return { rows: 1, cols: length, data: column };
  const { width, order } = view;
  const height = length / width;
  if (!(Number.isInteger(width) && width >= 1 && Number.isInteger(height))) {
    throw new AdvnmfError(
      "SHAPE",
      `a feature has ${length} rows, which are no picture of width ${width}; give a width that divides ${length}`,
      { width, length },
    );
  }
  if (order === "rows") return { rows: height, cols: width, data: column };
  const data = column.map((_, at) => column[(at % width) * height + Math.floor(at / width)] as number);
  return { rows: height, cols: width, data };
}

function shapesOf({ rows, cols, data }: Matrix, view: View): Shape[] {
  return Array.from({ length: Math.min(cols, MOST_DRAWN) }, (_, feature) => {
    const column = Float64Array.from({ length: rows }, (_, i) => data[i * cols + feature] as number);
    const length = Math.sqrt(column.reduce((sum, x) => sum + x * x, 0));
    return shaped(length > 0 ? column.map((x) => x / length) : column, view);
  });
}

/**
 * Draws several factors W of one shape, so that what stands for the same feature has the same scale in all of
 * them: 255 is its largest entry in the `measures` among them, and anything above.
 */
export function drawTogether(
  factors: readonly Matrix[],
  view: View,
  measures: readonly number[] = [0],
): Drawings[] {
  const [across, down] = view.kind === "pictures" ? [MOST_PIXELS, MOST_PIXELS] : [MOST_POINTS, 1];
  const blocks = factors.map((W) => shapesOf(W, view).map((shape) => blockMeans(shape, across, down)));
  const tops = (blocks[0] ?? []).map((_, feature) =>
    measures.reduce((top, measure) => {
      const means = blocks[measure]?.[feature]?.means ?? new Float64Array(0);
      return means.reduce((most, x) => Math.max(most, x), top);
    }, 0),
  );
  return blocks.map((own) => ({
    kind: view.kind,
    width: own[0]?.width ?? 0,
    height: own[0]?.height ?? 0,
    features: own.map(({ means }, feature) => {
      const top = tops[feature] as number;
      return Uint8Array.from(means, (x) => (top > 0 ? Math.min(255, Math.round((255 * x) / top)) : 0));
    }),
  }));
}

/** The factors with their features in the order of those of `reference` that they match. */
export function inOrderOf(factors: Factors, reference: Factors): Factors {
  let matching: readonly number[];
  try {
    matching = featureError(factors, reference).matching;
  } catch (error) {
    // A feature that is zero matches none: then there is no better order than the one at hand.
    if (error instanceof AdvnmfError) return factors;
    throw error;
  }
  const { rows: m, cols: k } = factors.W;
  const n = factors.H.cols;
  const W = { rows: m, cols: k, data: new Float64Array(m * k) };
  const H = { rows: k, cols: n, data: new Float64Array(k * n) };
  for (const [from, to] of matching.entries()) {
    for (let i = 0; i < m; i++) W.data[i * k + to] = factors.W.data[i * k + from] as number;
    for (let j = 0; j < n; j++) H.data[to * n + j] = factors.H.data[from * n + j] as number;
  }
  return { W, H };
}

/** Names of the rows that weigh most in each feature. */
export function topRows({ rows, cols, data }: Matrix, names: readonly string[] | undefined): string[][] {
  if (!names) return [];
  return Array.from({ length: Math.min(cols, MOST_DRAWN) }, (_, feature) => {
    const weight = (i: number) => data[i * cols + feature] as number;
    const order = Array.from({ length: rows }, (_, i) => i).sort((a, b) => weight(b) - weight(a));
    return order.slice(0, 3).map((i) => names[i] as string);
  });
}
