// What every `advnmf reproduce` does: run the jobs that the journal lacks, write page, record and tables, tell.

import { join } from "node:path";
import Papa from "papaparse";
import { checkWritable, writeTogether } from "../output-folder.js";
import { note, printJson, printLine, printTable } from "../print.js";
import { duration, jobReport } from "./job-progress.js";
import { Journal } from "./journal.js";

/** Options that every experiment has. */
export interface CommonFlags {
  readonly seed: number;
  readonly threads?: number;
  readonly quick?: true;
  readonly out: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** What is known of a job that is finished. */
export interface JobResult {
  readonly seconds: number;
}

/** Where jobs run, one after the other. */
export interface Lane<J, R> extends Disposable {
  /** `onFraction` is told how far the job has come, 0 to 1. */
  run(job: J, signal: AbortSignal, onFraction: (fraction: number) => void): Promise<R>;
}

/** An experiment: its jobs, how they run, and what is made of their results. */
export interface Experiment<J, R extends JobResult> {
  /** What its jobs are called. */
  readonly unit: string;
  readonly jobs: readonly J[];
  /** So many jobs run side by side, each on a lane of its own. */
  readonly lanes: number;
  openLane(): Lane<J, R>;
  /** All that decides the outcome of a job, as one string. */
  keyOf(job: J): string;
  /** Seconds that a job takes about on one core; for the estimate and the bar only. */
  secondsOf(job: J): number;
  /** What is being done. */
  textOf(job: J): string;
  /** What is to be told when a job is finished, if anything. */
  lineOf(job: J, results: Results<J, R>): string | undefined;
  report(run: Run<J, R>): Report | Promise<Report>;
}

/** The result of a job, once it is finished. */
export type Results<J, R> = (job: J) => R | undefined;

/** How a run went. */
export interface Run<J, R> {
  readonly resultOf: Results<J, R>;
  readonly finished: number;
  readonly planned: number;
  /** Seconds of this call, and of all finished jobs together, however many calls they took. */
  readonly seconds: { readonly wall: number; readonly jobs: number };
}

/** What an experiment came to. */
export interface Report {
  readonly page: string;
  /** The content of reproduce.json. */
  readonly record: object;
  /** The rows of tables.csv. */
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[];
  /** What `--json` prints, besides where the files are. */
  readonly printed: object;
  /** What was found, in words. */
  readonly sentences: readonly string[];
}

/** What the command leaves behind. */
const FILES = {
  page: "index.html",
  record: "reproduce.json",
  tables: "tables.csv",
  journal: "journal.jsonl",
} as const;

/** An estimate beyond this is told before the run begins. */
const LONG_SECONDS = 90;

/**
 * Runs an experiment and writes page, tables and record to `flags.out`.
 *
 * @throws Failure with exit code 1 where nothing can be written; what `prepare` or a job throws. What was finished
 *   by then is in the journal.
 */
export async function reproduce<J, R extends JobResult>(
  prepare: () => Promise<Experiment<J, R>>,
  flags: CommonFlags,
  signal: AbortSignal,
): Promise<{ interrupted: boolean }> {
  const begun = performance.now();
  await checkWritable(flags.out);
  const experiment = await prepare();
  await using journal = await Journal.open<R>(join(flags.out, FILES.journal));
  const interrupted = await runAll(experiment, journal, flags, signal);

  const resultOf = (job: J) => journal.get(experiment.keyOf(job));
  const results = experiment.jobs.flatMap((job) => resultOf(job) ?? []);
  const run: Run<J, R> = {
    resultOf,
    finished: results.length,
    planned: experiment.jobs.length,
    seconds: {
      wall: (performance.now() - begun) / 1000,
      jobs: results.reduce((sum, { seconds }) => sum + seconds, 0),
    },
  };
  const report = await experiment.report(run);
  await writeTogether(flags.out, [
    { name: FILES.page, bytes: report.page },
    { name: FILES.record, bytes: JSON.stringify(report.record, null, 2) + "\n" },
    { name: FILES.tables, bytes: Papa.unparse([...report.rows], { newline: "\n" }) + "\n" },
  ]);
  tell(experiment.unit, run, report, flags, interrupted);
  return { interrupted };
}

/** Runs the jobs that the journal lacks; tells whether it was interrupted. */
async function runAll<J, R extends JobResult>(
  experiment: Experiment<J, R>,
  journal: Journal<R>,
  { out, quiet = false }: { readonly out: string; readonly quiet?: boolean },
  signal: AbortSignal,
): Promise<boolean> {
  const { unit, jobs, lanes, secondsOf } = experiment;
  const resultOf = (job: J) => journal.get(experiment.keyOf(job));
  const waiting = jobs.filter((job) => resultOf(job) === undefined);
  const sum = (some: readonly J[]) => some.reduce((seconds, job) => seconds + secondsOf(job), 0);
  const total = sum(jobs);
  const ahead = sum(waiting);
  let count = jobs.length - waiting.length;
  let done = total - ahead;
  if (!quiet) {
    if (count > 0) note(`${count} of ${jobs.length} ${unit} taken over from ${join(out, FILES.journal)}`);
    const guess = ahead / Math.min(lanes, Math.max(1, waiting.length));
    const cores = lanes === 1 ? "one core" : `${lanes} cores`;
    if (guess > LONG_SECONDS) note(`${waiting.length} ${unit}, roughly ${duration(guess)} on ${cores}`);
  }
  const report = await jobReport(quiet, jobs.length, unit, signal);
  const fractions = new Map<J, number>();
  const update = (job: J) => {
    let share = done;
    for (const [running, fraction] of fractions) share += fraction * secondsOf(running);
    report.update(count, total > 0 ? share / total : 1, experiment.textOf(job));
  };
  const moved = (job: J, fraction: number) => {
    fractions.set(job, fraction);
    update(job);
  };
  const finished = (job: J) => {
    fractions.delete(job);
    done += secondsOf(job);
    count++;
    update(job);
    const line = experiment.lineOf(job, resultOf);
    if (line !== undefined) report.line(`${count}/${jobs.length} ${line}`);
  };

  // The failure of one job ends the others.
  const stop = new AbortController();
  const abort = () => stop.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  const queue = [...waiting];
  let failure: unknown;
  const work = async (): Promise<void> => {
    using lane = experiment.openLane();
    for (let job = queue.shift(); job !== undefined && !stop.signal.aborted; job = queue.shift()) {
      const current = job;
      moved(current, 0);
      try {
        const result = await lane.run(current, stop.signal, (fraction) => moved(current, fraction));
        await journal.add(experiment.keyOf(current), result);
        finished(current);
      } catch (error) {
        failure ??= error;
        stop.abort(error);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(lanes, waiting.length) }, work));
  } finally {
    signal.removeEventListener("abort", abort);
    report.stop();
  }
  if (signal.aborted) return true;
  if (failure !== undefined) throw failure;
  return false;
}

function tell<J, R>(
  unit: string,
  { finished, planned, seconds }: Run<J, R>,
  { printed, sentences }: Report,
  { out, json, quiet }: CommonFlags,
  interrupted: boolean,
): void {
  const files = [FILES.page, FILES.record, FILES.tables].map((name) => join(out, name));
  if (interrupted) note(`${finished} of ${planned} ${unit} are done; the same command goes on from there`);
  if (json) {
    printJson({ ...printed, out, files });
  } else if (!quiet) {
    for (const sentence of sentences) printLine(sentence);
    printTable([
      [unit, `${finished} of ${planned}`],
      ["seconds", `${seconds.wall.toFixed(1)} (${seconds.jobs.toFixed(1)} in all ${unit})`],
      ...files.map((file, index): [string, string] => [index === 0 ? "written" : "", file]),
    ]);
  }
}
