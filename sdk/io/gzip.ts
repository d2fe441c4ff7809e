/** gzip (RFC 1952), one or several members, with their checksums verified. */
import { Gunzip, gzipSync } from "fflate";
import { AdvnmfError } from "../errors.js";
import { concatBytes, viewOf } from "./bytes.js";
import { crc32 } from "./checksum.js";
import { cannotExpand, pieceBytes, wrongChecksum } from "./inflate.js";

/** Enough of the expanded data to hold the header of any format whose header gives its size. */
const headBytes = 70_000;

/** Whether `bytes` starts like a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Expands a gzip file.
 *
 * @param maxBytes stop beyond this many expanded bytes.
 * @param sizeFromHead given the first expanded bytes, how many there may be in all, if they tell.
 * @throws AdvnmfError `FORMAT` for damaged data, or data longer than its own header needs; `MEMORY`
 *   beyond `maxBytes`.
 */
export function gunzip(
  bytes: Uint8Array,
  maxBytes: number,
  sizeFromHead?: (head: Uint8Array) => number | undefined,
): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array[] = [];
  let made = 0;
  let needed: number | undefined;
  let asked = false;
  let crc = 0;
  let memberBytes = 0;
  const endMember = (end: number): void => {
    const view = viewOf(bytes);
    const stored = view.getUint32(end - 8, true);
    if (stored !== crc) throw wrongChecksum("the gzip data", stored, crc);
    const length = view.getUint32(end - 4, true);
    if (length !== memberBytes % 4_294_967_296) {
      throw new AdvnmfError(
        "FORMAT",
        `the gzip data expands to ${memberBytes} bytes, its trailer says ${length}; the file is damaged`,
        { expected: length, got: memberBytes },
      );
    }
    crc = 0;
    memberBytes = 0;
  };
  if (bytes.length < 18) {
    throw new AdvnmfError(
      "FORMAT",
      `a gzip file has at least 18 bytes, got ${bytes.length}; the file is cut short`,
      { expected: 18, got: bytes.length },
    );
  }
  const stream = new Gunzip((piece) => {
    pieces.push(piece);
    made += piece.length;
    memberBytes += piece.length;
    crc = crc32(piece, crc);
    if (!asked && made >= headBytes && sizeFromHead !== undefined) {
      asked = true;
      needed = sizeFromHead(concatBytes(pieces));
    }
    checkGrowth(made, maxBytes, needed);
  });
  stream.onmember = endMember;
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      stream.push(bytes.subarray(at, at + pieceBytes), at + pieceBytes >= bytes.length);
    }
    endMember(bytes.length);
  } catch (cause) {
    throw cannotExpand("the gzip data", cause);
  }
  return concatBytes(pieces);
}

function checkGrowth(made: number, maxBytes: number, needed: number | undefined): void {
  if (needed !== undefined && made > needed) {
    throw new AdvnmfError(
      "FORMAT",
      `the gzip data expands beyond the ${needed} bytes that its own header asks for; the file is damaged or made to exhaust memory`,
      { expected: needed, got: made },
    );
  }
  if (made > maxBytes) {
    throw new AdvnmfError(
      "MEMORY",
      `the gzip data expands to more than maxBytes = ${maxBytes} bytes; raise maxBytes if the file is to be trusted`,
      { maxBytes, got: made },
    );
  }
}

/** Compresses `bytes`; no time stamp is stored, so equal input gives equal output. */
export function gzip(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return gzipSync(bytes, { mtime: 0 });
}
