// `advnmf reproduce lafa`: what is planned, and what is made of the results.

import { info, type Norm } from "../../../index.js";
import { EXIT, Failure } from "../../failure.js";
import { charting } from "../charts.js";
import { checkAvailable, findData } from "../data-folder.js";
import { type CommonFlags, type Experiment, reproduce } from "../experiment.js";
import { DATA, type ExperimentData, loadData } from "./data.js";
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
import { attackedOf, csvRows, recordOf } from "./record.js";
import { type AttackOutcome, attackLane } from "./run.js";

/** The options of the command. */
export interface ReproduceFlags extends CommonFlags {
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
  readonly data?: string;
}

/**
 * Runs the experiments and writes page, tables and record to `flags.out`.
 *
 * @throws Failure with exit code 3 where the data cannot be read, 1 where nothing can be written.
 */
export function reproduceLafa(flags: ReproduceFlags, signal: AbortSignal): Promise<{ interrupted: boolean }> {
  return reproduce(() => prepare(flags), flags, signal);
}

async function prepare(flags: ReproduceFlags): Promise<Experiment<Job, AttackOutcome>> {
  const plan = planOf(flags);
  const { sets, leftOut } = await readSets(flags, plan);
  const known = new Map(sets.map((data) => [data.facts.name, data]));
  const dataOf = (job: Job) => known.get(job.set) as ExperimentData;
  const jobs = sets.flatMap(({ facts }) => jobsOf(facts, plan));
  if (jobs.length === 0) {
    throw new Failure(
      EXIT.usage,
      "USAGE",
      `the sets ${sets.map(({ facts }) => facts.name).join(", ")} have no sizes in ${normText(flags.norm ?? "l2")} of their own; give some with --epsilons`,
    );
  }
  const { version, runtime, threads: cores } = await info();

  return {
    unit: "attacks",
    jobs,
    // Each attack takes all threads that pay.
    lanes: 1,
    openLane: () => attackLane(dataOf, flags.threads),
    keyOf: (job) => keyOf(job, dataOf(job)),
    secondsOf: (job) => (SETS[job.set].iterationMs * iterationsOf(job)) / 1000,
    textOf: jobText,
    lineOf: (job, resultOf) => {
      const { featureError, seconds } = resultOf(job) as AttackOutcome;
      return `${jobText(job)}: feature error ${figure(featureError)}, ${seconds.toFixed(1)} s`;
    },
    report: async ({ resultOf, finished, planned, seconds }) => {
      const results = sets.map((data) => {
        const own = jobs.filter(({ set }) => set === data.facts.name);
        return { data, attacks: attackedOf(own.map((job) => ({ job, outcome: resultOf(job) }))) };
      });
      const record = recordOf(results, {
        versions: { advnmf: version, runtime },
        complete: finished === planned,
        attacks: { finished, planned },
        options: plan,
        seconds: { wall: seconds.wall, attacks: seconds.jobs },
        threads: flags.threads ?? cores,
        leftOut,
      });
      return {
        page: page(record, results, await charting()),
        record,
        rows: csvRows(record.sets),
        printed: record,
        sentences: [...record.verdict, record.assumption],
      };
    },
  };
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
  const folder = await findData(flags.data, DATA);
  const available: readonly SetName[] = [...DATA.generated, ...(folder?.found.keys() ?? [])];
  const all = Object.values(SETS);
  const usual = all.filter(
    ({ name, quick }) => available.includes(name) && (!plan.quick || quick.length > 0),
  );
  const wanted = flags.set ?? usual.map(({ name }) => name);
  checkAvailable(wanted, available, folder, DATA);
  const sets: ExperimentData[] = [];
  for (const { name } of all) {
    if (wanted.includes(name)) sets.push(await loadData(name, folder?.found.get(name), plan.seed));
  }
  const leftOut = all
    .filter(({ name }) => !wanted.includes(name))
    .map(({ name, title, owner }) =>
      available.includes(name)
        ? `${title}: ${flags.set === undefined ? "takes longer than a quick run" : "not asked for"}`
        : `${title}: needs ${owner}${folder ? ", which the folder lacks" : " (--data)"}`,
    );
  return { sets, leftOut };
}

function jobText({ set, norm, epsilon, gradient, procedure }: Job): string {
  return `${SETS[set].title}, ${normText(norm)}, ε = ${epsilon}, ${gradientText(gradient, procedure)}`;
}
