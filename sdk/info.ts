import { defaultEngine, type Engine } from "./engine.js";
import { VERSION } from "./version.js";

/** What {@link info} finds. */
export interface RuntimeInfo {
  /** The version of advnmf. */
  readonly version: string;
  /** Runtime and its version, such as `node 20.20.2`. */
  readonly runtime: string;
  /** The module was compiled, so the runtime has 128-bit SIMD, atomics and shared memory. */
  readonly simd: true;
  /** Threads a factorization uses. */
  readonly threads: 1;
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

function processors(): number | undefined {
  const os = globalThis.process?.getBuiltinModule?.("node:os");
  return globalThis.navigator?.hardwareConcurrency ?? os?.availableParallelism();
}

/**
 * Tells what this runtime gives to advnmf.
 *
 * @throws AdvnmfError `IO` when the module cannot be loaded or compiled.
 */
export async function info(engine?: Engine): Promise<RuntimeInfo> {
  const used = engine ?? (await defaultEngine());
  return {
    version: VERSION,
    runtime: runtimeName(),
    simd: true,
    threads: 1,
    processors: processors(),
    memoryBytes: used.memoryBytes,
    memoryLimit: 2 ** 32,
  };
}
