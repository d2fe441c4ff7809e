// The built SDK as a contender.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/setup.mjs";

/**
 * The SDK; built first where it is not.
 *
 * @param {string[]} notes told when the build is older than its sources
 */
export async function loadSdk(notes) {
  const entry = join(root, "dist/sync.js");
  if (!existsSync(entry)) {
    execFileSync(process.execPath, [join(root, "scripts/build.mjs")], { cwd: root, stdio: "inherit" });
  }
  const built = Math.min(newest(entry), newest(join(root, "dist/advnmf.wasm")));
  if (Math.max(newest(join(root, "assembly")), newest(join(root, "sdk"))) > built) {
    notes.push("dist/ is older than its sources: the solvers below are those of the last build");
  }
  const { nmf, createEngine, lafa, datasets } = await import("../dist/index.js");
  const { nmfSync, atnmfSync, createEngineSync } = await import("../dist/sync.js");
  return { nmf, createEngine, lafa, datasets, nmfSync, atnmfSync, createEngineSync };
}

/** Newest change below a folder or of a file. */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/**
 * `solve(options)` factorizes from the problem's start, on the calling thread; with the option `threads` it
 * is a promise, and that many threads work, or with "auto" as many as the SDK chooses.
 */
export function solverOf(sdk, { m, n, k, V, W0, H0 }) {
  const matrix = { rows: m, cols: n, data: V };
  const init = { W: { rows: m, cols: k, data: W0 }, H: { rows: k, cols: n, data: H0 } };
  return ({ threads, ...options }) => {
    if (threads === undefined) return sdk.nmfSync(matrix, { rank: k, init, ...options });
    return sdk.nmf(matrix, { rank: k, init, ...options, ...(threads === "auto" ? {} : { threads }) });
  };
}

/** {@link solverOf} as a peer would run it: all iterations, and the milliseconds of the whole call. */
export function timedSolver(solve, options) {
  return async (iterations) => {
    const before = performance.now();
    await solve({ ...options, tolerance: 0, maxIterations: iterations });
    return performance.now() - before;
  };
}
