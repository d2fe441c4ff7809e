import { cores } from "./compute.js";
import { defaultEngine, type Engine } from "./engine.js";
import { processors } from "./platform/threads.js";
import { VERSION } from "./version.js";

/** What {@link info} finds. */
export interface RuntimeInfo {
  /** The version of advnmf. */
  readonly version: string;
  /** Runtime and its version, such as `node 20.20.2`. */
  readonly runtime: string;
  /** The module was compiled, so the runtime has 128-bit SIMD, atomics and shared memory. */
  readonly simd: true;
  /** The most threads that a call uses unasked. */
  readonly threads: number;
  /** Why it is one thread, where there cannot be more. */
  readonly threadsReason?: string;
  /** Logical processors of the machine, where the runtime tells. */
  readonly processors: number | undefined;
  /** Bytes of WebAssembly memory the engine holds now. */
  readonly memoryBytes: number;
  /** The most it can hold. */
  readonly memoryLimit: number;
}

function runtimeName(): string {
  const host = globalThis as { Deno?: { version: { deno: string } }; Bun?: { version: string } };
  if (host.Deno) return `deno ${host.Deno.version.deno}`;
  if (host.Bun) return `bun ${host.Bun.version}`;
  const node = globalThis.process?.versions?.node;
  if (node) return `node ${node}`;
  return globalThis.navigator?.userAgent ?? "unknown";
}

/**
 * Tells what this runtime gives to advnmf.
 *
 * @throws AdvnmfError `IO` when the module cannot be loaded or compiled.
 */
export async function info(engine?: Engine): Promise<RuntimeInfo> {
  const used = engine ?? (await defaultEngine());
  const { lack } = used.pool;
  return {
    version: VERSION,
    runtime: runtimeName(),
    simd: true,
    threads: cores(used),
    ...(lack === undefined ? {} : { threadsReason: lack }),
    processors: processors(),
    memoryBytes: used.memoryBytes,
    memoryLimit: 2 ** 32,
  };
}
