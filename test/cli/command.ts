// Runs the built command line as a child process.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { projectRoot } from "../data.js";

/** The script behind the command `advnmf`. */
export const cli: string = join(projectRoot, "dist", "cli.js");

/** How a process ended and what it printed. */
export interface Ending {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `advnmf ARGS` with its standard streams in our hands. */
export function startCli(args: readonly string[], cwd: string = projectRoot): ChildProcess {
  return spawn(process.execPath, [cli, ...args], { cwd, stdio: "pipe" });
}

/** Resolves when the process has ended and everything it printed has arrived. */
export function ending(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs `advnmf ARGS` to its end, with `input` on standard input. */
export function advnmf(
  args: readonly string[],
  options: { cwd?: string; input?: Uint8Array | string } = {},
): Promise<Ending> {
  const child = startCli(args, options.cwd);
  child.stdin?.end(options.input ?? "");
  return ending(child);
}

/** An empty folder that goes when the tests of the file are over. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "advnmf-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Everything in a folder, hidden files too; empty when there is none. */
export function listing(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The JSON in a file. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** A small table with names that need quotes. */
export const namedCsv: string = `,"first, one",second,third,fourth
"a ""b""",1,2,3,4
β,2,4.5,6,8
third row,0,1,1,0
,3,0.25,2,7
`;
