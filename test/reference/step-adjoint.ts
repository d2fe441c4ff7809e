// One multiplicative update and its adjoint (LaFA, arXiv 2408.03909, back-propagation). A half-step updates C
// (k×cols), the factor B (rows×k) fixed, to fit X (rows×cols):
//
//   Kullback–Leibler   P = BC + ε,  R = X/P,  A = BᵀR,  s = Bᵀ1 + ε,  C⁺ = C∘A/s
//   Frobenius          A = BᵀX,  G = BᵀB,  s = GC + ε,  C⁺ = C∘A/s
//
// Its adjoint takes Ḡ, the gradient in C⁺, to those in C, B and X:
//
//   Ā = Ḡ∘C/s,  s̄ = −Ḡ∘C⁺/s
//   Kullback–Leibler   P̄ = −(BĀ)∘R/P;  C̄ = Ḡ∘A/s + BᵀP̄;  B̄ = RĀᵀ + P̄Cᵀ + 1(Σ_j s̄)ᵀ;  X̄ = (BĀ)/P
//   Frobenius          C̄ = Ḡ∘A/s + Gs̄;  B̄ = XĀᵀ + B(s̄Cᵀ + Cs̄ᵀ);  X̄ = BĀ
//
// An entry of C that is 0 stays so, and what flows through it leads nowhere: the first term of its C̄ is left out.
//
// The half-step for W is the same on Xᵀ ≈ Hᵀ·Wᵀ.

import { product, transpose } from "./product.js";

/** 0 Frobenius, 1 Kullback–Leibler. */
export type StepLoss = 0 | 1;

/** A factorization, or gradients in its factors: W m×k, H k×n. */
export interface Pair {
  W: Float64Array;
  H: Float64Array;
}

/** What a half-step has at hand: A and s of the equations, and C⁺. */
function forward(
  loss: StepLoss,
  rows: number,
  cols: number,
  k: number,
  X: Float64Array,
  B: Float64Array,
  C: Float64Array,
  epsilon: number,
) {
  const Bt = transpose(rows, k, B);
  const P = product(rows, k, cols, B, C).map((p) => p + epsilon);
  const R = loss === 1 ? X.map((x, at) => x / P[at]!) : X;
  const A = product(k, rows, cols, Bt, R);
  const G = product(k, rows, k, Bt, B);
  const s = loss === 1 ? new Float64Array(k * cols) : product(k, k, cols, G, C);
  for (let at = 0; at < k * cols; at++) {
    const a = Math.floor(at / cols);
    if (loss === 1) for (let i = 0; i < rows; i++) s[at]! += B[i * k + a]!;
    s[at]! += epsilon;
  }
  const next = C.map((c, at) => (c * A[at]!) / s[at]!);
  return { Bt, P, R, A, G, s, next };
}

/** The new C (k×cols). */
export function halfStep(
  loss: StepLoss,
  rows: number,
  cols: number,
  k: number,
  X: Float64Array,
  B: Float64Array,
  C: Float64Array,
  epsilon: number,
): Float64Array {
  return forward(loss, rows, cols, k, X, B, C, epsilon).next;
}

/** The adjoint of {@link halfStep}: gradients in C (k×cols), B (rows×k) and X (rows×cols) from that in C⁺. */
export function halfStepAdjoint(
  loss: StepLoss,
  rows: number,
  cols: number,
  k: number,
  X: Float64Array,
  B: Float64Array,
  C: Float64Array,
  epsilon: number,
  G: Float64Array,
): { C: Float64Array; B: Float64Array; X: Float64Array } {
  const { Bt, P, R, A, G: gram, s, next } = forward(loss, rows, cols, k, X, B, C, epsilon);
  const Abar = G.map((g, at) => (g * C[at]!) / s[at]!);
  const sbar = G.map((g, at) => (-g * next[at]!) / s[at]!);
  const BA = product(rows, k, cols, B, Abar);
  const Cbar = G.map((g, at) => (C[at]! > 0 ? (g * A[at]!) / s[at]! : 0));
  const Bbar = product(rows, cols, k, R, transpose(k, cols, Abar));
  const Ct = transpose(k, cols, C);
  if (loss === 1) {
    const Pbar = BA.map((x, at) => (-x * R[at]!) / P[at]!);
    const viaP = product(k, rows, cols, Bt, Pbar);
    const viaC = product(rows, cols, k, Pbar, Ct);
    for (let at = 0; at < Cbar.length; at++) Cbar[at]! += viaP[at]!;
    for (let at = 0; at < Bbar.length; at++) {
      Bbar[at]! += viaC[at]!;
      for (let j = 0; j < cols; j++) Bbar[at]! += sbar[(at % k) * cols + j]!;
    }
    return { C: Cbar, B: Bbar, X: BA.map((x, at) => x / P[at]!) };
  }
  const viaG = product(k, k, cols, gram, sbar);
  for (let at = 0; at < Cbar.length; at++) Cbar[at]! += viaG[at]!;
  const K = product(k, cols, k, sbar, Ct);
  const viaK = product(
    rows,
    k,
    k,
    B,
    K.map((x, at) => x + K[(at % k) * k + Math.floor(at / k)]!),
  );
  for (let at = 0; at < Bbar.length; at++) Bbar[at]! += viaK[at]!;
  return { C: Cbar, B: Bbar, X: BA };
}

/** One iteration: both half-steps, the second with what the first made. */
export function muStep(
  loss: StepLoss,
  m: number,
  n: number,
  k: number,
  X: Float64Array,
  { W, H }: Pair,
  epsilon: number,
  firstH: boolean,
): Pair {
  const next = { W, H };
  const updateH = () => {
    next.H = halfStep(loss, m, n, k, X, next.W, next.H, epsilon);
  };
  if (firstH) updateH();
  const Xt = transpose(m, n, X);
  const Wt = halfStep(loss, n, m, k, Xt, transpose(k, n, next.H), transpose(m, k, next.W), epsilon);
  next.W = transpose(k, m, Wt);
  if (!firstH) updateH();
  return next;
}

/** The adjoint of {@link muStep} at W, H: gradients in W, H and X from those in the new W and H. */
export function stepAdjoint(
  loss: StepLoss,
  m: number,
  n: number,
  k: number,
  X: Float64Array,
  { W, H }: Pair,
  epsilon: number,
  firstH: boolean,
  G: Pair,
): Pair & { X: Float64Array } {
  const Xt = transpose(m, n, X);
  const Wt = transpose(m, k, W);
  const after = muStep(loss, m, n, k, X, { W, H }, epsilon, firstH);
  const gradient = { W: G.W, H: G.H, X: new Float64Array(m * n) };
  const add = (into: Float64Array, more: Float64Array) => into.map((x, at) => x + more[at]!);
  const backH = (with_: Float64Array) => {
    const half = halfStepAdjoint(loss, m, n, k, X, with_, H, epsilon, gradient.H);
    gradient.H = half.C;
    gradient.W = add(gradient.W, half.B);
    gradient.X = add(gradient.X, half.X);
  };
  const backW = (with_: Float64Array) => {
    const Ht = transpose(k, n, with_);
    const half = halfStepAdjoint(loss, n, m, k, Xt, Ht, Wt, epsilon, transpose(m, k, gradient.W));
    gradient.W = transpose(k, m, half.C);
    gradient.H = add(gradient.H, transpose(n, k, half.B));
    gradient.X = add(gradient.X, transpose(n, m, half.X));
  };
  if (firstH) {
    backW(after.H);
    backH(W);
  } else {
    backH(after.W);
    backW(H);
  }
  return gradient;
}
