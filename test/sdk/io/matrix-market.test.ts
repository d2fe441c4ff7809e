import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMatrixMarket, encodeMatrixMarket } from "../../../sdk/io/index.js";
import * as made from "./fixtures.js";
import { base, failure, matrices, rowsOf, utf8 } from "./helpers.js";

const read = (text: string) => decodeMatrixMarket(utf8(text));
const coordinate = "%%MatrixMarket matrix coordinate real general\n";
const symmetric = [
  [2, 1, 0],
  [1, 0, 3],
  [0, 3, 5],
];

describe("files by SciPy", () => {
  it.each([
    ["mtxArray", made.mtxArray, base],
    [
      "mtxCoordinate",
      made.mtxCoordinate,
      [
        [0, 0, 1.5],
        [2, 0, 0],
      ],
    ],
    ["mtxSymmetric", made.mtxSymmetric, symmetric],
    ["mtxSymmetricArray", made.mtxSymmetricArray, symmetric],
    [
      "mtxInteger",
      made.mtxInteger,
      [
        [0, 7],
        [-3, 0],
      ],
    ],
    [
      "mtxPattern",
      made.mtxPattern,
      [
        [0, 1],
        [1, 0],
      ],
    ],
  ])("%s", (_, bytes, expected) => {
    const got = decodeMatrixMarket(bytes);
    expect(rowsOf(got)).toEqual(expected);
    expect(got.format).toBe("mtx");
  });

  it("refuses complex and skew-symmetric ones", () => {
    expect(failure(() => decodeMatrixMarket(made.mtxComplex)).code).toBe("UNSUPPORTED");
    expect(failure(() => decodeMatrixMarket(made.mtxSkew)).code).toBe("UNSUPPORTED");
  });
});

describe("what the format allows", () => {
  it("sums entries given twice, skips comments and blank lines, ignores case and line ends", () => {
    const text =
      "%%MatrixMarket MATRIX Coordinate REAL general\r\n% note\r\n\r\n2 2 3\r\n1 2 1.5\r\n%\r\n1 2 2\r\n2 1 -1e0";
    expect(rowsOf(read(text))).toEqual([
      [0, 3.5],
      [-1, 0],
    ]);
  });

  it("gives f32 when asked", () => {
    expect(decodeMatrixMarket(made.mtxArray, { dtype: "f32" }).data).toBeInstanceOf(Float32Array);
  });
});

describe("round trip", () => {
  it.each(["auto", "array", "coordinate"] as const)("keeps every value, layout %s", (layout) => {
    fc.assert(
      fc.property(matrices(true), fc.boolean(), (matrix, thin) => {
        const data = matrix.data.map((x, i) => (thin && i % 5 !== 0 ? 0 : x === 0 ? 0 : x));
        const dtype = data instanceof Float32Array ? "f32" : "f64";
        const got = decodeMatrixMarket(encodeMatrixMarket({ ...matrix, data }, { layout }), { dtype });
        expect([got.rows, got.cols]).toEqual([matrix.rows, matrix.cols]);
        expect(got.data).toEqual(data);
      }),
    );
  });

  it("chooses coordinates for sparse matrices only", () => {
    const text = (rows: number[][]): string => new TextDecoder().decode(encodeMatrixMarket(rows));
    expect(text([[0, 0, 0, 7]])).toBe(`${coordinate}1 4 1\n1 4 7\n`);
    expect(text([[0, 7]])).toBe("%%MatrixMarket matrix array real general\n1 2\n0\n7\n");
  });
});

describe("malformed files", () => {
  it.each([
    ["an unknown banner", "%%MatrixMarkt matrix array real general\n1 1\n1\n", 1],
    ["an unknown layout", "%%MatrixMarket matrix list real general\n1 1\n1\n", 1],
    ["a pattern array", "%%MatrixMarket matrix array pattern general\n1 1\n1\n", 1],
    ["an unknown symmetry", "%%MatrixMarket matrix array real diagonal\n1 1\n1\n", 1],
    ["sizes that are no numbers", `${coordinate}2 x 1\n1 1 1\n`, 2],
    ["a row 0", `${coordinate}2 2 1\n0 1 1\n`, 3],
    ["a row beyond the last", `${coordinate}2 2 1\n3 1 1\n`, 3],
    ["a column beyond the last", `${coordinate}2 2 2\n1 1 1\n1 3 1\n`, 4],
    ["a negative index", `${coordinate}2 2 1\n-1 1 1\n`, 3],
    ["a value that is no number", `${coordinate}2 2 1\n1 1 one\n`, 3],
    ["a missing value", `${coordinate}2 2 1\n1 1     \n`, 3],
    ["too few entries", `${coordinate}2 2 2\n1 1 1.00000\n`, 3],
    ["too many entries", `${coordinate}2 2 1\n1 1 1\n2 2 2\n`, 4],
    ["an entry above the diagonal", "%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 2 1\n", 3],
    [
      "a symmetric matrix that is not square",
      "%%MatrixMarket matrix coordinate real symmetric\n2 3 1\n1 1 1\n",
      2,
    ],
  ])("%s is FORMAT with its line", (_, text, line) => {
    const error = failure(() => read(text));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toMatchObject({ line });
    expect(error.message).toContain(`line ${line} `);
  });

  it("refuses a count that the file cannot hold, before allocating", () => {
    const error = failure(() => read(`${coordinate}2 2 1000000000\n1 1 1\n`));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toMatchObject({ got: 6 });
  });

  it("refuses a dense size beyond maxBytes", () => {
    expect(failure(() => read(`${coordinate}100000000 100000000 1\n1 1 1\n`)).code).toBe("MEMORY");
    expect(failure(() => read(`${coordinate}0 5 0\n`)).code).toBe("SHAPE");
  });
});
