// Feature compression along a segment (Gao et al., arXiv 2406.16200): how far the gradient of the margin
// g = f_own − f_other points the way from one point to the other.
//
//   x(t) = x_i + t·(x_j − x_i);  cos θ(t) = ∇g·(x_i − x_j) / (‖∇g‖·‖x_i − x_j‖)
//   g(x_i) − g(x_j) = ‖x_i − x_j‖ ∫ ‖∇g‖ cos θ dt,   c̄ = ∫ ‖∇g‖ cos θ dt / ∫ ‖∇g‖ dt
//
// The kernels give ‖∇g‖ and ∇g·(x_i − x_j) at equally spaced points; the host adds them up.

import { PANEL_BYTES, panelWidth } from "../linalg/lanes";
import { clear } from "../linalg/product";
import { Network } from "./workspace";

/** row (n_0) ← the network's segment at t = first + number·spacing. */
export function pointBetween<T>(net: Network, number: i32, row: usize): void {
  const t = net.first + <f64>number * net.spacing;
  const bytes = <usize>net.width0 * sizeof<T>();
  for (let at: usize = 0; at < bytes; at += sizeof<T>()) {
    const start = <f64>load<T>(net.data + at);
    store<T>(row + at, <T>(start + t * (<f64>load<T>(net.data + bytes + at) - start)));
  }
}

/** ∂g/∂f, the same for every point. delta: a panel of as many rows as there are classes. */
export function aim<T>(net: Network, classes: i32, delta: usize): void {
  clear(classes, delta);
  for (let half: usize = 0; half < PANEL_BYTES; half += 16) {
    v128.store(delta + <usize>net.own * PANEL_BYTES + half, v128.splat<T>(<T>1));
    v128.store(delta + <usize>net.other * PANEL_BYTES + half, v128.splat<T>(<T>-1));
  }
}

/** ‖∇g‖ and ∇g·(start − end) of panel p. */
export function measure<T>(net: Network, p: i32, live: i32, gradient: usize): void {
  const rows = net.width0;
  const end = net.data + <usize>rows * sizeof<T>();
  let figures = net.figures + ((<usize>p * panelWidth<T>()) << 4);
  for (let c = 0; c < live; c++) {
    let squares: f64 = 0;
    let along: f64 = 0;
    for (let r = 0; r < rows; r++) {
      const at = <usize>r * sizeof<T>();
      const g = <f64>load<T>(gradient + <usize>r * PANEL_BYTES + <usize>c * sizeof<T>());
      squares += g * g;
      along += g * (<f64>load<T>(net.data + at) - <f64>load<T>(end + at));
    }
    store<f64>(figures, Math.sqrt(squares));
    store<f64>(figures, along, 8);
    figures += 16;
  }
}
