/** The types that every reader and writer of `advnmf/io` shares. */
import type { Matrix, MatrixLike, MatrixNames } from "../matrix.js";

/** The name of a file format, as options take it and as {@link FileMatrix} reports it. */
export type FormatName = "csv" | "tsv" | "npy" | "npz" | "mtx" | "mat" | "pgm" | "png" | "idx" | "images";

/** How wide the entries are kept: `"f32"` = `Float32Array`, `"f64"` = `Float64Array`. */
export type Dtype = "f32" | "f64";

/** How several images become one matrix: each image one row, or each image one column. */
export type Stacking = "rows" | "columns";

/** What is known about the image or images behind a matrix. */
export interface ImageFacts {
  /** Pixels across one image. */
  readonly width: number;
  /** Pixels down one image. */
  readonly height: number;
  /**
   * `"rows"` or `"columns"`: each image is one row (column) of the matrix, its pixels row by row from the
   * top left. `"none"`: one image, and the matrix is height × width.
   */
  readonly stacking: Stacking | "none";
  /** The value of white; of an IDX file of other than bytes, the largest entry. */
  readonly maxval: number;
  /** File names, in the order in which the images are stacked; none when one file holds them all. */
  readonly names: readonly string[];
  /**
   * `"grey"` when the file stored grey values; `"luminance"` when at least one image was in colour and
   * its grey value was computed as (299 R + 587 G + 114 B) / 1000.
   */
  readonly colors: "grey" | "luminance";
}

/** A matrix as it came out of a file, with whatever else the file said about it. */
export interface FileMatrix<A extends Float32Array | Float64Array = Float32Array | Float64Array>
  extends Matrix<A>,
    MatrixNames {
  /** The format it was read from (the inner one when the file was gzipped). */
  readonly format: FormatName;
  /** Set when the source was one image or a set of images. */
  readonly image?: ImageFacts;
  /** The name of the variable, for formats that hold several. */
  readonly variable?: string;
}

/** What the writers take: a matrix, with names of rows and columns if there are any. */
export type NamedMatrixLike = MatrixLike | (Matrix & MatrixNames);

/** Several matrices by name, for NPZ and MAT files. */
export type MatrixSet = Readonly<Record<string, MatrixLike>>;

/** One variable of an NPZ or MAT file, as {@link listNpz} and {@link listMat} report it. */
export interface VariableInfo {
  /** Its name, for the `variable` option. */
  readonly name: string;
  /** Length of each dimension. */
  readonly shape: readonly number[];
  /** The file's own word for the type of its entries, such as `<f8` or `double`. */
  readonly type: string;
  /** Whether it can be read as a matrix of real numbers with one or two dimensions. */
  readonly readable: boolean;
}

/** The options of every reader that makes numbers. */
export interface DtypeOption {
  /** Default: f32 where the file stores 32-bit (or 16-bit) floats, f64 for everything else. */
  readonly dtype?: Dtype | undefined;
}

/** The option of every reader that can be led to make more bytes than it was given. */
export interface MaxBytesOption {
  /**
   * The most bytes that a download, a decompression or the resulting matrix may take. Default
   * {@link defaultMaxBytes}.
   */
  readonly maxBytes?: number | undefined;
}

/** 4 GiB: as much as the kernels can address. */
export const defaultMaxBytes = 4_294_967_296;
