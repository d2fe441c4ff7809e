// What passes between a caller and its workers, through comlink.

import { type ProxyMarked, type Remote, transferHandlers } from "comlink";
import type { Dtype } from "../engine.js";
import { AdvnmfError, type ErrorCode } from "../errors.js";
import { MOST_THREADS } from "../problem.js";
import type { Progress } from "../types.js";
import type { SolutionOf, Work } from "./work.js";

/** A progress callback as the worker sees it: in the other thread. */
export type RemoteProgress = Remote<((progress: Progress) => void) & ProxyMarked>;

/** A worker's place in a team: the memory that all members share, and its number in it. */
export interface Place {
  readonly memory: WebAssembly.Memory;
  /** See {@link Gate}. */
  readonly gate: SharedArrayBuffer;
  /** 0 leads. */
  readonly member: number;
}

/** A solution, and the bytes of memory that the worker holds for problems of its own. */
export interface Answer<W extends Work = Work> {
  readonly solution: SolutionOf<W>;
  readonly memoryBytes: number;
}

/** What a worker offers. `call` numbers the calls, so that `abort` can name one. */
export interface WorkerApi {
  /** The first message: what to compute with, and where in a team. */
  join(module: WebAssembly.Module, place?: Place): void;
  /** Solves a problem alone, in a memory of its own. */
  solve(call: number, problem: Work, onProgress?: RemoteProgress): Promise<Answer>;
  /** Solves a problem as the first of a team of `size`, whose others are told to follow at the same time. */
  lead(call: number, problem: Work, size: number, run: number, onProgress?: RemoteProgress): Promise<Answer>;
  /** Takes part in run number `run`, from its start to its end. */
  follow(run: number, dtype: Dtype): void;
  abort(call: number): void;
}

/** A progress callback as the caller passes it, marked for the way. */
export type LocalProgress = Parameters<Remote<WorkerApi>["solve"]>[2];

/**
 * What caller and workers tell each other without a message, in i32 cells that all of them see: the number
 * of the run that is open to followers; the address of its task, 0 when there is nothing to follow; and, for
 * each member, the number of the call that it is to stop, which a busy worker sees before its messages.
 */
export class Gate {
  readonly #cells: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new Int32Array(buffer);
  }

  /** Lets the followers of `run` in. */
  open(run: number, task: number): void {
    Atomics.store(this.#cells, 1, task);
    Atomics.store(this.#cells, 0, run);
    Atomics.notify(this.#cells, 0);
  }

  /** Blocks until `run` is open; the address of its task. */
  pass(run: number): number {
    for (;;) {
      const seen = Atomics.load(this.#cells, 0);
      if (seen === run) return Atomics.load(this.#cells, 1) >>> 0;
      Atomics.wait(this.#cells, 0, seen);
    }
  }

  /** Asks `member` to stop its call number `call`. */
  stop(member: number, call: number): void {
    Atomics.store(this.#cells, 2 + member, call);
  }

  /** The address of the task of `run`, while it is open; 0 before and after. */
  taskOf(run: number): number {
    return Atomics.load(this.#cells, 0) === run ? Atomics.load(this.#cells, 1) >>> 0 : 0;
  }

  /** Whether `member` is to stop its call number `call`. */
  stopped(member: number, call: number): boolean {
    return Atomics.load(this.#cells, 2 + member) === call;
  }

  /** Bytes of a gate for as many members as there may be. */
  static readonly BYTES = 4 * (2 + MOST_THREADS);
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
