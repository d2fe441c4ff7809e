import fc from "fast-check";
import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import { AdvnmfError } from "../../../sdk/errors.js";
import { decodeMat, encodeMat, listMat } from "../../../sdk/io/index.js";
import * as made from "./fixtures.js";
import { base, failure, matrices, patched, rowsOf, utf8 } from "./helpers.js";

const two53 = 9_007_199_254_740_992;
const classes: [string, number[][]][] = [
  ["d", base],
  ["s", base.map((row) => row.map(Math.fround))],
  ["i8", [[-128, 5, 127]]],
  [
    "u8",
    [
      [0, 200],
      [1, 255],
    ],
  ],
  ["i16", [[-32_768, 32_767]]],
  ["u16", [[0], [65_535]]],
  ["i32", [[-2_147_483_648, 7]]],
  ["u32", [[4_294_967_295, 1]]],
  ["i64", [[-two53, 8_589_934_592]]],
  ["u64", [[two53, 1]]],
  [
    "flag",
    [
      [1, 0],
      [0, 1],
    ],
  ],
  [
    "sparse",
    [
      [0, 0, 1.5],
      [2, 0, 0],
      [0, 0, 3],
    ],
  ],
];

/** A little-endian file with one compressed or plain array of class double called `name`, by hand. */
function file(parts: Uint8Array[]): Uint8Array {
  const header = encodeMat([[1]], { compress: false }).subarray(0, 128);
  return new Uint8Array([header, ...parts].flatMap((part) => [...part]));
}

function words(...values: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

/** Flags, dimensions and name of an array, then `rest`. */
function arrayOf(
  classNumber: number,
  rows: number,
  cols: number,
  rest: Uint8Array,
  size?: number,
): Uint8Array {
  const body = [words(6, 8, classNumber, 0), words(5, 8, rows, cols), words(0x0001_0001, 0x56), rest];
  const bytes = body.flatMap((part) => [...part]);
  return new Uint8Array([...words(14, size ?? bytes.length), ...bytes]);
}

describe.each([
  ["plain", made.matPlain],
  ["compressed", made.matCompressed],
])("a %s file by SciPy", (_, bytes) => {
  it.each(classes)("variable %s has its exact values", (variable, expected) => {
    const got = decodeMat(bytes, { variable });
    expect(rowsOf(got)).toEqual(expected);
    expect(got.data).toBeInstanceOf(variable === "s" ? Float32Array : Float64Array);
    expect(got).toMatchObject({ format: "mat", variable });
  });

  it("lists what it holds, and what of it can be read", () => {
    const list = listMat(bytes);
    expect(list.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "d double",
      "s single",
      "i8 int8",
      "u8 uint8",
      "i16 int16",
      "u16 uint16",
      "i32 int32",
      "u32 uint32",
      "i64 int64",
      "u64 uint64",
      "flag logical",
      "sparse sparse",
      "text char",
      "z complex double",
      "cube double",
      "c cell",
      "empty double",
    ]);
    expect(list.filter(({ readable }) => !readable).map(({ name }) => name)).toEqual([
      "text",
      "z",
      "cube",
      "c",
    ]);
    expect(list.find(({ name }) => name === "cube")?.shape).toEqual([2, 3, 4]);
  });

  it.each([
    ["text", "UNSUPPORTED"],
    ["z", "UNSUPPORTED"],
    ["c", "UNSUPPORTED"],
    ["cube", "SHAPE"],
    ["empty", "SHAPE"],
    ["missing", "OPTION"],
    [undefined, "OPTION"],
  ])("variable %s is refused with %s", (variable, code) => {
    expect(failure(() => decodeMat(bytes, { variable })).code).toBe(code);
  });
});

describe("other files", () => {
  it("picks the only matrix beside single numbers", () => {
    const got = decodeMat(made.matOne);
    expect(got.variable).toBe("V");
    expect(rowsOf(got)).toEqual(base);
    expect(rowsOf(decodeMat(made.matOne, { variable: "k" }))).toEqual([[3]]);
  });

  it("reads big-endian files, narrower stored types and small elements", () => {
    expect(rowsOf(decodeMat(made.matBig, { variable: "big" }))).toEqual([
      [1, 300, 5],
      [-2, 4, -6],
    ]);
    expect(rowsOf(decodeMat(made.matBig, { variable: "tiny" }))).toEqual([[9, 250]]);
    const zipped = decodeMat(made.matBig, { variable: "zipped" });
    expect(zipped.data).toEqual(new Float32Array([0.5, -1.25]));
  });

  it("says what to do about versions 4 and 7.3", () => {
    const four = failure(() => decodeMat(made.matVersion4));
    expect(four.code).toBe("UNSUPPORTED");
    expect(four.message).toContain("-v7");
    const text = utf8("MATLAB 7.3 MAT-file, Platform: GLNXA64".padEnd(124));
    const seven = failure(() => decodeMat(new Uint8Array([...text, 0, 2, 0x49, 0x4d])));
    expect(seven.code).toBe("UNSUPPORTED");
    expect(seven.message).toContain("-v7");
  });
});

describe("round trip", () => {
  it("keeps several matrices, compressed or not", () => {
    fc.assert(
      fc.property(matrices(true), matrices(true), fc.boolean(), (W, H_1, compress) => {
        const bytes = encodeMat({ W, H_1 }, { compress });
        for (const [variable, matrix] of Object.entries({ W, H_1 })) {
          const got = decodeMat(bytes, { variable });
          expect([got.rows, got.cols]).toEqual([matrix.rows, matrix.cols]);
          expect(got.data).toEqual(matrix.data);
        }
      }),
    );
  });

  it("refuses names that MATLAB would not load", () => {
    expect(failure(() => encodeMat({ "my matrix": base })).code).toBe("OPTION");
    expect(failure(() => encodeMat(base, { variable: "2x" })).code).toBe("OPTION");
  });

  it("writes the same bytes each time", () => {
    expect(encodeMat(base)).toEqual(encodeMat(base));
  });
});

describe("damaged and hostile files", () => {
  it("refuses an array longer than its shape needs, without expanding it", () => {
    const bomb = arrayOf(6, 2, 2, new Uint8Array([...words(9, 100_000), ...new Uint8Array(100_000)]));
    const packed = zlibSync(bomb);
    const error = failure(() => decodeMat(file([words(15, packed.length), packed])));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("more than the");
  });

  it("stops when an array expands beyond its tag", () => {
    const array = arrayOf(6, 1, 1, new Uint8Array([...words(9, 8), ...new Uint8Array(8)]));
    const packed = zlibSync(new Uint8Array([...array, ...new Uint8Array(100_000)]));
    const error = failure(() => decodeMat(file([words(15, packed.length), packed])));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("expands to more");
  });

  it("refuses huge dimensions before allocating", () => {
    const error = failure(() => decodeMat(file([arrayOf(6, 0x7fffffff, 0x7fffffff, words(9, 0))])));
    expect(error.code).toBe("MEMORY");
    const sparse = arrayOf(5, 1_000_000, 1_000_000, words(5, 0));
    expect(failure(() => decodeMat(file([sparse]))).code).toBe("MEMORY");
  });

  it("names the bytes got and expected when data and shape differ", () => {
    const error = failure(() => decodeMat(file([arrayOf(6, 2, 1, words(9, 8, 0, 0))])));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toMatchObject({ expected: 16, got: 8 });
  });

  it("never gives other values after one flipped bit in a compressed variable", () => {
    const expected = decodeMat(made.matOne, { variable: "V" });
    const size = new DataView(made.matOne.buffer).getUint32(132, true);
    let refused = 0;
    for (let at = 136; at < 136 + size; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = patched(made.matOne, at, (made.matOne[at] as number) ^ (1 << bit));
        try {
          expect(decodeMat(bytes, { variable: "V" }).data).toEqual(expected.data);
        } catch (error) {
          if (!(error instanceof AdvnmfError)) throw error;
          refused++;
        }
      }
    }
    /* all but the bits that pad the last byte, and distances into runs of equal bytes */
    expect(refused).toBeGreaterThan(size * 8 - 16);
  });

  it("refuses sparse indices outside the matrix", () => {
    /* 2×1 with one entry: ir = [row], jc = [start, end], pr = [1.0] */
    const sparse = (row: number, end: number, start = 0): Uint8Array =>
      arrayOf(5, 2, 1, words(0x0004_0005, row, 5, 8, start, end, 9, 8, 0, 0x3ff00000));
    expect(rowsOf(decodeMat(file([sparse(1, 1)])))).toEqual([[0], [1]]);
    expect(failure(() => decodeMat(file([sparse(2, 1)]))).code).toBe("FORMAT");
    expect(failure(() => decodeMat(file([sparse(1, 2)]))).code).toBe("FORMAT");
    expect(failure(() => decodeMat(file([sparse(1, 1, 1)]))).code).toBe("FORMAT");
  });

  it("refuses a file with a header only", () => {
    expect(failure(() => decodeMat(made.matOne.subarray(0, 128))).code).toBe("FORMAT");
  });
});
