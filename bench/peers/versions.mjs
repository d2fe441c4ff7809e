import { readFileSync } from "node:fs";

/** The version of a package of bench/peers. Read from its file: not every package exports its manifest. */
export function versionOf(name) {
  const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}
