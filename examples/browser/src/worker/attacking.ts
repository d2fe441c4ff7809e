// A ladder of attacks, from none to the largest, all computed ahead so that the slider has nothing to wait for.

import { AdvnmfError, type Engine, type LafaResult, lafa, type Matrix, type NmfResult } from "advnmf";
import type { Attacked, AttackProgress, AttackSettings, DrawingPair, Loss, View } from "../protocol.js";
import { drawTogether, type Factors, inOrderOf } from "./drawing.js";
import { type Hardened, harden } from "./hardening.js";
import { CONTROLS, type Plan, planAttack } from "./plan.js";
import { signedMap } from "./raster.js";

/** The sizes, as parts of the largest. */
const LADDER = [1 / 40, 1 / 20, 1 / 10, 1 / 4, 1 / 2, 1];

/** What is kept of an attack for files and other views. */
export interface Ladder {
  readonly loss: "frobenius" | "kullback-leibler";
  readonly settings: AttackSettings;
  readonly plan: Plan;
  readonly attacks: LafaResult;
  /** Features of the untouched data and of each attack, in the order of the factorization at hand. */
  readonly factors: readonly Factors[];
  readonly hardened: readonly Hardened[];
  readonly seconds: number;
}

/** @throws AdvnmfError as `lafa` and `atnmf`. */
export async function climb(
  V: Matrix,
  fit: NmfResult,
  asked: Loss,
  settings: AttackSettings,
  engine: Engine,
  threads: number,
  signal: AbortSignal,
  tell: (progress: AttackProgress) => void,
): Promise<Ladder> {
  const began = performance.now();
  const rank = fit.W.cols;
  const { largest, lambda, effort, seed } = settings;
  if (!(largest > 0)) {
    throw new AdvnmfError("OPTION", `the largest change must be above 0, got ${largest}`, {
      option: "epsilons",
    });
  }
  // The library refuses what it cannot attack, in its own words.
  const loss = asked as "frobenius" | "kullback-leibler";
  const epsilons = LADDER.map((part) => Number((part * largest).toPrecision(3)));
  const plan = planAttack(V, rank, loss, effort, threads, epsilons.length);
  const attacks = await lafa(V, {
    rank,
    loss,
    seed,
    epsilons,
    restarts: 1,
    ...plan,
    ...CONTROLS,
    engine,
    signal,
    onProgress({ step, steps, featureErrors }) {
      tell({ phase: "attack", step, steps, errors: featureErrors });
      if (step === steps) tell({ phase: "judge" });
    },
  });
  const hardening = { rank, loss, lambda, seed, engine, signal };
  const hardened = await harden(V, attacks, plan, hardening, (done, of) =>
    tell({ phase: "harden", done, of }),
  );
  return {
    loss,
    settings,
    plan,
    attacks,
    ...inOneOrder(fit, attacks, hardened),
    seconds: (performance.now() - began) / 1000,
  };
}

/** Features of the victim in the order of the fit; hardened ones in that of the victim, and then of themselves. */
function inOneOrder(
  fit: Factors,
  { reference, results }: LafaResult,
  hardened: readonly Hardened[],
): Pick<Ladder, "factors" | "hardened"> {
  const untouched = inOrderOf(reference, fit);
  const [first, ...others] = hardened as [Hardened, ...Hardened[]];
  const clean = inOrderOf(first.factors, untouched);
  return {
    factors: [untouched, ...results.map((result) => inOrderOf(result, untouched))],
    hardened: [
      { ...first, factors: clean },
      ...others.map((other) => ({ ...other, factors: inOrderOf(other.factors, clean) })),
    ],
  };
}

/** The features on every rung, hardened and not, on one scale. */
export function drawLadder({ factors, hardened }: Ladder, view: View): DrawingPair[] {
  const factorsOf = [...factors.map(({ W }) => W), ...hardened.map(({ factors: { W } }) => W)];
  // The untouched ones, as they are and hardened, say what is large.
  const drawings = drawTogether(factorsOf, view, [0, factors.length]);
  return factors.map(
    (_, rung) => [drawings[rung], drawings[factors.length + rung]] as unknown as DrawingPair,
  );
}

/** What the page shows. */
export function tellLadder(ladder: Ladder, view: View): Attacked {
  const { attacks, hardened, plan, loss, settings, seconds } = ladder;
  const { results, baseline, assumption } = attacks;
  const drawn = drawLadder(ladder, view);
  const nothing = signedMap(zeroLike(results[0]?.delta as Matrix));
  const rungs = [undefined, ...results].map((result, rung) => {
    const [drawings, hardenedDrawings] = drawn[rung] as DrawingPair;
    return {
      epsilon: result?.epsilon ?? 0,
      size: result?.size ?? 0,
      featureError: result?.featureError ?? baseline.unattacked,
      drawings,
      hardened: {
        featureError: (hardened[rung] as Hardened).featureError,
        drawings: hardenedDrawings,
      },
      noise: baseline.noise[rung - 1]?.mean ?? 0,
      transfer: result?.transfer.mean ?? baseline.refit.mean,
      reconstruction: baseline.reconstruction[rung - 1] ?? 0,
      reconstructionError: result?.reconstructionError ?? null,
      added: result ? signedMap(result.delta) : nothing,
    };
  });
  const how = plan.gradient === "implicit" ? "implicit" : "back-propagated";
  return {
    rungs,
    refit: baseline.refit.mean,
    lambda: settings.lambda,
    carried: loss !== "frobenius",
    assumption: assumption.replace(/;.*/s, "."),
    procedure: `Auto-PGD, ${plan.steps} steps of the ${how} gradient, L2 norm relative to ‖V‖. The victim: ${loss === "frobenius" ? "Frobenius" : "Kullback–Leibler"}, multiplicative updates from the start of seed ${settings.seed}, ${plan.iterations} iterations a step and ${plan.evaluationIterations} to judge. Hardened: AT-NMF, λ = ${settings.lambda}, from the same start, ${loss === "frobenius" ? "attacked in the same way itself" : "given the data that was made against NMF"}.`,
    seconds,
  };
}

function zeroLike({ rows, cols }: Matrix): Matrix {
  return { rows, cols, data: new Float64Array(rows * cols) };
}
