/// <reference lib="esnext.disposable" preserve="true" />
// The engine: one instance of the WebAssembly module with its memory and arena.

import { AdvnmfError } from "./errors.js";
import { Arena } from "./memory.js";
import { checkOptions } from "./options.js";
import { compile, compileSync, type WasmSource } from "./platform/load.js";
import { newMemory } from "./platform/memory.js";
import { Pool } from "./workers/pool.js";

/** Number types of the kernels. */
export type Dtype = "f32" | "f64";

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /** The WebAssembly module; default: `advnmf.wasm` beside the built files. */
  readonly wasm?: WasmSource;
  /** The script of its workers, where threads are used; default: `worker.js` beside the built files. */
  readonly worker?: string | URL;
}

type Kernel = (...args: number[]) => number;

/**
 * A loaded WebAssembly module, ready to compute. Calls on one engine are queued, each has the memory
 * to itself. Make one with {@link createEngine}; functions that are given none share a default one.
 */
export class Engine implements Disposable {
  /** The module, for other engines (also in workers: it can be posted). */
  readonly module: WebAssembly.Module;
  /** @internal */
  readonly arena: Arena;
  readonly #exports: Record<string, Kernel | WebAssembly.Global>;
  readonly #script: string | URL | undefined;
  #pool: Pool | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /** @internal Use {@link createEngine} or `createEngineSync`. */
  constructor(
    module: WebAssembly.Module,
    { memory = newMemory(), worker }: { memory?: WebAssembly.Memory; worker?: string | URL | undefined } = {},
  ) {
    this.module = module;
    this.#script = worker;
    const instance = new WebAssembly.Instance(module, {
      env: {
        memory,
        waitWhile(address: number, value: number): void {
          const cells = new Int32Array(memory.buffer);
          while (Atomics.load(cells, address >>> 2) === value) Atomics.wait(cells, address >>> 2, value);
        },
      },
    });
    this.#exports = instance.exports as Record<string, Kernel | WebAssembly.Global>;
    this.arena = new Arena(memory, this.constant("heap_base"));
  }

  /** @internal The exported function `name`, or `name` for a number type. */
  kernel(name: string, dtype?: Dtype): Kernel {
    this.#refuseDisposed();
    const found = this.#exports[dtype ? `${name}_${dtype}` : name];
    if (typeof found !== "function") {
      throw new AdvnmfError(
        "UNSUPPORTED",
        `the WebAssembly module has no kernel "${name}"; it is not the one this version was built with`,
        { kernel: name },
      );
    }
    return found;
  }

  /** @internal An exported number: a size or an offset. */
  constant(name: string): number {
    const found = this.#exports[name];
    if (!(found instanceof WebAssembly.Global)) {
      throw new AdvnmfError(
        "UNSUPPORTED",
        `the WebAssembly module has no constant "${name}"; it is not the one this version was built with`,
        { constant: name },
      );
    }
    return found.value as number;
  }

  /** @internal The workers of this engine, of which there are none until they are needed. */
  get pool(): Pool {
    this.#refuseDisposed();
    this.#pool ??= new Pool(this.module, this.#script, this.constant("task_stop"));
    return this.#pool;
  }

  /** Bytes of WebAssembly memory the engine and its workers hold now. */
  get memoryBytes(): number {
    return this.arena.memory.buffer.byteLength + (this.#pool?.memoryBytes ?? 0);
  }

  /** @internal Runs `job` when those before it have ended. */
  enqueue<R>(job: () => Promise<R>): Promise<R> {
    const mine = this.#last.then(job);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  #refuseDisposed(): void {
    if (!this.#disposed) return;
    throw new AdvnmfError("WORKER", "the engine was disposed; make a new one with createEngine()");
  }

  /** Ends the workers and lets go of the memory; a call under way and later ones throw `WORKER`. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#pool?.[Symbol.dispose]();
  }
}

/**
 * Loads the WebAssembly module and makes an engine.
 *
 * @throws AdvnmfError `IO` when the module cannot be read or compiled, `MEMORY` when the host gives
 *   no memory, `OPTION` for an unknown option.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  checkOptions(options, ["wasm", "worker"], "createEngine");
  return new Engine(await compile(options.wasm), { worker: options.worker });
}

/** {@link createEngine} on the calling thread: from bytes, a compiled module, or a file. */
export function createEngineSync(options: EngineOptions = {}): Engine {
  checkOptions(options, ["wasm", "worker"], "createEngineSync");
  return new Engine(compileSync(options.wasm), { worker: options.worker });
}

let shared: Promise<Engine> | undefined;
let sharedSync: Engine | undefined;

/** The engine of calls that name none. */
export function defaultEngine(): Promise<Engine> {
  shared ??= createEngine().catch((error) => {
    shared = undefined;
    throw error;
  });
  return shared;
}

/** The engine of synchronous calls that name none. */
export function defaultEngineSync(): Engine {
  sharedSync ??= createEngineSync();
  return sharedSync;
}
