// Feature compression along a segment (assembly/fragility/compression.ts has the equations).

import { AdvnmfError } from "../errors.js";
import { checkOptions, show, wholeNumber } from "../options.js";
import { Margin } from "./boundary.js";
import { checkClass, checkNetwork, checkPoint } from "./check.js";
import { withNetwork } from "./predict.js";
import type { CompressionOptions, CompressionResult, Network, PointCompression } from "./types.js";
import { argmax, type NetworkWorkspace } from "./workspace.js";

/** Relative accuracy of the place where the class turns. */
const TURN = 1e-6;

/** As {@link Fragility.compression}. */
export async function compression(
  given: Network,
  xi: ArrayLike<number>,
  xj: ArrayLike<number>,
  options: CompressionOptions = {},
): Promise<CompressionResult> {
  checkOptions(options, ["classes", "midpoints", "engine"], "fragility.compression");
  const network = checkNetwork(given);
  const { widths } = network;
  const inputs = widths[0] as number;
  const outputs = widths.at(-1) as number;
  const start = checkPoint(xi, inputs, "xi");
  const end = checkPoint(xj, inputs, "xj");
  const apart = distance(start, end);
  if (apart === 0) {
    throw new AdvnmfError("OPTION", "xi and xj are the same point: there is no direction between them", {});
  }
  const asked = checkClasses(options.classes, outputs);
  const midpoints = wholeNumber(options.midpoints ?? 400, Margin.BATCH, 1_000_000, "midpoints");
  const layout = { learns: false, points: 2, batch: midpoints, wanted: true };
  return withNetwork(network, layout, options.engine, (net) => {
    net.setPoints(start);
    net.setPoints(end, 1);
    const [own, other] = asked ?? classesOf(net, outputs);
    const margin = new Margin(net, outputs, own, other);
    const step = 1 / midpoints;
    const values = margin.slopes(step / 2, step, midpoints);
    const whole = profile(net.figures(midpoints), apart);
    const [first, last] = margin.slopes(0, 1, 2) as unknown as [number, number];
    const ends = profile(net.figures(2), apart);
    const at = (i: 0 | 1, value: number): PointCompression => ({
      margin: value,
      gradientNorm: ends.gradientNorm[i] as number,
      cosine: ends.cosine[i] as number,
    });
    return {
      classes: [own, other],
      apart,
      start: at(0, first),
      end: at(1, last),
      compression: whole.mean,
      change: first - last,
      integral: whole.integral,
      flip: first > 0 ? turn(margin, net, values, midpoints, apart) : null,
      path: {
        t: Float64Array.from({ length: midpoints }, (_, i) => (i + 0.5) * step),
        margin: values,
        gradientNorm: whole.gradientNorm,
        cosine: whole.cosine,
      },
    };
  });
}

function turn(
  margin: Margin,
  net: NetworkWorkspace,
  values: Float64Array,
  midpoints: number,
  apart: number,
): CompressionResult["flip"] {
  // The last value above 0 before one that is not, on the grid that is known already.
  const turned = values.findIndex((value) => !(value > 0));
  const step = 1 / midpoints;
  const low = turned <= 0 ? (turned === 0 ? 0 : 1 - step / 2) : (turned - 0.5) * step;
  const high = turned < 0 ? 1 : (turned + 0.5) * step;
  const found = margin.crossing(low, high, TURN);
  if (!found) return null;
  const { t } = found;
  margin.slopes((t * step) / 2, t * step, midpoints);
  const { mean } = profile(net.figures(midpoints), apart);
  return { t, distance: t * apart, compression: mean, predicted: t * apart * mean };
}

/** Norms, cosines and integrals from what the kernels give for points of a segment. */
function profile(figures: Float64Array, apart: number) {
  const count = figures.length / 2;
  const gradientNorm = new Float64Array(count);
  const cosine = new Float64Array(count);
  let along = 0;
  let norms = 0;
  for (let i = 0; i < count; i++) {
    const norm = figures[2 * i] as number;
    const product = figures[2 * i + 1] as number;
    gradientNorm[i] = norm;
    cosine[i] = norm > 0 ? product / (norm * apart) : 0;
    along += product;
    norms += norm;
  }
  return { gradientNorm, cosine, integral: along / count, mean: norms > 0 ? along / (norms * apart) : 0 };
}

function checkClasses(
  classes: readonly [number, number] | undefined,
  count: number,
): readonly [number, number] | undefined {
  if (classes === undefined) return undefined;
  if (!Array.isArray(classes) || classes.length !== 2 || classes[0] === classes[1]) {
    throw new AdvnmfError("OPTION", `classes must be two different ones [i, j], got ${show(classes)}`, {
      option: "classes",
      got: classes,
    });
  }
  return [checkClass(classes[0], count, "classes[0]"), checkClass(classes[1], count, "classes[1]")];
}

/** The classes of both points. @throws AdvnmfError `OPTION` when they are the same. */
function classesOf(net: NetworkWorkspace, classes: number): readonly [number, number] {
  net.lead("scores", 2);
  const scores = net.scores(2);
  const own = argmax(scores, 0, classes);
  const other = argmax(scores, classes, classes);
  if (own === other) {
    throw new AdvnmfError(
      "OPTION",
      `the network sees class ${own} at both points: name the classes to compare, classes: [i, j], or take points of different ones`,
      { option: "classes", class: own },
    );
  }
  return [own, other];
}

/** ‖x − y‖. */
export function distance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let squares = 0;
  for (let r = 0; r < x.length; r++) {
    const off = (x[r] as number) - (y[r] as number);
    squares += off * off;
  }
  return Math.sqrt(squares);
}
