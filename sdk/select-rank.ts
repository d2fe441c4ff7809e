// Choosing the rank. Two methods:
//
//   held-out    hide a fraction of the entries (a "speckled" mask), factorize the rest, and measure the
//               error on the hidden ones (Owen & Perry 2009); the rank with the least mean
//               error wins.
//   consensus   factorize from many starts, put each column into the cluster of its largest
//               coefficient, average the connectivity matrices, and measure how clear-cut the
//               average is by its cophenetic correlation under average linkage (Brunet, Tamayo,
//               Golub, Mesirov 2004); the rank with the greatest correlation wins, the last of them
//               where several are equally stable, since that is where the correlation begins to fall.

import { computeEach } from "./compute.js";
import { defaultEngine, type Engine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { rootMeanSquare, scored, speckles } from "./held-out.js";
import { type Matrix, type MatrixLike, toMatrix } from "./matrix.js";
import { checkOptions, numberFrom, oneOf, show, wholeNumber } from "./options.js";
import { NMF_OPTIONS, nmfProblem } from "./problem.js";
import type { NmfOptions } from "./types.js";

/** Options of {@link selectRank}; those of `nmf`, but `rank` and `restarts`, go to every fit. */
export interface SelectRankOptions extends Omit<NmfOptions, "rank" | "restarts" | "onProgress"> {
  /** The ranks to compare, in any order. */
  readonly ranks: readonly number[];
  /** Default `"held-out"`. */
  readonly method?: "held-out" | "consensus";
  /** Masks drawn for `"held-out"` (default 5), starts for `"consensus"` (default 20). */
  readonly repeats?: number;
  /** Share of the entries that `"held-out"` hides, in (0, 1). Default 0.1. */
  readonly fraction?: number;
  /** Told after each fit. */
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    readonly rank: number;
  }) => void;
}

/** How one rank did. */
export interface RankScore {
  /** The rank that was tried. */
  readonly rank: number;
  /** `"held-out"`: root mean square error on hidden entries, mean over the masks. */
  readonly heldOutError?: number;
  /** `"held-out"`: standard error of that mean. */
  readonly heldOutErrorSpread?: number;
  /** `"consensus"`: cophenetic correlation, 1 = perfectly stable. */
  readonly cophenetic?: number;
  /** `"consensus"`: Σ 4(c − ½)²/n² over the consensus matrix (Kim & Park 2007), 1 = perfectly stable. */
  readonly dispersion?: number;
}

/** What {@link selectRank} returns. */
export interface SelectRankResult {
  /** The rank that won. */
  readonly rank: number;
  /** How it was chosen. */
  readonly method: "held-out" | "consensus";
  /** One entry a rank, ascending. */
  readonly scores: readonly RankScore[];
}

/** A consensus matrix of more columns than this takes too long to cluster. */
const MOST_COLUMNS = 2000;

/** Correlations that differ by less are the same but for rounding. */
const EQUALLY_STABLE = 1e-9;

const OWN_OPTIONS = ["ranks", "method", "repeats", "fraction", "onProgress"];

/**
 * Compares ranks by held-out entries or by consensus and says which one fits best.
 *
 * @throws AdvnmfError `OPTION`, and whatever `nmf` throws.
 */
export async function selectRank(data: MatrixLike, options: SelectRankOptions): Promise<SelectRankResult> {
  const passed = NMF_OPTIONS.filter((name) => !["rank", "restarts", "onProgress"].includes(name));
  checkOptions(options, [...OWN_OPTIONS, ...passed], "selectRank");
  const { ranks: given, method: wanted, repeats: count, fraction: share, onProgress } = options;
  const V = toMatrix(data, "V");
  if (!Array.isArray(given) || given.length === 0) {
    throw new AdvnmfError("OPTION", `ranks must be a list of ranks to compare, got ${show(given)}`, {
      option: "ranks",
    });
  }
  const ranks = [...new Set(given)].sort((a, b) => a - b);
  const method = oneOf(wanted ?? "held-out", ["held-out", "consensus"], "method");
  const repeats = wholeNumber(
    count ?? (method === "held-out" ? 5 : 20),
    method === "held-out" ? 1 : 2,
    10_000,
    "repeats",
  );
  const fraction = numberFrom(share ?? 0.1, 0, "fraction");
  if (fraction === 0 || fraction >= 1) {
    throw new AdvnmfError("OPTION", `fraction must lie between 0 and 1, got ${fraction}`, {
      option: "fraction",
    });
  }
  if (method === "consensus" && V.cols > MOST_COLUMNS) {
    throw new AdvnmfError(
      "OPTION",
      `consensus clusters the columns, at most ${MOST_COLUMNS}, and V has ${V.cols}; use method "held-out", or a sample of the columns`,
      { option: "method", cols: V.cols },
    );
  }
  const engine = options.engine ?? (await defaultEngine());
  const total = ranks.length * repeats;
  const rankOf = (job: number) => ranks[Math.floor(job / repeats)] as number;
  let done = 0;
  const told = (job: number) => onProgress?.({ done: ++done, total, rank: rankOf(job) });
  const scores =
    method === "held-out"
      ? await heldOut(V, ranks, options, engine, repeats, fraction, told)
      : await consensus(V, ranks, options, engine, repeats, told);
  const better = (a: RankScore, b: RankScore) =>
    method === "held-out"
      ? a.heldOutError! < b.heldOutError!
      : a.cophenetic! > b.cophenetic! - EQUALLY_STABLE;
  const best = scores.reduce((kept, score) => (better(score, kept) ? score : kept));
  return { rank: best.rank, method, scores };
}

/** What every fit is given. */
function fitOptions(options: SelectRankOptions): Omit<NmfOptions, "rank"> {
  const { ranks: _, method: _m, repeats: _r, fraction: _f, onProgress: _p, ...rest } = options;
  return rest;
}

async function heldOut(
  V: Matrix,
  ranks: readonly number[],
  options: SelectRankOptions,
  engine: Engine,
  repeats: number,
  fraction: number,
  told: (job: number) => void,
): Promise<RankScore[]> {
  const hidden = new Map<number, number[]>();
  const errors: number[] = [];
  const problemOf = (job: number) => {
    const { mask, indices } = speckles(V, options, engine, fraction, job % repeats);
    hidden.set(job, indices);
    return nmfProblem(V, { ...fitOptions(options), rank: ranks[Math.floor(job / repeats)] as number, mask });
  };
  await computeEach(engine, ranks.length * repeats, problemOf, options.signal, (job, { W, H }) => {
    errors[job] = rootMeanSquare(V, W, H, hidden.get(job) as number[]);
    hidden.delete(job);
    told(job);
  });
  return ranks.map((rank, i) => {
    const own = errors.slice(i * repeats, (i + 1) * repeats);
    return { rank, ...scored(own) };
  });
}

async function consensus(
  V: Matrix,
  ranks: readonly number[],
  options: SelectRankOptions,
  engine: Engine,
  repeats: number,
  told: (job: number) => void,
): Promise<RankScore[]> {
  const n = V.cols;
  /** For each rank and pair of columns, how often they were in one cluster. */
  const together = ranks.map(() => new Float64Array(n * n));
  const problemOf = (job: number) => {
    const seed = ((options.seed ?? 0) + (job % repeats)) >>> 0;
    return nmfProblem(V, { ...fitOptions(options), rank: ranks[Math.floor(job / repeats)] as number, seed });
  };
  await computeEach(engine, ranks.length * repeats, problemOf, options.signal, (job, { H }) => {
    const counts = together[Math.floor(job / repeats)] as Float64Array;
    const cluster = Array.from({ length: n }, (_, j) => largest(H, j));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) if (cluster[i] === cluster[j]) counts[i * n + j]! += 1;
    }
    told(job);
  });
  const scores: RankScore[] = [];
  for (const [i, rank] of ranks.entries()) {
    scores.push({ rank, ...(await stability(together[i] as Float64Array, n, repeats)) });
  }
  return scores;
}

/** How clear-cut the clusters are of which `together` counts the pairs. */
async function stability(
  together: Float64Array,
  n: number,
  repeats: number,
): Promise<{ cophenetic: number; dispersion: number }> {
  let dispersion = 0;
  const distances: number[][] = [];
  for (let i = 0; i < n; i++) {
    const row: number[] = [];
    for (let j = 0; j < n; j++) {
      const share = together[i * n + j]! / repeats;
      dispersion += 4 * (share - 0.5) * (share - 0.5);
      row.push(1 - share);
    }
    distances.push(row);
  }
  return { cophenetic: await cophenetic(distances), dispersion: dispersion / (n * n) };
}

function largest(H: Matrix, column: number): number {
  let best = 0;
  for (let a = 1; a < H.rows; a++) {
    if (H.data[a * H.cols + column]! > H.data[best * H.cols + column]!) best = a;
  }
  return best;
}

/** Correlation of distances with the heights at which average linkage joins their pairs. */
async function cophenetic(distances: number[][]): Promise<number> {
  const n = distances.length;
  if (n < 3) return 1;
  const { agnes } = await import("ml-hclust");
  const tree = agnes(distances, { method: "average", isDistanceMatrix: true });
  let count = 0;
  let x = 0;
  let y = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  tree.traverse((node) => {
    const [left, right] = node.children;
    if (!left || !right) return;
    const others = right.indices();
    for (const i of left.indices()) {
      for (const j of others) {
        const distance = distances[i]![j]!;
        count++;
        x += distance;
        y += node.height;
        xx += distance * distance;
        yy += node.height * node.height;
        xy += distance * node.height;
      }
    }
  });
  const spread = Math.sqrt((xx - (x * x) / count) * (yy - (y * y) / count));
  // All pairs alike: every start gave the same clusters, or one cluster.
  return spread > 0 ? (xy - (x * y) / count) / spread : 1;
}
