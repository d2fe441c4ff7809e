import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  decodeMat,
  decodeMatrix,
  type EncodeOptions,
  encodeMatrix,
  type FormatName,
  formats,
  readMatrix,
  type WriteOptions,
  writeMatrix,
} from "../../../sdk/io/index.js";
import { failure, rejection, rowsOf } from "./helpers.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "advnmf-write-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const rows = [
  [0, 7, 255],
  [3, 4, 5],
];
const named = {
  rows: 2,
  cols: 3,
  data: new Float64Array(rows.flat()),
  rowNames: ["x", "y"],
  colNames: ["a", "b", "c"],
};
const writable = formats.filter((format) => format.write);

describe("writeMatrix", () => {
  it.each(
    writable.flatMap(({ name, extensions }) =>
      extensions.flatMap((extension) => [
        [name, extension],
        [name, `${extension}.gz`],
      ]),
    ),
  )("writes %s by its extension %s", async (name, extension) => {
    const path = join(folder, `by-extension${extension}`);
    await writeMatrix(path, named);
    const got = await readMatrix(path);
    expect(rowsOf(got)).toEqual(rows);
    expect(got.format).toBe(name);
    const start = [...(await readFile(path)).subarray(0, 2)];
    expect(start[0] === 0x1f && start[1] === 0x8b).toBe(extension?.endsWith(".gz"));
    if (name === "csv" || name === "tsv") {
      expect(got).toMatchObject({ rowNames: named.rowNames, colNames: named.colNames });
    }
  });

  it("takes a file: URL, a format and other options", async () => {
    const path = join(folder, "no-extension");
    await writeMatrix(pathToFileURL(path), rows, { format: "mat", variable: "X", dtype: "f32" });
    const got = await readMatrix(path);
    expect(got.variable).toBe("X");
    expect(got.data).toBeInstanceOf(Float32Array);
    await writeMatrix(path, { W: rows, H: [[1]] }, { format: "npz" });
    expect(rowsOf(await readMatrix(path, { variable: "H" }))).toEqual([[1]]);
  });

  it("replaces an older file", async () => {
    const path = join(folder, "twice.csv");
    await writeMatrix(path, [[1, 2, 3]]);
    await writeMatrix(path, [[4]]);
    expect(await readFile(path, "utf8")).toBe("4\n");
  });

  it("writes through a link", async () => {
    const target = join(folder, "target.csv");
    const link = join(folder, "link.csv");
    await writeFile(target, "older");
    await symlink(target, link);
    await writeMatrix(link, [[5]]);
    expect(await readFile(target, "utf8")).toBe("5\n");
    expect(await readlink(link)).toBe(target);
  });

  it.skipIf(process.platform === "win32")("writes into a pipe, and reads from one", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const [got] = await Promise.all([readMatrix(pipe), writeMatrix(pipe, rows, { format: "npy" })]);
    expect(rowsOf(got)).toEqual(rows);
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });

  it("leaves nothing behind when it fails", async () => {
    const inside = join(folder, "failing");
    await mkdir(join(inside, "taken.csv", "child"), { recursive: true });
    /* the temporary file can be written, but not renamed over a folder */
    const error = await rejection(writeMatrix(join(inside, "taken.csv"), rows));
    expect(error.code).toBe("IO");
    expect(error.message).toContain("taken.csv");
    expect(await readdir(inside)).toEqual(["taken.csv"]);
    const nowhere = await rejection(writeMatrix(join(folder, "nowhere", "x.csv"), rows));
    expect(nowhere.code).toBe("IO");
    expect(nowhere.details).toMatchObject({ code: "ENOENT" });
  });

  it("leaves the older file alone when the matrix cannot be written", async () => {
    const path = join(folder, "kept.pgm");
    await writeFile(path, "older");
    expect((await rejection(writeMatrix(path, [[0.5]]))).code).toBe("OPTION");
    expect(await readFile(path, "utf8")).toBe("older");
  });

  it("refuses names that tell no format, and unknown options", async () => {
    const unknown = await rejection(writeMatrix(join(folder, "x.xls"), rows));
    expect(unknown.code).toBe("OPTION");
    expect(unknown.message).toContain(".npy");
    const misspelt = await rejection(
      writeMatrix(join(folder, "x.csv"), rows, { delimeter: ";" } as WriteOptions),
    );
    expect(misspelt.message).toContain('did you mean "delimiter"?');
  });
});

describe("encodeMatrix", () => {
  it("hands each option to the writer it is for", () => {
    const text = (options: EncodeOptions): string => new TextDecoder().decode(encodeMatrix(rows, options));
    expect(text({ format: "csv", delimiter: ";" })).toBe("0;7;255\n3;4;5\n");
    expect(text({ format: "tsv" })).toBe("0\t7\t255\n3\t4\t5\n");
    expect(text({ format: "mtx", layout: "coordinate" })).toContain("coordinate");
    expect(decodeMatrix(encodeMatrix(rows, { format: "png", maxval: 65_535 })).image?.maxval).toBe(65_535);
    expect(decodeMatrix(encodeMatrix(rows, { format: "pgm", maxval: 300 })).image?.maxval).toBe(300);
    expect(rowsOf(decodeMatrix(encodeMatrix([[1, 2]], { format: "pgm", scale: "max" })))).toEqual([
      [128, 255],
    ]);
    const plain = encodeMatrix(rows, { format: "mat", compress: false });
    expect(rowsOf(decodeMat(plain))).toEqual(rows);
    expect(plain[128]).toBe(14);
    expect(encodeMatrix(rows, { format: "mat" })[128]).toBe(15);
  });

  it("refuses formats that cannot be written or cannot hold several matrices", () => {
    const several = { W: rows, H: rows };
    expect(failure(() => encodeMatrix(several, { format: "csv" })).code).toBe("OPTION");
    expect(failure(() => encodeMatrix(rows, { format: "images" })).code).toBe("OPTION");
    expect(failure(() => encodeMatrix(rows, {} as EncodeOptions)).code).toBe("OPTION");
    expect(failure(() => encodeMatrix(rows, { format: "png", maxval: 300 })).code).toBe("OPTION");
  });

  it.each(writable.map(({ name }) => name))("refuses ragged rows in %s", (format: FormatName) => {
    expect(failure(() => encodeMatrix([[1, 2], [3]], { format })).code).toBe("SHAPE");
  });
});
