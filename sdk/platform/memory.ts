// A memory that the module can be instantiated on: shared, since it imports a shared one.

import { AdvnmfError } from "../errors.js";

/** Pages (64 KiB) a memory may grow to; hosts that cannot reserve 4 GiB get less. */
const MAXIMUM_PAGES = [65536, 32768, 16384, 4096];

/** @throws AdvnmfError `MEMORY` where the host gives none. */
export function newMemory(initial = 16, limits: readonly number[] = MAXIMUM_PAGES): WebAssembly.Memory {
  let refused: unknown;
  for (const maximum of limits) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared: true });
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
