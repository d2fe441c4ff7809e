/** A sheet of small images, such as the columns of W, as one PNG. */
import { encode } from "fast-png";
import { AdvnmfError } from "../errors.js";
import { type MatrixLike, toMatrix } from "../matrix.js";
import { allocateBytes } from "./bytes.js";
import { quantize } from "./grey.js";
import { checkOptions, oneOf, wholeNumber } from "./options.js";
import type { Stacking } from "./types.js";

/** Options of {@link encodeImageSheet}. */
export interface ImageSheetOptions {
  /** Pixels across one image. */
  readonly width: number;
  /** Pixels down one image. */
  readonly height: number;
  /** Images side by side; default: the smallest square that holds all. */
  readonly columns?: number | undefined;
  /** How many pixels across and down each pixel of an image takes; default 1. */
  readonly scale?: number | undefined;
  /** The entry that is white, as larger ones are; default: in each image its own largest. */
  readonly white?: number | undefined;
  /** White pixels between two images; default 2. */
  readonly gap?: number | undefined;
  /** Whether each column (default: features is pixels × count) or each row is one image. */
  readonly images?: Stacking | undefined;
}

const largestSheet = 100_000_000;

/**
 * Draws each column (or row) of `features` as one image, its pixels row by row from the top left, on a sheet
 * filled line by line. 0 is black; what is white, `white` says.
 *
 * @throws AdvnmfError `SHAPE` when the number of pixels is not width·height; `OPTION` for a bad option or a
 *   sheet beyond 100 million pixels; `NEGATIVE` or `NOT_FINITE` for entries that no grey value can stand for.
 */
export function encodeImageSheet(features: MatrixLike, options: ImageSheetOptions): Uint8Array<ArrayBuffer> {
  const known = ["width", "height", "columns", "scale", "gap", "images", "white"];
  checkOptions(options, known, "encodeImageSheet");
  const { rows, cols, data } = toMatrix(features, "features");
  const width = wholeNumber(options.width, Number.NaN, "width", 1, largestSheet);
  const height = wholeNumber(options.height, Number.NaN, "height", 1, largestSheet);
  const images = oneOf<Stacking, "columns">(options.images, ["columns", "rows"], "columns", "images");
  const [count, size] = images === "columns" ? [cols, rows] : [rows, cols];
  if (size !== width * height) {
    throw new AdvnmfError(
      "SHAPE",
      `features is ${rows}×${cols}, so each image (one of the ${images}) has ${size} pixels, but width × height is ${width}×${height} = ${width * height}; see the options width, height and images`,
      { rows, cols, got: size, expected: width * height },
    );
  }
  const across = wholeNumber(options.columns, Math.ceil(Math.sqrt(count)), "columns", 1, largestSheet);
  const zoom = wholeNumber(options.scale, 1, "scale", 1, 1000);
  const { white } = options;
  if (white !== undefined && !(white > 0 && white < Number.POSITIVE_INFINITY)) {
    throw new AdvnmfError("OPTION", `white must be a number above 0, got ${white}`, {
      option: "white",
      got: white,
    });
  }
  const gap = wholeNumber(options.gap, 2, "gap", 0, 1000);
  const used = Math.min(across, count);
  const sheetWidth = used * (width * zoom + gap) - gap;
  const sheetHeight = Math.ceil(count / used) * (height * zoom + gap) - gap;
  if (sheetWidth * sheetHeight > largestSheet) {
    throw new AdvnmfError(
      "OPTION",
      `a sheet of ${sheetWidth}×${sheetHeight} pixels is more than ${largestSheet}; lower scale or gap`,
      { width: sheetWidth, height: sheetHeight, expected: largestSheet },
    );
  }
  const sheet = allocateBytes(sheetWidth * sheetHeight).fill(255);
  for (let index = 0; index < count; index++) {
    const one = new Float64Array(size);
    for (let pixel = 0; pixel < size; pixel++) {
      const entry = data[images === "columns" ? pixel * cols + index : index * cols + pixel] as number;
      one[pixel] = white === undefined ? entry : Math.round(255 * Math.min(1, entry / white));
    }
    const scale = white === undefined ? "max" : "none";
    const { pixels } = quantize({ rows: height, cols: width, data: one }, 255, scale);
    const left = (index % used) * (width * zoom + gap);
    const top = Math.floor(index / used) * (height * zoom + gap);
    for (let y = 0; y < height * zoom; y++) {
      for (let x = 0; x < width * zoom; x++) {
        sheet[(top + y) * sheetWidth + left + x] = pixels[
          Math.floor(y / zoom) * width + Math.floor(x / zoom)
        ] as number;
      }
    }
  }
  return new Uint8Array(
    encode({ width: sheetWidth, height: sheetHeight, data: sheet, depth: 8, channels: 1 }),
  );
}
