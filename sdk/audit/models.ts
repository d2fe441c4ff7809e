// The models as maps from data to factors: the same start W₀, H₀ for all of them, and a fixed way from there, so that
// equal data have equal features.

import { anmfProblem } from "../anmf.js";
import { atnmfProblem } from "../atnmf.js";
import { computeAll } from "../compute.js";
import type { Engine } from "../engine.js";
import type { Factors } from "../feature-error.js";
import type { Matrix } from "../matrix.js";
import { nmfProblem, type Problem } from "../problem.js";
import type { Solution } from "../solve.js";
import type { CheckedAudit } from "./options.js";
import type { AuditModelName } from "./types.js";

/** ε of LaFA's code, as `lafa` has it. */
const EPSILON = 1e-10;
/** AT-NMF: updates after each answer of the adversary, as `lafa` has it. */
const INNER = 25;
/** ANMF: its iterations take longer and do more, and end at its own tolerance. */
const MOST_ANMF = 1000;

/** AT-NMF's loops for at least so many iterations in all. */
export function loops(iterations: number): { maxInner: number; maxOuter: number } {
  return { maxInner: INNER, maxOuter: Math.ceil(iterations / INNER) };
}

/** One factorization to be made. */
export interface Job {
  readonly model: AuditModelName;
  readonly X: Matrix;
  readonly start: Factors<Matrix>;
}

/** Makes factorizations. */
export class Models {
  readonly #asked: CheckedAudit;
  readonly #engine: Engine;
  readonly #signal: AbortSignal | undefined;
  readonly #onDone: () => void;

  constructor(asked: CheckedAudit, engine: Engine, signal: AbortSignal | undefined, onDone: () => void) {
    this.#asked = asked;
    this.#engine = engine;
    this.#signal = signal;
    this.#onDone = onDone;
  }

  /** Random starts: the one that attackers know, and the others. */
  async starts(): Promise<readonly Factors<Matrix>[]> {
    const { V, settings } = this.#asked;
    const problems = Array.from({ length: 1 + settings.otherStarts }, (_, i) =>
      nmfProblem(V, {
        ...this.#plain(),
        init: "random",
        seed: (settings.seed + i) % 0x100000000,
        maxIterations: 0,
      }),
    );
    return (await this.#solve(problems)).map(({ W, H }) => ({ W, H }));
  }

  /** The factorizations, in order, side by side where that is sooner. */
  fit(jobs: readonly Job[]): Promise<readonly Solution[]> {
    return this.#solve(
      jobs.map((job) => this.#problem(job)),
      this.#onDone,
    );
  }

  #solve(problems: readonly Problem[], onDone?: () => void): Promise<readonly Solution[]> {
    return computeAll(this.#engine, problems, this.#signal, onDone);
  }

  /** As the victim of `lafa` has it. */
  #plain() {
    const { settings, threads } = this.#asked;
    const { rank, loss, seed } = settings;
    return {
      rank,
      loss,
      seed,
      solver: "mu",
      order: loss === "frobenius" ? "WH" : "HW",
      epsilon: EPSILON,
      tolerance: 0,
      ...(threads === undefined ? {} : { threads }),
    } as const;
  }

  #problem({ model, X, start }: Job): Problem {
    const { settings, threads } = this.#asked;
    const { rank, seed, lambda, loss, evaluationIterations } = settings;
    const plain = this.#plain();
    if (model === "nmf") return nmfProblem(X, { ...plain, init: start, maxIterations: evaluationIterations });
    const shared = { rank, seed, init: start, ...(threads === undefined ? {} : { threads }) };
    if (model === "anmf") {
      const maxIterations = Math.min(MOST_ANMF, evaluationIterations);
      return anmfProblem(X, { ...shared, maxIterations });
    }
    const fixed = { ...loops(evaluationIterations), epsilonInner: 0, epsilonOuter: 0 };
    return atnmfProblem(X, { ...shared, ...fixed, lambda, loss, order: plain.order, epsilon: EPSILON });
  }
}
