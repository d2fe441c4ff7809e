// HALS with weights: exact coordinate descent for ½ΣD∘(V − WH)² + l1·ΣH + ½·l2·‖H‖² (Cichocki &
// Phan 2009; the weighted form as in Ho 2008, thesis, UCLouvain). With the residual E = V − WH,
//
//   h_a ← max(0, h_a + (Σ_i W_ia D_i E_i − l1 − l2·h_a) / (Σ_i W_ia² D_i + l2))
//
// Denominators differ from column to column, so there is no Gram matrix: D∘E of one panel is kept
// in scratch (rows × panel) and corrected after each row of H.

import { flush, PANEL_BYTES, smallestNormal } from "../linalg/lanes";
import { stripCount, stripWidth } from "../linalg/layout";
import { predict } from "../linalg/product";
import { Side, Task } from "../task";
import { residualRows } from "./workspace";

/** Sweeps panel p of the side. */
export function halsWeightedPanel<T>(
  task: Task,
  side: Side,
  other: Side,
  p: i32,
  sweeps: i32,
  id: i32,
): void {
  const k = task.k;
  const rows = side.rows;
  const strips = stripCount(k);
  const c = side.panels + <usize>p * k * PANEL_BYTES;
  const residual = residualRows(task, id);
  const weights = side.weights + <usize>p * rows * PANEL_BYTES;
  const bytes = <usize>rows * PANEL_BYTES;
  predict<T>(rows, k, other.panels, 0, c, residual);
  let x = side.data + <usize>p * rows * PANEL_BYTES;
  for (let at: usize = 0; at < bytes; at += 16, x += 16) {
    const error = v128.sub<T>(v128.load(x), v128.load(residual + at));
    v128.store(residual + at, v128.mul<T>(v128.load(weights + at), error));
  }

  const l1 = v128.splat<T>(<T>side.l1);
  const l2 = v128.splat<T>(<T>side.l2);
  const zero = v128.splat<T>(<T>0);
  const tiny = v128.splat<T>(smallestNormal<T>());
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let a = 0;
    for (let s = 0; s < strips; s++) {
      const h = stripWidth(k, s);
      const stride = <usize>h * sizeof<T>();
      for (let j = 0; j < h; j++, a++) {
        const column = other.tiles + (<usize>rows * (a - j) + j) * sizeof<T>();
        let n0 = zero;
        let n1 = zero;
        let d0 = zero;
        let d1 = zero;
        let b = column;
        for (let at: usize = 0; at < bytes; at += PANEL_BYTES, b += stride) {
          const w = v128.load_splat<T>(b);
          const w2 = v128.mul<T>(w, w);
          n0 = v128.add<T>(n0, v128.mul<T>(w, v128.load(residual + at)));
          n1 = v128.add<T>(n1, v128.mul<T>(w, v128.load(residual + at, 16)));
          d0 = v128.add<T>(d0, v128.mul<T>(w2, v128.load(weights + at)));
          d1 = v128.add<T>(d1, v128.mul<T>(w2, v128.load(weights + at, 16)));
        }
        const to = c + <usize>a * PANEL_BYTES;
        const old0 = v128.load(to);
        const old1 = v128.load(to, 16);
        const new0 = descend<T>(old0, n0, v128.add<T>(d0, l2), l1, l2, tiny);
        const new1 = descend<T>(old1, n1, v128.add<T>(d1, l2), l1, l2, tiny);
        v128.store(to, new0);
        v128.store(to, new1, 16);
        const m0 = v128.sub<T>(new0, old0);
        const m1 = v128.sub<T>(new1, old1);
        b = column;
        for (let at: usize = 0; at < bytes; at += PANEL_BYTES, b += stride) {
          const w = v128.load_splat<T>(b);
          const r0 = v128.mul<T>(v128.load(weights + at), v128.mul<T>(w, m0));
          const r1 = v128.mul<T>(v128.load(weights + at, 16), v128.mul<T>(w, m1));
          v128.store(residual + at, v128.sub<T>(v128.load(residual + at), r0));
          v128.store(residual + at, v128.sub<T>(v128.load(residual + at, 16), r1), 16);
        }
      }
    }
  }
}

/** max(0, old + (n − l1 − l2·old)/d), or old where d is below the smallest normal number. */
function descend<T>(old: v128, n: v128, d: v128, l1: v128, l2: v128, tiny: v128): v128 {
  const pull = v128.sub<T>(v128.sub<T>(n, l1), v128.mul<T>(l2, old));
  const moved = flush<T>(v128.add<T>(old, v128.div<T>(pull, d)));
  return v128.bitselect(moved, old, v128.ge<T>(d, tiny));
}
