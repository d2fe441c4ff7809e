// Figures of the authors' published code (lanl/LaFA): quoted to stand beside ours, not computed here.

import type { Norm } from "../../../index.js";
import type { Gradient, SetName } from "./protocol.js";

/** Iterations that a gradient goes through in the authors’ code, on WTSI. */
export const OFFICIAL_ITERATIONS = 1600;

/** A feature error after 40 steps, unless said otherwise. */
export interface QuotedError {
  readonly set: SetName;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly gradient: Gradient;
  readonly featureError: number;
  readonly steps: number;
}

/** Feature errors by the authors' metric: a reference of 5,000 iterations and a victim of 10,000. */
export const QUOTED_ERRORS: readonly QuotedError[] = [
  ...quoted("wtsi", "l2", 0.01, 0.14, 0.08),
  ...quoted("wtsi", "l2", 0.018, 0.21, 0.23),
  ...quoted("wtsi", "linf", 0.0005, 0.2, 0.13),
  ...quoted("wtsi", "linf", 0.00095, null, 0.2),
  ...quoted("synthetic", "l2", 0.025, 0.28, 0.12, 8),
  ...quoted("synthetic", "l2", 0.0475, 0.51, 0.66, 8),
];

function quoted(
  set: SetName,
  norm: Norm,
  epsilon: number,
  implicit: number | null,
  backprop: number,
  implicitSteps = 40,
): QuotedError[] {
  const common = { set, norm, epsilon };
  const second = { ...common, gradient: "backprop" as const, featureError: backprop, steps: 40 };
  if (implicit === null) return [second];
  return [{ ...common, gradient: "implicit", featureError: implicit, steps: implicitSteps }, second];
}

/** The quoted feature error of an attack, if there is one. */
export function quotedError(
  set: SetName,
  norm: Norm,
  epsilon: number,
  gradient: Gradient,
): QuotedError | undefined {
  return QUOTED_ERRORS.find(
    (one) => one.set === set && one.norm === norm && one.epsilon === epsilon && one.gradient === gradient,
  );
}

/** What the authors' code takes. */
export interface QuotedCost {
  readonly set: SetName;
  readonly gradient: Gradient;
  /** One gradient on one thread of a machine of this kind. */
  readonly gradientSeconds: number;
  /** By how much the process grew for it, in megabytes; null where it was not measured. */
  readonly growthMb: number | null;
  /** 40 steps on a graphics card, by the authors' own log: seconds and megabytes. */
  readonly gpuSeconds: number;
  readonly gpuMb: number;
}

/** Seconds and memory. */
export const QUOTED_COSTS: readonly QuotedCost[] = [
  { set: "synthetic", gradient: "implicit", gradientSeconds: 6.5, growthMb: 280, gpuSeconds: 58, gpuMb: 262 },
  {
    set: "synthetic",
    gradient: "backprop",
    gradientSeconds: 6.8,
    growthMb: 1300,
    gpuSeconds: 101,
    gpuMb: 1045,
  },
  { set: "wtsi", gradient: "implicit", gradientSeconds: 1.6, growthMb: null, gpuSeconds: 35, gpuMb: 38 },
  { set: "wtsi", gradient: "backprop", gradientSeconds: 1.2, growthMb: null, gpuSeconds: 50, gpuMb: 77 },
];
