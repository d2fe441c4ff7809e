// `advnmf reproduce lafa`: plan, run what is not in the journal, write what was found.

import { join } from "node:path";
import process from "node:process";
import Papa from "papaparse";
import { AdvnmfError, info, type Norm } from "../../../index.js";
import { EXIT, Failure } from "../../failure.js";
import { checkWritable, writeTogether } from "../../output-folder.js";
import { note, printJson, printLine, printTable } from "../../print.js";
import { charting } from "../charts.js";
import { duration, jobReport } from "../job-progress.js";
import { Journal } from "../journal.js";
import { type ExperimentData, findData, GENERATED, loadData } from "./data.js";
import { figure } from "./findings.js";
import { iterationsOf, type Job, jobsOf, keyOf, type Plan } from "./jobs.js";
import { page } from "./page.js";
import {
  GRADIENTS,
  type Gradient,
  gradientText,
  normText,
  PROCEDURES,
  type Procedure,
  QUICK,
  SETS,
  type SetName,
  WHOLE,
} from "./protocol.js";
import { type Attempt, attackedOf, csvRows, type ReproduceRecord, recordOf } from "./record.js";
import { type AttackOutcome, runJobs } from "./run.js";

/** The options of the command. */
export interface ReproduceFlags {
  readonly set?: readonly SetName[];
  readonly epsilons?: readonly number[];
  readonly norm?: Norm;
  readonly gradients?: readonly Gradient[];
  readonly procedures?: readonly Procedure[];
  readonly steps?: number;
  readonly restarts?: number;
  readonly iterations?: number;
  readonly evaluationIterations?: number;
  readonly otherStarts?: number;
  readonly noiseTrials?: number;
  readonly quick?: true;
  readonly data?: string;
  readonly seed: number;
  readonly threads?: number;
  readonly out: string;
  readonly json?: true;
  readonly quiet?: true;
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
 * Runs the experiments and writes page, tables and record to `flags.out`.
 *
 * @throws Failure with exit code 3 where the data cannot be read, 1 where nothing can be written.
 */
export async function reproduceLafa(
  flags: ReproduceFlags,
  signal: AbortSignal,
): Promise<{ interrupted: boolean }> {
  const begun = performance.now();
  await checkWritable(flags.out);
  const plan = planOf(flags);
  const { sets, leftOut } = await readSets(flags, plan);
  const jobs = sets.map((data) => ({ data, jobs: jobsOf(data.facts, plan) }));
  const planned = jobs.reduce((sum, { jobs: own }) => sum + own.length, 0);
  if (planned === 0) {
    throw new Failure(
      EXIT.usage,
      "USAGE",
      `the sets ${sets.map(({ facts }) => facts.name).join(", ")} have no sizes in ${normText(flags.norm ?? "l2")} of their own; give some with --epsilons`,
    );
  }
  const { version, runtime, threads: cores } = await info();

  await using journal = await Journal.open<AttackOutcome>(join(flags.out, FILES.journal));
  const interrupted = await runAll(jobs, journal, flags, signal);

  const results = jobs.map(({ data, jobs: own }) => {
    const attempts = own.map((job): Attempt => ({ job, outcome: journal.get(keyOf(job, data)) }));
    return { data, attacks: attackedOf(attempts) };
  });
  const finished = results.flatMap(({ attacks }) => attacks);
  const record = recordOf(results, {
    versions: { advnmf: version, runtime },
    complete: finished.length === planned,
    attacks: { finished: finished.length, planned },
    options: plan,
    seconds: {
      wall: (performance.now() - begun) / 1000,
      attacks: finished.reduce((sum, { outcome }) => sum + outcome.seconds, 0),
    },
    threads: flags.threads ?? cores,
    leftOut,
  });
  const text = page(record, results, await charting());
  await writeTogether(flags.out, [
    { name: FILES.page, bytes: text },
    { name: FILES.record, bytes: JSON.stringify(record, null, 2) + "\n" },
    { name: FILES.tables, bytes: Papa.unparse(csvRows(record.sets), { newline: "\n" }) + "\n" },
  ]);
  tell(record, flags, interrupted);
  return { interrupted };
}

function planOf(flags: ReproduceFlags): Plan {
  const { quick, epsilons, norm, gradients, procedures, seed } = flags;
  const lengths = quick ? QUICK : WHOLE;
  return {
    gradients: GRADIENTS.filter((gradient) => gradients?.includes(gradient) ?? true),
    procedures: PROCEDURES.filter((procedure) => procedures?.includes(procedure) ?? true),
    epsilons: epsilons && [...epsilons].sort((a, b) => a - b),
    norms: norm && [norm],
    lengths: {
      steps: flags.steps ?? lengths.steps,
      restarts: flags.restarts ?? lengths.restarts,
      iterations: flags.iterations ?? lengths.iterations,
      evaluationIterations: flags.evaluationIterations ?? lengths.evaluationIterations,
      otherStarts: flags.otherStarts ?? lengths.otherStarts,
      noiseTrials: flags.noiseTrials ?? lengths.noiseTrials,
    },
    quick: quick ?? false,
    seed,
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
  const available: readonly SetName[] = [...GENERATED, ...(folder?.sets ?? [])];
  const all = Object.values(SETS);
  const usual = all.filter(
    ({ name, quick }) => available.includes(name) && (!plan.quick || quick.length > 0),
  );
  const wanted = flags.set ?? usual.map(({ name }) => name);
  const absent = wanted.filter((name) => !available.includes(name));
  if (absent.length > 0) {
    const where = folder
      ? `${folder.path} has only ${folder.sets.join(", ")}`
      : `without --data there is only ${GENERATED.join(", ")}, generated`;
    throw new Failure(
      EXIT.badInput,
      "IO",
      `there are no data for ${absent.join(", ")}: ${where}; name the folder with --data, or leave these sets out with --set`,
      { details: { absent, available } },
    );
  }
  const sets: ExperimentData[] = [];
  for (const { name } of all) {
    if (wanted.includes(name)) sets.push(await loadData(name, folder?.path, plan.seed));
  }
  const leftOut = all
    .filter(({ name }) => !wanted.includes(name))
    .map(({ name, title }) =>
      available.includes(name)
        ? `${title}: ${flags.set === undefined ? "takes longer than a quick run" : "not asked for"}`
        : `${title}: needs the authors’ data${folder ? ", which the folder lacks" : " (--data)"}`,
    );
  return { sets, leftOut: [...leftOut, "MNIST: not built in"] };
}

/** Runs the jobs that the journal lacks; tells whether it was interrupted. */
async function runAll(
  plans: readonly { data: ExperimentData; jobs: readonly Job[] }[],
  journal: Journal<AttackOutcome>,
  flags: ReproduceFlags,
  signal: AbortSignal,
): Promise<boolean> {
  const quiet = flags.quiet ?? false;
  const data = new Map(plans.map((one) => [one.data.facts.name as string, one.data]));
  const all = plans.flatMap(({ jobs }) => jobs);
  const waiting = all.filter(
    (job) => journal.get(keyOf(job, data.get(job.set) as ExperimentData)) === undefined,
  );
  const costOf = (job: Job) => (SETS[job.set].iterationMs * iterationsOf(job)) / 1000;
  const total = all.reduce((sum, job) => sum + costOf(job), 0);
  const ahead = waiting.reduce((sum, job) => sum + costOf(job), 0);
  let count = all.length - waiting.length;
  let done = total - ahead;
  if (!quiet) {
    if (count > 0)
      note(`${count} of ${all.length} attacks taken over from ${join(flags.out, FILES.journal)}`);
    if (ahead > LONG_SECONDS) note(`${waiting.length} attacks, roughly ${duration(ahead)} on one core`);
  }
  const report = await jobReport(quiet, all.length, "attacks", signal);
  try {
    await runJobs(
      waiting,
      data,
      journal,
      flags.threads,
      {
        moved: (job, fraction) => report.update(count, (done + fraction * costOf(job)) / total, jobText(job)),
        finished: (job, { featureError, seconds }) => {
          done += costOf(job);
          count++;
          report.update(count, done / total, jobText(job));
          report.line(
            `${count}/${all.length} ${jobText(job)}: feature error ${figure(featureError)}, ${seconds.toFixed(1)} s`,
          );
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

function jobText({ set, norm, epsilon, gradient, procedure }: Job): string {
  return `${SETS[set].title}, ${normText(norm)}, ε = ${epsilon}, ${gradientText(gradient, procedure)}`;
}

function tell(record: ReproduceRecord, flags: ReproduceFlags, interrupted: boolean): void {
  const files = [FILES.page, FILES.record, FILES.tables].map((name) => join(flags.out, name));
  const { attacks, seconds } = record;
  if (interrupted)
    note(`${attacks.finished} of ${attacks.planned} attacks are done; the same command goes on from there`);
  if (flags.json) {
    printJson({ ...record, out: flags.out, files });
  } else if (!flags.quiet) {
    for (const sentence of [...record.verdict, record.assumption]) printLine(sentence);
    printTable([
      ["attacks", `${attacks.finished} of ${attacks.planned}`],
      ["seconds", `${seconds.wall.toFixed(1)} (${seconds.attacks.toFixed(1)} in all attacks)`],
      ...files.map((file, index): [string, string] => [index === 0 ? "written" : "", file]),
    ]);
  }
}
