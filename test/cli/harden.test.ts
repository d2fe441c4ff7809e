// `advnmf harden`: what it writes and says, and that its figures are those of the SDK.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { anmf, atnmf, datasets, hideEntries, type Matrix, matrix, nmf, sha256 } from "advnmf";
import { encodeMatrix, readMatrix } from "advnmf/io";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { dataPath, fromFormula, projectRoot } from "../data.js";
import { advnmf, ending, listing, namedCsv, readJson, scratchFolder, startCli } from "./command.js";

const folder = scratchFolder();
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const table = file("table.csv", namedCsv);
const V = matrix(fromFormula(12, 10, (i, j) => ((i * 5 + j * 3) % 7) + (i % 3) * (j % 4)));
const source = file("v.npy", encodeMatrix(V, { format: "npy" }));
const quick = ["--max-inner", "10", "--max-outer", "3"];
const loops = { maxInner: 10, maxOuter: 3 };

interface Fit {
  readonly [key: string]: unknown;
  readonly options: Record<string, unknown>;
  readonly rmse: { readonly nmf: number; readonly hardened: number; readonly nmfIgnoring: number | null };
  readonly sha256: { readonly W: string; readonly H: string; readonly R: string };
  readonly restored: { readonly rows: string[]; readonly pictures: number[] };
}

async function harden(args: readonly string[], out: string, warned = /^$/): Promise<Fit> {
  const { code, stdout, stderr } = await advnmf(["harden", ...args, "--out", out, "--quiet"]);
  expect(stderr).toMatch(warned);
  expect(stdout).toBe("");
  expect(code).toBe(0);
  return readJson(join(out, "fit.json")) as Fit;
}

/** Root mean square of A − B where the mask is 0. */
function hiddenError(A: Matrix, B: Matrix, mask: Matrix): number {
  const squares = [...A.data].flatMap((a, i) => (mask.data[i] === 0 ? [(a - B.data[i]!) ** 2] : []));
  return Math.sqrt(squares.reduce((sum, x) => sum + x, 0) / squares.length);
}

describe("what is written", () => {
  test("--hide: W, H and R of the SDK's own fit, and the errors of both on what was hidden", async () => {
    const out = join(folder, "hide");
    const args = [source, "--rank", "3", "--hide", "0.3", "--seed", "5", "--lambda", "2.5", ...quick];
    const record = await harden(args, out);
    expect(listing(out)).toEqual(["H.npy", "R.npy", "W.npy", "fit.json"]);
    const { mask, hidden } = await hideEntries(V, { fraction: 0.3, seed: 5 });
    const options = { rank: 3, seed: 5, mask, ...loops };
    const fit = await atnmf(V, { ...options, lambda: 2.5 });
    const plain = await atnmf(V, { ...options, lambda: Number.POSITIVE_INFINITY });
    const digests = { W: await sha256(fit.W), H: await sha256(fit.H), R: await sha256(fit.R) };
    expect(record.sha256).toEqual(digests);
    for (const name of ["W", "H", "R"] as const) {
      expect(await sha256(await readMatrix(join(out, `${name}.npy`)))).toBe(digests[name]);
    }
    expect(record.rmse.hardened).toBeCloseTo(hiddenError(V, fit.reconstruct(), mask), 12);
    expect(record.rmse.nmf).toBeCloseTo(hiddenError(V, plain.reconstruct(), mask), 12);
    expect(record.rmse.nmfIgnoring).toBeNull();
    expect(record).toMatchObject({
      method: "at-nmf",
      hidden: hidden.length,
      lambda: 2.5,
      outerIterations: fit.outerIterations,
      innerIterations: fit.innerIterations,
      history: fit.history,
      restored: null,
      options: { rank: 3, hide: 0.3, mask: null, missing: "ignore", lambda: 2.5, adversary: "penalty" },
    });
  });

  test("--mask: zeros are hidden, and with zero-fill plain NMF without them is told as well", async () => {
    const D = matrix(fromFormula(12, 10, (i, j) => ((i + 2 * j) % 5 === 0 ? 0 : 1)));
    const mask = file("mask.mat", encodeMatrix(D, { format: "mat" }));
    const args = [source, "--rank", "3", "--mask", mask, "--missing", "zero-fill", "--lambda", "2", ...quick];
    const record = await harden(args, join(folder, "mask"));
    const options = { rank: 3, mask: D, ...loops };
    const fit = await atnmf(V, { ...options, lambda: 2, missing: "zero-fill" });
    const ignoring = await atnmf(V, { ...options, lambda: Number.POSITIVE_INFINITY });
    expect(record.rmse.hardened).toBeCloseTo(hiddenError(V, fit.reconstruct(), D), 12);
    expect(record.rmse.nmfIgnoring).toBeCloseTo(hiddenError(V, ignoring.reconstruct(), D), 12);
    expect(record.rmse.nmfIgnoring).toBeLessThan(record.rmse.nmf);
    expect(record.options).toMatchObject({ mask, hide: null, missing: "zero-fill" });
  });

  test("CSV: R has the names of V; nothing is hidden unasked in the user's data", async () => {
    const out = join(folder, "names");
    const { code, stdout } = await advnmf(["harden", table, "--rank", "2", ...quick, "--out", out]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/hidden +nothing\n/);
    expect(stdout).toMatch(
      /Relative error, nothing being hidden:\n {2}NMF +0\.\d+\n {2}AT-NMF, λ = 3 +0\.\d+\n/,
    );
    const R = await readMatrix(join(out, "R.csv"));
    expect(R).toMatchObject({ rows: 4, cols: 4, rowNames: ['a "b"', "β", "third row", ""] });
    expect(R.colNames).toEqual(["first, one", "second", "third", "fourth"]);
    expect(listing(out)).toEqual(["H.csv", "R.csv", "W.csv", "fit.json"]);
  });

  test("every option reaches the SDK", async () => {
    const flags =
      "--loss beta=1.5 --init random --seed 7 --restarts 2 --epsilon-inner 0.1 --epsilon-outer 0.2 --threads 1";
    const record = await harden(
      [source, "--rank", "2", "--adversary", "linf=0.5", ...flags.split(" "), ...quick, "--dtype", "f32"],
      join(folder, "options"),
    );
    const narrow = { ...V, data: Float32Array.from(V.data) };
    const fit = await atnmf(narrow, {
      rank: 2,
      loss: { beta: 1.5 },
      init: "random",
      seed: 7,
      restarts: 2,
      epsilonInner: 0.1,
      epsilonOuter: 0.2,
      adversary: { linf: 0.5 },
      ...loops,
    });
    expect(record.sha256.R).toBe(await sha256(fit.R));
    expect(record).toMatchObject({
      lambda: null,
      threads: 1,
      options: { adversary: { linf: 0.5 }, dtype: "f32" },
    });
  });

  test("--lambda auto tells how each λ did", async () => {
    const args = [source, "--rank", "2", "--hide", "0.2", "--lambda", "auto", ...quick];
    const record = await harden(args, join(folder, "auto"));
    const lambdas = record.lambdas as { lambda: number | "∞"; heldOutError: number }[];
    expect(lambdas.map(({ lambda }) => lambda)).toEqual([1.5, 2, 3, 5, 10, "∞"]);
    const best = lambdas.reduce((a, b) => (b.heldOutError < a.heldOutError ? b : a));
    expect(record.lambda).toBe(best.lambda);
  });

  test("files of an earlier factorization make way for those of this run, and the other way round", async () => {
    const out = join(folder, "again");
    await advnmf(["factorize", source, "--rank", "2", "--output-format", "csv", "--out", out]);
    await harden([source, "--rank", "2", ...quick], out);
    expect(listing(out)).toEqual(["H.npy", "R.npy", "W.npy", "fit.json"]);
    await advnmf(["factorize", source, "--rank", "2", "--out", out]);
    expect(listing(out)).toEqual(["H.npy", "W.npy", "fit.json"]);
  });

  test("NaN is neither restored nor counted, once it is allowed", async () => {
    const holes = file("holes.csv", namedCsv.replace("4.5", ""));
    const args = ["harden", holes, "--rank", "1", ...quick, "--out", join(folder, "nan")];
    const refused = await advnmf([...args, "--hide", "0.3"]);
    expect(refused.stderr).toMatch(/NaN at row 1, column 1.*\[NOT_FINITE\]/);
    expect(refused.code).toBe(3);
    const { code, stdout } = await advnmf([...args, "--hide", "0.3", "--missing", "ignore", "--json"]);
    expect(code).toBe(0);
    const { rmse, hidden } = JSON.parse(stdout) as { rmse: Fit["rmse"]; hidden: number };
    expect(hidden).toBeGreaterThan(0);
    expect(rmse.hardened).toBeGreaterThan(0);
  });
});

describe("--method anmf", () => {
  const short = ["--method", "anmf", "--max-iterations", "40", "--rank", "2"];

  test("W, H and attackedW of the SDK's own fit, beside β = 0", async () => {
    const out = join(folder, "anmf");
    const flags = "--lambda 0.5 --beta 0.7 --target mean --gauge none --tolerance 1e-3 --seed 3 --restarts 2";
    const args = [source, ...short, ...flags.split(" "), "--hide", "0.2", "--missing", "zero-fill"];
    const record = await harden(args, out, /^advnmf: warning: Without a gauge.*\n$/);
    expect(listing(out)).toEqual(["H.npy", "W.npy", "attackedW.npy", "fit.json"]);
    const { mask } = await hideEntries(V, { fraction: 0.2, seed: 3 });
    const loop = { maxIterations: 40, tolerance: 1e-3, seed: 3, restarts: 2 };
    const options = { rank: 2, lambda: 0.5, target: "mean", gauge: "none", mask, ...loop } as const;
    const fit = await anmf(V, { ...options, beta: 0.7, missing: "zero-fill" });
    const plain = await anmf(V, { ...options, beta: 0, missing: "zero-fill" });
    const ignoring = await anmf(V, { ...options, beta: 0 });
    expect(record.sha256).toEqual({
      W: await sha256(fit.W),
      H: await sha256(fit.H),
      attackedW: await sha256(fit.attackedW),
    });
    expect(record.rmse.hardened).toBeCloseTo(hiddenError(V, fit.reconstruct(), mask), 12);
    expect(record.rmse.nmf).toBeCloseTo(hiddenError(V, plain.reconstruct(), mask), 12);
    expect(record.rmse.nmfIgnoring).toBeCloseTo(hiddenError(V, ignoring.reconstruct(), mask), 12);
    expect(record).toMatchObject({ method: "anmf", kkt: fit.kkt, residuals: fit.residuals });
    expect(record.options).toMatchObject({ beta: 0.7, target: "mean", gauge: "none", missing: "zero-fill" });
  });

  test("a target from a file, and the names of V's rows for attackedW", async () => {
    const target = file("target.csv", "1,1,1,1\n2,2,2,2\n3,3,3,3\n4,4,4,4\n");
    const out = join(folder, "target");
    await harden([table, ...short, "--target", target], out);
    const fit = await anmf(await readMatrix(table), {
      rank: 2,
      maxIterations: 40,
      target: await readMatrix(target),
    });
    const attackedW = await readMatrix(join(out, "attackedW.csv"));
    expect([...attackedW.data]).toEqual([...fit.attackedW.data]);
    expect(attackedW.rowNames).toEqual(['a "b"', "β", "third row", ""]);
    expect(attackedW.colNames).toEqual(["component 1", "component 2"]);
    // What the other method leaves makes way.
    await harden([table, "--rank", "2", ...quick], out);
    expect(listing(out)).toEqual(["H.csv", "R.csv", "W.csv", "fit.json"]);
  });

  test("pictures: what the attacker makes of the restored ones", async () => {
    const out = join(folder, "anmf-faces");
    const args = ["harden", "faces", "--method", "anmf", "--max-iterations", "20", "--out", out];
    const { code, stdout } = await advnmf(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/NMF +0\.\d+\n {2}ANMF, λ = 1, β = 0\.5 +0\.\d+\n/);
    expect(stdout).toContain("row 5  attackedW·H");
    expect(listing(out)).toEqual([
      "H.npy",
      "W.npy",
      "attackedW.npy",
      "features.png",
      "fit.json",
      "restored.png",
    ]);
  });

  test.each<[string, string[], number, RegExp]>([
    ["an option of the other method", ["--max-outer", "3"], 2, /--max-outer is an option of --method at-nmf/],
    ["λ that is chosen", ["--lambda", "auto"], 2, /lambda.*\[OPTION\]/],
    ["no such target", ["--target", join(folder, "no.csv")], 3, /no\.csv.*\[IO\]/],
    ["unknown gauge", ["--gauge", "l2"], 2, /'l2' is invalid/],
  ])("refuses %s", async (_, args, exitCode, message) => {
    const out = join(folder, "anmf-refused");
    const { code, stderr } = await advnmf(["harden", source, ...short, ...args, "--out", out]);
    expect(stderr).toMatch(message);
    expect(code).toBe(exitCode);
    expect(listing(out)).toEqual([]);
  });
});

describe("pictures", () => {
  test("the README's picture is what `npm start -- harden faces` makes", async () => {
    const out = join(folder, "faces");
    const { code, stdout, stderr } = await advnmf(["harden", "faces", "--out", out]);
    expect(code).toBe(0);
    expect(stderr).toBe("advnmf: hardening faces (576×400 f64) at rank 20\n");
    expect(listing(out)).toEqual(["H.npy", "R.npy", "W.npy", "features.png", "fit.json", "restored.png"]);
    const committed = readFileSync(join(projectRoot, "docs", "faces-restored.png"));
    expect(readFileSync(join(out, "restored.png")).equals(committed)).toBe(true);
    const { rmse, restored, hidden, options } = readJson(join(out, "fit.json")) as Fit;
    expect(options).toMatchObject({ rank: 20, hide: 0.6, lambda: 3, missing: "ignore" });
    expect(stdout).toContain(`${hidden as number} of 230400 entries, left out`);
    for (const error of [rmse.nmf, rmse.hardened]) expect(stdout).toContain(`  ${error.toPrecision(4)}\n`);
    expect(restored.pictures).toEqual([0, 50, 100, 150, 200, 250, 300, 350]);
    for (const title of restored.rows) expect(stdout).toContain(`  ${title}\n`);

    // Row by row: originals, those with holes, two restorations, and grey where the adversary does nothing.
    const sheet = decode(committed);
    expect([sheet.width, sheet.height]).toEqual([8 * 120 + 7 * 4, 5 * 120 + 4 * 4]);
    const faces = await datasets.faces();
    const { mask } = await hideEntries(faces, { fraction: 0.6 });
    const white = Math.max(
      ...Array.from({ length: 576 }, (_, i) => Math.max(...faces.data.subarray(i * 400, (i + 1) * 400))),
    );
    const grey = (row: number, picture: number, pixel: number) => {
      const y = row * 124 + Math.floor(pixel / 24) * 5;
      return sheet.data[y * sheet.width + picture * 124 + (pixel % 24) * 5];
    };
    for (let picture = 0; picture < 8; picture++) {
      for (let pixel = 0; pixel < 576; pixel++) {
        const at = pixel * 400 + picture * 50;
        const original = Math.round((255 * faces.data[at]!) / white);
        expect(grey(0, picture, pixel)).toBe(original);
        expect(grey(1, picture, pixel)).toBe(mask.data[at] === 0 ? 0 : original);
        if (mask.data[at] === 0) expect(grey(4, picture, pixel)).toBe(128);
      }
    }
  });

  test("a folder of images as rows", async () => {
    const images = join(folder, "pgm");
    mkdirSync(images);
    for (let index = 0; index < 5; index++) {
      const picture = fromFormula(3, 4, (i, j) => (i * 7 + j * (index + 2) + index * index) % 11);
      writeFileSync(join(images, `${index}.pgm`), encodeMatrix(picture, { format: "pgm" }));
    }
    const out = join(folder, "rows");
    const args = [images, "--images", "rows", "--rank", "2", "--hide", "0.4", "--missing", "zero-fill"];
    const record = await harden([...args, ...quick], out);
    expect(record.restored.pictures).toEqual([0, 1, 2, 3, 4]);
    expect(record.restored.rows).toHaveLength(6);
    const sheet = decode(readFileSync(join(out, "restored.png")));
    expect([sheet.width, sheet.height]).toEqual([5 * 4 * 32 + 4 * 4, 6 * 3 * 32 + 5 * 4]);
    expect(await readMatrix(join(out, "R.npy"))).toMatchObject({ rows: 5, cols: 12 });
  });

  const real = dataPath("lafa/face");
  test.skipIf(real === undefined)("the real faces", async () => {
    const out = join(folder, "real");
    const args = [real!, "--images", "columns", "--rank", "20", "--hide", "0.6", ...quick];
    const record = await harden(args, out);
    expect(listing(out)).toContain("restored.png");
    const mean = await nmf(await readMatrix(real!, { images: "columns" }), { rank: 1, maxIterations: 50 });
    expect(record.rmse.hardened).toBeLessThan(mean.relativeError * 255);
  });
});

describe("interrupting", () => {
  test("the best so far is saved, without what would have come after it", async () => {
    const out = join(folder, "interrupted");
    const endless = ["--epsilon-outer", "0", "--max-outer", "1000000"];
    const child = startCli(["harden", "faces", ...endless, "--out", out]);
    const end = ending(child);
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (text: string) => {
        if (text.includes("hardening")) resolve();
      });
    });
    child.kill("SIGINT");
    const { code, stdout } = await end;
    expect(code).toBe(130);
    expect(readJson(join(out, "fit.json"))).toMatchObject({
      reason: "aborted",
      rmse: { nmf: null, hardened: expect.any(Number), nmfIgnoring: null },
      restored: { rows: ["original", "visible", "AT-NMF, λ = 3", expect.any(String)] },
    });
    expect(stdout).toMatch(/NMF +interrupted\n {2}AT-NMF, λ = 3 +0\.\d+\n/);
    expect(listing(out)).toEqual(["H.npy", "R.npy", "W.npy", "features.png", "fit.json", "restored.png"]);
  });
});

describe("errors leave no file", () => {
  test.each<[string, string[], number, RegExp]>([
    ["no rank", [source], 2, /harden needs --rank/],
    ["λ of 1", [source, "--rank", "2", "--lambda", "1"], 2, /lambda must be a number above 1.*\[OPTION\]/],
    ["a word as λ", [source, "--rank", "2", "--lambda", "strong"], 2, /'strong' is invalid/],
    [
      "unknown adversary",
      [source, "--rank", "2", "--adversary", "l2=1"],
      2,
      /'l2=1' is invalid.*linf=RADIUS/,
    ],
    ["λ and a radius", [source, "--rank", "2", "--adversary", "linf=1", "--lambda", "2"], 2, /\[OPTION\]/],
    ["a loss of β below 1", [source, "--rank", "2", "--loss", "itakura-saito"], 2, /β ≥ 1.*\[OPTION\]/],
    [
      "all hidden",
      [source, "--rank", "2", "--hide", "1"],
      2,
      /fraction must be above 0 and below 1.*\[OPTION\]/,
    ],
    ["two masks", [source, "--rank", "2", "--hide", "0.5", "--mask", source], 2, /--mask.*--hide.*give one/],
    ["mask of another size", [source, "--rank", "2", "--mask", table], 3, /mask must be 12×10.*\[SHAPE\]/],
    ["absent mask", [source, "--rank", "2", "--mask", join(folder, "no.csv")], 3, /no\.csv.*\[IO\]/],
    ["absent input", [join(folder, "absent.csv"), "--rank", "2"], 3, /no file.*absent\.csv.*\[IO\]/],
    ["rank too large", [source, "--rank", "11"], 3, /1 … 10.*got 11.*\[RANK\]/],
    ["no folder to write to", [source, "--rank", "2", "--out", join(source, "below")], 1, /--out.*\[IO\]/],
  ])("%s", async (_, args, exitCode, message) => {
    const cwd = join(folder, "cwd");
    mkdirSync(cwd, { recursive: true });
    const { code, stdout, stderr } = await advnmf(["harden", ...args, ...quick], { cwd });
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
    expect(code).toBe(exitCode);
    expect(listing(cwd)).toEqual([]);
  });

  test("as JSON", async () => {
    const { code, stdout } = await advnmf(["harden", source, "--rank", "2", "--lambda", "0.5", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "OPTION", details: { got: 0.5 } } });
  });
});
