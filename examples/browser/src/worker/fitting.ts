// One factorization as the page wants it: progress while it runs, and what there is so far when it is cancelled.

import {
  AdvnmfError,
  type Engine,
  hideEntries,
  type Matrix,
  type NmfOptions,
  type NmfResult,
  nmf,
} from "advnmf";
import type { FitProgress, FitSettings } from "../protocol.js";
import { type Data, readFiles } from "./opening.js";

/** A result, whole or so far. */
export interface Fit {
  readonly result: NmfResult;
  readonly cancelled: boolean;
  readonly hidden?: { readonly count: number; readonly rmse: number };
}

type Masked = Pick<NmfOptions, "mask" | "missing"> & { readonly hidden?: readonly number[] };

/** @throws AdvnmfError as `nmf`; `ABORTED` when it was cancelled before there was a result. */
export async function runFit(
  V: Data,
  settings: FitSettings,
  engine: Engine,
  signal: AbortSignal,
  tell: (progress: FitProgress) => void,
): Promise<Fit> {
  const { hidden, ...masked } = await maskOf(V, settings, engine);
  const { rank, loss, seed, iterations, starts } = settings;
  const options: NmfOptions = {
    rank,
    loss,
    seed,
    restarts: starts,
    maxIterations: iterations,
    ...masked,
    engine,
    signal,
    onProgress: ({ iteration, maxIterations, restart, restarts, loss: now }) =>
      tell({ iteration, maxIterations, start: restart, starts: restarts, loss: now }),
  };
  const { result, cancelled } = await soFar(nmf(V, options));
  return {
    result,
    cancelled,
    ...(hidden ? { hidden: { count: hidden.length, rmse: errorOn(V, result, hidden) } } : {}),
  };
}

async function soFar(running: Promise<NmfResult>): Promise<{ result: NmfResult; cancelled: boolean }> {
  try {
    return { result: await running, cancelled: false };
  } catch (error) {
    if (!(error instanceof AdvnmfError && error.code === "ABORTED" && error.best)) throw error;
    return { result: error.best as NmfResult, cancelled: true };
  }
}

async function maskOf(V: Data, { mask, seed }: FitSettings, engine: Engine): Promise<Masked> {
  switch (mask.kind) {
    case "none":
      return {};
    case "nan":
      return { missing: "ignore" };
    case "hide": {
      const hiding = await hideEntries(V, { fraction: mask.fraction, seed, engine });
      return { mask: hiding.mask, hidden: hiding.hidden };
    }
    case "file":
      if (mask.files.length === 0) {
        throw new AdvnmfError("OPTION", "choose the file of the mask: 0 is missing, 1 observed, like V", {
          option: "mask",
        });
      }
      return { mask: await readFiles(mask.files) };
  }
}

/** Root mean square error of W·H on some entries. */
function errorOn(V: Matrix, { W, H }: NmfResult, entries: readonly number[]): number {
  let sum = 0;
  for (const at of entries) {
    const i = Math.floor(at / V.cols);
    const j = at % V.cols;
    let product = 0;
    for (let a = 0; a < W.cols; a++) {
      product += (W.data[i * W.cols + a] as number) * (H.data[a * H.cols + j] as number);
    }
    sum += ((V.data[at] as number) - product) ** 2;
  }
  return Math.sqrt(sum / entries.length);
}
