// The progress bars: on standard error, and only where someone can see it move.

import process from "node:process";
import type { AuditProgress, LafaProgress, Progress } from "../index.js";

/** What a run reports to, and what ends the report. */
export interface ProgressReport {
  readonly onProgress?: (progress: Progress) => void;
  stop(): void;
}

/** A bar that shows how far something is. */
interface Bar {
  update(total: number, value: number, facts: Readonly<Record<string, string>>): void;
  stop(): void;
}

/**
 * A bar with `facts` behind it as `format` says, gone as soon as the signal says stop; undefined when `quiet`, or
 * when standard error is not a terminal.
 */
async function visibleBar(format: string, quiet: boolean, signal: AbortSignal): Promise<Bar | undefined> {
  if (quiet || !process.stderr.isTTY || process.env.TERM === "dumb") return undefined;
  const { default: cliProgress } = await import("cli-progress");
  // https://no-color.org: any value but the empty one.
  const [on, off] = process.env.NO_COLOR ? ["", ""] : ["\x1b[36m", "\x1b[0m"];
  const bar = new cliProgress.SingleBar({
    format: `${on}{bar}${off} ${format}`,
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
    update(total, value, facts) {
      if (signal.aborted) return;
      if (!running) bar.start(total, value, facts);
      else bar.update(value, facts);
      running = true;
    },
    stop,
  };
}

/** A bar for a factorization. */
export async function progressReport(quiet: boolean, signal: AbortSignal): Promise<ProgressReport> {
  const format = "{value}/{total} iterations{start}  loss {loss}  {spent} s";
  const bar = await visibleBar(format, quiet, signal);
  if (bar === undefined) return { stop: () => undefined };
  return {
    onProgress({ iteration, maxIterations, loss, restart, restarts, seconds }) {
      bar.update(maxIterations, iteration, {
        start: restarts > 1 ? ` of start ${restart + 1}/${restarts}` : "",
        loss: loss.toPrecision(6),
        spent: seconds.toFixed(1),
      });
    },
    stop: bar.stop,
  };
}

/** What an attack reports to, and what ends the report. */
export interface AttackReport {
  readonly onProgress?: (progress: LafaProgress) => void;
  stop(): void;
}

/** A bar for the steps of an attack; the factorizations that judge it follow the last. */
export async function attackReport(quiet: boolean, signal: AbortSignal): Promise<AttackReport> {
  const bar = await visibleBar("{value}/{total} steps  feature error {errors}{next}", quiet, signal);
  if (bar === undefined) return { stop: () => undefined };
  return {
    onProgress({ step, steps, featureErrors }) {
      const errors = featureErrors.map((error) => error.toFixed(3)).join(", ");
      bar.update(steps, step, { errors, next: step === steps ? ", now judging" : "" });
    },
    stop: bar.stop,
  };
}

/** What an audit reports to, and what ends the report. */
export interface AuditReport {
  readonly onProgress?: (progress: AuditProgress) => void;
  stop(): void;
}

/** A bar for the factorizations and steps of an audit. */
export async function auditReport(quiet: boolean, signal: AbortSignal): Promise<AuditReport> {
  const bar = await visibleBar("{percentage}%  {phase}", quiet, signal);
  if (bar === undefined) return { stop: () => undefined };
  return {
    onProgress({ phase, done, total }) {
      bar.update(total, done, { phase });
    },
    stop: bar.stop,
  };
}
