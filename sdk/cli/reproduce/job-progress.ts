// How far a long list of jobs is: a bar where someone can see it move, otherwise a line now and then.

import process from "node:process";
import { note } from "../print.js";

/** What a list of jobs reports to. */
export interface JobReport {
  /** `done` of the jobs are finished, of work that is `share` done (0 to 1); `what` is being done. */
  update(done: number, share: number, what: string): void;
  /** A line for those who see no bar. */
  line(text: string): void;
  stop(): void;
}

/** A report on `total` jobs, which are called `unit`, gone as soon as the signal says stop; nothing when `quiet`. */
export async function jobReport(
  quiet: boolean,
  total: number,
  unit: string,
  signal: AbortSignal,
): Promise<JobReport> {
  const silent = { update: () => undefined, line: () => undefined, stop: () => undefined };
  if (quiet) return silent;
  if (!process.stderr.isTTY || process.env.TERM === "dumb") return { ...silent, line: note };
  const { default: cliProgress } = await import("cli-progress");
  // https://no-color.org: any value but the empty one.
  const [on, off] = process.env.NO_COLOR ? ["", ""] : ["\x1b[36m", "\x1b[0m"];
  const steps = 1000;
  const bar = new cliProgress.SingleBar({
    format: `${on}{bar}${off} {done}/${total} ${unit}  {left}  {what}`,
    barCompleteChar: "━",
    barIncompleteChar: "─",
    barsize: 24,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // SIGINT is ours: what there is is to be saved.
    gracefulExit: false,
  });
  const begun = performance.now();
  let first: number | undefined;
  let running = false;
  const stop = (): void => {
    if (running) bar.stop();
    running = false;
  };
  signal.addEventListener("abort", stop, { once: true });
  return {
    ...silent,
    update(done, share, what) {
      if (signal.aborted) return;
      first ??= share;
      const gained = share - first;
      const seconds = (performance.now() - begun) / 1000;
      const left = gained > 0.01 ? `about ${duration((seconds * (1 - share)) / gained)} left` : "";
      const facts = { done, what, left };
      if (!running) bar.start(steps, Math.floor(share * steps), facts);
      else bar.update(Math.floor(share * steps), facts);
      running = true;
    },
    stop,
  };
}

/** `40 s`, `12 min`, `3.5 h`. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  const hours = seconds / 3600;
  return hours < 48 ? `${hours.toFixed(1)} h` : `${(hours / 24).toFixed(1)} days`;
}
