/** Checks of option objects, as in the rest of the SDK, with defaults. */
import { oneOf as requireOneOf, wholeNumber as requireWholeNumber } from "../options.js";
import { type Dtype, defaultMaxBytes } from "./types.js";

export { checkOptions } from "../options.js";

/**
 * `value` if it is one of `allowed`, `fallback` if it is undefined.
 *
 * @throws AdvnmfError `OPTION` for anything else.
 */
export function oneOf<T extends string | number | boolean, D extends T | undefined>(
  value: unknown,
  allowed: readonly T[],
  fallback: D,
  name: string,
): T | D {
  return value === undefined ? fallback : requireOneOf(value, allowed, name);
}

/**
 * `value` if it is a whole number from `least` to `most`, `fallback` if it is undefined.
 *
 * @throws AdvnmfError `OPTION` for anything else.
 */
export function wholeNumber(
  value: unknown,
  fallback: number,
  name: string,
  least: number,
  most: number,
): number {
  return value === undefined ? fallback : requireWholeNumber(value, least, most, name);
}

/** The `dtype` option, checked. */
export function dtypeOption(value: unknown): Dtype | undefined {
  return oneOf<Dtype, undefined>(value, ["f32", "f64"], undefined, "dtype");
}

/** The `maxBytes` option, checked, with its default. */
export function maxBytesOption(value: unknown): number {
  if (value === Infinity) return Number.MAX_SAFE_INTEGER;
  return wholeNumber(value, defaultMaxBytes, "maxBytes", 1, Number.MAX_SAFE_INTEGER);
}
