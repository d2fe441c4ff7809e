// The studio's worker: everything but drawing. It holds the matrix, its factorization and the attacks on it.

import { type AuditProgress, createEngine, type Engine, info, type NmfResult, sha256 } from "advnmf";
import { encodeCsv } from "advnmf/io";
import { expose } from "comlink";
import type {
  Attacked,
  AttackProgress,
  AttackSettings,
  Download,
  FitProgress,
  FitSettings,
  Fitted,
  Loss,
  Outcome,
  Reading,
  StudioApi,
  View,
  Wanted,
} from "../protocol.js";
import { climb, drawLadder, type Ladder, tellLadder } from "./attacking.js";
import { drawTogether, topRows } from "./drawing.js";
import { type Fit, runFit } from "./fitting.js";
import { type Data, describe, openData } from "./opening.js";
import { outcome } from "./outcome.js";
import { makeReport } from "./reporting.js";

let engine: Promise<Engine> | undefined;
let stop = new AbortController();
let data: Data | undefined;
let fitted: { readonly result: NmfResult; readonly loss: Loss; readonly seed: number } | undefined;
let ladder: Ladder | undefined;

/** The engine, made when it is first needed; one that could not be made is tried again. */
function ready(): Promise<Engine> {
  engine ??= createEngine().catch((error) => {
    engine = undefined;
    throw error;
  });
  return engine;
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`There is no ${what} at hand any more; factorize again.`);
  return value;
}

/** A new run's signal; one that is under way is stopped. */
function begin(): AbortSignal {
  stop.abort();
  stop = new AbortController();
  return stop.signal;
}

async function tellFit(V: Data, { result, cancelled, hidden }: Fit, view: View): Promise<Fitted> {
  const { W, H, loss, relativeError, iterations, converged, seconds, threads, history, warnings } = result;
  return {
    rank: W.cols,
    loss,
    relativeError,
    iterations,
    converged,
    cancelled,
    seconds,
    threads,
    history: history.map((entry) => [entry.iteration, entry.loss] as const),
    warnings,
    sha256: { W: await sha256(W), H: await sha256(H) },
    ...(hidden ? { hidden } : {}),
    drawings: drawTogether([W], view)[0] as Fitted["drawings"],
    tops: topRows(W, V.rowNames),
  };
}

function fileOf(wanted: Wanted): Download {
  const V = present(data, "matrix");
  const base = V.name.replace(/\.[a-z0-9.]+$/i, "");
  const csv = (name: string, matrix: Parameters<typeof encodeCsv>[0]): Download => ({
    name: `${base}-${name}.csv`,
    type: "text/csv",
    bytes: encodeCsv(matrix),
  });
  const { rowNames, colNames } = V;
  const names = { ...(rowNames ? { rowNames } : {}), ...(colNames ? { colNames } : {}) };
  if (wanted.kind === "perturbed") {
    const { epsilon, perturbed } = present(ladder?.attacks.results[wanted.rung - 1], "attack");
    return csv(`perturbed-${epsilon}`, { ...perturbed, ...names });
  }
  const { W, H } = present(fitted, "factorization").result;
  const features = Array.from({ length: W.cols }, (_, feature) => `feature ${feature + 1}`);
  return wanted.kind === "W"
    ? csv("W", { ...W, ...(rowNames ? { rowNames } : {}), colNames: features })
    : csv("H", { ...H, rowNames: features, ...(colNames ? { colNames } : {}) });
}

const api: StudioApi = {
  environment: () =>
    outcome("form", async () => {
      const { version, threads, threadsReason } = await info(await ready());
      return { version, threads, threadsReason };
    }),

  open: (reading: Reading) =>
    outcome("files", async () => {
      begin();
      data = fitted = ladder = undefined;
      data = await openData(reading, await ready());
      return describe(data);
    }),

  factorize: (settings: FitSettings, view: View, tell: (progress: FitProgress) => void) =>
    outcome("form", async () => {
      const signal = begin();
      const V = present(data, "matrix");
      fitted = ladder = undefined;
      const found = await runFit(V, settings, await ready(), signal, tell);
      fitted = { result: found.result, loss: settings.loss, seed: settings.seed };
      return tellFit(V, found, view);
    }),

  attack: (
    settings: AttackSettings,
    view: View,
    tell: (progress: AttackProgress) => void,
  ): Promise<Outcome<Attacked>> =>
    outcome("form", async () => {
      const signal = begin();
      const V = present(data, "matrix");
      const { result, loss } = present(fitted, "factorization");
      ladder = undefined;
      const used = await ready();
      const { threads } = await info(used);
      ladder = await climb(V, result, loss, settings, used, threads, signal, tell);
      return tellLadder(ladder, view);
    }),

  redraw: (view: View) =>
    outcome("form", () => {
      const [drawn] = drawTogether([present(fitted, "factorization").result.W], view);
      return { fit: drawn as Fitted["drawings"], attacked: ladder ? drawLadder(ladder, view) : [] };
    }),

  file: (wanted: Wanted) => outcome("form", () => fileOf(wanted)),

  report: (view: View, tell: (progress: AuditProgress) => void) =>
    outcome("form", async () => {
      const signal = begin();
      const V = present(data, "matrix");
      const { result, loss, seed } = present(fitted, "factorization");
      return makeReport(V, { rank: result.W.cols, loss, seed }, view, await ready(), signal, tell);
    }),

  cancel: () => stop.abort(),
};

expose(api);
