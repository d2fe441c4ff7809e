// `advnmf reproduce fragility`: what it computes, what it writes and says, and how it goes on after an interruption.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { fragility } from "advnmf";
import { describe, expect, test, vi } from "vitest";
import { seeded } from "../data.js";
import { advnmf, ending, listing, readJson, scratchFolder, startCli } from "./command.js";

// The build puts it in; these tests read some of the sources themselves.
vi.hoisted(() => vi.stubGlobal("ADVNMF_VERSION", "test"));

import { verdictOf } from "../../sdk/cli/reproduce/fragility/findings.js";
import type { NetworkJob } from "../../sdk/cli/reproduce/fragility/jobs.js";
import type { ReproduceRecord, Results } from "../../sdk/cli/reproduce/fragility/record.js";
import type { PairOutcome } from "../../sdk/cli/reproduce/fragility/run.js";
import { correlation, kolmogorov, lawOf, quantile } from "../../sdk/cli/reproduce/fragility/statistics.js";

// What the command line finds there is a test of its own.
delete process.env.ADVNMF_DATA;

const folder = scratchFolder();
const FILES = ["index.html", "journal.jsonl", "reproduce.json", "tables.csv"];

const run = (out: string, ...more: string[]) =>
  advnmf(["reproduce", "fragility", "--quick", "--out", out, ...more], { cwd: folder });
const record = (out: string) => readJson(join(out, "reproduce.json")) as ReproduceRecord;

/** IDX files of `count` pictures of 6×6 of three classes, the border black. */
function writeImages(path: string, count: number): void {
  mkdirSync(path, { recursive: true });
  const random = seeded(5);
  const images = Buffer.alloc(16 + 36 * count);
  const labels = Buffer.alloc(8 + count);
  for (const [at, value] of [0x803, count, 6, 6].entries()) images.writeUInt32BE(value, 4 * at);
  for (const [at, value] of [0x801, count].entries()) labels.writeUInt32BE(value, 4 * at);
  for (let i = 0; i < count; i++) {
    const digit = Math.floor(3 * random());
    labels[8 + i] = digit;
    for (let y = 1; y < 5; y++) {
      for (let x = 1; x < 5; x++) {
        images[16 + 36 * i + 6 * y + x] = 80 * random() + (x === digit + 1 ? 170 : 0);
      }
    }
  }
  writeFileSync(join(path, "train-images-idx3-ubyte.gz"), gzipSync(images));
  writeFileSync(join(path, "train-labels-idx1-ubyte"), labels);
}

describe("a quick run of some parts", () => {
  const out = join(folder, "parts");
  const ended = run(out, "--parts", "classes,law,relu", "--json");

  test("ends well, with its files and nothing else", async () => {
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain("4/9 linear law, d = 80: rms of cos θ 0.11");
    expect(listing(out)).toEqual(FILES);
    const printed = JSON.parse(stdout);
    expect(printed).toMatchObject({ experiment: "fragility", complete: true, out });
    expect(printed.verdict).toEqual(record(out).verdict);
  });

  test("has the figures of the SDK, and says what they say", async () => {
    await ended;
    const { law, linear, pairs, signs, verdict, jobs, options } = record(out);
    expect(jobs).toEqual({ finished: 9, planned: 9 });
    expect(options.parts).toEqual(["classes", "law", "relu"]);
    const own = await fragility.linear({ dimension: 20, trials: 200, seed: 0 });
    expect(law[1]).toMatchObject({
      dimension: 20,
      rms: own.rms,
      mean: own.mean,
      identityError: own.identityError,
    });
    expect(linear.map(({ part, dimension }) => [part, dimension])).toEqual([
      ["classes", 12],
      ["classes", 25],
      ["classes", 50],
    ]);
    for (const row of linear) {
      expect(row.identityError).toBeLessThan(1e-10);
      expect(row.cosine).toBeGreaterThan(2 * row.expected);
    }
    expect(signs).toBeNull();
    expect(pairs).toHaveLength(2);
    for (const row of pairs) {
      expect(row.pairs).toBe(20);
      expect(row.ratio).toBeGreaterThan(0.85);
      expect(row.ratio).toBeLessThan(1.05);
      expect(row.pathError).toBeLessThan(2e-3);
    }
    expect(verdict.join(" ")).toContain("trained by cross-entropy, there is no such law");
    expect(verdict.join(" ")).not.toContain("Theorem 5’s");
  });

  test("the page stands alone, and the table has a line for every pair", async () => {
    await ended;
    const text = readFileSync(join(out, "index.html"), "utf8");
    expect(text).not.toMatch(/<script|src="http|href="http|@import/);
    expect(text.match(/<svg/g)).toHaveLength(3);
    expect(text).toContain("The 1/√d law");
    expect(text).not.toContain("NaN");
    const lines = readFileSync(join(out, "tables.csv"), "utf8").trim().split("\n");
    const networks = record(out).networks.reduce((sum, network) => sum + network.pairs.length, 0);
    expect(lines).toHaveLength(1 + 4 + networks);
  });

  test("the same command takes everything over", async () => {
    await ended;
    const before = record(out);
    const { code, stderr } = await run(out, "--parts", "classes,law,relu");
    expect(code).toBe(0);
    expect(stderr).toContain("9 of 9 jobs taken over");
    expect(record(out).networks).toEqual(before.networks);
  });
});

test("an interrupted run writes what there is, and goes on from there", async () => {
  const out = join(folder, "interrupted");
  const args = ["reproduce", "fragility", "--quick", "--parts", "signs", "--out", out];
  const child = startCli(args, folder);
  const ended = ending(child);
  await new Promise<void>((resolve) => {
    child.stderr?.on("data", (text: string) => {
      if (text.includes("2/16")) resolve();
    });
  });
  child.kill("SIGINT");
  const { code, stderr } = await ended;
  expect(code).toBe(130);
  expect(stderr).toMatch(/of 16 jobs are done; the same command goes on from there/);
  const { finished } = record(out).jobs;
  expect(finished).toBeGreaterThanOrEqual(2);
  expect(finished).toBeLessThan(16);
  expect(readFileSync(join(out, "index.html"), "utf8")).toContain(`${finished} of 16 jobs are finished`);
});

describe("pictures", () => {
  test("IDX files are read, compressed or not, and networks learn from them", async () => {
    const data = join(folder, "data", "mnist");
    writeImages(data, 120);
    const out = join(folder, "pictures");
    const { code } = await run(out, "--parts", "mnist", "--data", join(folder, "data"));
    expect(code).toBe(0);
    const { pairs, images } = record(out);
    expect(images?.file).toBe("train-images-idx3-ubyte.gz");
    expect(images?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(pairs.map(({ network }) => network)).toEqual(["linear", "1 hidden layer", "2 hidden layers"]);
    for (const row of pairs) {
      expect(row.dimension).toBe(36);
      expect(row.accuracy).toBe(1);
      expect(row.pairs).toBeGreaterThan(5);
    }
    expect(readFileSync(join(out, "index.html"), "utf8")).toContain("train-images-idx3-ubyte.gz, SHA-256");
  });

  test("what is absent or does not fit is said", async () => {
    const absent = await run(join(folder, "x"), "--parts", "mnist");
    expect(absent.code).toBe(3);
    expect(absent.stderr).toContain("MNIST is not built in");
    const empty = await run(join(folder, "x"), "--data", folder);
    expect(empty.code).toBe(3);
    expect(empty.stderr).toContain("train-images-idx3-ubyte");
    const data = join(folder, "few");
    writeImages(data, 20);
    const labels = join(data, "train-labels-idx1-ubyte");
    const bytes = Buffer.from(readFileSync(labels));
    bytes.writeUInt32BE(19, 4);
    writeFileSync(labels, bytes.subarray(0, 27));
    const short = await run(join(folder, "x"), "--data", data);
    expect(short.code).toBe(3);
    expect(short.stderr).toContain("19 labels");
    const unknown = await run(join(folder, "x"), "--parts", "law,lore");
    expect(unknown.code).toBe(2);
  });
});

describe("statistics", () => {
  test("correlation and quantiles by hand", () => {
    expect(correlation([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 14);
    expect(correlation([1, 2, 3], [1, 0, 1])).toBeCloseTo(0, 14);
    expect([0, 0.5, 1].map((q) => quantile([3, 1, 2], q))).toEqual([1, 2, 3]);
  });
  test("the law is uniform in three dimensions, and 1 − (1 − c²)^(3/2)-like beyond", () => {
    expect(lawOf(3)[1000]).toBeCloseTo(0.25, 12);
    // d = 5: F(c) = (3c − c³)/2; d = 4: (2/π)(c√(1 − c²) + asin c).
    expect(lawOf(5)[2000]).toBeCloseTo((1.5 - 0.125) / 2, 6);
    expect(lawOf(4)[2000]).toBeCloseTo((2 / Math.PI) * (0.5 * Math.sqrt(0.75) + Math.asin(0.5)), 5);
    const even = Array.from({ length: 100 }, (_, i) => (i + 0.5) / 100);
    expect(kolmogorov(even, 3)).toBeCloseTo(0.05, 3);
    expect(kolmogorov(even, 40)).toBeGreaterThan(3);
  });
});

describe("the verdict", () => {
  const job = (part: NetworkJob["part"], dimension: number): NetworkJob => ({
    ...{ part, dimension, points: dimension, activation: "linear", depth: 1, hidden: 100, steps: 1 },
    ...{ pairs: 1, seed: 0 },
  });
  const pair = (compression: number): PairOutcome => ({
    ...{ apart: 2, compression, cosine: compression, pathError: 0, distance: compression, back: compression },
    ...{ straight: 1, compressionToFlip: compression, predicted: compression },
  });
  const results = (part: NetworkJob["part"], cosine: number): Results => ({
    law: [],
    signs: [],
    networks: [
      {
        job: job(part, 100),
        outcome: { seconds: 1, steps: 1, loss: 0.001, accuracy: 1, pairs: [pair(cosine)] },
      },
    ],
  });
  test("is chosen by the figures", () => {
    expect(verdictOf({ law: [], signs: [], networks: [] })).toEqual(["Nothing is finished."]);
    expect(verdictOf(results("classes", 0.9))[0]).toContain("there is no such law");
    expect(verdictOf(results("classes", 0.1))[0]).toContain("they do as well");
    expect(verdictOf(results("two", 0.1))[0]).toContain("two classes follow it:");
    expect(verdictOf(results("two", 0.9))[0]).toContain("follow it in 0 of 1 dimensions");
  });
});
