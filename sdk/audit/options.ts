// The options of an audit, checked before anything is computed, with every default filled in.

import { atnmfProblem } from "../atnmf.js";
import { checkAttack } from "../attack-options.js";
import { AdvnmfError } from "../errors.js";
import { type Matrix, type MatrixLike, type MatrixNames, toMatrix } from "../matrix.js";
import { checkOptions, numberFrom, oneOf, show, wholeNumber } from "../options.js";
import { nmfProblem } from "../problem.js";
import { type Norm, norm as normOf } from "../projection.js";
import type { Audit, AuditModelName, AuditOptions, AuditSettings } from "./types.js";

const AUDIT_OPTIONS = [
  "rank",
  "models",
  "norms",
  "epsilons",
  "lambda",
  "loss",
  "labels",
  "names",
  "shape",
  "quick",
  "restarts",
  "steps",
  "gradient",
  "iterations",
  "evaluationIterations",
  "otherStarts",
  "noiseTrials",
  "sensitivity",
  "seed",
  "threads",
  "signal",
  "onProgress",
  "engine",
] as const;

const MODELS: readonly AuditModelName[] = ["nmf", "atnmf", "anmf"];
const NORMS: readonly Norm[] = ["l2", "linf"];

const THOROUGH = {
  epsilons: [0.01, 0.02, 0.05],
  restarts: 4,
  steps: 40,
  gradient: "implicit",
  iterations: 1000,
  evaluationIterations: 10_000,
  otherStarts: 5,
  noiseTrials: 3,
} as const;
const QUICK = {
  epsilons: [0.01, 0.05],
  restarts: 1,
  steps: 4,
  gradient: "backprop",
  iterations: 60,
  evaluationIterations: 300,
  otherStarts: 2,
  noiseTrials: 1,
} as const;

/** V and all that was asked, checked. */
export interface CheckedAudit {
  readonly V: Matrix;
  readonly settings: AuditSettings;
  readonly data: Pick<Audit["data"], "rowNames" | "colNames" | "shape" | "labels" | "norm" | "max">;
  readonly threads: number | undefined;
}

/**
 * Checks the arguments of `audit`.
 *
 * @throws AdvnmfError `OPTION`, `SHAPE`, `RANK`, `NEGATIVE`, `NOT_FINITE`.
 */
export function checkAudit(data: MatrixLike, options: AuditOptions): CheckedAudit {
  checkOptions(options, AUDIT_OPTIONS, "audit");
  const quick = oneOf(options.quick ?? false, [true, false], "quick");
  const preset = quick ? QUICK : THOROUGH;
  const V = toMatrix(data, "V");
  const models = listOf(options.models ?? MODELS, MODELS, "models");
  const norms = listOf(options.norms ?? NORMS, NORMS, "norms");
  const count = (name: Exclude<keyof typeof preset, "epsilons" | "gradient">) =>
    wholeNumber(options[name] ?? preset[name], 1, 1_000_000, name);
  const plain = {
    rank: options.rank,
    loss: oneOf(options.loss ?? "frobenius", ["frobenius", "kullback-leibler"], "loss"),
    seed: wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed"),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
  const attack = {
    ...plain,
    restarts: count("restarts"),
    steps: count("steps"),
    gradient: oneOf(options.gradient ?? preset.gradient, ["implicit", "backprop", "both"], "gradient"),
    iterations: count("iterations"),
    evaluationIterations: count("evaluationIterations"),
    otherStarts: count("otherStarts"),
    noiseTrials: count("noiseTrials"),
  };
  // What these refuse is refused in their words: entries, rank, threads and λ.
  checkAttack(V, { ...attack, epsilons: [0] });
  nmfProblem(V, plain);
  const lambda = numberFrom(options.lambda ?? 3, 0, "lambda");
  atnmfProblem(V, { ...plain, lambda });
  const norm = normOf("l2", V.data);
  if (norm === 0) {
    throw new AdvnmfError(
      "OPTION",
      "V is all zeros: it has no features, and nothing to be changed by a share of",
      {
        rows: V.rows,
        cols: V.cols,
      },
    );
  }
  const epsilons = sizes(options.epsilons, preset.epsilons, norms, norm / Math.sqrt(V.data.length));
  const { threads: _, ...lengths } = attack;
  const sensitivity = oneOf(options.sensitivity ?? true, [true, false], "sensitivity");
  return {
    V,
    settings: { ...lengths, models, norms, epsilons, lambda, sensitivity, quick },
    data: {
      norm,
      max: normOf("linf", V.data),
      ...namesOf(V, options.names),
      shape: shapeOf(V, options.shape),
      labels: labelsOf(V, options.labels),
    },
    threads: options.threads,
  };
}

/** Some of the known words, each once. */
function listOf<W extends string>(given: readonly W[], known: readonly W[], option: string): W[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new AdvnmfError("OPTION", `${option} must be a list of ${known.join(", ")}, got ${show(given)}`, {
      option,
      got: given,
    });
  }
  return [...new Set(given.map((word) => oneOf(word, known, option)))];
}

/** Sizes for each norm that is asked for; `even` is what an ε of l2 comes to when every entry bears it alike. */
function sizes(
  given: AuditOptions["epsilons"],
  preset: readonly number[],
  norms: readonly Norm[],
  even: number,
): AuditSettings["epsilons"] {
  const byNorm: Exclude<AuditOptions["epsilons"], readonly number[] | undefined> =
    given === undefined ? {} : isList(given) ? { l2: given } : given;
  if (typeof byNorm !== "object" || byNorm === null) {
    throw new AdvnmfError("OPTION", `epsilons must be a list, or lists as { l2, linf }, got ${show(given)}`, {
      option: "epsilons",
      got: given,
    });
  }
  checkOptions(byNorm, NORMS, "epsilons");
  const l2 = ascending(byNorm.l2 ?? preset);
  const linf = byNorm.linf === undefined ? l2.map((epsilon) => epsilon * even) : ascending(byNorm.linf);
  return { ...(norms.includes("l2") ? { l2 } : {}), ...(norms.includes("linf") ? { linf } : {}) };
}

function isList(value: unknown): value is readonly number[] {
  return Array.isArray(value);
}

function ascending(list: readonly number[]): number[] {
  if (!Array.isArray(list) || list.length === 0) {
    throw new AdvnmfError("OPTION", `epsilons must be an array of sizes, got ${show(list)}`, {
      option: "epsilons",
      got: list,
    });
  }
  for (const epsilon of list) {
    numberFrom(epsilon, 0, "epsilons");
    if (epsilon > 0) continue;
    throw new AdvnmfError(
      "OPTION",
      "epsilons must be above 0; the data without a change are in every audit",
      {
        option: "epsilons",
        got: epsilon,
      },
    );
  }
  return [...new Set(list as readonly number[])].sort((a, b) => a - b);
}

function namesOf(
  V: Matrix,
  given: MatrixNames = V as MatrixNames,
): Pick<Audit["data"], "rowNames" | "colNames"> {
  const list = (names: readonly string[] | undefined, count: number, option: string) => {
    if (names === undefined) return null;
    if (Array.isArray(names) && names.length === count) return names.map(String);
    throw new AdvnmfError("SHAPE", `${option} must have ${count} names, got ${names.length ?? show(names)}`, {
      option,
      expected: count,
      got: names.length,
    });
  };
  return {
    rowNames: list(given.rowNames, V.rows, "rowNames"),
    colNames: list(given.colNames, V.cols, "colNames"),
  };
}

function shapeOf({ rows, cols }: Matrix, given: AuditOptions["shape"]): Audit["data"]["shape"] {
  if (given === undefined) return null;
  checkOptions(given, ["width", "height", "images"], "shape");
  const images = oneOf(given.images ?? "columns", ["columns", "rows"], "shape.images");
  const pixels = images === "columns" ? rows : cols;
  const width = wholeNumber(given.width, 1, pixels, "shape.width");
  const height = wholeNumber(given.height, 1, pixels, "shape.height");
  if (width * height === pixels) return { width, height, images };
  throw new AdvnmfError(
    "SHAPE",
    `pictures of ${width}×${height} have ${width * height} pixels, but the ${images} of V have ${pixels}`,
    { expected: pixels, got: width * height },
  );
}

function labelsOf({ cols }: Matrix, given: AuditOptions["labels"]): Audit["data"]["labels"] {
  if (given === undefined) return null;
  if (!Array.isArray(given) || given.length !== cols) {
    throw new AdvnmfError(
      "SHAPE",
      `labels must be a list with one for each of the ${cols} columns of V, got ${Array.isArray(given) ? given.length : show(given)}`,
      { expected: cols, got: Array.isArray(given) ? given.length : given },
    );
  }
  const odd = given.findIndex((label) => typeof label !== "string" && !Number.isFinite(label));
  if (odd >= 0) {
    throw new AdvnmfError("OPTION", `labels must be strings or numbers, got ${show(given[odd])} at ${odd}`, {
      option: "labels",
      column: odd,
      got: given[odd],
    });
  }
  if (new Set(given).size > 1 && cols > 2) return [...given];
  throw new AdvnmfError("OPTION", "labels must be of at least two kinds, and for three columns or more", {
    option: "labels",
  });
}
