// Builds dist/: the WebAssembly module (asc), the JavaScript entries (esbuild) and the types (tsc).

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { markBuilt, sourcesDigest } from "./sources.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Runs a package's command with this very node, so that no PATH or shell matters. */
function run(packageName, command, args) {
  const found = require.resolve(`${packageName}/package.json`);
  const { bin } = JSON.parse(readFileSync(found, "utf8"));
  const script = join(dirname(found), typeof bin === "string" ? bin : bin[command]);
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
}

// Taken first: sources that change during the build are not in it.
const digest = sourcesDigest(root);
const out = join(root, "dist");
const next = join(root, "build", "dist");
rmSync(next, { recursive: true, force: true });
mkdirSync(next, { recursive: true });

run("assemblyscript", "asc", ["--target", "release", "--outFile", "build/dist/advnmf.wasm"]);

const wasm = readFileSync(join(next, "advnmf.wasm"));
const shared = {
  absWorkingDir: root,
  outdir: next,
  bundle: true,
  format: "esm",
  target: ["es2022", "node20"],
  platform: "neutral",
  // In one piece: a page without a bundler resolves no names of packages, and every file costs a start in Node
  // a millisecond. Only what few need, and load when they need it, stays outside.
  external: ["node:*", "./advnmf.wasm", ...Object.keys(manifest.dependencies)],
  mainFields: ["module", "main"],
  legalComments: "eof",
  define: {
    ADVNMF_VERSION: JSON.stringify(manifest.version),
    ADVNMF_WASM_BASE64: JSON.stringify(wasm.toString("base64")),
  },
  logLevel: "warning",
};
await build({
  ...shared,
  entryPoints: {
    index: "sdk/index.ts",
    io: "sdk/io/index.ts",
    sync: "sdk/sync.ts",
    inline: "sdk/inline.ts",
    cli: "sdk/cli/main.ts",
    workerd: "sdk/workerd.ts",
    "workerd-sync": "sdk/workerd-sync.ts",
  },
  splitting: true,
  // Beside the module: a chunk may hold the URL of advnmf.wasm or worker.js, relative to itself.
  chunkNames: "chunk-[hash]",
});
// Without chunks: bundlers copy the script of a worker as it is.
await build({ ...shared, entryPoints: { worker: "sdk/workers/worker.ts" } });

run("typescript", "tsc", ["-p", "sdk/tsconfig.json"]);

// The old build stays usable until the new one is whole.
rmSync(out, { recursive: true, force: true });
renameSync(next, out);
markBuilt(root, digest);
