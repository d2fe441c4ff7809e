// Multiplicative update for the Frobenius loss ½‖V − WH‖² (Lee & Seung 2001, theorem 1; AT-NMF, eq. 11):
//
//   H ← H ∘ WᵀV / (WᵀW·H + ε)
//
// on one panel of H. WᵀW is k×k, so the denominator costs k² a column instead of another pass over V.

import { PANEL_BYTES } from "../linalg/lanes";
import { accumulate, clear } from "../linalg/product";
import { Side, Task } from "../task";
import { denominator, numerator } from "./workspace";

/** numerator ← WᵀV on panel p of the side. */
export function frobeniusNumerator<T>(task: Task, side: Side, other: Side, p: i32, id: i32): void {
  const num = numerator(task, id);
  clear(task.k, num);
  const data = side.data + <usize>p * side.rows * PANEL_BYTES;
  accumulate<T>(side.rows, task.k, other.tiles, side.rows, 0, data, num);
}

/** denominator ← WᵀW·H on panel p of the side. */
export function frobeniusDenominator<T>(task: Task, side: Side, other: Side, p: i32, id: i32): void {
  const k = task.k;
  const den = denominator(task, id);
  clear(k, den);
  accumulate<T>(k, k, other.gram, k, 0, side.panels + <usize>p * k * PANEL_BYTES, den);
}
