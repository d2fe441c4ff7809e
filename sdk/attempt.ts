// What the loops over one start have in common, whatever the method.

import { AdvnmfError } from "./errors.js";
import type { HistoryEntry, RestartResult, StopReason } from "./types.js";

/** A burst should not take longer, so that progress and cancellation stay lively. */
const BURST_SECONDS = 0.02;

/** Iterations of a burst, where one takes so many seconds; 1 where that is not known yet. */
export function affordable(perIteration: number): number {
  return perIteration > 0 ? Math.max(1, Math.floor(BURST_SECONDS / perIteration)) : 1;
}

/** What became of one start, and how. */
export interface Attempt extends RestartResult {
  readonly reason: StopReason;
  readonly history: HistoryEntry[];
  /** With an adversary: the saddle objective, and the iterations of each inner loop. */
  readonly saddle?: number;
  readonly innerIterations?: readonly number[];
}

/** @returns the error of a run whose numbers became too large, or NaN. */
export function overflow(iteration: number): AdvnmfError {
  return new AdvnmfError(
    "NOT_FINITE",
    `the numbers left the range of their type by iteration ${iteration}; scale V (its largest entry to 1, say), use Float64Array data, or, for β below 1, keep zeros out of V`,
    { iteration },
  );
}
