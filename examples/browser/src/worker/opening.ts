// Reading a matrix from files or from the built-in sets, and what can be told of it before anything is computed.

import { AdvnmfError, datasets, type Engine, type Matrix, type MatrixNames, nmf } from "advnmf";
import { type ImageFacts, readMatrix } from "advnmf/io";
import { MOST_BYTES, type Opened, type Reading, type View } from "../protocol.js";
import { drawTogether } from "./drawing.js";
import { heatMap } from "./raster.js";

/** Bytes that a small file may expand to. */
const MOST_EXPANDED = 500_000_000;
/** Names that the page shows. */
const SHOWN_NAMES = 6;
/** Pictures of the data that it shows. */
const SAMPLES = 12;

/** The matrix at hand. */
export interface Data extends Matrix, MatrixNames {
  readonly name: string;
  readonly rank: number | undefined;
  readonly view: View;
}

/** @throws AdvnmfError as `readMatrix`; `MEMORY` beyond the limit, before anything is read; as `nmf` for entries. */
export async function openData({ source, variable, transpose }: Reading, engine: Engine): Promise<Data> {
  if (source.kind === "example") {
    const { image, rank } = datasets.facts[source.name];
    const V = await datasets.load(source.name, { engine });
    const view: View = image ? { kind: "pictures", width: image.width, order: "rows" } : { kind: "lines" };
    return { ...V, name: source.name, rank, view };
  }
  const read = await readFiles(source.files, variable);
  const V = transpose ? transposed(read) : read;
  await checkEntries(V, engine);
  const { rows, cols, data, rowNames, colNames } = V;
  return {
    rows,
    cols,
    data,
    ...(rowNames ? { rowNames } : {}),
    ...(colNames ? { colNames } : {}),
    name: source.files.length === 1 ? (source.files[0] as File).name : `${source.files.length} pictures`,
    rank: undefined,
    view: viewOf(V, transpose ? undefined : read.image),
  };
}

/** Reads one file, or several pictures as columns. @throws AdvnmfError `MEMORY` beyond the limit; as `readMatrix`. */
export function readFiles(files: readonly File[], variable?: string) {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > MOST_BYTES) throw tooLarge(files, size);
  const [first] = files;
  const options = { maxBytes: MOST_EXPANDED, images: "columns", ...(variable ? { variable } : {}) } as const;
  return readMatrix(files.length === 1 ? (first as File) : files, options);
}

function tooLarge(files: readonly File[], size: number): AdvnmfError {
  const what = files.length === 1 ? (files[0] as File).name : `${files.length} files`;
  const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  return new AdvnmfError(
    "MEMORY",
    `${what}: ${megabytes(size)}, and this page reads up to ${megabytes(MOST_BYTES)}; use a part of the data, a binary format such as NPY, or advnmf in Node, which has no such limit`,
    { got: size, maxBytes: MOST_BYTES },
  );
}

/** The library's own look at every entry: a factorization of no iterations. @throws AdvnmfError as `nmf`. */
async function checkEntries(V: Matrix, engine: Engine): Promise<void> {
  await nmf(V, { rank: 1, solver: "mu", missing: "ignore", maxIterations: 0, threads: 1, engine });
}

function transposed(V: Matrix & MatrixNames): Matrix & MatrixNames {
  const { rows, cols, data } = V;
  const turned = data instanceof Float32Array ? new Float32Array(data.length) : new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) turned[j * rows + i] = data[i * cols + j] as number;
  }
  return {
    rows: cols,
    cols: rows,
    data: turned,
    ...(V.colNames ? { rowNames: V.colNames } : {}),
    ...(V.rowNames ? { colNames: V.rowNames } : {}),
  };
}

/** Pictures where they are known to be such, bars where rows have names that are no numbers, lines otherwise. */
function viewOf({ rows, rowNames }: Matrix & MatrixNames, image: ImageFacts | undefined): View {
  if (image?.stacking === "columns") return { kind: "pictures", width: image.width, order: "rows" };
  const named = rowNames?.some((name) => Number.isNaN(Number(name)));
  return { kind: named || rows <= 30 ? "bars" : "lines" };
}

/** What the page shows of the matrix. */
export function describe(V: Data): Opened {
  const { data, rows, cols } = V;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  let sum = 0;
  let missing = 0;
  let zeros = 0;
  for (const entry of data) {
    if (Number.isNaN(entry)) {
      missing++;
      continue;
    }
    if (entry < least) least = entry;
    if (entry > most) most = entry;
    if (entry === 0) zeros++;
    sum += entry;
  }
  return {
    name: V.name,
    rows,
    cols,
    dtype: data instanceof Float32Array ? "f32" : "f64",
    least: missing === data.length ? 0 : least,
    most,
    mean: missing === data.length ? 0 : sum / (data.length - missing),
    missing,
    zeros,
    rowNames: (V.rowNames ?? []).slice(0, SHOWN_NAMES),
    colNames: (V.colNames ?? []).slice(0, SHOWN_NAMES),
    rank: V.rank,
    view: V.view,
    map: heatMap(V),
    samples: V.view.kind === "pictures" ? drawTogether([firstColumns(V)], V.view)[0] : undefined,
  };
}

function firstColumns({ rows, cols, data }: Matrix): Matrix {
  const count = Math.min(cols, SAMPLES);
  const from = (at: number) => data[Math.floor(at / count) * cols + (at % count)] as number;
  return { rows, cols: count, data: Float64Array.from({ length: rows * count }, (_, at) => from(at)) };
}
