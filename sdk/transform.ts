import { compute } from "./compute.js";
import { defaultEngine } from "./engine.js";
import type { Matrix, MatrixLike, Rows } from "./matrix.js";
import { transformProblem } from "./problem.js";
import { type Solution, shaped } from "./solve.js";
import type { TransformOptions, TransformResult } from "./types.js";

/**
 * The H (k×n) that fits new data V (m×n) with W (m×k) fixed. The number type is that of W.
 *
 * @throws AdvnmfError `SHAPE` when V and W differ in rows, otherwise as `nmf`.
 */
export function transform(
  V: MatrixLike,
  W: Matrix<Float32Array>,
  options?: TransformOptions,
): Promise<TransformResult<Float32Array>>;
export function transform(
  V: MatrixLike,
  W: Matrix<Float64Array> | Rows,
  options?: TransformOptions,
): Promise<TransformResult<Float64Array>>;
export function transform(V: MatrixLike, W: MatrixLike, options?: TransformOptions): Promise<TransformResult>;
export async function transform(
  V: MatrixLike,
  W: MatrixLike,
  options: TransformOptions = {},
): Promise<TransformResult> {
  const problem = transformProblem(V, W, options);
  const engine = options.engine ?? (await defaultEngine());
  return shaped(compute(engine, problem, options), transformResult, options.signal);
}

/** A solution as {@link transform} returns it. */
export function transformResult(solution: Solution): TransformResult {
  const { W: _fixed, restarts: _one, cauchyScale: _scale, score: _score, ...result } = solution;
  return result;
}
