// `advnmf reproduce fragility`: what is planned, and what is made of the results.

import { info, sha256 } from "../../../index.js";
import { EXIT, Failure } from "../../failure.js";
import { charting } from "../charts.js";
import { findData } from "../data-folder.js";
import { type CommonFlags, type Experiment, type Results as ResultOf, reproduce } from "../experiment.js";
import { figure, verdictOf } from "./findings.js";
import { type Job, jobsOf, jobText, type NetworkJob, type Plan, secondsOf } from "./jobs.js";
import { page } from "./page.js";
import { DATA, type Images, PARTS, type Part, QUICK, readImages, WHOLE } from "./protocol.js";
import {
  csvRows,
  type Finished,
  linearRows,
  PAPER,
  pairsRows,
  type ReproduceRecord,
  type Results,
  signsSummary,
} from "./record.js";
import { type LawOutcome, lane, type NetworkOutcome, type Outcome, type SignsOutcome } from "./run.js";

/** The options of the command. */
export interface ReproduceFlags extends CommonFlags {
  readonly parts?: readonly Part[];
  readonly data?: string;
}

/**
 * Runs the experiments and writes page, tables and record to `flags.out`.
 *
 * @throws Failure with exit code 3 where the data cannot be read, 1 where nothing can be written.
 */
export function reproduceFragility(
  flags: ReproduceFlags,
  signal: AbortSignal,
): Promise<{ interrupted: boolean }> {
  return reproduce(() => prepare(flags), flags, signal);
}

async function prepare(flags: ReproduceFlags): Promise<Experiment<Job, Outcome>> {
  const plan: Plan = {
    parts: flags.parts ?? PARTS,
    lengths: flags.quick ? QUICK : WHOLE,
    quick: flags.quick ?? false,
    seed: flags.seed,
  };
  const images = plan.parts.includes("mnist") ? await findImages(flags) : undefined;
  const digest = images ? await sha256(images.X) : undefined;
  const jobs = jobsOf(plan, images?.X.cols);
  const { version, runtime, threads: cores } = await info();
  return {
    unit: "jobs",
    jobs,
    // Each takes all threads that pay.
    lanes: 1,
    openLane: () => lane(images, flags.threads),
    keyOf: (job) => JSON.stringify(job.part === "mnist" ? { ...job, digest } : job),
    secondsOf,
    textOf: jobText,
    lineOf: (job, resultOf) => `${jobText(job)}: ${outcomeText(resultOf(job) as Outcome)}`,
    report: async ({ resultOf, finished, planned, seconds }) => {
      const results = resultsOf(jobs, resultOf);
      const merged = <J extends Job, O>(own: readonly Finished<J, O>[]) =>
        own.map(({ job, outcome }) => ({ ...job, ...outcome }));
      const record: ReproduceRecord = {
        experiment: "fragility",
        paper: PAPER,
        verdict: verdictOf(results),
        versions: { advnmf: version, runtime },
        complete: finished === planned,
        jobs: { finished, planned },
        options: plan,
        seconds,
        threads: flags.threads ?? cores,
        images: images && digest ? { file: images.file, sha256: digest } : null,
        law: merged(results.law),
        linear: linearRows(results),
        signs: signsSummary(results),
        draws: merged(results.signs),
        pairs: pairsRows(results),
        networks: merged(results.networks),
      };
      const { law, linear, signs, pairs, verdict, complete, options } = record;
      return {
        page: page(record, results, await charting()),
        record,
        rows: csvRows(results),
        printed: { experiment: record.experiment, verdict, complete, options, law, linear, signs, pairs },
        sentences: verdict,
      };
    },
  };
}

/** The images of --data or ADVNMF_DATA; a folder of the environment that is for other experiments has none. */
async function findImages(flags: ReproduceFlags): Promise<Images | undefined> {
  const asked = flags.parts?.includes("mnist") ?? false;
  const folder = await findData(flags.data, DATA).catch((error: unknown) => {
    if (flags.data === undefined && !asked) return undefined;
    throw error;
  });
  const path = folder?.found.get("mnist");
  if (path !== undefined) return readImages(path);
  if (!asked) return undefined;
  throw new Failure(
    EXIT.badInput,
    "IO",
    "MNIST is not built in; name the folder of train-images-idx3-ubyte and train-labels-idx1-ubyte with --data",
    { details: { expected: [...DATA.files.values()].flat() } },
  );
}

function resultsOf(jobs: readonly Job[], resultOf: ResultOf<Job, Outcome>): Results {
  const finished = jobs.flatMap((job) => {
    const outcome = resultOf(job);
    return outcome === undefined ? [] : [{ job, outcome }];
  });
  const isNetwork = (job: Job): job is NetworkJob => job.part !== "law" && job.part !== "signs";
  return {
    law: finished.flatMap(({ job, outcome }) =>
      job.part === "law" ? [{ job, outcome: outcome as LawOutcome }] : [],
    ),
    networks: finished.flatMap(({ job, outcome }) =>
      isNetwork(job) ? [{ job, outcome: outcome as NetworkOutcome }] : [],
    ),
    signs: finished.flatMap(({ job, outcome }) =>
      job.part === "signs" ? [{ job, outcome: outcome as SignsOutcome }] : [],
    ),
  };
}

function outcomeText(outcome: Outcome): string {
  const took = `${outcome.seconds.toFixed(1)} s`;
  if ("rms" in outcome) return `rms of cos θ ${outcome.rms.toFixed(4)}, ${took}`;
  if ("phi" in outcome)
    return `φ ${figure(outcome.phi)}, |cos θ| ${figure(Math.abs(outcome.cosine))}, ${took}`;
  const { pairs, steps, loss } = outcome;
  const mean = pairs.reduce((sum, { compression }) => sum + Math.abs(compression), 0) / pairs.length;
  return `mean |c̄| ${figure(mean)} of ${pairs.length} pairs, loss ${loss.toExponential(1)} after ${steps} steps, ${took}`;
}
