// fit.json: everything that it takes to know, and to repeat, what was computed.

import {
  type Dtype,
  type HistoryEntry,
  type LossOption,
  type NmfOptions,
  type NmfResult,
  type RestartResult,
  type SolverOption,
  type StopReason,
  sha256,
} from "../index.js";
import { type FileMatrix, readMatrix, type Stacking } from "../io/index.js";
import type { FileNames } from "./factor-files.js";
import { EXIT, Failure, reading } from "./failure.js";
import type { Input, InputFlags } from "./input.js";

/** The options of `factorize` that decide the result, as they come from the command line. */
export interface FitFlags extends InputFlags {
  readonly rank?: number;
  readonly loss: LossOption;
  readonly solver: SolverOption;
  readonly init: "random" | "half-normal" | "nndsvd" | "nndsvda";
  readonly initW?: string;
  readonly initH?: string;
  readonly seed: number;
  readonly restarts: number;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly stopping: "decrease" | "kkt";
  readonly mask?: string;
  readonly missing?: "ignore" | "zero-fill";
  readonly l1W: number;
  readonly l1H: number;
  readonly l2W: number;
  readonly l2H: number;
  readonly order: "WH" | "HW";
  readonly epsilon: number;
  readonly innerSweeps?: number | "auto";
  readonly extrapolate?: boolean;
  readonly threads?: number;
}

/** Flags with the rank they came down to. */
export type RankedFlags = FitFlags & { readonly rank: number };

/** The content of fit.json. */
export interface FitRecord {
  readonly input: {
    readonly kind: Input["kind"];
    readonly name: string;
    readonly format: string | null;
    readonly variable: string | null;
    readonly rows: number;
    readonly cols: number;
    readonly image: { width: number; height: number; stacking: Stacking | "none"; count: number } | null;
    /** Of V's numbers as they were factorized. */
    readonly sha256: string;
  };
  /** Every option as it was in force; null = none given. */
  readonly options: {
    readonly rank: number;
    readonly loss: LossOption;
    readonly solver: Exclude<SolverOption, "auto">;
    readonly init: string | { readonly W: string; readonly H: string };
    readonly seed: number;
    readonly restarts: number;
    readonly maxIterations: number;
    readonly tolerance: number;
    readonly stopping: string;
    readonly mask: string | null;
    readonly missing: string | null;
    readonly l1W: number;
    readonly l1H: number;
    readonly l2W: number;
    readonly l2H: number;
    readonly order: string;
    readonly epsilon: number;
    readonly innerSweeps: number | "auto" | null;
    readonly extrapolate: boolean | null;
    readonly dtype: Dtype;
  };
  readonly seed: number;
  readonly loss: number;
  readonly relativeError: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly reason: StopReason;
  readonly cauchyScale: number | null;
  readonly sha256: { readonly W: string; readonly H: string };
  readonly seconds: number;
  readonly peakBytes: number;
  readonly threads: number;
  readonly versions: { readonly advnmf: string; readonly runtime: string };
  readonly warnings: readonly string[];
  readonly files: FileNames;
  readonly restarts: readonly RestartResult[];
  readonly history: readonly HistoryEntry[];
}

/** Flags as the options of `nmf`; files that they name are read. */
export async function nmfOptions(flags: RankedFlags, signal: AbortSignal): Promise<NmfOptions> {
  const { initW, initH, missing, innerSweeps, extrapolate, threads } = flags;
  if ((initW === undefined) !== (initH === undefined)) {
    throw new Failure(EXIT.usage, "USAGE", "--init-w and --init-h belong together: give both or none");
  }
  const read = (path: string): Promise<FileMatrix> => reading(() => readMatrix(path, { signal }));
  return {
    rank: flags.rank,
    loss: flags.loss,
    solver: flags.solver,
    init:
      initW !== undefined && initH !== undefined
        ? { W: await read(initW), H: await read(initH) }
        : flags.init,
    seed: flags.seed,
    restarts: flags.restarts,
    maxIterations: flags.maxIterations,
    tolerance: flags.tolerance,
    stopping: flags.stopping,
    ...(flags.mask === undefined ? {} : { mask: await read(flags.mask) }),
    ...(missing === undefined ? {} : { missing }),
    l1W: flags.l1W,
    l1H: flags.l1H,
    l2W: flags.l2W,
    l2H: flags.l2H,
    order: flags.order,
    epsilon: flags.epsilon,
    ...(innerSweeps === undefined ? {} : { innerSweeps }),
    ...(extrapolate === undefined ? {} : { extrapolate }),
    ...(threads === undefined ? {} : { threads }),
  };
}

/** Puts fit.json together. */
export async function fitRecord(
  input: Input,
  flags: RankedFlags,
  result: NmfResult,
  { versions, files }: Pick<FitRecord, "versions" | "files">,
): Promise<FitRecord> {
  const { W, H, loss, relativeError, iterations, converged, reason, seed, seconds, peakBytes } = result;
  return {
    input: await describeInput(input),
    options: resolvedOptions(flags, result),
    seed,
    loss,
    relativeError,
    iterations,
    converged,
    reason,
    cauchyScale: result.cauchyScale ?? null,
    sha256: { W: await sha256(W), H: await sha256(H) },
    seconds,
    peakBytes,
    threads: result.threads,
    versions,
    warnings: result.warnings,
    files,
    restarts: result.restarts,
    history: result.history,
  };
}

/** What fit.json says of the input. */
export async function describeInput({ kind, name, matrix, facts }: Input): Promise<FitRecord["input"]> {
  const { rows, cols, image } = matrix;
  const picture = image
    ? {
        width: image.width,
        height: image.height,
        stacking: image.stacking,
        count: { none: 1, rows, columns: cols }[image.stacking],
      }
    : facts?.image
      ? { ...facts.image, stacking: "columns" as const, count: cols }
      : null;
  return {
    kind,
    name,
    format: matrix.format ?? null,
    variable: matrix.variable ?? null,
    rows,
    cols,
    image: picture,
    sha256: await sha256(matrix),
  };
}

function resolvedOptions(flags: RankedFlags, { W }: NmfResult): FitRecord["options"] {
  const { loss, initW, initH, mask } = flags;
  const beta = typeof loss === "object" && "beta" in loss ? loss.beta : undefined;
  const automatic = flags.solver === "auto";
  let solver = flags.solver === "auto" ? "mu" : flags.solver;
  if (automatic && (loss === "frobenius" || beta === 2)) solver = "hals";
  if (automatic && (loss === "kullback-leibler" || beta === 1)) solver = "newton";
  const descent = solver !== "mu";
  return {
    rank: flags.rank,
    loss,
    solver,
    init: initW !== undefined && initH !== undefined ? { W: initW, H: initH } : flags.init,
    seed: flags.seed,
    restarts: flags.restarts,
    maxIterations: flags.maxIterations,
    tolerance: flags.tolerance,
    stopping: flags.stopping,
    mask: mask ?? null,
    missing: flags.missing ?? (mask === undefined ? null : "ignore"),
    l1W: flags.l1W,
    l1H: flags.l1H,
    l2W: flags.l2W,
    l2H: flags.l2H,
    order: flags.order,
    epsilon: flags.epsilon,
    // What "auto" stands for, so that naming these gives the same run.
    innerSweeps: descent ? (flags.innerSweeps ?? (automatic ? "auto" : 1)) : null,
    extrapolate: descent ? (flags.extrapolate ?? automatic) : null,
    dtype: W.data instanceof Float32Array ? "f32" : "f64",
  };
}
