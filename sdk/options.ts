// Checks that every function makes on its options before it does anything else.

import { closest, distance } from "fastest-levenshtein";
import { AdvnmfError } from "./errors.js";

/** Refuses names that are not in `known`, and suggests the nearest. @throws AdvnmfError `OPTION`. */
export function checkOptions(options: object, known: readonly string[], where: string): void {
  if (typeof options !== "object" || options === null) {
    throw new AdvnmfError("OPTION", `${where} takes an object of options, got ${String(options)}`, {
      got: options,
    });
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new AdvnmfError(
      "OPTION",
      `${where} has no option "${name}"${suggestion(name, known)}; the options are ${known.join(", ")}`,
      { option: name, nearest: closest(name, [...known]), known },
    );
  }
}

/** `, did you mean "…"?` when something known is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = closest(name, [...known]);
  const near = nearest && distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, name.length / 2);
  return near ? `, did you mean "${nearest}"?` : "";
}

/** One of a list of words. @throws AdvnmfError `OPTION`. */
export function oneOf<W extends string | number | boolean>(
  value: unknown,
  words: readonly W[],
  option: string,
): W {
  if (words.includes(value as W)) return value as W;
  const known = words.filter((word) => typeof word === "string");
  const hint = typeof value === "string" ? suggestion(value, known) : "";
  throw new AdvnmfError(
    "OPTION",
    `${option} must be one of ${words.map(show).join(", ")}, got ${show(value)}${hint}`,
    { option, got: value, expected: words },
  );
}

/** A whole number in [low, high]. @throws AdvnmfError `OPTION`. */
export function wholeNumber(value: unknown, low: number, high: number, option: string): number {
  if (Number.isInteger(value) && (value as number) >= low && (value as number) <= high)
    return value as number;
  throw new AdvnmfError(
    "OPTION",
    `${option} must be a whole number in ${low} … ${high}, got ${show(value)}`,
    {
      option,
      got: value,
      low,
      high,
    },
  );
}

/** A finite number ≥ low. @throws AdvnmfError `OPTION`. */
export function numberFrom(value: unknown, low: number, option: string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= low) return value;
  throw new AdvnmfError("OPTION", `${option} must be a finite number ≥ ${low}, got ${show(value)}`, {
    option,
    got: value,
    low,
  });
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return String(value);
}
