/** Writing matrices in any format, to bytes or to a file. */
import { AdvnmfError } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import { encodeCsv } from "./csv.js";
import { formatToWrite, writableFormats } from "./formats.js";
import { gzip } from "./gzip.js";
import { type HostFiles, hostFiles, localPath } from "./host.js";
import { encodeMat } from "./mat.js";
import { encodeMatrixMarket, type MatrixMarketWriteOptions } from "./matrix-market.js";
import { encodeNpy } from "./npy.js";
import { encodeNpz } from "./npz.js";
import { checkOptions, oneOf } from "./options.js";
import { encodePng } from "./png.js";
import { encodePgm } from "./pnm.js";
import type { Dtype, FormatName, MatrixSet, NamedMatrixLike } from "./types.js";
import { isMatrixLike } from "./variables.js";

/** Options of {@link writeMatrix}; those of other formats than the one at hand have no effect. */
export interface WriteOptions {
  /** The format, if the destination's extension does not tell it. */
  readonly format?: FormatName | undefined;
  /** Whether the whole file is gzipped; default: when its name ends in `.gz`. */
  readonly gzip?: boolean | undefined;
  /** NPY, NPZ and MAT: width of the stored entries; default as in the matrix. */
  readonly dtype?: Dtype | undefined;
  /** NPZ and MAT: name of a single matrix. */
  readonly variable?: string | undefined;
  /** NPZ and MAT: whether the variables are compressed; default true. */
  readonly compress?: boolean | undefined;
  /** CSV: the character between cells; default a comma. */
  readonly delimiter?: string | undefined;
  /** MatrixMarket: dense or sparse; default whichever is shorter. */
  readonly layout?: MatrixMarketWriteOptions["layout"];
  /** PGM: the value of white, default 255. PNG: 255 (default) or 65535. */
  readonly maxval?: number | undefined;
  /** PGM and PNG: `"max"` scales the largest entry to white; default `"none"`: entries are grey values. */
  readonly scale?: "none" | "max" | undefined;
}

/** Options of {@link encodeMatrix}. */
export interface EncodeOptions extends WriteOptions {
  readonly format: FormatName;
}

const optionNames = [
  "format",
  "gzip",
  "dtype",
  "variable",
  "compress",
  "delimiter",
  "layout",
  "maxval",
  "scale",
];

/**
 * The bytes of a file in `options.format` that holds `matrix`, or several matrices by name (NPZ, MAT).
 *
 * @throws AdvnmfError `OPTION` for a format that cannot be written or cannot hold several matrices, and as
 *   the writer of the format does.
 */
export function encodeMatrix(
  matrix: NamedMatrixLike | MatrixSet,
  options: EncodeOptions,
): Uint8Array<ArrayBuffer> {
  checkOptions(options, optionNames, "encodeMatrix");
  const zipped = oneOf(options.gzip, [true, false], false, "gzip");
  const format = oneOf<FormatName, undefined>(options.format, writableFormats, undefined, "format");
  if (format === undefined) {
    throw new AdvnmfError(
      "OPTION",
      `encodeMatrix needs the option format, one of ${writableFormats.join(", ")}`,
      {
        option: "format",
        allowed: writableFormats,
      },
    );
  }
  const bytes = encodeAs(format, matrix, options);
  return zipped ? gzip(bytes) : bytes;
}

function encodeAs(
  format: FormatName,
  value: NamedMatrixLike | MatrixSet,
  options: WriteOptions,
): Uint8Array<ArrayBuffer> {
  const { dtype, variable, compress, maxval, scale } = options;
  if (format === "npz") return encodeNpz(value, { dtype, variable, compress });
  if (format === "mat") return encodeMat(value, { dtype, variable, compress });
  const matrix = single(value, format);
  switch (format) {
    case "npy":
      return encodeNpy(matrix, { dtype });
    case "mtx":
      return encodeMatrixMarket(matrix, { layout: options.layout });
    case "pgm":
      return encodePgm(matrix, { maxval, scale });
    case "png":
      return encodePng(matrix, { depth: pngDepth(maxval), scale });
    case "tsv":
      return encodeCsv(matrix, { delimiter: "\t" });
    default:
      return encodeCsv(matrix, { delimiter: options.delimiter });
  }
}

function single(value: NamedMatrixLike | MatrixSet, format: FormatName): MatrixLike {
  if (isMatrixLike(value)) return value;
  throw new AdvnmfError(
    "OPTION",
    `a ${format} file holds one matrix, got ${describe(value)}; pass one matrix, or write NPZ or MAT`,
    { option: "format", got: format },
  );
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null
    ? `an object with ${Object.keys(value).slice(0, 10).join(", ") || "no keys"}`
    : String(value);
}

function pngDepth(maxval: number | undefined): 8 | 16 {
  return oneOf(maxval, [255, 65_535], 255, "maxval") === 255 ? 8 : 16;
}

/**
 * Writes a matrix, or several by name (NPZ, MAT), to a file. The format follows the extension; a further
 * `.gz` compresses. The file appears whole or not at all: it is written beside its place and then renamed.
 *
 * @throws AdvnmfError `IO` when it cannot be written; nothing is left behind then. `UNSUPPORTED` where there
 *   is no file system: see {@link encodeMatrix}. Otherwise as {@link encodeMatrix}.
 */
export async function writeMatrix(
  destination: string | URL,
  matrix: NamedMatrixLike | MatrixSet,
  options: WriteOptions = {},
): Promise<void> {
  checkOptions(options, optionNames, "writeMatrix");
  const host = hostFiles();
  if (host === undefined) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      "there is no file system here; make the bytes with encodeMatrix and store them yourself",
      {},
    );
  }
  const path = localPath(destination, host);
  const bytes = encodeMatrix(matrix, {
    ...options,
    format: options.format ?? formatToWrite(path),
    gzip: options.gzip ?? /\.gz$/i.test(path),
  });
  try {
    await replaceFile(path, bytes, host);
  } catch (cause) {
    throw new AdvnmfError(
      "IO",
      `cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { path, code: (cause as { code?: unknown } | null)?.code },
      { cause },
    );
  }
}

/** Puts `bytes` at `path` at one stroke; pipes and devices, which cannot be replaced, are written to. */
async function replaceFile(path: string, bytes: Uint8Array, { fs, path: paths }: HostFiles): Promise<void> {
  const target = await fs.realpath(path).catch(() => path);
  const facts = await fs.stat(target).catch(() => undefined);
  if (facts !== undefined && !facts.isFile() && !facts.isDirectory()) {
    await fs.writeFile(target, bytes);
    return;
  }
  const temporary = paths.join(paths.dirname(target), `.advnmf-${crypto.randomUUID()}.tmp`);
  try {
    await fs.writeFile(temporary, bytes, { flag: "wx" });
    await fs.rename(temporary, target);
  } catch (cause) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw cause;
  }
}
