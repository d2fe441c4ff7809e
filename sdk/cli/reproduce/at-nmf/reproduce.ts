// `advnmf reproduce at-nmf`: plan, run what is not in the journal, write what was found.

import { join } from "node:path";
import process from "node:process";
import Papa from "papaparse";
import { AdvnmfError, info } from "../../../index.js";
import { EXIT, Failure } from "../../failure.js";
import { checkWritable, writeTogether } from "../../output-folder.js";
import { note, printJson, printLine, printTable } from "../../print.js";
import { charting } from "../charts.js";
import { duration, jobReport } from "../job-progress.js";
import { Journal } from "../journal.js";
import { type Cell, cellsOf, type Finished } from "./cells.js";
import { type ExperimentData, findData, loadData } from "./data.js";
import { type Job, jobsOf, keyOf, type Plan, pictureAlphas } from "./jobs.js";
import { page } from "./page.js";
import {
  METHODS,
  type Method,
  MISSING,
  type Missing,
  methodText,
  QUICK,
  SETS,
  type SetName,
  SOLVER_OPTIONS,
  STARTS,
  TABLE_ALPHAS,
} from "./protocol.js";
import { csvRows, PAPER, type ReproduceRecord, setRecord, verdictOf } from "./record.js";
import { runJobs, type StartResult } from "./run.js";

/** The options of the command. */
export interface ReproduceFlags {
  readonly set?: readonly SetName[];
  readonly alpha?: readonly number[];
  readonly lambda?: readonly number[];
  readonly starts?: number;
  readonly missing: Missing | "both";
  readonly methods?: readonly Method[];
  readonly quick?: true;
  readonly data?: string;
  readonly maxInner: number;
  readonly maxOuter: number;
  readonly seed: number;
  readonly threads?: number;
  readonly out: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** What the command leaves behind. */
export const FILES = {
  page: "index.html",
  record: "reproduce.json",
  tables: "tables.csv",
  journal: "journal.jsonl",
} as const;

/** An estimate beyond this is told before the run begins. */
const LONG_SECONDS = 90;

/**
 * Runs the experiments and writes page, tables and record to `flags.out`.
 *
 * @throws Failure with exit code 3 where the data cannot be read, 1 where nothing can be written.
 */
export async function reproduceAtNmf(
  flags: ReproduceFlags,
  signal: AbortSignal,
): Promise<{ interrupted: boolean }> {
  const begun = performance.now();
  await checkWritable(flags.out);
  const plan = planOf(flags);
  const { sets, leftOut } = await readSets(flags, plan);
  const jobs = sets.map((data) => ({ data, jobs: jobsOf(data.facts, plan) }));
  const { version, runtime, threads: cores } = await info();
  const threads = flags.threads ?? cores;

  await using journal = await Journal.open<StartResult>(join(flags.out, FILES.journal));
  const interrupted = await runAll(jobs, journal, threads, flags, signal);

  const results = jobs.map(({ data, jobs: own }) => {
    const runs = own.map((job): Finished => ({ job, result: journal.get(keyOf(job, data)) }));
    const set = { data, cells: cellsOf(data, runs), runs };
    return { ...set, record: setRecord(set) };
  });
  const finished = results.flatMap(({ runs }) => runs.flatMap(({ result }) => result ?? []));
  const planned = jobs.reduce((sum, { jobs: own }) => sum + own.length, 0);
  const records = results.map(({ record }) => record);
  const record: ReproduceRecord = {
    experiment: "at-nmf",
    paper: PAPER,
    versions: { advnmf: version, runtime },
    verdict: verdictOf(records),
    complete: finished.length === planned,
    starts: { finished: finished.length, planned },
    options: plan,
    seconds: {
      wall: (performance.now() - begun) / 1000,
      starts: finished.reduce((sum, { seconds }) => sum + seconds, 0),
    },
    threads,
    leftOut,
    sets: records,
  };
  const text = page(record, results, await charting());
  await writeTogether(flags.out, [
    { name: FILES.page, bytes: text },
    { name: FILES.record, bytes: JSON.stringify(record, null, 2) + "\n" },
    { name: FILES.tables, bytes: Papa.unparse(csvRows(records), { newline: "\n" }) + "\n" },
  ]);
  tell(record, flags, interrupted);
  return { interrupted };
}

function planOf(flags: ReproduceFlags): Plan {
  const { quick, alpha, lambda, starts, missing, methods, seed, maxInner, maxOuter } = flags;
  return {
    alphas: [...(alpha ?? (quick ? QUICK.alphas : TABLE_ALPHAS))].sort((a, b) => a - b),
    lambdas: lambda && [...lambda].sort((a, b) => a - b),
    starts: starts ?? (quick ? QUICK.starts : STARTS),
    figureStarts: quick ? QUICK.figureStarts : STARTS,
    missing: missing === "both" ? MISSING : [missing],
    methods: METHODS.filter((method) => methods?.includes(method) ?? true),
    pictures: !quick,
    seed,
    solver: { ...SOLVER_OPTIONS, maxInner, maxOuter },
  };
}

/** The data sets to run on, and what there is to say of the others. */
async function readSets(
  flags: ReproduceFlags,
  plan: Plan,
): Promise<{ sets: ExperimentData[]; leftOut: string[] }> {
  const path = flags.data ?? process.env.ADVNMF_DATA;
  const folder =
    path === undefined || path === ""
      ? undefined
      : await findData(path, flags.data === undefined ? "the folder of ADVNMF_DATA," : "--data");
  const available: readonly SetName[] = folder?.sets ?? ["synthetic"];
  const wanted = flags.set ?? (flags.quick ? available.slice(0, 1) : available);
  const absent = wanted.filter((name) => !available.includes(name));
  if (absent.length > 0) {
    const where = folder
      ? `${folder.path} has only ${available.join(", ")}`
      : "without --data there is only synthetic, generated";
    throw new Failure(
      EXIT.badInput,
      "IO",
      `there are no data for ${absent.join(", ")}: ${where}; name the folder with --data, or leave these sets out with --set`,
      { details: { absent, available } },
    );
  }
  const sets: ExperimentData[] = [];
  for (const { name } of Object.values(SETS).filter((facts) => wanted.includes(facts.name))) {
    const alphas = [...plan.alphas, ...pictureAlphas(SETS[name], plan)];
    sets.push(await loadData(name, folder?.path, alphas, plan.seed));
  }
  return { sets, leftOut: leftOutText(wanted, available, folder !== undefined, plan) };
}

function leftOutText(
  wanted: readonly SetName[],
  available: readonly SetName[],
  hasFolder: boolean,
  plan: Plan,
): string[] {
  const texts = Object.values(SETS)
    .filter(({ name }) => !wanted.includes(name))
    .map(({ name, title, table }) =>
      available.includes(name)
        ? `${title} (Table ${table.number}): not asked for`
        : `${title} (Table ${table.number}): needs the authors’ data${hasFolder ? ", which the folder lacks" : " (--data)"}`,
    );
  if (!wanted.some((name) => SETS[name].pictures.kind === "faces") || !plan.pictures)
    texts.push("the faces of Fig. 3 and Fig. 4: need CBCL from the authors’ data, and a run without --quick");
  return [...texts, "Madonna (Table IV): its data were not published"];
}

/** Runs the jobs that the journal lacks; tells whether it was interrupted. */
async function runAll(
  plans: readonly { data: ExperimentData; jobs: readonly Job[] }[],
  journal: Journal<StartResult>,
  threads: number,
  flags: ReproduceFlags,
  signal: AbortSignal,
): Promise<boolean> {
  const quiet = flags.quiet ?? false;
  const data = new Map(plans.map((one) => [one.data.facts.name as string, one.data]));
  const all = plans.flatMap(({ jobs }) => jobs);
  const resultOf = (job: Job) => journal.get(keyOf(job, data.get(job.set) as ExperimentData));
  const waiting = all.filter((job) => resultOf(job) === undefined);
  const taken = all.length - waiting.length;
  const costOf = ({ set, missing, method, continued }: Job) =>
    SETS[set].secondsPerStart[missing][continued ? "at-nmf" : method];
  const total = all.reduce((sum, job) => sum + costOf(job), 0);
  const ahead = waiting.reduce((sum, job) => sum + costOf(job), 0);
  if (!quiet) {
    if (taken > 0) note(`${taken} of ${all.length} starts taken over from ${join(flags.out, FILES.journal)}`);
    const guess = ahead / Math.min(threads, Math.max(1, waiting.length));
    if (guess > LONG_SECONDS)
      note(`${waiting.length} starts, roughly ${duration(guess)} on ${threads} cores`);
  }
  const report = await jobReport(quiet, all.length, "starts", signal);
  /** Starts that a cell still lacks. */
  const open = new Map<string, number>();
  for (const job of waiting) open.set(cellName(job), (open.get(cellName(job)) ?? 0) + 1);
  const cellOf = (job: Job): Cell => {
    const runs = all
      .filter((other) => cellName(other) === cellName(job))
      .map((other): Finished => ({ job: other, result: resultOf(other) }));
    return cellsOf(data.get(job.set) as ExperimentData, runs)[0] as Cell;
  };
  const fractions = new Map<Job, number>();
  let done = total - ahead;
  let count = taken;
  const update = (job: Job) => {
    let share = done;
    for (const [running, fraction] of fractions) share += fraction * costOf(running);
    report.update(count, total > 0 ? share / total : 1, jobText(job));
  };
  try {
    await runJobs(
      waiting,
      data,
      journal,
      threads,
      {
        started: (job) => {
          fractions.set(job, 0);
          update(job);
        },
        moved: (job, fraction) => {
          fractions.set(job, fraction);
          update(job);
        },
        finished: (job) => {
          fractions.delete(job);
          done += costOf(job);
          count++;
          update(job);
          const left = (open.get(cellName(job)) as number) - 1;
          open.set(cellName(job), left);
          if (left === 0 && !job.continued) report.line(`${count}/${all.length} ${cellText(cellOf(job))}`);
        },
      },
      signal,
    );
    return false;
  } catch (error) {
    if (error instanceof AdvnmfError && error.code === "ABORTED" && signal.aborted) return true;
    throw error;
  } finally {
    report.stop();
  }
}

function cellName({ set, alpha, missing, method, lambda, continued }: Job): string {
  return [set, alpha, missing, method, lambda, continued].join();
}

function jobText({
  set,
  alpha,
  missing,
  method,
  lambda,
}: Pick<Job, "set" | "alpha" | "missing" | "method" | "lambda">): string {
  return `${SETS[set].title}, ${missing}, α = ${alpha}, ${methodText(method, lambda)}`;
}

function cellText(cell: Cell): string {
  const spread = cell.std === null ? "" : ` ± ${cell.std.toPrecision(2)}`;
  return `${jobText(cell)}: RMSE ${(cell.mean as number).toPrecision(4)}${spread}`;
}

function tell(record: ReproduceRecord, flags: ReproduceFlags, interrupted: boolean): void {
  const files = [FILES.page, FILES.record, FILES.tables].map((name) => join(flags.out, name));
  const { starts } = record;
  if (interrupted)
    note(`${starts.finished} of ${starts.planned} starts are done; the same command goes on from there`);
  if (flags.json) {
    const cells = record.sets.flatMap(({ cells: own }) => own.map(({ starts: _, ...cell }) => cell));
    const { sets: _, ...rest } = record;
    printJson({ ...rest, cells, out: flags.out, files });
  } else if (!flags.quiet) {
    for (const sentence of record.verdict) printLine(sentence);
    printTable([
      ["starts", `${starts.finished} of ${starts.planned}`],
      ["seconds", `${record.seconds.wall.toFixed(1)} (${record.seconds.starts.toFixed(1)} in all starts)`],
      ...files.map((file, index): [string, string] => [index === 0 ? "written" : "", file]),
    ]);
  }
}
