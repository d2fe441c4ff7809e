// Answers as test/parity/report.mjs gives them, whatever became of the runtime that gave them.

import { spawn } from "node:child_process";

/** A runtime that takes longer, all numbers of threads together, has failed. */
export const MOST_MS = 100_000;

/** The answers that came and, when something failed, an answer that says so where the next was due. */
export function withFailure(answers, counts, failure) {
  if (failure === undefined) return answers;
  return [...answers, { threads: counts[answers.length], error: failure }];
}

/** Rejects after {@link MOST_MS}; `stop` it when it is not needed any more. */
export function deadline() {
  let stop;
  const passed = new Promise((_, reject) => {
    const late = () => reject(new Error(`no answer within ${MOST_MS / 1000} seconds`));
    const timer = setTimeout(late, MOST_MS);
    stop = () => clearTimeout(timer);
  });
  return { passed, stop };
}

/**
 * Starts a program that runs until it is stopped. `failed` rejects when it cannot be started or ends by
 * itself; `stop` resolves when it is gone.
 */
export function start(command, args, options) {
  const child = spawn(command, args, { stdio: "ignore", ...options });
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(`it ended with ${signal ?? `code ${code}`}`));
  });
  const failed = ended.then((reason) => {
    throw new Error(`${command}: ${reason}`);
  });
  failed.catch(() => undefined);
  return {
    child,
    failed,
    async stop(signal = "SIGKILL") {
      child.kill(signal);
      await ended;
    },
  };
}
