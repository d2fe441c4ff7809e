// `npm start`, without npm: what scripts/start.mjs makes of its arguments.

import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { projectRoot } from "../data.js";
import { listing, namedCsv, readJson, scratchFolder } from "./command.js";

const script = join(projectRoot, "scripts", "start.mjs");

// Where packages or dist/ are out of date, the script would set them right under the feet of other tests.
const setup = pathToFileURL(join(projectRoot, "scripts", "setup.mjs")).href;
const probe = `import { isSetUp } from ${JSON.stringify(setup)}; console.log(isSetUp())`;
const ready =
  execFileSync(process.execPath, ["--input-type=module", "-e", probe], { encoding: "utf8" }).trim() ===
  "true";

describe.skipIf(!ready)("npm start", () => {
  const folder = scratchFolder();
  writeFileSync(join(folder, "table.csv"), namedCsv);
  writeFileSync(join(folder, "table"), namedCsv);

  function start(...args: string[]) {
    // As npm does it: the script runs in the package's folder, and INIT_CWD is where the user is.
    const env = { ...process.env, npm_lifecycle_event: "start", INIT_CWD: folder };
    return spawnSync(process.execPath, [script, ...args], { cwd: projectRoot, env, encoding: "utf8" });
  }

  const reason = { converged: true, reason: "tolerance" };

  test("without arguments: Swimmer at rank 17, and the report of its audit", () => {
    const { status, stdout } = start();
    expect(status).toBe(0);
    const fit = readJson(join(folder, "advnmf-out", "fit.json"));
    expect(fit).toMatchObject({ ...reason, input: { name: "swimmer" }, options: { rank: 17 } });
    expect(listing(join(folder, "advnmf-out"))).toContain("features.png");
    for (const word of ["loss", "iterations", "seconds", "SHA-256 of W", "SHA-256 of H", "features.png"])
      expect(stdout).toContain(word);
    expect(listing(join(folder, "advnmf-out"))).toEqual(
      expect.arrayContaining(["audit.json", "report.html"]),
    );
    expect(stdout.trim().split("\n").at(-1)).toBe(`The report: ${join("advnmf-out", "report.html")}`);
  });

  test("with options only: Swimmer, with these options", () => {
    expect(start("--restarts", "1", "--seed=5", "--out", "seeded").status).toBe(0);
    const fit = readJson(join(folder, "seeded", "fit.json"));
    expect(fit).toMatchObject({ input: { name: "swimmer" }, options: { seed: 5, restarts: 1, l1W: 0.001 } });
  });

  test.each([
    ["a file", "table.csv"],
    ["a file without an extension", "table"],
    ["a data set", "atnmf-synthetic"],
  ])("with %s first: factorize it, and nothing of Swimmer's options", (_, name) => {
    expect(start(name, "--rank", "1", "--out", `of-${name}`).status).toBe(0);
    const fit = readJson(join(folder, `of-${name}`, "fit.json"));
    expect(fit).toMatchObject({ input: { name }, options: { rank: 1, l1W: 0, restarts: 1 } });
  });

  test("with a command first: that command", () => {
    expect(start("info").stdout).toContain("SIMD");
    expect(start("harden", "atnmf-synthetic", "--max-outer", "2", "--out", "hard").stdout).toContain("RMSE");
    expect(listing(join(folder, "hard"))).toEqual(["H.npy", "R.npy", "W.npy", "fit.json"]);
    expect(start("--help").stdout).toMatch(/^Examples:/);
  });

  test("exit codes are those of the command", () => {
    expect(start("factorise")).toMatchObject({ status: 2, stdout: "" });
    expect(start("table.csv", "--rank", "9").status).toBe(3);
    expect(start("absent.csv", "--rank", "9").status).toBe(3);
  });
});
