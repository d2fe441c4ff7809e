// The law, the networks against it, theorem 5, and changes against their predictions.

import { Html, html } from "../../../report/html.js";
import type { charting } from "../charts.js";
import type { NetworkJob } from "./jobs.js";
import { networkText } from "./jobs.js";
import type { Finished, LinearRow, Results } from "./record.js";
import { known } from "./record.js";
import type { NetworkOutcome } from "./run.js";
import { lawOf } from "./statistics.js";

type Charting = Awaited<ReturnType<typeof charting>>;

const SIZE = { width: 440, height: 300, marginLeft: 52, marginTop: 34, marginRight: 24, marginBottom: 40 };
/** Ticks of the logarithmic axes. */
const DIMENSION_TICKS = [5, 10, 20, 40, 80, 160, 320];
const COSINE_TICKS = [0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** The colors of the page's style sheet that stand for these. */
const COLORS = {
  law: "var(--paper)",
  exact: "var(--nmf)",
  two: "var(--third)",
  classes: "var(--hardened)",
  first: "var(--nmf)",
  second: "var(--hardened)",
  linear: "var(--third)",
};

type Sign = "line" | "dash" | "ring";

function legend(entries: readonly (readonly [name: string, color: string, sign: Sign])[]): Html {
  return html`<ul class="legend">${entries.map(
    ([name, color, sign]) => html`<li><span class="${sign}" style="--sign:${color}"></span>${name}</li>`,
  )}</ul>`;
}

/** Compression against d, on logarithmic axes. */
export function scalingFigure(
  { Plot, draw }: Charting,
  { law }: Results,
  rows: readonly LinearRow[],
): Html | null {
  const series = [
    {
      name: "exact law, root mean square",
      color: COLORS.exact,
      points: law.map(({ job, outcome }) => ({ d: job.dimension, value: outcome.rms })),
    },
    ...(["two", "classes"] as const).map((part) => ({
      name: part === "two" ? "trained, two classes, mean" : "trained, d classes, mean",
      color: COLORS[part],
      points: rows.filter((row) => row.part === part).map((row) => ({ d: row.dimension, value: row.cosine })),
    })),
  ].filter(({ points }) => points.length > 0);
  const dimensions = series.flatMap(({ points }) => points.map(({ d }) => d));
  if (dimensions.length === 0) return null;
  const ends = [Math.min(...dimensions), Math.max(...dimensions)] as const;
  const lowest = Math.min(
    ...series.flatMap(({ points }) => points.map(({ value }) => value)),
    1 / Math.sqrt(ends[1]),
  );
  const expected = ends.map((d) => ({ d, value: 1 / Math.sqrt(d) }));
  const chart = draw({
    label: "Compression against the dimension, with the law 1/√d",
    ...SIZE,
    x: {
      type: "log",
      label: "d →",
      domain: ends,
      ticks: DIMENSION_TICKS.filter((d) => d >= ends[0] && d <= ends[1]),
      tickFormat: "d",
    },
    y: {
      type: "log",
      label: "↑ |cos θ|",
      domain: [0.9 * lowest, 1],
      grid: true,
      ticks: COSINE_TICKS.filter((cosine) => cosine >= 0.9 * lowest),
      tickFormat: "~g",
    },
    marks: [
      Plot.lineY(expected, {
        x: "d",
        y: "value",
        stroke: COLORS.law,
        strokeWidth: 2,
        strokeDasharray: "6 4",
      }),
      ...series.flatMap(({ points, color }) => [
        Plot.lineY(points, { x: "d", y: "value", stroke: color, strokeWidth: 2 }),
        Plot.dot(points, { x: "d", y: "value", fill: color, r: 3.5 }),
      ]),
    ],
  });
  const entries = series.map(({ name, color }) => [name, color, "line"] as const);
  return html`${legend([...entries, ["1/√d", COLORS.law, "dash"]])}${new Html(chart)}`;
}

/** The distribution of the cosine in one dimension. */
export function distributionFigure({ Plot, draw }: Charting, { law }: Results): Html | null {
  const shown = law.at(Math.min(1, law.length - 1));
  if (shown === undefined) return null;
  const { job, outcome } = shown;
  const drawn = outcome.quantiles.map((c, i) => ({ c, share: i / (outcome.quantiles.length - 1) }));
  const largest = outcome.quantiles.at(-1) as number;
  const F = lawOf(job.dimension);
  const expected = Array.from(F, (share, i) => ({ c: i / (F.length - 1), share })).filter(
    ({ c }, i) => c <= largest && i % 20 === 0,
  );
  const chart = draw({
    label: `Distribution of the compression of ${job.trials} pairs in ${job.dimension} dimensions, with the law`,
    ...SIZE,
    x: { label: "|cos θ| →", nice: true, ticks: 6 },
    y: { label: "↑ share below", grid: true, domain: [0, 1], ticks: 5 },
    marks: [
      Plot.lineY(drawn, { x: "c", y: "share", stroke: COLORS.exact, strokeWidth: 2.5 }),
      Plot.lineY(expected, {
        x: "c",
        y: "share",
        stroke: COLORS.law,
        strokeWidth: 2,
        strokeDasharray: "6 4",
      }),
    ],
  });
  return html`${legend([
    [`${job.trials} pairs, d = ${job.dimension}`, COLORS.exact, "line"],
    ["cos² ~ Beta(½, (d − 1)/2)", COLORS.law, "dash"],
  ])}${new Html(chart)}`;
}

interface Dot {
  readonly x: number;
  readonly y: number;
}

interface Cloud {
  readonly name: string;
  readonly color: string;
  readonly dots: readonly Dot[];
}

/** Clouds of dots, and the line on which both are equal. */
function scatter(
  { Plot, draw }: Charting,
  label: string,
  axes: { readonly x: string; readonly y: string },
  clouds: readonly Cloud[],
): Html {
  const values = clouds.flatMap(({ dots }) => dots.flatMap(({ x, y }) => [x, y]));
  const end = Math.max(...values);
  const chart = draw({
    label,
    ...SIZE,
    x: { label: `${axes.x} →`, domain: [0, end], nice: true, ticks: 6 },
    y: { label: `↑ ${axes.y}`, domain: [0, end], nice: true, grid: true, ticks: 6 },
    marks: [
      Plot.line(
        [
          [0, 0],
          [end, end],
        ],
        { stroke: COLORS.law, strokeWidth: 2, strokeDasharray: "6 4" },
      ),
      ...clouds.map(({ dots, color }) =>
        Plot.dot(dots, { x: "x", y: "y", stroke: color, strokeWidth: 1.8, r: 3.5 }),
      ),
    ],
  });
  const entries = clouds.map(({ name, color }) => [name, color, "ring"] as const);
  return html`${legend([...entries, ["equal", COLORS.law, "dash"]])}${new Html(chart)}`;
}

/** φ against |cos θ|. */
export function signsFigure(charts: Charting, { signs }: Results): Html | null {
  if (signs.length === 0) return null;
  const cloud = (interior: boolean): Cloud => ({
    name: interior ? "interior: the last feature alone" : "others",
    color: interior ? COLORS.first : COLORS.second,
    dots: signs
      .filter(({ outcome }) => outcome.interior === interior)
      .map(({ outcome }) => ({ x: outcome.phi, y: Math.abs(outcome.cosine) })),
  });
  return scatter(
    charts,
    "Compression of trained networks against theorem 5’s prediction, a dot a draw",
    { x: "φ = |R_dd|/‖A_d‖", y: "|cos θ|" },
    [cloud(true), cloud(false)],
  );
}

/** δ against its prediction. */
export function pairsFigure(
  charts: Charting,
  title: string,
  networks: readonly Finished<NetworkJob, NetworkOutcome>[],
): Html | null {
  const clouds = networks.map(({ job, outcome }): Cloud => {
    const color =
      job.activation === "linear" ? COLORS.linear : job.depth === 1 ? COLORS.first : COLORS.second;
    const dots = known(outcome.pairs).map(({ predicted, distance }) => ({ x: predicted, y: distance }));
    return { name: networkText(job), color, dots };
  });
  if (clouds.every(({ dots }) => dots.length === 0)) return null;
  return scatter(
    charts,
    `Smallest change that was found against its prediction, ${title}, a dot a pair`,
    { x: "straight way × c̄", y: "smallest change δ" },
    clouds,
  );
}
