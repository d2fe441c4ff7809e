// What the commands that fit have in common: the run itself, and how its outcome is told.

import { join } from "node:path";
import { AdvnmfError, type LossOption, type Progress } from "../index.js";
import { EXIT, Failure } from "./failure.js";
import { type Input, sizeText } from "./input.js";
import { progressReport } from "./progress.js";

/** What a run is given besides its own options. */
export interface RunOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** The outcome of `run`, or what there was of it when it was interrupted. */
export async function bestOf<R>(
  run: (options: RunOptions) => Promise<R>,
  quiet: boolean,
  signal: AbortSignal,
): Promise<R> {
  const { stop, ...progress } = await progressReport(quiet, signal);
  try {
    return await run({ ...progress, signal });
  } catch (error) {
    if (error instanceof AdvnmfError && error.code === "ABORTED" && error.best) return error.best as R;
    throw error;
  } finally {
    stop();
  }
}

/** The rank that was asked for, or a data set's own. @throws Failure with exit code 2. */
export function rankOf(flags: { readonly rank?: number }, input: Input, command: string): number {
  const rank = flags.rank ?? input.facts?.rank;
  if (rank !== undefined) return rank;
  throw new Failure(
    EXIT.usage,
    "USAGE",
    `${command} needs --rank, the number of components, such as --rank 4`,
  );
}

/** `counts.csv (96×21 f64)`. */
export function inputText({ name, matrix }: Input): string {
  return `${name === "-" ? "standard input" : name} (${sizeText(matrix)})`;
}

/** How a run ended, in words. */
export const ENDINGS = {
  tolerance: "converged",
  maxIterations: "not converged: --max-iterations reached",
  aborted: "not converged: interrupted",
} as const;

/** The loss, in words. */
export function lossText(loss: LossOption): string {
  if (typeof loss === "string") return loss;
  return "beta" in loss ? `beta-divergence, beta ${loss.beta}` : `truncated Cauchy, scale ${loss.cauchy}`;
}

/** `0.120 (2 threads)`. */
export function secondsText({ seconds, threads }: { seconds: number; threads: number }): string {
  return `${seconds.toFixed(3)} (${threads} ${threads === 1 ? "thread" : "threads"})`;
}

/** Rows of a table that name the files. */
export function writtenRows(files: object, out: string): [string, string][] {
  return Object.values(files).map((file: string, index) => [index === 0 ? "written" : "", join(out, file)]);
}
