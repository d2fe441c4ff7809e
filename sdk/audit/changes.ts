// One factorization beside another, feature by feature.

import { spread } from "../attack.js";
import { type Factors, matchFeatures } from "../feature-error.js";
import type { Matrix } from "../matrix.js";
import type { Solution } from "../solve.js";
import type { AuditControl, FactorizationChange, PlainMatrix } from "./types.js";

/** At this cosine and above two features count as the same, below the second as different ones. */
export const KEPT = 0.9;
export const REPLACED = 0.8;

/** Which factor a feature is drawn from: its column of W, or its row of H where rows of V are pictures. */
export type Side = "W" | "H";

/** Feature i of `factors` as the numbers that are drawn. */
export function pattern({ W, H }: Factors<Matrix>, feature: number, side: Side): Float64Array {
  if (side === "H") return Float64Array.from(H.data.subarray(feature * H.cols, (feature + 1) * H.cols));
  return Float64Array.from({ length: W.rows }, (_, i) => W.data[i * W.cols + feature] as number);
}

/** A factorization against a reference, in the order of the reference's features. */
export interface Comparison {
  /** The columns of W that go with the features of the reference. */
  readonly columns: readonly number[];
  readonly change: FactorizationChange;
}

/** Compares with a reference; one of its features that is zero has nothing to be found again, and similarity 0. */
export function compare(fit: Solution, reference: Factors<Matrix>, side: Side): Comparison {
  const { matching, offW, offH, sizeW, sizeH } = matchFeatures(fit, reference);
  const columns: number[] = [];
  for (const [own, other] of matching.entries()) columns[other] = own;
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const [w, h] = [total(offW), total(offH)];
  return {
    columns,
    change: {
      featureError: ratio(w + h, total(sizeW) + total(sizeH)),
      featureErrorW: ratio(w, total(sizeW)),
      featureErrorH: ratio(h, total(sizeH)),
      reconstructionError: fit.relativeError,
      features: columns.map((own, feature) => ({
        error: ratio(
          (offW[own] as number) + (offH[own] as number),
          (sizeW[own] as number) + (sizeH[own] as number),
        ),
        similarity: cosine(pattern(fit, own, side), pattern(reference, feature, side)),
      })),
    },
  };
}

/** √(off/size); a zero that stays zero is no error, one that does not is all of one. */
function ratio(off: number, size: number): number {
  if (size > 0) return Math.sqrt(off / size);
  return off > 0 ? 1 : 0;
}

/** xᵀy/(‖x‖‖y‖) of numbers ≥ 0; 0 where one of them is zero. */
function cosine(x: Float64Array, y: Float64Array): number {
  // By the largest first, so that no square leaves the range.
  const [tall, wide] = [largest(x), largest(y)];
  if (tall === 0 || wide === 0) return 0;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const a = (x[i] as number) / tall;
    const b = (y[i] as number) / wide;
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return Math.min(1, xy / Math.sqrt(xx * yy));
}

function largest(numbers: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < numbers.length; i++) most = Math.max(most, numbers[i] as number);
  return most;
}

/** Several trials as one control. */
export function control(trials: readonly FactorizationChange[]): AuditControl {
  const [first] = trials as readonly [FactorizationChange];
  const similarities = first.features.map((_, at) =>
    trials.map(({ features }) => (features[at] as { similarity: number }).similarity),
  );
  return {
    featureError: spread(trials.map(({ featureError }) => featureError)),
    reconstructionError: spread(trials.map(({ reconstructionError }) => reconstructionError)),
    similarity: similarities.map((values) => Math.min(...values)),
    found: similarities.map((values) => values.filter((value) => value >= KEPT).length / values.length),
  };
}

/** Features as they are drawn: k rows, the largest entry of each 1, four decimals. */
export function drawn(fit: Factors<Matrix>, columns: readonly number[], side: Side): PlainMatrix {
  const rows = columns.map((column) => {
    const numbers = pattern(fit, column, side);
    const most = largest(numbers);
    return Array.from(numbers, (x) => rounded(most > 0 ? x / most : 0));
  });
  return { rows: rows.length, cols: rows[0]?.length ?? 0, data: rows.flat() };
}

/** A number in [0, 1] to four decimals. */
export function rounded(share: number): number {
  return Math.round(share * 1e4) / 1e4;
}

/** Entries ≥ 0 as a picture of them: the largest 1, four decimals. */
export function scaled({ rows, cols, data }: Matrix): PlainMatrix {
  const numbers = Array.from(data);
  const most = largest(numbers);
  return { rows, cols, data: numbers.map((x) => rounded(most > 0 ? x / most : 0)) };
}
