/// <reference lib="esnext.disposable" preserve="true" />
// The workers of an engine. They compute one problem together, as a team over one memory, or many
// problems apart, each in a memory of its own. None is started before it is needed; an idle one lets
// the process end.

import { AdvnmfError } from "../errors.js";
import type { Numbers } from "../matrix.js";
import { newMemory } from "../platform/memory.js";
import { lackOfThreads } from "../platform/threads.js";
import type { Problem } from "../problem.js";
import type { Solution } from "../solve.js";
import { type Calls, call, foreseen } from "./call.js";
import { Gate } from "./protocol.js";
import { startThread, type Thread } from "./thread.js";
import type { SolutionOf, Work } from "./work.js";

/** A script that has not answered by then never will. */
const START_SECONDS = 20;

/** What became of many problems: their solutions by number, as far as they came, and what ended it early. */
export interface Outcomes {
  readonly solutions: (Solution | undefined)[];
  readonly error: unknown;
}

/** The members that were started, and what they share. */
interface Crew {
  readonly memory: WebAssembly.Memory;
  readonly gate: SharedArrayBuffer;
  readonly threads: Thread[];
  /** Bytes each member holds for problems of its own. */
  readonly ownBytes: number[];
}

export class Pool implements Disposable {
  readonly #module: WebAssembly.Module;
  readonly #script: string | URL | undefined;
  /** Where a task's stop flag lies in it. */
  readonly #stopField: number;
  #crew: Crew | undefined;
  #reason: string | undefined;
  #runs = 0;

  constructor(module: WebAssembly.Module, script: string | URL | undefined, stopField: number) {
    this.#module = module;
    this.#script = script;
    this.#stopField = stopField;
  }

  /** Why there are no threads, where that is known: from the runtime, or from an attempt that failed. */
  get lack(): string | undefined {
    return lackOfThreads() ?? this.#reason;
  }

  /** Workers that have been started. */
  get size(): number {
    return this.#crew?.threads.length ?? 0;
  }

  /** Bytes of WebAssembly memory that the workers hold. */
  get memoryBytes(): number {
    if (!this.#crew) return 0;
    const { memory, ownBytes } = this.#crew;
    return ownBytes.reduce((sum, bytes) => sum + bytes, memory.buffer.byteLength);
  }

  /**
   * Sees to it that there are `count` workers.
   *
   * @returns false where there cannot be any; `lack` then tells why.
   */
  async ready(count: number): Promise<boolean> {
    if (this.lack !== undefined) return false;
    try {
      this.#crew ??= {
        memory: newMemory(),
        gate: new SharedArrayBuffer(Gate.BYTES),
        threads: [],
        ownBytes: [],
      };
      const crew = this.#crew;
      const missing = Array.from({ length: count - crew.threads.length }, () => startThread(this.#script));
      const first = crew.threads.length;
      crew.threads.push(...missing);
      await Promise.all(missing.map((thread, i) => this.#join(crew, thread, first + i)));
      return true;
    } catch (error) {
      this.#letGo();
      this.#reason = `its workers could not be started: ${startFailure(error)}`;
      return false;
    }
  }

  async #join({ memory, gate }: Crew, thread: Thread, member: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const reason = `no answer from worker ${member + 1} in ${START_SECONDS} seconds`;
      timer = setTimeout(() => reject(new Error(reason)), START_SECONDS * 1000);
    });
    thread.keepAlive(true);
    try {
      await Promise.race([thread.api.join(this.#module, { memory, gate, member }), thread.failed, late]);
    } finally {
      clearTimeout(timer);
      thread.keepAlive(false);
    }
  }

  /**
   * Solves one problem on the first `size` workers, which are ready.
   *
   * @throws AdvnmfError what the run throws; `WORKER` when a worker dies, and the next call gets new ones.
   */
  async team<W extends Work>(problem: W, size: number, calls: Calls): Promise<SolutionOf<W>> {
    const { threads, ownBytes, gate, memory } = this.#crew as Crew;
    const door = new Gate(gate);
    const [lead, ...followers] = threads.slice(0, size) as [Thread, ...Thread[]];
    const posted = shareable(problem, new WeakMap());
    const number = ++this.#runs;
    return this.#supervise([lead, ...followers], async () => {
      const answer = call<W>(
        lead,
        calls,
        (id, onProgress) => lead.api.lead(id, posted, size, number, onProgress),
        (id) => {
          door.stop(0, id);
          // The lead sees that after its burst; large problems are stopped in the middle of an iteration.
          const task = door.taskOf(number);
          if (task) Atomics.store(new Int32Array(memory.buffer), (task + this.#stopField) >>> 2, 1);
        },
      );
      const followed = Promise.all(
        followers.map((thread) => foreseen(thread.api.follow(number, problem.dtype))),
      );
      // Whatever the lead answers, the memory is in use until all have left. A lead that is lost lets nobody go.
      const led = answer.then(
        (value) => followed.then(() => value),
        (error) => (isLoss(error) ? Promise.reject(error) : followed.then(() => Promise.reject(error))),
      );
      const { solution, memoryBytes } = await Promise.race([led, followed.then(() => led)]);
      ownBytes[0] = memoryBytes;
      return solution;
    });
  }

  /**
   * Solves problems 0 … count − 1 on the first `size` workers, which are ready: each takes the next problem
   * when it has done one. An error ends the others.
   */
  async apart(
    count: number,
    size: number,
    problemOf: (index: number) => Problem,
    { signal, onProgress }: Calls,
    onSolved?: (index: number, solution: Solution) => void,
  ): Promise<Outcomes> {
    const { threads, ownBytes, gate } = this.#crew as Crew;
    const door = new Gate(gate);
    const solutions: (Solution | undefined)[] = Array.from({ length: count }, () => undefined);
    // Problems over the same V share one copy of it.
    const copies: Copies = new WeakMap();
    const stop = new AbortController();
    const abort = () => stop.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    let error: unknown;
    let next = 0;
    const work = async (thread: Thread, member: number) => {
      // The first is begun in any case, so that there is a result so far.
      while (next < count && (next === 0 || !stop.signal.aborted)) {
        const index = next++;
        try {
          const posted = shareable(problemOf(index), copies);
          const calls = { signal: stop.signal, onProgress };
          const answer = await call<Problem>(
            thread,
            calls,
            (id, remote) => thread.api.solve(id, posted, remote),
            (id) => door.stop(member, id),
          );
          solutions[index] = answer.solution;
          ownBytes[member] = answer.memoryBytes;
          onSolved?.(index, answer.solution);
        } catch (thrown) {
          if (thrown instanceof AdvnmfError && thrown.best) solutions[index] = thrown.best as Solution;
          error ??= thrown;
          stop.abort();
          if (isLoss(thrown)) throw thrown;
        }
      }
    };
    const working = threads.slice(0, Math.min(size, count));
    try {
      await this.#supervise(working, () => Promise.all(working.map(work)));
    } catch (thrown) {
      error ??= thrown;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    return { solutions, error };
  }

  /** Does `job` on `threads`; when one of them is lost, all are let go of. */
  async #supervise<R>(threads: readonly Thread[], job: () => Promise<R>): Promise<R> {
    for (const thread of threads) thread.keepAlive(true);
    try {
      return await Promise.race([job(), ...threads.map(({ failed }) => failed)]);
    } catch (error) {
      if (isLoss(error)) this.#letGo();
      throw error;
    } finally {
      for (const thread of threads) thread.keepAlive(false);
    }
  }

  /** Ends the workers; their memory goes with them, so that nothing they leave half done is met again. */
  #letGo(): void {
    for (const thread of this.#crew?.threads ?? []) thread.terminate();
    this.#crew = undefined;
  }

  [Symbol.dispose](): void {
    this.#letGo();
  }
}

/** Why a worker did not start, and what can be done about it. */
function startFailure(error: unknown): string {
  if (!(error instanceof AdvnmfError) || error.code !== "WORKER") {
    return error instanceof Error ? error.message : String(error);
  }
  const { url, reason } = error.details;
  return `${url}: ${reason} (createEngine({ worker }) names another address)`;
}

/** Whether a worker cannot go on. */
function isLoss(error: unknown): boolean {
  return error instanceof AdvnmfError && error.code === "WORKER";
}

/** Arrays of the caller's, and their copies that workers can read. */
type Copies = WeakMap<Numbers | Uint8Array, Numbers | Uint8Array>;

/** The problem with V and mask where workers read them without a copy each. */
function shareable<W extends Work>(problem: W, copies: Copies): W {
  if (!("V" in problem)) return problem;
  const { V, mask } = problem;
  return {
    ...problem,
    V: { rows: V.rows, cols: V.cols, data: shared(V.data, copies) },
    mask: mask === undefined ? undefined : shared(mask as Numbers | Uint8Array, copies),
  };
}

function shared<A extends Numbers | Uint8Array>(data: A, copies: Copies): A {
  if (data.buffer instanceof SharedArrayBuffer) return data;
  const known = copies.get(data);
  if (known) return known as A;
  const Type = data.constructor as new (buffer: SharedArrayBuffer) => A;
  try {
    const copy = new Type(new SharedArrayBuffer(data.byteLength));
    copy.set(data);
    copies.set(data, copy);
    return copy;
  } catch (cause) {
    throw new AdvnmfError(
      "MEMORY",
      `the host refused ${data.byteLength} bytes to share V with its threads; use threads: 1, or a part of the matrix`,
      { needed: data.byteLength },
      { cause },
    );
  }
}
