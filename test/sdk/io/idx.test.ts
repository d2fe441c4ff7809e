import fc from "fast-check";
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { decodeIdx, decodeMatrix, formatOfName } from "../../../sdk/io/index.js";
import { failure, idx, patched, rowsOf } from "./helpers.js";

describe("entries and shapes", () => {
  it.each([
    ["u1", [0, 128, 255]],
    ["i1", [-128, -1, 127]],
    ["i2", [-32_768, 256, 32_767]],
    ["i4", [-2_147_483_648, 65_536, 2_147_483_647]],
    ["f4", [-0.5, 2 ** -149, Infinity]],
    ["f8", [-1e300, Math.PI, 5e-324]],
  ] as const)("%s has its exact values", (type, entries) => {
    const got = decodeIdx(idx(type, [1, 3], entries));
    expect(rowsOf(got)).toEqual([[...entries]]);
    expect(got.format).toBe("idx");
    expect(got.data).toBeInstanceOf(type === "f4" ? Float32Array : Float64Array);
    expect(decodeIdx(idx(type, [1, 3]), { dtype: "f32" }).data).toEqual(Float32Array.of(1, 2, 3));
  });

  it("the bytes that MNIST begins with", () => {
    // train-labels-idx1-ubyte: 00 00 08 01, 60,000 as four bytes; here cut to the first three labels.
    const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4);
    expect(rowsOf(decodeIdx(labels))).toEqual([[5], [0], [4]]);
  });

  it("labels are a column, two dimensions a matrix", () => {
    expect(rowsOf(decodeIdx(idx("u1", [3])))).toEqual([[1], [2], [3]]);
    expect(rowsOf(decodeIdx(idx("i2", [2, 3])))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(decodeIdx(idx("u1", [2, 3])).image).toBeUndefined();
  });

  it("images are rows, or columns when asked, and keep their size", () => {
    const bytes = idx("u1", [2, 2, 3]);
    const rows = decodeIdx(bytes);
    expect(rowsOf(rows)).toEqual([
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12],
    ]);
    const facts = { width: 3, height: 2, maxval: 255, names: [], colors: "grey" };
    expect(rows.image).toEqual({ ...facts, stacking: "rows" });
    const columns = decodeIdx(bytes, { images: "columns" });
    expect(rowsOf(columns)).toEqual([1, 2, 3, 4, 5, 6].map((entry) => [entry, entry + 6]));
    expect(columns.image).toEqual({ ...facts, stacking: "columns" });
    expect(decodeIdx(idx("f4", [1, 1, 2], [0.25, 0.5])).image?.maxval).toBe(0.5);
  });

  it("any shape, through gzip as well", () => {
    const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        shape,
        fc.constantFrom("i1", "i2", "i4", "f4", "f8"),
        fc.boolean(),
        (lengths, type, packed) => {
          const bytes = idx(type as "f8", lengths);
          const { rows, cols, data } = decodeMatrix(packed ? gzipSync(bytes) : bytes);
          expect([rows, cols]).toEqual([lengths[0], (lengths[1] ?? 1) * (lengths[2] ?? 1)]);
          expect([...data]).toEqual(Array.from({ length: rows * cols }, (_, i) => i + 1));
        },
      ),
    );
  });
});

describe("names", () => {
  it.each(["a.idx", "train-images-idx3-ubyte", "d/t10k-labels.idx1-ubyte", "train-images-idx3-ubyte.gz"])(
    "%s",
    (name) => expect(formatOfName(name)).toBe("idx"),
  );

  it("a name alone does not make one", () => {
    const error = failure(() => decodeMatrix(Uint8Array.of(0, 0, 7, 1, 0, 0, 0, 1, 9), {}, "x.idx"));
    expect([error.code, error.message]).toEqual(["FORMAT", expect.stringContaining("00 00 07 01")]);
  });
});

describe("damaged files", () => {
  const bytes = idx("f8", [2, 3]);

  it.each([
    ["cut short", bytes.subarray(0, 59), { expected: 60, got: 59 }],
    ["too long", new Uint8Array([...bytes, 0]), { expected: 60, got: 61 }],
    ["without all lengths", bytes.subarray(0, 11), { expected: 12, got: 11 }],
    ["a claim of 2^40 entries", idx("f8", [1 << 20, 1 << 20], []), { expected: 2 ** 43 + 12, got: 12 }],
    [
      "a claim beyond any number",
      idx("f8", [0xffffffff, 0xffffffff, 0xffffffff], []),
      { shape: [0xffffffff, 0xffffffff, 0xffffffff] },
    ],
  ])("%s is refused before anything is allocated", (_, damaged, details) => {
    const error = failure(() => decodeIdx(damaged));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toMatchObject(details);
  });

  it("unknown types, no dimension, four of them, and none of one kind", () => {
    expect(failure(() => decodeIdx(patched(bytes, 2, 10))).code).toBe("FORMAT");
    expect(failure(() => decodeIdx(patched(bytes, 3, 0))).code).toBe("FORMAT");
    expect(failure(() => decodeIdx(idx("u1", [2, 2, 2, 2]))).code).toBe("SHAPE");
    expect(failure(() => decodeIdx(idx("u1", [0, 28, 28]))).code).toBe("SHAPE");
  });

  it("more than maxBytes", () => {
    const error = failure(() => decodeIdx(bytes, { maxBytes: 47 }));
    expect([error.code, error.details.expected]).toEqual(["MEMORY", 48]);
  });

  it("gzip that expands beyond what the header asks for", () => {
    const bomb = new Uint8Array(20_000_000);
    bomb.set(idx("u1", [100, 28, 28]));
    const error = failure(() => decodeMatrix(gzipSync(bomb), {}, "x-idx3-ubyte.gz"));
    expect(error.code).toBe("FORMAT");
    expect(error.details).toMatchObject({ expected: 78_416 });
    expect(error.details.got as number).toBeLessThan(20_000_000);
  });
});
