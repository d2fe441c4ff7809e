// Figures and names as the report writes them.

import type { Audit, AuditAttack, AuditModelName } from "../audit/types.js";
import { percent, TITLES } from "../audit/verdict.js";
import type { Norm } from "../projection.js";

/** A feature error. */
export function figure(value: number): string {
  if (!(value < 1000)) return value.toExponential(1);
  return value < 10 ? value.toFixed(3) : value.toFixed(1);
}

/** A size in the units of its norm. */
export function sizeText({ norm, epsilon }: Pick<AuditAttack, "norm" | "epsilon">): string {
  return norm === "l2" ? percent(epsilon) : String(Number(epsilon.toPrecision(3)));
}

/** What a size of that norm is one of. */
export function normText(norm: Norm): string {
  return norm === "l2" ? "the whole matrix (L2)" : "every entry (L∞)";
}

/** The model's name in this audit. */
export function titleOf({ options }: Audit, model: AuditModelName): string {
  return model === "atnmf" ? `${TITLES.atnmf} (λ = ${options.lambda})` : TITLES[model];
}

/** Names of the models and what they are. */
export const KINDS: Readonly<Record<AuditModelName, string>> = {
  nmf: "the plain factorization",
  atnmf: "trained against a worst-case adversary",
  anmf: "trained against an attacker of its features",
};

/** Colors of the models. */
export const COLORS: Readonly<Record<AuditModelName, string>> = {
  nmf: "var(--nmf)",
  atnmf: "var(--hardened)",
  anmf: "var(--third)",
};
