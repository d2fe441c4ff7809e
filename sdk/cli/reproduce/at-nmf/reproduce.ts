// `advnmf reproduce at-nmf`: what is planned, and what is made of the results.

import { info } from "../../../index.js";
import { charting } from "../charts.js";
import { checkAvailable, findData } from "../data-folder.js";
import { type CommonFlags, type Experiment, reproduce } from "../experiment.js";
import { type Cell, cellsOf, type Finished } from "./cells.js";
import { DATA, type ExperimentData, loadData } from "./data.js";
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
import { type StartResult, startLane } from "./run.js";

/** The options of the command. */
export interface ReproduceFlags extends CommonFlags {
  readonly set?: readonly SetName[];
  readonly alpha?: readonly number[];
  readonly lambda?: readonly number[];
  readonly starts?: number;
  readonly missing: Missing | "both";
  readonly methods?: readonly Method[];
  readonly data?: string;
  readonly maxInner: number;
  readonly maxOuter: number;
}

/**
 * Runs the experiments and writes page, tables and record to `flags.out`.
 *
 * @throws Failure with exit code 3 where the data cannot be read, 1 where nothing can be written.
 */
export function reproduceAtNmf(
  flags: ReproduceFlags,
  signal: AbortSignal,
): Promise<{ interrupted: boolean }> {
  return reproduce(() => prepare(flags), flags, signal);
}

async function prepare(flags: ReproduceFlags): Promise<Experiment<Job, StartResult>> {
  const plan = planOf(flags);
  const { sets, leftOut } = await readSets(flags, plan);
  const { version, runtime, threads: cores } = await info();
  const threads = flags.threads ?? cores;
  const known = new Map(sets.map((data) => [data.facts.name, data]));
  const dataOf = (job: Job) => known.get(job.set) as ExperimentData;
  const jobs = sets.flatMap(({ facts }) => jobsOf(facts, plan));
  const cellMates = (job: Job) => jobs.filter((other) => cellName(other) === cellName(job));

  return {
    unit: "starts",
    jobs,
    lanes: threads,
    openLane: () => startLane(dataOf),
    keyOf: (job) => keyOf(job, dataOf(job)),
    secondsOf: ({ set, missing, method, continued }) =>
      SETS[set].secondsPerStart[missing][continued ? "at-nmf" : method],
    textOf: jobText,
    lineOf: (job, resultOf) => {
      const runs = cellMates(job).map((other): Finished => ({ job: other, result: resultOf(other) }));
      const whole = runs.every(({ result }) => result !== undefined);
      return whole && !job.continued ? cellText(cellsOf(dataOf(job), runs)[0] as Cell) : undefined;
    },
    report: async ({ resultOf, finished, planned, seconds }) => {
      const results = sets.map((data) => {
        const own = jobs.filter(({ set }) => set === data.facts.name);
        const runs = own.map((job): Finished => ({ job, result: resultOf(job) }));
        const set = { data, cells: cellsOf(data, runs), runs };
        return { ...set, record: setRecord(set) };
      });
      const records = results.map(({ record }) => record);
      const record: ReproduceRecord = {
        experiment: "at-nmf",
        paper: PAPER,
        versions: { advnmf: version, runtime },
        verdict: verdictOf(records),
        complete: finished === planned,
        starts: { finished, planned },
        options: plan,
        seconds: { wall: seconds.wall, starts: seconds.jobs },
        threads,
        leftOut,
        sets: records,
      };
      const { sets: _, ...rest } = record;
      const cells = records.flatMap(({ cells: own }) => own.map(({ starts: __, ...cell }) => cell));
      return {
        page: page(record, results, await charting()),
        record,
        rows: csvRows(records),
        printed: { ...rest, cells },
        sentences: record.verdict,
      };
    },
  };
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
  const folder = await findData(flags.data, DATA);
  const available: readonly SetName[] = folder ? [...folder.found.keys()] : DATA.generated;
  const wanted = flags.set ?? (flags.quick ? available.slice(0, 1) : available);
  checkAvailable(wanted, available, folder, DATA);
  const sets: ExperimentData[] = [];
  for (const { name } of Object.values(SETS).filter((facts) => wanted.includes(facts.name))) {
    const alphas = [...plan.alphas, ...pictureAlphas(SETS[name], plan)];
    sets.push(await loadData(name, folder?.found.get(name), alphas, plan.seed));
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
