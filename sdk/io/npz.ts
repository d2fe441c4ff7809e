/**
 * NPZ, NumPy's zip archive of NPY files: one variable `x` is the entry `x.npy`.
 * Specification: the documentation of `numpy.savez`; see also npy.ts and zip.ts.
 */
import { zipSync } from "fflate";
import { AdvnmfError } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import { decodeNpy, encodeNpy, npyLength, npyType, readNpyHeader } from "./npy.js";
import { checkOptions, dtypeOption, maxBytesOption, oneOf } from "./options.js";
import type { Dtype, DtypeOption, FileMatrix, MatrixSet, MaxBytesOption, VariableInfo } from "./types.js";
import { chooseVariable, namedMatrices, type VariableOption } from "./variables.js";
import { readZip, type ZipEntry } from "./zip.js";

/** Options of {@link decodeNpz}. */
export interface NpzReadOptions extends DtypeOption, MaxBytesOption, VariableOption {}

interface NpzVariable extends VariableInfo {
  readonly entry: ZipEntry;
}

/** Enough for the longest header that npy.ts reads. */
const headBytes = 65_535 + 12;

/**
 * The variables of an NPZ file, in its own order. Only their headers are expanded.
 *
 * @throws AdvnmfError `FORMAT` when the archive or a header is damaged.
 */
export function listNpz(bytes: Uint8Array): VariableInfo[] {
  return variablesOf(bytes).map(({ name, shape, type, readable }) => ({ name, shape, type, readable }));
}

function variablesOf(bytes: Uint8Array): NpzVariable[] {
  return readZip(bytes)
    .filter((entry) => entry.name.endsWith(".npy"))
    .map((entry) => {
      const { shape, descr } = readNpyHeader(entry.head(headBytes));
      return {
        name: entry.name.slice(0, -".npy".length),
        shape,
        type: descr,
        readable: npyType(descr) !== undefined && shape.length <= 2,
        entry,
      };
    });
}

/**
 * Reads one variable of an NPZ file. Its declared size must be the size its NPY header needs; expansion
 * stops there.
 *
 * @throws AdvnmfError as {@link decodeNpy}; `OPTION` when `variable` is wrong or missing although there are
 *   several matrices; `UNSUPPORTED` for an encrypted archive or another compression method.
 */
export function decodeNpz(bytes: Uint8Array, options: NpzReadOptions = {}): FileMatrix {
  checkOptions(options, ["dtype", "maxBytes", "variable"], "decodeNpz");
  const maxBytes = maxBytesOption(options.maxBytes);
  const { name, entry } = chooseVariable(variablesOf(bytes), options.variable, "NPZ");
  const expected = npyLength(readNpyHeader(entry.head(headBytes)));
  if (entry.size !== expected) {
    throw new AdvnmfError(
      "FORMAT",
      `zip entry ${entry.name} declares ${entry.size} bytes, but the array in it needs ${expected}; the file is damaged or made to exhaust memory`,
      { expected, got: entry.size },
    );
  }
  if (entry.size > maxBytes) {
    throw new AdvnmfError(
      "MEMORY",
      `zip entry ${entry.name} expands to ${entry.size} bytes, more than maxBytes = ${maxBytes}; raise maxBytes if the file is to be trusted`,
      { maxBytes, got: entry.size },
    );
  }
  const matrix = decodeNpy(entry.read(), { dtype: options.dtype, maxBytes });
  return { ...matrix, format: "npz", variable: name };
}

/** Options of {@link encodeNpz}. */
export interface NpzWriteOptions {
  /** Width of the stored entries; default as in each matrix. */
  readonly dtype?: Dtype | undefined;
  /** Name of a single matrix; default `arr_0`, as NumPy does. */
  readonly variable?: string | undefined;
  /** Whether entries are deflated; default true. */
  readonly compress?: boolean | undefined;
}

/**
 * Writes one matrix, or several as `{ name: matrix }`. No time stamp is stored, so equal input gives equal
 * bytes.
 *
 * @throws AdvnmfError `SHAPE` when something is no matrix, `OPTION` for an unknown option.
 */
export function encodeNpz(
  matrices: MatrixLike | MatrixSet,
  options: NpzWriteOptions = {},
): Uint8Array<ArrayBuffer> {
  checkOptions(options, ["dtype", "variable", "compress"], "encodeNpz");
  const dtype = dtypeOption(options.dtype);
  const compress = oneOf(options.compress, [true, false], true, "compress");
  const files: Record<string, Uint8Array> = {};
  for (const [name, matrix] of namedMatrices(matrices, options.variable ?? "arr_0")) {
    files[`${name}.npy`] = encodeNpy(matrix, { dtype });
  }
  return zipSync(files, { level: compress ? 6 : 0, mtime: new Date(1980, 0, 1) });
}
