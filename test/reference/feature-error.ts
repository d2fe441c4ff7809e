// Feature error (Vu et al., arXiv 2408.03909, §3). Feature i of a factorization is column i of W and row i of H,
// brought to a common norm and stacked:
//
//   w̃_i = s_i w_i,  h̃_i = h_i/s_i,  s_i = √(‖h_i‖/‖w_i‖);  c_i = [w̃_i; h̃_i]
//   FE = ‖C − C*_π‖ / ‖C*‖,  with π the matching that has the least Σ‖c_i − c*_π(i)‖²
//
// and, with D = C − C*_π and γ = D/(‖D‖‖C*‖) = [γw; γh], what moves with s_i included:
//
//   q_i = ⟨γw_i, w_i⟩ − ⟨γh_i, h_i⟩/s_i²
//   ∂FE/∂w_i = s_i γw_i − ½ s_i q_i w_i/‖w_i‖²
//   ∂FE/∂h_i = γh_i/s_i + ½ s_i q_i h_i/‖h_i‖²

/** What {@link featureError} finds. */
export interface FeatureError {
  value: number;
  /** The part of W, ‖W̃ − W̃*_π‖/‖W̃*‖, and that of H, with the same matching. */
  w: number;
  h: number;
  /** Feature i goes with feature matching[i] of the reference. */
  matching: number[];
  /** Gradients of the value in W (m×k) and H (k×n). */
  gradW: Float64Array;
  gradH: Float64Array;
}

/**
 * The assignment of rows to columns of a k×k cost with the least sum: shortest augmenting paths with potentials
 * (Kuhn 1955; Jonker & Volgenant 1987).
 */
export function assign(k: number, cost: Float64Array): number[] {
  const u = new Float64Array(k + 1);
  const v = new Float64Array(k + 1);
  const rowOf = new Int32Array(k + 1);
  const way = new Int32Array(k + 1);
  for (let row = 1; row <= k; row++) {
    rowOf[0] = row;
    let column = 0;
    const least = new Float64Array(k + 1).fill(Number.POSITIVE_INFINITY);
    const used = new Uint8Array(k + 1);
    while (rowOf[column] !== 0) {
      used[column] = 1;
      const i = rowOf[column]!;
      let delta = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let j = 1; j <= k; j++) {
        if (used[j]) continue;
        const reduced = cost[(i - 1) * k + j - 1]! - u[i]! - v[j]!;
        if (reduced < least[j]!) {
          least[j] = reduced;
          way[j] = column;
        }
        if (least[j]! < delta) {
          delta = least[j]!;
          next = j;
        }
      }
      for (let j = 0; j <= k; j++) {
        if (used[j]) {
          u[rowOf[j]!] = u[rowOf[j]!]! + delta;
          v[j] = v[j]! - delta;
        } else least[j] = least[j]! - delta;
      }
      column = next;
    }
    while (column !== 0) {
      rowOf[column] = rowOf[way[column]!]!;
      column = way[column]!;
    }
  }
  const assigned = new Array<number>(k).fill(0);
  for (let j = 1; j <= k; j++) assigned[rowOf[j]! - 1] = j - 1;
  return assigned;
}

/** The features [W̃; H̃ᵀ], (m+n)×k, and the scales s. */
function features(m: number, n: number, k: number, W: Float64Array, H: Float64Array) {
  const C = new Float64Array((m + n) * k);
  const s = new Float64Array(k);
  for (let a = 0; a < k; a++) {
    let w = 0;
    let h = 0;
    for (let i = 0; i < m; i++) w += W[i * k + a]! ** 2;
    for (let j = 0; j < n; j++) h += H[a * n + j]! ** 2;
    s[a] = Math.sqrt(Math.sqrt(h) / Math.sqrt(w));
    for (let i = 0; i < m; i++) C[i * k + a] = W[i * k + a]! * s[a]!;
    for (let j = 0; j < n; j++) C[(m + j) * k + a] = H[a * n + j]! / s[a]!;
  }
  return { C, s };
}

/** Feature error of W, H against the reference. W: m×k, H: k×n, row-major. */
export function featureError(
  m: number,
  n: number,
  k: number,
  W: Float64Array,
  H: Float64Array,
  referenceW: Float64Array,
  referenceH: Float64Array,
): FeatureError {
  const { C, s } = features(m, n, k, W, H);
  const { C: R } = features(m, n, k, referenceW, referenceH);
  const cost = new Float64Array(k * k);
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) {
      for (let i = 0; i < m + n; i++) cost[a * k + b]! += (C[i * k + a]! - R[i * k + b]!) ** 2;
    }
  }
  const matching = assign(k, cost);
  const D = new Float64Array((m + n) * k);
  let dw = 0;
  let dh = 0;
  let rw = 0;
  let rh = 0;
  for (let i = 0; i < m + n; i++) {
    for (let a = 0; a < k; a++) {
      D[i * k + a] = C[i * k + a]! - R[i * k + matching[a]!]!;
      if (i < m) {
        dw += D[i * k + a]! ** 2;
        rw += R[i * k + a]! ** 2;
      } else {
        dh += D[i * k + a]! ** 2;
        rh += R[i * k + a]! ** 2;
      }
    }
  }
  const norms = Math.sqrt(dw + dh) * Math.sqrt(rw + rh);
  const gradW = new Float64Array(m * k);
  const gradH = new Float64Array(k * n);
  for (let a = 0; a < k && norms > 0; a++) {
    let q = 0;
    let w = 0;
    let h = 0;
    for (let i = 0; i < m; i++) {
      q += (D[i * k + a]! / norms) * W[i * k + a]!;
      w += W[i * k + a]! ** 2;
    }
    for (let j = 0; j < n; j++) {
      q -= ((D[(m + j) * k + a]! / norms) * H[a * n + j]!) / s[a]! ** 2;
      h += H[a * n + j]! ** 2;
    }
    for (let i = 0; i < m; i++) {
      gradW[i * k + a] = (s[a]! * D[i * k + a]!) / norms - (0.5 * s[a]! * q * W[i * k + a]!) / w;
    }
    for (let j = 0; j < n; j++) {
      gradH[a * n + j] = D[(m + j) * k + a]! / norms / s[a]! + (0.5 * s[a]! * q * H[a * n + j]!) / h;
    }
  }
  return {
    value: Math.sqrt((dw + dh) / (rw + rh)),
    w: Math.sqrt(dw / rw),
    h: Math.sqrt(dh / rh),
    matching,
    gradW,
    gradH,
  };
}
