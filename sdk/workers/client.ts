/// <reference lib="esnext.disposable" preserve="true" />
// One worker for one caller: factorizations in another thread, one at a time.

import { anmfProblem, anmfResult } from "../anmf.js";
import { atnmfProblem, atnmfResult } from "../atnmf.js";
import { AdvnmfError } from "../errors.js";
import type { MatrixLike } from "../matrix.js";
import { nmfResult } from "../nmf.js";
import { checkOptions } from "../options.js";
import { compile, type WasmSource } from "../platform/load.js";
import { nmfProblem, type Problem, transformProblem } from "../problem.js";
import { abortedBefore, type Solution, shaped } from "../solve.js";
import { transformResult } from "../transform.js";
import type {
  AnmfOptions,
  AnmfResult,
  AtnmfOptions,
  AtnmfResult,
  NmfOptions,
  NmfResult,
  TransformOptions,
  TransformResult,
} from "../types.js";
import { type Calls, call } from "./call.js";
import { startThread } from "./thread.js";

/** Options of {@link createWorker}. */
export interface WorkerOptions {
  /** The worker script; default: the one beside the built files (`advnmf/worker`). */
  readonly url?: string | URL;
  /** The WebAssembly module; default: `advnmf.wasm` beside the built files. */
  readonly wasm?: WasmSource;
}

/** `nmf`, `atnmf`, `anmf` and `transform` in another thread: the same arguments, results and errors, the same bits. */
export interface RemoteSolver extends Disposable {
  /** As the function of that name; throws what it throws, and `WORKER` when the worker dies. */
  nmf(V: MatrixLike, options: Omit<NmfOptions, "engine" | "threads">): Promise<NmfResult>;
  /** As the function of that name, with one λ; throws what it throws, and `WORKER` when the worker dies. */
  atnmf(V: MatrixLike, options: Omit<AtnmfOptions, "engine" | "threads">): Promise<AtnmfResult>;
  /** As the function of that name; throws what it throws, and `WORKER` when the worker dies. */
  anmf(V: MatrixLike, options: Omit<AnmfOptions, "engine" | "threads">): Promise<AnmfResult>;
  /** As the function of that name; throws what it throws, and `WORKER` when the worker dies. */
  transform(
    V: MatrixLike,
    W: MatrixLike,
    options?: Omit<TransformOptions, "engine" | "threads">,
  ): Promise<TransformResult>;
}

/**
 * Starts one worker that computes in another thread, one thread a problem, so that a page stays responsive
 * also where `threads` cannot be had. It ends with `[Symbol.dispose]()`; in Node an idle one lets the
 * process end.
 *
 * @throws AdvnmfError `UNSUPPORTED` where there are no workers, `OPTION` for an unknown option. Calls
 *   throw what `nmf` and `transform` throw, and `WORKER` when the worker dies.
 */
export function createWorker(options: WorkerOptions = {}): RemoteSolver {
  checkOptions(options, ["url", "wasm"], "createWorker");
  const thread = startThread(options.url);
  let joined: Promise<void> | undefined;

  async function solve<R>(problem: Problem, calls: Calls, shape: (solution: Solution) => R): Promise<R> {
    if (calls.signal?.aborted) throw abortedBefore(calls.signal);
    thread.keepAlive(true);
    try {
      joined ??= compile(options.wasm).then((module) => thread.api.join(module));
      await Promise.race([joined, thread.failed]);
      const answer = call<Problem>(thread, calls, (number, onProgress) =>
        thread.api.solve(number, problem, onProgress),
      );
      return await shaped(
        answer.then(({ solution }) => solution),
        shape,
        calls.signal,
      );
    } finally {
      thread.keepAlive(false);
    }
  }

  const solver: RemoteSolver = {
    async nmf(V, options) {
      refuseOwnThreads(options);
      const shape = (solution: Solution) =>
        nmfResult(solution, options, (V2, W, own) => solver.transform(V2, W, own));
      return solve(nmfProblem(V, options), options, shape);
    },
    async atnmf(V, options) {
      refuseOwnThreads(options);
      const problem = atnmfProblem(V, options);
      const shape = (solution: Solution) =>
        atnmfResult(solution, problem, options, (V2, W, own) => solver.transform(V2, W, own));
      return solve(problem, options, shape);
    },
    async anmf(V, options) {
      refuseOwnThreads(options);
      const shape = (solution: Solution) =>
        anmfResult(solution, options, (V2, W, own) => solver.transform(V2, W, own));
      return solve(anmfProblem(V, options), options, shape);
    },
    async transform(V, W, options = {}) {
      refuseOwnThreads(options);
      return solve(transformProblem(V, W, options), options, transformResult);
    },
    [Symbol.dispose]: () => thread.terminate(),
  };
  return solver;
}

function refuseOwnThreads(options: object): void {
  for (const option of ["engine", "threads"]) {
    if ((options as Record<string, unknown>)[option] === undefined) continue;
    throw new AdvnmfError(
      "OPTION",
      `a worker of createWorker computes in its own one thread, and takes no ${option}; call nmf or transform themselves`,
      { option },
    );
  }
}
