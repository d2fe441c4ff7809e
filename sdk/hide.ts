// Entries hidden from a fit, so that what it makes of them can be held against what they are.

import { defaultEngine, type Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { speckles } from "./held-out.js";
import { type Matrix, type MatrixLike, toMatrix } from "./matrix.js";
import { checkOptions, show, wholeNumber } from "./options.js";

/** Options of {@link hideEntries}. */
export interface HideOptions {
  /** The share of the entries to hide, each with this probability; above 0, below 1. */
  readonly fraction: number;
  /** Any uint32, default 0; the same seed hides the same entries. */
  readonly seed?: number;
  /** The engine to compute on; default a shared one. */
  readonly engine?: Engine;
}

/** What {@link hideEntries} returns. */
export interface HiddenEntries {
  /** m×n: 0 = hidden, or NaN in V; 1 = visible. For the option `mask`. */
  readonly mask: Matrix<Float64Array>;
  /** Row-major indices of what is hidden; never of a NaN. */
  readonly hidden: readonly number[];
}

/** Far from the masks that choose a rank or a λ, which would hide the same entries again. */
const OWN_STREAM = 0x10000;

/**
 * Hides a random share of V's entries, by the counter-based generator: the same entries everywhere.
 *
 * @throws AdvnmfError `OPTION` for a bad fraction or seed, or when nothing comes to be hidden; `SHAPE` for V.
 */
export async function hideEntries(V: MatrixLike, options: HideOptions): Promise<HiddenEntries> {
  checkOptions(options, ["fraction", "seed", "engine"], "hideEntries");
  const { fraction } = options;
  if (!(fraction > 0 && fraction < 1)) {
    throw new AdvnmfError("OPTION", `fraction must be above 0 and below 1, got ${show(fraction)}`, {
      option: "fraction",
      got: fraction,
    });
  }
  const seed = wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed");
  const engine = options.engine ?? (await defaultEngine());
  const { mask, indices } = speckles(toMatrix(V, "V"), { seed }, engine, fraction, OWN_STREAM);
  return { mask, hidden: indices };
}
