// A dense network for classification, linear or with max(·, 0), and its cross-entropy.
//
//   Z_l = W_l [A_l; 1],   A_{l+1} = σ(Z_l),   f = Z of the last layer
//   L = mean over points of log Σ_j exp f_j − f_y
//   ∂L/∂f = (softmax f − e_y)/N,   ∂/∂A_l = W_lᵀ ∂/∂Z_l,   ∂/∂Z_{l−1} = ∂/∂A_l ∘ σ′(Z_{l−1})
//
// At 0 the derivative of max(·, 0) counts as 0. A panel of points is one member's from its scores to its gradient. The
// gradient of the weights is in adam.ts.

import { PANEL_BYTES, panelCount, panelWidth } from "../linalg/lanes";
import {
  panelsToRows,
  panelsToTransposedRows,
  panelToTiles,
  rowsToPanels,
  rowsToTransposedPanels,
} from "../linalg/layout";
import { accumulate, clear, predict } from "../linalg/product";
import { nextChunk } from "../parallel/claim";
import { Task } from "../task";
import { aim, measure, pointBetween } from "./compression";
import { Layer, layerOf, Network, networkOf, widthOf } from "./workspace";

/** What a pass is for. */
export namespace Pass {
  /** A batch of the kept points, with what the gradient of the weights takes. */
  export const LEARN: i32 = 0;
  /** The same, with the gradient of each point. */
  export const GRADIENT: i32 = 1;
  /** Scores, and the loss where there are labels. */
  export const SCORES: i32 = 2;
  /** Scores of points of a segment. */
  export const WAY: i32 = 3;
  /** The same, with the gradient of g = f_own − f_other. */
  export const SEGMENT: i32 = 4;
}

/** A_l of a member. */
function activations(net: Network, scratch: usize, l: i32): usize {
  return l == net.depth
    ? scratch + net.sweep - <usize>((widthOf(net, l) + 4) & ~3) * PANEL_BYTES
    : scratch + layerOf(net, l).at;
}

/** The staged W (n_{l+1}×(n_l + 1), row-major) → layer l. */
export function loadLayer<T>(task: Task, l: i32): void {
  const net = networkOf(task);
  const layer = layerOf(net, l);
  const columns = layer.inputs + 1;
  rowsToPanels<T>(layer.outputs, columns, 0, layer.outputs, net.staging, layer.weights);
  for (let p = 0; p < panelCount<T>(columns); p++) retile<T>(layer, p);
}

/** Layer l, or with `gradient` the gradient of its weights, to the staging area. */
export function storeLayer<T>(task: Task, l: i32, gradient: i32): void {
  const net = networkOf(task);
  const layer = layerOf(net, l);
  panelsToRows<T>(layer.outputs, layer.inputs + 1, gradient ? layer.first : layer.weights, net.staging);
}

/** Panel p of a layer's weights → its rows of the tiles. */
export function retile<T>(layer: Layer, p: i32): void {
  const panel = layer.weights + <usize>p * layer.outputs * PANEL_BYTES;
  panelToTiles<T>(layer.outputs, layer.inputs + 1, p, panel, layer.tiles);
}

/** `count` points through the network, and back as far as the purpose asks. */
export function pass<T>(task: Task, purpose: i32, count: i32, id: i32): void {
  const net = networkOf(task);
  const width = panelWidth<T>();
  const scratch = net.scratch + <usize>id * net.scratchBytes;
  const outputs = widthOf(net, net.depth);
  const scores = activations(net, scratch, net.depth);
  const sweep = scratch + net.sweep;
  for (let p = nextChunk(task, panelCount<T>(count), id, -1); p >= 0; ) {
    const live = min(width, count - p * width);
    present<T>(net, purpose, p, live, count, scratch);
    for (let l = 0; l < net.depth; l++) forward<T>(net, l, scratch);
    if (net.learns) crossEntropy<T>(net, purpose, p, live, count, scores, sweep);
    if (purpose >= Pass.SCORES) {
      const row = <usize>outputs * sizeof<T>();
      panelsToTransposedRows<T>(outputs, live, scores, net.scores + <usize>(p * width) * row);
    }
    if (purpose == Pass.SEGMENT) aim<T>(net, outputs, sweep);
    if (purpose != Pass.SCORES && purpose != Pass.WAY) {
      const input = backward<T>(net, purpose, p, live, count, scratch);
      if (purpose == Pass.SEGMENT) measure<T>(net, p, live, input);
      if (net.wanted && purpose != Pass.LEARN) {
        const row = <usize>net.width0 * sizeof<T>();
        panelsToTransposedRows<T>(net.width0, live, input, net.gradients + <usize>(p * width) * row);
      }
    }
    p = nextChunk(task, panelCount<T>(count), id, p);
  }
}

/** The number of a batch's point among all points: of one that learns the batch ends at the cursor, else it begins there. */
function numberOf(net: Network, purpose: i32, point: i32, count: i32): i32 {
  if (purpose != Pass.LEARN) return net.cursor + point;
  return load<i32>(net.order + ((<usize>(net.cursor - count + point)) << 2));
}

/** `live` points of panel p → [A_0; 1]. */
function present<T>(net: Network, purpose: i32, p: i32, live: i32, count: i32, scratch: usize): void {
  const inputs = net.width0;
  const bytes = <usize>inputs * sizeof<T>();
  const first = p * panelWidth<T>();
  let row = scratch + net.staged;
  for (let c = 0; c < live; c++) {
    if (purpose >= Pass.WAY) pointBetween<T>(net, first + c, row);
    else memory.copy(row, net.data + <usize>numberOf(net, purpose, first + c, count) * bytes, bytes);
    row += bytes;
    store<T>(row, <T>net.bias);
    row += sizeof<T>();
  }
  const staged = scratch + net.staged;
  rowsToTransposedPanels<T>(inputs + 1, 0, live, staged, activations(net, scratch, 0));
  if (purpose <= Pass.GRADIENT) rowsToPanels<T>(count, inputs + 1, first, live, staged, layerOf(net, 0).rows);
}

/** [A_{l+1}; 1] from [A_l; 1]. */
function forward<T>(net: Network, l: i32, scratch: usize): void {
  const layer = layerOf(net, l);
  const to = activations(net, scratch, l + 1);
  const end = to + <usize>layer.outputs * PANEL_BYTES;
  clear(layer.outputs, to);
  const rows = layer.inputs + 1;
  accumulate<T>(rows, layer.outputs, layer.tiles, rows, 0, activations(net, scratch, l), to);
  if (l + 1 == net.depth) return;
  const zero = v128.splat<T>(<T>0);
  if (net.relu) for (let at = to; at < end; at += 16) v128.store(at, v128.max<T>(v128.load(at), zero));
  const one = v128.splat<T>(<T>net.bias);
  v128.store(end, one);
  v128.store(end, one, 16);
}

/** ∂L/∂f of panel p (0 for columns that are no points) and its part of the loss. */
function crossEntropy<T>(
  net: Network,
  purpose: i32,
  p: i32,
  live: i32,
  count: i32,
  scores: usize,
  delta: usize,
): void {
  const classes = widthOf(net, net.depth);
  const first = p * panelWidth<T>();
  clear(classes, delta);
  let loss: f64 = 0;
  for (let c = 0; c < live; c++) {
    const lane = <usize>c * sizeof<T>();
    let most = <f64>load<T>(scores + lane);
    for (let j = 1; j < classes; j++) most = max(most, <f64>load<T>(scores + <usize>j * PANEL_BYTES + lane));
    let sum: f64 = 0;
    for (let j = 0; j < classes; j++) {
      const at = <usize>j * PANEL_BYTES + lane;
      const share = Math.exp(<f64>load<T>(scores + at) - most);
      store<T>(delta + at, <T>share);
      sum += share;
    }
    const label = load<i32>(net.labels + ((<usize>numberOf(net, purpose, first + c, count)) << 2));
    for (let j = 0; j < classes; j++) {
      const at = <usize>j * PANEL_BYTES + lane;
      const share = <f64>load<T>(delta + at) / sum - (j == label ? 1.0 : 0.0);
      store<T>(delta + at, <T>(share / <f64>count));
    }
    loss += Math.log(sum) + most - <f64>load<T>(scores + <usize>label * PANEL_BYTES + lane);
  }
  store<f64>(net.losses + ((<usize>p) << 3), loss);
}

/** From ∂/∂f of panel p back to its input, whose address it returns; of no use after `Pass.LEARN`. */
function backward<T>(net: Network, purpose: i32, p: i32, live: i32, count: i32, scratch: usize): usize {
  const width = panelWidth<T>();
  const zero = v128.splat<T>(<T>0);
  const one = scratch + net.sweep;
  const two = one + ((net.staged - net.sweep) >> 1);
  let from = one;
  let to = two;
  for (let l = net.depth - 1; l >= 0; l--) {
    const layer = layerOf(net, l);
    const inputs = activations(net, scratch, l);
    if (purpose <= Pass.GRADIENT) {
      panelToTiles<T>(layer.outputs, count, p, from, layer.deltas);
      if (l > 0) {
        const staged = scratch + net.staged;
        panelsToTransposedRows<T>(layer.inputs + 1, live, inputs, staged);
        rowsToPanels<T>(count, layer.inputs + 1, p * width, live, staged, layer.rows);
      }
    }
    if (l == 0 && purpose == Pass.LEARN) break;
    predict<T>(layer.inputs, layer.outputs, layer.weights, 0, from, to);
    if (l > 0 && net.relu) {
      const end = <usize>layer.inputs * PANEL_BYTES;
      for (let at: usize = 0; at < end; at += 16) {
        const open = v128.gt<T>(v128.load(inputs + at), zero);
        v128.store(to + at, v128.and(v128.load(to + at), open));
      }
    }
    const next = from;
    from = to;
    to = next;
  }
  return from;
}
