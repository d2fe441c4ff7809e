/**
 * Reading of zip archives, as far as NPZ needs it: the central directory (with its zip64 extension) and
 * single entries, stored or deflated, with their declared sizes and checksums enforced.
 * Specification: PKWARE APPNOTE 6.3.
 */
import { AdvnmfError } from "../errors.js";
import { checkLength, startsWith, viewOf } from "./bytes.js";
import { crc32 } from "./checksum.js";
import { inflateRaw, inflateRawHead, wrongChecksum } from "./inflate.js";

/** One entry of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Declared size once expanded. */
  readonly size: number;
  /** The first `count` bytes, expanded (fewer if there are fewer). */
  head(count: number): Uint8Array;
  /** All bytes, expanded: exactly `size`, with the right checksum. */
  read(): Uint8Array;
}

const endRecord = "PK\x05\x06";
const endRecordBytes = 22;
const longestComment = 65_535;

/** Whether `bytes` starts like a zip archive (an empty one has nothing but its end record). */
export function isZip(bytes: Uint8Array): boolean {
  return startsWith(bytes, "PK\x03\x04") || startsWith(bytes, endRecord);
}

/**
 * Lists the entries of a zip archive. Nothing is expanded before an entry's `head` or `read` is called.
 *
 * @throws AdvnmfError `FORMAT` when the directory is missing or points outside the file.
 */
export function readZip(bytes: Uint8Array): ZipEntry[] {
  const { offset, count } = findDirectory(bytes);
  const entries: ZipEntry[] = [];
  let at = offset;
  for (let i = 0; i < count; i++) {
    checkLength(at + 46, bytes.length, `entry ${i} of the zip directory`);
    if (!startsWith(bytes, "PK\x01\x02", at)) {
      throw new AdvnmfError(
        "FORMAT",
        `the zip directory is damaged at entry ${i} of ${count}; get the file again`,
        {
          entry: i,
        },
      );
    }
    const view = viewOf(bytes);
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const commentBytes = view.getUint16(at + 32, true);
    const nameStart = at + 46;
    const end = nameStart + nameBytes + extraBytes + commentBytes;
    checkLength(end, bytes.length, `entry ${i} of the zip directory`);
    const name = new TextDecoder().decode(bytes.subarray(nameStart, nameStart + nameBytes));
    const sizes = entrySizes(
      view,
      at,
      nameStart + nameBytes,
      nameStart + nameBytes + extraBytes,
      `zip entry ${name}`,
    );
    entries.push(
      makeEntry(bytes, {
        name,
        ...sizes,
        flags: view.getUint16(at + 8, true),
        method: view.getUint16(at + 10, true),
        crc: view.getUint32(at + 16, true),
      }),
    );
    at = end;
  }
  return entries;
}

function findDirectory(bytes: Uint8Array): { offset: number; count: number } {
  const last = bytes.length - endRecordBytes;
  let end = last;
  while (end >= 0 && end >= last - longestComment && !startsWith(bytes, endRecord, end)) end--;
  if (end < 0 || end < last - longestComment) {
    throw new AdvnmfError(
      "FORMAT",
      `the zip archive of ${bytes.length} bytes has no directory at its end; the file is cut short: get it again`,
      { got: bytes.length },
    );
  }
  const view = viewOf(bytes);
  const directory = { offset: view.getUint32(end + 16, true), count: view.getUint16(end + 10, true) };
  if (directory.offset !== 0xffff_ffff && directory.count !== 0xffff) return directory;
  if (end < 20 || !startsWith(bytes, "PK\x06\x07", end - 20)) return directory;
  const wide = safe(view.getBigUint64(end - 12, true), "the zip64 directory");
  checkLength(wide + 56, bytes.length, "the zip64 directory record");
  return {
    offset: safe(view.getBigUint64(wide + 48, true), "the zip64 directory"),
    count: safe(view.getBigUint64(wide + 32, true), "the zip64 directory"),
  };
}

function safe(value: bigint, what: string): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new AdvnmfError("FORMAT", `${what} gives ${value}, more than any file holds; the file is damaged`, {
    got: String(value),
  });
}

interface EntrySizes {
  readonly packedSize: number;
  readonly size: number;
  readonly offset: number;
}

/** Sizes and place of an entry; those that read 0xffffffff are found in the zip64 extra field, in order. */
function entrySizes(
  view: DataView,
  at: number,
  extraStart: number,
  extraEnd: number,
  what: string,
): EntrySizes {
  let size = view.getUint32(at + 24, true);
  let packedSize = view.getUint32(at + 20, true);
  let offset = view.getUint32(at + 42, true);
  for (let field = extraStart; field + 4 <= extraEnd; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    let value = field + 4;
    const next = (): number => {
      checkLength(value + 8, Math.min(extraEnd, field + 4 + view.getUint16(field + 2, true)), what);
      value += 8;
      return safe(view.getBigUint64(value - 8, true), what);
    };
    if (size === 0xffff_ffff) size = next();
    if (packedSize === 0xffff_ffff) packedSize = next();
    if (offset === 0xffff_ffff) offset = next();
    break;
  }
  return { packedSize, size, offset };
}

interface EntryRecord extends EntrySizes {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
}

function makeEntry(bytes: Uint8Array, record: EntryRecord): ZipEntry {
  const what = `zip entry ${record.name}`;
  return {
    name: record.name,
    size: record.size,
    head: (count) => {
      const packed = packedBytes(bytes, record, what);
      return record.method === 0 ? packed.subarray(0, count) : inflateRawHead(packed, count, what);
    },
    read: () => {
      const packed = packedBytes(bytes, record, what);
      const expanded = record.method === 0 ? packed : inflateRaw(packed, record.size, what);
      const got = crc32(expanded);
      if (got !== record.crc) throw wrongChecksum(what, record.crc, got);
      return expanded;
    },
  };
}

function packedBytes(bytes: Uint8Array, record: EntryRecord, what: string): Uint8Array {
  const { offset, packedSize, size, method } = record;
  if (record.flags & 1) {
    throw new AdvnmfError("UNSUPPORTED", `${what} is encrypted; save the archive without a password`, {
      entry: record.name,
    });
  }
  if (method !== 0 && method !== 8) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      `${what} is compressed by method ${method}, only stored (0) and deflated (8) entries can be read; save it with numpy.savez_compressed`,
      { entry: record.name, method },
    );
  }
  checkLength(offset + 30, bytes.length, what);
  if (!startsWith(bytes, "PK\x03\x04", offset)) {
    throw new AdvnmfError("FORMAT", `${what} is not where the directory says; the file is damaged`, {
      entry: record.name,
      offset,
    });
  }
  const view = viewOf(bytes);
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  checkLength(start + packedSize, bytes.length, what);
  if (method === 0 && packedSize !== size) {
    throw new AdvnmfError(
      "FORMAT",
      `${what} is stored in ${packedSize} bytes but declares ${size}; the file is damaged`,
      {
        entry: record.name,
        expected: size,
        got: packedSize,
      },
    );
  }
  return bytes.subarray(start, start + packedSize);
}
