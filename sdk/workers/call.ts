// One call of a worker: progress and cancellation go with it, and its failures come back.

import { proxy } from "comlink";
import { AdvnmfError } from "../errors.js";
import type { Progress } from "../types.js";
import type { Answer, LocalProgress } from "./protocol.js";
import { type Thread, workerError } from "./thread.js";
import type { Work } from "./work.js";

/** What a caller may want of a run in another thread. */
export interface Calls {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Number of the last call. */
let numbers = 0;

/**
 * Makes one call of `thread` and waits for its answer.
 *
 * @param start sends the call under the number it is given.
 * @param stop asks the worker to stop that call by a quicker way than a message, where there is one.
 * @throws AdvnmfError what the worker throws; `WORKER` when it dies; what `onProgress` throws.
 */
export async function call<W extends Work>(
  thread: Thread,
  { signal, onProgress }: Calls,
  start: (number: number, onProgress: LocalProgress) => Promise<Answer>,
  stop?: (number: number) => void,
): Promise<Answer<W>> {
  const number = ++numbers;
  let failure: { readonly error: unknown } | undefined;
  const abort = () => {
    stop?.(number);
    void Promise.resolve(thread.api.abort(number)).catch(() => undefined);
  };
  const tell = (progress: Progress) => {
    try {
      if (!failure) onProgress?.(progress);
    } catch (error) {
      failure = { error };
      abort();
    }
  };
  signal?.addEventListener("abort", abort, { once: true });
  // comlink turns the marked callback into its remote form on the way.
  const remote = onProgress && (proxy(tell) as unknown as LocalProgress);
  try {
    const sent = foreseen(start(number, remote));
    if (signal?.aborted) abort();
    const answer = await Promise.race([sent, thread.failed]);
    // A worker answers a problem with a solution of its kind.
    if (!failure) return answer as Answer<W>;
  } catch (error) {
    if (!failure) throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  throw failure.error;
}

/** What a worker rejects with is an error of this package, or means that it cannot go on. */
export async function foreseen<R>(answer: Promise<R>): Promise<R> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AdvnmfError) throw error;
    throw workerError(error instanceof Error ? error.message : String(error));
  }
}
