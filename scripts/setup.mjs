// What `npm start` and `npm test` do first. Plain Node: this runs before anything is installed.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isBuilt } from "./sources.mjs";

/** The project's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Our words go to standard error: standard output belongs to what is started. */
export function say(text) {
  process.stderr.write(`advnmf: ${text}\n`);
}

/** Whether everything is in place: nothing would be installed or built. */
export function isSetUp() {
  return isInstalled(root) && isBuilt(root);
}

/** Installs what package-lock.json says, and builds dist/, as far as that is not so already. */
export async function setUp() {
  must(await install(root, "installing dependencies"), "npm ci");
  if (isBuilt(root)) return;
  say("building");
  must(await node([join(root, "scripts", "build.mjs")]), "the build");
}

/**
 * Brings `folder`/node_modules in line with its package-lock.json. An older node_modules may lie about:
 * the digest of the lock file it was made from is kept in it. Resolves to the exit code of npm.
 */
export async function install(folder, message) {
  if (isInstalled(folder)) return 0;
  say(message);
  // Whatever the environment says (NODE_ENV=production, say), the build needs the development packages.
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const code = await npm(args, { cwd: folder });
  if (code === 0) writeFileSync(stamp(folder), lockDigest(folder));
  return code;
}

const stamp = (folder) => join(folder, "node_modules", ".advnmf-lock");

function isInstalled(folder) {
  return existsSync(stamp(folder)) && readFileSync(stamp(folder), "utf8") === lockDigest(folder);
}

/** Packages hold programs for one platform: a folder that moved to another needs them anew. */
function lockDigest(folder) {
  const lock = readFileSync(join(folder, "package-lock.json"));
  return createHash("sha256").update(lock).update(`${process.platform}-${process.arch}`).digest("hex");
}

function must(code, what) {
  if (code === 0) return;
  say(`${what} failed (exit code ${code})`);
  process.exit(code);
}

/** Runs npm with its output on standard error: the npm that runs this, or else the one on the PATH. */
function npm(args, options) {
  const running = process.env.npm_execpath ?? "";
  const quiet = { stdio: ["ignore", 2, 2], ...options };
  if (/npm-cli\.[cm]?js$/.test(running)) return run(process.execPath, [running, ...args], quiet);
  // On Windows npm is a batch file, which only a shell starts.
  return run("npm", args, { ...quiet, shell: process.platform === "win32" });
}

/** Runs a script with this very node, its output on standard error. */
export function node(args, options) {
  return run(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2], ...options });
}

/**
 * Runs a program and resolves to its exit code. SIGINT and SIGTERM are handed on, and the program decides
 * what they mean: this process waits for it.
 */
export function run(program, args, options) {
  return new Promise((resolve) => {
    const child = spawn(program, args, options);
    const handOn = (signal) => child.kill(signal);
    process.on("SIGINT", handOn);
    process.on("SIGTERM", handOn);
    const end = (code) => {
      process.removeListener("SIGINT", handOn);
      process.removeListener("SIGTERM", handOn);
      resolve(code);
    };
    child.once("error", (error) => {
      say(`cannot run ${program}: ${error.message}`);
      end(1);
    });
    child.once("close", (code, signal) => end(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}
