// Ctrl-C: the first one asks the computation to stop and save, the second one leaves at once.

import process from "node:process";
import { EXIT } from "./failure.js";
import { note } from "./print.js";

/**
 * A terminal sends SIGINT to every process of the job, and `npm start` passes its own on as well, so that
 * one key press can arrive two or three times. What comes within this time is the same press.
 */
const SAME_PRESS_MS = 300;

/** Listens for SIGINT while `job` runs, and hands it a signal that says so. */
export async function interruptible<R>(job: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const controller = new AbortController();
  let first = 0;
  const onInterrupt = (): void => {
    const now = performance.now();
    if (!controller.signal.aborted) {
      first = now;
      // Whoever listens clears its progress bar off the line that the note is written on.
      controller.abort(new Error("SIGINT"));
      note("interrupted: saving what there is (once more quits at once)");
    } else if (now - first > SAME_PRESS_MS) {
      process.exit(EXIT.interrupted);
    }
  };
  process.on("SIGINT", onInterrupt);
  try {
    return await job(controller.signal);
  } finally {
    process.removeListener("SIGINT", onInterrupt);
  }
}
