// The report: an audit of the matrix, as one page of HTML to keep.

import { type AuditOptions, type AuditProgress, audit, type Engine, renderReport } from "advnmf";
import type { Download, Loss, View } from "../protocol.js";
import type { Data } from "./opening.js";

/** @throws AdvnmfError as `audit`, for entries that are missing and losses that cannot be attacked too. */
export async function makeReport(
  V: Data,
  { rank, loss, seed }: { readonly rank: number; readonly loss: Loss; readonly seed: number },
  view: View,
  engine: Engine,
  signal: AbortSignal,
  tell: (progress: AuditProgress) => void,
): Promise<Download> {
  // Pictures column by column are none to the report, which draws their pixels in order.
  const shape =
    view.kind === "pictures" && view.order === "rows"
      ? { width: view.width, height: V.rows / view.width }
      : undefined;
  const made = await audit(V, {
    rank,
    // A loss that cannot be attacked is refused by the library, in its words.
    loss: loss as NonNullable<AuditOptions["loss"]>,
    seed,
    quick: true,
    ...(shape ? { shape } : {}),
    engine,
    signal,
    onProgress: tell,
  });
  return {
    name: `${V.name.replace(/\.[a-z0-9.]+$/i, "")}-report.html`,
    type: "text/html",
    bytes: new TextEncoder().encode(renderReport(made, { title: V.name })),
  };
}
