/**
 * PNG images: grey of 1 to 16 bits, and RGB turned to luminance. Decoding proper is fast-png's; here the
 * chunks, their checksums and the expanded size are checked first, so that it meets nothing unexpected.
 * Specification: W3C, "Portable Network Graphics (PNG) Specification (Third Edition)".
 */
import { decode, encode } from "fast-png";
import { AdvnmfError } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import { checkLength, checkShape, concatBytes, latin1, startsWith, viewOf } from "./bytes.js";
import { crc32 } from "./checksum.js";
import {
  type GreyImage,
  type ImageReadOptions,
  imageMatrix,
  type QuantizeOptions,
  quantize,
} from "./grey.js";
import { inflateZlib, wrongChecksum } from "./inflate.js";
import { checkOptions, maxBytesOption, oneOf } from "./options.js";
import type { FileMatrix } from "./types.js";

const signature = "\x89PNG\r\n\x1a\n";

/** Whether `bytes` starts like a PNG image. */
export function isPng(bytes: Uint8Array): boolean {
  return startsWith(bytes, signature);
}

/** Samples a pixel by color type; palettes (3) are not read. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };

interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly channels: number;
  readonly interlaced: boolean;
}

interface Chunks {
  readonly header: PngHeader;
  /** The compressed pixels. */
  readonly packed: Uint8Array;
  /** The image again, without the chunks that are not needed for its pixels. */
  readonly bare: Uint8Array;
}

function readChunks(bytes: Uint8Array): Chunks {
  if (!isPng(bytes)) {
    throw new AdvnmfError("FORMAT", "a PNG image starts with \\x89PNG, this file does not", {
      got: latin1(bytes, 0, 8),
    });
  }
  const view = viewOf(bytes);
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  const packed: Uint8Array[] = [];
  let header: PngHeader | undefined;
  let type = "";
  for (let at = 8; type !== "IEND"; ) {
    checkLength(at + 12, bytes.length, "the next chunk of the PNG image");
    const length = view.getUint32(at);
    type = latin1(bytes, at + 4, at + 8);
    const end = at + 12 + length;
    checkLength(end, bytes.length, `chunk ${type} of the PNG image`);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (["IHDR", "IDAT", "IEND"].includes(type)) {
      const stored = view.getUint32(end - 4);
      const got = crc32(bytes.subarray(at + 4, end - 4));
      if (got !== stored) throw wrongChecksum(`chunk ${type} of the PNG image`, stored, got);
      kept.push(bytes.subarray(at, end));
    }
    if (header === undefined) header = readHeader(type, data);
    else if (type === "IHDR") throw new AdvnmfError("FORMAT", "the PNG image has two headers", {});
    if (type === "IDAT") packed.push(data);
    at = end;
  }
  return { header: header as PngHeader, packed: concatBytes(packed), bare: concatBytes(kept) };
}

function readHeader(type: string, data: Uint8Array): PngHeader {
  if (type !== "IHDR" || data.length !== 13) {
    throw new AdvnmfError(
      "FORMAT",
      `the first chunk of a PNG image is IHDR with 13 bytes, got ${type} with ${data.length}; the file is damaged`,
      { got: type, bytes: data.length },
    );
  }
  const view = viewOf(data);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const [depth = 0, colorType = 0] = data.subarray(8);
  if (colorType === 3) {
    throw new AdvnmfError("UNSUPPORTED", "PNG images with a palette are not read; save it as greyscale", {
      colorType,
    });
  }
  const channels = channelsOf[colorType];
  const depths = colorType === 0 ? [1, 2, 4, 8, 16] : [8, 16];
  const sound = width > 0 && height > 0 && depths.includes(depth) && data[10] === 0 && data[11] === 0;
  if (channels === undefined || !sound || (data[12] as number) > 1) {
    throw new AdvnmfError(
      "FORMAT",
      `the PNG header gives ${width}×${height} pixels, ${depth} bits, color type ${colorType} and methods ${[...data.subarray(10)].join(", ")}, which no PNG image has; the file is damaged`,
      { width, height, depth, colorType },
    );
  }
  const interlaced = data[12] === 1;
  if (interlaced && depth < 8) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      `interlaced PNG images of ${depth} bits are not read; save it without interlacing`,
      { depth },
    );
  }
  return { width, height, depth, channels, interlaced };
}

/** Bytes of the expanded, still filtered pixels: each line has a filter byte in front. */
function filteredBytes({ width, height, depth, channels, interlaced }: PngHeader): number {
  const lines = (columns: number, rows: number): number =>
    columns > 0 && rows > 0 ? rows * (1 + Math.ceil((columns * depth * channels) / 8)) : 0;
  if (!interlaced) return lines(width, height);
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const;
  let total = 0;
  for (const [x, y, across, down] of passes) {
    total += lines(Math.ceil((width - x) / across), Math.ceil((height - y) / down));
  }
  return total;
}

/** Reads a PNG image; see {@link decodePng} for the errors. */
export function parsePng(bytes: Uint8Array, maxBytes: number): GreyImage {
  const { header, packed, bare } = readChunks(bytes);
  const { width, height, depth, channels } = header;
  checkShape(height, width, "f64", maxBytes);
  inflateZlib(packed, filteredBytes(header), `a PNG image of ${width}×${height} pixels`);
  let samples: Uint8Array | Uint8ClampedArray | Uint16Array;
  try {
    samples = decode(bare).data;
  } catch (cause) {
    throw new AdvnmfError(
      "FORMAT",
      `the PNG image cannot be decoded (${cause instanceof Error ? cause.message : String(cause)}); the file is damaged`,
      {},
      { cause },
    );
  }
  const maxval = depth === 16 ? 65_535 : (1 << depth) - 1;
  const count = width * height;
  const pixels = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (depth < 8) pixels[i] = packedSample(samples, i % width, Math.floor(i / width), width, depth);
    else if (channels < 3) pixels[i] = samples[i * channels] as number;
    else pixels[i] = luminance(samples, i * channels);
    if (channels % 2 === 0 && samples[i * channels + channels - 1] !== maxval) {
      throw new AdvnmfError(
        "UNSUPPORTED",
        `pixel ${i} of the PNG image is transparent, for which no value stands; save it without transparency`,
        { pixel: i },
      );
    }
  }
  return { format: "png", width, height, maxval, pixels, colors: channels < 3 ? "grey" : "luminance" };
}

/** Sample (x, y) of lines packed to `depth` bits a sample, each line starting on a byte. */
function packedSample(lines: ArrayLike<number>, x: number, y: number, width: number, depth: number): number {
  const bit = x * depth;
  const byte = lines[y * Math.ceil((width * depth) / 8) + (bit >> 3)] as number;
  return (byte >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

/** Luma with the integer weights 299, 587 and 114 in a thousand (ITU-R BT.601): exact but for one rounding. */
function luminance(samples: ArrayLike<number>, at: number): number {
  const red = samples[at] as number;
  const green = samples[at + 1] as number;
  const blue = samples[at + 2] as number;
  return (299 * red + 587 * green + 114 * blue) / 1000;
}

/**
 * Reads one PNG image as a matrix of height × width (or, with `images`, as one row or column). Colour is
 * turned to luminance, (299 R + 587 G + 114 B) / 1000, and `image.colors` says so.
 *
 * @throws AdvnmfError `FORMAT` when it is damaged or cut short; `UNSUPPORTED` for palettes, transparent
 *   pixels and interlaced images of fewer than 8 bits; `MEMORY` beyond `maxBytes`.
 */
export function decodePng(bytes: Uint8Array, options: ImageReadOptions = {}): FileMatrix {
  return imageMatrix(parsePng(bytes, maxBytesOption(options.maxBytes)), options, "decodePng");
}

/** Options of {@link encodePng}. */
export interface PngWriteOptions extends QuantizeOptions {
  /** Bits a pixel; default 8. White is 255 or 65535. */
  readonly depth?: 8 | 16 | undefined;
}

/**
 * Writes a matrix of height × width as a grey PNG image.
 *
 * @throws AdvnmfError `OPTION` when an entry is not a whole number from 0 to white and `scale` is not
 *   `"max"`; `NEGATIVE` or `NOT_FINITE` for entries that no grey value can stand for.
 */
export function encodePng(matrix: MatrixLike, options: PngWriteOptions = {}): Uint8Array<ArrayBuffer> {
  checkOptions(options, ["depth", "scale"], "encodePng");
  const depth = oneOf<8 | 16, 8>(options.depth, [8, 16], 8, "depth");
  const { width, height, pixels } = quantize(matrix, depth === 8 ? 255 : 65_535, options.scale);
  return new Uint8Array(encode({ width, height, data: pixels, depth, channels: 1 }));
}
