import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { adler32, crc32 } from "../../../sdk/io/checksum.js";
import { gunzip, gzip } from "../../../sdk/io/gzip.js";
import { decodeMatrix, encodeMatrix, encodeNpy } from "../../../sdk/io/index.js";
import * as made from "./fixtures.js";
import { base, failure, patched, rowsOf, utf8 } from "./helpers.js";

const limit = 1_000_000;

describe("checksums", () => {
  /* the check values of RFC 1950's and ISO 3309's usual test string */
  it("has the published values", () => {
    expect(crc32(utf8("123456789"))).toBe(0xcbf43926);
    expect(crc32(utf8("6789"), crc32(utf8("12345")))).toBe(0xcbf43926);
    expect(adler32(utf8("Wikipedia"))).toBe(0x11e60398);
    expect(adler32(new Uint8Array(100_000).fill(255))).toBe(adlerSlowly(new Uint8Array(100_000).fill(255)));
  });

  function adlerSlowly(bytes: Uint8Array): number {
    let a = 1;
    let b = 0;
    for (const byte of bytes) {
      a = (a + byte) % 65_521;
      b = (b + a) % 65_521;
    }
    return b * 65_536 + a;
  }
});

describe("gunzip", () => {
  it("expands one member, and several", () => {
    const long = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) & 255);
    expect(Buffer.compare(gunzip(gzipSync(long), limit), long)).toBe(0);
    expect(new TextDecoder().decode(gunzip(made.gzipTwoMembers, limit))).toBe("1,2\n3,4\n");
  });

  it("checks the checksum of every member", () => {
    const first = patched(made.gzipTwoMembers, 16, (made.gzipTwoMembers[16] as number) ^ 1);
    const last = patched(made.gzipTwoMembers, 40, (made.gzipTwoMembers[40] as number) ^ 1);
    expect(failure(() => gunzip(first, limit)).message).toContain("checksum");
    expect(failure(() => gunzip(last, limit)).message).toContain("checksum");
  });

  it("checks the length", () => {
    const bytes = gzipSync(utf8("1,2\n"));
    const error = failure(() => gunzip(patched(bytes, bytes.length - 4, 5), limit));
    expect(error.details).toMatchObject({ expected: 5, got: 4 });
  });

  it("stops at maxBytes", () => {
    const error = failure(() => gunzip(gzipSync(new Uint8Array(20_000_000)), limit));
    expect(error.code).toBe("MEMORY");
    expect(error.details.got as number).toBeLessThan(20_000_000);
  });

  it("stops beyond what the header inside asks for", () => {
    const bomb = new Uint8Array(20_000_000);
    bomb.set(encodeNpy({ rows: 100, cols: 100, data: new Float64Array(10_000) }));
    const error = failure(() => decodeMatrix(gzipSync(bomb), {}, "x.npy.gz"));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toMatchObject({ expected: 80_128 });
    expect(error.details.got as number).toBeLessThan(20_000_000);
  });
});

describe("gzip around other formats", () => {
  it.each(["csv", "tsv", "npy", "npz", "mtx", "mat"] as const)("%s", (format) => {
    const bytes = encodeMatrix(base, { format, gzip: true });
    expect([...bytes.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    expect(encodeMatrix(base, { format, gzip: true })).toEqual(bytes);
    const got = decodeMatrix(bytes);
    expect(rowsOf(got)).toEqual(base);
    expect(got.format).toBe(format);
  });

  it("is looked through once only", () => {
    const error = failure(() => decodeMatrix(gzip(gzip(utf8("1,2\n")))));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("twice");
  });
});
