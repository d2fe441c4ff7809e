// Scores and gradients of points under a network that the caller hands in.

import { defaultEngine, type Engine } from "../engine.js";
import type { MatrixLike, Numbers } from "../matrix.js";
import { checkOptions } from "../options.js";
import { type CheckedNetwork, checkLabels, checkNetwork, checkPoints } from "./check.js";
import type { EngineOption, Network, NetworkGradient, Prediction } from "./types.js";
import { argmax, type Layout, NetworkWorkspace } from "./workspace.js";

/** Points that pass at once where all of them need not. */
const BLOCK = 256;

/** Does `job` with a network in the engine's memory, when the engine's calls before it have ended. */
export async function withNetwork<R>(
  network: CheckedNetwork,
  layout: Pick<Layout, "learns" | "points" | "batch" | "wanted">,
  engine: Engine | undefined,
  job: (net: NetworkWorkspace) => R,
): Promise<R> {
  const on = engine ?? (await defaultEngine());
  return on.enqueue(async () => {
    const { arena } = on;
    const mark = arena.mark();
    try {
      const { dtype, widths, relu, weights } = network;
      const net = new NetworkWorkspace(on, { dtype, widths, relu, bias: true, ...layout });
      net.loadLayers(weights);
      return job(net);
    } finally {
      arena.rewind(mark);
    }
  });
}

/** As {@link Fragility.predict}. */
export async function predict(
  given: Network,
  points: MatrixLike,
  options: EngineOption = {},
): Promise<Prediction> {
  checkOptions(options, ["engine"], "fragility.predict");
  const network = checkNetwork(given);
  const inputs = network.widths[0] as number;
  const outputs = network.widths.at(-1) as number;
  const X = checkPoints(points, inputs, "X");
  const block = Math.min(BLOCK, X.rows);
  const layout = { learns: false, points: block, batch: block, wanted: false };
  return withNetwork(network, layout, options.engine, (net) => {
    const data: Numbers = new (network.dtype === "f32" ? Float32Array : Float64Array)(X.rows * outputs);
    for (let first = 0; first < X.rows; first += block) {
      const count = Math.min(block, X.rows - first);
      net.setPoints(X.data.subarray(first * inputs, (first + count) * inputs));
      net.lead("scores", count);
      data.set(net.scores(count), first * outputs);
    }
    const classes = Int32Array.from({ length: X.rows }, (_, i) => argmax(data, i * outputs, outputs));
    return { scores: { rows: X.rows, cols: outputs, data }, classes };
  });
}

/** As {@link Fragility.gradient}. */
export async function gradient(
  given: Network,
  points: MatrixLike,
  ownLabels: ArrayLike<number>,
  options: EngineOption = {},
): Promise<NetworkGradient> {
  checkOptions(options, ["engine"], "fragility.gradient");
  const network = checkNetwork(given);
  const inputs = network.widths[0] as number;
  const X = checkPoints(points, inputs, "X");
  const { labels } = checkLabels(ownLabels, X.rows, network.widths.at(-1));
  const layout = { learns: true, points: X.rows, batch: X.rows, wanted: true };
  return withNetwork(network, layout, options.engine, (net) => {
    net.setPoints(X.data);
    net.setLabels(labels);
    net.lead("gradient");
    return {
      loss: net.loss / X.rows,
      layers: net.layers(true),
      X: { rows: X.rows, cols: inputs, data: net.gradients(X.rows) },
    };
  });
}
