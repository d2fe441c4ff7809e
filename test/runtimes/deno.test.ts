// The promise of equal bits: what Node computes, Deno computes too.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { cli, listing, readJson, scratchFolder } from "../cli/command.js";
import { projectRoot } from "../data.js";
import { deno, hasDeno } from "./deno.js";

describe.skipIf(!hasDeno)("Deno", () => {
  const folder = scratchFolder();
  // Nothing is downloaded and no lock file is left in the project.
  const local = ["--no-remote", "--no-lock"];

  test("five problems and a projection: the same SHA-256 of W and H as in Node, with leave to read only", () => {
    const script = join(projectRoot, "test", "runtimes", "fingerprints.mjs");
    const inNode: unknown = JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" }));
    const inDeno: unknown = JSON.parse(deno(["run", ...local, "--allow-read", script], { cwd: projectRoot }));
    expect(inDeno).toEqual(inNode);
    const digests = Object.values(inNode as Record<string, { W: string; H: string }>);
    expect(digests).toHaveLength(6);
    expect(new Set(digests.map(({ H }) => H)).size).toBe(6);
    for (const { H } of digests) expect(H).toMatch(/^[0-9a-f]{64}$/);
  });

  test("the command line factorizes swimmer, with the bits and the picture of Node", () => {
    const run = (out: string) => [
      "factorize",
      "swimmer",
      "--max-iterations",
      "20",
      "--out",
      join(folder, out),
    ];
    const printed = deno(["run", "-A", ...local, cli, ...run("deno")], { cwd: projectRoot });
    execFileSync(process.execPath, [cli, ...run("node"), "--quiet"]);
    const fit = readJson(join(folder, "deno", "fit.json")) as { sha256: { W: string } };
    expect(fit).toMatchObject({ versions: { runtime: expect.stringMatching(/^deno 2\./) } });
    expect(printed).toContain(fit.sha256.W);
    expect(listing(join(folder, "deno"))).toEqual(["H.npy", "W.npy", "features.png", "fit.json"]);
    for (const name of ["W.npy", "H.npy", "features.png"]) {
      expect(readFileSync(join(folder, "deno", name))).toEqual(readFileSync(join(folder, "node", name)));
    }
    expect(decode(readFileSync(join(folder, "deno", "features.png"))).width).toBe(5 * 128 + 4 * 4);
  });

  test("an audit has the digest of Node", () => {
    const quick = ["--quick", "--steps", "1", "--iterations", "25", "--evaluation-iterations", "50"];
    const run = (out: string) => [
      "audit",
      "atnmf-synthetic",
      ...quick,
      "--quiet",
      "--out",
      join(folder, out),
    ];
    deno(["run", "-A", ...local, cli, ...run("audit-deno")], { cwd: projectRoot });
    execFileSync(process.execPath, [cli, ...run("audit-node")]);
    const digest = (out: string) => (readJson(join(folder, out, "audit.json")) as { digest: string }).digest;
    expect(digest("audit-deno")).toMatch(/^[0-9a-f]{64}$/);
    expect(digest("audit-deno")).toBe(digest("audit-node"));
  });

  test("the command line reads standard input and fails with the right code", () => {
    const args = ["run", "-A", ...local, cli, "factorize", "-", "--json", "--out", join(folder, "stdin")];
    const fit: unknown = JSON.parse(
      deno([...args, "--rank", "1"], { cwd: projectRoot, input: "1,2\n3,4\n" }),
    );
    expect(fit).toMatchObject({ input: { kind: "stdin", rows: 2, cols: 2 } });
    expect(() => deno([...args, "--rank", "3"], { cwd: projectRoot, input: "1,2\n3,4\n" })).toThrow(
      /ended with 3[\s\S]*\[RANK\]/,
    );
  });
});
