// `--method at-nmf`. With λ = ∞ the adversary does nothing: same start, same rules, same number of iterations.

import { type AtnmfOptions, type AtnmfResult, atnmf } from "../index.js";
import { commonOptions, type Hardening, type RankedHardenFlags, withAndWithout } from "./hardening.js";
import type { Hidden } from "./hidden.js";
import type { Input } from "./input.js";

/** Of the paper's 2, 3 and 5 the one that does well whatever missing entries count as. */
const USUAL_LAMBDA = 3;

const ENDINGS = {
  tolerance: "converged",
  maxIterations: "--max-outer reached",
  aborted: "interrupted",
} as const;

/** Fits AT-NMF. */
export async function hardenAtnmf(
  { matrix: V }: Input,
  flags: RankedHardenFlags,
  { mask }: Hidden,
  quiet: boolean,
  signal: AbortSignal,
): Promise<Hardening> {
  const { adversary, loss, epsilonInner, epsilonOuter, maxInner, maxOuter } = flags;
  const options = {
    ...commonOptions(flags, mask),
    // What it has that AT-NMF has not is refused there.
    loss: loss as NonNullable<AtnmfOptions["loss"]>,
    epsilonInner,
    epsilonOuter,
    maxInner,
    maxOuter,
  };
  // Whoever has a radius pays nothing.
  const lambda = flags.lambda ?? (adversary === "penalty" ? USUAL_LAMBDA : undefined);
  const pair = await withAndWithout<Partial<AtnmfOptions>, AtnmfResult>(
    (own, extra) => atnmf(V, { ...options, ...own, ...extra }),
    { adversary, ...(lambda === undefined ? {} : { lambda }) },
    { lambda: Number.POSITIVE_INFINITY },
    flags,
    quiet,
    signal,
  );
  const { fit } = pair;
  const used = fit.lambda === undefined ? null : jsonNumber(fit.lambda);
  return {
    ...pair,
    title: used === null ? "AT-NMF, ℓ∞ adversary" : `AT-NMF, λ = ${used}`,
    attack: { name: "R", matrix: fit.R },
    attackRow: { title: "R, what the adversary adds (grey: nothing)", matrix: fit.R, signed: true },
    options: {
      loss,
      lambda: flags.lambda ?? used,
      adversary,
      epsilonInner,
      epsilonOuter,
      maxInner,
      maxOuter,
    },
    figures: {
      lambda: used,
      lambdas: fit.lambdas?.map((score) => ({ ...score, lambda: jsonNumber(score.lambda) })) ?? null,
      saddle: fit.saddle,
      outerIterations: fit.outerIterations,
      innerIterations: fit.innerIterations,
    },
    rounds: `${fit.iterations} in ${fit.outerIterations} outer (${ENDINGS[fit.reason]})`,
  };
}

/** JSON has no ∞. */
function jsonNumber(value: number): number | "∞" {
  return value === Number.POSITIVE_INFINITY ? "∞" : value;
}
