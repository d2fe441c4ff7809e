// What passes between a caller and a worker, through comlink.

import { type ProxyMarked, type Remote, transferHandlers } from "comlink";
import { AdvnmfError, type ErrorCode } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import type { Solution } from "../solve.js";
import type { NmfOptions, Progress, TransformOptions } from "../types.js";

/** Options that can be posted: those that are not functions, signals or engines. */
export type Posted<O> = Omit<O, "signal" | "onProgress" | "engine">;

/** A progress callback as the worker sees it: in the other thread. */
export type RemoteProgress = Remote<((progress: Progress) => void) & ProxyMarked>;

/** What a worker offers. `call` numbers the calls, so that `abort` can name one. */
export interface WorkerApi {
  nmf(
    call: number,
    V: MatrixLike,
    options: Posted<NmfOptions>,
    onProgress?: RemoteProgress,
  ): Promise<Solution>;
  transform(
    call: number,
    V: MatrixLike,
    W: MatrixLike,
    options: Posted<TransformOptions>,
    onProgress?: RemoteProgress,
  ): Promise<Solution>;
  abort(call: number): void;
}

interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Record<string, unknown>;
  readonly best: unknown;
}

let installed = false;

/**
 * comlink keeps only name, message and stack of an error; this keeps class, code, details and the best
 * result so far. Both sides call it before the first message.
 */
export function keepErrors(): void {
  if (installed) return;
  installed = true;
  const usual = transferHandlers.get("throw");
  if (!usual) return;
  type Thrown = { value: unknown };
  transferHandlers.set("throw", {
    canHandle: usual.canHandle,
    serialize(thrown) {
      const { value } = thrown as Thrown;
      if (!(value instanceof AdvnmfError)) return usual.serialize(thrown);
      const { code, message, details, best } = value;
      return [{ advnmf: { code, message, details: plain(details), best } }, []];
    },
    deserialize(record: { advnmf?: ErrorRecord }) {
      if (!record.advnmf) return usual.deserialize(record);
      const { code, message, details, best } = record.advnmf;
      throw new AdvnmfError(code, message, details, best === undefined ? {} : { best });
    },
  });
}

/** Details without what cannot be posted. */
function plain(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => typeof value !== "function"));
}
