/** Whatever the bytes, a reader gives a matrix or an AdvnmfError: no other exception, no hang. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdvnmfError } from "../../../sdk/errors.js";
import { decodeMatrix, type FormatName } from "../../../sdk/io/index.js";
import * as made from "./fixtures.js";
import { idx, patched, utf8 } from "./helpers.js";

const textFormats: FormatName[] = ["csv", "tsv", "mtx"];
const maxBytes = 1 << 20;

/** Every good fixture, with its format, and the variable to ask for. */
const good: [string, FormatName, Uint8Array, string?][] = [
  ["npyF8", "npy", made.npyF8],
  ["npyF4", "npy", made.npyF4],
  ["npyVersion2", "npy", made.npyVersion2],
  ["npyI2BigFortran", "npy", made.npyI2BigFortran],
  ["npzCompressed", "npz", made.npzCompressed, "X"],
  ["npzStored", "npz", made.npzStored],
  ["matOne", "mat", made.matOne, "k"],
  ["matPlain", "mat", made.matPlain, "empty"],
  ["matCompressed", "mat", made.matCompressed, "empty"],
  ["matBig", "mat", made.matBig, "zipped"],
  ["mtxArray", "mtx", made.mtxArray],
  ["mtxCoordinate", "mtx", made.mtxCoordinate],
  ["pgmBinary", "pgm", made.pgmBinary],
  ["pgmBinary16", "pgm", made.pgmBinary16],
  ["pngGrey8", "png", made.pngGrey8],
  ["pngGrey16", "png", made.pngGrey16],
  ["pngInterlaced", "png", made.pngInterlaced],
  ["idx", "idx", idx("u1", [2, 3, 4])],
  ["idx of doubles", "idx", idx("f8", [3, 2])],
  ["gzipTwoMembers", "csv", made.gzipTwoMembers],
  ["csv", "csv", utf8('id,a,"b"\nx,1,2\ny,3,\n')],
];

/** Every length below that of the file, or, of a long one, about every seventh. */
function cuts(bytes: Uint8Array): number[] {
  const step = bytes.length > 1000 ? 7 : 1;
  return Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => i * step);
}

/** "read", or the code of the error; fails for any other outcome. */
function outcome(bytes: Uint8Array, format?: FormatName, variable?: string): string {
  try {
    const { rows, cols, data } = decodeMatrix(bytes, { format, variable, maxBytes });
    expect(data.length).toBe(rows * cols);
    return "read";
  } catch (error) {
    if (error instanceof AdvnmfError) return error.code;
    throw error;
  }
}

describe("cut short at every byte", () => {
  /* text may end anywhere and still be a smaller file; gzip may lose its second member as a whole */
  const whole = good.filter(([name, format]) => !textFormats.includes(format) && name !== "gzipTwoMembers");

  it.each(whole)("%s is refused", (_, format, bytes, variable) => {
    const outcomes = new Set<string>();
    for (const length of cuts(bytes)) {
      outcomes.add(outcome(bytes.subarray(0, length), format, variable));
    }
    /* a MAT file cut between two variables is sound, but lacks the last one: OPTION */
    outcomes.delete("OPTION");
    expect([...outcomes]).toEqual(["FORMAT"]);
  });

  it.each(good)("%s never fails in another way, whatever format is assumed", (_, __, bytes) => {
    for (const length of cuts(bytes)) outcome(bytes.subarray(0, length));
  });

  it("two gzip members are read only whole, or as the first alone", () => {
    const read: number[] = [];
    for (let length = 0; length < made.gzipTwoMembers.length; length++) {
      if (outcome(made.gzipTwoMembers.subarray(0, length)) === "read") read.push(length);
    }
    expect(read).toEqual([24]);
  });
});

describe("random damage", () => {
  it.each(good)("%s with bytes replaced", (_, format, bytes, variable) => {
    const damage = fc.array(
      fc.tuple(
        fc.nat(bytes.length - 1),
        fc.oneof(fc.constantFrom(0, 1, 255, 127, 128), fc.integer({ min: 0, max: 255 })),
      ),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(damage, (changes) => {
        let broken = bytes;
        for (const [at, value] of changes) broken = patched(broken, at, value);
        outcome(broken, format, variable);
        outcome(broken);
      }),
      { numRuns: 100 },
    );
  });

  it("random bytes, as they are and after each magic", () => {
    const starts = good.map(([, , bytes]) => bytes.subarray(0, 12));
    const headers = [new Uint8Array(0), ...starts, made.matOne.subarray(0, 128)];
    fc.assert(
      fc.property(fc.constantFrom(...headers), fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        outcome(new Uint8Array([...start, ...rest]));
      }),
      { numRuns: 1000 },
    );
  });

  it("random text", () => {
    const character = fc.constantFrom(...'0123,;\t\n\r" .-eNA%x#P5\ufeffé');
    fc.assert(
      fc.property(
        fc.string({ unit: character, maxLength: 60 }),
        fc.constantFrom(...textFormats),
        (text, format) => {
          outcome(utf8(text), format);
          outcome(utf8(`%%MatrixMarket matrix coordinate real general\n${text}`), "mtx");
          outcome(utf8(`P2 ${text}`), "pgm");
        },
      ),
      { numRuns: 1000 },
    );
  });
});
