/** Many images of one size as one matrix: each image a row, or each image a column. */
import { AdvnmfError } from "../errors.js";
import { allocate, checkShape } from "./bytes.js";
import { expectedLength } from "./detect.js";
import type { GreyImage } from "./grey.js";
import { gunzip, isGzip } from "./gzip.js";
import { checkOptions, dtypeOption, maxBytesOption, oneOf } from "./options.js";
import { isPng, parsePng } from "./png.js";
import { parsePgm } from "./pnm.js";
import type { DtypeOption, FileMatrix, ImageFacts, MaxBytesOption, Stacking } from "./types.js";

/** A file that is already in memory. */
export interface NamedBytes {
  /** The file's name: pictures are stacked in the natural order of names. */
  readonly name: string;
  /** What is in it. */
  readonly bytes: Uint8Array;
}

/** Options of {@link stackImages}. */
export interface StackOptions extends DtypeOption, MaxBytesOption {
  /** Each image one row (default: n × pixels) or one column (pixels × n). */
  readonly images?: Stacking | undefined;
}

/**
 * Compares names as people count: runs of digits by value, everything else by character code, so that
 * `face_2` comes before `face_10` in every language.
 */
export function compareNatural(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = comparePart(left[i] as string, right[i] as string);
    if (order !== 0) return order;
  }
  return left.length - right.length || (a < b ? -1 : a > b ? 1 : 0);
}

function comparePart(a: string, b: string): number {
  const digits = /^\d/;
  if (digits.test(a) && digits.test(b)) {
    const x = a.replace(/^0+/, "");
    const y = b.replace(/^0+/, "");
    if (x.length !== y.length) return x.length - y.length;
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function parseImage({ name, bytes }: NamedBytes, maxBytes: number): GreyImage {
  try {
    const plain = isGzip(bytes) ? gunzip(bytes, maxBytes, expectedLength) : bytes;
    return isPng(plain) ? parsePng(plain, maxBytes) : parsePgm(plain);
  } catch (error) {
    if (!(error instanceof AdvnmfError)) throw error;
    throw new AdvnmfError(
      error.code,
      `${name}: ${error.message}`,
      { ...error.details, name },
      { cause: error },
    );
  }
}

/**
 * Stacks PGM and PNG images, in the natural order of their names, into n × pixels (`images: "rows"`) or
 * pixels × n (`"columns"`). The names become the names of the rows or columns.
 *
 * @throws AdvnmfError `SHAPE` when two images differ in size, naming both, or there is none; `FORMAT` when
 *   one is damaged or has another largest value than the first; `MEMORY` beyond `maxBytes`.
 */
export function stackImages(files: readonly NamedBytes[], options: StackOptions = {}): FileMatrix {
  checkOptions(options, ["images", "dtype", "maxBytes"], "stackImages");
  const stacking = oneOf<Stacking, "rows">(options.images, ["rows", "columns"], "rows", "images");
  const dtype = dtypeOption(options.dtype) ?? "f64";
  const maxBytes = maxBytesOption(options.maxBytes);
  const sorted = [...files].sort((a, b) => compareNatural(a.name, b.name));
  const [firstFile] = sorted;
  if (firstFile === undefined) {
    throw new AdvnmfError("SHAPE", "there is no image to stack; expected PGM or PNG files", { got: 0 });
  }
  const first = parseImage(firstFile, maxBytes);
  const { width, height, maxval } = first;
  const count = sorted.length;
  const size = width * height;
  const [rows, cols] = stacking === "rows" ? [count, size] : [size, count];
  checkShape(rows, cols, dtype, maxBytes);
  const data = allocate(rows * cols, dtype);
  let colors: ImageFacts["colors"] = "grey";
  sorted.forEach((file, index) => {
    const image = index === 0 ? first : parseImage(file, maxBytes);
    checkSame(firstFile.name, first, file.name, image);
    if (image.colors === "luminance") colors = "luminance";
    const start = stacking === "rows" ? index * size : index;
    const step = stacking === "rows" ? 1 : count;
    for (let pixel = 0; pixel < size; pixel++) data[start + pixel * step] = image.pixels[pixel] as number;
  });
  const names = sorted.map((file) => file.name);
  return {
    rows,
    cols,
    data,
    format: "images",
    image: { width, height, stacking, maxval, names, colors },
    ...(stacking === "rows" ? { rowNames: names } : { colNames: names }),
  };
}

function checkSame(firstName: string, first: GreyImage, name: string, image: GreyImage): void {
  if (image.width !== first.width || image.height !== first.height) {
    throw new AdvnmfError(
      "SHAPE",
      `${name} is ${image.width}×${image.height} pixels, but ${firstName} is ${first.width}×${first.height}; all images must have one size: crop or scale them first`,
      {
        name,
        got: [image.width, image.height],
        firstName,
        expected: [first.width, first.height],
      },
    );
  }
  if (image.maxval !== first.maxval) {
    throw new AdvnmfError(
      "FORMAT",
      `white is ${image.maxval} in ${name} but ${first.maxval} in ${firstName}; convert the images to one depth first`,
      { name, got: image.maxval, firstName, expected: first.maxval },
    );
  }
}
