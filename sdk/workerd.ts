// advnmf in workerd, the runtime of edge functions (the package's `workerd` condition): it compiles no bytes, so the
// WebAssembly module is imported.

import module from "./advnmf.wasm";
import { provideModule } from "./platform/load.js";

provideModule(module);

export * from "./index.js";
