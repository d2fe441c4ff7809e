// Deno, where it is installed: `npm test` puts it into test/runtimes/node_modules.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("node_modules/deno/bin.cjs", import.meta.url));

/** Whether Deno's own program, which npm installs for the platforms it has one for, is there too. */
function isRunnable(): boolean {
  if (!existsSync(script)) return false;
  const packages = join(dirname(createRequire(script).resolve("deno/package.json")), "..", "@deno");
  return existsSync(packages);
}

/** Whether tests can run Deno. */
export const hasDeno: boolean = isRunnable();

/** Runs `deno ARGS` and returns what it printed; a failure is an error with all of it. */
export function deno(args: readonly string[], options: { cwd: string; input?: string }): string {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [script, ...args], {
    ...options,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1" },
  });
  if (status === 0) return stdout;
  throw new Error(`deno ${args.join(" ")} ended with ${status}\n${error ?? ""}${stdout}${stderr}`);
}
