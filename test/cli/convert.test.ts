import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { datasets, sha256 } from "advnmf";
import { decodeMatrix, encodeMatrix, readMatrix } from "advnmf/io";
import { expect, test } from "vitest";
import { advnmf, listing, namedCsv, scratchFolder } from "./command.js";

const folder = scratchFolder();
const table = join(folder, "table.csv");
writeFileSync(table, namedCsv);

test("CSV to TSV carries names over", async () => {
  const to = join(folder, "table.tsv");
  const { code, stdout, stderr } = await advnmf(["convert", table, to]);
  expect(stderr).toMatch(/4×4 f64.*written to .*table\.tsv as tsv/);
  expect([code, stdout]).toEqual([0, ""]);
  expect(await readMatrix(to)).toEqual({ ...(await readMatrix(table)), format: "tsv" });
});

test.each(["npy", "npz", "mtx", "mat", "csv.gz"])("to %s and back", async (extension) => {
  const there = join(folder, `there.${extension}`);
  const back = join(folder, `back-${extension}.csv`);
  expect((await advnmf(["convert", table, there, "--quiet"])).stderr).toBe("");
  expect((await advnmf(["convert", there, back, "--quiet"])).stderr).toBe("");
  expect((await readMatrix(back)).data).toEqual((await readMatrix(table)).data);
});

test("--json tells what was done", async () => {
  const to = join(folder, "told.npy");
  const { stdout } = await advnmf(["convert", table, to, "--json", "--dtype", "f32"]);
  expect(JSON.parse(stdout)).toEqual({
    input: table,
    output: to,
    format: "npy",
    rows: 4,
    cols: 4,
    dtype: "f32",
  });
  expect((await readMatrix(to)).data).toBeInstanceOf(Float32Array);
});

test("--variable and --images choose", async () => {
  const mat = join(folder, "two.mat");
  writeFileSync(mat, encodeMatrix({ A: [[1, 2]], B: [[3], [4]] }, { format: "mat" }));
  const { code, stderr } = await advnmf(["convert", mat, join(folder, "open.npy")]);
  expect(stderr).toMatch(/A \(.*B \(.*\[OPTION\]/);
  expect(code).toBe(2);
  await advnmf(["convert", mat, join(folder, "b.npy"), "--variable", "B"]);
  expect(await readMatrix(join(folder, "b.npy"))).toMatchObject({ rows: 2, cols: 1 });
});

test("data sets, standard input and standard output", async () => {
  const { code, stdout } = await advnmf(["convert", "atnmf-synthetic", "-", "--output-format", "csv"]);
  expect(code).toBe(0);
  const V = decodeMatrix(new TextEncoder().encode(stdout));
  expect(await sha256(V)).toBe(await sha256(await datasets.atnmfSynthetic()));
  const to = join(folder, "in.npy.gz");
  expect((await advnmf(["convert", "-", to], { input: stdout })).code).toBe(0);
  expect(await sha256(decodeMatrix(gunzipSync(readFileSync(to))))).toBe(await sha256(V));
});

test.each<[string, string[], number, RegExp]>([
  ["no known extension", [table, join(folder, "x.xyz")], 2, /extension.*--output-format/],
  ["standard output without a format", [table, "-"], 2, /--output-format/],
  ["JSON and matrix on one stream", [table, "-", "--output-format", "csv", "--json"], 2, /cannot take both/],
  ["a folder that is none", [table, join(table, "x.npy")], 1, /cannot write.*\[IO\]/],
  ["no such file", [join(folder, "absent.npy"), join(folder, "y.npy")], 3, /no file.*\[IO\]/],
  [
    "several matrices into one",
    [table, join(folder, "z.images"), "--output-format", "images"],
    2,
    /'images' is invalid/,
  ],
])("refused: %s", async (_, args, expected, message) => {
  const before = listing(folder);
  const { code, stderr } = await advnmf(["convert", ...args]);
  expect(stderr).toMatch(message);
  expect(code).toBe(expected);
  expect(listing(folder)).toEqual(before);
});
