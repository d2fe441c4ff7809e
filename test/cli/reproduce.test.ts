// `advnmf reproduce at-nmf`: what it computes, what it writes, and how it goes on after an interruption.

import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { dataPath } from "../data.js";
import { advnmf, ending, listing, readJson, scratchFolder, startCli } from "./command.js";

// The build puts it in; these tests read some of the sources themselves.
vi.hoisted(() => vi.stubGlobal("ADVNMF_VERSION", "test"));

import { cellsOf, compare, type Finished } from "../../sdk/cli/reproduce/at-nmf/cells.js";
import type { ExperimentData } from "../../sdk/cli/reproduce/at-nmf/data.js";
import { findingOf } from "../../sdk/cli/reproduce/at-nmf/findings.js";
import { type Job, jobsOf, type Plan } from "../../sdk/cli/reproduce/at-nmf/jobs.js";
import { page } from "../../sdk/cli/reproduce/at-nmf/page.js";
import { TABLE_I, TABLE_II, TABLE_III, TABLE_IV } from "../../sdk/cli/reproduce/at-nmf/paper.js";
import { maskNumber, SETS, SOLVER_OPTIONS } from "../../sdk/cli/reproduce/at-nmf/protocol.js";
import { type ReproduceRecord, setRecord, verdictOf } from "../../sdk/cli/reproduce/at-nmf/record.js";
import type { StartResult } from "../../sdk/cli/reproduce/at-nmf/run.js";
import { charting } from "../../sdk/cli/reproduce/charts.js";
import { Journal } from "../../sdk/cli/reproduce/journal.js";
import { mean, median, sampleDeviation } from "../../sdk/cli/reproduce/statistics.js";
import { html } from "../../sdk/report/html.js";

const authors = dataPath("at-nmf");
// What the command line finds there is a test of its own.
delete process.env.ADVNMF_DATA;

const folder = scratchFolder();

/** Two α, one λ: eight starts of a fraction of a second. */
const SMALL = ["--alpha", "0.8,0.9", "--lambda", "5", "--starts", "1", "--methods", "nmf,at-nmf"];

const run = (out: string, ...more: string[]) =>
  advnmf(["reproduce", "at-nmf", "--out", out, ...more], { cwd: folder });

const record = (out: string) => readJson(join(out, "reproduce.json")) as ReproduceRecord;

const journal = (out: string) => readFileSync(join(out, "journal.jsonl"), "utf8").trimEnd().split("\n");

const FILES = ["index.html", "journal.jsonl", "reproduce.json", "tables.csv"];

describe("a run on generated data", () => {
  const out = join(folder, "whole");
  const ended = run(out, ...SMALL, "--starts", "2", "--json");

  test("ends well, with its files and nothing else", async () => {
    const { code, stdout, stderr } = await ended;
    expect(stderr).toContain("16/16 ");
    expect(code).toBe(0);
    expect(listing(out)).toEqual(FILES);
    expect(journal(out)).toHaveLength(16);
    const printed = JSON.parse(stdout);
    expect(printed.cells).toHaveLength(8);
    expect(printed).toMatchObject({ complete: true, starts: { finished: 16, planned: 16 }, out });
    expect(printed.verdict).toEqual(record(out).verdict);
  });

  test("has both conventions, all starts, and mean and deviation of them", async () => {
    await ended;
    const [set, ...others] = record(out).sets;
    expect(others).toEqual([]);
    expect(set).toMatchObject({ name: "synthetic", origin: "generated", rows: 100, cols: 50, rank: 5 });
    for (const { alpha, origin, heldOut } of set?.masks ?? []) {
      expect(origin).toBe("generated");
      // Four standard deviations of 5000 draws.
      expect(Math.abs(heldOut - 5000 * alpha)).toBeLessThan(4 * Math.sqrt(5000 * alpha * (1 - alpha)));
    }
    const cells = set?.cells ?? [];
    expect(new Set(cells.map(({ missing }) => missing))).toEqual(new Set(["zero-fill", "ignore"]));
    for (const { mean: average, std, n, starts, within, paper } of cells) {
      const [a, b] = starts.map(({ rmse }) => rmse) as [number, number];
      expect(n).toBe(2);
      expect(average).toBeCloseTo((a + b) / 2, 12);
      expect(std).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
      expect(starts.map(({ seed }) => seed)).toEqual([0, 1]);
      // Other data than the paper's: its figures stand beside ours, unjudged.
      expect(paper).not.toBeNull();
      expect(within).toBeNull();
    }
    const plain = cells.filter(({ method, alpha }) => method === "nmf" && alpha === 0.8);
    const [filled, ignored] = plain as [(typeof plain)[0], (typeof plain)[0]];
    expect([filled.missing, ignored.missing]).toEqual(["zero-fill", "ignore"]);
    // With 500 observations for 725 unknowns nobody can be near, unless a start knew the factors.
    const scarce = cells.filter(({ alpha, missing }) => alpha === 0.9 && missing === "ignore");
    for (const cell of scarce) expect(cell.mean).toBeGreaterThan(0.5);
    // Even the worst start beats zero-filling here.
    expect(Math.max(...ignored.starts.map(({ rmse }) => rmse))).toBeLessThan(filled.mean as number);
  });

  test("the page needs nothing but itself", async () => {
    await ended;
    const text = readFileSync(join(out, "index.html"), "utf8");
    expect(text).toMatch(/^<!doctype html>/);
    for (const [, address] of text.matchAll(/(?:src|href)\s*=\s*"([^"]*)"/g))
      expect(address).toMatch(/^data:image\/png;base64,/);
    expect(text).not.toMatch(/<script|<link|<iframe|@import|url\(|https?:\/\/(?!www\.w3\.org\/)/);
    expect(text).toContain("prefers-color-scheme: dark");
    expect(text).toContain("@media print");
    for (const sentence of record(out).verdict) expect(text).toContain(html`${sentence}`.markup);
    expect(text).not.toContain("undefined");
    expect(text).not.toContain("NaN");
  });

  test("tables.csv has a row a cell", async () => {
    await ended;
    const [head, ...rows] = readFileSync(join(out, "tables.csv"), "utf8").trimEnd().split("\n");
    expect(head).toMatch(
      /^table,set,data,alpha,missing,method,lambda,starts,mean,std,median,paper_mean,paper_std,/,
    );
    expect(rows).toHaveLength(8);
    expect(rows.filter((row) => row.startsWith("I,synthetic,generated,0.9,"))).toHaveLength(4);
  });

  test("a second run takes everything over", async () => {
    await ended;
    const before = record(out);
    const { code, stderr, stdout } = await run(out, ...SMALL, "--starts", "2");
    expect(code).toBe(0);
    expect(stderr).toMatch(/16 of 16 starts taken over/);
    expect(stdout).toContain(before.verdict[0]);
    expect(record(out).sets).toEqual(before.sets);
    expect(journal(out)).toHaveLength(16);
  });

  test("what decides a start decides whether it is taken over", async () => {
    await ended;
    const { stderr } = await run(out, ...SMALL, "--starts", "1", "--seed", "1", "--set", "synthetic");
    // Another seed is other data, other masks and other starts.
    expect(stderr).not.toContain("taken over");
    expect(journal(out)).toHaveLength(24);
  });
});

describe("interruptions", () => {
  /** Starts a run of eight starts and resolves once some are in the journal. */
  async function begun(out: string) {
    const child = startCli(["reproduce", "at-nmf", "--out", out, ...SMALL, "--threads", "1"], folder);
    const end = ending(child);
    const path = join(out, "journal.jsonl");
    await vi.waitUntil(() => existsSync(path) && journal(out).filter(Boolean).length >= 2, {
      timeout: 60_000,
      interval: 5,
    });
    return { child, end };
  }

  const whole = join(folder, "uninterrupted");
  const reference = run(whole, ...SMALL, "--quiet");

  test("a killed run goes on where it stopped, and comes to the same figures", async () => {
    const out = join(folder, "killed");
    const { child, end } = await begun(out);
    child.kill("SIGKILL");
    await end;
    const finished = journal(out).length;
    expect(finished).toBeLessThan(8);
    // What a process leaves that dies while it writes.
    appendFileSync(join(out, "journal.jsonl"), '{"key":"cut sho');
    const { code, stderr } = await run(out, ...SMALL);
    expect(stderr).toContain(`${finished} of 8 starts taken over`);
    expect(code).toBe(0);
    await reference;
    const figures = (path: string) =>
      record(path).sets.map(({ cells }) => cells.map((cell) => [cell.mean, cell.starts[0]?.loss]));
    expect(figures(out)).toEqual(figures(whole));
    expect(journal(out)).toHaveLength(8);
    for (const line of journal(out)) expect(JSON.parse(line)).toHaveProperty("result.rmse");
  });

  test("Ctrl-C writes what there is, with exit code 130, and says how to go on", async () => {
    const out = join(folder, "interrupted");
    const { child, end } = await begun(out);
    child.kill("SIGINT");
    const { code, stderr } = await end;
    expect(code).toBe(130);
    expect(stderr).toMatch(/\d of 8 starts are done; the same command goes on from there/);
    expect(listing(out)).toEqual(FILES);
    expect(record(out).complete).toBe(false);
    expect(record(out).starts.finished).toBe(journal(out).length);
    expect(readFileSync(join(out, "index.html"), "utf8")).toContain("<b>Not finished:</b>");
  });
});

describe("refusals", () => {
  const cases: [string, string[], number, RegExp][] = [
    ["no such experiment", ["reproduce", "lafe"], 2, /at-nmf/],
    ["α of 1", ["reproduce", "at-nmf", "--alpha", "0.5,1"], 2, /between 0 and 1/],
    ["λ of 1", ["reproduce", "at-nmf", "--lambda", "1"], 2, /above 1/],
    ["an unknown set", ["reproduce", "at-nmf", "--set", "synthetic,madonna"], 2, /synthetic, moffet, cbcl/],
    ["no starts", ["reproduce", "at-nmf", "--starts", "0"], 2, /whole number/],
    ["a seed beyond 2^32", ["reproduce", "at-nmf", "--seed", "4294967296"], 2, /4294967295/],
    [
      "a data folder without data",
      ["reproduce", "at-nmf", "--data", "."],
      3,
      /Synthetic\/X\.mat.*--data|--data.*Synthetic\/X\.mat/,
    ],
    ["no data folder", ["reproduce", "at-nmf", "--data", "nowhere"], 3, /nowhere/],
  ];

  test.each(cases)("%s", async (_, args, expected, message) => {
    const out = join(folder, "refused");
    const { code, stderr } = await advnmf([...args, "--out", out], { cwd: folder });
    expect(stderr).toMatch(message);
    expect(code).toBe(expected);
    expect(listing(out)).toEqual([]);
  });

  test("a set that the data folder lacks, and a mask of another shape", async () => {
    const data = join(folder, "data", "at-nmf");
    mkdirSync(join(data, "Moffet"), { recursive: true });
    writeFileSync(join(data, "Moffet", "clean_Moffet.mat"), "not a matrix");
    const none = await run("refused", "--data", join(folder, "data"), "--set", "synthetic");
    expect([none.code, none.stderr]).toEqual([3, expect.stringContaining("has only moffet")]);
    const damaged = await run("refused", "--data", data);
    expect(damaged.code).toBe(3);
  });

  test("ADVNMF_DATA names the data folder where --data does not", async () => {
    vi.stubEnv("ADVNMF_DATA", folder);
    const { code, stderr } = await run("refused", ...SMALL);
    vi.unstubAllEnvs();
    expect([code, stderr]).toEqual([3, expect.stringContaining(`ADVNMF_DATA, ${folder} holds none of`)]);
  });

  test("a folder that cannot be written", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const { code, stderr } = await run(join(file, "out"), ...SMALL);
    expect([code, stderr]).toEqual([1, expect.stringContaining("--out")]);
  });
});

test.skipIf(!authors)("the authors' Synthetic data, zero-filled, give the figures of Table I", async () => {
  const out = join(folder, "authors");
  const options = ["--set", "synthetic", "--alpha", "0.7", "--lambda", "3", "--starts", "2"];
  const { code } = await run(
    out,
    "--data",
    authors as string,
    ...options,
    "--missing",
    "zero-fill",
    "--quiet",
  );
  expect(code).toBe(0);
  const { sets, verdict } = record(out);
  expect(sets[0]).toMatchObject({ origin: "authors" });
  expect(sets[0]?.masks).toMatchObject([{ alpha: 0.7, origin: "authors", heldOut: 3450 }]);
  const judged = sets[0]?.cells.map(({ method, within, paper }) => [method, within, paper?.mean]);
  expect(judged).toEqual([
    ["nmf", true, 7.3],
    ["anmf", null, 7.99],
    ["at-nmf", true, 6.94],
  ]);
  expect(verdict[0]).toContain("the published numbers come back: 2 of 2 cells");
});

describe("the paper's figures", () => {
  test("seven rows a table, with a figure for every column", () => {
    for (const { rows, lambdas } of [TABLE_I, TABLE_II, TABLE_III, TABLE_IV]) {
      expect(rows.map(({ alpha }) => alpha)).toEqual([0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
      for (const { nmf, anmf, atnmf } of rows) {
        expect(atnmf).toHaveLength(lambdas.length);
        // AT-NMF at its best beats both in every row of the paper.
        expect(Math.min(...atnmf.map((cell) => cell.mean))).toBeLessThan(Math.min(nmf.mean, anmf.mean));
        for (const { std } of [nmf, anmf, ...atnmf]) expect(std).toBeLessThan(0.2);
      }
    }
  });

  test("are those of the tables", () => {
    expect(TABLE_I.rows[2]).toEqual({
      alpha: 0.5,
      nmf: { mean: 6.41, std: 0.01 },
      anmf: { mean: 7.44, std: 0.09 },
      atnmf: [
        { mean: 6.27, std: 0.11 },
        { mean: 6.05, std: 0.03 },
        { mean: 6.18, std: 0.02 },
      ],
    });
    const sum = (column: readonly { mean: number }[]) => column.reduce((total, { mean: m }) => total + m, 0);
    expect(sum(TABLE_I.rows.map(({ nmf }) => nmf))).toBeCloseTo(47.76, 9);
    expect(sum(TABLE_II.rows.map(({ atnmf }) => atnmf[1] as { mean: number }))).toBeCloseTo(1.835, 9);
    expect(sum(TABLE_III.rows.map(({ atnmf }) => atnmf[0] as { mean: number }))).toBeCloseTo(0.59, 9);
    expect(sum(TABLE_IV.rows.map(({ anmf }) => anmf))).toBeCloseTo(1.394, 9);
  });
});

describe("holding a mean against the paper", () => {
  const bounds = { relative: 0.02, deviations: 3 };

  test("within the larger of the two bounds", () => {
    // 2% of 5.41 is 0.1082, three standard deviations are 0.36.
    expect(compare(5.76, { mean: 5.41, std: 0.12 }, 2, bounds)).toMatchObject({ within: true });
    expect(compare(5.78, { mean: 5.41, std: 0.12 }, 2, bounds)).toMatchObject({ within: false });
    // 2% of 6.41 is 0.1282, three standard deviations are 0.03.
    expect(compare(6.53, { mean: 6.41, std: 0.01 }, 2, bounds)).toMatchObject({ within: true });
    expect(compare(6.28, { mean: 6.41, std: 0.01 }, 2, bounds)).toMatchObject({ within: false });
  });

  test("the difference in units of the paper's standard deviation", () => {
    const { difference, deviations, relative } = compare(6.38, { mean: 6.41, std: 0.01 }, 2, bounds);
    expect(difference).toBeCloseTo(-0.03, 12);
    expect(deviations).toBeCloseTo(-3, 10);
    expect(relative).toBeCloseTo(-0.03 / 6.41, 12);
    // 0.000 stands for anything below 0.0005.
    const zero = compare(0.066, { mean: 0.064, std: 0 }, 3, null);
    expect(zero).toMatchObject({ deviationsAtLeast: true, within: null, bound: null });
    expect(zero.deviations).toBeCloseTo(4, 10);
  });

  test("nothing to compare", () => {
    expect(compare(null, { mean: 1, std: 1 }, 2, bounds).within).toBeNull();
    expect(compare(1, null, 2, bounds).difference).toBeNull();
  });
});

describe("red cells, notes and sentences follow from the figures", () => {
  const masks = [0.3, 0.5].map((alpha) => ({
    alpha,
    observed: Uint8Array.of(1, 0),
    sha256: "",
    origin: "authors" as const,
  }));
  const data: ExperimentData = {
    facts: SETS.synthetic,
    V: { rows: 1, cols: 2, data: Float64Array.of(1, 2) },
    sha256: "0",
    origin: "authors",
    masks: new Map(masks.map((mask) => [mask.alpha, mask])),
  };
  const plan: Plan = {
    alphas: [0.3, 0.5],
    lambdas: [3],
    starts: 3,
    figureStarts: 1,
    missing: ["zero-fill", "ignore"],
    methods: ["nmf", "at-nmf"],
    pictures: false,
    seed: 0,
    solver: SOLVER_OPTIONS,
  };

  /** The runs of the plan, each start at its cell's figure and a little off it. */
  function runs(figureOf: (job: Job) => number): Finished[] {
    return jobsOf(data.facts, plan).map((job) => {
      const rmse = figureOf(job) * (1 + 0.001 * (job.start - 1));
      const rest = { observedRmse: 1, loss: 1, outerIterations: 1, innerIterations: 1, seconds: 1 };
      return { job, result: { rmse, converged: job.start > 0, ...rest } satisfies StartResult };
    });
  }

  const good = ({ alpha, missing, method }: Job) => {
    if (missing === "ignore") return method === "nmf" ? 0.3 : 0.15;
    return alpha === 0.3 ? (method === "nmf" ? 5.38 : 5.12) : method === "nmf" ? 6.4 : 6.06;
  };

  async function pageOf(finished: Finished[]): Promise<string> {
    const cells = cellsOf(data, finished);
    const set = setRecord({ data, cells });
    const whole: ReproduceRecord = {
      experiment: "at-nmf",
      paper: "",
      versions: { advnmf: "1", runtime: "test" },
      verdict: verdictOf([set]),
      complete: true,
      starts: { finished: finished.length, planned: finished.length },
      options: plan,
      seconds: { wall: 1, starts: 1 },
      threads: 1,
      leftOut: [],
      sets: [set],
    };
    return page(whole, [{ data, cells, runs: finished, record: set }], await charting());
  }

  test("all within bounds: no red, and the sentences say so", async () => {
    const finished = runs(good);
    const { zeroFill, ignore } = findingOf(data, cellsOf(data, finished));
    expect(zeroFill).toContain("the published numbers come back: 4 of 4 cells");
    expect(zeroFill).toContain("6.40 for NMF (paper 6.41) and 6.06 for AT-NMF(3) (paper 6.05)");
    expect(ignore).toContain("0.300 at α = 0.5, 21 times better than its zero-filled self");
    expect(ignore).toContain("below every figure of Table I (the lowest is 5.11)");
    expect(ignore).toContain("AT-NMF(3) takes that to 0.150, 50% lower");
    expect(await pageOf(finished)).not.toContain('class="bad"');
  });

  test("a cell out of bounds is red, with a note, under zero-fill only", async () => {
    const finished = runs((job) =>
      job.missing === "zero-fill" && job.lambda && job.alpha === 0.3 ? 5.6 : good(job),
    );
    const bad = cellsOf(data, finished).filter(({ within }) => within === false);
    expect(bad).toMatchObject([{ alpha: 0.3, method: "at-nmf", missing: "zero-fill" }]);
    expect(bad[0]?.note).toMatch(/^9\.6% above the paper, allowed are 2\.0%; /);
    expect(bad[0]?.note).toContain("does not explain it");
    expect(bad[0]?.note).toContain("1 of 3 starts ended at the limit");
    const limited = runs(() => 9).map(({ job, result }) => ({
      job,
      result: { ...(result as StartResult), outerIterations: 100, innerIterations: 100_000 },
    }));
    expect(cellsOf(data, limited)[0]?.note).toContain(
      "in 3 of 3 starts rule (12), a norm over all 2 entries",
    );
    const text = await pageOf(finished);
    expect(text.match(/<td class="bad">/g)).toHaveLength(1);
    expect(text).toContain(bad[0]?.note as string);
    expect(findingOf(data, cellsOf(data, finished)).zeroFill).toContain(
      "come back in all but a few cells: 3 of 4 cells",
    );
  });

  test("figures that say otherwise are told otherwise", () => {
    const finished = runs((job) => (job.missing === "ignore" ? (job.method === "nmf" ? 7 : 8) : 9));
    const { zeroFill, ignore } = findingOf(data, cellsOf(data, finished));
    expect(zeroFill).toContain("do not all come back: 0 of 4 cells");
    expect(ignore).toContain("1.3 times better than its zero-filled self, not below every figure");
    expect(ignore).toContain("at α = 0.3, 0.5 it does not beat the paper’s row");
    expect(ignore).toContain("AT-NMF adds nothing there");
  });

  test("a single start has no spread, and data that differ are not held against the table", () => {
    const first = runs(good).filter(({ job }) => job.start === 0);
    expect(findingOf(data, cellsOf(data, first)).ignore).toContain("with one start of each");
    const other = { ...data, facts: { ...SETS.cbcl, table: TABLE_I } };
    const { zeroFill, ignore } = findingOf(other, cellsOf(other, runs(good)));
    expect(zeroFill).toContain("so that no cell is judged");
    expect(ignore).not.toContain("Table I");
    const attacked = runs(good).map(({ job, result }) => ({
      job: { ...job, method: "anmf" as const },
      result,
    }));
    expect(findingOf(data, cellsOf(data, attacked))).toEqual({ zeroFill: null, ignore: null });
  });

  test("the masks of the protocol", () => {
    expect([0.3, 0.5, 0.9].map(maskNumber)).toEqual([1, 3, 7]);
    expect([0.1, 0.2, 0.35, 0.95].map(maskNumber)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

test("mean, sample deviation and median", () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7]);
  expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
  expect(sampleDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12);
  expect(sampleDeviation([1])).toBeUndefined();
});

describe("the journal", () => {
  test("keeps whole entries and drops a torn last line", async () => {
    const path = join(folder, "journal", "one.jsonl");
    {
      await using first = await Journal.open<number>(path);
      await Promise.all([first.add("a", 1), first.add("b", 2)]);
    }
    appendFileSync(path, '{"key":"c","res');
    {
      await using second = await Journal.open<number>(path);
      expect([second.get("a"), second.get("b"), second.get("c")]).toEqual([1, 2, undefined]);
      await second.add("c", 3);
    }
    await using third = await Journal.open<number>(path);
    expect([third.get("b"), third.get("c")]).toEqual([2, 3]);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(4);
  });

  test("passes over lines that are no entries", async () => {
    const path = join(folder, "other.jsonl");
    writeFileSync(path, 'null\n[1]\nnonsense\n{"key":1,"result":1}\n{"key":"a","result":{"x":1}}\n');
    await using journal = await Journal.open<{ x: number }>(path);
    expect(journal.get("a")).toEqual({ x: 1 });
  });
});
