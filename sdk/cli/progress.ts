// The progress bar: on standard error, and only where someone can see it move.

import process from "node:process";
import type { Progress } from "../index.js";

/** What a run reports to, and what ends the report. */
export interface ProgressReport {
  readonly onProgress?: (progress: Progress) => void;
  stop(): void;
}

const SILENT: ProgressReport = { stop: () => undefined };

/**
 * A bar for a factorization, gone as soon as the signal says stop; nothing when `quiet`, or when standard
 * error is not a terminal.
 */
export async function progressReport(quiet: boolean, signal: AbortSignal): Promise<ProgressReport> {
  if (quiet || !process.stderr.isTTY || process.env.TERM === "dumb") return SILENT;
  const { default: cliProgress } = await import("cli-progress");
  // https://no-color.org: any value but the empty one.
  const [on, off] = process.env.NO_COLOR ? ["", ""] : ["\x1b[36m", "\x1b[0m"];
  const bar = new cliProgress.SingleBar({
    format: `${on}{bar}${off} {value}/{total} iterations{start}  loss {loss}  {spent} s`,
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: 24,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // SIGINT is ours: the best result so far is to be saved.
    gracefulExit: false,
  });
  let running = false;
  const stop = (): void => {
    if (running) bar.stop();
    running = false;
  };
  signal.addEventListener("abort", stop, { once: true });
  return {
    onProgress({ iteration, maxIterations, loss, restart, restarts, seconds }) {
      if (signal.aborted) return;
      const facts = {
        start: restarts > 1 ? ` of start ${restart + 1}/${restarts}` : "",
        loss: loss.toPrecision(6),
        spent: seconds.toFixed(1),
      };
      if (!running) bar.start(maxIterations, iteration, facts);
      else bar.update(iteration, facts);
      running = true;
    },
    stop,
  };
}
