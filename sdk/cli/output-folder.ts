// Files that appear all together or not at all.

import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { EXIT, Failure } from "./failure.js";

/** A file to be written. */
export interface OutputFile {
  /** Its name in the folder, or a path from there. */
  readonly name: string;
  readonly bytes: Uint8Array | string;
}

/**
 * Makes sure, before anything is computed, that `folder` can be written or made. Leaves nothing behind.
 *
 * @throws Failure with exit code 1.
 */
export async function checkWritable(folder: string): Promise<void> {
  try {
    const existing = await nearestExisting(resolve(folder));
    // The only test that holds for root, read-only disks and full ones alike is to write.
    const probe = await mkdtemp(join(existing, ".advnmf-"));
    await rmdir(probe);
  } catch (cause) {
    throw cannotWrite(folder, cause);
  }
}

async function nearestExisting(path: string): Promise<string> {
  try {
    if ((await stat(path)).isDirectory()) return path;
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || parent === path) throw error;
    return nearestExisting(parent);
  }
  throw new Error(`${path} is a file, not a folder`);
}

/**
 * Writes `files` into `folder`, each under a temporary name first, and renames them once all are whole.
 * `stale` names files of an earlier run that the new ones replace.
 *
 * @throws Failure with exit code 1; nothing new is left behind then.
 */
export async function writeTogether(
  folder: string,
  files: readonly OutputFile[],
  stale: readonly string[] = [],
): Promise<void> {
  const staged: { from: string; to: string }[] = [];
  let made: string | undefined;
  // A second Ctrl-C ends the process in the midst of this.
  const sweep = (): void => {
    for (const { from } of staged) rmSync(from, { force: true });
  };
  process.on("exit", sweep);
  try {
    made = await mkdir(folder, { recursive: true });
    for (const { name, bytes } of files) {
      const to = join(folder, name);
      const from = join(dirname(to), `.${basename(to)}.${crypto.randomUUID()}.tmp`);
      staged.push({ from, to });
      await writeFile(from, bytes, { flag: "wx" });
    }
    for (const { from, to } of staged) await rename(from, to);
    for (const name of stale) await rm(join(folder, name), { force: true });
  } catch (cause) {
    sweep();
    if (made !== undefined) await removeEmpty(resolve(folder), resolve(made));
    throw cannotWrite(folder, cause);
  } finally {
    process.removeListener("exit", sweep);
  }
}

/** Removes the folders that were made, from the inside out, as far as they are empty. */
async function removeEmpty(inner: string, outer: string): Promise<void> {
  for (let path = inner; path.length >= outer.length; path = dirname(path)) {
    const entries = await readdir(path).catch(() => ["unreadable"]);
    if (entries.length > 0) return;
    await rmdir(path).catch(() => undefined);
  }
}

function cannotWrite(folder: string, cause: unknown): Failure {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new Failure(
    EXIT.failed,
    "IO",
    `cannot write to the folder ${folder}: ${message}; choose another with --out`,
    { cause, details: { path: folder } },
  );
}

/** The text of `folder/name`, if there is such a file. */
export async function readText(folder: string, name: string): Promise<string | undefined> {
  return readFile(join(folder, name), "utf8").catch(() => undefined);
}
