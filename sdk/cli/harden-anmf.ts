// `--method anmf`. With β = 0 the attack has no weight: same start, same method, same number of iterations.

import { type AnmfOptions, type AnmfResult, anmf, type Matrix } from "../index.js";
import { readMatrix } from "../io/index.js";
import { reading } from "./failure.js";
import { ENDINGS } from "./fit.js";
import { commonOptions, type Hardening, type RankedHardenFlags, withAndWithout } from "./hardening.js";
import type { Hidden } from "./hidden.js";
import type { Input } from "./input.js";

/** Fits ANMF. */
export async function hardenAnmf(
  { matrix: V }: Input,
  flags: RankedHardenFlags,
  { mask }: Hidden,
  quiet: boolean,
  signal: AbortSignal,
): Promise<Hardening> {
  const { beta, gauge, maxIterations, tolerance } = flags;
  // "auto" is refused there.
  const lambda = (flags.lambda ?? 1) as number;
  const named = (["permuted", "mean", "zero"] as const).find((name) => name === flags.target);
  const target = named ?? (await reading(() => readMatrix(flags.target, { signal })));
  const options = { ...commonOptions(flags, mask), lambda, target, gauge, maxIterations, tolerance };
  const pair = await withAndWithout<Partial<AnmfOptions>, AnmfResult>(
    (own, extra) => anmf(V, { ...options, ...own, ...extra }),
    { beta },
    { beta: 0 },
    flags,
    quiet,
    signal,
  );
  const { fit } = pair;
  return {
    ...pair,
    title: `ANMF, λ = ${lambda}, β = ${beta}`,
    attack: { name: "attackedW", matrix: fit.attackedW },
    attackRow: { title: "attackedW·H, what the attacker makes of it", matrix: attacked(fit) },
    options: { lambda, beta, target: flags.target, gauge, maxIterations, tolerance },
    figures: { objective: fit.objective, kkt: fit.kkt, residuals: fit.residuals },
    rounds: `${fit.iterations} (${ENDINGS[fit.reason]})`,
  };
}

/** attackedW·H; what falls below 0 is black. */
function attacked({ attackedW: { rows, cols: rank, data }, H }: AnmfResult): Matrix {
  const product = new Float64Array(rows * H.cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < H.cols; j++) {
      let entry = 0;
      for (let a = 0; a < rank; a++)
        entry += (data[i * rank + a] as number) * (H.data[a * H.cols + j] as number);
      product[i * H.cols + j] = Math.max(0, entry);
    }
  }
  return { rows, cols: H.cols, data: product };
}
