import { AdvnmfError } from "./errors.js";
import { checkEntries, type Matrix, type MatrixLike, toMatrix } from "./matrix.js";

/** How far two factorizations are apart in their features; see {@link featureError}. */
export interface FeatureErrorResult {
  /** ‖C − C*_π‖/‖C*‖ over both factors. */
  readonly value: number;
  /** The part of W: ‖W̃ − W̃*_π‖/‖W̃*‖. */
  readonly w: number;
  /** The part of H: ‖H̃ − H̃*_π‖/‖H̃*‖. */
  readonly h: number;
  /** Feature i of the first factorization goes with feature matching[i] of the second, the reference. */
  readonly matching: readonly number[];
}

/** Two factors: W m×k and H k×n. */
export interface Factors<M extends MatrixLike = MatrixLike> {
  /** m×k. */
  readonly W: M;
  /** k×n. */
  readonly H: M;
}

/**
 * Feature error of a factorization against a reference (Vu et al., arXiv 2408.03909, §3): column i of W and row i
 * of H are brought to a common norm and stacked to c_i = [w_i√(‖h_i‖/‖w_i‖); h_i√(‖w_i‖/‖h_i‖)], the features of
 * the two are matched so that Σ‖c_i − c*_π(i)‖² is least (the Hungarian method), and FE = ‖C − C*_π‖_F/‖C*‖_F. It
 * depends on neither the order nor the scale of the features.
 *
 * @throws AdvnmfError `SHAPE` when the two differ in shape, `NEGATIVE`, `NOT_FINITE`, `OPTION` when a feature is
 *   zero in W or in H, so that it has no scale.
 */
export function featureError(factors: Factors, reference: Factors): FeatureErrorResult {
  const first = checkFactors(factors, "the factorization");
  const { W, H } = first;
  const second = checkFactors(reference, "the reference", [W.rows, W.cols, H.cols]);
  const { matching, offW, offH, sizeW, sizeH } = matchFeatures(first, second);
  const [w, h] = [sum(offW), sum(offH)];
  return {
    value: Math.sqrt((w + h) / (sum(sizeW) + sum(sizeH))),
    w: Math.sqrt(w / sum(sizeW)),
    h: Math.sqrt(h / sum(sizeH)),
    matching,
  };
}

/** Two factorizations feature by feature: squared distances and squared sizes, in the order of the first. */
export interface MatchedFeatures {
  /** Feature i of the first goes with feature matching[i] of the second. */
  readonly matching: readonly number[];
  /** ‖w̃ − w̃*‖² of each pair. */
  readonly offW: readonly number[];
  /** ‖h̃ − h̃*‖² of each pair. */
  readonly offH: readonly number[];
  /** ‖w̃*‖² of each pair. */
  readonly sizeW: readonly number[];
  /** ‖h̃*‖² of each pair. */
  readonly sizeH: readonly number[];
}

/** Matches the features of two factorizations of one shape as {@link featureError} says; a zero feature stays zero. */
export function matchFeatures(first: Factors<Matrix>, second: Factors<Matrix>): MatchedFeatures {
  const { W, H } = first;
  const rank = W.cols;
  const own = features(first);
  const others = features(second);
  const length = W.rows + H.cols;
  const cost = new Float64Array(rank * rank);
  for (let a = 0; a < rank; a++) {
    for (let b = 0; b < rank; b++) {
      cost[a * rank + b] = distance(own, others, a, b, 0, length, length);
    }
  }
  const matching = assign(rank, cost);
  const zero = new Float64Array(own.length);
  const off = (from: number, to: number) =>
    matching.map((b, a) => distance(own, others, a, b, from, to, length));
  const size = (from: number, to: number) =>
    matching.map((b) => distance(others, zero, b, b, from, to, length));
  return {
    matching,
    offW: off(0, W.rows),
    offH: off(W.rows, length),
    sizeW: size(0, W.rows),
    sizeH: size(W.rows, length),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Brings W and H into matrices that fit each other, and the shape (m, k, n) if one is given.
 *
 * @throws AdvnmfError `SHAPE`, `NEGATIVE`, `NOT_FINITE`, `OPTION` for a zero feature.
 */
export function checkFactors(
  given: Factors,
  name: string,
  shape?: readonly [m: number, k: number, n: number],
): Factors<Matrix> {
  if (typeof given !== "object" || given === null) {
    throw new AdvnmfError("SHAPE", `${name} must be { W, H }, got ${String(given)}`, { got: given });
  }
  const W = toMatrix(given.W, `W of ${name}`);
  const H = toMatrix(given.H, `H of ${name}`);
  const [m, k, n] = shape ?? [W.rows, W.cols, H.cols];
  if (W.rows !== m || W.cols !== k || H.rows !== k || H.cols !== n) {
    throw new AdvnmfError(
      "SHAPE",
      `${name} must have W ${m}×${k} and H ${k}×${n}, got ${W.rows}×${W.cols} and ${H.rows}×${H.cols}`,
      { expected: { W: [m, k], H: [k, n] }, got: { W: [W.rows, W.cols], H: [H.rows, H.cols] } },
    );
  }
  for (const [factor, letter] of [
    [W, "W"],
    [H, "H"],
  ] as const) {
    const { missing } = checkEntries(factor, `${letter} of ${name}`);
    if (missing > 0) {
      const index = factor.data.findIndex(Number.isNaN);
      const row = Math.floor(index / factor.cols);
      const column = index % factor.cols;
      throw new AdvnmfError("NOT_FINITE", `${letter} of ${name} has NaN at row ${row}, column ${column}`, {
        row,
        column,
      });
    }
  }
  for (let feature = 0; feature < k; feature++) {
    const letter = isZero(W.data, feature, k, m) ? "W" : isZero(H.data, feature * n, 1, n) ? "H" : undefined;
    if (letter === undefined) continue;
    throw new AdvnmfError(
      "OPTION",
      `feature ${feature} of ${name} is zero in ${letter}, so it has no scale and no feature error; use a lower rank or another start`,
      { feature, factor: letter },
    );
  }
  return { W, H };
}

function isZero(data: ArrayLike<number>, first: number, step: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (data[first + i * step] !== 0) return false;
  return true;
}

/** The stacked features, one after another: k rows of m + n numbers; zeros where W or H has none. */
function features({ W, H }: Factors<Matrix>): Float64Array {
  const { rows: m, cols: k } = W;
  const n = H.cols;
  const out = new Float64Array(k * (m + n));
  for (let a = 0; a < k; a++) {
    let w = 0;
    let h = 0;
    for (let i = 0; i < m; i++) w += (W.data[i * k + a] as number) * (W.data[i * k + a] as number);
    for (let j = 0; j < n; j++) h += (H.data[a * n + j] as number) * (H.data[a * n + j] as number);
    if (w === 0 || h === 0) continue;
    const scale = Math.sqrt(Math.sqrt(h) / Math.sqrt(w));
    const to = a * (m + n);
    for (let i = 0; i < m; i++) out[to + i] = (W.data[i * k + a] as number) * scale;
    for (let j = 0; j < n; j++) out[to + m + j] = (H.data[a * n + j] as number) / scale;
  }
  return out;
}

/** Squared distance of feature a of A and b of B, between two of their `length` entries. */
function distance(
  A: Float64Array,
  B: Float64Array,
  a: number,
  b: number,
  from: number,
  to: number,
  length: number,
): number {
  let sum = 0;
  for (let i = from; i < to; i++) {
    const off = (A[a * length + i] as number) - (B[b * length + i] as number);
    sum += off * off;
  }
  return sum;
}

/** Columns for the rows of a k×k cost, so that their sum is least (Kuhn 1955; Jonker & Volgenant 1987). */
export function assign(k: number, cost: Float64Array): number[] {
  const rowPotential = new Float64Array(k);
  const columnPotential = new Float64Array(k + 1);
  // Column k stands for "none": a search begins there.
  const rowOf = new Int32Array(k + 1).fill(-1);
  for (let row = 0; row < k; row++) {
    const least = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
    const before = new Int32Array(k);
    const used = new Uint8Array(k + 1);
    let column = k;
    rowOf[k] = row;
    while (rowOf[column] !== -1) {
      used[column] = 1;
      const i = rowOf[column] as number;
      let delta = Number.POSITIVE_INFINITY;
      let next = k;
      for (let j = 0; j < k; j++) {
        if (used[j]) continue;
        const reduced =
          (cost[i * k + j] as number) - (rowPotential[i] as number) - (columnPotential[j] as number);
        if (reduced < (least[j] as number)) {
          least[j] = reduced;
          before[j] = column;
        }
        if ((least[j] as number) < delta) {
          delta = least[j] as number;
          next = j;
        }
      }
      for (let j = 0; j <= k; j++) {
        if (used[j]) {
          const owner = rowOf[j] as number;
          rowPotential[owner] = (rowPotential[owner] as number) + delta;
          columnPotential[j] = (columnPotential[j] as number) - delta;
        } else least[j] = (least[j] as number) - delta;
      }
      column = next;
    }
    while (column !== k) {
      const previous = before[column] as number;
      rowOf[column] = rowOf[previous] as number;
      column = previous;
    }
  }
  const matching = new Array<number>(k).fill(0);
  for (let j = 0; j < k; j++) matching[rowOf[j] as number] = j;
  return matching;
}
