// From starts to cells: mean and spread, the paper's figure beside them, and whether the two agree.

import { mean, median, sampleDeviation } from "../statistics.js";
import type { ExperimentData } from "./data.js";
import type { Job } from "./jobs.js";
import type { PaperFigure } from "./paper.js";
import type { Method, Missing, SetFacts, SetName } from "./protocol.js";
import type { StartResult } from "./run.js";

/** A finished start, as the results file gives it. */
export interface StartRecord {
  readonly seed: number;
  readonly rmse: number;
  readonly observedRmse: number;
  readonly loss: number;
  readonly outerIterations: number;
  readonly innerIterations: number;
  readonly converged: boolean;
  readonly seconds: number;
}

/** One cell: a method on a mask, over its starts. */
export interface Cell {
  readonly set: SetName;
  readonly alpha: number;
  readonly missing: Missing;
  readonly method: Method;
  /** Null but for AT-NMF. */
  readonly lambda: number | null;
  /** Starts that are finished. */
  readonly n: number;
  /** Starts that the plan has. */
  readonly planned: number;
  /** RMSE on the held-out entries; null before the first start is finished. */
  readonly mean: number | null;
  /** Sample standard deviation (n − 1); null with fewer than two starts. */
  readonly std: number | null;
  /** The middle start, which one that went astray does not move. */
  readonly median: number | null;
  /** The table's figure, where there is one. */
  readonly paper: PaperFigure | null;
  /** Ours minus the paper's; null where ours are other data or another mask. */
  readonly difference: number | null;
  /** That difference over the paper's mean. */
  readonly relative: number | null;
  /** That difference in units of the paper's standard deviation. */
  readonly deviations: number | null;
  /**
   * The paper prints a standard deviation of zero, which stands for less than half of the last digit: then
   * `deviations` is what it is at the least.
   */
  readonly deviationsAtLeast: boolean;
  /** How far the mean may be from the paper's; null where the two are not held against each other. */
  readonly bound: number | null;
  readonly within: boolean | null;
  /** Why it is out of bounds, as far as the figures tell. */
  readonly note: string | null;
  readonly starts: readonly StartRecord[];
}

/** What a start was, and what came of it. */
export interface Finished {
  readonly job: Job;
  readonly result: StartResult | undefined;
}

/** The cells of a set, in the order of its jobs. */
export function cellsOf(data: ExperimentData, runs: readonly Finished[]): Cell[] {
  const groups = new Map<string, Finished[]>();
  for (const run of runs) {
    const { alpha, missing, method, lambda, continued } = run.job;
    if (continued) continue;
    const name = [alpha, missing, method, lambda].join();
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  return [...groups.values()].map((group) => cellOf(data, group));
}

function cellOf(data: ExperimentData, group: readonly Finished[]): Cell {
  const { facts } = data;
  const { alpha, missing, method, lambda } = (group[0] as Finished).job;
  const starts = group.flatMap(({ job, result }): StartRecord[] => {
    if (!result) return [];
    const { rmse, observedRmse, loss, outerIterations, innerIterations, converged, seconds } = result;
    const counts = { outerIterations, innerIterations, converged, seconds };
    return [{ seed: job.seed, rmse, observedRmse, loss, ...counts }];
  });
  const errors = starts.map(({ rmse }) => rmse);
  const ours = errors.length > 0 ? mean(errors) : null;
  const std = sampleDeviation(errors) ?? null;
  const paper = paperFigure(facts, alpha, method, lambda);
  // A mask of ours, or data of ours, are other experiments.
  const same = data.origin === "authors" && data.masks.get(alpha)?.origin === "authors";
  const held = same && missing === "zero-fill" && method !== "anmf";
  const comparison = compare(ours, same ? paper : null, facts.table.decimals, held ? facts.bounds : null);
  const cell = { set: facts.name, alpha, missing, method, lambda, n: starts.length, planned: group.length };
  return {
    ...cell,
    mean: ours,
    std,
    median: errors.length > 0 ? median(errors) : null,
    paper,
    ...comparison,
    note:
      comparison.within === false
        ? explanation(comparison, std, starts, (group[0] as Finished).job.solver.maxInner, data.V)
        : null,
    starts,
  };
}

/** The paper's figure for a cell, where its table has one. */
export function paperFigure(
  { table }: SetFacts,
  alpha: number,
  method: Method,
  lambda: number | null,
): PaperFigure | null {
  const row = table.rows.find((candidate) => Math.abs(candidate.alpha - alpha) < 1e-9);
  if (!row) return null;
  if (method !== "at-nmf") return row[method];
  return row.atnmf[table.lambdas.indexOf(lambda as number)] ?? null;
}

type Comparison = Pick<
  Cell,
  "difference" | "relative" | "deviations" | "deviationsAtLeast" | "bound" | "within"
>;

/** Holds a mean against the paper's figure; `bounds` null compares without judging. */
export function compare(
  ours: number | null,
  paper: PaperFigure | null,
  decimals: number,
  bounds: SetFacts["bounds"],
): Comparison {
  if (ours === null || paper === null) {
    return {
      difference: null,
      relative: null,
      deviations: null,
      deviationsAtLeast: false,
      bound: null,
      within: null,
    };
  }
  const difference = ours - paper.mean;
  const printedZero = paper.std === 0;
  const unit = printedZero ? halfDigit(decimals) : paper.std;
  const bound = bounds ? Math.max(bounds.relative * paper.mean, bounds.deviations * paper.std) : null;
  return {
    difference,
    relative: difference / paper.mean,
    deviations: difference / unit,
    deviationsAtLeast: printedZero,
    bound,
    within: bound === null ? null : Math.abs(difference) <= bound,
  };
}

/** Half of the last printed digit. */
function halfDigit(decimals: number): number {
  return 0.5 / Number(`1e${decimals}`);
}

function explanation(
  { difference, relative, bound }: Comparison,
  std: number | null,
  starts: readonly StartRecord[],
  maxInner: number,
  { rows, cols }: ExperimentData["V"],
): string {
  const n = starts.length;
  const off = Math.abs(difference as number);
  const sentences = [
    `${percent(Math.abs(relative as number))} ${(relative as number) > 0 ? "above" : "below"} the paper, allowed are ${percent(((bound as number) * Math.abs(relative as number)) / off)}`,
  ];
  if (std === null) sentences.push("one start only, so its spread is not known");
  else if (off - (bound as number) <= (3 * std) / Math.sqrt(n))
    sentences.push(
      `within three standard errors of the bound (our starts spread by ±${std.toPrecision(2)}): more starts may bring it in`,
    );
  else
    sentences.push(
      `the spread of our ${n} starts (±${std.toPrecision(2)}) does not explain it: the average is another one`,
    );
  const unfinished = starts.filter(({ converged }) => !converged).length;
  const cut = starts.filter(
    ({ innerIterations, outerIterations }) => innerIterations >= maxInner * outerIterations,
  ).length;
  if (cut > 0)
    sentences.push(
      `in ${cut} of ${n} starts rule (12), a norm over all ${rows * cols} entries, never ended an inner loop before its limit of ${maxInner}, so that the figure depends on that limit (--max-inner)`,
    );
  else if (unfinished > 0)
    sentences.push(
      `${unfinished} of ${n} starts ended at the limit of iterations while still moving, so that where they stand depends on when they are stopped`,
    );
  return sentences.join("; ");
}

/** `2.1%`. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${Math.abs(value) < 9.95 ? value.toFixed(1) : value.toFixed(0)}%`;
}
