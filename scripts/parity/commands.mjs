// Runtimes that run a script from the command line: Node, Deno, Bun.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../setup.mjs";
import { MOST_MS, withFailure } from "./answers.mjs";

const run = promisify(execFile);
const script = join(root, "test", "parity", "run.mjs");

/** Runs the battery by `command ARGS script`, and resolves to its answers. */
export async function commandAnswers(command, args, counts) {
  const named = counts.filter((count) => count !== undefined).map(String);
  const { stdout, failure } = await run(command, [...args, script, ...named], { timeout: MOST_MS }).catch(
    (error) => ({ stdout: error.stdout ?? "", failure: reasonOf(error) }),
  );
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  return withFailure(
    lines.map((line) => JSON.parse(line)),
    counts,
    failure,
  );
}

function reasonOf(error) {
  return error.killed ? `it did not end within ${MOST_MS / 1000} seconds` : error.message.trim();
}
