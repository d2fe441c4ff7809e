// The feature error after the training of AT-NMF (Cai, Tan & Févotte, Algorithm 1, with fixed numbers of iterations)
// and its gradient in V, by back-propagation through all of it: every state is kept, and the adjoints take the
// gradient back over the inner iterations and over the adversary's answer
//
//   U = max(V + s(V − WH), 0),  s = 1/(λ − 1)
//   V̄ = (1 + s)Z,  W̄ −= s·ZHᵀ,  H̄ −= s·WᵀZ     Z = Ū where U > 0, else 0

import { type FeatureError, featureError } from "./feature-error.js";
import { product, transpose } from "./product.js";
import { muStep, type Pair, stepAdjoint } from "./step-adjoint.js";

/** Updates after each answer, and answers. */
export interface Training {
  lambda: number;
  inner: number;
  outer: number;
}

/** The answer to W and H: m×n. */
export function answer(
  m: number,
  n: number,
  k: number,
  V: Float64Array,
  { W, H }: Pair,
  lambda: number,
): Float64Array {
  const P = product(m, k, n, W, H);
  return V.map((v, at) => Math.max(v + (v - P[at]!) / (lambda - 1), 0));
}

/** Gradients in V, W and H from that in the answer. */
export function answerAdjoint(
  m: number,
  n: number,
  k: number,
  V: Float64Array,
  { W, H }: Pair,
  lambda: number,
  G: Float64Array,
): Pair & { X: Float64Array } {
  const U = answer(m, n, k, V, { W, H }, lambda);
  const Z = G.map((g, at) => (U[at]! > 0 ? g : 0));
  const Pbar = Z.map((z) => -z / (lambda - 1));
  return {
    X: Z.map((z) => (z * lambda) / (lambda - 1)),
    W: product(m, n, k, Pbar, transpose(k, n, H)),
    H: product(k, m, n, transpose(m, k, W), Pbar),
  };
}

/** Gradient in V (m×n) of the feature error after the training, and how many entries of all answers were clipped. */
export function atnmfBackprop(
  m: number,
  n: number,
  k: number,
  V: Float64Array,
  start: Pair,
  { lambda, inner, outer }: Training,
  epsilon: number,
  firstH: boolean,
  reference: Pair,
): { error: FeatureError; gradient: Float64Array; end: Pair; clipped: number } {
  const rounds: { U: Float64Array; states: Pair[] }[] = [];
  let end = start;
  for (let o = 0; o < outer; o++) {
    const U = answer(m, n, k, V, end, lambda);
    const states = [end];
    for (let t = 0; t < inner; t++) states.push(muStep(0, m, n, k, U, states[t]!, epsilon, firstH));
    rounds.push({ U, states });
    end = states[inner]!;
  }
  const error = featureError(m, n, k, end.W, end.H, reference.W, reference.H);
  let G: Pair = { W: error.gradW, H: error.gradH };
  const gradient = new Float64Array(m * n);
  const add = (A: Float64Array, B: Float64Array) => A.map((a, at) => a + B[at]!);
  for (const { U, states } of rounds.reverse()) {
    const Ubar = new Float64Array(m * n);
    for (let t = inner - 1; t >= 0; t--) {
      const back = stepAdjoint(0, m, n, k, U, states[t]!, epsilon, firstH, G);
      for (let at = 0; at < m * n; at++) Ubar[at]! += back.X[at]!;
      G = back;
    }
    const back = answerAdjoint(m, n, k, V, states[0]!, lambda, Ubar);
    for (let at = 0; at < m * n; at++) gradient[at]! += back.X[at]!;
    G = { W: add(G.W, back.W), H: add(G.H, back.H) };
  }
  const clipped = rounds.reduce(
    (sum, { U }) => sum + U.reduce((zeros, u) => zeros + (u === 0 ? 1 : 0), 0),
    0,
  );
  return { error, gradient, end, clipped };
}
