import fc from "fast-check";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { decodeNpy, decodeNpz, encodeNpy, encodeNpz, listNpz } from "../../../sdk/io/index.js";
import * as made from "./fixtures.js";
import { base, failure, matrices, patched, rowsOf } from "./helpers.js";

/** Where the central directory's first entry starts. */
function directoryOf(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2] === 1 && bytes[at + 3] === 2) return at;
  }
  throw new Error("no directory");
}

/** Four little-endian bytes. */
function u32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255];
}

describe("files by NumPy", () => {
  it("lists the variables of a compressed archive", () => {
    expect(listNpz(made.npzCompressed)).toEqual([
      { name: "X", shape: [2, 3], type: "<f8", readable: true },
      { name: "mask", shape: [2, 3], type: "|u1", readable: true },
      { name: "n", shape: [], type: "<i8", readable: true },
    ]);
  });

  it("reads the chosen one", () => {
    const got = decodeNpz(made.npzCompressed, { variable: "X" });
    expect(rowsOf(got)).toEqual(base);
    expect(got).toMatchObject({ format: "npz", variable: "X" });
    expect(rowsOf(decodeNpz(made.npzCompressed, { variable: "mask" }))).toEqual([
      [1, 0, 1],
      [0, 1, 1],
    ]);
    expect(rowsOf(decodeNpz(made.npzCompressed, { variable: "n" }))).toEqual([[3]]);
  });

  it("reads the only one of a stored archive without a name", () => {
    expect(rowsOf(decodeNpz(made.npzStored))).toEqual(base);
    expect(decodeNpz(made.npzStored).variable).toBe("arr_0");
  });

  it("asks which, when there are several", () => {
    const open = failure(() => decodeNpz(made.npzCompressed));
    expect(open.code).toBe("OPTION");
    expect(open.message).toContain("X (2×3 <f8), mask (2×3 |u1)");
    const wrong = failure(() => decodeNpz(made.npzCompressed, { variable: "masks" }));
    expect(wrong.code).toBe("OPTION");
    expect(wrong.details).toMatchObject({ nearest: "mask" });
  });
});

describe("round trip", () => {
  it("keeps several matrices, compressed or not", () => {
    fc.assert(
      fc.property(matrices(true), matrices(true), fc.boolean(), (first, second, compress) => {
        const bytes = encodeNpz({ first, second }, { compress });
        for (const [variable, matrix] of Object.entries({ first, second })) {
          const got = decodeNpz(bytes, { variable });
          expect([got.rows, got.cols]).toEqual([matrix.rows, matrix.cols]);
          expect(got.data).toEqual(matrix.data);
        }
      }),
    );
  });

  it("writes entries that others find, and the same bytes each time", () => {
    const bytes = encodeNpz(base);
    expect(encodeNpz(base)).toEqual(bytes);
    expect(Object.keys(unzipSync(bytes))).toEqual(["arr_0.npy"]);
    expect(rowsOf(decodeNpy(unzipSync(bytes)["arr_0.npy"] as Uint8Array))).toEqual(base);
  });

  it("refuses to write nothing", () => {
    expect(failure(() => encodeNpz({})).code).toBe("SHAPE");
  });
});

describe("damaged and hostile archives", () => {
  const array = encodeNpy({ rows: 100, cols: 100, data: new Float64Array(10_000) });

  it("refuses an entry longer than its own array, without expanding it", () => {
    const bomb = new Uint8Array(5_000_000);
    bomb.set(array);
    const error = failure(() => decodeNpz(zipSync({ "X.npy": bomb })));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("declares 5000000 bytes");
    expect(error.details).toMatchObject({ expected: array.length, got: 5_000_000 });
  });

  it("stops when an entry expands beyond what the directory declares", () => {
    const bomb = new Uint8Array(5_000_000);
    bomb.set(array);
    const bytes = zipSync({ "X.npy": bomb });
    const lying = patched(bytes, directoryOf(bytes) + 24, ...u32(array.length));
    const error = failure(() => decodeNpz(lying));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("expands to more");
  });

  it("refuses a declared size that the compressed bytes cannot reach, before allocating", () => {
    const header = encodeNpy([[1]]).slice();
    const text = "{'descr': '<f8', 'fortran_order': False, 'shape': (10000000, 10), }";
    header.fill(0x20, 10, 127);
    header.set(new TextEncoder().encode(text), 10);
    const bytes = zipSync({ "X.npy": header });
    const lying = patched(bytes, directoryOf(bytes) + 24, ...u32(128 + 800_000_000));
    const error = failure(() => decodeNpz(lying));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("cannot expand");
  });

  it("refuses an entry beyond maxBytes", () => {
    const error = failure(() => decodeNpz(zipSync({ "X.npy": array }), { maxBytes: 80_000 }));
    expect(error.code).toBe("MEMORY");
    expect(error.details).toMatchObject({ got: 80_128, maxBytes: 80_000 });
  });

  it("notices one flipped bit, stored or compressed", () => {
    const stored = encodeNpz(base, { compress: false });
    /* 30 bytes of local header, 9 of name, 128 of NPY header: then the entries */
    const flipped = patched(stored, 30 + 9 + 128 + 20, (stored[30 + 9 + 128 + 20] as number) ^ 1);
    const error = failure(() => decodeNpz(flipped));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("checksum");
    const directory = directoryOf(made.npzStored);
    expect(
      failure(() =>
        decodeNpz(patched(made.npzStored, directory + 16, (made.npzStored[directory + 16] as number) ^ 1)),
      ).message,
    ).toContain("checksum");
  });

  it("refuses encryption and other methods", () => {
    const bytes = encodeNpz(base);
    const at = directoryOf(bytes);
    expect(failure(() => decodeNpz(patched(bytes, at + 8, 1))).code).toBe("UNSUPPORTED");
    expect(failure(() => decodeNpz(patched(bytes, at + 10, 12))).code).toBe("UNSUPPORTED");
  });

  it("refuses an archive without arrays", () => {
    expect(failure(() => decodeNpz(zipSync({ "readme.txt": new Uint8Array(3) }))).code).toBe("FORMAT");
    expect(failure(() => decodeNpz(zipSync({}))).code).toBe("FORMAT");
  });
});

describe("zip64", () => {
  it("finds sizes and places in the extra field", () => {
    /* the same archive with its three 32-bit fields moved to a zip64 extra field, by hand */
    const plain = encodeNpz(base);
    const at = directoryOf(plain);
    const view = new DataView(plain.buffer);
    const sizes = [
      view.getUint32(at + 24, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 42, true),
    ];
    const name = plain.subarray(at + 46, at + 46 + 9);
    const entry = plain.slice(at, at + 46);
    entry.fill(255, 20, 28).fill(255, 42, 46).set([28, 0], 30);
    const extra = [1, 0, 24, 0, ...sizes.flatMap((size) => [...u32(size), 0, 0, 0, 0])];
    const directory = [...entry, ...name, ...extra];
    const wideEnd = at + directory.length;
    const record = [...u32(0x06064b50), ...u32(44), 0, 0, 0, 0, 45, 0, 45, 0, ...new Array(8).fill(0)];
    const counts = [1, 1, directory.length, at].flatMap((value) => [...u32(value), 0, 0, 0, 0]);
    const locator = [...u32(0x07064b50), 0, 0, 0, 0, ...u32(wideEnd), 0, 0, 0, 0, 1, 0, 0, 0];
    const end = [...u32(0x06054b50), 0, 0, 0, 0, ...new Array(12).fill(255), 0, 0];
    const wide = new Uint8Array([
      ...plain.subarray(0, at),
      ...directory,
      ...record,
      ...counts,
      ...locator,
      ...end,
    ]);
    expect(rowsOf(decodeNpz(wide))).toEqual(base);
  });
});
