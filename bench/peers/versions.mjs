import { existsSync, readFileSync } from "node:fs";

/**
 * The version of a package of bench/peers. Read from its file: not every package exports its manifest.
 *
 * @throws where it is not installed there, with words for the table of the run
 */
export function versionOf(name) {
  const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);
  if (!existsSync(manifest)) throw new Error(`${name} is not installed in bench/peers`);
  return JSON.parse(readFileSync(manifest, "utf8")).version;
}
