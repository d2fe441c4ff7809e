// What dist/ is made of, as one digest: a build is due when it differs from that of the last one.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

const SOURCES = [
  "assembly",
  "sdk",
  "package.json",
  "package-lock.json",
  "asconfig.json",
  "tsconfig.json",
  "scripts/build.mjs",
];

/** Where the digest of the sources of the present dist/ is kept: beside it, so that it is not published. */
const stamp = (root) => join(root, "build", "sources.sha256");

/** SHA-256 over the names and contents of everything that the build reads. */
export function sourcesDigest(root) {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    for (const path of filesIn(join(root, source))) {
      const content = readFileSync(path);
      hash.update(`${relative(root, path).split(sep).join("/")}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest("hex");
}

function filesIn(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}

/** Whether dist/ is there and was built from the sources as they are. */
export function isBuilt(root) {
  if (!existsSync(join(root, "dist", "cli.js")) || !existsSync(stamp(root))) return false;
  return readFileSync(stamp(root), "utf8").trim() === sourcesDigest(root);
}

/** Notes that dist/ was built from sources with this digest. */
export function markBuilt(root, digest) {
  writeFileSync(stamp(root), digest + "\n");
}
