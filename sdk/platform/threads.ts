// What the runtime offers for threads.

import { newMemory } from "./memory.js";

/** `node:worker_threads`, which Deno and Bun have too: unlike their web workers, these can be let go of. */
export function workerThreads(): typeof import("node:worker_threads") | undefined {
  return globalThis.process?.getBuiltinModule?.("node:worker_threads");
}

/** Whether this runtime has workers at all. */
export function hasWorkers(): boolean {
  return workerThreads()?.Worker !== undefined || typeof Worker === "function";
}

/** Logical processors of the machine, where the runtime tells. */
export function processors(): number | undefined {
  const os = globalThis.process?.getBuiltinModule?.("node:os");
  return globalThis.navigator?.hardwareConcurrency ?? os?.availableParallelism();
}

let lack: { readonly reason: string | undefined } | undefined;

/** Why this runtime cannot have threads over one memory; undefined where it can. */
export function lackOfThreads(): string | undefined {
  lack ??= { reason: findLack() };
  return lack.reason;
}

function findLack(): string | undefined {
  if (!hasWorkers()) return "this runtime has no workers";
  if (globalThis.crossOriginIsolated === false) {
    return "the page is not cross-origin isolated; serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  }
  if (typeof SharedArrayBuffer !== "function") return "this runtime has no SharedArrayBuffer";
  // WebKitGTK refuses even where the page is isolated.
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(newMemory(1, [1]));
    return undefined;
  } catch (error) {
    return `this runtime does not let workers share a memory (${error instanceof Error ? error.message : error})`;
  } finally {
    port1.close();
    port2.close();
  }
}
