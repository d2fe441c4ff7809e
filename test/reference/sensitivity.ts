// The map from data to features at a stationary point, to first order, and its adjoint, by dense matrices of the scaled
// second derivatives (implicit.ts here), and singular values by Jacobi rotations. Features c_a = [s_a w_a; h_a/s_a],
// s_a = √(‖h_a‖/‖w_a‖), are stacked as [W part (m×k); H part (k×n)]. With
//
//   B dX = d∘[(Q∘dX)Hᵀ; Wᵀ(Q∘dX)],   J = ΠΣ d∘S⁺B,   Jᵀ = BᵀS⁺ d∘ΣΠ
//
// Σ scales by s for W and 1/s for H, and Π takes away what lies along g_a = (s_a w_a, −h_a/s_a).

import { choleskyFactor, choleskySolve } from "./cholesky.js";
import { inner, KktSystem } from "./implicit.js";
import { product, transpose } from "./product.js";
import type { Pair, StepLoss } from "./step-adjoint.js";

/** The features of W and H, stacked. */
export function stacked(m: number, n: number, k: number, { W, H }: Pair): Float64Array {
  const s = scales(m, n, k, W, H);
  const w = W.map((x, at) => x * s[at % k]!);
  const h = H.map((x, at) => x / s[Math.floor(at / n)]!);
  return Float64Array.of(...w, ...h);
}

function scales(m: number, n: number, k: number, W: Float64Array, H: Float64Array): number[] {
  return Array.from({ length: k }, (_, a) => {
    let w = 0;
    let h = 0;
    for (let i = 0; i < m; i++) w += W[i * k + a]! ** 2;
    for (let j = 0; j < n; j++) h += H[a * n + j]! ** 2;
    return Math.sqrt(Math.sqrt(h) / Math.sqrt(w));
  });
}

/** J and Jᵀ at a stationary point. */
export class FeatureMap {
  readonly #system: KktSystem;
  readonly #L: Float64Array;
  readonly #z: Float64Array[];
  readonly #sigma: Float64Array;
  readonly #g: Float64Array[];

  constructor(
    loss: StepLoss,
    readonly m: number,
    readonly n: number,
    readonly k: number,
    X: Float64Array,
    factors: Pair,
    epsilon: number,
  ) {
    const system = new KktSystem(loss, m, n, k, X, factors, epsilon);
    const size = (m + n) * k;
    this.#system = system;
    this.#z = system.scalings();
    // S + Σ z zᵀ is regular, and its inverse that of S but along the scalings.
    const A = new Float64Array(size * size);
    for (let at = 0; at < size; at++) {
      const unit = new Float64Array(size);
      unit[at] = 1;
      const column = system.product(unit);
      for (let row = 0; row < size; row++) {
        A[row * size + at] = column[row]! + this.#z.reduce((sum, z) => sum + z[row]! * z[at]!, 0);
      }
    }
    this.#L = choleskyFactor(size, A);
    const s = scales(m, n, k, system.W, system.H);
    this.#sigma = Float64Array.from({ length: size }, (_, at) =>
      at < m * k ? s[at % k]! : 1 / s[Math.floor((at - m * k) / n)]!,
    );
    const C = stacked(m, n, k, system);
    this.#g = Array.from({ length: k }, (_, a) => {
      const g = C.map((x, at) => {
        const own = at < m * k ? at % k : Math.floor((at - m * k) / n);
        return own === a ? (at < m * k ? x : -x) : 0;
      });
      const norm = Math.sqrt(inner(g, g));
      return g.map((x) => x / norm);
    });
  }

  #solve(rhs: Float64Array): Float64Array {
    return without(this.#z, choleskySolve(rhs.length, this.#L, without(this.#z, rhs)));
  }

  /** How the features move with a change of the data (m×n). */
  tangent(dX: Float64Array): Float64Array {
    const { m, n, k } = this;
    const { W, H, Q, d } = this.#system;
    const Y = dX.map((x, at) => x * Q[at]!);
    const b = Float64Array.of(
      ...product(m, n, k, Y, transpose(k, n, H)),
      ...product(k, m, n, transpose(m, k, W), Y),
    );
    const x = this.#solve(b.map((value, at) => value * d[at]!));
    return without(
      this.#g,
      x.map((value, at) => value * d[at]! * this.#sigma[at]!),
    );
  }

  /** Jᵀy (m×n). */
  adjoint(y: Float64Array): Float64Array {
    const { d } = this.#system;
    const rhs = without(this.#g, y).map((value, at) => value * this.#sigma[at]! * d[at]!);
    return this.#system.outer(this.#solve(rhs));
  }
}

function without(vectors: readonly Float64Array[], x: Float64Array): Float64Array {
  const out = x.slice();
  for (const z of vectors) {
    const share = inner(z, out);
    for (let at = 0; at < out.length; at++) out[at]! -= share * z[at]!;
  }
  return out;
}

/** Singular values of a matrix given by its rows, from the largest down, by Jacobi rotations of the rows. */
export function singularValues(rows: readonly Float64Array[]): number[] {
  const A = rows.map((row) => row.slice());
  for (let sweep = 0, turned = true; sweep < 60 && turned; sweep++) {
    turned = false;
    for (let i = 0; i < A.length; i++) {
      for (let j = i + 1; j < A.length; j++) {
        const x = A[i]!;
        const y = A[j]!;
        const alpha = inner(x, x);
        const beta = inner(y, y);
        const gamma = inner(x, y);
        if (!(Math.abs(gamma) > 1e-14 * Math.sqrt(alpha * beta))) continue;
        turned = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        for (let at = 0; at < x.length; at++) {
          const u = x[at]!;
          const v = y[at]!;
          x[at] = c * u - c * t * v;
          y[at] = c * t * u + c * v;
        }
      }
    }
  }
  return A.map((row) => Math.sqrt(inner(row, row))).sort((a, b) => b - a);
}
