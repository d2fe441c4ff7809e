// Checks of what `fragility` is given.

import type { Dtype } from "../engine.js";
import { AdvnmfError } from "../errors.js";
import { type Matrix, type MatrixLike, type Numbers, toMatrix } from "../matrix.js";
import { oneOf, show, wholeNumber } from "../options.js";
import type { Activation, Network } from "./types.js";

/** Layers at most: two hidden ones (assembly/fragility/workspace.ts). */
export const MOST_LAYERS = 3;

/** Units of a layer at most. */
const MOST_UNITS = 1_000_000;

/** A network, checked. */
export interface CheckedNetwork {
  readonly dtype: Dtype;
  readonly relu: boolean;
  /** Inputs, then the outputs of each layer. */
  readonly widths: readonly number[];
  /** Each [W, b], row-major, outputs×(inputs + 1). */
  readonly weights: readonly Numbers[];
}

/** @throws AdvnmfError `NOT_FINITE` with the place of the first entry that is no number. */
export function checkFinite(A: Matrix, name: string): void {
  const index = A.data.findIndex((x) => !Number.isFinite(x));
  if (index < 0) return;
  const row = Math.floor(index / A.cols);
  const column = index % A.cols;
  throw new AdvnmfError(
    "NOT_FINITE",
    `${name} has ${A.data[index]} at row ${row}, column ${column}; expected finite numbers`,
    { name, row, column, value: A.data[index] },
  );
}

/**
 * Brings a classifier into the form that the kernels take. It computes in f32 where every W is a Float32Array.
 *
 * @throws AdvnmfError `SHAPE` for layers that do not fit, `NOT_FINITE` for NaN weights, `OPTION`.
 */
export function checkNetwork(network: Network): CheckedNetwork {
  if (typeof network !== "object" || network === null || !Array.isArray(network.layers)) {
    throw new AdvnmfError(
      "SHAPE",
      `a network is { layers: [{ W, b }, …], activation }, got ${show(network)}`,
      {},
    );
  }
  const { layers } = network;
  if (layers.length < 1 || layers.length > MOST_LAYERS) {
    throw new AdvnmfError(
      "SHAPE",
      `a network has 1 … ${MOST_LAYERS} layers (at most ${MOST_LAYERS - 1} of them hidden), got ${layers.length}`,
      { got: layers.length, low: 1, high: MOST_LAYERS },
    );
  }
  const activation =
    layers.length === 1 && network.activation === undefined
      ? "linear"
      : oneOf(network.activation, ["linear", "relu"] satisfies Activation[], "activation");
  const matrices = layers.map((layer, l) => toMatrix(layer?.W, `W of layer ${l}`));
  const weights = matrices.map((W, l) => {
    const before = matrices[l - 1];
    if (before && W.cols !== before.rows) {
      throw new AdvnmfError(
        "SHAPE",
        `W of layer ${l} must have ${before.rows} columns, as layer ${l - 1} has ${before.rows} outputs; got ${W.rows}×${W.cols}`,
        { layer: l, expected: before.rows, got: W.cols },
      );
    }
    checkFinite(W, `W of layer ${l}`);
    return joined(W, layers[l]?.b, l);
  });
  const widths = [(matrices[0] as Matrix).cols, ...matrices.map(({ rows }) => rows)];
  if ((widths.at(-1) as number) < 2) {
    throw new AdvnmfError(
      "SHAPE",
      "a classifier needs at least two outputs, one a class; a single output s is { W: [w, −w]/2 }",
      { got: widths.at(-1), expected: 2 },
    );
  }
  const dtype = matrices.every(({ data }) => data instanceof Float32Array) ? "f32" : "f64";
  return { dtype, relu: activation === "relu", widths, weights };
}

/** [W, b], row-major. */
function joined(W: Matrix, b: ArrayLike<number> | undefined, l: number): Float64Array {
  if (b !== undefined && b?.length !== W.rows) {
    throw new AdvnmfError(
      "SHAPE",
      `b of layer ${l} must hold ${W.rows} numbers, one an output, got ${b?.length ?? show(b)}`,
      { layer: l, expected: W.rows, got: b?.length },
    );
  }
  const columns = W.cols + 1;
  const out = new Float64Array(W.rows * columns);
  for (let i = 0; i < W.rows; i++) {
    out.set(W.data.subarray(i * W.cols, (i + 1) * W.cols), i * columns);
    const bias = b?.[i] ?? 0;
    if (!Number.isFinite(bias)) {
      throw new AdvnmfError(
        "NOT_FINITE",
        `b of layer ${l} has ${show(bias)} at ${i}; expected finite numbers`,
        {
          layer: l,
          index: i,
        },
      );
    }
    out[i * columns + W.cols] = bias;
  }
  return out;
}

/** A point as the network takes it. @throws AdvnmfError `SHAPE`, `NOT_FINITE`. */
export function checkPoint(x: ArrayLike<number>, width: number, name: string): Float64Array {
  if (typeof x !== "object" || x === null || x.length !== width) {
    throw new AdvnmfError(
      "SHAPE",
      `${name} must hold ${width} numbers, as the network has ${width} inputs, got ${x?.length ?? show(x)}`,
      { name, expected: width, got: x?.length },
    );
  }
  const data = Float64Array.from(x);
  checkFinite({ rows: 1, cols: width, data }, name);
  return data;
}

/** Rows of points. @throws AdvnmfError `SHAPE`, `NOT_FINITE`. */
export function checkPoints(data: MatrixLike, width: number, name: string): Matrix {
  const X = toMatrix(data, name);
  if (X.cols !== width) {
    throw new AdvnmfError(
      "SHAPE",
      `${name} must have ${width} columns, as the network has ${width} inputs, got ${X.rows}×${X.cols}`,
      { name, expected: width, got: X.cols },
    );
  }
  checkFinite(X, name);
  return X;
}

/**
 * One label a row, and the number of classes.
 *
 * @throws AdvnmfError `SHAPE` for another number of labels, `OPTION` for one out of range.
 */
export function checkLabels(
  labels: ArrayLike<number>,
  rows: number,
  classes: number | undefined,
): { labels: Int32Array; classes: number } {
  if (typeof labels !== "object" || labels === null || labels.length !== rows) {
    throw new AdvnmfError(
      "SHAPE",
      `labels must hold ${rows} numbers, one a row of X, got ${labels?.length ?? show(labels)}`,
      { expected: rows, got: labels?.length },
    );
  }
  const most = classes === undefined ? MOST_UNITS : wholeNumber(classes, 2, MOST_UNITS, "classes");
  const checked = Int32Array.from(labels);
  let largest = 0;
  for (let i = 0; i < rows; i++) {
    const label = labels[i] as number;
    if (!Number.isInteger(label) || label < 0 || label >= most) {
      throw new AdvnmfError(
        "OPTION",
        `label ${i} must be a whole number in 0 … ${most - 1}, got ${show(label)}`,
        { option: "labels", index: i, got: label, low: 0, high: most - 1 },
      );
    }
    if (label > largest) largest = label;
  }
  return { labels: checked, classes: classes ?? largest + 1 };
}

/** The name of a class. @throws AdvnmfError `OPTION`. */
export function checkClass(value: unknown, classes: number, option: string): number {
  return wholeNumber(value, 0, classes - 1, option);
}

/** Columns in which all rows agree. */
export function constantColumns(X: Matrix): number[] {
  const { rows, cols, data } = X;
  const found: number[] = [];
  for (let j = 0; j < cols; j++) {
    let same = true;
    for (let i = 1; i < rows && same; i++) same = data[i * cols + j] === data[j];
    if (same) found.push(j);
  }
  return found;
}

/** Units of a layer. @throws AdvnmfError `OPTION`. */
export function checkUnits(value: unknown, option: string): number {
  return wholeNumber(value, 1, MOST_UNITS, option);
}
