// A hardened factorization beside what the same procedure gives without an adversary.

import type { LossOption, Matrix, NmfResult } from "../index.js";
import { bestOf, type RunOptions } from "./fit.js";
import type { HideFlags } from "./hidden.js";
import type { SheetRow } from "./restored-sheet.js";

/** The options of `harden` that decide the result, as they come from the command line. */
export interface HardenFlags extends HideFlags {
  readonly method: "at-nmf" | "anmf";
  readonly rank?: number;
  readonly lambda?: number | "auto";
  readonly init: "random" | "half-normal" | "nndsvd" | "nndsvda";
  readonly restarts: number;
  readonly threads?: number;
  // AT-NMF
  readonly adversary: "penalty" | { readonly linf: number };
  readonly loss: LossOption;
  readonly epsilonInner: number;
  readonly epsilonOuter: number;
  readonly maxInner: number;
  readonly maxOuter: number;
  // ANMF
  readonly beta: number;
  readonly target: string;
  readonly gauge: "unit-rms" | "none";
  readonly maxIterations: number;
  readonly tolerance: number;
}

/** Flags with the rank they came down to. */
export type RankedHardenFlags = HardenFlags & { readonly rank: number };

/** What every factorization returns. */
export type Outcome = Pick<
  NmfResult,
  | "W"
  | "H"
  | "loss"
  | "relativeError"
  | "iterations"
  | "converged"
  | "reason"
  | "seconds"
  | "peakBytes"
  | "threads"
  | "warnings"
  | "reconstruct"
> & { readonly restarts: readonly object[]; readonly history: readonly object[] };

/** A fit, and the same without an adversary. */
export interface Pair<F extends Outcome> {
  readonly fit: F;
  /** Absent when it was interrupted. */
  readonly plain?: Outcome;
  /** That with hidden entries left out, where `fit` and `plain` count them as zeros. */
  readonly ignoring?: Outcome;
}

/** What was fitted, and what there is to tell of it. */
export interface Hardening extends Pair<Outcome> {
  /** `AT-NMF, λ = 2`. */
  readonly title: string;
  /** What the adversary does, and the name it is stored by. */
  readonly attack: { readonly name: "R" | "attackedW"; readonly matrix: Matrix };
  /** The attack as a row of pictures. */
  readonly attackRow: SheetRow;
  /** Options of this method only, as they were in force. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Figures of this method only. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** Iterations, in words. */
  readonly rounds: string;
}

/** The options that all methods take from the command line. */
export function commonOptions(flags: RankedHardenFlags, mask: Matrix | undefined) {
  const { rank, init, seed, restarts, missing, threads } = flags;
  return {
    rank,
    init,
    seed,
    restarts,
    ...(mask === undefined ? {} : { mask }),
    ...(missing === undefined ? {} : { missing }),
    ...(threads === undefined ? {} : { threads }),
  };
}

/**
 * Runs with the adversary first, so that an interrupt saves that, then with `disarmed`, the options that leave the
 * adversary nothing to do, and where hidden entries count as zeros once more with them left out.
 */
export async function withAndWithout<O extends object, F extends Outcome>(
  run: (own: O, extra: RunOptions) => Promise<F>,
  armed: O,
  disarmed: O,
  { missing }: HideFlags,
  quiet: boolean,
  signal: AbortSignal,
): Promise<Pair<F>> {
  const best = (own: O) => bestOf<F>((extra) => run(own, extra), quiet, signal);
  const fit = await best(armed);
  const without = async (own: O) => {
    if (signal.aborted) return undefined;
    const outcome = await best(own);
    return outcome.reason === "aborted" ? undefined : outcome;
  };
  const plain = await without(disarmed);
  if (plain === undefined) return { fit };
  const ignoring = missing === "zero-fill" ? await without({ ...disarmed, missing: "ignore" }) : undefined;
  return { fit, plain, ...(ignoring === undefined ? {} : { ignoring }) };
}
