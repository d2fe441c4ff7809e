// Errors on their way to the page: the library's sentence, and the field it belongs to.

import { AdvnmfError } from "advnmf";
import type { Field, Outcome } from "../protocol.js";

/** Fields of the form by the name of the library's option. */
const FIELD_OF_OPTION: Readonly<Record<string, Field>> = {
  rank: "rank",
  loss: "loss",
  mask: "mask",
  fraction: "mask",
  missing: "mask",
  seed: "seed",
  maxIterations: "iterations",
  restarts: "starts",
  epsilons: "largest",
  lambda: "lambda",
  variable: "files",
};

/** … and by the code of the error: what is not a number has to be said to be missing. */
const FIELD_OF_CODE: Readonly<Record<string, Field>> = { RANK: "rank", NOT_FINITE: "mask" };

/** Does `work`; what it throws becomes an outcome, at `field` unless the error names an option. */
export async function outcome<T>(field: Field, work: () => Promise<T> | T): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return failure(error, field);
  }
}

function failure(error: unknown, field: Field): Outcome<never> {
  if (!(error instanceof AdvnmfError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "UNKNOWN", message, field };
  }
  const { code, message, details } = error;
  const { option, names } = details;
  const named = FIELD_OF_CODE[code] ?? FIELD_OF_OPTION[String(option)];
  return {
    ok: false,
    code,
    message,
    field: field === "form" || option !== undefined ? (named ?? field) : field,
    ...(option === "variable" && Array.isArray(names) ? { variables: names.map(String) } : {}),
  };
}
