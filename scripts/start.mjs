// npm start [-- ARGS]: sets up what is needed, then runs the command line. Without arguments it factorizes
// the built-in Swimmer data set and audits it; with a file or data set first, it factorizes that.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { root, run, setUp } from "./setup.mjs";

/**
 * Any 17 parts that reproduce Swimmer exactly may share the torso out among the limbs. A little sparsity in
 * W and a little shrinkage of H make the sixteen limbs and the torso the optimum, and of ten starts several
 * reach it.
 */
const SWIMMER = [
  "factorize",
  "swimmer",
  "--rank=17",
  "--solver=hals",
  "--l1-w=0.001",
  "--l2-h=0.001",
  "--restarts=10",
];

/** A look at which of its features can be trusted, in some twenty seconds of processor time. */
const AUDIT = [
  "audit",
  "swimmer",
  "--quick",
  "--models=nmf,atnmf",
  "--norms=l2",
  "--steps=3",
  "--iterations=50",
  "--evaluation-iterations=150",
  "--no-sensitivity",
];

await setUp();

// npm runs scripts in the package's folder; paths on the command line are meant from where the user is.
const cwd = process.env.npm_lifecycle_event === "start" ? (process.env.INIT_CWD ?? root) : process.cwd();
const { datasets } = await import(pathToFileURL(join(root, "dist", "index.js")).href);
const args = process.argv.slice(2);
process.exitCode = await advnmf(args.length === 0 ? SWIMMER : commandLine(args));
if (args.length === 0 && process.exitCode === 0) {
  console.log("");
  process.exitCode = await advnmf(AUDIT);
}

function advnmf(args) {
  return run(process.execPath, [join(root, "dist", "cli.js"), ...args], { cwd, stdio: "inherit" });
}

function commandLine(args) {
  const [first] = args;
  if (["-h", "--help", "-V", "--version"].includes(first)) return args;
  if (first.startsWith("-") && first !== "-") return [...SWIMMER, ...args];
  const isInput =
    first === "-" || first in datasets.facts || /[./\\:]/.test(first) || existsSync(resolve(cwd, first));
  return isInput ? ["factorize", ...args] : args;
}
