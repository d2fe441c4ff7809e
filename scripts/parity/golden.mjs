// The digest that was reviewed and committed, and what an answer is beside it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup.mjs";

const file = join(root, "test", "parity", "golden.json");

/** The committed answer of one thread in Node: digest, problems, and the digest of each problem. */
export const golden = JSON.parse(readFileSync(file, "utf8"));

/** Names of the problems whose digests are not those of `expected`. */
export function differences(parts, expected = golden.parts) {
  const names = new Set([...Object.keys(expected), ...Object.keys(parts)]);
  return [...names].filter((name) => parts[name] !== expected[name]);
}

/**
 * What an answer amounts to: whether that is well, and in words. No threads is an answer, though never an
 * equal one, from a runtime that is not known to have `threads`.
 */
export function verdict({ digest, problems, parts, alone, error }, { threads }) {
  if (error !== undefined) return { well: false, words: `FAILED: ${error}` };
  if (alone !== undefined) {
    return { well: !threads, words: `${threads ? "FAILED: " : ""}no threads: ${alone}` };
  }
  if (digest === golden.digest) return { well: true, words: `equal, ${problems} problems` };
  const found = differences(parts);
  const some = found.slice(0, 3).join("; ");
  return { well: false, words: `DIFFERS in ${found.length} of ${problems} problems: ${some}` };
}

/** Commits to `answer`; returns the names of the problems that changed. */
export function rewrite({ digest, problems, parts }) {
  writeFileSync(file, `${JSON.stringify({ digest, problems, parts }, null, 2)}\n`);
  return differences(parts);
}
