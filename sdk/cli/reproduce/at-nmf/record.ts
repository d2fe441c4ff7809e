// What a run found, as reproduce.json and tables.csv hold it.

import type { Cell } from "./cells.js";
import type { ExperimentData } from "./data.js";
import { type Finding, findingOf } from "./findings.js";
import type { Plan } from "./jobs.js";
import type { SetName } from "./protocol.js";

/** A data set that was run on. */
export interface SetRecord {
  readonly name: SetName;
  readonly title: string;
  /** Its table in the paper. */
  readonly table: string;
  readonly origin: "authors" | "generated";
  readonly rows: number;
  readonly cols: number;
  readonly rank: number;
  /** Of V as it was factorized. */
  readonly sha256: string;
  readonly masks: readonly {
    readonly alpha: number;
    readonly origin: "authors" | "generated";
    readonly sha256: string;
    readonly heldOut: number;
  }[];
  readonly finding: Finding;
  readonly cells: readonly Cell[];
}

/** The whole of reproduce.json. */
export interface ReproduceRecord {
  readonly experiment: "at-nmf";
  readonly paper: string;
  readonly versions: { readonly advnmf: string; readonly runtime: string };
  /** Two sentences on what was found, chosen by the figures. */
  readonly verdict: readonly string[];
  /** Whether every start of the plan is finished. */
  readonly complete: boolean;
  readonly starts: { readonly finished: number; readonly planned: number };
  readonly options: Plan;
  /** Seconds of this call, and of all starts together, however many calls they took. */
  readonly seconds: { readonly wall: number; readonly starts: number };
  readonly threads: number;
  /** What was not run, and why. */
  readonly leftOut: readonly string[];
  readonly sets: readonly SetRecord[];
}

/** The paper. */
export const PAPER =
  "T. Cai, V. Y. F. Tan, C. Févotte, “Adversarially-Trained Nonnegative Matrix Factorization”, 2021";

/** A set and its cells. */
export interface SetCells {
  readonly data: ExperimentData;
  readonly cells: readonly Cell[];
}

/** What is recorded of a set. */
export function setRecord({ data, cells }: SetCells): SetRecord {
  const { facts, V, origin, sha256, masks } = data;
  return {
    name: facts.name,
    title: facts.title,
    table: facts.table.number,
    origin,
    rows: V.rows,
    cols: V.cols,
    rank: facts.rank,
    sha256,
    masks: [...masks.values()].map((mask) => ({
      alpha: mask.alpha,
      origin: mask.origin,
      sha256: mask.sha256,
      heldOut: mask.observed.reduce((count, seen) => count + 1 - seen, 0),
    })),
    finding: findingOf(data, cells),
    cells,
  };
}

/** The two sentences for the top: those of the first set that has both, or else any. */
export function verdictOf(sets: readonly SetRecord[]): string[] {
  const whole = sets.find(({ finding }) => finding.zeroFill !== null && finding.ignore !== null);
  const { zeroFill, ignore } = (whole ?? sets[0])?.finding ?? { zeroFill: null, ignore: null };
  return [zeroFill, ignore].filter((sentence) => sentence !== null);
}

/** The rows of tables.csv. */
export function csvRows(sets: readonly SetRecord[]): Record<string, string | number | boolean | null>[] {
  return sets.flatMap(({ table, origin, cells }) =>
    cells.map((cell) => ({
      table,
      set: cell.set,
      data: origin,
      alpha: cell.alpha,
      missing: cell.missing,
      method: cell.method,
      lambda: cell.lambda,
      starts: cell.n,
      mean: cell.mean,
      std: cell.std,
      median: cell.median,
      paper_mean: cell.paper?.mean ?? null,
      paper_std: cell.paper?.std ?? null,
      difference: cell.difference,
      difference_relative: cell.relative,
      difference_in_paper_std: cell.deviations,
      at_least: cell.deviationsAtLeast,
      bound: cell.bound,
      within: cell.within,
    })),
  );
}
