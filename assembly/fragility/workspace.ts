// A dense network and where everything about it lies. Layer l maps A_l (n_l numbers a point) to A_{l+1}:
//
//   Z = W·[A_l; 1],   A_{l+1} = max(Z, 0) or Z,   scores f = Z of the last layer
//
// W is n_{l+1}×(n_l + 1), its last column the bias. Points are columns, a panel of them at a time: a member of the team
// takes one panel through all layers and back. What the gradient of the weights takes of all points of a batch is
// kept: their A_l as rows (points×(n_l + 1) as panels) and ∂/∂Z (points×n_{l+1} as tiles).

import { PANEL_BYTES } from "../linalg/lanes";
import { Cursor, take } from "../nmf/workspace";
import { Task } from "../task";

/** Layers of weights at most: two hidden layers. */
export const MOST_LAYERS: i32 = 3;

@unmanaged
export class Layer {
  /** n_l and n_{l+1}. */
  inputs: i32;
  outputs: i32;
  /** W as panels, Wᵀ as tiles. */
  weights: usize;
  tiles: usize;
  /** Moments of Adam, or the first the gradient, as panels; 0 where only looked at. */
  first: usize;
  second: usize;
  /** A_l of the batch as rows, and ∂/∂Z. */
  rows: usize;
  deltas: usize;
  /** Where a member has A_l in its scratch: n_l + 1 rows of a panel. */
  at: usize;
}

@unmanaged
export class Network {
  // The host writes these, before `networkLayout`.
  /** Layers. */
  depth: i32;
  /** 1: max(·, 0) between layers. */
  relu: i32;
  /** 1: there are biases. */
  bias: i32;
  /** 1: it learns, or the gradient of its weights is wanted. */
  learns: i32;
  /** Points that are kept, and at most in a batch. */
  points: i32;
  batch: i32;
  /** n_0 … n_depth. */
  width0: i32;
  width1: i32;
  width2: i32;
  width3: i32;
  // And these.
  /** The class that a point has, and the one it is to have: g = f_own − f_other. */
  own: i32;
  other: i32;
  /** 1: gradients of points are stored. */
  wanted: i32;
  rate: f64;
  /** Points of a segment: start + (first + number·spacing)(end − start). */
  first: f64;
  spacing: f64;
  // Training: where the next batch begins, the points of this one, steps done.
  cursor: i32;
  count: i32;
  done: i32;
  /** 1: somebody said stop. */
  halted: i32;
  /** β₁ᵗ and β₂ᵗ after t steps; 1 to begin with. */
  power1: f64;
  power2: f64;
  /** Sum of the losses of the points from 0 to the cursor, or of all points for a gradient. */
  loss: f64;
  // Pointers.
  layers: usize;
  /** Row-major points (n_0), or the start and the end of a segment; their labels (i32); their order (i32). */
  data: usize;
  labels: usize;
  order: usize;
  /** Row-major, of a batch: scores (n_depth) and, of points, gradients (n_0). */
  scores: usize;
  gradients: usize;
  /** Two f64 of each point of a segment: ‖∇g‖ and ∇g·(start − end). */
  figures: usize;
  /** Loss of each panel, f64. */
  losses: usize;
  /** One W (n_{l+1}×(n_l + 1)), row-major. */
  staging: usize;
  /** Scratch of each member, `scratchBytes` apart. */
  scratch: usize;
  scratchBytes: usize;
  /** In a member's scratch: two times the widest A, in rows of a panel, and as many rows as a panel has columns. */
  sweep: usize;
  staged: usize;
}

export function networkOf(task: Task): Network {
  return changetype<Network>(task.network);
}

export function layerOf(net: Network, l: i32): Layer {
  return changetype<Layer>(net.layers + <usize>l * offsetof<Layer>());
}

/** n_l. */
export function widthOf(net: Network, l: i32): i32 {
  return load<i32>(changetype<usize>(net) + offsetof<Network>("width0") + <usize>l * 4);
}

/** Bytes of a panel's rows that products write for `rows` of them, and one more. */
function roomy(rows: i32): f64 {
  return <f64>((rows + 4) & ~3) * <f64>PANEL_BYTES;
}

/** Addresses in a layer's record, from `weights` on. */
const LAYER_BLOCKS: i32 = 6;
/** Addresses in a network's record, from `data` on. */
const BLOCKS: i32 = 9;

/**
 * Writes the addresses of a workspace that starts at `base` into the task and its network, whose first fields are set,
 * and returns the bytes it takes; with `base` 0 it only tells them. size: bytes of a number.
 */
export function networkLayout(task: Task, base: usize, size: i32): f64 {
  const net = networkOf(task);
  const width = <i32>PANEL_BYTES / size;
  const number = <f64>size;
  const learns = net.learns ? number : 0.0;
  // The cursor lives in a field that is reset before it is read.
  const cursor = changetype<usize>(net) + offsetof<Network>("loss");
  changetype<Cursor>(cursor).at = <f64>base;
  net.layers = take(cursor, <f64>(MOST_LAYERS * offsetof<Layer>()));
  const batch = net.batch;
  const panels = (batch + width - 1) / width;
  let units = panels;
  let widest = 0;
  let staging: f64 = 0;
  let scratch: f64 = 0;
  for (let l = 0; l < net.depth; l++) {
    const inputs = widthOf(net, l);
    const outputs = widthOf(net, l + 1);
    const across = (inputs + width) / width;
    const held = <f64>across * <f64>width * <f64>outputs;
    const rows = <f64>across * <f64>width * <f64>batch;
    const weights = <f64>(inputs + 1) * <f64>outputs * number;
    const at = changetype<usize>(layerOf(net, l));
    for (let block = 0; block < LAYER_BLOCKS; block++) {
      let bytes = held * (block == 0 ? number : learns);
      if (block == 1) bytes = weights;
      else if (block == 4) bytes = rows * learns;
      else if (block == 5) bytes = <f64>batch * <f64>outputs * learns;
      const start = take(cursor, bytes);
      if (base == 0) continue;
      store<usize>(at + <usize>block * sizeof<usize>(), start, offsetof<Layer>("weights"));
      if (block == 2 || block == 3) memory.fill(start, 0, <usize>bytes);
    }
    if (base != 0) {
      const layer = changetype<Layer>(at);
      layer.inputs = inputs;
      layer.outputs = outputs;
      layer.at = <usize>scratch;
    }
    units += across;
    widest = max(widest, max(inputs, outputs));
    staging = max(staging, weights);
    scratch += roomy(inputs);
  }
  const inputs = <f64>net.width0 * number;
  const outputs = widthOf(net, net.depth);
  scratch += roomy(outputs);
  net.sweep = <usize>scratch;
  scratch += 2 * roomy(widest);
  net.staged = <usize>scratch;
  scratch += Math.ceil((<f64>(widest + 1) * <f64>PANEL_BYTES) / 16) * 16;
  net.scratchBytes = <usize>scratch;
  for (let block = 0; block < BLOCKS; block++) {
    let bytes = <f64>max(net.points, 2) * inputs;
    if (block == 1 || block == 2) bytes = <f64>net.points * 4;
    else if (block == 3) bytes = <f64>batch * <f64>outputs * number;
    else if (block == 4) bytes = net.wanted ? <f64>batch * inputs : 0;
    else if (block == 5) bytes = <f64>batch * 16;
    else if (block == 6) bytes = <f64>panels * 8;
    else if (block == 7) bytes = staging;
    else if (block == 8) bytes = scratch * <f64>task.team;
    const start = take(cursor, bytes);
    store<usize>(changetype<usize>(net) + <usize>block * sizeof<usize>(), start, offsetof<Network>("data"));
  }
  task.claims = take(cursor, <f64>units * 4);
  const bytes = changetype<Cursor>(cursor).at - <f64>base;
  if (base != 0) memory.fill(task.claims, 0, <usize>units * 4);
  net.power1 = 1;
  net.power2 = 1;
  return bytes;
}
