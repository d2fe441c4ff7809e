// `advnmf attack`: what it writes and says, and that its figures are those of the SDK.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { datasets, type LafaResult, lafa, matrix, sha256 } from "advnmf";
import { encodeMatrix, readMatrix } from "advnmf/io";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { fromFormula, projectRoot } from "../data.js";
import { advnmf, ending, listing, namedCsv, readJson, scratchFolder, startCli } from "./command.js";

const folder = scratchFolder();
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const table = file("table.csv", namedCsv);
const V = matrix(fromFormula(12, 10, (i, j) => 1 + ((i * 5 + j * 3) % 7) + (i % 3) * (j % 4)));
const source = file("v.npy", encodeMatrix(V, { format: "npy" }));
const quick = ["--steps", "3", "--iterations", "40", "--evaluation-iterations", "100", "--other-starts", "2"];
const lengths = { steps: 3, iterations: 40, evaluationIterations: 100, otherStarts: 2 };

interface Record {
  readonly [key: string]: unknown;
  readonly options: { readonly [key: string]: unknown };
  readonly results: { readonly sha256: { readonly [key: string]: string }; readonly featureError: number }[];
}

async function attack(args: readonly string[], out: string): Promise<Record> {
  const { code, stdout } = await advnmf(["attack", ...args, "--out", out, "--quiet"]);
  expect(stdout).toBe("");
  expect(code).toBe(0);
  return readJson(join(out, "attack.json")) as Record;
}

/** The figures of the SDK as attack.json holds them, without what depends on the clock. */
function figures({ results, baseline, assumption, peakBytes }: LafaResult) {
  const plain = results.map(({ perturbed: _, delta: __, W: ___, H: ____, ...own }) => own);
  return JSON.parse(JSON.stringify({ results: plain, baseline, assumption, peakBytes }));
}

describe("what is written", () => {
  test("perturbed data and what was added for each ε, and the figures and controls of the SDK", async () => {
    const out = join(folder, "plain");
    const record = await attack(
      [source, "--rank", "3", "--epsilons", "0.02,0.1", "--seed", "4", ...quick],
      out,
    );
    expect(listing(out)).toEqual([
      "attack.json",
      "delta-0.02.npy",
      "delta-0.1.npy",
      "perturbed-0.02.npy",
      "perturbed-0.1.npy",
    ]);
    const expected = await lafa(V, { rank: 3, epsilons: [0.02, 0.1], seed: 4, ...lengths });
    expect(record).toMatchObject(figures(expected));
    expect(record).toMatchObject({ method: "lafa", reason: "finished" });
    for (const [at, { epsilon, perturbed, delta }] of expected.results.entries()) {
      const [X, D] = await Promise.all(
        ["perturbed", "delta"].map((name) => readMatrix(join(out, `${name}-${epsilon}.npy`))),
      );
      expect(await sha256(X!)).toBe(await sha256(perturbed));
      expect(await sha256(D!)).toBe(await sha256(delta));
      expect(record.results[at]?.sha256).toMatchObject({
        perturbed: await sha256(X!),
        delta: await sha256(D!),
      });
    }
  });

  test("every option reaches the SDK, and is in attack.json as it was in force", async () => {
    const flags =
      "--norm linf --step-size 1.5 --restarts 2 --gradient both --loss frobenius --backprop-iterations 30 --damping 0.02 --init half-normal --seed 7 --clip 0,20 --keep last --noise-trials 2 --threads 1 --dtype f32 --no-random-start";
    const args = [source, "--rank", "2", "--epsilons", "0.5", ...flags.split(" "), ...quick];
    const record = await attack(args, join(folder, "options"));
    const options = {
      norm: "linf",
      stepSize: 1.5,
      restarts: 2,
      randomStart: false,
      objective: "feature-error",
      gradient: "both",
      loss: "frobenius",
      backpropIterations: 30,
      damping: 0.02,
      init: "half-normal",
      seed: 7,
      clip: [0, 20],
      keep: "last",
      noiseTrials: 2,
    } as const;
    const narrow = { ...V, data: Float32Array.from(V.data) };
    const expected = await lafa(narrow, { rank: 2, epsilons: [0.5], ...lengths, ...options, threads: 1 });
    expect(record).toMatchObject(figures(expected));
    expect(record.options).toEqual({
      ...options,
      model: "nmf",
      compat: null,
      warmStart: false,
      reference: null,
      ...lengths,
      rank: 2,
      epsilons: [0.5],
      attack: "pgd",
      dtype: "f32",
    });
  });

  test("a victim that is AT-NMF", async () => {
    const flags = [
      "--rank",
      "2",
      "--epsilons",
      "0.05",
      "--model",
      "atnmf",
      "--lambda",
      "3",
      "--max-inner",
      "8",
    ];
    const args = [source, ...flags, "--max-outer", "4", ...quick.filter((_, at) => at !== 2 && at !== 3)];
    const record = await attack(args, join(folder, "atnmf"));
    const training = { model: "atnmf", lambda: 3, maxInner: 8, maxOuter: 4 } as const;
    const { iterations: _, ...others } = lengths;
    const expected = await lafa(V, { rank: 2, epsilons: [0.05], ...training, ...others });
    expect(record).toMatchObject(figures(expected));
    expect(record.options).toMatchObject({
      ...training,
      loss: "frobenius",
      gradient: "backprop",
      iterations: null,
      damping: null,
    });
    const { code, stderr } = await advnmf(["attack", source, ...flags, "--iterations", "9"]);
    expect(code).toBe(2);
    expect(stderr).toContain('iterations belongs to model "nmf"');
  });

  test("the victim's loss as the objective", async () => {
    const args = [source, "--rank", "2", "--epsilons", "0.05", "--objective", "reconstruction", ...quick];
    const record = await attack(args, join(folder, "loss"));
    expect(record.options).toMatchObject({ objective: "reconstruction", gradient: null, restarts: 4 });
    expect(record.results[0]).toMatchObject({ gradient: "reconstruction" });
  });

  test("the procedure of LaFA's own code", async () => {
    const args = [source, "--rank", "2", "--epsilons", "0.05", "--compat", "official", ...quick];
    const record = await attack(args, join(folder, "official"));
    const expected = await lafa(V, { rank: 2, epsilons: [0.05], compat: "official", ...lengths });
    expect(record).toMatchObject(figures(expected));
    expect(record.options).toMatchObject({ compat: "official", keep: "last", restarts: 1, damping: null });
  });

  test("steps that go on from each other", async () => {
    const args = [source, "--rank", "2", "--epsilons", "0.1", "--warm-start", ...quick];
    const record = await attack(args, join(folder, "warm"));
    const options = { rank: 2, epsilons: [0.1], ...lengths };
    expect(record).toMatchObject(figures(await lafa(V, { ...options, warmStart: true })));
    expect(record.results[0]).not.toMatchObject({ history: (await lafa(V, options)).results[0]?.history });
    expect(record.options).toMatchObject({ warmStart: true });
  });

  test("a reference of the user's, in any format", async () => {
    const W = matrix(fromFormula(12, 2, (i, j) => 1 + ((i * 2 + j * 5) % 4)));
    const H = matrix(fromFormula(2, 10, (i, j) => 1 + ((i + j * 3) % 5)));
    const files = [
      ...["--reference-w", file("W.csv", encodeMatrix(W, { format: "csv" }))],
      ...["--reference-h", file("H.npy", encodeMatrix(H, { format: "npy" }))],
    ];
    const out = join(folder, "reference");
    const args = [source, "--rank", "2", "--epsilons", "0.05", ...files, ...quick];
    const { code, stdout } = await advnmf(["attack", ...args, "--out", out]);
    expect(code).toBe(0);
    const expected = await lafa(V, { rank: 2, epsilons: [0.05], reference: { W, H }, ...lengths });
    expect(expected.baseline.unattacked).toBeGreaterThan(0.1);
    const record = readJson(join(out, "attack.json")) as Record;
    expect(record).toMatchObject(figures(expected));
    expect(record).toMatchObject({ baseline: { reconstructionError: null } });
    expect(record.options.reference).toEqual({
      W: { name: files[1], sha256: await sha256(W) },
      H: { name: files[3], sha256: await sha256(H) },
    });
    expect(stdout).toMatch(new RegExp(`\\n0 +0 +${expected.baseline.unattacked.toFixed(3)} +\\d`));
    expect(stdout).toContain("against the given reference");
  });

  test("one step of fgsm", async () => {
    const args = [source, "--rank", "2", "--epsilons", "0.05", "--attack", "fgsm", ...quick.slice(2)];
    const record = await attack(args, join(folder, "fgsm"));
    expect(record.options).toMatchObject({ attack: "fgsm", steps: 1 });
    expect(record.results[0]).toMatchObject({ history: [expect.any(Number), expect.any(Number)] });
  });

  test("CSV keeps names, and standard output tells figures, controls and what the attacker knows", async () => {
    const out = join(folder, "names");
    const { code, stdout } = await advnmf([
      "attack",
      table,
      "--rank",
      "2",
      "--epsilons",
      "0.05",
      ...quick,
      "--out",
      out,
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /ε +size +feature error +of W +of H +reconstruction +noise +by loss +other starts\n0 +0 +0\.000 +0\.\d+ +\d\.\d{3}\n/,
    );
    expect(stdout).toMatch(
      /\n0\.05 +0\.0\d+ +\d\.\d{3} +\d\.\d{3} +\d\.\d{3} +0\.\d+ +\d\.\d{3} +\d\.\d{3} +\d\.\d{3}\n/,
    );
    expect(stdout).toContain("The attacker knows the start of the victim's factorization.");
    const X = await readMatrix(join(out, "perturbed-0.05.csv"));
    expect(X).toMatchObject({ rows: 4, cols: 4, rowNames: ['a "b"', "β", "third row", ""] });
    expect(X.colNames).toEqual(["first, one", "second", "third", "fourth"]);
  });

  test("--json prints attack.json", async () => {
    const out = join(folder, "json");
    const { stdout } = await advnmf([
      "attack",
      source,
      "--rank",
      "2",
      "--epsilons",
      "0.05",
      ...quick,
      "--out",
      out,
      "--json",
    ]);
    expect(JSON.parse(stdout)).toEqual({ ...(readJson(join(out, "attack.json")) as object), out });
  });

  test("files of an earlier run make way for those of this one", async () => {
    const out = join(folder, "again");
    const fit = ["factorize", source, "--rank", "2", "--out", out, "--quiet"];
    await advnmf(fit);
    writeFileSync(join(out, "W.csv"), "mine");
    await attack([source, "--rank", "2", "--epsilons", "0.05", ...quick], out);
    await attack([source, "--rank", "2", "--epsilons", "0.1", ...quick], out);
    expect(listing(out)).toEqual(["W.csv", "attack.json", "delta-0.1.npy", "perturbed-0.1.npy"]);
    await advnmf(fit);
    expect(listing(out)).toEqual(["H.npy", "W.csv", "W.npy", "fit.json"]);
  });
});

describe("pictures", () => {
  test("features.png: a row before the attack and one for each ε, each feature below its match", async () => {
    const photos = join(folder, "photos");
    mkdirSync(photos);
    const shape = { rows: 5, cols: 4 };
    for (let picture = 0; picture < 9; picture++) {
      const data = fromFormula(
        5,
        4,
        (i, j) => 1 + ((i * (1 + (picture % 3)) + j * (picture % 4)) % 9),
      ).flat();
      const pixels = { ...shape, data: Float64Array.from(data) };
      writeFileSync(join(photos, `${picture}.pgm`), encodeMatrix(pixels, { format: "pgm" }));
    }
    const out = join(folder, "photos-out");
    const args = [photos, "--images", "columns", "--rank", "3", "--epsilons", "0.05,0.1", ...quick];
    const record = await attack(args, out);
    expect(record.files).toMatchObject({
      features: "features.png",
      perturbed: [expect.stringMatching(/npy$/), expect.any(String)],
    });
    const { width, height } = decode(readFileSync(join(out, "features.png")));
    // 25 times as large, 4 pixels between two.
    expect([width, height]).toEqual([3 * 4 * 25 + 2 * 4, 3 * 5 * 25 + 2 * 4]);
  });

  test("the README's command makes the README's picture", async () => {
    const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
    const [, command] = /`npm start -- (attack swimmer [^`]*)`/.exec(readme) as RegExpExecArray;
    const out = join(folder, "swimmer");
    const { code } = await advnmf([...(command as string).split(/\s+/), "--out", out]);
    expect(code).toBe(0);
    const committed = readFileSync(join(projectRoot, "docs", "swimmer-attacked.png"));
    expect(readFileSync(join(out, "features.png")).equals(committed)).toBe(true);
    expect(committed.length).toBeLessThan(60_000);
    for (const { featureError } of (readJson(join(out, "attack.json")) as Record).results) {
      expect(readme).toContain(featureError.toFixed(2));
    }
  });

  test("features of an attack that changes nothing look like those before", async () => {
    const out = join(folder, "nothing");
    const D = await datasets.faces();
    const small = { rows: 576, cols: 20, data: D.data.filter((_, at) => at % 400 < 20) };
    const photos = join(folder, "faces");
    mkdirSync(photos);
    for (let picture = 0; picture < 20; picture++) {
      const data = small.data.filter((_, at) => at % 20 === picture).map((x) => Math.round(255 * x));
      writeFileSync(
        join(photos, `${10 + picture}.pgm`),
        encodeMatrix({ rows: 24, cols: 24, data }, { format: "pgm" }),
      );
    }
    await attack([photos, "--images", "rows", "--rank", "4", "--epsilons", "1e-9", ...quick], out);
    const { width, height, data } = decode(readFileSync(join(out, "features.png")));
    const half = (height - 4) / 2;
    expect(data.slice(0, width * half)).toEqual(data.slice(width * (half + 4)));
  });
});

describe("an interrupt", () => {
  test("saves the points so far", async () => {
    const out = join(folder, "stopped");
    const args = ["attack", "lafa-synthetic", "--epsilons", "0.01", "--steps", "100000", "--iterations", "5"];
    const child = startCli([...args, "--evaluation-iterations", "20", "--out", out]);
    const end = ending(child);
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (text: string) => {
        if (text.includes("attacking")) resolve();
      });
    });
    // The first steps take some milliseconds each.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill("SIGINT");
    const { code, stdout } = await end;
    expect(code).toBe(130);
    expect(listing(out)).toEqual(["attack.json", "delta-0.01.npy", "perturbed-0.01.npy"]);
    expect(readJson(join(out, "attack.json"))).toMatchObject({
      reason: "aborted",
      baseline: null,
      results: [{ epsilon: 0.01, attackFeatureError: expect.any(Number) }],
    });
    expect(stdout).toContain("not judged by a whole factorization");
  });
});

describe("errors leave no file", () => {
  test.each<[string, string[], number, RegExp]>([
    ["no rank", [source, "--epsilons", "0.1"], 2, /attack needs --rank/],
    ["no sizes", [source, "--rank", "2"], 2, /required option '--epsilons/],
    ["a word as a size", [source, "--rank", "2", "--epsilons", "0.1,much"], 2, /'0.1,much' is invalid/],
    ["a size below 0", [source, "--rank", "2", "--epsilons=-1"], 2, /≥ 0.*\[OPTION\]/],
    ["an unknown norm", [source, "--rank", "2", "--epsilons", "1", "--norm", "l1"], 2, /l2, linf/],
    ["half a box", [source, "--rank", "2", "--epsilons", "1", "--clip", "1"], 2, /such as 0,1/],
    [
      "a box that V is not in",
      [source, "--rank", "2", "--epsilons", "1", "--clip", "0,2"],
      2,
      /clip.*\[OPTION\]/,
    ],
    ["steps of fgsm", [source, "--rank", "2", "--epsilons", "1", "--attack", "fgsm"], 2, /"pgd".*\[OPTION\]/],
    [
      "a warm start in the official procedure",
      [source, "--rank", "2", "--epsilons", "1", "--warm-start", "--compat", "official"],
      2,
      /warmStart.*\[OPTION\]/,
    ],
    [
      "half a reference",
      [source, "--rank", "2", "--epsilons", "1", "--reference-w", table],
      2,
      /--reference-w and --reference-h belong together/,
    ],
    [
      "a reference of another shape",
      [source, "--rank", "2", "--epsilons", "1", "--reference-w", table, "--reference-h", source],
      3,
      /reference must have W 12×2 and H 2×10, got 4×4 and 12×10.*\[SHAPE\]/,
    ],
    [
      "an absent reference",
      [source, "--rank", "2", "--epsilons", "1", "--reference-w", "no.csv", "--reference-h", source],
      3,
      /no\.csv.*\[IO\]/,
    ],
    ["rank too large", [source, "--rank", "11", "--epsilons", "1"], 3, /1 … 10.*got 11.*\[RANK\]/],
    ["absent input", [join(folder, "no.csv"), "--rank", "2", "--epsilons", "1"], 3, /no file.*\[IO\]/],
  ])("%s", async (_, args, exitCode, message) => {
    const cwd = join(folder, "cwd");
    mkdirSync(cwd, { recursive: true });
    const { code, stdout, stderr } = await advnmf(["attack", ...args, ...quick], { cwd });
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
    expect(code).toBe(exitCode);
    expect(listing(cwd)).toEqual([]);
  });
});
