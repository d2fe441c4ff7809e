// HALS: exact coordinate descent for ½‖V − WH‖² + l1·ΣH + ½·l2·‖H‖², one row of H after another
// (Cichocki & Phan 2009, algorithm 2), and its accelerated form (Gillis & Glineur 2012):
// the expensive WᵀV is used for several sweeps, until a sweep moves H less than a tenth as far as the
// first one did, or until the sweeps would cost half as much as the product.
//
//   h_a ← max(0, h_a + ((WᵀV)_a − Σ_b (WᵀW)_ab h_b − l1 − l2·h_a) / ((WᵀW)_aa + l2))
//
// A panel is swept on its own, so the stopping rule of the sweeps is the panel's own too.

import { flush, horizontalSum, PANEL_BYTES, smallestNormal } from "../linalg/lanes";
import { stripCount, stripWidth } from "../linalg/layout";
import { Side, Task } from "../task";
import { numerator } from "./workspace";

/** A sweep that moves less than this fraction (squared) of the first one is the last. */
const PROGRESS: f64 = 0.01;

/** Most sweeps that pay for a side: 1 + ½·(cost of the product and the Gram matrix)/(cost of a sweep). */
export function mostSweeps(task: Task, side: Side): i32 {
  if (task.sweeps > 0) return task.sweeps;
  const m = <f64>side.rows;
  const n = <f64>side.cols;
  const k = <f64>task.k;
  return <i32>(1 + 0.5 * ((m * n * k + m * k * k) / (n * k * k)));
}

/** Sweeps panel p of the side; numerator: WᵀV of that panel, other.gram: WᵀW. */
export function halsPanel<T>(task: Task, side: Side, other: Side, p: i32, sweeps: i32, id: i32): void {
  const k = task.k;
  const strips = stripCount(k);
  const num = numerator(task, id);
  const c = side.panels + <usize>p * k * PANEL_BYTES;
  const l1 = v128.splat<T>(<T>side.l1);
  const l2 = v128.splat<T>(<T>side.l2);
  const zero = v128.splat<T>(<T>0);
  let first: f64 = 0;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let moved = zero;
    let a = 0;
    for (let s = 0; s < strips; s++) {
      const h = stripWidth(k, s);
      const stride = <usize>h * sizeof<T>();
      for (let b = 0; b < h; b++, a++) {
        const row = other.gram + (<usize>k * (a - b) + b) * sizeof<T>();
        const own = load<T>(row + <usize>a * stride) + <T>side.l2;
        if (!(own >= smallestNormal<T>())) continue;
        const inverse = v128.splat<T>(<T>1 / own);
        let s0 = zero;
        let s1 = zero;
        let t0 = zero;
        let t1 = zero;
        let g = row;
        let x = c;
        let r = 0;
        for (; r + 2 <= k; r += 2) {
          const u = v128.load_splat<T>(g);
          const w = v128.load_splat<T>(g + stride);
          s0 = v128.add<T>(s0, v128.mul<T>(u, v128.load(x)));
          s1 = v128.add<T>(s1, v128.mul<T>(u, v128.load(x, 16)));
          t0 = v128.add<T>(t0, v128.mul<T>(w, v128.load(x, 32)));
          t1 = v128.add<T>(t1, v128.mul<T>(w, v128.load(x, 48)));
          g += 2 * stride;
          x += 2 * PANEL_BYTES;
        }
        if (r < k) {
          const u = v128.load_splat<T>(g);
          s0 = v128.add<T>(s0, v128.mul<T>(u, v128.load(x)));
          s1 = v128.add<T>(s1, v128.mul<T>(u, v128.load(x, 16)));
        }
        const to = c + <usize>a * PANEL_BYTES;
        const above = num + <usize>a * PANEL_BYTES;
        const old0 = v128.load(to);
        const old1 = v128.load(to, 16);
        // The sums come last, and the next row waits for them: everything else is ready by then.
        const push0 = v128.sub<T>(v128.load(above), v128.add<T>(l1, v128.mul<T>(l2, old0)));
        const push1 = v128.sub<T>(v128.load(above, 16), v128.add<T>(l1, v128.mul<T>(l2, old1)));
        const step0 = v128.mul<T>(v128.sub<T>(push0, v128.add<T>(s0, t0)), inverse);
        const step1 = v128.mul<T>(v128.sub<T>(push1, v128.add<T>(s1, t1)), inverse);
        const new0 = flush<T>(v128.add<T>(old0, step0));
        const new1 = flush<T>(v128.add<T>(old1, step1));
        v128.store(to, new0);
        v128.store(to, new1, 16);
        const d0 = v128.sub<T>(new0, old0);
        const d1 = v128.sub<T>(new1, old1);
        moved = v128.add<T>(moved, v128.add<T>(v128.mul<T>(d0, d0), v128.mul<T>(d1, d1)));
      }
    }
    const progress = horizontalSum<T>(moved);
    if (sweep == 0) first = progress;
    if (progress <= PROGRESS * first && sweep > 0) break;
    if (progress == 0) break;
  }
}
