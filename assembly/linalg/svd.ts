// Truncated singular value decomposition V ≈ U·diag(σ)·Zᵀ by randomized subspace iteration (Halko,
// Martinsson, Tropp 2011, algorithm 4.4), finished by one-sided Jacobi rotations (Hestenes 1958).
//
//   Ω normal n×l;  Y = orth(VΩ);  Q times: Z = orth(VᵀY), Y = orth(VZ);  B = YᵀV (l×n)
//   rotate pairs of rows of B, and of Yᵀ with them, until the rows of B are orthogonal
//   σ_a = ‖row a of B‖, z_a = row a of B / σ_a, u_a = row a of Yᵀ
//
// Both subspaces are kept as panels with l rows, so that the products are those of product.ts and
// the rotations run along whole rows.

import { normal } from "../rng/counter";
import { rowDot } from "./gram";
import { PANEL_BYTES, panelCount } from "./lanes";
import { panelElements, panelToTiles, rowsToPanels } from "./layout";
import { accumulate, clear } from "./product";

/** Rounds of subspace iteration. */
const ROUNDS: i32 = 6;

/** Sweeps of Jacobi rotations; they converge quadratically, some eight are usual. */
const MOST_SWEEPS: i32 = 40;

/** The stream of Ω, apart from those of the starts. */
const STREAM: u32 = 0x53564400;

/**
 * Where the parts of the decomposition lie: u: l×m as panels, b: σ_a z_a, l×n as panels, sigma: l
 * f64 in no order, order: l i32, the rows from the largest σ down.
 */
@unmanaged
export class Decomposition {
  l: i32;
  u: usize;
  b: usize;
  tiles: usize;
  sigma: usize;
  order: usize;
}

/** Bytes of work of `truncatedSvd`, its record included. */
export function svdBytes<T>(m: i32, n: i32, l: i32): f64 {
  const longest = max(m, n);
  const size = <f64>sizeof<T>();
  // Ω, row-major, shares the room of the tiles.
  const tiles = <f64>longest * <f64>l * size;
  return 64 + (panelElements<T>(l, m) + panelElements<T>(l, n)) * size + tiles + <f64>l * 12 + 64;
}

/** Writes the parts of a decomposition with l rows at `work` (16-byte aligned) and returns it. */
export function placeSvd<T>(m: i32, n: i32, l: i32, work: usize): Decomposition {
  const d = changetype<Decomposition>(work);
  d.l = l;
  d.u = work + 64;
  d.b = d.u + <usize>(panelElements<T>(l, m) * <f64>sizeof<T>());
  d.tiles = d.b + <usize>(panelElements<T>(l, n) * <f64>sizeof<T>());
  d.sigma = (d.tiles + <usize>max(m, n) * l * sizeof<T>() + 15) & ~15;
  d.order = d.sigma + <usize>l * 8;
  return d;
}

/** Decomposes V, given as panels of V (m×n) and of Vᵀ, to l ≤ min(m, n) values. */
export function truncatedSvd<T>(
  m: i32,
  n: i32,
  l: i32,
  seed: u32,
  V: usize,
  Vt: usize,
  work: usize,
): Decomposition {
  const d = placeSvd<T>(m, n, l, work);
  normal<T>(seed, STREAM, n * l, false, d.tiles, d.sigma);
  rowsToPanels<T>(l, n, 0, l, d.tiles, d.b);
  for (let round = 0; round <= ROUNDS; round++) {
    project<T>(l, n, m, Vt, d.b, d.tiles, d.u);
    orthonormalize<T>(l, panelCount<T>(m), d.u);
    project<T>(l, m, n, V, d.u, d.tiles, d.b);
    if (round < ROUNDS) orthonormalize<T>(l, panelCount<T>(n), d.b);
  }
  rotateToOrthogonal<T>(l, panelCount<T>(n), d.b, panelCount<T>(m), d.u);
  for (let a = 0; a < l; a++) {
    store<f64>(d.sigma + <usize>a * 8, Math.sqrt(rowDot<T>(l, panelCount<T>(n), d.b, a, a)));
    let at = a;
    for (; at > 0; at--) {
      const before = load<i32>(d.order + <usize>(at - 1) * 4);
      if (load<f64>(d.sigma + <usize>before * 8) >= load<f64>(d.sigma + <usize>a * 8)) break;
      store<i32>(d.order + <usize>at * 4, before);
    }
    store<i32>(d.order + <usize>at * 4, a);
  }
  return d;
}

/** out (l×cols) = from (l×rows) · data (rows×cols), all panels; tiles: rows·l. */
function project<T>(l: i32, rows: i32, cols: i32, data: usize, from: usize, tiles: usize, out: usize): void {
  for (let p = 0; p < panelCount<T>(rows); p++) {
    panelToTiles<T>(l, rows, p, from + <usize>p * l * PANEL_BYTES, tiles);
  }
  for (let p = 0; p < panelCount<T>(cols); p++) {
    const to = out + <usize>p * l * PANEL_BYTES;
    clear(l, to);
    accumulate<T>(rows, l, tiles, rows, 0, data + <usize>p * rows * PANEL_BYTES, to);
  }
}

/** Rows whose norm falls below this share of what it was are numerically dependent on the rest. */
function dependent<T>(): f64 {
  return sizeof<T>() == 4 ? 1e-5 : 1e-13;
}

/** Gram–Schmidt on the rows, twice each ("twice is enough"); dependent rows become 0. */
export function orthonormalize<T>(l: i32, panels: i32, x: usize): void {
  for (let a = 0; a < l; a++) {
    const before = Math.sqrt(rowDot<T>(l, panels, x, a, a));
    for (let pass = 0; pass < 2; pass++) {
      for (let b = 0; b < a; b++) {
        combineRows<T>(l, panels, x, a, 1, b, -rowDot<T>(l, panels, x, a, b));
      }
    }
    const norm = Math.sqrt(rowDot<T>(l, panels, x, a, a));
    const keep = norm > dependent<T>() * before && norm > 0;
    combineRows<T>(l, panels, x, a, keep ? 1 / norm : 0, a, 0);
  }
}

/** row a ← α·row a + β·row b. */
function combineRows<T>(l: i32, panels: i32, x: usize, a: i32, alpha: f64, b: i32, beta: f64): void {
  const s = v128.splat<T>(<T>alpha);
  const t = v128.splat<T>(<T>beta);
  let at = x + <usize>a * PANEL_BYTES;
  let from = x + <usize>b * PANEL_BYTES;
  for (let p = 0; p < panels; p++) {
    for (let half: usize = 0; half < PANEL_BYTES; half += 16) {
      const sum = v128.add<T>(v128.mul<T>(s, v128.load(at + half)), v128.mul<T>(t, v128.load(from + half)));
      v128.store(at + half, sum);
    }
    at += <usize>l * PANEL_BYTES;
    from += <usize>l * PANEL_BYTES;
  }
}

/** Rows a and b turned by the angle with cosine c and sine s. */
function rotate<T>(l: i32, panels: i32, x: usize, a: i32, b: i32, c: f64, s: f64): void {
  const cosine = v128.splat<T>(<T>c);
  const sine = v128.splat<T>(<T>s);
  let first = x + <usize>a * PANEL_BYTES;
  let second = x + <usize>b * PANEL_BYTES;
  for (let p = 0; p < panels; p++) {
    for (let half: usize = 0; half < PANEL_BYTES; half += 16) {
      const u = v128.load(first + half);
      const w = v128.load(second + half);
      v128.store(first + half, v128.sub<T>(v128.mul<T>(cosine, u), v128.mul<T>(sine, w)));
      v128.store(second + half, v128.add<T>(v128.mul<T>(sine, u), v128.mul<T>(cosine, w)));
    }
    first += <usize>l * PANEL_BYTES;
    second += <usize>l * PANEL_BYTES;
  }
}

/** Jacobi rotations until the rows of b are orthogonal; u takes the same rotations. */
export function rotateToOrthogonal<T>(l: i32, panelsB: i32, b: usize, panelsU: i32, u: usize): void {
  const tolerance = sizeof<T>() == 4 ? 1e-6 : 1e-14;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let turned = false;
    for (let i = 0; i < l; i++) {
      for (let j = i + 1; j < l; j++) {
        const alpha = rowDot<T>(l, panelsB, b, i, i);
        const beta = rowDot<T>(l, panelsB, b, j, j);
        const gamma = rowDot<T>(l, panelsB, b, i, j);
        if (!(Math.abs(gamma) > tolerance * Math.sqrt(alpha * beta))) continue;
        turned = true;
        const zeta = (beta - alpha) / (2 * gamma);
        const sign = zeta < 0 ? -1.0 : 1.0;
        const t = sign / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        rotate<T>(l, panelsB, b, i, j, c, c * t);
        rotate<T>(l, panelsU, u, i, j, c, c * t);
      }
    }
    if (!turned) break;
  }
}
