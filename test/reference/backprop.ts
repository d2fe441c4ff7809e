// The feature error of the factors after T iterations, and its gradient in X by back-propagation through all of
// them (LaFA, arXiv 2408.03909): every state is kept, and the adjoint of a step takes the gradient back over it.

import { type FeatureError, featureError } from "./feature-error.js";
import { muStep, type Pair, type StepLoss, stepAdjoint } from "./step-adjoint.js";

/** Gradient in X (m×n) of the feature error after `iterations` steps from `start`. */
export function backprop(
  loss: StepLoss,
  m: number,
  n: number,
  k: number,
  X: Float64Array,
  start: Pair,
  iterations: number,
  epsilon: number,
  firstH: boolean,
  reference: Pair,
): { error: FeatureError; gradient: Float64Array; end: Pair } {
  const states = [start];
  for (let t = 0; t < iterations; t++) {
    states.push(muStep(loss, m, n, k, X, states[t]!, epsilon, firstH));
  }
  const end = states[iterations]!;
  const error = featureError(m, n, k, end.W, end.H, reference.W, reference.H);
  let G: Pair = { W: error.gradW, H: error.gradH };
  const gradient = new Float64Array(m * n);
  for (let t = iterations - 1; t >= 0; t--) {
    const back = stepAdjoint(loss, m, n, k, X, states[t]!, epsilon, firstH, G);
    for (let at = 0; at < m * n; at++) gradient[at]! += back.X[at]!;
    G = back;
  }
  return { error, gradient, end };
}
