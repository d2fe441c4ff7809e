import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeMatrix } from "advnmf/io";
import { describe, expect, test } from "vitest";
import { advnmf, listing, scratchFolder } from "./command.js";

const folder = scratchFolder();
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const good = file("good.csv", "1,2,3\n4,5,6\n7,8,10\n");

/** `advnmf factorize ARGS`, which must fail and leave no output folder. */
async function failing(args: readonly string[], options: { input?: string | Uint8Array } = {}) {
  const cwd = join(folder, "cwd");
  mkdirSync(cwd, { recursive: true });
  const ending = await advnmf(["factorize", ...args], { cwd, ...options });
  expect(ending.stdout).toBe("");
  expect(listing(cwd)).toEqual([]);
  return ending;
}

describe("usage errors, exit code 2", () => {
  test.each<[string, string[], RegExp]>([
    ["unknown option", [good, "--rnk", "2"], /unknown option '--rnk'\s+\(Did you mean --rank\?\)/],
    ["unknown option value", [good, "--rank", "2", "--init", "svd"], /'svd' is invalid.*nndsvd/],
    ["unknown loss", [good, "--rank", "2", "--loss", "L2"], /'L2' is invalid.*frobenius.*beta=NUMBER/],
    ["no number", [good, "--rank", "two"], /'two' is invalid.*number/],
    ["no rank", [good], /needs --rank/],
    ["no input", [], /missing required argument 'input'/],
    ["too many inputs", [good, good, "--rank", "1"], /too many arguments/],
    [
      "option of another solver",
      [good, "--rank", "2", "--solver", "mu", "--extrapolate"],
      /extrapolate.*hals.*\[OPTION\]/,
    ],
    [
      "solver that cannot",
      [good, "--rank", "2", "--solver", "hals", "--loss", "itakura-saito"],
      /Frobenius.*\[OPTION\]/,
    ],
    [
      "option out of range",
      [good, "--rank", "2", "--seed", "-1"],
      /seed must be a whole number.*-1.*\[OPTION\]/,
    ],
    ["half a start", [good, "--rank", "2", "--init-w", good], /--init-w and --init-h belong together/],
  ])("%s", async (_, args, message) => {
    const { code, stderr } = await failing(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test("unknown command: the nearest is suggested", async () => {
    const { code, stderr, stdout } = await advnmf(["factorise", good]);
    expect(stderr).toMatch(/unknown command 'factorise'\s+\(Did you mean factorize\?\)/);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  test("no command: usage on standard error", async () => {
    const { code, stderr, stdout } = await advnmf([]);
    expect(stderr).toMatch(/no command given[\s\S]*Usage: advnmf/);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("bad input, exit code 3", () => {
  const npy = encodeMatrix(
    [
      [1, 2],
      [3, 4],
    ],
    { format: "npy" },
  );
  const images = join(folder, "images");
  mkdirSync(images);
  writeFileSync(
    join(images, "a.pgm"),
    encodeMatrix(
      [
        [1, 2],
        [3, 4],
      ],
      { format: "pgm" },
    ),
  );
  writeFileSync(join(images, "b.pgm"), encodeMatrix([[1, 2, 3]], { format: "pgm" }));
  const hdf5 = file("new.mat", Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0));
  const claim = "{'descr': '<f8', 'fortran_order': False, 'shape': (1048576, 1048576), }".padEnd(117) + "\n";
  const huge = Buffer.concat([Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"), Buffer.from(claim)]);

  test.each<[string, string[], string, RegExp]>([
    [
      "negative entry",
      [file("negative.csv", "1,2\n3,-4\n"), "--rank", "1"],
      "NEGATIVE",
      /-4 at row 1, column 1/,
    ],
    ["infinity", [file("infinite.csv", "1,2\n3,Infinity\n"), "--rank", "1"], "NOT_FINITE", /row 1, column 1/],
    ["rank 0", [good, "--rank", "0"], "RANK", /1 … 3.*got 0/],
    ["rank above min(m, n)", [good, "--rank", "4"], "RANK", /1 … 3.*got 4/],
    ["rank 1.5", [good, "--rank", "1.5"], "RANK", /whole number.*1\.5/],
    ["ragged rows", [file("ragged.csv", "1,2\n3\n"), "--rank", "1"], "SHAPE", /line 2/],
    ["empty file", [file("empty.csv", ""), "--rank", "1"], "FORMAT", /empty/],
    ["words", [file("words.csv", "1,2\n3,four\n"), "--rank", "1"], "FORMAT", /"four" on line 2/],
    [
      "truncated NPY",
      [file("cut.npy", npy.subarray(0, npy.length - 3)), "--rank", "1"],
      "FORMAT",
      /cut\.npy/,
    ],
    ["NPY that claims 2^40 entries", [file("claim.npy", huge), "--rank", "1"], "FORMAT", /claim\.npy/],
    ["MAT of the wrong version", [hdf5, "--rank", "1"], "UNSUPPORTED", /HDF5.*-v7/],
    ["images of two sizes", [images, "--rank", "1"], "SHAPE", /b\.pgm.*a\.pgm/],
    ["no such file", [join(folder, "absent.csv"), "--rank", "1"], "IO", /no file.*absent\.csv/],
    ["nearly a data set", ["swimer"], "IO", /did you mean swimmer\?/],
    [
      "mask of another size",
      [good, "--rank", "1", "--mask", file("m.csv", "1,1\n")],
      "SHAPE",
      /mask must be 3×3/,
    ],
    ["absent mask", [good, "--rank", "1", "--mask", join(folder, "no.csv")], "IO", /no\.csv/],
    [
      "start of another shape",
      [good, "--rank", "1", "--init-w", good, "--init-h", good],
      "SHAPE",
      /init\.W must be 3×1/,
    ],
  ])("%s", async (_, args, errorCode, message) => {
    const { code, stderr } = await failing(args);
    expect(stderr).toMatch(message);
    expect(stderr).toContain(`[${errorCode}]`);
    expect(stderr).not.toMatch(/defect|at .*\.js:/);
    expect(code).toBe(3);
  });

  test("standard input that is no matrix", async () => {
    const { code, stderr } = await failing(["-", "--rank", "1"], { input: "" });
    expect(stderr).toMatch(/standard input.*empty.*\[FORMAT\]/);
    expect(code).toBe(3);
  });

  test("a data set's rank is checked like any other", async () => {
    const { code } = await failing(["atnmf-synthetic", "--rank", "51"]);
    expect(code).toBe(3);
  });
});

describe("failures, exit code 1", () => {
  test("an output folder that cannot be made is found before anything is read or computed", async () => {
    const out = join(good, "below", "a", "file");
    const { code, stderr } = await failing([join(folder, "absent.csv"), "--rank", "1", "--out", out]);
    expect(stderr).toMatch(/cannot write to the folder .*good\.csv.*--out.*\[IO\]/);
    expect(code).toBe(1);
  });

  test("a file where the folder should be", async () => {
    const { code, stderr } = await failing([good, "--rank", "1", "--out", good]);
    expect(stderr).toMatch(/is a file, not a folder/);
    expect(code).toBe(1);
  });

  test("a file that cannot be replaced: nothing is left half-written", async () => {
    const out = join(folder, "blocked");
    mkdirSync(join(out, "fit.json", "in the way"), { recursive: true });
    const { code, stderr } = await failing([good, "--rank", "1", "--out", out]);
    expect(stderr).toContain("[IO]");
    expect(code).toBe(1);
    expect(listing(out).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("--json", () => {
  test("an error is one JSON object with its code, message and details", async () => {
    const { code, stdout } = await advnmf([
      "factorize",
      good,
      "--rank",
      "9",
      "--json",
      "--out",
      join(folder, "x"),
    ]);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: "RANK",
        message: expect.stringContaining("got 9"),
        details: { got: 9, low: 1, high: 3 },
      },
    });
  });

  test("a usage error too", async () => {
    const { code, stdout } = await advnmf(["factorize", good, "--json", "--rnk", "9"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "USAGE" } });
  });
});
