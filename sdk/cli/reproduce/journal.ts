// Finished work, one JSON object a line, so that a run that was interrupted goes on where it stopped.

import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { EXIT, Failure } from "../failure.js";

/** A line: what decides the outcome, as one string, and the outcome. */
export interface Entry<R> {
  readonly key: string;
  readonly result: R;
}

/** An open journal. Entries are on the disk once `add` resolves. */
export class Journal<R> implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #done: Map<string, R>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, path: string, done: Map<string, R>) {
    this.#file = file;
    this.#path = path;
    this.#done = done;
  }

  /**
   * Opens the journal at `path`, or begins one. A last line that was cut short is taken off, so that the next
   * entry does not join it; any other line that is no entry is passed over.
   *
   * @throws Failure with exit code 1 when it can be neither read nor made.
   */
  static async open<R>(path: string): Promise<Journal<R>> {
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(path, "a+");
      const bytes = await file.readFile();
      const whole = bytes.lastIndexOf(10) + 1;
      if (whole < bytes.length) await file.truncate(whole);
      const done = new Map<string, R>();
      for (const line of bytes.subarray(0, whole).toString("utf8").split("\n")) {
        const entry = parseEntry<R>(line);
        if (entry) done.set(entry.key, entry.result);
      }
      return new Journal(file, path, done);
    } catch (cause) {
      throw cannotWrite(path, cause);
    }
  }

  /** What is known for `key`. */
  get(key: string): R | undefined {
    return this.#done.get(key);
  }

  /** Adds an entry and waits until it is on the disk. */
  async add(key: string, result: R): Promise<void> {
    this.#done.set(key, result);
    this.#writing = this.#writing.then(async () => {
      await this.#file.appendFile(`${JSON.stringify({ key, result } satisfies Entry<R>)}\n`);
      await this.#file.datasync();
    });
    try {
      await this.#writing;
    } catch (cause) {
      throw cannotWrite(this.#path, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#file.close();
  }
}

function parseEntry<R>(line: string): Entry<R> | undefined {
  try {
    const entry = JSON.parse(line) as Partial<Entry<R>> | null;
    if (typeof entry?.key === "string" && entry.result !== undefined) return entry as Entry<R>;
  } catch {
    // A line that no program of ours wrote whole.
  }
  return undefined;
}

function cannotWrite(path: string, cause: unknown): Failure {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new Failure(
    EXIT.failed,
    "IO",
    `cannot keep the journal ${path}: ${message}; choose another folder with --out`,
    { cause, details: { path } },
  );
}
