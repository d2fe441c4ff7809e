// advnmf/sync in workerd: see workerd.ts.

import module from "./advnmf.wasm";
import { provideModule } from "./platform/load.js";

provideModule(module);

export * from "./sync.js";
