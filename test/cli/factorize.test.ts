import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { datasets, nmf, sha256 } from "advnmf";
import { encodeMatrix, readMatrix, writeMatrix } from "advnmf/io";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { fromFormula } from "../data.js";
import { advnmf, listing, namedCsv, readJson, scratchFolder } from "./command.js";

const folder = scratchFolder();
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const table = file("table.csv", namedCsv);

/** 6 images of 3×5 bytes. */
const IDX_HEADER = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 3, 0, 0, 0, 5];

interface Fit {
  readonly [key: string]: unknown;
  readonly options: Record<string, unknown>;
  readonly input: Record<string, unknown>;
  readonly sha256: { readonly W: string; readonly H: string };
  readonly files: Record<string, string>;
}

async function factorize(args: readonly string[], out: string): Promise<Fit> {
  const { code, stderr } = await advnmf(["factorize", ...args, "--out", out, "--quiet"]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return readJson(join(out, "fit.json")) as Fit;
}

describe("what is written", () => {
  test("CSV: names of rows go to W, names of columns to H, components name the other sides", async () => {
    const out = join(folder, "names");
    await factorize([table, "--rank", "2"], out);
    const V = await readMatrix(table);
    const W = await readMatrix(join(out, "W.csv"));
    const H = await readMatrix(join(out, "H.csv"));
    expect(W.rowNames).toEqual(['a "b"', "β", "third row", ""]);
    expect(W.colNames).toEqual(["component 1", "component 2"]);
    expect(H.rowNames).toEqual(["component 1", "component 2"]);
    expect(H.colNames).toEqual(["first, one", "second", "third", "fourth"]);
    expect(listing(out)).toEqual(["H.csv", "W.csv", "fit.json"]);
    const expected = await nmf(V, { rank: 2 });
    expect([...W.data]).toEqual([...expected.W.data]);
    expect([...H.data]).toEqual([...expected.H.data]);
  });

  test("fit.json tells the options in force, and the SDK makes the same bits of them", async () => {
    const out = join(folder, "record");
    const flags =
      "--loss beta=1.5 --init half-normal --seed 7 --restarts 2 --max-iterations 60 --tolerance 0";
    const more = "--l1-w 0.01 --l2-h 0.02 --order HW --epsilon 1e-12 --dtype f32";
    const record = await factorize([table, "--rank", "2", ...flags.split(" "), ...more.split(" ")], out);
    expect(record.options).toEqual({
      rank: 2,
      loss: { beta: 1.5 },
      solver: "mu",
      init: "half-normal",
      seed: 7,
      restarts: 2,
      maxIterations: 60,
      tolerance: 0,
      stopping: "decrease",
      mask: null,
      missing: null,
      l1W: 0.01,
      l1H: 0,
      l2W: 0,
      l2H: 0.02,
      order: "HW",
      epsilon: 1e-12,
      innerSweeps: null,
      extrapolate: null,
      dtype: "f32",
    });
    const V = await readMatrix(table, { dtype: "f32" });
    const expected = await nmf(V, {
      rank: 2,
      loss: { beta: 1.5 },
      init: "half-normal",
      seed: 7,
      restarts: 2,
      maxIterations: 60,
      tolerance: 0,
      l1W: 0.01,
      l2H: 0.02,
      order: "HW",
      epsilon: 1e-12,
    });
    expect(record).toMatchObject({
      seed: 7,
      loss: expected.loss,
      relativeError: expected.relativeError,
      iterations: 60,
      converged: false,
      reason: "maxIterations",
      sha256: { W: await sha256(expected.W), H: await sha256(expected.H) },
      peakBytes: expected.peakBytes,
      versions: { runtime: `node ${process.versions.node}` },
      files: { W: "W.csv", H: "H.csv", fit: "fit.json" },
      restarts: expected.restarts,
      history: expected.history,
    });
    expect(record.input).toMatchObject({
      kind: "file",
      format: "csv",
      rows: 4,
      cols: 4,
      sha256: await sha256(V),
    });
    expect(record.seconds).toBeGreaterThan(0);
  });

  test("--threads changes neither W nor H, and is recorded", async () => {
    const one = await factorize([table, "--rank", "2", "--threads", "1"], join(folder, "one"));
    const three = await factorize([table, "--rank", "2", "--threads", "3"], join(folder, "three"));
    expect([one.threads, three.threads]).toEqual([1, 3]);
    expect(three.sha256).toEqual(one.sha256);
  });

  test("what fit.json says of solver auto gives the same run when it is named", async () => {
    const automatic = await factorize([table, "--rank", "2"], join(folder, "auto"));
    expect(automatic.options).toMatchObject({ solver: "hals", innerSweeps: "auto", extrapolate: true });
    const named = ["--solver", "hals", "--inner-sweeps", "auto", "--extrapolate"];
    const again = await factorize([table, "--rank", "2", ...named], join(folder, "named"));
    expect(again.sha256).toEqual(automatic.sha256);
    const plain = await factorize([table, "--rank", "2", "--solver", "hals"], join(folder, "plain"));
    expect(plain.options).toMatchObject({ solver: "hals", innerSweeps: 1, extrapolate: false });
    const kl = [table, "--rank", "2", "--loss", "kullback-leibler"];
    const second = await factorize(kl, join(folder, "kl"));
    expect(second.options).toMatchObject({ solver: "newton", innerSweeps: "auto", extrapolate: true });
    const same = await factorize([...kl, "--solver", "newton", ...named.slice(2)], join(folder, "kl-named"));
    expect(same.sha256).toEqual(second.sha256);
  });

  test.each(["mat", "npz", "npy", "mtx", "tsv"] as const)("%s in, %s out", async (format) => {
    const out = join(folder, `as-${format}`);
    const V = await readMatrix(table);
    const source = join(folder, `v.${format}`);
    await writeMatrix(source, V);
    const record = await factorize([source, "--rank", "2"], out);
    expect(listing(out)).toEqual([`H.${format}`, `W.${format}`, "fit.json"]);
    expect(await sha256(await readMatrix(join(out, `W.${format}`)))).toBe(record.sha256.W);
    expect(await sha256(await readMatrix(join(out, `H.${format}`)))).toBe(record.sha256.H);
  });

  test("--output-format overrides the input's", async () => {
    const out = join(folder, "other");
    await factorize([table, "--rank", "1", "--output-format", "mtx"], out);
    expect(listing(out)).toEqual(["H.mtx", "W.mtx", "fit.json"]);
  });

  test("a folder that does not exist is made, and files of an earlier run make way", async () => {
    const out = join(folder, "deep", "er");
    await factorize([table, "--rank", "1", "--output-format", "npy"], out);
    writeFileSync(join(out, "mine.txt"), "kept");
    await factorize([table, "--rank", "2"], out);
    expect(listing(out)).toEqual(["H.csv", "W.csv", "fit.json", "mine.txt"]);
  });

  test("only files of our own names make way, whatever fit.json lists", async () => {
    const out = join(folder, "hostile");
    await factorize([table, "--rank", "1"], out);
    const victim = file("victim.txt", "precious");
    writeFileSync(join(out, "notes.csv"), "precious");
    writeFileSync(
      join(out, "fit.json"),
      JSON.stringify({ files: { a: "../victim.txt", b: "notes.csv", c: victim, d: 4 } }),
    );
    await factorize([table, "--rank", "1"], out);
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(existsSync(join(out, "notes.csv"))).toBe(true);
  });

  test("an interrupted or finished fit can be the start of another", async () => {
    const out = join(folder, "first");
    const first = await factorize([table, "--rank", "2", "--max-iterations", "20", "--tolerance", "0"], out);
    const start = ["--init-w", join(out, "W.csv"), "--init-h", join(out, "H.csv")];
    const next = await factorize(
      [table, "--rank", "2", ...start, "--max-iterations", "0"],
      join(folder, "next"),
    );
    expect(next.sha256).toEqual(first.sha256);
    expect(next.options.init).toEqual({ W: join(out, "W.csv"), H: join(out, "H.csv") });
  });
});

describe("pictures", () => {
  test("swimmer: features.png shows the columns of W, 32×32 each, magnified", async () => {
    const out = join(folder, "swimmer");
    const record = await factorize(["swimmer", "--max-iterations", "10"], out);
    expect(record.options).toMatchObject({ rank: 17 });
    expect(record.input).toMatchObject({ kind: "dataset", name: "swimmer", rows: 1024, cols: 256 });
    expect(listing(out)).toEqual(["H.npy", "W.npy", "features.png", "fit.json"]);
    const sheet = decode(readFileSync(join(out, "features.png")));
    expect([sheet.width, sheet.height]).toEqual([5 * 128 + 4 * 4, 4 * 128 + 3 * 4]);
    const W = await readMatrix(join(out, "W.npy"));
    const feature = 6;
    const column = Array.from({ length: 1024 }, (_, pixel) => W.data[pixel * 17 + feature]!);
    const brightest = column.indexOf(Math.max(...column));
    const [left, top] = [(feature % 5) * 132, Math.floor(feature / 5) * 132];
    const at = (pixel: number) =>
      sheet.data[(top + Math.floor(pixel / 32) * 4) * sheet.width + left + (pixel % 32) * 4];
    expect(at(brightest)).toBe(255);
    expect(at(column.indexOf(Math.min(...column)))).toBe(0);
  });

  test.each(["rows", "columns"] as const)(
    "a folder of images as %s: the factor in pixel space",
    async (images) => {
      const out = join(folder, `images-${images}`);
      const source = join(folder, "pgm");
      mkdirSync(source, { recursive: true });
      for (let index = 0; index < 6; index++) {
        const picture = fromFormula(3, 5, (i, j) => (i * 7 + j * (index + 2) + index * index) % 11);
        writeFileSync(join(source, `${index}.pgm`), encodeMatrix(picture, { format: "pgm" }));
      }
      const record = await factorize([source, "--rank", "2", "--images", images], out);
      expect(record.input).toMatchObject({
        rows: images === "rows" ? 6 : 15,
        cols: images === "rows" ? 15 : 6,
        image: { width: 5, height: 3, stacking: images, count: 6 },
      });
      const sheet = decode(readFileSync(join(out, "features.png")));
      expect([sheet.width, sheet.height]).toEqual([2 * 5 * 25 + 4, 3 * 25]);
      const pixels = await readMatrix(join(out, images === "rows" ? "H.npy" : "W.npy"));
      expect(images === "rows" ? pixels.cols : pixels.rows).toBe(15);
    },
  );
});

test("images of an IDX file are features too, and numbers are written as NPY", async () => {
  const out = join(folder, "idx");
  const pixels = Array.from({ length: 6 * 15 }, (_, i) => (i * 7 + (i >> 3)) % 11);
  const source = file("train-images-idx3-ubyte.gz", gzipSync(Uint8Array.of(...IDX_HEADER, ...pixels)));
  const record = await factorize([source, "--rank", "2"], out);
  expect(record.input).toMatchObject({
    format: "idx",
    rows: 6,
    cols: 15,
    image: { width: 5, height: 3, stacking: "rows", count: 6 },
  });
  expect(listing(out)).toEqual(["H.npy", "W.npy", "features.png", "fit.json"]);
});

describe("input", () => {
  test("- reads standard input, here NPY found out by its content", async () => {
    const V = await readMatrix(table);
    const out = join(folder, "stdin");
    const args = ["factorize", "-", "--rank", "2", "--out", out, "--json"];
    const { code, stdout } = await advnmf(args, { input: encodeMatrix(V, { format: "npy" }) });
    expect(code).toBe(0);
    const record = JSON.parse(stdout) as Fit;
    expect(record.input).toMatchObject({ kind: "stdin", format: "npy", rows: 4 });
    expect(record.sha256.W).toBe(await sha256((await nmf(V, { rank: 2 })).W));
  });

  test("- with --format, for text that would be taken for something else", async () => {
    const out = join(folder, "stdin-tsv");
    const args = ["factorize", "-", "--rank", "1", "--format", "tsv", "--out", out, "--json"];
    const { code, stdout } = await advnmf(args, { input: "1\t2\n3\t4\n" });
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Fit).input).toMatchObject({ format: "tsv", rows: 2, cols: 2 });
  });

  test("a data set is meant only where no file has its name", async () => {
    const cwd = scratchFolder();
    const args = ["factorize", "lafa-synthetic", "--rank", "1", "--max-iterations", "2", "--json"];
    const built = JSON.parse((await advnmf(args, { cwd })).stdout) as Fit;
    const V = await datasets.lafaSynthetic();
    expect(built.input).toMatchObject({ kind: "dataset", rows: 103, sha256: await sha256(V) });
    writeFileSync(join(cwd, "lafa-synthetic"), "1,2\n3,4\n");
    const own = JSON.parse((await advnmf(args, { cwd })).stdout) as Fit;
    expect(own.input).toMatchObject({ kind: "file", rows: 2 });
  });

  test("--dtype f32 computes in f32 on data sets too", async () => {
    const out = join(folder, "narrow");
    const args = ["atnmf-synthetic", "--dtype", "f32", "--max-iterations", "20"];
    const record = await factorize(args, out);
    const { rows, cols, data } = await datasets.atnmfSynthetic();
    const expected = await nmf({ rows, cols, data: Float32Array.from(data) }, { rank: 5, maxIterations: 20 });
    expect(record.sha256.H).toBe(await sha256(expected.H));
    expect((await readMatrix(join(out, "H.npy"))).data).toBeInstanceOf(Float32Array);
  });

  test("--variable picks a matrix of a MAT file", async () => {
    const source = file(
      "two.mat",
      encodeMatrix(
        { A: { rows: 2, cols: 2, data: Float64Array.of(1, 2, 3, 4) }, B: [[1, 2, 3]] },
        { format: "mat" },
      ),
    );
    const record = await factorize([source, "--variable", "B", "--rank", "1"], join(folder, "variable"));
    expect(record.input).toMatchObject({ variable: "B", rows: 1, cols: 3 });
  });

  test("--mask leaves entries out, and --missing says what that means", async () => {
    const V = fromFormula(6, 5, (i, j) => ((i * 5 + j * 3) % 7) + 1);
    const D = fromFormula(6, 5, (i, j) => ((i + 2 * j) % 4 === 0 ? 0 : 1));
    const source = file("masked.csv", encodeMatrix(V, { format: "csv" }));
    const mask = file("mask.mat", encodeMatrix(D, { format: "mat" }));
    for (const missing of ["ignore", "zero-fill"] as const) {
      const args = [source, "--rank", "2", "--mask", mask, "--missing", missing, "--solver", "mu"];
      const record = await factorize(args, join(folder, `mask-${missing}`));
      const expected = await nmf(V, { rank: 2, mask: D, missing, solver: "mu" });
      expect(record.sha256.W).toBe(await sha256(expected.W));
      expect(record.options).toMatchObject({ mask, missing });
    }
  });

  test("NaN is refused until it is called missing", async () => {
    const source = file("holes.csv", "1,,3\n4,5,6\n7,8,10\n");
    const refused = await advnmf(["factorize", source, "--rank", "1", "--out", join(folder, "none")]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/NaN at row 0, column 1.*missing.*\[NOT_FINITE\]/);
    const record = await factorize([source, "--rank", "1", "--missing", "ignore"], join(folder, "holes"));
    expect(record.relativeError).toBeLessThan(0.2);
  });
});

test("the Swimmer sheet of `npm start` shows the torso and sixteen limbs, each alone", async () => {
  const script = readFileSync(new URL("../../scripts/start.mjs", import.meta.url), "utf8");
  const flags = [...(/const SWIMMER = \[([^\]]*)\]/.exec(script)?.[1] ?? "").matchAll(/"(.*?)"/g)].map(
    ([, f]) => f!,
  );
  expect(flags[0]).toBe("factorize");
  const out = join(folder, "start");
  await factorize(flags.slice(1), out);
  // Pixels that are lit in the same poses belong to one part of the body.
  const V = await datasets.swimmer();
  const body = new Map<string, number[]>();
  for (let pixel = 0; pixel < 1024; pixel++) {
    const poses = V.data.subarray(pixel * 256, (pixel + 1) * 256);
    if (poses.some((x) => x > 0)) body.set(poses.join(), [...(body.get(poses.join()) ?? []), pixel]);
  }
  const W = await readMatrix(join(out, "W.npy"));
  const features = Array.from({ length: 17 }, (_, feature) => {
    const column = Array.from({ length: 1024 }, (_, pixel) => W.data[pixel * 17 + feature]!);
    const brightest = Math.max(...column);
    return column.flatMap((x, pixel) => (x > brightest / 10 ? [pixel] : []));
  });
  expect(body.size).toBe(17);
  expect(features.map(String).sort()).toEqual([...body.values()].map(String).sort());
});
