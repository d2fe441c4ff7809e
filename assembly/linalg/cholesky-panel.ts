// Cholesky factorizations A = L·Lᵀ of as many small systems as a panel has columns, each in a lane of its own
// (Golub & Van Loan, Matrix Computations, algorithm 4.2.1). Entry (i, j) of all of them is row i·k + j of a panel.

import { PANEL_BYTES } from "./lanes";

/** Pivots are at least this share of the diagonal: what has no rank left in T counts as that much. */
function leastShare<T>(): T {
  return sizeof<T>() == 4 ? <T>1e-6 : <T>1e-13;
}

/** Overwrites the lower triangles of A (k² rows of a panel) with L, its diagonal with 1/L_ii. Diagonals are > 0. */
export function factorPanel<T>(k: i32, A: usize): void {
  const one = v128.splat<T>(<T>1);
  const share = v128.splat<T>(leastShare<T>());
  for (let half: usize = 0; half < PANEL_BYTES; half += 16) {
    const from = A + half;
    for (let i = 0; i < k; i++) {
      const row = from + <usize>(i * k) * PANEL_BYTES;
      for (let j = 0; j <= i; j++) {
        const other = from + <usize>(j * k) * PANEL_BYTES;
        const at = row + <usize>j * PANEL_BYTES;
        const entry = v128.load(at);
        let value = entry;
        for (let r: usize = 0; r < <usize>j * PANEL_BYTES; r += PANEL_BYTES) {
          value = v128.sub<T>(value, v128.mul<T>(v128.load(row + r), v128.load(other + r)));
        }
        if (j < i) v128.store(at, v128.mul<T>(value, v128.load(other + <usize>j * PANEL_BYTES)));
        else {
          const pivot = v128.max<T>(value, v128.mul<T>(share, entry));
          v128.store(at, v128.div<T>(one, v128.sqrt<T>(pivot)));
        }
      }
    }
  }
}

/** Overwrites b (k rows of a panel) with A⁻¹b, from what `factorPanel` left in A. */
export function solvePanel<T>(k: i32, A: usize, b: usize): void {
  for (let half: usize = 0; half < PANEL_BYTES; half += 16) {
    const from = A + half;
    const x = b + half;
    for (let i = 0; i < k; i++) {
      const row = from + <usize>(i * k) * PANEL_BYTES;
      const end = <usize>i * PANEL_BYTES;
      let value = v128.load(x + end);
      for (let r: usize = 0; r < end; r += PANEL_BYTES) {
        value = v128.sub<T>(value, v128.mul<T>(v128.load(row + r), v128.load(x + r)));
      }
      v128.store(x + end, v128.mul<T>(value, v128.load(row + end)));
    }
    for (let i = k - 1; i >= 0; i--) {
      const end = <usize>i * PANEL_BYTES;
      let value = v128.load(x + end);
      for (let r = i + 1; r < k; r++) {
        const entry = v128.load(from + <usize>(r * k + i) * PANEL_BYTES);
        value = v128.sub<T>(value, v128.mul<T>(entry, v128.load(x + <usize>r * PANEL_BYTES)));
      }
      v128.store(x + end, v128.mul<T>(value, v128.load(from + <usize>(i * k + i) * PANEL_BYTES)));
    }
  }
}
