// The starts that make up the tables and figures: each one a job of its own.

import { VERSION } from "../../../index.js";
import type { ExperimentData } from "./data.js";
import {
  FIGURE_ALPHA,
  type Method,
  type Missing,
  PICTURE_LAMBDA,
  type SetFacts,
  type SetName,
  type SolverOptions,
  TABLE_ALPHAS,
} from "./protocol.js";

/** What the user may choose. */
export interface Plan {
  readonly alphas: readonly number[];
  /** Undefined: those of each set's table, and those of Fig. 1. */
  readonly lambdas: readonly number[] | undefined;
  readonly starts: number;
  /** Most starts at a λ that only Fig. 1 shows; a set may have fewer. */
  readonly figureStarts: number;
  readonly missing: readonly Missing[];
  readonly methods: readonly Method[];
  /** Run also what only Fig. 3 and 4 need. */
  readonly pictures: boolean;
  readonly seed: number;
  readonly solver: SolverOptions;
}

/** One start of one method on one mask. */
export interface Job {
  readonly set: SetName;
  readonly alpha: number;
  readonly missing: Missing;
  readonly method: Method;
  /** Null but for AT-NMF. */
  readonly lambda: number | null;
  readonly start: number;
  readonly seed: number;
  readonly solver: SolverOptions;
  /**
   * NMF only: go on with outer iterations, as AT-NMF does, and keep the losses (Fig. 2). Otherwise NMF ends
   * with the first, by rule (12).
   */
  readonly continued: boolean;
  /** Keep the factors (Fig. 3 and 4). */
  readonly factors: boolean;
}

/** Every job of the plan for one set: tables first, then what only the figures need. */
export function jobsOf(facts: SetFacts, plan: Plan): Job[] {
  const lambdas = plan.lambdas ?? facts.table.lambdas;
  const columns = plan.methods.flatMap((method): (readonly [Method, number | null])[] =>
    method === "at-nmf" ? lambdas.map((lambda) => [method, lambda]) : [[method, null]],
  );
  const cells = [
    ...plan.alphas.flatMap((alpha) => columns.map((column) => [alpha, ...column, plan.starts] as const)),
    ...figureLambdas(facts, plan, lambdas).map(
      (lambda) =>
        [
          FIGURE_ALPHA,
          "at-nmf",
          lambda,
          Math.min(plan.starts, plan.figureStarts, facts.figureStarts),
        ] as const,
    ),
    ...pictureAlphas(facts, plan).flatMap((alpha) =>
      columns.filter(isPictured).map((column) => [alpha, ...column, 1] as const),
    ),
  ];
  const { restoredAt, partsAt } = facts.pictures;
  const jobs = cells.flatMap(([alpha, method, lambda, starts]) =>
    plan.missing.flatMap((missing) =>
      Array.from({ length: starts }, (_, start): Job => {
        const pictured = (alpha === restoredAt || alpha === partsAt) && isPictured([method, lambda]);
        const seed = (plan.seed + start) >>> 0;
        const factors = pictured && start === 0;
        const { solver } = plan;
        const common = { set: facts.name, alpha, missing, method, lambda, start, seed, solver };
        return { ...common, continued: false, factors };
      }),
    ),
  );
  const traced = jobs.filter(
    ({ alpha, method, start }) => alpha === FIGURE_ALPHA && method === "nmf" && start === 0,
  );
  return [...jobs, ...traced.map((job) => ({ ...job, continued: true, factors: false }))];
}

/** The λ of Fig. 1 that the tables do not have. */
function figureLambdas(
  facts: SetFacts,
  { alphas, methods, lambdas }: Plan,
  known: readonly number[],
): number[] {
  if (lambdas || !alphas.includes(FIGURE_ALPHA) || !methods.includes("at-nmf")) return [];
  return facts.figureLambdas.filter((lambda) => !known.includes(lambda));
}

/** The α of Fig. 3 and 4 that the tables do not have. */
export function pictureAlphas({ pictures }: SetFacts, plan: Plan): number[] {
  if (!plan.pictures) return [];
  return [pictures.restoredAt, pictures.partsAt].filter(
    (alpha) => alpha !== null && !TABLE_ALPHAS.includes(alpha) && !plan.alphas.includes(alpha),
  ) as number[];
}

function isPictured([method, lambda]: readonly [Method, number | null]): boolean {
  return method === "nmf" || (method === "at-nmf" && lambda === PICTURE_LAMBDA);
}

/** What a job calls: plain NMF is AT-NMF without an adversary, under the same stopping rules. */
export type SolverCall =
  | { readonly solver: "anmf"; readonly options: CommonOptions }
  | {
      readonly solver: "atnmf";
      readonly options: CommonOptions & SolverOptions & { readonly lambda: number };
    };

interface CommonOptions {
  readonly rank: number;
  readonly missing: Missing;
  readonly seed: number;
}

/** The call that a job makes, but for V and mask; ANMF has the SDK's defaults. */
export function solverCall(job: Job, rank: number): SolverCall {
  const { method, missing, lambda, seed, solver, continued } = job;
  const common = { rank, missing, seed };
  if (method === "anmf") return { solver: "anmf", options: common };
  const options = {
    ...solver,
    ...common,
    lambda: lambda ?? Number.POSITIVE_INFINITY,
    ...(method === "nmf" && !continued ? { maxOuter: 1 } : {}),
    ...(continued ? { epsilonOuter: 0 } : {}),
  };
  return { solver: "atnmf", options };
}

/** All that decides the outcome of a job, as one string. */
export function keyOf(job: Job, { facts, sha256, masks }: ExperimentData): string {
  const { options } = solverCall(job, facts.rank);
  return JSON.stringify({
    version: VERSION,
    data: sha256,
    mask: masks.get(job.alpha)?.sha256,
    // JSON has no infinity.
    options:
      "lambda" in options
        ? { ...options, lambda: String(options.lambda) }
        : { ...options, method: job.method },
    ...(job.start === 0 ? { objectives: true } : {}),
    ...(job.factors ? { factors: true } : {}),
  });
}
