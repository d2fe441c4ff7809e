// advnmf/sync: the same computations on the calling thread, from start to end.

import { atnmfProblem, atnmfResult } from "./atnmf.js";
import { createEngineSync, defaultEngineSync, type Engine, type EngineOptions } from "./engine.js";
import type { Matrix, MatrixLike, Rows } from "./matrix.js";
import { nmfResult } from "./nmf.js";
import { nmfProblem, type Problem, transformProblem } from "./problem.js";
import { driveSync, run, type Solution, withLack } from "./solve.js";
import { transform, transformResult } from "./transform.js";
import type {
  AtnmfOptions,
  AtnmfResult,
  NmfOptions,
  NmfResult,
  TransformOptions,
  TransformResult,
} from "./types.js";

export { AdvnmfError, type ErrorCode } from "./errors.js";
export { type MatrixLike, matrix } from "./matrix.js";
export {
  type AtnmfOptions,
  type AtnmfResult,
  createEngineSync,
  type Engine,
  type EngineOptions,
  type Matrix,
  type NmfOptions,
  type NmfResult,
};

/** Options of the synchronous calls: a signal cannot arrive while the thread is busy. */
export type SyncOptions<O> = Omit<O, "signal">;

/**
 * `nmf` on the calling thread, for scripts, workers and edge functions: same arguments, same bits.
 * Without `engine` the module is read from the file beside the built code; where there are no files
 * (browsers, edge), hand over `engine: createEngineSync({ wasm })`.
 *
 * @throws AdvnmfError as `nmf`; `UNSUPPORTED` where the module cannot be read synchronously.
 */
export function nmfSync(V: Matrix<Float32Array>, options: SyncOptions<NmfOptions>): NmfResult<Float32Array>;
export function nmfSync(
  V: Matrix<Float64Array> | Rows,
  options: SyncOptions<NmfOptions>,
): NmfResult<Float64Array>;
export function nmfSync(V: MatrixLike, options: SyncOptions<NmfOptions>): NmfResult;
export function nmfSync(V: MatrixLike, options: SyncOptions<NmfOptions>): NmfResult {
  const problem = nmfProblem(V, options);
  return nmfResult(solve(problem, options), options, transform);
}

/** `transform` on the calling thread. @throws AdvnmfError as `transform`. */
export function transformSync(
  V: MatrixLike,
  W: MatrixLike,
  options: SyncOptions<TransformOptions> = {},
): TransformResult {
  const problem = transformProblem(V, W, options);
  return transformResult(solve(problem, options));
}

/**
 * `atnmf` on the calling thread, with one λ.
 *
 * @throws AdvnmfError as `atnmf`; `OPTION` for several λ to choose from, which needs the asynchronous call.
 */
export function atnmfSync(V: MatrixLike, options: SyncOptions<AtnmfOptions>): AtnmfResult {
  const problem = atnmfProblem(V, options);
  return atnmfResult(solve(problem, options), problem, options, transform);
}

function solve(
  problem: Problem,
  { engine = defaultEngineSync(), onProgress }: SyncOptions<TransformOptions>,
): Solution {
  const solution = driveSync(run(engine, problem), onProgress);
  const asked = problem.threads ?? 1;
  return asked === 1 ? solution : withLack(solution, asked, "a synchronous call stays on its own thread");
}
