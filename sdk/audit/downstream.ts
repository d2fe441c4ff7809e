// What a factorization is used for, measured: clustering and nearest neighbours on H, against labels.

import type { Engine } from "../engine.js";
import { assign, type Factors } from "../feature-error.js";
import { logRatios, uniformNumbers } from "../kernel-calls.js";
import type { Matrix } from "../matrix.js";
import type { DownstreamFigures } from "./types.js";

/** Streams of the clusterings lie far from those of the starts. */
const CLUSTER_STREAM = 0x52000000;
/** Starts of k-means, of which the tightest is kept, and its most iterations. */
const STARTS = 10;
const ITERATIONS = 100;

/** Labels as numbers from 0, in the order of their first appearance. */
export function classesOf(labels: readonly (string | number)[]): number[] {
  const known = [...new Set(labels)];
  return labels.map((label) => known.indexOf(label));
}

/** Figures of H beside the classes of its columns. */
export async function downstream(
  engine: Engine,
  factors: Factors<Matrix>,
  classes: readonly number[],
  seed: number,
): Promise<DownstreamFigures> {
  const points = amounts(factors);
  const count = Math.max(...classes) + 1;
  const clusters = await kMeans(engine, points, count, seed);
  const table = contingency(clusters, classes, count);
  return {
    accuracy: matchedShare(table, count, classes.length),
    nmi: await mutualInformation(engine, table, count, classes.length),
    nearest: nearestShare(points, classes),
  };
}

/** Columns of H, one after another, each row scaled by ‖w‖ of its feature, so that scales of W do not matter. */
function amounts({ W, H }: Factors<Matrix>): Points {
  const size = W.cols;
  const scales = Array.from({ length: size }, (_, a) => {
    let sum = 0;
    for (let i = 0; i < W.rows; i++)
      sum += (W.data[i * size + a] as number) * (W.data[i * size + a] as number);
    return Math.sqrt(sum);
  });
  const data = new Float64Array(H.cols * size);
  for (let j = 0; j < H.cols; j++) {
    for (let a = 0; a < size; a++)
      data[j * size + a] = (H.data[a * H.cols + j] as number) * (scales[a] as number);
  }
  return { count: H.cols, size, data };
}

/** `count` points of `size` numbers. */
interface Points {
  readonly count: number;
  readonly size: number;
  readonly data: Float64Array;
}

function squaredDistance(
  { size, data }: Points,
  point: number,
  centres: Float64Array,
  centre: number,
): number {
  let sum = 0;
  for (let a = 0; a < size; a++) {
    const off = (data[point * size + a] as number) - (centres[centre * size + a] as number);
    sum += off * off;
  }
  return sum;
}

/**
 * The cluster of each point: Lloyd's iterations from k-means++ starts (Arthur & Vassilvitskii 2007), of which the
 * tightest is kept. Written out for the sake of equal bits: random numbers are the module's, sums have one order.
 */
async function kMeans(engine: Engine, points: Points, clusters: number, seed: number): Promise<number[]> {
  let best: number[] = [];
  let tightest = Number.POSITIVE_INFINITY;
  for (let start = 0; start < STARTS; start++) {
    const draws = await uniformNumbers(engine, seed, CLUSTER_STREAM + start, clusters);
    const { owners, spread } = lloyd(points, seeds(points, clusters, draws));
    if (spread >= tightest) continue;
    tightest = spread;
    best = owners;
  }
  return best;
}

/** Points to begin at, each drawn with a probability that grows with its squared distance from those before. */
function seeds(points: Points, clusters: number, draws: Float64Array): Float64Array {
  const { count, size, data } = points;
  const centres = new Float64Array(clusters * size);
  const nearest = new Float64Array(count).fill(1);
  for (let c = 0; c < clusters; c++) {
    let left = (draws[c] as number) * nearest.reduce((sum, distance) => sum + distance, 0);
    let chosen = 0;
    while (chosen < count - 1 && left >= (nearest[chosen] as number)) left -= nearest[chosen++] as number;
    centres.set(data.subarray(chosen * size, (chosen + 1) * size), c * size);
    for (let j = 0; j < count; j++) {
      const distance = squaredDistance(points, j, centres, c);
      nearest[j] = c === 0 ? distance : Math.min(nearest[j] as number, distance);
    }
  }
  return centres;
}

function lloyd(points: Points, centres: Float64Array): { owners: number[]; spread: number } {
  const { count, size, data } = points;
  const clusters = centres.length / size;
  let owners = new Array<number>(count).fill(-1);
  let spread = Number.POSITIVE_INFINITY;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let moved = false;
    spread = 0;
    owners = owners.map((before, j) => {
      let owner = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let c = 0; c < clusters; c++) {
        const distance = squaredDistance(points, j, centres, c);
        if (distance < least) [owner, least] = [c, distance];
      }
      spread += least;
      moved ||= owner !== before;
      return owner;
    });
    if (!moved) break;
    const sums = new Float64Array(centres.length);
    const members = new Float64Array(clusters);
    for (const [j, owner] of owners.entries()) {
      members[owner] = (members[owner] as number) + 1;
      for (let a = 0; a < size; a++) {
        sums[owner * size + a] = (sums[owner * size + a] as number) + (data[j * size + a] as number);
      }
    }
    // A cluster without points stays where it is.
    for (let at = 0; at < sums.length; at++) {
      const own = members[Math.floor(at / size)] as number;
      if (own > 0) centres[at] = (sums[at] as number) / own;
    }
  }
  return { owners, spread };
}

/** How many points of each cluster (rows) have each label (columns). */
function contingency(clusters: readonly number[], classes: readonly number[], count: number): Float64Array {
  const table = new Float64Array(count * count);
  for (const [j, cluster] of clusters.entries()) {
    const at = cluster * count + (classes[j] as number);
    table[at] = (table[at] as number) + 1;
  }
  return table;
}

/** Share of the points whose cluster stands for their label, clusters and labels being matched at best. */
export function matchedShare(table: Float64Array, count: number, points: number): number {
  const matching = assign(
    count,
    table.map((members) => -members),
  );
  let right = 0;
  for (const [cluster, label] of matching.entries()) right += table[cluster * count + label] as number;
  return right / points;
}

/** I(clusters; labels) over the mean of their entropies, as scikit-learn has it; 1 where neither tells points apart. */
export async function mutualInformation(
  engine: Engine,
  table: Float64Array,
  count: number,
  points: number,
): Promise<number> {
  const sum = (first: number, step: number) => {
    let total = 0;
    for (let i = 0; i < count; i++) total += table[first + i * step] as number;
    return total;
  };
  const rows = Array.from({ length: count }, (_, a) => sum(a * count, 1));
  const cols = Array.from({ length: count }, (_, b) => sum(b, count));
  /** Σ p log(p/q) of what is there: [how many points, p/q as a quotient of whole numbers]. */
  const weighted = async (terms: readonly (readonly [weight: number, over: number, under: number])[]) => {
    const there = terms.filter(([weight]) => weight > 0);
    const logs = await logRatios(
      engine,
      there.map(([, over]) => over),
      there.map(([, , under]) => under),
      0,
    );
    return there.reduce((total, [weight], i) => total + (weight / points) * (logs[i] as number), 0);
  };
  const shared = await weighted(
    Array.from(table, (own, at) => {
      const expected = (rows[Math.floor(at / count)] as number) * (cols[at % count] as number);
      return [own, own * points, expected] as const;
    }),
  );
  const entropy = (margins: readonly number[]) => weighted(margins.map((own) => [own, points, own] as const));
  const both = (await entropy(rows)) + (await entropy(cols));
  return both > 0 ? Math.max(0, (2 * shared) / both) : 1;
}

/** Share of the points whose nearest other point, the first of equals, has the same label. */
function nearestShare(points: Points, classes: readonly number[]): number {
  let right = 0;
  for (let j = 0; j < points.count; j++) {
    let nearest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < points.count; i++) {
      if (i === j) continue;
      const distance = squaredDistance(points, j, points.data, i);
      if (distance < least) [nearest, least] = [i, distance];
    }
    if (classes[nearest] === classes[j]) right++;
  }
  return right / points.count;
}
