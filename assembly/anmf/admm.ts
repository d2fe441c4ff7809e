// Adversarial NMF (Luo, Zhang, Huang, "Adversarial nonnegative matrix factorization", ICML 2020), as a bilevel
// problem that the alternating direction method of multipliers solves.
//
//   attacker   T = argmin ‖TX − Z‖² + λ‖T − A‖² = (λA + ZXᵀ)(λI + XXᵀ)⁻¹
//   learner    min over A, X ≥ 0 of β‖D∘(TX − Y)‖² + (1−β)‖D∘(AX − Y)‖²      (D∘: entries weighted by √d)
//
// Y, Z: m×N, A, T: m×n, X: n×N. As published the problem is degenerate in scale: (cA, X/c) has the same product, but
// the attack fades as c grows, T → cA, and the cost tends to that of plain NMF. So every row of X keeps the
// norm √N (the gauge), Y has rms 1 and λ is a multiple of N; gauge 0 leaves the rows free.
//
// Split, with scaled duals U1…U4:  C1 = λ(T−A) + (TX−Z)Qᵀ = 0,  A = P ≥ 0,  X = Q,  X = S ≥ 0 (rows on the gauge)
//
//   start  r² = ‖X‖²/n, a² = ‖A‖²/n; ρ1 = ρr²/(λ+r²)², ρ2 = ρr², ρ3 = ρ4 = ρa²; T the best response;
//          U1 = −2β(TX−Y)Xᵀ(λI+XXᵀ)⁻¹/ρ1, the other duals 0
//   T      M = λI + XQᵀ;  T(2βXXᵀ + ρ1MMᵀ) = 2βYXᵀ + ρ1(λA + ZQᵀ − U1)Mᵀ
//   A      A(2(1−β)XXᵀ + (ρ1λ²+ρ2)I) = 2(1−β)YXᵀ + ρ1λ(TM − ZQᵀ + U1) + ρ2(P − U2)
//   X      K = TᵀT, G = 2βK + 2(1−β)AᵀA + (ρ3+ρ4)I,
//          R = (2βT + 2(1−β)A)ᵀY + ρ3(Q−U3) + ρ4(S−U4) − ρ1Tᵀ(λ(T−A) − ZQᵀ + U1)Q;  GX + ρ1K(XQᵀ)Q = R
//   Q      min ρ1‖λ(T−A) + U1 + BQᵀ‖² + ρ3‖X + U3 − Q‖², B = TX − Z
//   P, S   max(A+U2, 0); rows of max(X+U4, 0), rescaled to √N
//   U      U1 += C1; U2 += A−P; U3 += X−Q; U4 += X−S
//   ρ      every 25 iterations: where the largest relative primal residual is above 1e-3 and above 0.7 times
//          what it was, all ρ×2 and U/2
//
// The X step. F = XQᵀ solves GF + ρ1KF(QQᵀ) = RQᵀ. With G = LLᵀ and rotations V that make the rows of VL⁻¹Tᵀ
// orthogonal, with squared norms w, C = VLᵀF has rows with c_a(I + ρ1w_aQQᵀ) = (VL⁻¹RQᵀ)_a; then
// X = G⁻¹R − L⁻ᵀVᵀ(ρ1w∘C)Q.
//
// The Q step. With κ = ρ3/ρ1, E = X + U3 and Ũ = λ(T−A) + U1:
//   m ≤ N   Γ = (EBᵀ + Ũᵀ)(κI + BBᵀ)⁻¹, Q = E − ΓB; then QBᵀ = κΓ − Ũᵀ, so that U1 + C1 = κΓᵀ, and ZQᵀ, ZU3ᵀ follow
//           from EZᵀ without another look at Z
//   m > N   Q = (κE − ŨᵀB)(κI + BᵀB)⁻¹
// with BBᵀ = T(XXᵀTᵀ − XZᵀ) − ZXᵀTᵀ + ZZᵀ and BᵀB = Xᵀ(KX − TᵀZ) − ZᵀTX + ZᵀZ. The shift κ keeps what these lose to
// cancellation harmless.
//
// Weights. The learner's terms are majorized, d ≤ 1, at the present T, A and X: ‖D∘(TX−Y)‖² is at most ‖TX − Y_T‖²
// and a constant, with Y_T = TX + D∘(Y − TX) at the present point. The steps are the ones above with Y_T and Y_A in
// the place of Y. One system for all rows remains one system, and no more than products with m×N
// matrices is needed, where a system for each row and column would cost n times as much. On 100×50 data of rank 5
// such exact steps needed 0.80 and 0.85 of the iterations with three tenths missing; with half missing they came
// to a KKT residual of 1e-6 in 630 iterations where these stood at 1e-5 after 1000.
//
// m×n arrays lie transposed, as n×m panels; so do the equations below.

import { factor, solve } from "../linalg/cholesky";
import { gram, mirror, rowDot } from "../linalg/gram";
import { PANEL_BYTES, panelCount } from "../linalg/lanes";
import { panelsToRows, panelsToTransposedRows, rowsToPanels, squareToTiles } from "../linalg/layout";
import { clear } from "../linalg/product";
import { rotateToOrthogonal } from "../linalg/svd";
import { dot, scale } from "../linalg/vector";
import {
  backward,
  blend,
  cross,
  distance,
  forward,
  mix,
  multiply,
  positivePart,
  residual,
  shiftedGram,
  sum,
  sum3,
  times,
  toTiles,
} from "./products";
import { Bilevel } from "./workspace";

/** How often the penalties are looked at. */
const RHO_EVERY: i32 = 25;

/** out (row-major n×n) = C·Cᵀ. C: n×cols panels. */
export function gramOf(n: i32, cols: i32, C: usize, out: usize): void {
  gram<f64>(n, panelCount<f64>(cols), C, out);
  mirror<f64>(n, out);
}

/** Overwrites M with its Cholesky factor, and notes where there is none. */
export function factorize(o: Bilevel, n: i32, M: usize): void {
  if (factor<f64>(n, M) != 0) o.failed = 1;
}

/** best (n×m) = the attacker's answer to A and X; L (n·n) is left with the factor of λI + XXᵀ, and rhs with λA + ZXᵀ. */
export function respond(o: Bilevel, A: usize, X: usize, L: usize, rhs: usize, best: usize): void {
  const n = o.n;
  toTiles(n, o.N, X, o.tilesX);
  times(o.N, n, o.m, o.tilesX, o.Zt, rhs);
  sum(o.left, o.lambda, A, 1, rhs, rhs);
  memory.copy(best, rhs, <usize>o.left * 8);
  gramOf(n, o.N, X, L);
  blend(n, 1, L, 0, L, o.lambda, L);
  factorize(o, n, L);
  forward(n, o.m, L, best);
  backward(n, o.m, L, best);
}

/** Rows of X to the norm √N; the columns of A, where it is given, inversely. A row without length becomes ones. */
function toGauge(o: Bilevel, X: usize, A: usize): void {
  const n = o.n;
  const panels = panelCount<f64>(o.N);
  for (let a = 0; a < n; a++) {
    const norm = Math.sqrt(rowDot<f64>(n, panels, X, a, a) / <f64>o.N);
    if (norm > 0) {
      scaleRow(n, o.N, 1 / norm, X, a);
      if (A) scaleRow(n, o.m, norm, A, a);
    } else {
      for (let j = 0; j < o.N; j++) store<f64>(entry(n, X, a, j), 1);
      if (A) scaleRow(n, o.m, 0, A, a);
    }
  }
}

/** Where entry (a, j) of n-row panels lies. */
function entry(n: i32, panels: usize, a: i32, j: i32): usize {
  return panels + <usize>((j >> 2) * n + a) * PANEL_BYTES + <usize>(j & 3) * 8;
}

function scaleRow(n: i32, cols: i32, alpha: f64, panels: usize, a: i32): void {
  for (let p = 0; p < panelCount<f64>(cols); p++) {
    scale<f64>(4, alpha, panels + <usize>(p * n + a) * PANEL_BYTES);
  }
}

/** The start from the factors that are loaded: gauge, penalties, duals. */
export function begin(o: Bilevel): void {
  const n = o.n;
  const left = o.left;
  const right = o.right;
  toGauge(o, o.X, o.A);
  const r2 = dot<f64>(right, o.X, o.X) / n;
  const a2 = dot<f64>(left, o.A, o.A) / n;
  const span = o.lambda + r2;
  o.rho1 = (o.rho * r2) / (span * span);
  o.rho2 = o.rho * r2;
  o.rho3 = o.rho * a2;
  o.kappa = o.rho3 / o.rho1;
  o.iteration = 0;
  o.before = -1;
  o.failed = 0;
  // The attacker's condition and the splits hold at the start.
  o.attack = 0;
  o.splitA = 0;
  o.splitQ = 0;
  o.splitX = 0;
  respond(o, o.A, o.X, o.a, o.QZ, o.T);
  sum(left, -o.lambda, o.A, 1, o.QZ, o.QZ);
  memory.fill(o.UZ, 0, <usize>left * 8);
  misfit(o, o.T, o.U1);
  forward(n, o.m, o.a, o.U1);
  backward(n, o.m, o.a, o.U1);
  multiply(left, (2 * o.beta) / o.rho1, o.U1);
  memory.copy(o.P, o.A, <usize>left * 8);
  memory.fill(o.U2, 0, <usize>left * 8);
  memory.copy(o.S, o.X, <usize>right * 8);
  memory.copy(o.Q, o.X, <usize>right * 8);
  memory.fill(o.U3, 0, <usize>right * 8);
  memory.fill(o.U4, 0, <usize>right * 8);
  gramOf(n, o.N, o.X, o.XX);
  memory.copy(o.XQ, o.XX, <usize>(n * n) * 8);
  // What does not change: ZZᵀ, or ZᵀZ.
  if (o.m <= o.N) gramOf(o.m, o.N, o.Z, o.ZZ);
  else gramOf(o.N, o.m, o.Zt, o.ZZ);
}

/** out (n×m) = X(D∘(Y − CX))ᵀ; returns Σ D∘(Y − CX)². C: n×m; X is in tilesX, too. */
function misfit(o: Bilevel, C: usize, out: usize): f64 {
  return residual(o.N, o.n, o.m, o.Yt, o.weighted ? o.Dt : 0, o.X, o.tilesX, C, o.tile, out);
}

/** Runs `count` iterations. */
export function iterate(o: Bilevel, count: i32): void {
  for (let i = 0; i < count; i++) {
    stepT(o);
    stepA(o);
    stepX(o);
    if (o.m <= o.N) stepQ(o);
    else stepQTall(o);
    project(o);
    o.iteration++;
    if (o.iteration % RHO_EVERY == 0) stiffen(o);
  }
}

/** out (n×m) = X·Yᵀ, with Y_C in the place of Y where there are weights. */
function pull(o: Bilevel, C: usize, out: usize): void {
  if (!o.weighted) {
    times(o.N, o.n, o.m, o.tilesX, o.Yt, out);
    return;
  }
  misfit(o, C, out);
  mix(o.n, o.m, o.XX, C, o.squareTiles, o.J);
  sum(o.left, 1, o.J, 1, out, out);
}

function stepT(o: Bilevel): void {
  const n = o.n;
  const left = o.left;
  toTiles(n, o.N, o.X, o.tilesX);
  pull(o, o.T, o.F);
  // a = Mᵀ, b = M; M Mᵀ by its rows as panels.
  blend(n, 1, o.XQ, 0, o.XQ, o.lambda, o.b);
  transpose(n, o.b, o.a);
  rowsToPanels<f64>(n, n, 0, n, o.b, o.small);
  gramOf(n, n, o.small, o.c);
  blend(n, 2 * o.beta, o.XX, o.rho1, o.c, 0, o.c);
  factorize(o, n, o.c);
  sum3(left, o.lambda, o.A, 1, o.QZ, -1, o.U1, o.G);
  mix(n, o.m, o.a, o.G, o.squareTiles, o.T);
  sum(left, 2 * o.beta, o.F, o.rho1, o.T, o.T);
  forward(n, o.m, o.c, o.T);
  backward(n, o.m, o.c, o.T);
}

/** b holds M. */
function stepA(o: Bilevel): void {
  const n = o.n;
  const left = o.left;
  if (o.weighted) pull(o, o.A, o.F);
  mix(n, o.m, o.b, o.T, o.squareTiles, o.G);
  sum3(left, 1, o.G, -1, o.QZ, 1, o.U1, o.G);
  sum(left, 1, o.P, -1, o.U2, o.J);
  sum3(left, 2 * (1 - o.beta), o.F, o.rho2, o.J, o.rho1 * o.lambda, o.G, o.A);
  blend(n, 2 * (1 - o.beta), o.XX, 0, o.XX, o.rho1 * o.lambda * o.lambda + o.rho2, o.c);
  factorize(o, n, o.c);
  forward(n, o.m, o.c, o.A);
  backward(n, o.m, o.c, o.A);
}

/** V (n×N) += α·Cᵀ(D∘(Y − CX)), with C's tiles in tilesT. */
function pullX(o: Bilevel, alpha: f64, C: usize): void {
  toTiles(o.n, o.m, C, o.tilesT);
  residual(o.m, o.n, o.N, o.Y, o.weighted ? o.D : 0, C, o.tilesT, o.X, o.tile, o.E);
  sum(o.right, alpha, o.E, 1, o.V, o.V);
}

function stepX(o: Bilevel): void {
  const n = o.n;
  const m = o.m;
  const N = o.N;
  const left = o.left;
  const right = o.right;
  const two = 2 * o.beta;
  const rest = 2 * (1 - o.beta);
  // R, in V.
  gramOf(n, m, o.T, o.a);
  gramOf(n, m, o.A, o.b);
  blend(n, two, o.a, rest, o.b, 0, o.c);
  if (o.weighted) {
    mix(n, N, o.c, o.X, o.squareTiles, o.V);
    pullX(o, two, o.T);
    pullX(o, rest, o.A);
  } else {
    sum(left, two, o.T, rest, o.A, o.G);
    toTiles(n, m, o.G, o.tilesT);
    times(m, n, N, o.tilesT, o.Y, o.V);
  }
  sum3(right, 1, o.V, o.rho3, o.Q, o.rho3, o.S, o.V);
  sum3(right, 1, o.V, -o.rho3, o.U3, -o.rho3, o.U4, o.V);
  pressure(o);
  sum(left, 1, o.G, -1, o.QZ, o.G);
  cross(n, m, o.G, o.T, o.a);
  mix(n, N, o.a, o.Q, o.squareTiles, o.E);
  sum(right, -o.rho1, o.E, 1, o.V, o.V);
  // G = LLᵀ, in c; turn·L⁻¹Tᵀ in G.
  blend(n, 1, o.c, 0, o.c, 2 * o.rho3, o.c);
  factorize(o, n, o.c);
  memory.copy(o.G, o.T, <usize>left * 8);
  forward(n, m, o.c, o.G);
  clear(n * panelCount<f64>(n), o.turn);
  for (let a = 0; a < n; a++) store<f64>(entry(n, o.turn, a, a), 1);
  rotateToOrthogonal<f64>(n, panelCount<f64>(m), o.G, panelCount<f64>(n), o.turn);
  // C, row by row, in a.
  cross(n, N, o.V, o.Q, o.a);
  rowsToPanels<f64>(n, n, 0, n, o.a, o.small);
  forward(n, n, o.c, o.small);
  toTiles(n, n, o.turn, o.squareTiles);
  times(n, n, n, o.squareTiles, o.small, o.mixed);
  panelsToRows<f64>(n, n, o.mixed, o.a);
  gramOf(n, N, o.Q, o.b);
  const system = o.E;
  for (let a = 0; a < n; a++) {
    const weight = o.rho1 * rowDot<f64>(n, panelCount<f64>(m), o.G, a, a);
    const row = o.a + <usize>(a * n) * 8;
    blend(n, weight, o.b, 0, o.b, 1, system);
    factorize(o, n, system);
    solve<f64>(n, system, row);
    scale<f64>(n, weight, row);
  }
  // (L⁻ᵀVᵀ(ρ1w∘C))ᵀ, in a.
  rowsToPanels<f64>(n, n, 0, n, o.a, o.small);
  panelsToRows<f64>(n, n, o.turn, o.b);
  squareToTiles<f64>(n, o.b, o.squareTiles);
  times(n, n, n, o.squareTiles, o.small, o.mixed);
  backward(n, n, o.c, o.mixed);
  panelsToTransposedRows<f64>(n, n, o.mixed, o.a);
  mix(n, N, o.a, o.Q, o.squareTiles, o.X);
  forward(n, N, o.c, o.V);
  backward(n, N, o.c, o.V);
  sum(right, 1, o.V, -1, o.X, o.X);
}

/** E = X + U3, and G = Ũ = λ(T−A) + U1; XX and tilesX of the new X. */
function prepareQ(o: Bilevel): void {
  gramOf(o.n, o.N, o.X, o.XX);
  toTiles(o.n, o.N, o.X, o.tilesX);
  sum(o.right, 1, o.X, 1, o.U3, o.E);
  pressure(o);
}

/** G = λ(T−A) + U1. */
function pressure(o: Bilevel): void {
  sum3(o.left, o.lambda, o.T, -o.lambda, o.A, 1, o.U1, o.G);
}

function stepQ(o: Bilevel): void {
  const n = o.n;
  const m = o.m;
  const N = o.N;
  const left = o.left;
  prepareQ(o);
  // F = XZᵀ, UZ = EZᵀ, J = XXᵀTᵀ − XZᵀ.
  times(N, n, m, o.tilesX, o.Zt, o.F);
  sum(left, 1, o.F, 1, o.UZ, o.UZ);
  mix(n, m, o.XX, o.T, o.squareTiles, o.J);
  sum(left, -1, o.F, 1, o.J, o.J);
  shiftedGram(n, m, o.ZZ, o.T, o.J, o.F, o.kappa, o.BB);
  factorize(o, m, o.BB);
  // Γ, in F: its right-hand side is EXᵀTᵀ − EZᵀ + Ũᵀ.
  cross(n, N, o.X, o.E, o.a);
  mix(n, m, o.a, o.T, o.squareTiles, o.F);
  sum3(left, 1, o.F, -1, o.UZ, 1, o.G, o.F);
  panelsToRows<f64>(n, m, o.F, o.rows);
  for (let a = 0; a < n; a++) solve<f64>(m, o.BB, o.rows + <usize>a * m * 8);
  rowsToPanels<f64>(n, m, 0, n, o.rows, o.F);
  // Q = E − ΓTX + ΓZ.
  toTiles(n, m, o.F, o.tilesT);
  times(m, n, N, o.tilesT, o.Z, o.Q);
  cross(n, m, o.T, o.F, o.a);
  mix(n, N, o.a, o.X, o.squareTiles, o.V);
  const right = o.right;
  sum3(right, 1, o.Q, -1, o.V, 1, o.E, o.Q);
  // U1 + C1 = κΓ, QZᵀ = QXᵀTᵀ − κΓ + Ũᵀ.
  multiply(left, o.kappa, o.F);
  press(o);
  cross(n, N, o.X, o.Q, o.XQ);
  mix(n, m, o.XQ, o.T, o.squareTiles, o.QZ);
  sum3(left, 1, o.QZ, -1, o.F, 1, o.G, o.QZ);
  sum(left, -1, o.QZ, 1, o.UZ, o.UZ);
}

function stepQTall(o: Bilevel): void {
  const n = o.n;
  const m = o.m;
  const N = o.N;
  const left = o.left;
  const right = o.right;
  prepareQ(o);
  // V = TᵀZ, Q = KX − TᵀZ.
  toTiles(n, m, o.T, o.tilesT);
  times(m, n, N, o.tilesT, o.Z, o.V);
  gramOf(n, m, o.T, o.a);
  mix(n, N, o.a, o.X, o.squareTiles, o.Q);
  sum(right, -1, o.V, 1, o.Q, o.Q);
  shiftedGram(n, N, o.ZZ, o.X, o.Q, o.V, o.kappa, o.BB);
  factorize(o, N, o.BB);
  // κE − ŨᵀTX + ŨᵀZ, in Q.
  toTiles(n, m, o.G, o.tilesT);
  times(m, n, N, o.tilesT, o.Z, o.Q);
  cross(n, m, o.T, o.G, o.a);
  mix(n, N, o.a, o.X, o.squareTiles, o.V);
  sum3(right, 1, o.Q, -1, o.V, o.kappa, o.E, o.Q);
  panelsToRows<f64>(n, N, o.Q, o.rows);
  for (let a = 0; a < n; a++) solve<f64>(N, o.BB, o.rows + <usize>a * N * 8);
  rowsToPanels<f64>(n, N, 0, n, o.rows, o.Q);
  toTiles(n, N, o.Q, o.tilesX);
  times(N, n, m, o.tilesX, o.Zt, o.QZ);
  // U1 + C1 = Ũ + QXᵀTᵀ − QZᵀ.
  cross(n, N, o.X, o.Q, o.XQ);
  mix(n, m, o.XQ, o.T, o.squareTiles, o.F);
  sum3(left, 1, o.F, -1, o.QZ, 1, o.G, o.F);
  press(o);
}

/** U1 ← F = U1 + C1, and ‖C1‖/(λ‖T‖). */
function press(o: Bilevel): void {
  const left = o.left;
  o.attack = distance(left, o.F, o.U1, o.T) / o.lambda;
  memory.copy(o.U1, o.F, <usize>left * 8);
}

/** P, S, and what is left to do for the duals; the residuals. */
function project(o: Bilevel): void {
  const n = o.n;
  const left = o.left;
  const right = o.right;
  positivePart(left, o.A, o.U2, o.P);
  positivePart(right, o.X, o.U4, o.S);
  if (o.gauge) {
    for (let a = 0; a < n; a++) revive(o, a);
    toGauge(o, o.S, 0);
  }
  sum3(left, 1, o.U2, 1, o.A, -1, o.P, o.U2);
  sum(right, 1, o.E, -1, o.Q, o.U3);
  sum3(right, 1, o.U4, 1, o.X, -1, o.S, o.U4);
  o.splitA = distance(left, o.A, o.P, o.A);
  o.splitQ = distance(right, o.X, o.Q, o.X);
  o.splitX = distance(right, o.X, o.S, o.X);
}

/** Where row a of X + U4 has no positive entry, its projection to the gauge has all its length on the largest. */
function revive(o: Bilevel, a: i32): void {
  const n = o.n;
  let largest = 0;
  let most: f64 = -Infinity;
  for (let j = 0; j < o.N; j++) {
    const x = load<f64>(entry(n, o.X, a, j)) + load<f64>(entry(n, o.U4, a, j));
    if (x > 0) return;
    if (x > most) {
      most = x;
      largest = j;
    }
  }
  store<f64>(entry(n, o.S, a, largest), 1);
}

/** The rule for ρ. */
function stiffen(o: Bilevel): void {
  const primal = max(max(o.attack, o.splitA), max(o.splitQ, o.splitX));
  if (o.before >= 0 && primal > 1e-3 && primal > 0.7 * o.before) {
    o.rho1 *= 2;
    o.rho2 *= 2;
    o.rho3 *= 2;
    const left = o.left;
    const right = o.right;
    multiply(left, 0.5, o.U1);
    multiply(left, 0.5, o.U2);
    multiply(left, 0.5, o.UZ);
    multiply(right, 0.5, o.U3);
    multiply(right, 0.5, o.U4);
  }
  o.before = primal;
}

/** out = Mᵀ, n×n row-major. */
function transpose(n: i32, M: usize, out: usize): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++)
      store<f64>(out + <usize>(j * n + i) * 8, load<f64>(M + <usize>(i * n + j) * 8));
  }
}
