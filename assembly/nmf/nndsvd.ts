// NNDSVD (Boutsidis & Gallopoulos 2008) and its variant NNDSVDa, row-major into the staging area.
//
//   W_0 = √σ₀·|u₀|, H_0 = √σ₀·|z₀|; for a > 0 the larger of (u⁺, z⁺) and (u⁻, z⁻), by the product
//   of norms, as √(σ‖u^±‖‖z^±‖) times the unit vectors. Entries below 1e-6 are 0; NNDSVDa puts
//   mean(V) in their place.

import { PANEL_BYTES, panelWidth } from "../linalg/lanes";
import { Decomposition, svdBytes, truncatedSvd } from "../linalg/svd";
import { Side, Task } from "../task";
import { stagedH } from "./workspace";

/** As in scikit-learn: what is smaller counts as zero. */
const SMALL: f64 = 1e-6;

/** Values sought beyond the k that are used. */
const OVERSAMPLING: i32 = 10;

/** Rows of the decomposition that a start of rank k takes. */
function rows(m: i32, n: i32, k: i32): i32 {
  return min(min(m, n), k + OVERSAMPLING);
}

/** Bytes of work of `initNndsvd`. */
export function nndsvdBytes<T>(m: i32, n: i32, k: i32): f64 {
  return svdBytes<T>(m, n, rows(m, n, k));
}

/** work: nndsvdBytes(m, n, k), 16-byte aligned; fill: 1 for NNDSVDa. */
export function initNndsvd<T>(task: Task, seed: u32, fill: i32, work: usize): void {
  const m = task.m;
  const n = task.n;
  const k = task.k;
  const l = rows(m, n, k);
  const V = changetype<Side>(task.sideH).data;
  const Vt = changetype<Side>(task.sideW).data;
  const d = truncatedSvd<T>(m, n, l, seed, V, Vt, work);
  const mean = fill ? task.total / task.weight : 0.0;
  for (let a = 0; a < k; a++) component<T>(d, a, m, n, k, task.staging, stagedH<T>(task), mean);
}

function entry<T>(l: i32, panels: usize, row: i32, column: i32): f64 {
  const width = panelWidth<T>();
  const at = (<usize>(column / width) * l + row) * PANEL_BYTES;
  return <f64>load<T>(panels + at + <usize>(column % width) * sizeof<T>());
}

/** ‖x⁺‖ for sign 1, ‖x⁻‖ for sign −1, of one row. */
function signedNorm<T>(l: i32, panels: usize, row: i32, count: i32, sign: f64): f64 {
  let s: f64 = 0;
  for (let c = 0; c < count; c++) {
    const x = Math.max(0, sign * entry<T>(l, panels, row, c));
    s += x * x;
  }
  return Math.sqrt(s);
}

function clean(x: f64, mean: f64): f64 {
  return x < SMALL ? mean : x;
}

function component<T>(d: Decomposition, a: i32, m: i32, n: i32, k: i32, W: usize, H: usize, mean: f64): void {
  const l = d.l;
  const row = load<i32>(d.order + <usize>a * 4);
  const sigma = load<f64>(d.sigma + <usize>row * 8);
  let sign: f64 = 1;
  let scaleU: f64 = 0;
  let scaleZ: f64 = 0;
  if (sigma > 0) {
    const plusU = signedNorm<T>(l, d.u, row, m, 1);
    const minusU = signedNorm<T>(l, d.u, row, m, -1);
    const plusZ = signedNorm<T>(l, d.b, row, n, 1) / sigma;
    const minusZ = signedNorm<T>(l, d.b, row, n, -1) / sigma;
    if (a == 0) {
      // The leading pair has one sign, but for rounding: |u₀| and |z₀|.
      scaleU = Math.sqrt(sigma);
      scaleZ = 1 / Math.sqrt(sigma);
      sign = 0;
    } else {
      if (plusU * plusZ < minusU * minusZ) sign = -1;
      const normU = sign > 0 ? plusU : minusU;
      const normZ = sign > 0 ? plusZ : minusZ;
      const size = Math.sqrt(sigma * normU * normZ);
      scaleU = normU > 0 ? size / normU : 0;
      scaleZ = normZ > 0 ? size / (normZ * sigma) : 0;
    }
  }
  for (let i = 0; i < m; i++) {
    const x = entry<T>(l, d.u, row, i);
    const part = scaleU * (sign == 0 ? Math.abs(x) : Math.max(0, sign * x));
    store<T>(W + (<usize>i * k + a) * sizeof<T>(), <T>clean(part, mean));
  }
  for (let j = 0; j < n; j++) {
    const x = entry<T>(l, d.b, row, j);
    const part = scaleZ * (sign == 0 ? Math.abs(x) : Math.max(0, sign * x));
    store<T>(H + (<usize>a * n + j) * sizeof<T>(), <T>clean(part, mean));
  }
}
