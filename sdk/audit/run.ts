// An audit under way: factorize with every model, attack over norms and sizes, hold it all against the controls.

import { type Found, pursue } from "../attack.js";
import { defaultEngine, type Engine } from "../engine.js";
import { AdvnmfError } from "../errors.js";
import { checkFactors, type Factors } from "../feature-error.js";
import { digestOf, sha256 } from "../fingerprint.js";
import { info } from "../info.js";
import type { Matrix, MatrixLike } from "../matrix.js";
import type { Norm } from "../projection.js";
import { sensitivity } from "../sensitivity.js";
import { abortedBefore, nextTurn, type Solution } from "../solve.js";
import { type Comparison, compare, control, drawn, pattern, type Side, scaled } from "./changes.js";
import { classesOf, downstream } from "./downstream.js";
import { loops, Models } from "./models.js";
import { type CheckedAudit, checkAudit } from "./options.js";
import type {
  AttackedModel,
  Audit,
  AuditAttack,
  AuditModel,
  AuditModelName,
  AuditOptions,
  AuditProgress,
  AuditSensitivity,
  AuditSource,
  FactorizationChange,
} from "./types.js";
import { TITLES, verdictOf } from "./verdict.js";

/** The audit of `audit`; documented there. */
export async function auditFeatures(data: MatrixLike, options: AuditOptions): Promise<Audit> {
  const began = performance.now();
  const asked = checkAudit(data, options);
  if (options.signal?.aborted) throw abortedBefore(options.signal);
  const engine = options.engine ?? (await defaultEngine());
  const work = new Work(asked, options, engine);
  const whole = (complete: boolean) => work.assemble(complete, (performance.now() - began) / 1000);
  try {
    await work.factorize();
    await work.differentiate();
    for (const norm of asked.settings.norms) await work.attack(norm);
    return await whole(true);
  } catch (error) {
    if (!(error instanceof AdvnmfError && error.code === "ABORTED" && work.begun)) throw error;
    throw new AdvnmfError(
      "ABORTED",
      `aborted; the error's "best" holds the audit so far`,
      {},
      { cause: options.signal?.reason, best: await whole(false) },
    );
  }
}

/** Three digits of a map. */
const QUICK_SENSITIVITY = { tolerance: 1e-3 };

/** A model's factorization of V, and what it is compared by. */
interface Fitted {
  readonly model: AuditModelName;
  /** W and H in the order of the first model's features. */
  readonly reference: Factors<Matrix>;
}

/** Models with a gradient to follow. */
type Source = "nmf" | "atnmf";

/** The audit under way, and what there is of it. */
class Work {
  readonly #asked: CheckedAudit;
  readonly #engine: Engine;
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: AuditOptions["onProgress"];
  readonly #models: Models;
  readonly #side: Side;
  readonly #classes: readonly number[] | undefined;
  readonly #total: number;
  #phase: AuditProgress["phase"] = "factorizing";
  #done = 0;
  #starts: readonly Factors<Matrix>[] = [];
  #fitted: readonly Fitted[] = [];
  #clean: readonly AuditModel[] = [];
  readonly #attacks: AuditAttack[] = [];
  #sensitivity: AuditSensitivity | null = null;
  readonly #warnings: string[] = [];

  constructor(asked: CheckedAudit, options: AuditOptions, engine: Engine) {
    this.#asked = asked;
    this.#engine = engine;
    this.#signal = options.signal;
    this.#onProgress = options.onProgress;
    this.#models = new Models(asked, engine, options.signal, () => this.#advance(1));
    this.#side = asked.data.shape?.images === "rows" ? "H" : "W";
    this.#classes = asked.data.labels === null ? undefined : classesOf(asked.data.labels);
    const { models, epsilons, steps, otherStarts, noiseTrials } = asked.settings;
    const count = (epsilons.l2?.length ?? 0) + (epsilons.linf?.length ?? 0);
    const attacks = asked.settings.norms.length * this.#sources.length * (steps + 1);
    const judged = models.length * (this.#sources.length + 1 + noiseTrials + otherStarts);
    this.#total =
      models.length * (2 + otherStarts) + (asked.settings.sensitivity ? 1 : 0) + attacks + count * judged;
  }

  /** Whether there is an audit to speak of. */
  get begun(): boolean {
    return this.#clean.length > 0;
  }

  /** Models whose gradient perturbations follow: those of the list that have one, or NMF. */
  get #sources(): readonly Source[] {
    const { models, loss } = this.#asked.settings;
    const own = (["nmf", "atnmf"] as const).filter(
      (model) => models.includes(model) && (model === "nmf" || loss === "frobenius"),
    );
    return own.length > 0 ? own : ["nmf"];
  }

  #advance(steps: number, phase = this.#phase): void {
    this.#phase = phase;
    this.#done += steps;
    this.#onProgress?.({ phase, done: this.#done, total: this.#total });
  }

  /** V by every model: from its start twice, and from the others. */
  async factorize(): Promise<void> {
    const { V, settings } = this.#asked;
    this.#advance(0, "factorizing");
    this.#starts = await this.#models.starts();
    const [start, ...others] = this.#starts as readonly [Factors<Matrix>, ...Factors<Matrix>[]];
    const begins = [start, start, ...others];
    const fits = await this.#models.fit(
      settings.models.flatMap((model) => begins.map((begin) => ({ model, X: V, start: begin }))),
    );
    const fitted: Fitted[] = [];
    const clean: AuditModel[] = [];
    for (const [at, model] of settings.models.entries()) {
      const [fit, again, ...refits] = fits.slice(at * begins.length, (at + 1) * begins.length) as [
        Solution,
        Solution,
        ...Solution[],
      ];
      const first = fitted[0]?.reference ?? checkFactors(fit, `the factorization of V by ${TITLES[model]}`);
      const { columns, change } = compare(fit, first, this.#side);
      const reference = ordered(fit, columns);
      fitted.push({ model, reference });
      clean.push({
        model,
        columns,
        reconstructionError: fit.relativeError,
        iterations: fit.iterations,
        converged: model === "anmf" ? fit.converged : null,
        unattacked: compare(again, reference, this.#side).change.featureError,
        refit: control(refits.map((refit) => compare(refit, reference, this.#side).change)),
        vanished: vanished(reference),
        likeness: change.features.map(({ similarity }) => similarity),
        features: drawn(fit, columns, this.#side),
        shares: shares(reference),
        sha256: { W: await sha256(fit.W), H: await sha256(fit.H) },
        downstream: await this.#measure(fit),
      });
    }
    this.#fitted = fitted;
    this.#clean = clean;
  }

  /** Which entries of V move the features of NMF most. */
  async differentiate(): Promise<void> {
    const { V, settings, threads } = this.#asked;
    if (!settings.sensitivity) return;
    const fit = this.#fitted.find(({ model }) => model === "nmf")?.reference;
    if (fit === undefined) {
      this.#warnings.push("There is no sensitivity map: it is that of NMF, which is not among the models.");
      return;
    }
    this.#advance(0, "differentiating");
    try {
      const found = await sensitivity(V, fit, {
        loss: settings.loss,
        seed: settings.seed,
        ...(settings.quick ? QUICK_SENSITIVITY : {}),
        engine: this.#engine,
        ...(threads === undefined ? {} : { threads }),
        ...(this.#signal === undefined ? {} : { signal: this.#signal }),
      });
      const { map, amplification, features, reliable, reason, warnings } = found;
      this.#sensitivity = {
        map: scaled(map),
        amplification,
        features: features.map((feature) => feature.amplification),
        reliable,
        reason,
        warnings,
      };
    } catch (error) {
      // Features that vanish on the way to a stationary point, or a system that cannot be solved: the rest stands.
      if (!(error instanceof AdvnmfError) || !["OPTION", "MEMORY"].includes(error.code)) throw error;
      this.#warnings.push(`There is no sensitivity map: ${error.message}.`);
    }
    this.#advance(1);
  }

  async #measure(fit: Factors<Matrix>) {
    if (this.#classes === undefined) return null;
    await nextTurn();
    return downstream(this.#engine, fit, this.#classes, this.#asked.settings.seed);
  }

  /** All sizes of one norm: the perturbations together, then each size judged on all models. */
  async attack(norm: Norm): Promise<void> {
    const { V, settings, threads } = this.#asked;
    const epsilons = settings.epsilons[norm] as readonly number[];
    const [start] = this.#starts as readonly [Factors<Matrix>];
    const { rank, loss, lambda, seed, steps, restarts, gradient, iterations } = settings;
    const { evaluationIterations, noiseTrials } = settings;
    const shared = {
      rank,
      loss,
      norm,
      epsilons,
      seed,
      steps,
      restarts,
      evaluationIterations,
      noiseTrials,
      init: start,
      engine: this.#engine,
      onProgress: () => this.#advance(1, "attacking"),
      ...(threads === undefined ? {} : { threads }),
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    };
    this.#advance(0, "attacking");
    const pursuits: { model: Source; found: readonly Found[] }[] = [];
    for (const model of this.#sources) {
      const victim = model === "nmf" ? { gradient, iterations } : { model, lambda, ...loops(iterations) };
      pursuits.push({ model, found: (await pursue(V, { ...shared, ...victim })).found });
    }
    this.#advance(0, "judging");
    for (const [at, epsilon] of epsilons.entries()) {
      const tries = pursuits.map(({ model, found }) => ({ model, found: found[at] as Found }));
      // Noise and the attack on the loss are those that stand beside the first attack.
      const { found: first } = tries[0] as (typeof tries)[number];
      const trials = [
        ...tries.map(({ found }) => found.perturbed),
        first.onLoss.perturbed,
        ...(await first.noises()),
      ];
      this.#attacks.push(await this.#judge(norm, epsilon, trials, await sourcesOf(tries)));
    }
  }

  /** One size: every perturbation on every model, and the worst of each model from its other starts. */
  async #judge(
    norm: Norm,
    epsilon: number,
    trials: readonly Matrix[],
    sources: readonly AuditSource[],
  ): Promise<AuditAttack> {
    const attacks = sources.length;
    const [start, ...others] = this.#starts as readonly [Factors<Matrix>, ...Factors<Matrix>[]];
    const fits = await this.#models.fit(
      this.#fitted.flatMap(({ model }) => trials.map((X) => ({ model, X, start }))),
    );
    const smaller = this.#attacks.findLast((attack) => attack.norm === norm);
    const judged = this.#fitted.map(({ reference }, at) => {
      const own = fits.slice(at * trials.length, (at + 1) * trials.length);
      const comparisons = own.map((fit) => compare(fit, reference, this.#side));
      const errors = comparisons.slice(0, attacks).map(({ change }) => change.featureError);
      const most = Math.max(...errors);
      // What a smaller change has done a larger one could do as well.
      const before = smaller?.models[at];
      return {
        ...{ own, comparisons, errors, worst: errors.indexOf(most) },
        before: before && before.featureError > most ? before : undefined,
      };
    });
    const unknown = await this.#models.fit(
      this.#fitted.flatMap(({ model }, at) => {
        const { worst, before } = judged[at] as (typeof judged)[number];
        return before ? [] : others.map((begin) => ({ model, X: trials[worst] as Matrix, start: begin }));
      }),
    );
    const models: AttackedModel[] = [];
    let taken = 0;
    for (const [at, { model, reference }] of this.#fitted.entries()) {
      const { own, comparisons, worst, before } = judged[at] as (typeof judged)[number];
      const changes = comparisons.map((comparison) => comparison.change);
      const controls = {
        noise: control(changes.slice(attacks + 1)),
        byLoss: changes[attacks] as FactorizationChange,
      };
      if (before) {
        this.#advance(others.length);
        models.push({ ...before, ...controls });
        continue;
      }
      const fit = own[worst] as Solution;
      const { columns, change } = comparisons[worst] as Comparison;
      const source = (sources[worst] as AuditSource).model;
      const elsewhere = unknown.slice(taken, taken + others.length);
      taken += others.length;
      models.push({
        model,
        attackedBy: source === model ? "own gradient" : "transfer",
        source,
        foundAt: epsilon,
        ...change,
        ...controls,
        otherStarts: control(elsewhere.map((other) => compare(other, reference, this.#side).change)),
        drawn: drawn(fit, columns, this.#side),
        sha256: { W: await sha256(fit.W), H: await sha256(fit.H) },
        downstream: await this.#measure(fit),
      });
    }
    const transfer = sources.map((_, from) => judged.map(({ errors }) => errors[from] as number));
    return { norm, epsilon, sources, transfer, models };
  }

  /** What there is, as the caller gets it. */
  async assemble(complete: boolean, seconds: number): Promise<Audit> {
    const { V, data, settings } = this.#asked;
    const figures = {
      format: "advnmf-audit-1",
      complete,
      data: {
        rows: V.rows,
        cols: V.cols,
        dtype: V.data instanceof Float32Array ? "f32" : "f64",
        sha256: await sha256(V),
        ...data,
      },
      options: settings,
      verdict: verdictOf(settings, this.#clean, this.#attacks, data),
      models: this.#clean,
      attacks: this.#attacks,
      sensitivity: this.#sensitivity,
      warnings: this.#warnings,
    } as const;
    const { version, runtime } = await info(this.#engine);
    return {
      ...figures,
      digest: await digestOf(new TextEncoder().encode(JSON.stringify(figures))),
      versions: { advnmf: version, runtime },
      seconds,
    };
  }
}

/** W and H with their features in another order. */
function ordered({ W, H }: Factors<Matrix>, columns: readonly number[]): Factors<Matrix> {
  const w = new Float64Array(W.data.length);
  const h = new Float64Array(H.data.length);
  for (const [to, from] of columns.entries()) {
    for (let i = 0; i < W.rows; i++) w[i * W.cols + to] = W.data[i * W.cols + from] as number;
    h.set(H.data.subarray(from * H.cols, (from + 1) * H.cols), to * H.cols);
  }
  return { W: { ...W, data: w }, H: { ...H, data: h } };
}

/** Features that are zero in W or in H. */
function vanished({ W, H }: Factors<Matrix>): number[] {
  return Array.from({ length: W.cols }, (_, feature) => feature).filter((feature) =>
    [pattern({ W, H }, feature, "W"), pattern({ W, H }, feature, "H")].some((numbers) =>
      numbers.every((x) => x === 0),
    ),
  );
}

/** Σ w_i·Σ h_i of each feature, relative to their sum. */
function shares({ W, H }: Factors<Matrix>): number[] {
  const sizes = Array.from({ length: W.cols }, (_, a) => {
    let [w, h] = [0, 0];
    for (let i = 0; i < W.rows; i++) w += W.data[i * W.cols + a] as number;
    for (let j = 0; j < H.cols; j++) h += H.data[a * H.cols + j] as number;
    return w * h;
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => size / total);
}

async function sourcesOf(
  tries: readonly { readonly model: Source; readonly found: Found }[],
): Promise<AuditSource[]> {
  return Promise.all(
    tries.map(async ({ model, found: { size, attack, perturbed, warnings } }) => ({
      model,
      size,
      gradient: attack.kind,
      gradientReliable: attack.solved,
      history: attack.history,
      sha256: await sha256(perturbed),
      warnings,
    })),
  );
}
