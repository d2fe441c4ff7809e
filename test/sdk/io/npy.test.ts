import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeNpy, encodeNpy } from "../../../sdk/io/index.js";
import * as made from "./fixtures.js";
import { base, failure, matrices, patched, rowsOf, utf8 } from "./helpers.js";

/** A version 1 file with this header text and body. */
function npy(header: string, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = `${header}\n`;
  return new Uint8Array([...utf8Latin("\x93NUMPY"), 1, 0, text.length, 0, ...utf8(text), ...body]);
}

function utf8Latin(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}

describe("files by NumPy", () => {
  it.each([
    ["npyF8", made.npyF8],
    ["npyF8Fortran", made.npyF8Fortran],
    ["npyF8Big", made.npyF8Big],
    ["npyVersion2", made.npyVersion2],
    ["npyVersion3", made.npyVersion3],
  ])("%s is base in f64", (_, bytes) => {
    const got = decodeNpy(bytes);
    expect(got.data).toBeInstanceOf(Float64Array);
    expect(rowsOf(got)).toEqual(base);
    expect(got.format).toBe("npy");
  });

  it("reads f4 as f32, and as f64 when asked", () => {
    const got = decodeNpy(made.npyF4);
    expect(got.data).toBeInstanceOf(Float32Array);
    expect(rowsOf(got)).toEqual(base.map((row) => row.map(Math.fround)));
    expect(decodeNpy(made.npyF4, { dtype: "f64" }).data).toBeInstanceOf(Float64Array);
    expect(decodeNpy(made.npyF8, { dtype: "f32" }).data).toEqual(got.data);
  });

  const two53 = 9_007_199_254_740_992;
  it.each([
    ["npyI1", made.npyI1, [[-128, 127]]],
    ["npyU2", made.npyU2, [[0, 65_535]]],
    ["npyU4", made.npyU4, [[0, 4_294_967_295]]],
    ["npyI4", made.npyI4, [[-2_147_483_648, 2_147_483_647]]],
    ["npyU8", made.npyU8, [[0, two53]]],
    ["npyBool", made.npyBool, [[1, 0, 1]]],
    ["npyVector", made.npyVector, [[7], [8], [9]]],
    ["npyScalar", made.npyScalar, [[42]]],
    [
      "npyI8",
      made.npyI8,
      [
        [-two53, -1, 0],
        [1, 4_294_967_296, two53],
      ],
    ],
    [
      "npyI8Big",
      made.npyI8Big,
      [
        [-two53, -1, 0],
        [1, 4_294_967_296, two53],
      ],
    ],
    [
      "npyI2BigFortran",
      made.npyI2BigFortran,
      [
        [-300, 2, 3],
        [4, 5, 32_767],
      ],
    ],
    [
      "npyF2",
      made.npyF2,
      [
        [0, 1, -2.5],
        [65_504, 2 ** -24, Infinity],
      ],
    ],
  ])("%s has its exact values", (_, bytes, expected) => {
    expect(rowsOf(decodeNpy(bytes))).toEqual(expected);
  });

  it("refuses a 64-bit integer beyond 2^53 rather than round it", () => {
    const error = failure(() => decodeNpy(made.npyI8TooWide));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toMatchObject({ row: 0, column: 1 });
  });

  it.each([
    ["complex numbers", made.npyComplex],
    ["Python objects", made.npyObject],
    ["records", made.npyRecords],
  ])("refuses %s", (what, bytes) => {
    const error = failure(() => decodeNpy(bytes));
    expect(error.code).toBe("UNSUPPORTED");
    expect(error.message).toContain(what);
  });

  it("refuses three dimensions and empty arrays", () => {
    const cube = failure(() => decodeNpy(made.npyCube));
    expect(cube.code).toBe("SHAPE");
    expect(cube.message).toContain("2×3×4");
    expect(failure(() => decodeNpy(made.npyEmpty)).code).toBe("SHAPE");
  });
});

describe("round trip", () => {
  it("keeps shape, dtype and every bit", () => {
    fc.assert(
      fc.property(matrices(true), (matrix) => {
        const got = decodeNpy(encodeNpy(matrix));
        expect([got.rows, got.cols]).toEqual([matrix.rows, matrix.cols]);
        expect(got.data).toEqual(matrix.data);
      }),
    );
  });

  it("writes the very bytes that NumPy writes", () => {
    expect(encodeNpy(base)).toEqual(made.npyF8);
    expect(encodeNpy(base, { dtype: "f32" })).toEqual(made.npyF4);
  });
});

describe("damaged files", () => {
  it("names the bytes got and expected when cut short, before allocating", () => {
    const error = failure(() => decodeNpy(made.npyF8.subarray(0, 175)));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toMatchObject({ expected: 176, got: 175 });
  });

  it("refuses a header that claims 2^40 entries", () => {
    const error = failure(() =>
      decodeNpy(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1048576, 1048576), }")),
    );
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("8796093022");
  });

  it("refuses a header whose size is no safe integer", () => {
    const error = failure(() =>
      decodeNpy(npy(`{'descr': '<f8', 'fortran_order': False, 'shape': (${"9".repeat(30)}, 9), }`)),
    );
    expect(error.code).toBe("FORMAT");
  });

  it("refuses bytes after the array", () => {
    const error = failure(() => decodeNpy(new Uint8Array([...made.npyF8, 0])));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toMatchObject({ expected: 176, got: 177 });
  });

  it("refuses another magic, version or header", () => {
    expect(failure(() => decodeNpy(utf8("hello, this is text"))).code).toBe("FORMAT");
    expect(failure(() => decodeNpy(patched(made.npyF8, 6, 9))).code).toBe("UNSUPPORTED");
    expect(failure(() => decodeNpy(npy("{'descr': '<f8', 'shape': (1,), }"))).code).toBe("FORMAT");
  });

  it("refuses a matrix beyond maxBytes", () => {
    const error = failure(() => decodeNpy(made.npyF8, { maxBytes: 47 }));
    expect(error.code).toBe("MEMORY");
    expect(error.details).toMatchObject({ expected: 48, maxBytes: 47 });
    expect(rowsOf(decodeNpy(made.npyF8, { maxBytes: 48 }))).toEqual(base);
  });
});
