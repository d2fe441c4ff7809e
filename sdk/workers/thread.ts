// One worker, started in any runtime, from the caller's side.

import { type Remote, wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { AdvnmfError } from "../errors.js";
import { hasWorkers, workerThreads } from "../platform/threads.js";
import { keepErrors, type WorkerApi } from "./protocol.js";

/** A worker of this package. */
export interface Thread {
  readonly api: Remote<WorkerApi>;
  /** A call begins or ends: while one is running it keeps the process alive, an idle worker does not. */
  keepAlive(more: boolean): void;
  terminate(): void;
  /** Rejects with `WORKER` when the worker fails or ends. */
  readonly failed: Promise<never>;
}

/** The worker script beside the built files. */
function besideThisFile(): URL {
  return new URL("./worker.js", import.meta.url);
}

/**
 * Starts a worker.
 *
 * @param script default: the one beside the built files.
 * @throws AdvnmfError `UNSUPPORTED` where there are no workers.
 */
export function startThread(script?: string | URL): Thread {
  if (!hasWorkers()) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      "this runtime has no workers; use nmf or nmfSync on the calling thread",
    );
  }
  keepErrors();
  const url = script === undefined ? besideThisFile() : new URL(script);
  const threads = workerThreads();
  return threads ? nodeThread(url, threads) : webThread(url);
}

function webThread(url: URL): Thread {
  const worker = new Worker(url, { type: "module" });
  const { failed, fail } = failure(url);
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message || "its script could not be loaded");
  };
  const terminate = () => {
    worker.terminate();
    fail(ENDED);
  };
  return { api: wrap<WorkerApi>(worker), keepAlive() {}, terminate, failed };
}

function nodeThread(url: URL, threads: typeof import("node:worker_threads")): Thread {
  // The script needs none of the process's own flags, and does not start with some (--input-type).
  const worker = new threads.Worker(url, { execArgv: [] });
  const { failed, fail } = failure(url);
  worker.unref();
  worker.once("error", (error: Error) => fail(error.message));
  worker.once("exit", (code) => fail(`it ended with code ${code}`));
  const terminate = () => {
    fail(ENDED);
    void worker.terminate();
  };
  let busy = 0;
  const keepAlive = (more: boolean) => {
    busy += more ? 1 : -1;
    if (busy > 0) worker.ref();
    else worker.unref();
  };
  return { api: wrap<WorkerApi>(nodeEndpoint(worker)), keepAlive, terminate, failed };
}

const ENDED = "it was ended";

function failure(url: URL): { failed: Promise<never>; fail: (reason: string) => void } {
  let reject: (error: AdvnmfError) => void = () => undefined;
  const failed = new Promise<never>((_, rejecting) => {
    reject = rejecting;
  });
  // Whoever waits hears of it; when nobody does, it is no unhandled rejection.
  failed.catch(() => undefined);
  return { failed, fail: (reason) => reject(workerError(reason, { url: url.href })) };
}

/** A worker did what it should not: it died, or threw something that is no error of this package. */
export function workerError(reason: string, details: Record<string, unknown> = {}): AdvnmfError {
  return new AdvnmfError("WORKER", `a worker failed: ${reason}; call again for a new one`, {
    reason,
    ...details,
  });
}
