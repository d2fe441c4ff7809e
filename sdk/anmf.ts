import { compute } from "./compute.js";
import { defaultEngine } from "./engine.js";
import { AdvnmfError } from "./errors.js";
import { checkEntries, type Matrix, type MatrixLike, type Rows, toMatrix } from "./matrix.js";
import { nmfResult } from "./nmf.js";
import { checkOptions, numberFrom, oneOf, show } from "./options.js";
import { type Bilevel, nmfProblem, type Problem, refuseMissing } from "./problem.js";
import { type Solution, shaped } from "./solve.js";
import { transform } from "./transform.js";
import type { AnmfOptions, AnmfResult, TransformOptions, TransformResult } from "./types.js";

/** Names of the options of `anmf`. */
export const ANMF_OPTIONS: readonly string[] = [
  "rank",
  "lambda",
  "beta",
  "target",
  "gauge",
  "rho",
  "maxIterations",
  "tolerance",
  "seed",
  "restarts",
  "init",
  "mask",
  "missing",
  "threads",
  "signal",
  "onProgress",
  "engine",
];

const TARGETS = ["permuted", "mean", "zero"] as const;

/**
 * Adversarial NMF (Luo, Zhang & Huang, ICML 2020): V (m×n) ≈ W·H, W (m×k) and H (k×n) ≥ 0, learned while an
 * attacker answers with the W′ that takes W′H towards a target Z (m×n):
 *
 *     W′ = argmin ‖W′H − Z‖² + λn‖W′ − W‖²
 *     min over W, H ≥ 0 of β‖W′H − V‖² + (1 − β)‖WH − V‖²
 *
 * by the alternating direction method of multipliers. Every row of H keeps the root mean square 1 (`gauge`).
 * Computes in f64; the factors come in the number type of V. The same V, options and seed give the same bits.
 *
 * @throws AdvnmfError as `nmf`; `OPTION` for λ ≤ 0, β outside [0, 1] or V without anything but zeros; `SHAPE`,
 *   `NEGATIVE` and `NOT_FINITE` for a target that V could not be; `NOT_FINITE` when a system of the method
 *   becomes singular.
 */
export function anmf(V: Matrix<Float32Array>, options: AnmfOptions): Promise<AnmfResult<Float32Array>>;
export function anmf(V: Matrix<Float64Array> | Rows, options: AnmfOptions): Promise<AnmfResult<Float64Array>>;
export function anmf(V: MatrixLike, options: AnmfOptions): Promise<AnmfResult>;
export async function anmf(V: MatrixLike, options: AnmfOptions): Promise<AnmfResult> {
  const problem = anmfProblem(V, options);
  const engine = options.engine ?? (await defaultEngine());
  const shape = (solution: Solution) => anmfResult(solution, options, transform);
  return shaped(compute(engine, problem, options), shape, options.signal);
}

/** Checks the arguments of `anmf`. @throws AdvnmfError `SHAPE`, `RANK`, `NEGATIVE`, `NOT_FINITE`, `OPTION`. */
export function anmfProblem(data: MatrixLike, options: AnmfOptions): Problem {
  checkOptions(options, ANMF_OPTIONS, "anmf");
  const { lambda, beta, target, gauge, rho, signal: _signal, engine: _engine, ...shared } = options;
  const problem = nmfProblem(data, {
    init: "half-normal",
    tolerance: 1e-6,
    ...defined(shared),
    loss: "frobenius",
    solver: "mu",
    stopping: "kkt",
  });
  const bilevel: Bilevel = {
    lambda: positive(lambda ?? 1, "lambda"),
    beta: share(beta ?? 0.5),
    target: checkTarget(target ?? "permuted", problem.V),
    gauge: oneOf(gauge ?? "unit-rms", ["unit-rms", "none"], "gauge") === "unit-rms",
    rho: rho === undefined ? undefined : positive(rho, "rho"),
  };
  return { ...problem, dtype: "f64", bilevel };
}

/** Options that say nothing must not hide a default. */
function defined<O extends object>(options: O): O {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as O;
}

function positive(value: unknown, option: string): number {
  return numberFrom(value, Number.MIN_VALUE, option);
}

function share(beta: unknown): number {
  if (typeof beta === "number" && beta >= 0 && beta <= 1) return beta;
  throw new AdvnmfError("OPTION", `beta must be a number in 0 … 1, got ${show(beta)}`, {
    option: "beta",
    got: beta,
    low: 0,
    high: 1,
  });
}

function checkTarget(target: unknown, V: Matrix): Bilevel["target"] {
  if (typeof target !== "object" || target === null) {
    return oneOf(target, TARGETS, "target");
  }
  const Z = toMatrix(target as MatrixLike, "target");
  if (Z.rows !== V.rows || Z.cols !== V.cols) {
    throw new AdvnmfError("SHAPE", `target must be ${V.rows}×${V.cols} like V, got ${Z.rows}×${Z.cols}`, {
      name: "target",
      expected: [V.rows, V.cols],
      got: [Z.rows, Z.cols],
    });
  }
  refuseMissing(Z, checkEntries(Z, "target").missing, "target");
  return Z;
}

/** A solution as {@link anmf} returns it; `transformWith` is what its `transform` calls. */
export function anmfResult(
  solution: Solution,
  options: AnmfOptions,
  transformWith: (V: MatrixLike, W: Matrix, options: TransformOptions) => Promise<TransformResult>,
): AnmfResult {
  const { bilevel, loss: objective, history: _losses, restarts, ...plain } = solution;
  const { attackedW, loss, kkt, residuals, history } = bilevel as NonNullable<Solution["bilevel"]>;
  const { rank, seed = 0, threads, engine } = options;
  const asNmf = {
    rank,
    seed,
    ...(threads === undefined ? {} : { threads }),
    ...(engine === undefined ? {} : { engine }),
  };
  const shape = nmfResult({ ...plain, loss, history: [], restarts: [] }, asNmf, transformWith);
  return {
    ...shape,
    attackedW,
    objective,
    kkt,
    residuals,
    history,
    restarts: restarts.map(({ loss: reached, ...rest }) => ({ objective: reached, ...rest })),
  };
}
