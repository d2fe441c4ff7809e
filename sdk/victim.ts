// The factorization that is attacked: from the start that the attacker knows, with the gradients that an attack
// follows, and from others.

import { atnmfProblem } from "./atnmf.js";
import type { Checked, LafaOptions } from "./attack-options.js";
import { computeAll } from "./compute.js";
import type { Engine } from "./engine.js";
import { checkFactors, type Factors, featureError } from "./feature-error.js";
import { logRatios } from "./kernel-calls.js";
import { gradientProblem } from "./lafa-gradient.js";
import type { Matrix } from "./matrix.js";
import { product } from "./nmf.js";
import type { OfficialAscent } from "./official-ascent.js";
import { nmfProblem, type Problem } from "./problem.js";
import type { Solution } from "./solve.js";
import type { StagedAscent } from "./staged-ascent.js";
import type { InitOption, NmfOptions } from "./types.js";

/** ε of LaFA's code. */
const EPSILON = 1e-10;
/** Implicit systems inside an attack: the residual, and the products for it, at most. */
const TOLERANCE = 1e-2;
const MOST_PRODUCTS = 100;
/** … and what entries below this part of the largest of their feature count as, so that zeros can grow again. */
const FLOOR = 1e-10;
/** Terms of the official sum behind the first. */
const TAYLOR = 80;
/** Starts that are tried for each detour, how long, and the feature error from which on it counts as one. */
const STARTS_A_DETOUR = 4;
const DETOUR_DEPTH = 0.3;
const DETOUR_DISTANCE = 0.3;

/** What an attack follows: the feature error's gradient, computed either way, or that of the victim's loss. */
export type Direction = "implicit" | "backprop" | "reconstruction";

/** The objective at a point. */
export interface Outlook {
  readonly value: number;
  readonly featureError: number;
  readonly gradient: ArrayLike<number>;
}

/** One attack under way. */
export interface Attack {
  readonly index: number;
  readonly kind: Direction;
  readonly ascent: StagedAscent | OfficialAscent;
  /** Features of another start, which a stage that leads approaches. */
  readonly target: Factors<Matrix> | undefined;
  /** Whether it stands beside the others as a control. */
  readonly control: boolean;
  /** Feature errors of all points. */
  readonly history: number[];
  /** That of the best. */
  error: number;
  solved: boolean;
  /** Where the next step's factorization begins, if not at the victim's start. */
  factors?: Factors<Matrix>;
}

/** The factorization under attack: from a known start, and from others. */
export class Victim {
  readonly #asked: Checked;
  readonly #engine: Engine;
  readonly #signal: AbortSignal | undefined;
  readonly #init: InitOption;
  readonly #given: Factors | undefined;
  #start: Factors<Matrix> | undefined;
  #reference: Factors<Matrix> | undefined;
  #drawn = 0;
  /** What the attacker of the official procedure compares with. */
  #compared: Factors<Matrix> | undefined;
  /** Most bytes that one computation took. */
  peakBytes = 0;

  constructor(asked: Checked, options: LafaOptions, engine: Engine) {
    this.#asked = asked;
    this.#engine = engine;
    this.#signal = options.signal;
    this.#init = options.init ?? "random";
    this.#given = options.reference;
  }

  /** Makes the start, and the reference unless there is one. */
  async begin(): Promise<void> {
    const { V, rank } = this.#asked;
    const shape = [V.rows, rank, V.cols] as const;
    // A reference that does not fit is refused before anything is computed.
    const given = this.#given && checkFactors(this.#given, "the reference", shape);
    const [start] = await this.#solve([nmfProblem(V, this.#options({ init: this.#init, maxIterations: 0 }))]);
    this.#start = checkFactors(start as Solution, "the start", shape);
    const { official, evaluationIterations, iterations } = this.#asked;
    const maxIterations = official ? Math.ceil(evaluationIterations / 2) : evaluationIterations;
    const [own] = given ? [] : await this.#solve([this.#fit(V, { init: this.#start, maxIterations })]);
    this.#reference = given ?? checkFactors(own as Solution, "the factorization of V", shape);
    if (!official) return;
    const [other] = await this.#solve([this.#fromAnywhere(V, iterations)]);
    this.#compared = checkFactors(other as Solution, "a factorization of V", shape);
  }

  get reference(): Factors<Matrix> {
    return this.#reference as Factors<Matrix>;
  }

  #options(more: Partial<NmfOptions>): NmfOptions {
    const { rank, loss, seed, threads, evaluationIterations } = this.#asked;
    return {
      rank,
      loss,
      solver: "mu",
      order: loss === "frobenius" ? "WH" : "HW",
      epsilon: EPSILON,
      tolerance: 0,
      maxIterations: evaluationIterations,
      seed,
      ...(threads === undefined ? {} : { threads }),
      ...more,
    };
  }

  /** A factorization of X by the victim's method, for AT-NMF of whole inner loops. */
  #fit(X: Matrix, more: Pick<NmfOptions, "init" | "seed" | "maxIterations">): Problem {
    const { training } = this.#asked;
    if (!training) return nmfProblem(X, this.#options(more));
    const { loss: _, solver: __, tolerance: ___, maxIterations, ...shared } = this.#options(more);
    const { lambda, inner } = training;
    const maxOuter = Math.ceil((maxIterations as number) / inner);
    return atnmfProblem(X, {
      ...shared,
      lambda,
      maxInner: inner,
      maxOuter,
      epsilonInner: 0,
      epsilonOuter: 0,
    });
  }

  #solve(problems: readonly Problem[]): Promise<Solution[]> {
    return computeAll(this.#engine, problems, this.#signal, ({ peakBytes }) => {
      this.peakBytes = Math.max(this.peakBytes, peakBytes);
    });
  }

  /** The objective at the point of each attack; implicit systems that cannot be solved are back-propagated. */
  async outlooks(attacks: readonly Attack[]): Promise<Outlook[]> {
    const begun = await this.#begun(attacks);
    const problems = attacks.map(({ kind, ascent }, at) => {
      if (kind === "reconstruction") return this.#step(ascent.point);
      const from = begun[at];
      if (from) return this.#officialGradient(kind, ascent.point, from);
      return this.#gradient(ascent.stage.leads ? "backprop" : kind, attacks[at] as Attack);
    });
    const found = await this.#solve(problems);
    const unsolved = found.flatMap(({ gradient }, at) => (gradient?.solved === false ? [at] : []));
    const again = await this.#solve(unsolved.map((at) => this.#gradient("backprop", attacks[at] as Attack)));
    for (const [i, at] of unsolved.entries()) {
      (attacks[at] as Attack).solved = false;
      found[at] = again[i] as Solution;
    }
    if (this.#asked.warmStart) {
      for (const [at, { W, H }] of found.entries()) (attacks[at] as Attack).factors = { W, H };
    }
    return Promise.all(found.map((solution, at) => this.#outlook(solution, attacks[at] as Attack)));
  }

  async #outlook(solution: Solution, { ascent }: Attack): Promise<Outlook> {
    const { gradient } = solution;
    if (gradient && ascent.stage.leads) {
      return {
        value: -gradient.featureError,
        featureError: featureError(solution, this.reference).value,
        gradient: gradient.gradient.data.map((g) => -g),
      };
    }
    if (gradient) {
      return {
        value: gradient.featureError,
        featureError: gradient.featureError,
        gradient: gradient.gradient.data,
      };
    }
    return {
      value: solution.loss,
      featureError: featureError(solution, this.reference).value,
      gradient: await lossGradient(
        this.#engine,
        this.#asked.loss,
        ascent.point,
        product(solution.W, solution.H).data,
      ),
    };
  }

  /**
   * Features that V's factorization passes from other random starts, at most so many, those furthest from the
   * reference first, and none that are near it.
   */
  async detours(most: number): Promise<Factors<Matrix>[]> {
    const { V, iterations } = this.#asked;
    const problems = Array.from({ length: STARTS_A_DETOUR * most }, () =>
      this.#fromAnywhere(V, Math.ceil(DETOUR_DEPTH * iterations)),
    );
    return (await this.#solve(problems))
      .map(({ W, H }) => ({ W, H, far: featureError({ W, H }, this.reference).value }))
      .filter(({ far }) => far >= DETOUR_DISTANCE)
      .sort((a, b) => b.far - a.far)
      .slice(0, most);
  }

  /** V or another matrix, factorized from a random start that nobody else has. */
  #fromAnywhere(X: Matrix, maxIterations: number): Problem {
    // A stride of odd golden ratio keeps the starts of neighbouring seeds apart.
    const seed = (Math.imul(this.#asked.seed + 1, 0x9e3779b1) + this.#drawn++) >>> 0;
    return this.#fit(X, { init: "random", seed, maxIterations });
  }

  /** Official: factors of each attack's point, up to where its gradient begins; undefined for the controls. */
  async #begun(attacks: readonly Attack[]): Promise<(Solution | undefined)[]> {
    const { official, iterations } = this.#asked;
    const begun: (Solution | undefined)[] = attacks.map(() => undefined);
    if (!official) return begun;
    const places = attacks.flatMap(({ control }, at) => (control ? [] : [at]));
    const found = await this.#solve(
      places.map((at) => {
        const { kind, ascent } = attacks[at] as Attack;
        const before = kind === "implicit" ? Math.max(0, iterations - TAYLOR - 1) : 0;
        return this.#fromAnywhere(this.#asked.shaped(ascent.point), before);
      }),
    );
    for (const [i, at] of places.entries()) begun[at] = found[i];
    return begun;
  }

  #officialGradient(kind: Direction, point: Float64Array, { W, H }: Solution): Problem {
    const { loss, iterations, threads } = this.#asked;
    return gradientProblem(this.#asked.shaped(point), {
      W,
      H,
      reference: this.#compared as Factors<Matrix>,
      mode: "backprop",
      loss,
      iterations: kind === "implicit" ? Math.min(iterations, TAYLOR + 1) : iterations,
      ...(threads === undefined ? {} : { threads }),
    });
  }

  /** The factorization of one step of an attack. */
  #step(point: Float64Array): Problem {
    const init = this.#start as Factors<Matrix>;
    const { iterations } = this.#asked;
    return this.#fit(this.#asked.shaped(point), { init, maxIterations: iterations });
  }

  #gradient(mode: "implicit" | "backprop", { ascent, factors, target }: Attack): Problem {
    const { loss, backpropIterations, evaluationIterations, damping, training, threads } = this.#asked;
    const { depth, leads } = ascent.stage;
    const usual = mode === "implicit" ? this.#asked.iterations : backpropIterations;
    const iterations = Math.min(Math.ceil(depth * usual), Math.max(usual, evaluationIterations));
    const { W, H } = factors ?? (this.#start as Factors<Matrix>);
    const problem = gradientProblem(this.#asked.shaped(ascent.point), {
      W,
      H,
      reference: leads ? (target as Factors<Matrix>) : this.reference,
      mode,
      loss,
      ...(training
        ? {
            model: "atnmf",
            lambda: training.lambda,
            innerIterations: training.inner,
            outerIterations: Math.ceil(iterations / training.inner),
          }
        : { iterations }),
      ...(mode === "implicit"
        ? { damping, tolerance: TOLERANCE, maxProducts: MOST_PRODUCTS, floor: FLOOR }
        : {}),
      ...(threads === undefined ? {} : { threads }),
    });
    if (!problem.gradient) return problem;
    return { ...problem, gradient: { ...problem.gradient, maxDamping: 5 * damping } };
  }

  /** The whole factorization from the known start. */
  async factorize(X: Matrix): Promise<Solution> {
    return (await this.factorizeAll([X]))[0] as Solution;
  }

  factorizeAll(matrices: readonly Matrix[]): Promise<Solution[]> {
    const init = this.#start as Factors<Matrix>;
    return this.#solve(matrices.map((X) => this.#fit(X, { init })));
  }

  /** Feature errors of X from other random starts. */
  async otherStarts(X: Matrix): Promise<number[]> {
    const { otherStarts, seed } = this.#asked;
    const problems = Array.from({ length: otherStarts }, (_, i) =>
      this.#fit(X, { init: "random", seed: (seed + 1 + i) % 0x100000000 }),
    );
    return (await this.#solve(problems)).map((fit) => featureError(fit, this.reference).value);
  }
}

/** Gradient of the victim's loss in X, with the factors fixed. */
async function lossGradient(
  engine: Engine,
  loss: Checked["loss"],
  X: Float64Array,
  WH: Float64Array,
): Promise<Float64Array> {
  if (loss === "frobenius") return X.map((x, at) => x - (WH[at] as number));
  return logRatios(engine, X, WH, EPSILON);
}
