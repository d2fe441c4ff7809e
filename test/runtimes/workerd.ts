// workerd, where it is installed: `npm test` puts it into test/runtimes/node_modules.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("node_modules/.bin/workerd", import.meta.url));

/** Whether tests can run workerd. */
export const hasWorkerd: boolean = spawnSync(command, ["--version"]).status === 0;

/** A worker that answers at `url`. */
export interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

interface ServeOptions {
  /** Path of the WebAssembly module. */
  readonly wasm: string;
  /** Texts in the worker's environment. */
  readonly variables?: Readonly<Record<string, string>>;
}

const { serveWorker } = (await import(new URL("../../scripts/parity/workerd.mjs", import.meta.url).href)) as {
  serveWorker(command: string, entry: string, options: ServeOptions): Promise<Served>;
};

/** Serves the worker `entry`, bundled as for the edge. */
export function serve(entry: string, options: ServeOptions): Promise<Served> {
  return serveWorker(command, entry, options);
}
