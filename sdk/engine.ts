/// <reference lib="esnext.disposable" preserve="true" />
// The engine: one instance of the WebAssembly module with its memory and arena.

import { AdvnmfError } from "./errors.js";
import { Arena } from "./memory.js";
import { checkOptions } from "./options.js";
import { compile, compileSync, type WasmSource } from "./platform/load.js";

/** Number types of the kernels. */
export type Dtype = "f32" | "f64";

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /** The WebAssembly module; default: `advnmf.wasm` beside the built files. */
  readonly wasm?: WasmSource;
}

type Kernel = (...args: number[]) => number;

/** Pages (64 KiB) a memory may grow to; hosts that cannot reserve 4 GiB get less. */
const MAXIMUM_PAGES = [65536, 32768, 16384, 4096];

function newMemory(): WebAssembly.Memory {
  let refused: unknown;
  for (const maximum of MAXIMUM_PAGES) {
    try {
      return new WebAssembly.Memory({ initial: 16, maximum, shared: true });
    } catch (cause) {
      refused = cause;
    }
  }
  throw new AdvnmfError(
    "MEMORY",
    "this runtime gives no shared WebAssembly memory, which the kernels import",
    {},
    { cause: refused },
  );
}

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
  #last: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /** @internal Use {@link createEngine} or `createEngineSync`. */
  constructor(module: WebAssembly.Module) {
    this.module = module;
    const memory = newMemory();
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
    if (this.#disposed) {
      throw new AdvnmfError("WORKER", "the engine was disposed; make a new one with createEngine()");
    }
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

  /** Bytes of WebAssembly memory the engine holds now. */
  get memoryBytes(): number {
    return this.arena.memory.buffer.byteLength;
  }

  /** @internal Runs `job` when those before it have ended. */
  enqueue<R>(job: () => Promise<R>): Promise<R> {
    const mine = this.#last.then(job);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Lets go of the memory; later calls on this engine throw. */
  [Symbol.dispose](): void {
    this.#disposed = true;
  }
}

/**
 * Loads the WebAssembly module and makes an engine.
 *
 * @throws AdvnmfError `IO` when the module cannot be read or compiled, `MEMORY` when the host gives
 *   no memory, `OPTION` for an unknown option.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  checkOptions(options, ["wasm"], "createEngine");
  return new Engine(await compile(options.wasm));
}

/** {@link createEngine} on the calling thread: from bytes, a compiled module, or a file. */
export function createEngineSync(options: EngineOptions = {}): Engine {
  checkOptions(options, ["wasm"], "createEngineSync");
  return new Engine(compileSync(options.wasm));
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
