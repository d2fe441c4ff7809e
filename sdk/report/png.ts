// PNG images of palette entries, for pages that have to be drawn without any package: in a browser without a bundler
// the main entry may name none. The pixels are stored, not compressed (RFC 1951, §3.2.4). Reading and proper writing
// of PNG files is in io/.

import { adler32, crc32 } from "../io/checksum.js";

/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

/** Bytes of one stored block at most. */
const BLOCK = 65_535;

/** A PNG of width×height as a data URI; `pixels` are entries of the palette, row by row. */
export function pngUri(width: number, height: number, pixels: Uint8Array, palette: readonly Color[]): string {
  // Each line begins with its filter, none.
  const lines = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const header = [...uint32(width), ...uint32(height), 8, 3, 0, 0, 0];
  const bytes = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", Uint8Array.from(header)),
    chunk("PLTE", Uint8Array.from(palette.flat())),
    chunk("IDAT", stored(lines)),
    chunk("IEND", new Uint8Array(0)),
  ];
  return `data:image/png;base64,${base64(join(bytes))}`;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const named = join([Uint8Array.from(type, (letter) => letter.charCodeAt(0)), data]);
  return join([uint32(data.length), named, uint32(crc32(named))]);
}

/** A zlib stream (RFC 1950) of stored blocks. */
function stored(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)];
  for (let at = 0; at < data.length; at += BLOCK) {
    const block = data.subarray(at, at + BLOCK);
    const last = at + BLOCK >= data.length ? 1 : 0;
    const { length } = block;
    parts.push(Uint8Array.of(last, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255), block);
  }
  return join([...parts, uint32(adler32(data))]);
}

function uint32(value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}
