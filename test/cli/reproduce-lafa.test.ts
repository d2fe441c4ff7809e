// `advnmf reproduce lafa`: what it computes, what it writes and says, and how it goes on after an interruption.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { datasets, lafa, sha256 } from "advnmf";
import { encodeMatrix, readMatrix } from "advnmf/io";
import { describe, expect, test, vi } from "vitest";
import { dataPath, fromFormula } from "../data.js";
import { advnmf, ending, listing, readJson, scratchFolder, startCli } from "./command.js";

// The build puts it in; these tests read some of the sources themselves.
vi.hoisted(() => vi.stubGlobal("ADVNMF_VERSION", "test"));

import { findData } from "../../sdk/cli/reproduce/data-folder.js";
import { DATA, loadData } from "../../sdk/cli/reproduce/lafa/data.js";
import { findingsOf, verdictOf } from "../../sdk/cli/reproduce/lafa/findings.js";
import { SETS } from "../../sdk/cli/reproduce/lafa/protocol.js";
import { QUOTED_ERRORS, quotedError } from "../../sdk/cli/reproduce/lafa/quoted.js";
import type { Attacked, ReproduceRecord, SetAttacks } from "../../sdk/cli/reproduce/lafa/record.js";

// What the command line finds there is a test of its own.
delete process.env.ADVNMF_DATA;

const folder = scratchFolder();

/** Two attacks of a fraction of a second. */
const SMALL = [
  ...["--set", "synthetic", "--epsilons", "0.05", "--steps", "2", "--iterations", "30", "--restarts", "1"],
  ...["--procedures", "ours", "--evaluation-iterations", "60", "--other-starts", "2", "--noise-trials", "2"],
];
const LENGTHS = {
  steps: 2,
  restarts: 1,
  iterations: 30,
  evaluationIterations: 60,
  otherStarts: 2,
  noiseTrials: 2,
};

const run = (out: string, ...more: string[]) =>
  advnmf(["reproduce", "lafa", "--out", out, ...more], { cwd: folder });

const record = (out: string) => readJson(join(out, "reproduce.json")) as ReproduceRecord;

const FILES = ["index.html", "journal.jsonl", "reproduce.json", "tables.csv"];

describe("a run on generated data", () => {
  const out = join(folder, "whole");
  const ended = run(out, ...SMALL, "--json");

  test("ends well, with its files and nothing else", async () => {
    const { code, stdout, stderr } = await ended;
    expect(stderr).toContain("2/2 Synthetic, L2, ε = 0.05, back-propagation: feature error ");
    expect(code).toBe(0);
    expect(listing(out)).toEqual(FILES);
    const printed = JSON.parse(stdout);
    expect(printed).toMatchObject({ ...record(out), out });
    expect(printed).toMatchObject({ complete: true, attacks: { finished: 2, planned: 2 } });
    expect(record(out).options.lengths).toEqual(LENGTHS);
  });

  test("has the figures of the SDK with their controls", async () => {
    await ended;
    const [set, ...others] = record(out).sets;
    expect(others).toEqual([]);
    expect(set).toMatchObject({ name: "synthetic", origin: "generated", rows: 103, cols: 200, rank: 3 });
    const V = await datasets.lafaSynthetic();
    expect(set?.sha256).toBe(await sha256(V));
    expect(set?.attacks.map(({ gradient }) => gradient)).toEqual(["implicit", "backprop"]);
    for (const attack of set?.attacks ?? []) {
      const expected = await lafa(V, { rank: 3, epsilons: [0.05], gradient: attack.gradient, ...LENGTHS });
      const [result] = expected.results;
      expect(attack).toMatchObject({
        featureError: result!.featureError,
        featureErrorW: result!.featureErrorW,
        featureErrorH: result!.featureErrorH,
        reconstructionError: result!.reconstructionError,
        noise: expected.baseline.noise[0],
        byLoss: expected.baseline.reconstruction[0],
        transfer: result!.transfer,
        refit: expected.baseline.refit,
        unattacked: 0,
        peakBytes: expected.peakBytes,
        quoted: null,
      });
      const zero = await lafa(V, { rank: 3, epsilons: [0], gradient: attack.gradient, ...LENGTHS });
      expect(attack.unattackedReconstruction).toBeCloseTo(zero.results[0]!.reconstructionError, 9);
    }
  });

  test("the page and the table show them, and what the attacker knows", async () => {
    await ended;
    const page = readFileSync(join(out, "index.html"), "utf8");
    const table = readFileSync(join(out, "tables.csv"), "utf8").trimEnd().split("\n");
    expect(table).toHaveLength(3);
    for (const { featureError } of record(out).sets[0]?.attacks ?? []) {
      expect(page).toContain(`<b>${featureError.toFixed(3)}</b>`);
      expect(table.join()).toContain(`,${featureError},`);
    }
    for (const sentence of [...record(out).verdict, record(out).assumption]) {
      expect(page).toContain(sentence.replaceAll("'", "&#39;"));
    }
    expect(page.match(/<svg/g)).toHaveLength(4);
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)|NaN|undefined/);
  });

  test("goes on from the journal", async () => {
    await ended;
    const before = record(out).sets;
    const { stderr } = await run(out, ...SMALL);
    expect(stderr).toMatch(/2 of 2 attacks taken over/);
    expect(record(out).sets).toEqual(before);
  });
});

test("the official procedure alone", async () => {
  const out = join(folder, "official");
  const { code } = await run(out, ...SMALL, "--procedures", "official", "--gradients", "implicit", "--quiet");
  expect(code).toBe(0);
  const page = readFileSync(join(out, "index.html"), "utf8");
  expect(page).not.toMatch(/NaN|Infinity|undefined|Time and memory|noise of the same size<\/li>/);
});

describe("pictures and files", () => {
  test("sheets of features, for what there is a file of", async () => {
    const data = join(folder, "data", "lafa", "face");
    mkdirSync(data, { recursive: true });
    for (let picture = 0; picture < 8; picture++) {
      const pixels = fromFormula(19, 19, (i, j) => ((i * (1 + (picture % 3)) + j * (picture % 4)) % 9) + 1);
      const matrix = { rows: 19, cols: 19, data: Float64Array.from(pixels.flat()) };
      writeFileSync(join(data, `${picture}.pgm`), encodeMatrix(matrix, { format: "pgm" }));
    }
    const out = join(folder, "faces");
    const small = [...SMALL.slice(4), "--set", "face", "--epsilons", "0.02,0.05", "--gradients", "implicit"];
    const { code, stdout } = await run(out, "--data", join(folder, "data"), ...small);
    expect(code).toBe(0);
    expect(stdout).toContain("attacks  2 of 2");
    const [set] = record(out).sets;
    expect(set).toMatchObject({ name: "face", origin: "file", rows: 8, cols: 361 });
    const page = readFileSync(join(out, "index.html"), "utf8");
    expect([...page.matchAll(/alt="5 features at ε = ([0-9.]+)/g)].map(([, epsilon]) => epsilon)).toEqual([
      "0",
      "0.02",
      "0.05",
    ]);
    expect(page).toContain("WTSI: needs the authors’ data, which the folder lacks");
  });

  test("MNIST: the first thousand pictures of its file", async () => {
    const data = join(folder, "mnist");
    mkdirSync(data, { recursive: true });
    const size = 28 * 28;
    const images = 1003;
    const bytes = new Uint8Array(16 + images * size);
    bytes.set([0, 0, 8, 3, 0, 0, images >> 8, images & 255, 0, 0, 0, 28, 0, 0, 0, 28]);
    // The last three are white, and not to count.
    for (let at = 16; at < bytes.length; at++) bytes[at] = at < 16 + 1000 * size ? (at * 7) % 201 : 255;
    writeFileSync(join(data, "t10k-images.idx3-ubyte.gz"), gzipSync(bytes));
    const found = await findData(data, DATA);
    expect(found?.found.get("mnist")).toBe(join(data, "t10k-images.idx3-ubyte.gz"));
    const { V, origin, file } = await loadData("mnist", found?.found.get("mnist"), 0);
    expect([V.rows, V.cols, origin, file]).toEqual([1000, size, "file", "t10k-images.idx3-ubyte.gz"]);
    expect(V.data).toEqual(Float64Array.from(bytes.subarray(16, 16 + 1000 * size), (entry) => entry / 200));
  });

  test("MNIST: attacked, with its sheet; the images for training come first", async () => {
    const data = join(folder, "digits");
    mkdirSync(data, { recursive: true });
    const idx = (images: number, pixels: number) => {
      const head = [0, 0, 8, 3, 0, 0, 0, images, 0, 0, 0, pixels, 0, 0, 0, pixels];
      // A border that is 0 in every picture, as MNIST has.
      const pixel = (at: number) => (at % pixels < 3 ? 0 : 1 + (((at * at) >> 4) % 97));
      return Uint8Array.from([
        ...head,
        ...Array.from({ length: images * pixels ** 2 }, (_, at) => pixel(at)),
      ]);
    };
    writeFileSync(join(data, "train-images-idx3-ubyte"), idx(12, 28));
    writeFileSync(join(data, "t10k-images-idx3-ubyte"), idx(5, 28));
    const out = join(folder, "mnist-out");
    const args = [...SMALL.slice(2), "--set", "mnist", "--gradients", "implicit", "--data", data];
    const { code, stdout } = await run(out, ...args);
    expect(code).toBe(0);
    expect(stdout).toContain("attacks  1 of 1");
    const [set] = record(out).sets;
    expect(set).toMatchObject({
      name: "mnist",
      file: "train-images-idx3-ubyte",
      rows: 12,
      cols: 784,
      rank: 10,
    });
    const page = readFileSync(join(out, "index.html"), "utf8");
    expect(page).toContain('alt="10 features at ε = 0.05');
    expect(page).toContain("from train-images-idx3-ubyte of the data folder");
    expect(page).toContain("with 30 iterations a step (theirs on WTSI: 1600)");

    writeFileSync(join(data, "train-images-idx3-ubyte"), idx(12, 20));
    const small = await run(join(folder, "small"), ...args);
    expect([small.code, small.stderr]).toEqual([
      3,
      expect.stringMatching(/28×28 pixels, got those of 20×20/),
    ]);
    expect(listing(join(folder, "small"))).toEqual([]);
  });

  test.skipIf(!dataPath("lafa"))("WTSI is (X + 0.01)/max", async () => {
    const { V, origin } = await loadData("wtsi", join(dataPath("lafa") as string, "wtsi.mat"), 0);
    const X = await readMatrix(join(dataPath("lafa") as string, "wtsi.mat"));
    const largest = Math.max(...X.data);
    expect([V.rows, V.cols, origin]).toEqual([96, 21, "file"]);
    V.data.forEach((entry, at) => {
      expect(entry).toBeCloseTo((X.data[at]! + 0.01) / (largest + 0.01), 14);
    });
  });
});

describe("an interrupt", () => {
  test("loses no finished attack, and the same command goes on", async () => {
    const out = join(folder, "stopped");
    const args = [...SMALL, "--epsilons", "0.01,0.02,0.05,0.06", "--gradients", "implicit", "--steps", "8"];
    const child = startCli(["reproduce", "lafa", "--out", out, ...args], folder);
    const end = ending(child);
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (text: string) => {
        if (text.includes("1/4 ")) resolve();
      });
    });
    child.kill("SIGINT");
    const { code, stderr } = await end;
    expect(code).toBe(130);
    const finished = record(out).attacks.finished;
    expect(stderr).toContain(`${finished} of 4 attacks are done`);
    expect(finished).toBeGreaterThan(0);
    expect(finished).toBeLessThan(4);
    expect(readFileSync(join(out, "index.html"), "utf8")).toContain("<b>Not finished:</b>");
    const again = await run(out, ...args);
    expect(again.stderr).toContain(`${finished} of 4 attacks taken over`);
    expect(record(out)).toMatchObject({ complete: true, attacks: { finished: 4, planned: 4 } });
  });
});

describe("refusals", () => {
  test.each<[string, string[], number, RegExp]>([
    ["an unknown set", ["--set", "faces"], 2, /synthetic, wtsi, swimmer, face, mnist/],
    ["an unknown gradient", ["--gradients", "adjoint"], 2, /implicit, backprop/],
    ["no steps", ["--steps", "0"], 2, /whole number/],
    [
      "MNIST without its file",
      ["--set", "mnist"],
      3,
      /no data for mnist \(train-images-idx3-ubyte\).*--data/,
    ],
    ["a set without a file", ["--set", "wtsi"], 3, /no data for wtsi.*--data/],
    ["a data folder without data", ["--data", "."], 3, /wtsi\.mat, face.*--data|--data.*wtsi\.mat/],
    ["no sizes in a norm", ["--set", "synthetic", "--norm", "linf"], 2, /no sizes in L∞.*--epsilons/],
  ])("%s", async (_, args, expected, message) => {
    const out = join(folder, "refused");
    const { code, stderr } = await advnmf(["reproduce", "lafa", ...args, "--out", out], { cwd: folder });
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
    expect(listing(out)).toEqual([]);
  });
});

describe("sentences follow the figures", () => {
  const spread = (...values: number[]) => ({
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    least: Math.min(...values),
    most: Math.max(...values),
    values,
  });
  const attacked = (featureError: number, transfer: number, more: Partial<Attacked> = {}): Attacked => ({
    set: "wtsi",
    norm: "l2",
    epsilon: 0.01,
    gradient: "implicit",
    procedure: "ours",
    quoted: null,
    outcome: {
      featureError,
      featureErrorW: featureError,
      featureErrorH: featureError,
      reconstructionError: 0.03,
      unattackedReconstruction: 0.02,
      size: 0.01,
      unattacked: 0,
      refit: spread(0.05, 0.1),
      transfer: spread(transfer, transfer),
      noise: spread(0.02, 0.04),
      byLoss: 0.03,
      gradientReliable: true,
      warnings: [],
      history: [],
      seconds: 1,
      stepSeconds: 0.1,
      peakBytes: 1000,
    },
    ...more,
  });
  const set = (...attacks: Attacked[]): SetAttacks => ({
    data: {
      facts: SETS.wtsi,
      V: { rows: 1, cols: 1, data: Float64Array.of(1) },
      sha256: "",
      origin: "file",
      file: "wtsi.mat",
    },
    attacks,
  });

  test("of an attack beyond its controls, and of one that is not", () => {
    expect(verdictOf([set(attacked(0.5, 0.4), attacked(0.09, 0.01))])[0]).toMatch(
      /^1 of 2 attacks moves .* data\. It does so also on average/,
    );
    expect(verdictOf([set(attacked(0.5, 0.09), attacked(0.4, 0.08))])[0]).toMatch(
      /^All 2 attacks move .* data\. None of these does so/,
    );
    expect(verdictOf([set(attacked(0.09, 0.4))])[0]).toMatch(/^Not one attack of one moves .* data\.$/);
    const starts = spread(0.02, 0.7, ...Array.from({ length: 8 }, () => 0.05));
    const before = { refit: starts, noise: spread(0.01) };
    const third = attacked(0.3, 0.1);
    const one = set({ ...third, outcome: { ...third.outcome, ...before } }, attacked(0.03, 0.1));
    expect(verdictOf([one])[0]).toMatch(
      /^None of 2 attacks moves .* data\. Without the tenth of the other starts that leads furthest away, 1 of 2 does\.$/,
    );
    expect(verdictOf([set()])).toEqual(["No attack of our procedure is finished."]);
    expect(findingsOf(set(attacked(0.5, 0.4)))[0]).toMatch(/feature error of 0\.500, which is beyond/);
    expect(findingsOf(set(attacked(0.09, 0.4)))[0]).toMatch(/feature error of 0\.090, which is not beyond/);
  });

  test("of sizes that come to less than a smaller one", () => {
    const sizes = (...errors: number[]) =>
      set(...errors.map((error, at) => attacked(error, 0.1, { epsilon: 0.01 * (at + 1) })));
    expect(findingsOf(sizes(0.2, 0.4)).join()).not.toContain("smaller size");
    expect(findingsOf(sizes(0.4, 0.2)).join()).toContain(
      "Not every attack comes to more than one of a smaller size",
    );
  });

  test("of the official procedure", () => {
    const official = attacked(0.2, 0.1, { procedure: "official" });
    expect(verdictOf([set(attacked(0.5, 0.1), official)])[1]).toMatch(/in 1 of 1 case\./);
    expect(verdictOf([set(attacked(0.1, 0.1), official)])[1]).toMatch(/in 0 of 1 case\./);
    expect(verdictOf([set(official)])).toEqual(["No attack of our procedure is finished."]);
  });

  test("of quoted figures", () => {
    const quoted = (featureError: number) => attacked(featureError, 0.1, { quoted: 0.14 });
    expect(verdictOf([set(quoted(0.5), quoted(0.1))])[1]).toMatch(/^Of 2 figures .* larger in 1 case\./);
    expect(verdictOf([set(attacked(0.5, 0.1))])).toHaveLength(1);
  });

  test("the quoted figures are of sizes that are run", () => {
    for (const { set: name, norm, epsilon, gradient } of QUOTED_ERRORS) {
      const sizes = SETS[name].sizes.find((one) => one.norm === norm);
      expect(sizes?.epsilons).toContain(epsilon);
      expect(quotedError(name, norm, epsilon, gradient)).toBeDefined();
    }
    expect(quotedError("wtsi", "l2", 0.0025, "implicit")).toBeUndefined();
  });
});
