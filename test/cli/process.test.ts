// How the process behaves: help, streams, signals.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "advnmf";
import { formats, readMatrix } from "advnmf/io";
import { describe, expect, test } from "vitest";
import { advnmf, cli, ending, listing, namedCsv, readJson, scratchFolder, startCli } from "./command.js";

const folder = scratchFolder();
const table = join(folder, "table.csv");
writeFileSync(table, namedCsv);

describe("help", () => {
  test.each([[[]], [["factorize"]], [["attack"]], [["convert"]], [["reproduce"]], [["info"]]])(
    "advnmf %j --help starts with examples",
    async (args) => {
      const { code, stdout, stderr } = await advnmf([...args, "--help"]);
      expect(stdout).toMatch(/^Examples:\n {2}advnmf /);
      expect(stdout).toMatch(new RegExp(`Usage: ${["advnmf", ...args].join(" ")} `));
      expect(stderr).toBe("");
      expect(code).toBe(0);
    },
  );

  test("advnmf help COMMAND is the same", async () => {
    expect((await advnmf(["help", "convert"])).stdout).toBe((await advnmf(["convert", "--help"])).stdout);
  });

  test("--version", async () => {
    expect(await advnmf(["--version"])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
  });

  test("the examples use options that exist", async () => {
    for (const command of ["factorize", "harden", "attack", "convert", "reproduce", "info"]) {
      const { stdout } = await advnmf([command, "--help"]);
      const [examples = "", rest = ""] = stdout.split("\nUsage:");
      for (const [flag] of examples.matchAll(/--[a-z][a-z0-9-]*/g)) expect(rest).toContain(`${flag} `);
    }
  });
});

describe("streams", () => {
  test("factorize prints its figures and paths on standard output, its log on standard error", async () => {
    const out = join(folder, "plain");
    const { code, stdout, stderr } = await advnmf(["factorize", table, "--rank", "2", "--out", out]);
    const fit = readJson(join(out, "fit.json")) as { sha256: { W: string; H: string }; loss: number };
    expect(code).toBe(0);
    for (const text of [
      `${fit.loss} (frobenius)`,
      "relative error",
      "iterations",
      "seconds",
      fit.sha256.W,
      fit.sha256.H,
    ])
      expect(stdout).toContain(text);
    for (const name of listing(out)) expect(stdout).toContain(join(out, name));
    expect(stderr).toMatch(/^advnmf: factorizing .*4×4 f64.* at rank 2\n$/);
    // No escape sequences: nobody looks at a pipe.
    expect(stdout + stderr).not.toContain("\x1b");
  });

  test("--json prints exactly what fit.json holds, and where", async () => {
    const out = join(folder, "json");
    const { stdout, stderr } = await advnmf([
      "factorize",
      table,
      "--rank",
      "2",
      "--out",
      out,
      "--json",
      "--quiet",
    ]);
    expect(JSON.parse(stdout)).toEqual({ ...(readJson(join(out, "fit.json")) as object), out });
    expect(stdout.trimEnd()).not.toContain("\n");
    expect(stderr).toBe("");
  });

  test("warnings go to standard error", async () => {
    const zeros = join(folder, "zeros.csv");
    writeFileSync(zeros, "0,0\n0,0\n");
    const { code, stderr } = await advnmf([
      "factorize",
      zeros,
      "--rank",
      "1",
      "--out",
      join(folder, "zeros"),
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: V is all zeros/);
  });

  test("a reader that closes the pipe early does no harm", async () => {
    const child = spawn(process.execPath, [cli, "convert", "swimmer", "-", "--output-format", "csv"], {
      stdio: "pipe",
    });
    const over = once(child, "close");
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code, signal] = (await over) as [number | null, string | null];
    expect(stderr).toBe("");
    expect([code, signal]).toEqual([0, null]);
  });
});

describe("interrupting", () => {
  const endless = ["--tolerance", "0", "--max-iterations", "100000000"];

  /** Starts a run that does not end by itself and resolves once it is computing. */
  async function computing(out: string, more: readonly string[] = []) {
    const child = startCli(["factorize", "atnmf-synthetic", ...endless, "--out", out, "--json", ...more]);
    const end = ending(child);
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (text: string) => {
        if (text.includes("factorizing")) resolve();
      });
    });
    return { child, end };
  }

  test("the best so far is saved, with exit code 130", async () => {
    const out = join(folder, "interrupted");
    const { child, end } = await computing(out);
    // npm and a terminal may each send one for the same key press.
    child.kill("SIGINT");
    child.kill("SIGINT");
    const { code, stdout, stderr } = await end;
    expect(stderr).toMatch(/interrupted: saving/);
    expect(code).toBe(130);
    const fit = readJson(join(out, "fit.json"));
    expect(fit).toMatchObject({ reason: "aborted", converged: false });
    expect(JSON.parse(stdout)).toMatchObject({ reason: "aborted" });
    expect(listing(out)).toEqual(["H.npy", "W.npy", "fit.json"]);
    expect(await readMatrix(join(out, "W.npy"))).toMatchObject({ rows: 100, cols: 5 });
  });

  test("before there is anything to save, nothing is written", async () => {
    const out = join(folder, "early");
    const child = startCli(["factorize", "-", "--rank", "1", "--out", out]);
    const end = ending(child);
    // The process reads from now on: what is written comes through only then.
    await new Promise((resolve) => child.stdin?.write(" ".repeat(1 << 20), resolve));
    child.kill("SIGINT");
    expect((await end).code).toBe(130);
    expect(listing(out)).toEqual([]);
  });
});

describe("info", () => {
  test("as text", async () => {
    const { code, stdout } = await advnmf(["info"]);
    expect(code).toBe(0);
    for (const text of [
      VERSION,
      `node ${process.versions.node}`,
      "SIMD",
      "threads",
      "memory",
      "swimmer",
      ".npz",
    ])
      expect(stdout).toContain(text);
  });

  test("as JSON", async () => {
    const { stdout } = await advnmf(["info", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      version: VERSION,
      runtime: `node ${process.versions.node}`,
      simd: true,
      threads: expect.any(Number),
      memoryLimit: 2 ** 32,
      formats: JSON.parse(JSON.stringify(formats)),
      datasets: expect.arrayContaining([
        { name: "swimmer", rows: 1024, cols: 256, rank: 17, description: expect.any(String) },
      ]),
    });
  });
});
