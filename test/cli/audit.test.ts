// `advnmf audit`: what it writes and says, and that its figures are those of the SDK.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Audit, audit, matrix, renderReport } from "advnmf";
import { encodeMatrix } from "advnmf/io";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { fromFormula } from "../data.js";
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
const quick = ["--quick", "--steps", "1", "--iterations", "25", "--evaluation-iterations", "50"];
const lengths = { quick: true, steps: 1, iterations: 25, evaluationIterations: 50 };
const few = ["--models", "nmf", "--norms", "l2", "--epsilons", "0.1", "--no-sensitivity"];

type Written = Audit & { readonly command: string; readonly files: { readonly report: string } };

describe("what is written", () => {
  test("the audit of the SDK, and its report", async () => {
    const out = join(folder, "plain");
    const labels = file("labels.txt", "a\nb\na\nb\na\nb\na\nb\na\nb\n");
    const args = [source, "--rank", "2", "--seed", "3", "--labels", labels, ...quick, "--out", out];
    const { code, stdout } = await advnmf(["audit", ...args]);
    expect(code).toBe(0);
    expect(listing(out)).toEqual(["audit.json", "report.html"]);
    const written = readJson(join(out, "audit.json")) as Written;
    const expected = await audit(V, {
      ...lengths,
      rank: 2,
      seed: 3,
      labels: ["a", "b", "a", "b", "a", "b", "a", "b", "a", "b"],
    });
    expect(written).toMatchObject({ ...expected, seconds: expect.any(Number) });
    const page = readFileSync(join(out, "report.html"), "utf8");
    expect(page).toBe(renderReport(written, { title: "v.npy", command: written.command }));
    expect(written.command).toBe(`npx advnmf audit ${args.join(" ")}`);
    for (const sentence of written.verdict.sentences) expect(stdout).toContain(sentence);
    expect(stdout).toContain(`The report: ${join(out, "report.html")}`);
    expect(stdout).toContain(written.digest);
  });

  test("the page where it is wanted, names of the file in it, and one object with --json", async () => {
    const out = join(folder, "json");
    const report = join(folder, "elsewhere", "page.html");
    mkdirSync(join(folder, "elsewhere"));
    const { code, stdout, stderr } = await advnmf([
      "audit",
      table,
      "--rank",
      "1",
      ...quick,
      ...few,
      "--out",
      out,
      "--report",
      report,
      "--json",
      "--quiet",
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    const printed = JSON.parse(stdout) as Written;
    const { out: _, ...rest } = printed as Written & { out: string };
    expect(rest).toEqual(readJson(join(out, "audit.json")));
    expect(printed.data.rowNames).toEqual(['a "b"', "β", "third row", ""]);
    expect(listing(out)).toEqual(["audit.json"]);
    expect(listing(join(folder, "elsewhere"))).toEqual(["page.html"]);
    const { document } = parseHTML(readFileSync(report, "utf8"));
    expect(document.querySelector(".panel rect title")!.textContent).toBe('a "b"');
  });

  test("a built-in data set has its own rank and pictures", async () => {
    const out = join(folder, "faces");
    const args = ["--quick", "--steps", "1", "--iterations", "5", "--evaluation-iterations", "10", ...few];
    expect((await advnmf(["audit", "faces", ...args, "--other-starts", "1", "--out", out])).code).toBe(0);
    const { data, options } = readJson(join(out, "audit.json")) as Written;
    expect(data.shape).toEqual({ width: 24, height: 24, images: "columns" });
    expect(options.rank).toBe(20);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain('class="strip"');
  });

  test("a factorization in the same folder takes the audit of other data away", async () => {
    const out = join(folder, "shared");
    await advnmf(["factorize", source, "--rank", "2", "--out", out, "--quiet"]);
    await advnmf(["audit", source, "--rank", "2", ...quick, ...few, "--out", out, "--quiet"]);
    expect(listing(out)).toEqual(["H.npy", "W.npy", "audit.json", "fit.json", "report.html"]);
    await advnmf(["factorize", table, "--rank", "1", "--out", out, "--quiet"]);
    expect(listing(out)).toEqual(["H.csv", "W.csv", "fit.json"]);
  });
});

describe("labels", () => {
  test.each([
    ["one line of them", "x,y,x,y\n"],
    ["lines of a name and a label, in any order", 'third,x\nsecond,y\n"first, one",x\nfourth,y\n'],
    ["one a line, with a byte order mark and DOS lines", "\uFEFFx\r\ny\r\nx\r\ny\r\n"],
  ])("%s", async (name, text) => {
    const labels = file(`${name}.txt`, text);
    const out = join(folder, `labels ${name}`);
    const args = ["audit", table, "--rank", "1", ...quick, ...few, "--labels", labels, "--out", out];
    expect((await advnmf(args)).code).toBe(0);
    const { data, models } = readJson(join(out, "audit.json")) as Written;
    expect(data.labels).toEqual(["x", "y", "x", "y"]);
    expect(models[0]!.downstream).not.toBeNull();
  });
});

test("Ctrl-C writes what there is, and exits with 130", async () => {
  const out = join(folder, "stopped");
  const child = startCli([
    "audit",
    "atnmf-synthetic",
    "--steps",
    "100000",
    "--evaluation-iterations",
    "100",
    "--out",
    out,
    ...few.slice(0, 4),
  ]);
  child.stdin?.end();
  const end = ending(child);
  await new Promise<void>((resolve) => {
    child.stderr?.on("data", (text: string) => {
      if (text.includes("auditing")) resolve();
    });
  });
  // The models are fitted in some milliseconds, and then there is an audit.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  child.kill("SIGINT");
  const { code, stdout } = await end;
  expect(code).toBe(130);
  expect(listing(out)).toEqual(["audit.json", "report.html"]);
  expect(readJson(join(out, "audit.json"))).toMatchObject({ complete: false, attacks: [] });
  expect(readFileSync(join(out, "report.html"), "utf8")).toContain("Not finished");
  expect(stdout).toContain("stopped before any attack");
});

describe("errors leave no file", () => {
  test.each<[string, string[], number, RegExp]>([
    ["no rank", [source], 2, /audit needs --rank/],
    ["an unknown model", [source, "--rank", "2", "--models", "nmf,pca"], 2, /nmf, atnmf, anmf/],
    ["an unknown norm", [source, "--rank", "2", "--norms", "l1"], 2, /l2, linf/],
    ["a size of 0", [source, "--rank", "2", "--epsilons", "0"], 2, /above 0.*\[OPTION\]/],
    ["λ of 1", [source, "--rank", "2", "--lambda", "1"], 2, /lambda.*\[OPTION\]/],
    ["a rank too large", [source, "--rank", "99"], 3, /\[RANK\]/],
    ["no such file", ["absent.csv", "--rank", "2"], 3, /no file absent/],
    ["no such labels", [source, "--rank", "2", "--labels", "absent.txt"], 3, /cannot read the labels/],
    [
      "too few labels",
      [source, "--rank", "2", "--labels", file("two.txt", "a\nb\n")],
      3,
      /10 columns.*\[SHAPE\]/,
    ],
    ["labels in a table", [source, "--rank", "2", "--labels", file("t.txt", "a,b\nc,d\n")], 3, /\[FORMAT\]/],
  ])("%s", async (name, args, exitCode, message) => {
    const out = join(folder, `failed ${name}`);
    const { code, stdout, stderr } = await advnmf(["audit", ...args, "--out", out]);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([exitCode, ""]);
    expect(listing(out)).toEqual([]);
  });

  test("no folder for the report", async () => {
    const out = join(folder, "failed report");
    const report = join(table, "page.html");
    const { code, stderr } = await advnmf(["audit", source, "--rank", "2", "--out", out, "--report", report]);
    expect(code).toBe(1);
    expect(stderr).toContain("cannot write to the folder");
    expect(listing(out)).toEqual([]);
  });
});
