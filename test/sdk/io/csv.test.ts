import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CsvReadOptions, decodeCsv, encodeCsv, formatCsv, parseCsv } from "../../../sdk/io/index.js";
import { failure, matrices, rowsOf, utf8 } from "./helpers.js";

/** Rows, row names and column names of a text. */
function read(text: string, options?: CsvReadOptions) {
  const got = parseCsv(text, options);
  return { rows: rowsOf(got), rowNames: got.rowNames, colNames: got.colNames };
}

const numbers = [
  [1, 2],
  [3, 4],
];
const plain = { rows: numbers, rowNames: undefined, colNames: undefined };

describe("delimiters and line ends", () => {
  it.each([
    ["comma", "1,2\n3,4\n"],
    ["semicolon", "1;2\n3;4\n"],
    ["tab", "1\t2\n3\t4\n"],
    ["blank", "1 2\n3 4\n"],
    ["aligned blanks", "  1   2  \n  3   4\n"],
    ["CRLF", "1,2\r\n3,4\r\n"],
    ["CR", "1,2\r3,4\r"],
    ["no final line end", "1,2\n3,4"],
    ["blank lines", "\n1,2\n\n3,4\n\n  \n"],
    ["blanks around cells", " 1 , 2\n3 ,\t4\n"],
    ["quoted numbers", '"1","2"\n3,"4"\n'],
    ["signs and exponents", "+1,2.0\n.3e1,4.\n"],
  ])("%s", (_, text) => {
    expect(read(text)).toEqual(plain);
  });

  it("takes the delimiter it is given", () => {
    expect(read("1|2\n3|4\n", { delimiter: "|" })).toEqual(plain);
    expect(failure(() => read("1,2", { delimiter: "||" })).code).toBe("OPTION");
    expect(failure(() => read("1,2", { delimiter: '"' })).code).toBe("OPTION");
  });

  it("reports tsv for tabs and csv for the rest", () => {
    expect(parseCsv("1\t2\n").format).toBe("tsv");
    expect(parseCsv("1;2\n").format).toBe("csv");
  });

  it("prefers a tab on every line to commas inside names", () => {
    expect(read("id\ta,b\tc,d\nx,1\t1\t2\ny,2\t3\t4\n")).toEqual({
      rows: numbers,
      rowNames: ["x,1", "y,2"],
      colNames: ["a,b", "c,d"],
    });
  });
});

describe("encodings", () => {
  const text = "µ,β\n1,2\n3,4\n";
  const expected = ["µ", "β"];
  const utf16 = (little: boolean): Uint8Array => {
    const bytes = new Uint8Array(2 * text.length + 2);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xfeff, little);
    for (let i = 0; i < text.length; i++) view.setUint16(2 * i + 2, text.charCodeAt(i), little);
    return bytes;
  };

  it.each([
    ["UTF-8", utf8(text)],
    ["UTF-8 with a mark", utf8(`\ufeff${text}`)],
    ["UTF-16 little-endian", utf16(true)],
    ["UTF-16 big-endian", utf16(false)],
  ])("%s", (_, bytes) => {
    const got = decodeCsv(bytes);
    expect(got.colNames).toEqual(expected);
    expect(rowsOf(got)).toEqual(numbers);
  });

  it("refuses bytes that are no text", () => {
    expect(failure(() => decodeCsv(new Uint8Array([0x31, 0xff, 0xfe]))).code).toBe("FORMAT");
    expect(failure(() => decodeCsv(new Uint8Array([0x31, 0x00, 0x32]))).code).toBe("FORMAT");
  });
});

describe("names", () => {
  it.each([
    ["a header", "a,b\n1,2\n3,4\n", undefined, ["a", "b"]],
    ["row names", "x,1,2\ny,3,4\n", ["x", "y"], undefined],
    ["both, with a name for the names", "id,a,b\nx,1,2\ny,3,4\n", ["x", "y"], ["a", "b"]],
    ["both, with an empty corner", ",a,b\nx,1,2\ny,3,4\n", ["x", "y"], ["a", "b"]],
    ["both, with a short header as R writes it", "a,b\nx,1,2\ny,3,4\n", ["x", "y"], ["a", "b"]],
    [
      "a numbered index under an empty corner, as pandas writes it",
      ",a,b\n0,1,2\n1,3,4\n",
      ["0", "1"],
      ["a", "b"],
    ],
    ["quoted names", '"id","a ""1""","b,2"\n"x\ny",1,2\ny,3,4\n', ["x\ny", "y"], ['a "1"', "b,2"]],
  ])("%s", (_, text, rowNames, colNames) => {
    expect(read(text)).toEqual({ rows: numbers, rowNames, colNames });
  });

  it("reads one column with a header", () => {
    expect(read("weight\n1\n2\n")).toEqual({ rows: [[1], [2]], rowNames: undefined, colNames: ["weight"] });
  });

  it("does as told", () => {
    expect(read("1,2\n3,4\n5,6\n", { header: true })).toEqual({
      rows: [
        [3, 4],
        [5, 6],
      ],
      rowNames: undefined,
      colNames: ["1", "2"],
    });
    expect(read("7,1,2\n8,3,4\n", { rowNames: true })).toEqual({ ...plain, rowNames: ["7", "8"] });
    expect(failure(() => read("a,b\n1,2\n", { header: false })).code).toBe("FORMAT");
    expect(failure(() => read("x,1\ny,2\n", { rowNames: false })).code).toBe("FORMAT");
    expect(failure(() => read("a\nx,1\n", { header: false })).code).toBe("SHAPE");
  });

  it("never drops a line or column of numbers as names by itself", () => {
    /* one bad cell among numbers is an error, not a header */
    expect(failure(() => read("1,x\n3,4\n")).details).toMatchObject({ row: 0, column: 1, line: 1 });
    expect(failure(() => read("1,2,x\n3,4,5\n")).details).toMatchObject({ row: 0, column: 2 });
    expect(failure(() => read("1,2\nx,4\n5,6\n")).details).toMatchObject({ row: 1, column: 0, line: 2 });
  });
});

describe("missing and special values", () => {
  it("reads empty, NA, N/A and NaN as missing", () => {
    expect(read("1,,NA\nNaN,n/a,2\n").rows).toEqual([
      [1, Number.NaN, Number.NaN],
      [Number.NaN, Number.NaN, 2],
    ]);
  });

  it("keeps missing cells in a first column that holds numbers", () => {
    expect(read("a,b\n,1\n2,3\n").rows).toEqual([
      [Number.NaN, 1],
      [2, 3],
    ]);
  });

  it("reads infinities", () => {
    expect(read("inf,-Infinity\n1,+INF\n").rows).toEqual([
      [Infinity, -Infinity],
      [1, Infinity],
    ]);
  });

  it.each(["0x10", "1_0", "1e", "--1", "1.2.3", "true", "0b1"])("takes %s for no number", (cell) => {
    expect(failure(() => read(`1,2\n3,${cell}\n`)).code).toBe("FORMAT");
  });
});

describe("errors", () => {
  it("names line, row and column of a cell that is no number", () => {
    const error = failure(() => read("id,a,b\nx,1,2\n\ny,3,oops\n"));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toEqual({ cell: "oops", line: 4, row: 1, column: 1 });
    expect(error.message).toContain('"oops" on line 4, cell 3 (row 1, column 1 of the matrix)');
  });

  it("counts lines inside quoted cells", () => {
    expect(failure(() => read('id,a\n"two\nlines",1\ny,bad\n')).details).toMatchObject({ line: 4, row: 1 });
  });

  it("names the line of another length", () => {
    const error = failure(() => read("1,2\n3,4\n5,6,7\n8,9\n"));
    expect(error.code).toBe("SHAPE");
    expect(error.details).toEqual({ line: 3, got: 3, expected: 2 });
    expect(failure(() => read("1,2,3\n4,5\n")).details).toMatchObject({ line: 2, got: 2, expected: 3 });
    expect(failure(() => read("1,2\n3,4,5,6\n")).details).toMatchObject({ line: 2, got: 4, expected: 2 });
  });

  it("speaks of decimal commas where they are the trouble", () => {
    for (const text of ["1,5;2,5\n3;4\n", "1,5;2\n3,1;4\n", "a;b\n1,5;2\n3,1;4\n"]) {
      const error = failure(() => read(text));
      expect(error.code).toBe("FORMAT");
      expect(error.message).toContain("decimal points");
    }
  });

  it("refuses an open quote", () => {
    expect(failure(() => read('1,2\n"3,4\n')).code).toBe("FORMAT");
  });

  it("refuses text without data", () => {
    expect(failure(() => read("")).code).toBe("FORMAT");
    expect(failure(() => read("\n \n")).code).toBe("FORMAT");
    expect(failure(() => read("a,b\n")).code).toBe("SHAPE");
  });

  it("refuses what would be beyond maxBytes", () => {
    expect(failure(() => read("1,2\n3,4\n", { maxBytes: 31 })).code).toBe("MEMORY");
    expect(read("1,2\n3,4\n", { maxBytes: 32 })).toEqual(plain);
  });
});

describe("round trip", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "1", '"', ",", "\t", "\n", " ", "é", ";", "\r") });

  it("keeps every value and every name", () => {
    const named = matrices(true).chain((matrix) =>
      fc.record({
        matrix: fc.constant(matrix),
        rowNames: fc.array(name, { minLength: matrix.rows, maxLength: matrix.rows }),
        colNames: fc.array(name, { minLength: matrix.cols, maxLength: matrix.cols }),
        delimiter: fc.constantFrom(",", ";", "\t"),
      }),
    );
    fc.assert(
      fc.property(named, ({ matrix, rowNames, colNames, delimiter }) => {
        const dtype = matrix.data instanceof Float32Array ? "f32" : "f64";
        const bytes = encodeCsv({ ...matrix, rowNames, colNames }, { delimiter });
        const got = decodeCsv(bytes, { delimiter, header: true, rowNames: true, dtype });
        expect([got.rows, got.cols]).toEqual([matrix.rows, matrix.cols]);
        expect(got.data).toEqual(matrix.data);
        expect(got.rowNames).toEqual(rowNames);
        expect(got.colNames).toEqual(colNames);
      }),
    );
  });

  it("finds delimiter and names out again when they are words", () => {
    const matrix = { rows: 2, cols: 2, data: new Float64Array([1, Number.NaN, 3, 4]) };
    for (const delimiter of [",", ";", "\t"]) {
      for (const names of [
        {},
        { rowNames: ["x", "y"] },
        { colNames: ["a", "b"] },
        { rowNames: ["x", "y"], colNames: ["a", "b"] },
      ]) {
        const got = parseCsv(formatCsv({ ...matrix, ...names }, { delimiter }));
        expect(rowsOf(got)).toEqual(rowsOf(matrix));
        expect({ rowNames: got.rowNames, colNames: got.colNames }).toEqual({
          rowNames: undefined,
          colNames: undefined,
          ...names,
        });
      }
    }
  });

  it("writes what people expect", () => {
    const matrix = {
      rows: 1,
      cols: 2,
      data: new Float64Array([1, 0.1]),
      rowNames: ["x,y"],
      colNames: ["a", "b"],
    };
    expect(formatCsv(matrix)).toBe(',a,b\n"x,y",1,0.1\n');
  });

  it("refuses another number of names than rows or columns", () => {
    const matrix = { rows: 1, cols: 2, data: new Float64Array(2) };
    expect(failure(() => formatCsv({ ...matrix, colNames: ["a"] })).code).toBe("SHAPE");
    expect(failure(() => formatCsv({ ...matrix, rowNames: ["a", "b"] })).code).toBe("SHAPE");
  });
});
