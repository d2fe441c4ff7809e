/** Reading a matrix from anywhere, in any format. */
import { AdvnmfError } from "../errors.js";
import { decodeCsv } from "./csv.js";
import { detectFormat, expectedLength } from "./detect.js";
import { formats, withoutGz } from "./formats.js";
import { gunzip, isGzip } from "./gzip.js";
import { decodeIdx } from "./idx.js";
import { stackImages } from "./images.js";
import { decodeMat } from "./mat.js";
import { decodeMatrixMarket } from "./matrix-market.js";
import { decodeNpy } from "./npy.js";
import { decodeNpz } from "./npz.js";
import { checkOptions, dtypeOption, maxBytesOption, oneOf } from "./options.js";
import { decodePng } from "./png.js";
import { decodePgm } from "./pnm.js";
import { checkSignal, loadSource, type MatrixSource } from "./source.js";
import type { DtypeOption, FileMatrix, FormatName, MaxBytesOption, Stacking } from "./types.js";

/** Options of {@link decodeMatrix}; those of other formats than the one at hand have no effect. */
export interface DecodeOptions extends DtypeOption, MaxBytesOption {
  /** The format, if it is not to be found out from the content and the name. */
  readonly format?: FormatName | undefined;
  /** Images: each one row, or each one column. Default `"rows"` for several; one image is height × width. */
  readonly images?: Stacking | undefined;
  /** NPZ and MAT: name of the variable; needed when there are several matrices. */
  readonly variable?: string | undefined;
  /** CSV and TSV: the character between cells; default found out. */
  readonly delimiter?: string | undefined;
  /** CSV and TSV: whether the first line holds column names; default `"auto"`. */
  readonly header?: boolean | "auto" | undefined;
  /** CSV and TSV: whether the first column holds row names; default `"auto"`. */
  readonly rowNames?: boolean | "auto" | undefined;
}

/** Options of {@link readMatrix}. */
export interface ReadOptions extends DecodeOptions {
  /** Stops reading with an `ABORTED` error. */
  readonly signal?: AbortSignal | undefined;
}

const decodeOptionNames = [
  "format",
  "dtype",
  "images",
  "variable",
  "delimiter",
  "header",
  "rowNames",
  "maxBytes",
];
const formatNames = formats.map((format) => format.name);

/**
 * Reads a matrix from a path, a URL, a Blob, bytes, or from a folder or array of images. gzip is undone, the
 * format is found out from the content, or else from the name.
 *
 * @throws AdvnmfError `IO` when the source cannot be read; `FORMAT` when it is damaged, cut short or of no
 *   known format; `UNSUPPORTED`, `SHAPE`, `OPTION`, `MEMORY` and `ABORTED` as their messages say.
 */
export async function readMatrix(source: MatrixSource, options: ReadOptions = {}): Promise<FileMatrix> {
  checkOptions(options, [...decodeOptionNames, "signal"], "readMatrix");
  const { signal, ...decoding } = options;
  const loaded = await loadSource(source, { maxBytes: maxBytesOption(options.maxBytes), signal });
  checkSignal(signal);
  if (loaded.kind === "file") return decodeMatrix(loaded.bytes, decoding, loaded.name);
  const { images, dtype, maxBytes } = decoding;
  return naming(loaded.name, () => stackImages(loaded.files, { images, dtype, maxBytes }));
}

/**
 * {@link readMatrix} for bytes at hand, at once. `name` helps to find out the format and is named in errors.
 */
export function decodeMatrix(bytes: Uint8Array, options: DecodeOptions = {}, name?: string): FileMatrix {
  checkOptions(options, decodeOptionNames, "decodeMatrix");
  const asked = oneOf<FormatName, undefined>(options.format, formatNames, undefined, "format");
  dtypeOption(options.dtype);
  const maxBytes = maxBytesOption(options.maxBytes);
  return naming(name, () => {
    if (!isGzip(bytes)) return decodeAs(asked ?? detectFormat(bytes, name), bytes, options, name);
    const plain = gunzip(bytes, maxBytes, expectedLength);
    if (isGzip(plain)) {
      throw new AdvnmfError("FORMAT", "the file is gzipped twice; expand it once", {});
    }
    const plainName = name === undefined ? undefined : withoutGz(name);
    return decodeAs(asked ?? detectFormat(plain, plainName), plain, options, plainName);
  });
}

function decodeAs(
  format: FormatName,
  bytes: Uint8Array,
  options: DecodeOptions,
  name: string | undefined,
): FileMatrix {
  if (bytes.length === 0) {
    throw new AdvnmfError("FORMAT", "the file is empty; expected a matrix or an image", { got: 0 });
  }
  const { dtype, maxBytes, variable, delimiter, header, rowNames, images } = options;
  const image = { dtype, maxBytes, images, name: baseName(name) };
  switch (format) {
    case "csv":
      return decodeCsv(bytes, { delimiter, header, rowNames, dtype, maxBytes });
    case "tsv":
      return decodeCsv(bytes, { delimiter: delimiter ?? "\t", header, rowNames, dtype, maxBytes });
    case "npy":
      return decodeNpy(bytes, { dtype, maxBytes });
    case "npz":
      return decodeNpz(bytes, { dtype, maxBytes, variable });
    case "mtx":
      return decodeMatrixMarket(bytes, { dtype, maxBytes });
    case "mat":
      return decodeMat(bytes, { dtype, maxBytes, variable });
    case "pgm":
      return decodePgm(bytes, image);
    case "png":
      return decodePng(bytes, image);
    case "idx":
      return decodeIdx(bytes, { dtype, maxBytes, images });
    case "images":
      throw new AdvnmfError(
        "OPTION",
        'the format "images" is for a folder or an array of images, got one file; pass format "pgm" or "png"',
        { option: "format" },
      );
  }
}

function baseName(name: string | undefined): string | undefined {
  return name?.replace(/^.*[/\\]/, "");
}

/** Runs `read`; its errors get the name of the file in front. */
function naming(name: string | undefined, read: () => FileMatrix): FileMatrix {
  try {
    return read();
  } catch (error) {
    if (name === undefined || !(error instanceof AdvnmfError)) throw error;
    throw new AdvnmfError(
      error.code,
      `${name}: ${error.message}`,
      { source: name, ...error.details },
      { cause: error },
    );
  }
}
