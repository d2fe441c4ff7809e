// The README's programs, run as a user would run them.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPacked, pack } from "./consumer.js";
import { projectRoot } from "./data.js";

const readme = readFileSync(join(projectRoot, "README.md"), "utf8");

/** The code block that begins with `// name`. */
function program(name: string): string {
  const found = [...readme.matchAll(/```(?:js|ts)\n([\s\S]*?)```/g)].find(([, code]) =>
    code!.startsWith(`// ${name}`),
  );
  if (!found) throw new Error(`the README has no program ${name}`);
  return found[1]!;
}

const deno = join(projectRoot, "test", "runtimes", "node_modules", ".bin", "deno");

describe("the README's programs", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "advnmf-"));
    installPacked(pack(folder).tarball, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function run(command: string, args: string[], name: string): string {
    writeFileSync(join(folder, name), program(name));
    return execFileSync(command, [...args, name], { cwd: folder, encoding: "utf8" });
  }

  it("factorize.mjs runs in Node and writes W.csv", () => {
    const line = run(process.execPath, [], "factorize.mjs");
    expect(line).toMatch(/^0\.0\d+ \d+ true [0-9a-f]{64}\n$/);
    expect(readFileSync(join(folder, "W.csv"), "utf8").trim().split("\n")).toHaveLength(103);
  });

  it.skipIf(!existsSync(deno))("factorize.ts prints the same line in Deno", () => {
    const ours = run(process.execPath, [], "factorize.mjs");
    rmSync(join(folder, "W.csv"));
    expect(run(deno, ["run", "-A"], "factorize.ts")).toBe(ours);
    expect(existsSync(join(folder, "W.csv"))).toBe(true);
  });

  it("more.mjs prints what its comments say", () => {
    const said = [...program("more.mjs").matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(([, text]) => text);
    const printed = run(process.execPath, [], "more.mjs").trim().split("\n");
    expect(said.length).toBe(5);
    expect(printed).toEqual(said);
  });

  it.each(["harden.mjs", "attack.mjs", "audit.mjs", "sensitivity.mjs", "fragile.mjs"])(
    "%s prints what its comment says",
    (name) => {
      const said = /console\.log\(.*\); \/\/ (.*)/.exec(program(name))?.[1];
      expect(run(process.execPath, [], name)).toBe(`${said}\n`);
    },
  );

  it("names every option of nmf, and links to files that are there", async () => {
    const { NMF_OPTIONS } = await import("../sdk/problem.js");
    for (const option of NMF_OPTIONS) expect(readme).toContain(`\`${option}\``);
    for (const [, target] of readme.matchAll(/\]\(([^)#]+)\)/g)) {
      expect(existsSync(join(projectRoot, target!)), target).toBe(true);
    }
  });
});
