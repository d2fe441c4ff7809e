// Adversarial NMF (Luo, Zhang & Huang 2020), the bilevel problem and the splitting method for it, as
// assembly/anmf/admm.ts and kkt.ts state them. Everything is formed as it is written there: B = TX − Z in full, the X
// step as one system of n² unknowns, the Q step as one of N unknowns.
//
//   f(A, X) = β‖√D∘(TX − Y)‖² + (1−β)‖√D∘(AX − Y)‖²,  T = (λA + ZXᵀ)(λI + XXᵀ)⁻¹
//
// Y, Z, D: m×N, A, T: m×n, X: n×N, all row-major.

/** A·B. A: rows×k, B: k×cols. */
export function product(rows: i32, k: i32, cols: i32, A: Float64Array, B: Float64Array): Float64Array {
  const C = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      let sum: f64 = 0;
      for (let a = 0; a < k; a++) sum += A[i * k + a]! * B[a * cols + j]!;
      C[i * cols + j] = sum;
    }
  }
  return C;
}

/** Aᵀ. A: rows×cols. */
export function transpose(rows: i32, cols: i32, A: Float64Array): Float64Array {
  const T = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) T[j * rows + i] = A[i * cols + j]!;
  return T;
}

/** C·Cᵀ. C: rows×cols. */
export function gramOfRows(rows: i32, cols: i32, C: Float64Array): Float64Array {
  return product(rows, cols, rows, C, transpose(rows, cols, C));
}

/** αA + βB. */
export function combined(alpha: f64, A: Float64Array, beta: f64, B: Float64Array): Float64Array {
  const C = new Float64Array(A.length);
  for (let i = 0; i < A.length; i++) C[i] = alpha * A[i]! + beta * B[i]!;
  return C;
}

/** A + δI. A: n×n. */
export function shifted(n: i32, A: Float64Array, delta: f64): Float64Array {
  const C = combined(1, A, 0, A);
  for (let i = 0; i < n; i++) C[i * n + i] = C[i * n + i]! + delta;
  return C;
}

/** R·S⁻¹, by elimination on the rows of (S | Rᵀ). R: rows×n, S: n×n, symmetric positive definite. */
export function dividedBy(rows: i32, n: i32, R: Float64Array, S: Float64Array): Float64Array {
  const left = combined(1, S, 0, S);
  const right = transpose(rows, n, R);
  for (let c = 0; c < n; c++) {
    for (let r = 0; r < n; r++) {
      const share: f64 = r === c ? 0 : left[r * n + c]! / left[c * n + c]!;
      if (share === 0) continue;
      for (let j = c; j < n; j++) left[r * n + j] = left[r * n + j]! - share * left[c * n + j]!;
      for (let i = 0; i < rows; i++)
        right[r * rows + i] = right[r * rows + i]! - share * right[c * rows + i]!;
    }
  }
  for (let c = 0; c < n; c++) {
    for (let i = 0; i < rows; i++) right[c * rows + i] = right[c * rows + i]! / left[c * n + c]!;
  }
  return transpose(n, rows, right);
}

/** Σ A∘B. */
export function inner(A: Float64Array, B: Float64Array): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < A.length; i++) sum += A[i]! * B[i]!;
  return sum;
}

/** The data and the figures of one problem. */
export class AnmfProblem {
  m: i32;
  n: i32;
  N: i32;
  Y: Float64Array;
  Z: Float64Array;
  D: Float64Array;
  lambda: f64 = 1;
  beta: f64 = 0.5;
  gauge: boolean = true;

  constructor(m: i32, n: i32, N: i32, Y: Float64Array, Z: Float64Array, D: Float64Array) {
    this.m = m;
    this.n = n;
    this.N = N;
    this.Y = Y;
    this.Z = Z;
    this.D = D;
  }

  /** T, the attacker's answer. */
  answer(A: Float64Array, X: Float64Array): Float64Array {
    const right = combined(this.lambda, A, 1, this.timesXt(this.Z, X));
    return dividedBy(this.m, this.n, right, shifted(this.n, gramOfRows(this.n, this.N, X), this.lambda));
  }

  /** B·Xᵀ, B being m×N. */
  timesXt(B: Float64Array, X: Float64Array): Float64Array {
    return product(this.m, this.N, this.n, B, transpose(this.n, this.N, X));
  }

  /** D∘(CX − Y). */
  misfit(C: Float64Array, X: Float64Array): Float64Array {
    const R = product(this.m, this.n, this.N, C, X);
    for (let i = 0; i < R.length; i++) R[i] = this.D[i]! * (R[i]! - this.Y[i]!);
    return R;
  }

  /** ‖√D∘(CX − Y)‖². */
  error(C: Float64Array, X: Float64Array): f64 {
    const P = product(this.m, this.n, this.N, C, X);
    let sum: f64 = 0;
    for (let i = 0; i < P.length; i++) {
      const e: f64 = P[i]! - this.Y[i]!;
      sum += this.D[i]! * e * e;
    }
    return sum;
  }

  objective(A: Float64Array, X: Float64Array): f64 {
    const attacked = this.beta === 0 ? 0 : this.error(this.answer(A, X), X);
    return this.beta * attacked + (1 - this.beta) * this.error(A, X);
  }

  /** W = 2β(D∘(TX − Y))Xᵀ(λI + XXᵀ)⁻¹, the multiplier of the attacker's condition. */
  multiplier(T: Float64Array, X: Float64Array): Float64Array {
    const R = this.timesXt(this.misfit(T, X), X);
    const L = shifted(this.n, gramOfRows(this.n, this.N, X), this.lambda);
    return dividedBy(this.m, this.n, combined(2 * this.beta, R, 0, R), L);
  }

  /** ∂f/∂A = λW + 2(1−β)R_AXᵀ. */
  gradientA(A: Float64Array, X: Float64Array): Float64Array {
    const W = this.multiplier(this.answer(A, X), X);
    return combined(this.lambda, W, 2 * (1 - this.beta), this.timesXt(this.misfit(A, X), X));
  }

  /** ∂f/∂X = 2βTᵀR_T + 2(1−β)AᵀR_A + Wᵀ(Z − TX) − TᵀWX. */
  gradientX(A: Float64Array, X: Float64Array): Float64Array {
    const m = this.m;
    const n = this.n;
    const N = this.N;
    const T = this.answer(A, X);
    const W = this.multiplier(T, X);
    const Tt = transpose(m, n, T);
    const ofT = product(n, m, N, Tt, this.misfit(T, X));
    const ofA = product(n, m, N, transpose(m, n, A), this.misfit(A, X));
    const left = combined(1, this.Z, -1, product(m, n, N, T, X));
    const shift = product(n, n, N, product(n, m, n, Tt, W), X);
    const G = combined(2 * this.beta, ofT, 2 * (1 - this.beta), ofA);
    return combined(1, combined(1, G, 1, product(n, m, N, transpose(m, n, W), left)), -1, shift);
  }

  /** The KKT residual of kkt.ts. */
  kkt(A: Float64Array, X: Float64Array): f64 {
    const n = this.n;
    const N = this.N;
    const GA = this.gradientA(A, X);
    const GX = this.gradientX(A, X);
    for (let a = 0; a < n && this.gauge; a++) {
      const x = X.subarray(a * N, (a + 1) * N);
      const along = inner(x, GX.subarray(a * N, (a + 1) * N)) / inner(x, x);
      for (let j = 0; j < N; j++) GX[a * N + j] = GX[a * N + j]! - along * x[j]!;
    }
    const YX = this.timesXt(this.Y, X);
    const AY = product(n, this.m, N, transpose(this.m, n, A), this.Y);
    const ofA = Math.sqrt(projectedPart(A, GA) / (4 * inner(YX, YX)));
    const ofX = Math.sqrt(projectedPart(X, GX) / (4 * inner(AY, AY)));
    return Math.max(ofA, ofX);
  }
}

/** ‖projected gradient‖² of variables ≥ 0. */
export function projectedPart(C: Float64Array, G: Float64Array): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < C.length; i++) {
    if (C[i]! > 0 || G[i]! < 0) sum += G[i]! * G[i]!;
  }
  return sum;
}

/** Rows of X on the norm √N, one of zeros as ones; returns what they were divided by. */
export function ontoGauge(n: i32, N: i32, X: Float64Array): Float64Array {
  const norms = new Float64Array(n);
  for (let a = 0; a < n; a++) {
    const x = X.subarray(a * N, (a + 1) * N);
    const norm = Math.sqrt(inner(x, x) / N);
    for (let j = 0; j < N; j++) X[a * N + j] = norm > 0 ? X[a * N + j]! / norm : 1;
    norms[a] = norm;
  }
  return norms;
}

/** The iterates of the method. */
export class Admm {
  p: AnmfProblem;
  A: Float64Array;
  X: Float64Array;
  T: Float64Array;
  P: Float64Array;
  Q: Float64Array;
  S: Float64Array;
  U1: Float64Array;
  U2: Float64Array;
  U3: Float64Array;
  U4: Float64Array;
  rho1: f64;
  rho2: f64;
  rho3: f64;
  iteration: i32 = 0;
  before: f64 = -1;
  /** The relative primal residuals: attack, A = P, X = Q, X = S. */
  residuals: Float64Array = new Float64Array(4);

  constructor(p: AnmfProblem, A0: Float64Array, X0: Float64Array, rho: f64) {
    const m = p.m;
    const n = p.n;
    const N = p.N;
    const A = combined(1, A0, 0, A0);
    const X = combined(1, X0, 0, X0);
    const norms = ontoGauge(n, N, X);
    for (let i = 0; i < m; i++) for (let a = 0; a < n; a++) A[i * n + a] = A[i * n + a]! * norms[a]!;
    const r2 = inner(X, X) / n;
    const rho1 = (rho * r2) / ((p.lambda + r2) * (p.lambda + r2));
    const T = p.answer(A, X);
    const W = p.multiplier(T, X);
    this.p = p;
    this.A = A;
    this.X = X;
    this.T = T;
    this.P = A;
    this.Q = X;
    this.S = X;
    this.U1 = combined(-1 / rho1, W, 0, W);
    this.U2 = new Float64Array(m * n);
    this.U3 = new Float64Array(n * N);
    this.U4 = new Float64Array(n * N);
    this.rho1 = rho1;
    this.rho2 = rho * r2;
    this.rho3 = (rho * inner(A, A)) / n;
  }

  /** Y as the majorized term of C has it: CX + D∘(Y − CX). */
  private data(C: Float64Array): Float64Array {
    return combined(1, product(this.p.m, this.p.n, this.p.N, C, this.X), -1, this.p.misfit(C, this.X));
  }

  step(): void {
    this.stepT();
    this.stepA();
    this.stepX();
    this.stepQ();
    this.finish();
  }

  private stepT(): void {
    const p = this.p;
    const n = p.n;
    const M = shifted(n, product(n, p.N, n, this.X, transpose(n, p.N, this.Q)), p.lambda);
    const pull = combined(p.lambda, this.A, 1, combined(1, p.timesXt(p.Z, this.Q), -1, this.U1));
    const right = product(p.m, n, n, pull, transpose(n, n, M));
    const S = combined(2 * p.beta, gramOfRows(n, p.N, this.X), this.rho1, gramOfRows(n, n, M));
    const own = p.timesXt(this.data(this.T), this.X);
    this.T = dividedBy(p.m, n, combined(2 * p.beta, own, this.rho1, right), S);
  }

  /** (TX − Z)Qᵀ. */
  private pressed(): Float64Array {
    const p = this.p;
    return p.timesXt(combined(1, product(p.m, p.n, p.N, this.T, this.X), -1, p.Z), this.Q);
  }

  private stepA(): void {
    const p = this.p;
    const n = p.n;
    const own = p.timesXt(this.data(this.A), this.X);
    const attack = combined(p.lambda, this.T, 1, combined(1, this.pressed(), 1, this.U1));
    const anchor = combined(1, this.P, -1, this.U2);
    const right = combined(
      2 * (1 - p.beta),
      own,
      1,
      combined(this.rho1 * p.lambda, attack, this.rho2, anchor),
    );
    const XX = gramOfRows(n, p.N, this.X);
    const S = shifted(n, combined(2 * (1 - p.beta), XX, 0, XX), this.rho1 * p.lambda * p.lambda + this.rho2);
    this.A = dividedBy(p.m, n, right, S);
  }

  private stepX(): void {
    const p = this.p;
    const m = p.m;
    const n = p.n;
    const N = p.N;
    const Tt = transpose(m, n, this.T);
    const At = transpose(m, n, this.A);
    const K = gramOfRows(n, m, Tt);
    const G = shifted(n, combined(2 * p.beta, K, 2 * (1 - p.beta), gramOfRows(n, m, At)), 2 * this.rho3);
    const data = combined(
      2 * p.beta,
      product(n, m, N, Tt, this.data(this.T)),
      2 * (1 - p.beta),
      product(n, m, N, At, this.data(this.A)),
    );
    const anchors = combined(1, combined(1, this.Q, -1, this.U3), 1, combined(1, this.S, -1, this.U4));
    const H = combined(
      1,
      combined(p.lambda, this.T, -p.lambda, this.A),
      1,
      combined(1, this.U1, -1, p.timesXt(p.Z, this.Q)),
    );
    const J = product(n, n, N, product(n, m, n, Tt, H), this.Q);
    const R = combined(1, combined(1, data, this.rho3, anchors), -this.rho1, J);
    // (G⊗I + ρ1 K⊗QQᵀ) vec F = vec RQᵀ.
    const QQ = gramOfRows(n, N, this.Q);
    const system = new Float64Array(n * n * n * n);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        for (let c = 0; c < n; c++) {
          for (let d = 0; d < n; d++) {
            const own: f64 = b === d ? G[a * n + c]! : 0;
            system[(a * n + b) * n * n + c * n + d] = own + this.rho1 * K[a * n + c]! * QQ[b * n + d]!;
          }
        }
      }
    }
    const RQ = product(n, N, n, R, transpose(n, N, this.Q));
    const F = dividedBy(1, n * n, RQ, system);
    const right = combined(1, R, -this.rho1, product(n, n, N, product(n, n, n, K, F), this.Q));
    this.X = transpose(N, n, dividedBy(N, n, transpose(n, N, right), G));
  }

  private stepQ(): void {
    const p = this.p;
    const B = combined(1, product(p.m, p.n, p.N, this.T, this.X), -1, p.Z);
    const U = combined(1, combined(p.lambda, this.T, -p.lambda, this.A), 1, this.U1);
    const UB = product(p.n, p.m, p.N, transpose(p.m, p.n, U), B);
    const right = combined(this.rho3, combined(1, this.X, 1, this.U3), -this.rho1, UB);
    const BB = gramOfRows(p.N, p.m, transpose(p.m, p.N, B));
    this.Q = dividedBy(p.n, p.N, right, shifted(p.N, combined(this.rho1, BB, 0, BB), this.rho3));
  }

  private finish(): void {
    const p = this.p;
    const N = p.N;
    this.P = positive(combined(1, this.A, 1, this.U2));
    const free = combined(1, this.X, 1, this.U4);
    this.S = positive(free);
    if (p.gauge) {
      for (let a = 0; a < p.n; a++) {
        const s = this.S.subarray(a * N, (a + 1) * N);
        if (inner(s, s) > 0) continue;
        let largest = 0;
        for (let j = 1; j < N; j++) if (free[a * N + j]! > free[a * N + largest]!) largest = j;
        this.S[a * N + largest] = 1;
      }
      ontoGauge(p.n, N, this.S);
    }
    const C1 = combined(1, combined(p.lambda, this.T, -p.lambda, this.A), 1, this.pressed());
    const ofP = combined(1, this.A, -1, this.P);
    const ofQ = combined(1, this.X, -1, this.Q);
    const ofS = combined(1, this.X, -1, this.S);
    this.U1 = combined(1, this.U1, 1, C1);
    this.U2 = combined(1, this.U2, 1, ofP);
    this.U3 = combined(1, this.U3, 1, ofQ);
    this.U4 = combined(1, this.U4, 1, ofS);
    const normX = inner(this.X, this.X);
    this.residuals[0] = Math.sqrt(inner(C1, C1) / inner(this.T, this.T)) / p.lambda;
    this.residuals[1] = Math.sqrt(inner(ofP, ofP) / inner(this.A, this.A));
    this.residuals[2] = Math.sqrt(inner(ofQ, ofQ) / normX);
    this.residuals[3] = Math.sqrt(inner(ofS, ofS) / normX);
    this.iteration++;
    if (this.iteration % 25 === 0) this.stiffen();
  }

  private stiffen(): void {
    let primal: f64 = 0;
    for (let i = 0; i < 4; i++) primal = Math.max(primal, this.residuals[i]!);
    if (this.before >= 0 && primal > 1e-3 && primal > 0.7 * this.before) {
      this.rho1 *= 2;
      this.rho2 *= 2;
      this.rho3 *= 2;
      this.U1 = combined(0.5, this.U1, 0, this.U1);
      this.U2 = combined(0.5, this.U2, 0, this.U2);
      this.U3 = combined(0.5, this.U3, 0, this.U3);
      this.U4 = combined(0.5, this.U4, 0, this.U4);
    }
    this.before = primal;
  }
}

function positive(C: Float64Array): Float64Array {
  const out = new Float64Array(C.length);
  for (let i = 0; i < C.length; i++) out[i] = Math.max(C[i]!, 0);
  return out;
}
