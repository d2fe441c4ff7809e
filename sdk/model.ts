// The factorization whose features are differentiated and attacked: NMF, or AT-NMF with numbers of iterations that
// are fixed, so that where it ends is a function of the data almost everywhere.

import { checkLambda } from "./atnmf.js";
import { AdvnmfError } from "./errors.js";
import { oneOf, show, wholeNumber } from "./options.js";

/** Multiplicative updates on V, or on the data of an adversary who answers them. */
export type Model = "nmf" | "atnmf";

/** AT-NMF with fixed numbers of iterations. */
export interface Training {
  readonly lambda: number;
  /** Updates after each answer of the adversary. */
  readonly inner: number;
  readonly outer: number;
}

const USUAL: Training = { lambda: 2, inner: 25, outer: 20 };
const MOST_ITERATIONS = 1_000_000;

/** Which model the options ask for; those that belong to the other one are refused. @throws AdvnmfError `OPTION`. */
export function checkModel<O extends { readonly model?: Model }>(
  options: O,
  own: Readonly<Record<Model, readonly (keyof O & string)[]>>,
): Model {
  const model = oneOf(options.model ?? "nmf", ["nmf", "atnmf"], "model");
  const other = model === "nmf" ? "atnmf" : "nmf";
  for (const option of own[other]) {
    if (options[option] === undefined) continue;
    throw new AdvnmfError("OPTION", `${option} belongs to model "${other}", and this is model "${model}"`, {
      option,
    });
  }
  return model;
}

/** The figures of AT-NMF, by the names that the options have for them. @throws AdvnmfError `OPTION`. */
export function checkTraining(
  lambda: unknown,
  inner: readonly [name: string, given: unknown],
  outer: readonly [name: string, given: unknown],
): Training {
  const count = ([name, given]: readonly [string, unknown], usual: number) =>
    wholeNumber(given ?? usual, 1, MOST_ITERATIONS, name);
  const training = {
    lambda: checkLambda(lambda ?? USUAL.lambda),
    inner: count(inner, USUAL.inner),
    outer: count(outer, USUAL.outer),
  };
  wholeNumber(training.inner * training.outer, 1, 0x7fffffff, `${inner[0]} · ${outer[0]}`);
  return training;
}

/** What the model minimises, `"kullback-leibler"` by default for NMF. @throws AdvnmfError `OPTION`. */
export function checkModelLoss(model: Model, loss: unknown): "kullback-leibler" | "frobenius" {
  if (model === "nmf") return oneOf(loss ?? "kullback-leibler", ["kullback-leibler", "frobenius"], "loss");
  if (loss === undefined || loss === "frobenius") return "frobenius";
  throw new AdvnmfError(
    "OPTION",
    `model "atnmf" is differentiated with loss "frobenius" only, got ${show(loss)}`,
    { option: "loss", got: loss },
  );
}
