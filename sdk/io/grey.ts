/** A grey image between its file and a matrix, shared by the image formats. */
import { AdvnmfError } from "../errors.js";
import { checkEntries, type MatrixLike, toMatrix } from "../matrix.js";
import { allocate, allocateBytes, checkShape } from "./bytes.js";
import { checkOptions, dtypeOption, maxBytesOption, oneOf } from "./options.js";
import type { Dtype, DtypeOption, FileMatrix, ImageFacts, MaxBytesOption, Stacking } from "./types.js";

/** One image: width·height grey values, row by row from the top left, 0 = black, `maxval` = white. */
export interface GreyImage {
  readonly format: "pgm" | "png";
  readonly width: number;
  readonly height: number;
  readonly maxval: number;
  readonly pixels: Uint8Array | Uint16Array | Float64Array;
  readonly colors: ImageFacts["colors"];
}

/** Options of the readers of one image. */
export interface ImageReadOptions extends DtypeOption, MaxBytesOption {
  /** Make the image one row or one column; default: a matrix of height × width. */
  readonly images?: Stacking | undefined;
  /** What the image is called in {@link ImageFacts.names}. */
  readonly name?: string | undefined;
}

/** The matrix of one image. */
export function imageMatrix(image: GreyImage, options: ImageReadOptions, caller: string): FileMatrix {
  checkOptions(options, ["dtype", "images", "maxBytes", "name"], caller);
  const dtype: Dtype = dtypeOption(options.dtype) ?? "f64";
  const images = oneOf<Stacking, undefined>(options.images, ["rows", "columns"], undefined, "images");
  const { width, height, maxval, pixels, colors, format } = image;
  const [rows, cols] =
    images === undefined ? [height, width] : images === "rows" ? [1, height * width] : [height * width, 1];
  checkShape(rows, cols, dtype, maxBytesOption(options.maxBytes));
  const data = allocate(rows * cols, dtype);
  data.set(pixels);
  const facts: ImageFacts = {
    width,
    height,
    stacking: images ?? "none",
    maxval,
    names: options.name === undefined ? [] : [options.name],
    colors,
  };
  return { rows, cols, data, format, image: facts };
}

/** How a matrix becomes grey values. */
export interface QuantizeOptions {
  /**
   * `"none"` (default): entries are the grey values, whole numbers from 0 to white. `"max"`: entries are
   * scaled so that the largest is white, and rounded.
   */
  readonly scale?: "none" | "max" | undefined;
}

/** The grey values of a matrix of height × width. */
export function quantize(
  matrix: MatrixLike,
  maxval: number,
  scaleOption: unknown,
): { width: number; height: number; pixels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> } {
  const scale = oneOf(scaleOption, ["none", "max"], "none", "scale");
  const { rows: height, cols: width, data } = toMatrix(matrix, "matrix");
  const { max, missing } = checkEntries({ rows: height, cols: width, data }, "matrix");
  if (missing > 0) {
    throw new AdvnmfError(
      "NOT_FINITE",
      `the matrix has ${missing} missing entries, for which no grey value stands; fill them first`,
      { missing },
    );
  }
  const pixels =
    maxval > 255 ? new Uint16Array(allocateBytes(2 * data.length).buffer) : allocateBytes(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (scale === "max") {
      pixels[i] = max > 0 ? Math.round((value / max) * maxval) : 0;
      continue;
    }
    if (!Number.isInteger(value) || value > maxval) {
      throw new AdvnmfError(
        "OPTION",
        `the entry ${value} at row ${Math.floor(i / width)}, column ${i % width} is not a whole number from 0 to ${maxval}; pass scale: "max" to scale and round`,
        { option: "scale", row: Math.floor(i / width), column: i % width, value, maxval },
      );
    }
    pixels[i] = value;
  }
  return { width, height, pixels };
}
