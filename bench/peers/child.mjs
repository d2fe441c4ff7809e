// A peer in a process of its own, so that neither its heap nor its threads disturb ours: one line of JSON in,
// one out; the matrices go through files.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Added to denominators, and inside V/(WH + ε), as the SDK does by default. */
const EPSILON = 2.2e-16;

/** Of a problem's matrices, those that are handed over; the last two are a reference, where there is one. */
const MATRICES = ["V", "W0", "H0", "W1", "H1"];

/**
 * @param {{
 *   name: string,
 *   threads: number,
 *   command: () => { program: string, args: string[], env?: NodeJS.ProcessEnv } | string,
 * }} what `command` returns how to start it, or why it cannot be
 * @returns {import("./peer.mjs").Peer}
 */
export function childPeer({ name, threads, command }) {
  let child;
  let lines;
  let folder;
  let settings;
  let complaint = "";

  async function answer() {
    const { value, done } = await lines.next();
    if (done) throw new Error(complaint.trim().split("\n").at(-1) || "the process ended");
    const message = JSON.parse(value);
    if (message.error) throw new Error(message.error);
    return message;
  }

  function ask(message) {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    return answer();
  }

  const peer = {
    name,
    threads,
    versions: "",
    dtypes: [],
    async available() {
      const how = command();
      if (typeof how === "string") return how;
      child = spawn(how.program, how.args, { env: how.env ?? process.env, stdio: ["pipe", "pipe", "pipe"] });
      child.stderr.setEncoding("utf8").on("data", (text) => {
        complaint = text;
      });
      // A process that ended is noticed at its next answer.
      child.stdin.on("error", () => {});
      child.on("error", (error) => {
        complaint = error.message;
      });
      lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      try {
        const hello = await answer();
        peer.versions = hello.versions;
        peer.dtypes = hello.dtypes ?? ["f32", "f64"];
      } catch (error) {
        return error.message;
      }
      folder = mkdtempSync(join(tmpdir(), "bench-"));
      return "";
    },
    async prepare(data, chosen) {
      settings = chosen;
      const { m, n, k, dtype, epsilon = EPSILON } = data;
      const files = {};
      for (const matrix of MATRICES.filter((name) => name in data)) {
        files[matrix] = join(folder, matrix);
        writeFileSync(files[matrix], data[matrix]);
      }
      await ask({ job: "load", m, n, k, dtype, epsilon, files });
    },
    run: (iterations, judge = false) => ask({ job: "run", ...settings, iterations, judge }),
    close() {
      child?.stdin.end();
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
  return peer;
}
