import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdvnmfError } from "../../../sdk/errors.js";
import {
  decodeMatrix,
  detectFormat,
  encodeMatrix,
  encodePgm,
  encodePng,
  formatOfName,
  formats,
  type ReadOptions,
  readMatrix,
} from "../../../sdk/io/index.js";
import * as made from "./fixtures.js";
import { base, failure, idx, rejection, rowsOf, utf8 } from "./helpers.js";

let folder: string;
let server: Server;
let origin: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "advnmf-read-"));
  server = createServer((request, response) => {
    if (request.url === "/slow.csv") {
      response.write("1,2\n");
    } else if (request.url === "/V.tsv?version=2") {
      response.end("1\t2\n3\t4\n");
    } else if (request.url === "/endless.csv") {
      response.write("1,2\n".repeat(1000));
    } else {
      response.writeHead(404).end("no");
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

describe("detection", () => {
  it.each([
    ["npy", made.npyF8],
    ["npz", made.npzStored],
    ["mat", made.matOne],
    ["mat", made.matBig],
    ["mtx", made.mtxArray],
    ["png", made.pngGrey8],
    ["pgm", made.pgmBinary],
    ["pgm", utf8("P2 1 1 9 3")],
    ["idx", idx("u1", [1, 2, 2])],
    ["csv", utf8("1,2\n")],
  ])("finds %s by content, whatever the name", (format, bytes) => {
    expect(detectFormat(bytes)).toBe(format);
    expect(detectFormat(bytes, "wrong.mat")).toBe(format === "csv" ? "mat" : format);
  });

  it("goes by the name where the content is not unmistakable", () => {
    expect(detectFormat(utf8("1 2\n"), "x.tsv")).toBe("tsv");
    expect(detectFormat(utf8("1,2\n"), "x.TXT")).toBe("csv");
    /* a table whose first cell is P5 is no image when its name says so */
    expect(detectFormat(utf8("P5\t1\t2\nP6\t3\t4\n"), "x.tsv")).toBe("tsv");
    expect(detectFormat(made.matVersion4, "x.mat")).toBe("mat");
  });

  it("refuses what it knows but does not read, what it does not know, and nothing", () => {
    expect(failure(() => detectFormat(utf8("PAR1xxxx"))).code).toBe("UNSUPPORTED");
    const hdf5 = new Uint8Array([0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0, 0]);
    expect(failure(() => detectFormat(hdf5, "x.mat")).message).toContain("-v7");
    expect(failure(() => detectFormat(new Uint8Array([7, 0, 7, 0]))).code).toBe("FORMAT");
    /* a MAT file of version 4 begins with zeros too */
    expect(failure(() => detectFormat(new Uint8Array(20))).code).toBe("FORMAT");
    expect(failure(() => detectFormat(new Uint8Array(0), "x.csv")).code).toBe("FORMAT");
  });

  it("lists formats with distinct extensions that lead back to them", () => {
    const extensions = formats.flatMap((format) => format.extensions);
    expect(new Set(extensions).size).toBe(extensions.length);
    for (const { name, extensions: own } of formats) {
      for (const extension of own) {
        expect(formatOfName(`a.b/x${extension}`)).toBe(name);
        expect(formatOfName(`X${extension.toUpperCase()}.gz`)).toBe(name);
      }
    }
    expect(formatOfName("a.csv/readme")).toBeUndefined();
  });
});

describe("options", () => {
  it("refuses unknown names with the nearest known one", async () => {
    const options = { fromat: "csv" } as ReadOptions;
    const error = await rejection(readMatrix(utf8("1,2"), options));
    expect(error.code).toBe("OPTION");
    expect(error.message).toContain('did you mean "format"?');
    expect(error.details).toMatchObject({ option: "fromat", nearest: "format" });
  });

  it.each([
    { format: "xls" },
    { dtype: "f16" },
    { images: "row" },
    { header: 1 },
    { maxBytes: 0 },
    { maxBytes: 1.5 },
    { format: "images" },
  ])("refuses %j", (options) => {
    const bytes = "images" in options ? made.pgmBinary : utf8("1,2");
    expect(failure(() => decodeMatrix(bytes, options as ReadOptions)).code).toBe("OPTION");
  });

  it("hands each option to the reader it is for", async () => {
    const npz = await readMatrix(made.npzCompressed, { variable: "mask", dtype: "f32" });
    expect(npz.variable).toBe("mask");
    expect(npz.data).toBeInstanceOf(Float32Array);
    const csv = await readMatrix(utf8("1|2\n3|4\n"), { delimiter: "|", header: true, rowNames: true });
    expect(csv).toMatchObject({ rows: 1, cols: 1, rowNames: ["3"], colNames: ["2"] });
    const image = await readMatrix(made.pgmBinary, { images: "columns" });
    expect([image.rows, image.cols]).toEqual([6, 1]);
    const digits = await readMatrix(idx("u1", [3, 2, 2]), { images: "columns", dtype: "f32" });
    expect([digits.rows, digits.cols, digits.data.BYTES_PER_ELEMENT]).toEqual([4, 3, 4]);
    expect((await readMatrix(utf8("1,2\n"), { format: "tsv", delimiter: "," })).cols).toBe(2);
    expect((await rejection(readMatrix(made.npyF8, { maxBytes: 47 }))).code).toBe("MEMORY");
  });

  it("takes undefined for absent", async () => {
    const options: ReadOptions = {
      format: undefined,
      dtype: undefined,
      header: undefined,
      signal: undefined,
    };
    expect(rowsOf(await readMatrix(utf8("1,2\n"), options))).toEqual([[1, 2]]);
  });
});

describe("sources", () => {
  const csv = utf8("1,2\n3,4\n");
  const expected = [
    [1, 2],
    [3, 4],
  ];

  it("reads bytes, buffers, blobs and files", async () => {
    expect(rowsOf(await readMatrix(csv))).toEqual(expected);
    expect(rowsOf(await readMatrix(csv.buffer))).toEqual(expected);
    expect(rowsOf(await readMatrix(new Blob([csv])))).toEqual(expected);
    const file = new File([utf8("1\t2\n3\t4,5\n")], "x.tsv");
    const error = await rejection(readMatrix(file));
    expect(error.message).toContain("x.tsv: ");
    expect(error.details).toMatchObject({ source: "x.tsv", line: 2 });
  });

  it("reads a view into a larger buffer", async () => {
    const inside = new Uint8Array([9, 9, 9, ...made.npyF8, 9]).subarray(3, 3 + made.npyF8.length);
    expect(rowsOf(await readMatrix(inside))).toEqual(base);
  });

  it("reads paths and file: URLs", async () => {
    const path = join(folder, "with space.csv.gz");
    await writeFile(path, encodeMatrix(expected, { format: "csv", gzip: true }));
    expect(rowsOf(await readMatrix(path))).toEqual(expected);
    expect(rowsOf(await readMatrix(pathToFileURL(path)))).toEqual(expected);
    expect(rowsOf(await readMatrix(pathToFileURL(path).href))).toEqual(expected);
  });

  it("reads data: and http: URLs", async () => {
    expect(rowsOf(await readMatrix("data:text/csv,1,2%0A3,4"))).toEqual(expected);
    const got = await readMatrix(new URL(`${origin}/V.tsv?version=2`));
    expect(rowsOf(got)).toEqual(expected);
    expect(got.format).toBe("tsv");
  });

  it("names the path or address of what cannot be read", async () => {
    const path = join(folder, "missing.csv");
    const missing = await rejection(readMatrix(path));
    expect(missing.code).toBe("IO");
    expect(missing.message).toContain(path);
    expect(missing.details).toMatchObject({ path, code: "ENOENT" });
    const gone = await rejection(readMatrix(`${origin}/gone.csv`));
    expect(gone.code).toBe("IO");
    expect(gone.details).toMatchObject({ status: 404 });
    expect((await rejection(readMatrix("http://127.0.0.1:1/x.csv"))).code).toBe("IO");
    expect((await rejection(readMatrix("file://elsewhere/x.csv"))).code).toBe("IO");
    expect((await rejection(readMatrix(42 as unknown as string))).code).toBe("OPTION");
  });

  it("calls an empty file empty", async () => {
    const path = join(folder, "empty.csv");
    await writeFile(path, "");
    const error = await rejection(readMatrix(path));
    expect(error.code).toBe("FORMAT");
    expect(error.message).toContain("empty");
  });

  it("stops at maxBytes, before or while reading", async () => {
    const path = join(folder, "ten.csv");
    await writeFile(path, "1,2\n3,4\n5,");
    expect((await rejection(readMatrix(path, { maxBytes: 9 }))).code).toBe("MEMORY");
    expect((await rejection(readMatrix(new Blob([csv]), { maxBytes: 7 }))).code).toBe("MEMORY");
    const endless = await rejection(readMatrix(`${origin}/endless.csv`, { maxBytes: 2000 }));
    expect(endless.code).toBe("MEMORY");
  });

  it("stops when told, before and during", async () => {
    const before = await rejection(readMatrix(csv, { signal: AbortSignal.abort() }));
    expect(before.code).toBe("ABORTED");
    const controller = new AbortController();
    const during = rejection(readMatrix(`${origin}/slow.csv`, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 30);
    expect((await during).code).toBe("ABORTED");
  });

  it("keeps the first error as the cause", async () => {
    const error = await rejection(readMatrix(new File([utf8("1,2\n3")], "x.csv")));
    expect(error.cause).toBeInstanceOf(AdvnmfError);
  });
});

describe("folders and arrays of images", () => {
  const one = encodePgm([[1, 2]]);
  const two = encodePng([[3, 4]]);
  const three = encodeMatrix([[5, 6]], { format: "pgm", gzip: true });

  it("stacks the images of a folder and nothing else", async () => {
    const path = join(folder, "images");
    await mkdir(path);
    await writeFile(join(path, "i10.pgm"), one);
    await writeFile(join(path, "i9.png"), two);
    await writeFile(join(path, "i11.pgm.gz"), three);
    await writeFile(join(path, "readme.txt"), "no image");
    await writeFile(join(path, ".hidden.pgm"), "no image");
    const got = await readMatrix(path);
    expect(rowsOf(got)).toEqual([
      [3, 4],
      [1, 2],
      [5, 6],
    ]);
    expect(got.format).toBe("images");
    expect(got.rowNames).toEqual(["i9.png", "i10.pgm", "i11.pgm.gz"]);
    const columns = await readMatrix(path, { images: "columns", dtype: "f32" });
    expect(rowsOf(columns)).toEqual([
      [3, 1, 5],
      [4, 2, 6],
    ]);
    expect((await rejection(readMatrix(path, { maxBytes: one.length }))).code).toBe("MEMORY");
  });

  it("refuses a folder without images", async () => {
    const path = join(folder, "none");
    await mkdir(path);
    expect((await rejection(readMatrix(path))).code).toBe("FORMAT");
  });

  it("stacks blobs, files and named bytes", async () => {
    const got = await readMatrix([
      new File([one], "b.pgm"),
      { name: "a.png", bytes: two },
      { name: "c.pgm.gz", bytes: three.buffer },
    ]);
    expect(rowsOf(got)).toEqual([
      [3, 4],
      [1, 2],
      [5, 6],
    ]);
    const nameless = await readMatrix([new Blob([two]), new Blob([one])]);
    expect(nameless.rowNames).toEqual(["image 0", "image 1"]);
    const wrong = [{ name: "x" }] as unknown as Blob[];
    expect((await rejection(readMatrix(wrong))).code).toBe("OPTION");
    expect((await rejection(readMatrix([]))).code).toBe("SHAPE");
  });
});
