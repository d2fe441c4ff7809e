/**
 * Bounded decompression of DEFLATE (RFC 1951) and zlib (RFC 1950) data whose expanded size is declared
 * elsewhere. It is fed in small pieces and stopped as soon as it makes more than was declared, so that a
 * small file cannot fill the memory.
 */
import { Inflate } from "fflate";
import { AdvnmfError } from "../errors.js";
import { allocateBytes, viewOf } from "./bytes.js";
import { adler32 } from "./checksum.js";

/** DEFLATE cannot expand one byte to more than this many. */
const bestRatio = 1032;

/** Compressed bytes fed at a time: at most about 8 MiB can come out of one piece. */
export const pieceBytes = 8192;

/**
 * Expands raw DEFLATE data that must make exactly `size` bytes.
 *
 * @throws AdvnmfError `FORMAT` when it makes more, fewer, or cannot be expanded; `MEMORY` when there is
 *   no room for `size` bytes.
 */
export function inflateRaw(packed: Uint8Array, size: number, what: string): Uint8Array<ArrayBuffer> {
  if (size > (packed.length + 1) * bestRatio) {
    throw new AdvnmfError(
      "FORMAT",
      `${what} declares ${size} bytes, but its ${packed.length} compressed bytes cannot expand to more than ${(packed.length + 1) * bestRatio}; the file is damaged`,
      { expected: size, got: packed.length },
    );
  }
  const out = allocateBytes(size);
  let made = 0;
  feed(packed, pieceBytes, what, (piece) => {
    if (made + piece.length > size) {
      throw new AdvnmfError(
        "FORMAT",
        `${what} declares ${size} bytes but expands to more; the file is damaged or made to exhaust memory`,
        { expected: size, got: made + piece.length },
      );
    }
    out.set(piece, made);
    made += piece.length;
    return true;
  });
  if (made !== size) {
    throw new AdvnmfError(
      "FORMAT",
      `${what} declares ${size} bytes but expands to ${made}; the file is damaged`,
      {
        expected: size,
        got: made,
      },
    );
  }
  return out;
}

/**
 * Expands a zlib stream that must make exactly `size` bytes, and checks its Adler-32.
 *
 * @throws AdvnmfError as {@link inflateRaw}, and `FORMAT` for a wrong header or checksum.
 */
export function inflateZlib(packed: Uint8Array, size: number, what: string): Uint8Array<ArrayBuffer> {
  const out = inflateRaw(zlibBody(packed, what), size, what);
  const stored = viewOf(packed).getUint32(packed.length - 4);
  const got = adler32(out);
  if (got !== stored) throw wrongChecksum(what, stored, got);
  return out;
}

/** The first `count` bytes (fewer if it makes fewer) of a raw DEFLATE stream, expanding little more. */
export function inflateRawHead(packed: Uint8Array, count: number, what: string): Uint8Array {
  const head = allocateBytes(count);
  let made = 0;
  feed(packed, 256, what, (piece) => {
    head.set(piece.subarray(0, count - made), made);
    made = Math.min(count, made + piece.length);
    return made < count;
  });
  return head.subarray(0, made);
}

/** The first `count` bytes (fewer if it makes fewer) of a zlib stream. */
export function inflateZlibHead(packed: Uint8Array, count: number, what: string): Uint8Array {
  return inflateRawHead(zlibBody(packed, what), count, what);
}

/** The error for data whose checksum differs from the stored one. */
export function wrongChecksum(what: string, expected: number, got: number): AdvnmfError {
  return new AdvnmfError(
    "FORMAT",
    `${what} has checksum ${hex(got)}, expected ${hex(expected)}; the file is damaged: get it again`,
    { expected, got },
  );
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

function zlibBody(packed: Uint8Array, what: string): Uint8Array {
  const [method = 0, flags = 0] = packed;
  const sound =
    packed.length > 6 && (method & 15) === 8 && (method * 256 + flags) % 31 === 0 && !(flags & 32);
  if (!sound) {
    throw new AdvnmfError(
      "FORMAT",
      `${what} should start with a zlib header, got ${packed.length} bytes starting ${method}, ${flags}; the file is damaged`,
      { got: packed.length },
    );
  }
  return packed.subarray(2, -4);
}

/** Feeds `packed` piece by piece; `take` gets what comes out and returns whether to go on. */
function feed(packed: Uint8Array, step: number, what: string, take: (piece: Uint8Array) => boolean): void {
  let more = true;
  const stream = new Inflate((piece) => {
    more = take(piece) && more;
  });
  try {
    for (let at = 0; more && at < packed.length; at += step) {
      stream.push(packed.subarray(at, at + step), at + step >= packed.length);
    }
  } catch (cause) {
    throw cannotExpand(what, cause);
  }
}

/** Our own errors as they are; the decompressor's as `FORMAT`. */
export function cannotExpand(what: string, cause: unknown): AdvnmfError {
  if (cause instanceof AdvnmfError) return cause;
  return new AdvnmfError(
    "FORMAT",
    `${what} cannot be decompressed (${cause instanceof Error ? cause.message : String(cause)}); the file is cut short or damaged`,
    {},
    { cause },
  );
}
