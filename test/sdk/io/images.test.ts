import fc from "fast-check";
import { decode } from "fast-png";
import { zlibSync } from "fflate";
import { describe, expect, it } from "vitest";
import { crc32 } from "../../../sdk/io/checksum.js";
import {
  compareNatural,
  decodePgm,
  decodePng,
  encodeImageSheet,
  encodePgm,
  encodePng,
  stackImages,
} from "../../../sdk/io/index.js";
import * as made from "./fixtures.js";
import { failure, patched, rowsOf, utf8 } from "./helpers.js";

const grey = [
  [0, 10, 20],
  [200, 250, 255],
];
const grey16 = [
  [0, 256, 513],
  [40_000, 65_534, 65_535],
];
const luma = [
  [76.245, 149.685, 29.07],
  [1.815, 255, 10],
];

/** A PNG image of one header and one IDAT chunk, by hand. */
function png(width: number, height: number, packed: Uint8Array, colorType = 0): Uint8Array {
  const u32 = (value: number): number[] => [
    value >>> 24,
    (value >> 16) & 255,
    (value >> 8) & 255,
    value & 255,
  ];
  const chunk = (type: string, data: number[]): number[] => {
    const body = [...utf8(type), ...data];
    return [...u32(data.length), ...body, ...u32(crc32(new Uint8Array(body)))];
  };
  return new Uint8Array([
    ...[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
    ...chunk("IHDR", [...u32(width), ...u32(height), 8, colorType, 0, 0, 0]),
    ...chunk("IDAT", [...packed]),
    ...chunk("IEND", []),
  ]);
}

describe("PGM", () => {
  it.each([
    ["binary", made.pgmBinary, grey, 255],
    ["binary of 16 bits", made.pgmBinary16, grey16, 65_535],
    ["text", utf8("P2\n3 2\n255\n0 10 20\n200 250 255\n"), grey, 255],
    ["text with comments", utf8("P2 # made\n#by hand\n3 #w\n2\n255 0 10 # x\n20 200\n250 255"), grey, 255],
    ["binary with a comment", new Uint8Array([...utf8("P5\n#c 9 9\n3 2 255\n"), ...grey.flat()]), grey, 255],
    ["another largest value", utf8("P2 2 1 7\n7 0"), [[7, 0]], 7],
  ])("%s", (_, bytes, expected, maxval) => {
    const got = decodePgm(bytes, { name: "a.pgm" });
    expect(rowsOf(got)).toEqual(expected);
    expect(got.image).toEqual({
      width: expected[0]?.length,
      height: expected.length,
      stacking: "none",
      maxval,
      names: ["a.pgm"],
      colors: "grey",
    });
  });

  it("becomes one row or column when asked", () => {
    expect(rowsOf(decodePgm(made.pgmBinary, { images: "rows" }))).toEqual([grey.flat()]);
    expect(rowsOf(decodePgm(made.pgmBinary, { images: "columns" }))).toEqual(grey.flat().map((x) => [x]));
  });

  it.each([
    ["a pixel above the largest value", utf8("P2 2 1 7\n8 0"), "FORMAT"],
    ["a missing pixel", utf8("P2 2 1 9\n1"), "FORMAT"],
    ["a missing byte", made.pgmBinary.subarray(0, -1), "FORMAT"],
    ["bytes after the image", new Uint8Array([...made.pgmBinary, 65]), "FORMAT"],
    ["a width of 0", utf8("P2 0 1 7\n"), "FORMAT"],
    ["a largest value of 0", utf8("P2 1 1 0\n0"), "FORMAT"],
    ["a largest value of 65536", utf8("P2 1 1 65536\n0"), "FORMAT"],
    ["a huge size", utf8("P5 1000000 1000000 255\nabc"), "FORMAT"],
    ["another format", utf8("hello"), "FORMAT"],
    ["colour", made.ppm, "UNSUPPORTED"],
  ])("refuses %s", (_, bytes, code) => {
    expect(failure(() => decodePgm(bytes)).code).toBe(code);
  });

  it("writes what Netpbm and Pillow write", () => {
    expect(encodePgm(grey)).toEqual(made.pgmBinary);
    expect(encodePgm(grey16, { maxval: 65_535 })).toEqual(made.pgmBinary16);
  });
});

describe("PNG", () => {
  it.each([
    ["8 bits", made.pngGrey8, grey, 255, "grey"],
    ["16 bits", made.pngGrey16, grey16, 65_535, "grey"],
    ["grey with opaque alpha", made.pngGreyAlpha, grey, 255, "grey"],
    [
      "1 bit",
      made.pngGrey1,
      [
        [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
        [...new Array(10).fill(0), 1],
      ],
      1,
      "grey",
    ],
    ["RGB", made.pngRgb, luma, 255, "luminance"],
    ["RGB with opaque alpha", made.pngRgba, luma, 255, "luminance"],
    [
      "interlaced",
      made.pngInterlaced,
      Array.from({ length: 9 }, (_, y) => Array.from({ length: 10 }, (_, x) => (10 * y + x) % 251)),
      255,
      "grey",
    ],
  ])("%s", (_, bytes, expected, maxval, colors) => {
    const got = decodePng(bytes);
    expect(rowsOf(got)).toEqual(expected);
    expect(got).toMatchObject({ format: "png", image: { maxval, colors, stacking: "none", names: [] } });
  });

  it("refuses palettes and transparency", () => {
    expect(failure(() => decodePng(made.pngPalette)).code).toBe("UNSUPPORTED");
    expect(failure(() => decodePng(made.pngTransparent)).code).toBe("UNSUPPORTED");
  });

  it("refuses a size that its data does not have, before allocating", () => {
    const packed = zlibSync(new Uint8Array(2));
    expect(rowsOf(decodePng(png(1, 1, packed)))).toEqual([[0]]);
    const huge = failure(() => decodePng(png(10_000, 10_000, packed)));
    expect(huge.code).toBe("FORMAT");
    expect(huge.message).toContain("cannot expand");
    expect(failure(() => decodePng(png(2, 1, packed))).message).toContain("expands to 2");
  });

  it("refuses an image beyond maxBytes, before expanding it", () => {
    /* too few lines: that would be FORMAT, if the data were looked at */
    const packed = zlibSync(new Uint8Array(1001 * 900));
    const error = failure(() => decodePng(png(1000, 1000, packed), { maxBytes: 7_999_999 }));
    expect(error.code).toBe("MEMORY");
    expect(error.details).toMatchObject({ expected: 8_000_000 });
  });

  it("stops when the data expands beyond its size", () => {
    const error = failure(() => decodePng(png(1, 1, zlibSync(new Uint8Array(1_000_000)))));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("expands to more");
  });

  it.each([
    ["IHDR", 19],
    ["IDAT", 45],
  ])("notices one flipped bit in chunk %s", (chunk, at) => {
    const error = failure(() => decodePng(patched(made.pngGrey8, at, (made.pngGrey8[at] as number) ^ 4)));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain(`chunk ${chunk} of the PNG image has checksum`);
  });

  it("ignores a comment that would expand without end", () => {
    /* an iCCP chunk is compressed too, and nothing declares its size */
    const data = [...utf8("icc"), 0, 0, ...zlibSync(new Uint8Array(1000))];
    const body = new Uint8Array([...utf8("iCCP"), ...data.slice(0, -10)]);
    const chunk = [0, 0, 0, body.length - 4, ...body, 0, 0, 0, 0];
    const bytes = new Uint8Array([...made.pngGrey8.subarray(0, 33), ...chunk, ...made.pngGrey8.subarray(33)]);
    expect(rowsOf(decodePng(bytes))).toEqual(grey);
  });
});

describe("writing images", () => {
  const pixels = (most: number) =>
    fc.integer({ min: 1, max: 6 }).chain((width) =>
      fc.array(fc.array(fc.integer({ min: 0, max: most }), { minLength: width, maxLength: width }), {
        minLength: 1,
        maxLength: 6,
      }),
    );

  it("keeps every grey value", () => {
    fc.assert(
      fc.property(pixels(255), pixels(65_535), (eight, sixteen) => {
        expect(rowsOf(decodePng(encodePng(eight)))).toEqual(eight);
        expect(rowsOf(decodePng(encodePng(sixteen, { depth: 16 })))).toEqual(sixteen);
        expect(rowsOf(decodePgm(encodePgm(eight)))).toEqual(eight);
        expect(rowsOf(decodePgm(encodePgm(sixteen, { maxval: 65_535 })))).toEqual(sixteen);
      }),
    );
  });

  it("scales to the largest entry when asked, and refuses other entries when not", () => {
    expect(rowsOf(decodePgm(encodePgm([[0, 0.5, 2]], { scale: "max" })))).toEqual([[0, 64, 255]]);
    expect(rowsOf(decodePng(encodePng([[0, 0]], { scale: "max" })))).toEqual([[0, 0]]);
    expect(failure(() => encodePgm([[0.5]])).code).toBe("OPTION");
    expect(failure(() => encodePng([[256]])).code).toBe("OPTION");
    expect(failure(() => encodePng([[-1]])).code).toBe("NEGATIVE");
    expect(failure(() => encodePng([[Number.NaN]])).code).toBe("NOT_FINITE");
  });
});

describe("stacks", () => {
  const one = { name: "face_10.pgm", bytes: encodePgm([[1, 2, 3]]) };
  const two = { name: "face_2.png", bytes: encodePng([[4, 5, 6]]) };

  it("puts images in natural order into rows, or columns", () => {
    const rows = stackImages([one, two]);
    expect(rowsOf(rows)).toEqual([
      [4, 5, 6],
      [1, 2, 3],
    ]);
    expect(rows.rowNames).toEqual(["face_2.png", "face_10.pgm"]);
    expect(rows.colNames).toBeUndefined();
    expect(rows.image).toEqual({
      width: 3,
      height: 1,
      stacking: "rows",
      maxval: 255,
      names: ["face_2.png", "face_10.pgm"],
      colors: "grey",
    });
    const columns = stackImages([one, two], { images: "columns", dtype: "f32" });
    expect(rowsOf(columns)).toEqual([
      [4, 1],
      [5, 2],
      [6, 3],
    ]);
    expect(columns.colNames).toEqual(["face_2.png", "face_10.pgm"]);
    expect(columns.data).toBeInstanceOf(Float32Array);
  });

  it("names both files and sizes when they differ", () => {
    const odd = { name: "odd.pgm", bytes: encodePgm([[1, 2]]) };
    const error = failure(() => stackImages([one, odd]));
    expect(error.code).toBe("SHAPE");
    expect(error.message).toContain("odd.pgm is 2×1");
    expect(error.message).toContain("face_10.pgm is 3×1");
  });

  it("refuses different depths, damaged images and nothing", () => {
    const deep = { name: "deep.pgm", bytes: encodePgm([[1, 2, 3]], { maxval: 300 }) };
    expect(failure(() => stackImages([one, deep])).code).toBe("FORMAT");
    const cut = { name: "cut.pgm", bytes: one.bytes.subarray(0, -1) };
    const error = failure(() => stackImages([one, cut]));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("cut.pgm: ");
    expect(failure(() => stackImages([])).code).toBe("SHAPE");
    expect(failure(() => stackImages([one, two], { maxBytes: 47 })).code).toBe("MEMORY");
  });

  it("sorts names as people count", () => {
    const names = ["a10", "a2", "b1", "a02", "a", "a2b", "B", "10", "9", "a1x10", "a1x9"];
    expect(names.sort(compareNatural)).toEqual([
      "9",
      "10",
      "B",
      "a",
      "a1x9",
      "a1x10",
      "a02",
      "a2",
      "a2b",
      "a10",
      "b1",
    ]);
  });
});

describe("sheets", () => {
  it("draws each column scaled to its own largest entry, with white gaps", () => {
    /* three images of 2×1: [0 1], [3 6], [5 0], two side by side */
    const features = [
      [0, 3, 5],
      [1, 6, 0],
    ];
    const sheet = decode(encodeImageSheet(features, { width: 2, height: 1, columns: 2, gap: 1 }));
    expect([sheet.width, sheet.height, sheet.channels, sheet.depth]).toEqual([5, 3, 1, 8]);
    expect([...sheet.data]).toEqual([
      ...[0, 255, 255, 128, 255],
      ...[255, 255, 255, 255, 255],
      ...[255, 0, 255, 255, 255],
    ]);
    const transposed = [
      [0, 1],
      [3, 6],
      [5, 0],
    ];
    expect(encodeImageSheet(transposed, { width: 2, height: 1, columns: 2, gap: 1, images: "rows" })).toEqual(
      encodeImageSheet(features, { width: 2, height: 1, columns: 2, gap: 1 }),
    );
  });

  it("enlarges pixels", () => {
    const sheet = decode(encodeImageSheet([[5], [0], [0], [1]], { width: 2, height: 2, scale: 2 }));
    expect([...sheet.data]).toEqual([
      ...[255, 255, 0, 0],
      ...[255, 255, 0, 0],
      ...[0, 0, 51, 51],
      ...[0, 0, 51, 51],
    ]);
    expect([sheet.width, sheet.height]).toEqual([4, 4]);
  });

  it("has one scale for all images where white is given, and cuts what is brighter", () => {
    const options = { width: 2, height: 1, columns: 1, gap: 0 };
    const pixels = (white?: number) => [
      ...decode(
        encodeImageSheet(
          [
            [1, 4],
            [2, 8],
          ],
          { ...options, white },
        ),
      ).data,
    ];
    expect(pixels()).toEqual([128, 255, 128, 255]);
    expect(pixels(4)).toEqual([64, 128, 255, 255]);
    for (const white of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(failure(() => encodeImageSheet([[1], [2]], { ...options, white })).code).toBe("OPTION");
    expect(failure(() => encodeImageSheet([[-1], [2]], { ...options, white: 2 })).code).toBe("NEGATIVE");
    expect(failure(() => encodeImageSheet([[Number.NaN], [2]], { ...options, white: 2 })).code).toBe(
      "NOT_FINITE",
    );
  });

  it("is square by default, and only as wide as needed", () => {
    const features = [new Array(5).fill(1)];
    const size = (options: object) => {
      const { width, height } = decode(
        encodeImageSheet(features, { width: 1, height: 1, gap: 0, ...options }),
      );
      return [width, height];
    };
    expect(size({})).toEqual([3, 2]);
    expect(size({ columns: 9 })).toEqual([5, 1]);
  });

  it("refuses sizes that do not fit, and sheets beyond reason", () => {
    expect(failure(() => encodeImageSheet([[1], [2]], { width: 3, height: 1 })).code).toBe("SHAPE");
    expect(
      failure(() => encodeImageSheet([new Array(500).fill(1)], { width: 1, height: 1, scale: 1000 })).code,
    ).toBe("OPTION");
    expect(failure(() => encodeImageSheet([[-1]], { width: 1, height: 1 })).code).toBe("NEGATIVE");
  });
});
