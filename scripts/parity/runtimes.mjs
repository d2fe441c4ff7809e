// The runtimes of the parity battery: their names, their versions where they are installed, and how to get
// the battery's answers from them.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../setup.mjs";
import { chromium, firefox, openChromium, openFirefox, openWebkit, webkit } from "./browsers.mjs";
import { commandAnswers } from "./commands.mjs";
import { pageAnswers } from "./page.mjs";
import { workerdAnswers } from "./workerd.mjs";

/** The numbers of threads that every runtime is asked for. */
export const THREADS = [1, 2, 4];

/** Packages that hold a runtime: one that every test run takes, and those of the full battery. */
export const packages = {
  quick: join(root, "test", "runtimes"),
  full: join(root, "test", "runtimes", "full"),
};

const installed = (folder, name) => join(folder, "node_modules", ".bin", name);
const deno = installed(packages.quick, "deno");
const bun = installed(packages.full, "bun");
const workerd = installed(packages.quick, "workerd");

/** The version in what a program prints when it is asked; undefined when it cannot be run. */
function printed(command, args) {
  if (command === undefined) return undefined;
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? /(?:^|\s)v?(\d\S*)/.exec(stdout)?.[1] : undefined;
}

const asked = (command) => printed(command, ["--version"]);

/** MiniBrowser tells its version on a screen only, so the library is asked for. */
const webkitVersion = () => webkit() && printed("dpkg-query", ["-W", "libwebkit2gtk-4.1-0"]);

/** A browser twice: threads need a page that is isolated from other origins, and most pages are not. */
const browser = (name, version, open, { quick = false, threads = true } = {}) =>
  [false, true].map((isolated) => ({
    name: isolated ? `${name}, isolated page` : name,
    version,
    quick,
    threads: threads && isolated,
    answers: (counts) => pageAnswers(open, counts, { isolated }),
  }));

const command = (name, path, args, { quick = false } = {}) => ({
  name,
  version: () => asked(path),
  quick,
  threads: true,
  answers: (counts) => commandAnswers(path, args, counts),
});

/**
 * `version()` is undefined where the runtime is not installed. `quick` ones are asked in full in every test
 * run. `threads`: it has threads, so that to have none is a failure.
 */
export const runtimes = [
  command("node", process.execPath, [], { quick: true }),
  command("deno", deno, ["run", "-A"], { quick: true }),
  command("bun", bun, []),
  {
    name: "workerd",
    version: () => asked(workerd),
    quick: false,
    threads: false,
    answers: (counts) => workerdAnswers(workerd, counts),
  },
  ...browser("chromium", () => asked(chromium()), openChromium, { quick: true }),
  ...browser("firefox", () => asked(firefox()), openFirefox),
  // It refuses to hand memory to a worker, isolated or not.
  ...browser("webkitgtk", webkitVersion, openWebkit, { threads: false }),
];
