// Builds the studio into a folder that any static host can serve, from any path: a page, a service worker, and the
// rest in a folder that is named by what is in it.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const installed = (name) => fileURLToPath(import.meta.resolve(name));

const shared = {
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  // Of the package's parts that load on demand the studio uses none.
  external: ["node:*", "ml-hclust"],
  legalComments: "none",
  write: false,
  logLevel: "error",
};

/** The files of the folder, by name. */
async function assets() {
  const scripts = await build({
    ...shared,
    entryPoints: {
      page: here("src/page/main.ts"),
      "studio-worker": here("src/worker/main.ts"),
    },
    outdir: "out",
    splitting: true,
  });
  // The threads of the package: one script, beside the one that starts them.
  const threads = await build({
    ...shared,
    entryPoints: { worker: installed("advnmf/worker") },
    outdir: "out",
  });
  const style = await build({ ...shared, entryPoints: { style: here("style.css") }, outdir: "out" });
  const outputs = [scripts, threads, style].flatMap(({ outputFiles }) => outputFiles);
  return {
    ...Object.fromEntries(outputs.map(({ path, contents }) => [basename(path), contents])),
    "advnmf.wasm": readFileSync(installed("advnmf/wasm")),
    "icon.svg": readFileSync(here("icon.svg")),
  };
}

/** Builds into `out`, and returns the content of every file by its path in it. */
export async function buildStudio(out) {
  const files = await assets();
  const hash = createHash("sha256");
  for (const name of Object.keys(files).sort()) hash.update(name).update(files[name]);
  const version = hash.digest("hex").slice(0, 12);
  const paths = Object.keys(files).map((name) => `${version}/${name}`);
  const serviceWorker = await build({
    ...shared,
    format: "iife",
    entryPoints: [here("service-worker.js")],
    define: { STUDIO_VERSION: JSON.stringify(version), STUDIO_FILES: JSON.stringify(paths) },
  });
  const page = readFileSync(here("index.html"), "utf8").replaceAll("./ASSETS/", `./${version}/`);
  const all = {
    "index.html": Buffer.from(page),
    "service-worker.js": Buffer.from(serviceWorker.outputFiles[0].contents),
    ...Object.fromEntries(paths.map((path) => [path, Buffer.from(files[basename(path)])])),
  };
  rmSync(out, { recursive: true, force: true });
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), content);
  }
  return all;
}
