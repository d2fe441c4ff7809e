// The gradient in X of a function of the factors at a stationary point, by the conditions that hold there
// (Karush–Kuhn–Tucker), in a symmetric, scaled form. Components are first brought to ΣW_k = ΣH_k. With
//
//   Kullback–Leibler   P = WH + ε,  C = X/P²,  E = 1 − X/P,  sW_k = ΣH_k,  sH_k = ΣW_k,  Q = 1/P
//   Frobenius          C = 1,  E = WH − X,  sW = W(HHᵀ),  sH = (WᵀW)H,  Q = 1
//   dW = √(W/sW),  dH = √(H/sH),  eW = max(EHᵀ/sW, 0),  eH = max(WᵀE/sH, 0)
//
// the product with the matrix S of the scaled second derivatives is
//
//   u = dW∘a,  v = dH∘b,  T = C∘(uH + Wv)
//   S_W = dW∘(THᵀ + Evᵀ) + eW∘a,  S_H = dH∘(WᵀT + uᵀE) + eH∘b
//
// and with (S + δI)(a, b) = (dW∘∂L/∂W, dH∘∂L/∂H), solved by conjugate gradients,
//
//   dL/dX = Q∘((dW∘a)H + W(dH∘b))
//
// S has a null space, the scalings of each component: z_k = (√(W_k∘sW_k), −√(H_k∘sH_k)).

import { choleskyFactor, choleskySolve } from "./cholesky.js";
import { product, transpose } from "./product.js";
import type { Pair, StepLoss } from "./step-adjoint.js";

/** What {@link implicitGradient} finds. */
export interface Implicit {
  gradient: Float64Array;
  /** Scaling-free distance from stationarity: the root mean square over k of the relative pulls on W_k and H_k. */
  stationarity: number;
  residual: number;
  products: number;
  /** Whether a direction of negative curvature ended the iteration. */
  negative: boolean;
  /** The least multiplier at a zero entry. */
  multiplier: number;
  /** Share of the right-hand side along the scalings. */
  leak: number;
}

/** The scaled second derivatives at W, H, and all that goes with them; vectors are [W part; H part]. */
export class KktSystem {
  readonly W: Float64Array;
  readonly H: Float64Array;
  readonly C: Float64Array;
  readonly E: Float64Array;
  readonly Q: Float64Array;
  readonly d: Float64Array;
  readonly e: Float64Array;
  /** s of the equations, [sW; sH]. */
  readonly s: Float64Array;
  /** EHᵀ/sW and WᵀE/sH. */
  readonly pull: Float64Array;
  /** The factor √(ΣH_k/ΣW_k) that W_k was multiplied with. */
  readonly scale: Float64Array;

  constructor(
    readonly loss: StepLoss,
    readonly m: number,
    readonly n: number,
    readonly k: number,
    X: Float64Array,
    factors: Pair,
    epsilon: number,
  ) {
    const sums = (A: Float64Array, of: (at: number) => number) => {
      const out = new Float64Array(k);
      for (let at = 0; at < A.length; at++) out[of(at)]! += A[at]!;
      return out;
    };
    const sumW = sums(factors.W, (at) => at % k);
    const sumH = sums(factors.H, (at) => Math.floor(at / n));
    this.scale = sumH.map((h, a) => Math.sqrt(h / sumW[a]!));
    const W = factors.W.map((w, at) => w * this.scale[at % k]!);
    const H = factors.H.map((h, at) => h / this.scale[Math.floor(at / n)]!);
    this.W = W;
    this.H = H;
    const WH = product(m, k, n, W, H);
    const kl = loss === 1;
    this.C = X.map((x, at) => (kl ? x / (WH[at]! + epsilon) ** 2 : 1));
    this.E = X.map((x, at) => (kl ? 1 - x / (WH[at]! + epsilon) : WH[at]! - x));
    this.Q = X.map((_, at) => (kl ? 1 / (WH[at]! + epsilon) : 1));
    const Wt = transpose(m, k, W);
    const Ht = transpose(k, n, H);
    const balancedW = sums(W, (at) => at % k);
    const balancedH = sums(H, (at) => Math.floor(at / n));
    const sW = kl ? W.map((_, at) => balancedH[at % k]!) : product(m, k, k, W, product(k, n, k, H, Ht));
    const sH = kl
      ? H.map((_, at) => balancedW[Math.floor(at / n)]!)
      : product(k, k, n, product(k, m, k, Wt, W), H);
    this.s = Float64Array.of(...sW, ...sH);
    const pullW = product(m, n, k, this.E, Ht);
    const pullH = product(k, m, n, Wt, this.E);
    this.pull = Float64Array.of(...pullW, ...pullH).map((g, at) => (this.s[at]! > 0 ? g / this.s[at]! : 0));
    const entries = Float64Array.of(...W, ...H);
    this.d = entries.map((c, at) => (this.s[at]! > 0 ? Math.sqrt(c / this.s[at]!) : 0));
    this.e = this.pull.map((g) => Math.max(g, 0));
  }

  /** S·x. */
  product(x: Float64Array): Float64Array {
    const { m, n, k, W, H, d, e } = this;
    const u = x.subarray(0, m * k).map((a, at) => a * d[at]!);
    const v = x.subarray(m * k).map((b, at) => b * d[m * k + at]!);
    const uH = product(m, k, n, u, H);
    const Wv = product(m, k, n, W, v);
    const T = uH.map((y, at) => this.C[at]! * (y + Wv[at]!));
    const TH = product(m, n, k, T, transpose(k, n, H));
    const Ev = product(m, n, k, this.E, transpose(k, n, v));
    const WT = product(k, m, n, transpose(m, k, W), T);
    const uE = product(k, m, n, transpose(m, k, u), this.E);
    return x.map((value, at) => {
      const inner = at < m * k ? TH[at]! + Ev[at]! : WT[at - m * k]! + uE[at - m * k]!;
      return d[at]! * inner + e[at]! * value;
    });
  }

  /** dW∘∂L/∂W and dH∘∂L/∂H, for gradients in the factors as they were handed over. */
  rightSide(gradient: Pair): Float64Array {
    const { m, n, k, d, scale } = this;
    const W = gradient.W.map((g, at) => (d[at]! * g) / scale[at % k]!);
    const H = gradient.H.map((g, at) => d[m * k + at]! * g * scale[Math.floor(at / n)]!);
    return Float64Array.of(...W, ...H);
  }

  /** z_k of every component, normalized. */
  scalings(): Float64Array[] {
    const { m, n, k, W, H, s } = this;
    return Array.from({ length: k }, (_, a) => {
      const z = new Float64Array((m + n) * k);
      for (let i = 0; i < m; i++) z[i * k + a] = Math.sqrt(W[i * k + a]! * s[i * k + a]!);
      for (let j = 0; j < n; j++) {
        z[m * k + a * n + j] = -Math.sqrt(H[a * n + j]! * s[m * k + a * n + j]!);
      }
      const norm = Math.sqrt(inner(z, z));
      return z.map((x) => x / norm);
    });
  }

  /** (dW∘a)H + W(dH∘b), times Q: m×n. */
  outer(x: Float64Array): Float64Array {
    const { m, n, k, W, H, d } = this;
    const u = x.subarray(0, m * k).map((a, at) => a * d[at]!);
    const v = x.subarray(m * k).map((b, at) => b * d[m * k + at]!);
    const uH = product(m, k, n, u, H);
    const Wv = product(m, k, n, W, v);
    return uH.map((y, at) => this.Q[at]! * (y + Wv[at]!));
  }

  /** See {@link Implicit.stationarity}. */
  stationarity(): number {
    const { m, n, k, W, H, pull } = this;
    const shares = Array.from({ length: k }, (_, a) => {
      let pw = 0;
      let w = 0;
      let ph = 0;
      let h = 0;
      for (let i = 0; i < m; i++) {
        pw += (W[i * k + a]! * pull[i * k + a]!) ** 2;
        w += W[i * k + a]! ** 2;
      }
      for (let j = 0; j < n; j++) {
        ph += (H[a * n + j]! * pull[m * k + a * n + j]!) ** 2;
        h += H[a * n + j]! ** 2;
      }
      return pw / w + ph / h;
    });
    return Math.sqrt(shares.reduce((sum, share) => sum + share, 0) / k);
  }

  /** The least pull on an entry that is 0; 0 where there is none. */
  multiplier(): number {
    return this.d.reduce((least, d, at) => (d === 0 ? Math.min(least, this.pull[at]!) : least), 0);
  }

  /** x → M⁻¹x with M the k×k blocks of S + δI, one for each row of W and each column of H. */
  preconditioner(damping: number): (x: Float64Array) => Float64Array {
    const { m, n, k, W, H, C, d, e } = this;
    const blocks = Array.from({ length: m + n }, (_, block) => {
      const A = new Float64Array(k * k);
      const place = (a: number) => placeOf(block, a, m, n, k);
      for (let a = 0; a < k; a++) {
        for (let b = 0; b < k; b++) {
          let sum = 0;
          if (block < m) {
            for (let j = 0; j < n; j++) sum += C[block * n + j]! * H[a * n + j]! * H[b * n + j]!;
          } else {
            for (let i = 0; i < m; i++) sum += C[i * n + block - m]! * W[i * k + a]! * W[i * k + b]!;
          }
          A[a * k + b] = d[place(a)]! * sum * d[place(b)]!;
        }
        // A unit in the last places keeps blocks of rank below k, and empty ones, positive definite.
        A[a * k + a]! += e[place(a)]! + damping + 1e-14 + 1e-12 * A[a * k + a]!;
      }
      return choleskyFactor(k, A);
    });
    return (x) => {
      const out = new Float64Array(x.length);
      for (const [block, L] of blocks.entries()) {
        const place = (a: number) => placeOf(block, a, m, n, k);
        const part = choleskySolve(
          k,
          L,
          Float64Array.from({ length: k }, (_, a) => x[place(a)]!),
        );
        for (let a = 0; a < k; a++) out[place(a)] = part[a]!;
      }
      return out;
    };
  }
}

/** Where entry a of block `block` lies in a vector: row `block` of W, or column `block − m` of H. */
function placeOf(block: number, a: number, m: number, n: number, k: number): number {
  return block < m ? block * k + a : m * k + a * n + block - m;
}

/** ⟨x, y⟩. */
export function inner(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, value, at) => sum + value * y[at]!, 0);
}

/**
 * dL/dX from ∂L/∂W and ∂L/∂H. Without damping the scalings are projected out; with it they take part, as in a
 * solution of the whole system.
 */
export function implicitGradient(
  loss: StepLoss,
  m: number,
  n: number,
  k: number,
  X: Float64Array,
  factors: Pair,
  gradient: Pair,
  epsilon: number,
  damping: number,
  tolerance: number,
  limit: number,
): Implicit {
  const system = new KktSystem(loss, m, n, k, X, factors, epsilon);
  const scalings = system.scalings();
  const project = (x: Float64Array) => {
    if (damping > 0) return x;
    const out = x.slice();
    for (const z of scalings) {
      const share = inner(z, x);
      for (let at = 0; at < out.length; at++) out[at]! -= share * z[at]!;
    }
    return out;
  };
  const solveBlocks = system.preconditioner(damping);
  const rhs = system.rightSide(gradient);
  const norm = Math.sqrt(inner(rhs, rhs));
  const leak = Math.sqrt(scalings.reduce((sum, z) => sum + inner(z, rhs) ** 2, 0)) / norm;
  let r = project(rhs);
  let y = project(solveBlocks(r));
  let p = y;
  let rho = inner(r, y);
  let x: Float64Array = new Float64Array(rhs.length);
  let products = 0;
  let negative = false;
  while (products < limit && Math.sqrt(inner(r, r)) > tolerance * norm) {
    const q = system.product(p).map((value, at) => value + damping * p[at]!);
    products++;
    const curvature = inner(p, q);
    if (curvature <= 0) {
      negative = true;
      break;
    }
    const alpha = rho / curvature;
    x = x.map((value, at) => value + alpha * p[at]!);
    r = r.map((value, at) => value - alpha * q[at]!);
    y = project(solveBlocks(r));
    const next = inner(r, y);
    const beta = next / rho;
    p = y.map((value, at) => value + beta * p[at]!);
    rho = next;
  }
  return {
    gradient: system.outer(x),
    stationarity: system.stationarity(),
    residual: Math.sqrt(inner(r, r)) / norm,
    products,
    negative,
    multiplier: system.multiplier(),
    leak,
  };
}
