/**
 * PGM, the grey images of Netpbm: P2 (text) and P5 (binary, 8 or 16 bits).
 * Specification: the Netpbm manual page pgm(5).
 */
import { AdvnmfError } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import { allocateBytes, checkLength, latin1, viewOf } from "./bytes.js";
import {
  type GreyImage,
  type ImageReadOptions,
  imageMatrix,
  type QuantizeOptions,
  quantize,
} from "./grey.js";
import { checkOptions, wholeNumber } from "./options.js";
import type { FileMatrix } from "./types.js";

interface PgmHeader {
  readonly text: boolean;
  readonly width: number;
  readonly height: number;
  readonly maxval: number;
  /** Where the pixels start. */
  readonly offset: number;
}

const isBlank = (byte: number | undefined): boolean =>
  byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

/** Whether `bytes` starts like a Netpbm image: P1 to P7, then blanks and a digit or a comment. */
export function isPnm(bytes: Uint8Array): boolean {
  return /^P[1-7]\s+[\d#]/.test(latin1(bytes, 0, 16)) || /^P7\n/.test(latin1(bytes, 0, 3));
}

/** Reads whole numbers between blanks and comments. */
class Scanner {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  /** Skips blanks and comments. */
  skip(): void {
    const { bytes } = this;
    while (this.at < bytes.length) {
      if (bytes[this.at] === 0x23) {
        while (this.at < bytes.length && bytes[this.at] !== 0x0a && bytes[this.at] !== 0x0d) this.at++;
      } else if (isBlank(bytes[this.at])) this.at++;
      else return;
    }
  }

  /** The next number; `what` is what the error calls it. */
  number(what: string): number {
    this.skip();
    const start = this.at;
    let value = 0;
    for (; this.at < this.bytes.length; this.at++) {
      const digit = (this.bytes[this.at] as number) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (this.at === start || !Number.isSafeInteger(value)) {
      const got = latin1(this.bytes, start, start + 12);
      throw new AdvnmfError(
        "FORMAT",
        `the PGM image should have ${what} at byte ${start}, got ${got === "" ? "the end of the file" : JSON.stringify(got)}; it is cut short or damaged`,
        { byte: start, got },
      );
    }
    return value;
  }
}

function readHeader(bytes: Uint8Array): PgmHeader {
  const magic = latin1(bytes, 0, 2);
  if (magic !== "P2" && magic !== "P5") {
    if (isPnm(bytes)) {
      throw new AdvnmfError(
        "UNSUPPORTED",
        `the image is Netpbm ${magic}, only grey images (P2, P5) are read; convert it to PGM or PNG`,
        { got: magic },
      );
    }
    throw new AdvnmfError("FORMAT", `a PGM image starts with P2 or P5, got ${JSON.stringify(magic)}`, {
      got: magic,
    });
  }
  const scanner = new Scanner(bytes, 2);
  const width = scanner.number("its width");
  const height = scanner.number("its height");
  const maxval = scanner.number("its largest value");
  if (width < 1 || height < 1 || maxval < 1 || maxval > 65_535) {
    throw new AdvnmfError(
      "FORMAT",
      `a PGM image needs a width and height of at least 1 and a largest value from 1 to 65535, got ${width}×${height} and ${maxval}`,
      { width, height, maxval },
    );
  }
  if (magic === "P5" && !isBlank(bytes[scanner.at])) {
    throw new AdvnmfError("FORMAT", "the PGM header must end with one blank; the file is cut short", {
      byte: scanner.at,
    });
  }
  return { text: magic === "P2", width, height, maxval, offset: scanner.at + (magic === "P5" ? 1 : 0) };
}

/** How many bytes the file needs at least, according to its header; undefined for text. */
export function pgmLength(bytes: Uint8Array): number | undefined {
  const { text, width, height, maxval, offset } = readHeader(bytes);
  /* the blanks that may follow are few */
  return text ? undefined : offset + width * height * (maxval > 255 ? 2 : 1) + 64;
}

/** Reads a PGM image; see {@link decodePgm} for the errors. */
export function parsePgm(bytes: Uint8Array): GreyImage {
  const { text, width, height, maxval, offset } = readHeader(bytes);
  const count = width * height;
  const wide = maxval > 255;
  const what = `a PGM image of ${width}×${height} pixels`;
  /* a pixel in text is a digit and a blank, but for the last */
  checkLength(offset + (text ? 2 * count : count * (wide ? 2 : 1)), bytes.length, what);
  const pixels = wide ? new Uint16Array(allocateBytes(2 * count).buffer) : allocateBytes(count);
  const scanner = new Scanner(bytes, offset);
  const view = viewOf(bytes);
  for (let i = 0; i < count; i++) {
    let value: number;
    if (text) value = scanner.number(`pixel ${i} of ${count}`);
    else value = wide ? view.getUint16(offset + 2 * i) : (bytes[offset + i] as number);
    if (value > maxval) {
      throw new AdvnmfError(
        "FORMAT",
        `pixel ${i} of the PGM image is ${value}, above its largest value ${maxval}; the file is damaged`,
        { pixel: i, got: value, expected: maxval },
      );
    }
    pixels[i] = value;
  }
  if (!text) scanner.at = offset + count * (wide ? 2 : 1);
  if (text) scanner.skip();
  else while (isBlank(bytes[scanner.at])) scanner.at++;
  if (scanner.at < bytes.length) {
    throw new AdvnmfError(
      "FORMAT",
      `${what} ends at byte ${scanner.at}, but the file has ${bytes.length}; it is damaged or holds more than one image`,
      { expected: scanner.at, got: bytes.length },
    );
  }
  return { format: "pgm", width, height, maxval, pixels, colors: "grey" };
}

/**
 * Reads one PGM image as a matrix of height × width (or, with `images`, as one row or column).
 *
 * @throws AdvnmfError `FORMAT` when it is damaged or cut short; `UNSUPPORTED` for other Netpbm images.
 */
export function decodePgm(bytes: Uint8Array, options: ImageReadOptions = {}): FileMatrix {
  return imageMatrix(parsePgm(bytes), options, "decodePgm");
}

/** Options of {@link encodePgm}. */
export interface PgmWriteOptions extends QuantizeOptions {
  /** The value of white, 1 to 65535; default 255. Above 255, pixels take two bytes. */
  readonly maxval?: number | undefined;
}

/**
 * Writes a matrix of height × width as a binary PGM image (P5).
 *
 * @throws AdvnmfError `OPTION` when an entry is not a whole number from 0 to `maxval` and `scale` is not
 *   `"max"`; `NEGATIVE` or `NOT_FINITE` for entries that no grey value can stand for.
 */
export function encodePgm(matrix: MatrixLike, options: PgmWriteOptions = {}): Uint8Array<ArrayBuffer> {
  checkOptions(options, ["maxval", "scale"], "encodePgm");
  const maxval = wholeNumber(options.maxval, 255, "maxval", 1, 65_535);
  const { width, height, pixels } = quantize(matrix, maxval, options.scale);
  const header = new TextEncoder().encode(`P5\n${width} ${height}\n${maxval}\n`);
  const wide = maxval > 255;
  const bytes = allocateBytes(header.length + pixels.length * (wide ? 2 : 1));
  bytes.set(header);
  if (!wide) bytes.set(pixels, header.length);
  const view = viewOf(bytes);
  for (let i = 0; wide && i < pixels.length; i++) {
    view.setUint16(header.length + 2 * i, pixels[i] as number);
  }
  return bytes;
}
