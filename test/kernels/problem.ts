// A small factorization problem twice over: as a task for the kernels, and as arrays for the twins.

import { loadFactors, loadRows, storeFactors } from "../../assembly/nmf/factors";
import { currentLoss, measure } from "../../assembly/nmf/loss";
import { layout, stagedH, stagingRows } from "../../assembly/nmf/workspace";
import { Loss, Side, Solver, Task } from "../../assembly/task";
import { extrapolated, Pace } from "../reference/extrapolation";
import { hals } from "../reference/hals";
import { halsWeighted } from "../reference/hals-weighted";
import { projectedSquares } from "../reference/kkt";
import { loss, penalty } from "../reference/loss";
import { movedOn, Watch } from "../reference/momentum";
import { gradient, muDivergence } from "../reference/mu-divergence";
import { muFrobenius } from "../reference/mu-frobenius";
import { newton } from "../reference/newton";
import { product, transpose } from "../reference/product";
import { draw, filled, guarded, read, release, reserve, write } from "./support";

export class Problem {
  m: i32;
  n: i32;
  k: i32;
  V: Float64Array;
  D: Float64Array;
  W: Float64Array;
  H: Float64Array;
  loss: i32 = Loss.FROBENIUS;
  solver: i32 = Solver.MU;
  weighted: bool = false;
  binary: bool = false;
  fixedW: bool = false;
  firstH: bool = false;
  extrapolate: bool = false;
  sweeps: i32 = 1;
  beta: f64 = 0;
  epsilon: f64 = 2.2e-16;
  scale: f64 = 0.25;
  cut: f64 = Infinity;
  l1W: f64 = 0;
  l2W: f64 = 0;
  l1H: f64 = 0;
  l2H: f64 = 0;
  adversary: i32 = 0;
  strength: f64 = 0;
  radius: f64 = 0;
  pace: Pace = new Pace();
  lastW: Float64Array = new Float64Array(0);
  lastH: Float64Array = new Float64Array(0);
  /** Momentum of the twin of the Newton steps, from its first iteration on, and its safe point. */
  watch: Watch = new Watch(Infinity);
  safeW: Float64Array = new Float64Array(0);
  safeH: Float64Array = new Float64Array(0);
  /** How often the twin of extrapolated HALS, or of the Newton steps, went back. */
  setbacks: i32 = 0;
  /** The task and the workspace that `start` made. */
  task: usize = 0;
  base: usize = 0;
  bytes: usize = 0;

  constructor(m: i32, n: i32, k: i32, seed: u32) {
    this.m = m;
    this.n = n;
    this.k = k;
    this.V = draw(m * n, seed);
    this.D = filled(m * n, 1);
    this.W = draw(m * k, seed + 1);
    this.H = draw(k * n, seed + 2);
  }

  /** Real weights, some of them 0; missing entries of V are 0, as the host leaves them. */
  weigh(seed: u32): void {
    this.weighted = true;
    this.D = draw(this.m * this.n, seed);
    for (let i = 0; i < this.m * this.n; i++) {
      if (i % 5 == 3) {
        this.D[i] = 0;
        this.V[i] = 0;
      }
    }
  }

  /** Weights of 0 and 1. */
  mask(seed: u32): void {
    this.weigh(seed);
    this.binary = true;
    for (let i = 0; i < this.m * this.n; i++) if (this.D[i] > 0) this.D[i] = 1;
  }

  /** A cut of the Cauchy loss that some errors exceed and none comes near. */
  cutBetween(): void {
    const P = product(this.m, this.k, this.n, this.W, this.H);
    let largest: f64 = 0;
    for (let i = 0; i < P.length; i++) largest = Math.max(largest, Math.abs(this.V[i] - P[i]));
    this.cut = 0.6 * largest;
    let near = true;
    while (near) {
      near = false;
      for (let i = 0; i < P.length; i++) {
        if (Math.abs(Math.abs(this.V[i] - P[i]) - this.cut) < 1e-3 * this.cut) near = true;
      }
      if (near) this.cut *= 1.003;
    }
    // The kernel compares in its own type.
    this.cut = <f64>(<f32>this.cut);
  }

  /** Lays out a task in fresh memory, exactly as large as asked for, and loads data and factors. */
  start<T>(): Task {
    release();
    const taskBytes = offsetof<Task>();
    this.task = reserve(taskBytes);
    memory.fill(this.task, 0, taskBytes);
    const task = changetype<Task>(this.task);
    task.team = 1;
    task.m = this.m;
    task.n = this.n;
    task.k = this.k;
    task.loss = this.loss;
    task.solver = this.solver;
    task.weighted = this.weighted ? 1 : 0;
    task.binary = this.binary ? 1 : 0;
    task.fixedW = this.fixedW ? 1 : 0;
    task.firstH = this.firstH ? 1 : 0;
    task.extrapolate = this.extrapolate ? 1 : 0;
    task.sweeps = this.sweeps;
    task.epsilon = this.epsilon;
    task.beta = this.beta;
    task.cauchyScale = this.scale;
    task.cauchyCut = this.cut;
    task.adversary = this.adversary;
    task.strength = this.strength;
    task.radius = this.radius;
    this.bytes = <usize>layout<T>(task, 0);
    this.base = reserve(this.bytes);
    layout<T>(task, this.base);
    const H = changetype<Side>(task.sideH);
    const W = changetype<Side>(task.sideW);
    H.l1 = this.l1H;
    H.l2 = this.l2H;
    W.l1 = this.l1W;
    W.l2 = this.l2W;
    const block = stagingRows<T>(this.m, this.n);
    for (let row = 0; row < this.m; row += block) {
      const count = min(block, this.m - row);
      write<T>(this.V.subarray(row * this.n, (row + count) * this.n), task.staging);
      if (this.weighted) {
        write<T>(this.D.subarray(row * this.n, (row + count) * this.n), task.stagingWeights);
      }
      loadRows<T>(task, row, count);
    }
    measure<T>(task);
    this.load<T>(this.W, this.H);
    return task;
  }

  load<T>(W: Float64Array, H: Float64Array): void {
    const task = changetype<Task>(this.task);
    write<T>(W, task.staging);
    write<T>(H, stagedH<T>(task));
    loadFactors<T>(task, 0);
  }

  /** What the kernels hold now. */
  kernelW<T>(): Float64Array {
    const task = changetype<Task>(this.task);
    storeFactors<T>(task);
    return read<T>(task.staging, this.m * this.k);
  }
  kernelH<T>(): Float64Array {
    const task = changetype<Task>(this.task);
    storeFactors<T>(task);
    return read<T>(stagedH<T>(task), this.k * this.n);
  }
  kernelLoss<T>(exact: i32): f64 {
    const task = changetype<Task>(this.task);
    currentLoss<T>(task, exact, 0);
    return task.value;
  }

  /** Whether nothing was written outside the task and its workspace. */
  tidy(): bool {
    return guarded(this.task, offsetof<Task>()) && guarded(this.base, this.bytes);
  }

  /** One iteration of the twins. width: columns that HALS sweeps together. */
  twinStep(width: i32): void {
    if (this.extrapolate && this.solver == Solver.NEWTON) {
      this.twinMomentum(width);
      return;
    }
    if (this.extrapolate && this.pace.first) {
      this.lastW = this.W;
      this.lastH = this.H;
    }
    if (this.firstH || this.fixedW) this.twinH(width);
    if (!this.fixedW) this.twinW(width);
    if (!this.firstH && !this.fixedW) this.twinH(width);
    if (this.extrapolate && this.pace.rose(this.twinLoss())) {
      this.W = this.lastW;
      this.H = this.lastH;
      this.setbacks++;
    }
  }

  private twinMomentum(width: i32): void {
    if (this.lastH.length == 0) {
      this.watch = new Watch(this.twinLoss());
      this.safeW = this.W;
      this.safeH = this.H;
      this.lastW = this.W;
      this.lastH = this.H;
    }
    const beta = this.watch.beta();
    const W = this.W;
    const H = this.H;
    if (!this.fixedW) this.W = movedOn(W.length, W, this.lastW, beta);
    this.H = movedOn(H.length, H, this.lastH, beta);
    this.lastW = W;
    this.lastH = H;
    this.extrapolate = false;
    this.twinStep(width);
    this.extrapolate = true;
    if (!this.watch.due()) return;
    if (this.watch.rose(this.twinLoss())) {
      this.W = this.safeW;
      this.H = this.safeH;
      this.setbacks++;
    } else {
      this.safeW = this.W;
      this.safeH = this.H;
    }
  }

  private twinH(width: i32): void {
    const next = this.half(this.m, this.n, this.V, this.D, this.W, this.H, this.l1H, this.l2H, width);
    this.H = next;
    if (this.extrapolate) {
      this.H = extrapolated(next.length, next, this.lastH, this.pace.beta());
      this.lastH = next;
    }
  }

  private twinW(width: i32): void {
    const m = this.m;
    const n = this.n;
    const k = this.k;
    const turned = this.half(
      n,
      m,
      transpose(m, n, this.V),
      transpose(m, n, this.D),
      transpose(k, n, this.H),
      transpose(m, k, this.W),
      this.l1W,
      this.l2W,
      width,
    );
    const next = transpose(k, m, turned);
    this.W = next;
    if (this.extrapolate) {
      this.W = extrapolated(next.length, next, this.lastW, this.pace.beta());
      this.lastW = next;
    }
  }

  private half(
    m: i32,
    n: i32,
    V: Float64Array,
    D: Float64Array,
    W: Float64Array,
    H: Float64Array,
    l1: f64,
    l2: f64,
    width: i32,
  ): Float64Array {
    const k = this.k;
    if (this.solver == Solver.NEWTON) {
      return newton(m, n, k, V, D, W, H, l1, l2, this.epsilon, this.sweeps > 0 ? this.sweeps : 2);
    }
    if (this.solver == Solver.HALS) {
      if (this.weighted) return halsWeighted(m, n, k, V, D, W, H, l1, l2, max(1, this.sweeps));
      // Accelerated HALS: as many sweeps as cost half the product.
      const r = <f64>k;
      const most = <i32>(1 + 0.5 * ((<f64>m * <f64>n * r + <f64>m * r * r) / (<f64>n * r * r)));
      return hals(m, n, k, V, W, H, l1, l2, this.sweeps > 0 ? this.sweeps : most, width);
    }
    if (this.loss == Loss.FROBENIUS && !this.weighted)
      return muFrobenius(m, n, k, V, W, H, l1, l2, this.epsilon);
    return muDivergence(
      this.loss,
      m,
      n,
      k,
      V,
      D,
      W,
      H,
      l1,
      l2,
      this.beta,
      this.epsilon,
      this.scale,
      this.cut,
    );
  }

  /** The loss of the twin's factors, penalties included. */
  twinLoss(): f64 {
    const k = this.k;
    return (
      loss(
        this.loss,
        this.m,
        this.n,
        k,
        this.V,
        this.D,
        this.W,
        this.H,
        this.beta,
        this.epsilon,
        this.scale,
        this.cut,
      ) +
      penalty(this.m * k, this.W, this.l1W, this.l2W) +
      penalty(k * this.n, this.H, this.l1H, this.l2H)
    );
  }

  /** The twin's gradient in H (k×n). */
  gradientH(): Float64Array {
    return gradient(
      this.loss,
      this.m,
      this.n,
      this.k,
      this.V,
      this.D,
      this.W,
      this.H,
      this.l1H,
      this.l2H,
      this.beta,
      this.epsilon,
      this.scale,
      this.cut,
    );
  }

  /** The twin's gradient in Wᵀ (k×m). */
  gradientW(): Float64Array {
    const m = this.m;
    const n = this.n;
    const k = this.k;
    return gradient(
      this.loss,
      n,
      m,
      k,
      transpose(m, n, this.V),
      transpose(m, n, this.D),
      transpose(k, n, this.H),
      transpose(m, k, this.W),
      this.l1W,
      this.l2W,
      this.beta,
      this.epsilon,
      this.scale,
      this.cut,
    );
  }

  twinProjected(): f64 {
    const fromH = projectedSquares(this.k * this.n, this.H, this.gradientH());
    if (this.fixedW) return fromH;
    return fromH + projectedSquares(this.k * this.m, transpose(this.m, this.k, this.W), this.gradientW());
  }
}
