import { compute } from "./compute.js";
import { defaultEngine } from "./engine.js";
import type { Matrix, MatrixLike, Rows } from "./matrix.js";
import { nmfProblem } from "./problem.js";
import { type Solution, shaped } from "./solve.js";
import { transform } from "./transform.js";
import type { NmfOptions, NmfResult, TransformOptions, TransformResult } from "./types.js";

/**
 * Non-negative matrix factorization: V (m×n, ≥ 0) ≈ W (m×k) · H (k×n), W and H ≥ 0.
 *
 * Multiplicative updates after Lee & Seung (2001) and Févotte & Idier (2011), HALS after Cichocki & Phan
 * (2009) and Gillis & Glineur (2012). A `Float32Array` is factorized in f32, everything else in f64.
 * The same V, options and seed give the same bits in every runtime. Running out of iterations is a
 * result with `converged: false`, not an error.
 *
 * @throws AdvnmfError `SHAPE`, `RANK`, `NEGATIVE`, `NOT_FINITE`, `OPTION` for bad input, `MEMORY` when
 *   it cannot fit, `ABORTED` with the best result so far when the signal says so.
 */
export function nmf(V: Matrix<Float32Array>, options: NmfOptions): Promise<NmfResult<Float32Array>>;
export function nmf(V: Matrix<Float64Array> | Rows, options: NmfOptions): Promise<NmfResult<Float64Array>>;
export function nmf(V: MatrixLike, options: NmfOptions): Promise<NmfResult>;
export async function nmf(V: MatrixLike, options: NmfOptions): Promise<NmfResult> {
  const problem = nmfProblem(V, options);
  const engine = options.engine ?? (await defaultEngine());
  const shape = (solution: Solution) => nmfResult(solution, options, transform);
  return shaped(compute(engine, problem, options), shape, options.signal);
}

/** Options of a fit that its result needs. */
type Kept = Pick<
  NmfOptions,
  "loss" | "solver" | "l1H" | "l2H" | "epsilon" | "innerSweeps" | "threads" | "engine" | "seed"
>;

/** A solution as {@link nmf} returns it; `transformWith` is what its `transform` calls. */
export function nmfResult(
  solution: Solution,
  options: Kept,
  transformWith: (V: MatrixLike, W: Matrix, options: TransformOptions) => Promise<TransformResult>,
): NmfResult {
  const { W, H, cauchyScale, score: _score, hardened: _hardened, ...figures } = solution;
  const { loss, solver, l1H, l2H, epsilon, innerSweeps, threads, engine } = options;
  const inherited = defined({ loss, solver, l1H, l2H, epsilon, innerSweeps, threads, engine });
  return {
    W,
    H,
    ...figures,
    ...(cauchyScale > 0 ? { cauchyScale } : {}),
    seed: options.seed ?? 0,
    transform: (V2, own = {}) => transformWith(V2, W, { ...inherited, ...own }),
    reconstruct: () => product(W, H),
  };
}

function defined<O extends object>(options: O): Partial<{ [K in keyof O]: NonNullable<O[K]> }> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<{ [K in keyof O]: NonNullable<O[K]> }>;
}

/** W·H (m×n) in f64: sums in the order of the components, so the bits are the same everywhere. */
export function product(W: Matrix, H: Matrix): Matrix<Float64Array> {
  const { rows, cols: rank } = W;
  const { cols } = H;
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const out = data.subarray(i * cols, (i + 1) * cols);
    for (let a = 0; a < rank; a++) {
      const w = W.data[i * rank + a] as number;
      const h = H.data.subarray(a * cols, (a + 1) * cols);
      for (let j = 0; j < cols; j++) out[j] = (out[j] as number) + w * (h[j] as number);
    }
  }
  return { rows, cols, data };
}
