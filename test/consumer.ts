// An empty project with the package in it, as npm would put it there: packed, and unpacked.

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./data.js";

/** The npm that runs the tests, or else the one on the PATH; dist/ is taken as it is. */
export function npm(...args: string[]): string {
  const running = process.env.npm_execpath ?? "";
  const [program, first] = /npm-cli\.[cm]?js$/.test(running) ? [process.execPath, [running]] : ["npm", []];
  return execFileSync(program, [...first, ...args, "--ignore-scripts"], {
    cwd: projectRoot,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    shell: program === "npm" && process.platform === "win32",
  });
}

/** What npm would publish. */
export interface Packed {
  /** Path of the tarball. */
  readonly tarball: string;
  /** Paths in the package. */
  readonly files: readonly string[];
}

/** Packs the package into `folder`. */
export function pack(folder: string): Packed {
  const [packed] = JSON.parse(npm("pack", "--json", "--pack-destination", folder)) as {
    filename: string;
    files: { path: string }[];
  }[];
  return { tarball: join(folder, packed!.filename), files: packed!.files.map((file) => file.path) };
}

/** Installs a tarball into the project `folder`, which is made; what it depends on comes from our own installation. */
export function installPacked(tarball: string, folder: string): void {
  const modules = join(folder, "node_modules");
  mkdirSync(modules, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", modules]);
  renameSync(join(modules, "package"), join(modules, "advnmf"));
  // Dependencies of dependencies as well, which Deno looks for here: a link to each package but our own.
  for (const name of readdirSync(join(projectRoot, "node_modules"))) {
    if (name.startsWith(".") || existsSync(join(modules, name))) continue;
    symlinkSync(join(projectRoot, "node_modules", name), join(modules, name), "dir");
  }
  const { version } = JSON.parse(readFileSync(join(modules, "advnmf", "package.json"), "utf8")) as {
    version: string;
  };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ type: "module", private: true, dependencies: { advnmf: version } }),
  );
}
