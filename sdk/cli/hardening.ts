// A hardened factorization beside what the same procedure gives without an adversary.

import { type AtnmfOptions, type AtnmfResult, atnmf, type LossOption, type NmfResult } from "../index.js";
import { bestOf, type RunOptions } from "./fit.js";
import type { Hidden, HideFlags } from "./hidden.js";
import type { Input } from "./input.js";

/** The options of `harden` that decide the result, as they come from the command line. */
export interface HardenFlags extends HideFlags {
  readonly rank?: number;
  readonly lambda?: number | "auto";
  readonly adversary: "penalty" | { readonly linf: number };
  readonly loss: LossOption;
  readonly init: "random" | "half-normal" | "nndsvd" | "nndsvda";
  readonly restarts: number;
  readonly epsilonInner: number;
  readonly epsilonOuter: number;
  readonly maxInner: number;
  readonly maxOuter: number;
  readonly threads?: number;
}

/** Of the paper's 2, 3 and 5 the one that does well whatever missing entries count as. */
const USUAL_LAMBDA = 3;

/** A factorization that tells what it makes of every entry. */
export type Fit = Pick<NmfResult, "W" | "H" | "reconstruct" | "relativeError">;

/** What was fitted. */
export interface Hardening {
  /** `AT-NMF, λ = 2`. */
  readonly title: string;
  readonly fit: AtnmfResult;
  /** The same without an adversary; absent when it was interrupted. */
  readonly plain?: Fit;
  /** That with hidden entries left out, where `fit` and `plain` count them as zeros. */
  readonly ignoring?: Fit;
}

/** AT-NMF, and with λ = ∞ the same without an adversary: same start, same rules, same number of iterations. */
export async function hardenAtnmf(
  { matrix: V }: Input,
  flags: HardenFlags & { readonly rank: number },
  { mask }: Hidden,
  quiet: boolean,
  signal: AbortSignal,
): Promise<Hardening> {
  const { missing, threads, adversary } = flags;
  const common = {
    rank: flags.rank,
    // What it has that AT-NMF has not is refused there.
    loss: flags.loss as NonNullable<AtnmfOptions["loss"]>,
    init: flags.init,
    seed: flags.seed,
    restarts: flags.restarts,
    epsilonInner: flags.epsilonInner,
    epsilonOuter: flags.epsilonOuter,
    maxInner: flags.maxInner,
    maxOuter: flags.maxOuter,
    ...(mask === undefined ? {} : { mask }),
    ...(missing === undefined ? {} : { missing }),
    ...(threads === undefined ? {} : { threads }),
  };
  const run = (own: Partial<AtnmfOptions>) =>
    bestOf<AtnmfResult>((extra: RunOptions) => atnmf(V, { ...common, ...own, ...extra }), quiet, signal);
  // Whoever has a radius pays nothing.
  const lambda = flags.lambda ?? (adversary === "penalty" ? USUAL_LAMBDA : undefined);
  const fit = await run({ adversary, ...(lambda === undefined ? {} : { lambda }) });
  const title =
    fit.lambda === undefined
      ? "AT-NMF, ℓ∞ adversary"
      : `AT-NMF, λ = ${fit.lambda === Number.POSITIVE_INFINITY ? "∞" : fit.lambda}`;
  const hardening: Hardening = { title, fit };
  const without = async (own: Partial<AtnmfOptions>) => {
    if (signal.aborted) return undefined;
    const plain = await run({ lambda: Number.POSITIVE_INFINITY, ...own });
    return plain.reason === "aborted" ? undefined : plain;
  };
  const plain = await without({});
  if (plain === undefined) return hardening;
  const ignoring = missing === "zero-fill" ? await without({ missing: "ignore" }) : undefined;
  return { ...hardening, plain, ...(ignoring === undefined ? {} : { ignoring }) };
}
