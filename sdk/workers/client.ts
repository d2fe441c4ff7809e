/// <reference lib="esnext.disposable" preserve="true" />
// The caller's side of a worker.

import { proxy, type Remote, wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { AdvnmfError } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import { nmfResult } from "../nmf.js";
import { checkOptions } from "../options.js";
import type { Solution } from "../solve.js";
import { transformResult } from "../transform.js";
import type { NmfOptions, NmfResult, Progress, TransformOptions, TransformResult } from "../types.js";
import { keepErrors, type RemoteProgress, type WorkerApi } from "./protocol.js";

/** Options of {@link createWorker}. */
export interface WorkerOptions {
  /** The worker script; default: the one beside the built files (`advnmf/worker`). */
  readonly url?: string | URL;
}

/** `nmf` and `transform` in another thread: the same arguments, results and errors, the same bits. */
export interface RemoteSolver extends Disposable {
  /** As the function of that name; throws what it throws, and `WORKER` when the worker dies. */
  nmf(V: MatrixLike, options: Omit<NmfOptions, "engine">): Promise<NmfResult>;
  /** As the function of that name; throws what it throws, and `WORKER` when the worker dies. */
  transform(
    V: MatrixLike,
    W: MatrixLike,
    options?: Omit<TransformOptions, "engine">,
  ): Promise<TransformResult>;
}

interface Thread {
  readonly api: Remote<WorkerApi>;
  /** Called with true while calls are running: they keep the process alive, an idle worker does not. */
  keepAlive(busy: boolean): void;
  terminate(): void;
  /** Rejects when the worker fails or ends. */
  readonly failed: Promise<never>;
}

function webThread(url: URL): Thread {
  const worker = new Worker(url, { type: "module" });
  const failed = new Promise<never>((_, reject) => {
    worker.onerror = (event) => reject(broken(url, event.message || "it could not be started"));
  });
  return { api: wrap<WorkerApi>(worker), keepAlive() {}, terminate: () => worker.terminate(), failed };
}

function nodeThread(url: URL, threads: typeof import("node:worker_threads")): Thread {
  const worker = new threads.Worker(url);
  worker.unref();
  const failed = new Promise<never>((_, reject) => {
    worker.once("error", (error: Error) => reject(broken(url, error.message)));
    worker.once("exit", (code) => reject(broken(url, `it ended with code ${code}`)));
  });
  return {
    api: wrap<WorkerApi>(nodeEndpoint(worker)),
    keepAlive: (busy) => (busy ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
    failed,
  };
}

function broken(url: URL, reason: string): AdvnmfError {
  return new AdvnmfError(
    "WORKER",
    `the worker ${url.href} failed: ${reason}; make a new one with createWorker()`,
    {
      url: url.href,
    },
  );
}

/**
 * Starts a worker that computes in another thread, so that a page or server stays responsive. It ends
 * with `[Symbol.dispose]()`; in Node an idle one lets the process end.
 *
 * @throws AdvnmfError `UNSUPPORTED` where there are no workers, `OPTION` for an unknown option. Calls
 *   throw what `nmf` and `transform` throw, and `WORKER` when the worker dies.
 */
export function createWorker(options: WorkerOptions = {}): RemoteSolver {
  checkOptions(options, ["url"], "createWorker");
  keepErrors();
  const url = options.url === undefined ? new URL("./worker.js", import.meta.url) : new URL(options.url);
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (typeof Worker !== "function" && !threads) {
    throw new AdvnmfError(
      "UNSUPPORTED",
      "this runtime has no workers; use nmf or nmfSync on the calling thread",
    );
  }
  const thread = typeof Worker === "function" ? webThread(url) : nodeThread(url, threads!);
  thread.failed.catch(() => undefined);
  let calls = 0;
  let active = 0;

  async function call(
    start: (number: number, onProgress: RemoteProgress | undefined) => Promise<Solution>,
    signal: AbortSignal | undefined,
    onProgress: ((progress: Progress) => void) | undefined,
    shape: (solution: Solution) => unknown,
  ): Promise<Solution> {
    if (signal?.aborted)
      throw new AdvnmfError("ABORTED", "aborted before it began", {}, { cause: signal.reason });
    const number = calls++;
    const abort = () => void thread.api.abort(number);
    signal?.addEventListener("abort", abort, { once: true });
    if (active++ === 0) thread.keepAlive(true);
    try {
      // comlink turns the marked callback into its remote form on the way.
      const remote = onProgress && (proxy(onProgress) as unknown as RemoteProgress);
      return await Promise.race([start(number, remote), thread.failed]);
    } catch (error) {
      if (!(error instanceof AdvnmfError) || error.best === undefined) throw error;
      const best = shape(error.best as Solution);
      throw new AdvnmfError(error.code, error.message, { ...error.details }, { cause: signal?.reason, best });
    } finally {
      signal?.removeEventListener("abort", abort);
      if (--active === 0) thread.keepAlive(false);
    }
  }

  const solver: RemoteSolver = {
    async nmf(V, given) {
      const { signal, onProgress, ...posted } = given;
      const shape = (solution: Solution) =>
        nmfResult(solution, given, (V2, W, own) => solver.transform(V2, W, own));
      const start = (n: number, remote?: RemoteProgress) => thread.api.nmf(n, V, posted, remote as never);
      return shape(await call(start, signal, onProgress, shape));
    },
    async transform(V, W, given = {}) {
      const { signal, onProgress, ...posted } = given;
      const start = (n: number, remote?: RemoteProgress) =>
        thread.api.transform(n, V, W, posted, remote as never);
      return transformResult(await call(start, signal, onProgress, transformResult));
    },
    [Symbol.dispose]: () => thread.terminate(),
  };
  return solver;
}
