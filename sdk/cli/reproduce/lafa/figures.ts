// Errors against the size of the perturbation, and the features as pictures.

import type { Norm } from "../../../index.js";
import { encodeImageSheet } from "../../../io/index.js";
import { Html, html } from "../../../report/html.js";
import type { charting } from "../charts.js";
import { dataUri } from "../pixels.js";
import { decodeNumbers } from "../stored-matrix.js";
import type { ExperimentData } from "./data.js";
import { figure } from "./findings.js";
import { GRADIENTS, type Gradient, gradientText, PROCEDURES, type Procedure } from "./protocol.js";
import type { Attacked } from "./record.js";
import type { AttackOutcome } from "./run.js";

type Charting = Awaited<ReturnType<typeof charting>>;

const WIDTH = 440;
const HEIGHT = 270;
/** Pixels of a feature are drawn at most so many times as large. */
const MAGNIFIED = 5;

/** The colors of the page's style sheet that stand for these. */
const COLORS: Readonly<Record<Gradient | "noise" | "transfer" | "quoted", string>> = {
  implicit: "var(--nmf)",
  backprop: "var(--hardened)",
  noise: "var(--third)",
  transfer: "var(--fourth)",
  quoted: "var(--paper)",
};

interface Point {
  readonly epsilon: number;
  readonly value: number;
}

/** What a chart shows on its vertical axis. */
interface Axis {
  readonly title: string;
  readonly of: (outcome: AttackOutcome) => number;
  readonly unattacked: (outcome: AttackOutcome) => number;
  /** Show controls and quoted figures as well, which there are of the whole feature error only. */
  readonly controls: boolean;
}

const none = ({ unattacked }: AttackOutcome) => unattacked;

const AXES: readonly Axis[] = [
  { title: "feature error", of: (outcome) => outcome.featureError, unattacked: none, controls: true },
  { title: "feature error of W", of: (outcome) => outcome.featureErrorW, unattacked: none, controls: false },
  { title: "feature error of H", of: (outcome) => outcome.featureErrorH, unattacked: none, controls: false },
  {
    title: "reconstruction error",
    of: (outcome) => outcome.reconstructionError,
    unattacked: (outcome) => outcome.unattackedReconstruction,
    controls: false,
  },
];

/** The charts of one set in one norm; null without an attack. */
export function errorFigures(
  charts: Charting,
  { facts }: ExperimentData,
  norm: Norm,
  all: readonly Attacked[],
): Html | null {
  const attacks = all.filter((attack) => attack.norm === norm);
  if (attacks.length === 0) return null;
  return html`<div class="pair">${AXES.map(
    (axis) => html`<div><h4>${axis.title}</h4>${errorFigure(charts, facts.title, axis, attacks)}</div>`,
  )}</div>`;
}

function errorFigure(
  { Plot, draw }: Charting,
  title: string,
  axis: Axis,
  attacks: readonly Attacked[],
): Html {
  const series = PROCEDURES.flatMap((procedure) =>
    GRADIENTS.flatMap((gradient) => {
      const points = pointsOf(attacks, gradient, axis.of, axis.unattacked, procedure);
      const dash = procedure === "official" ? "6 4" : undefined;
      const name = gradientText(gradient, procedure);
      return points.length > 1 ? [{ name, color: COLORS[gradient], points, dash }] : [];
    }),
  );
  const shown = GRADIENTS.find((gradient) =>
    attacks.some((attack) => attack.gradient === gradient),
  ) as Gradient;
  const noise = pointsOf(attacks, shown, ({ noise: { mean } }) => mean, none);
  const floor = ({ refit }: AttackOutcome) => refit.mean;
  const transfer = pointsOf(attacks, shown, ({ transfer: { mean } }) => mean, floor);
  const quoted = attacks.flatMap(({ epsilon, gradient, quoted: value }) =>
    value === null ? [] : [{ epsilon, value, color: COLORS[gradient] }],
  );
  const controls = [
    { name: "noise of the same size", color: COLORS.noise, points: noise },
    {
      name: `starts the attacker does not know (${gradientText(shown)})`,
      color: COLORS.transfer,
      points: transfer,
    },
  ].filter(({ points }) => points.length > 1);
  const line = (points: readonly Point[], color: string, dash?: string) => [
    Plot.lineY(points, {
      x: "epsilon",
      y: "value",
      stroke: color,
      strokeWidth: 2,
      ...(dash ? { strokeDasharray: dash } : {}),
    }),
    Plot.dot(points, { x: "epsilon", y: "value", fill: color, r: 3 }),
  ];
  const chart = draw({
    label: `${axis.title} against the size of the perturbation on ${title}`,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 52,
    x: {
      label: "ε →",
      ticks: [0, ...new Set(attacks.map(({ epsilon }) => epsilon))],
      tickFormat: (tick: number) => String(tick),
    },
    y: { label: `↑ ${axis.title}`, grid: true, nice: true, zero: true, ticks: 6, tickFormat: "~g" },
    marks: [
      ...series.flatMap(({ points, color, dash }) => line(points, color, dash)),
      ...(axis.controls ? controls.flatMap(({ points, color }) => line(points, color, "2 4")) : []),
      axis.controls
        ? Plot.dot(quoted, { x: "epsilon", y: "value", stroke: "color", strokeWidth: 2, r: 6 })
        : null,
    ],
    color: { type: "identity" },
  });
  const entries: [string, string, "line" | "dash" | "dots" | "ring"][] = [
    ...series.map(({ name, color, dash }): [string, string, "line" | "dash"] => [
      name,
      color,
      dash ? "dash" : "line",
    ]),
    ...(axis.controls
      ? controls.map(({ name, color }): [string, string, "dots"] => [name, color, "dots"])
      : []),
    ...(axis.controls && quoted.length > 0
      ? ([["the authors’ code (quoted), same colors", COLORS.quoted, "ring"]] as [string, string, "ring"][])
      : []),
  ];
  return html`<ul class="legend">${entries.map(
    ([name, color, sign]) => html`<li><span class="${sign}" style="--sign:${color}"></span>${name}</li>`,
  )}</ul>${new Html(chart)}`;
}

/** The points of one gradient, from ε = 0 on. */
function pointsOf(
  attacks: readonly Attacked[],
  gradient: Gradient,
  of: (outcome: AttackOutcome) => number,
  unattacked: (outcome: AttackOutcome) => number,
  procedure: Procedure = "ours",
): Point[] {
  const own = attacks.filter((attack) => attack.gradient === gradient && attack.procedure === procedure);
  const [first] = own;
  if (first === undefined) return [];
  return [
    { epsilon: 0, value: unattacked(first.outcome) },
    ...own.map(({ epsilon, outcome }) => ({ epsilon, value: of(outcome) })),
  ].sort((a, b) => a.epsilon - b.epsilon);
}

/** The features at ε = 0 and at every size, a sheet for each gradient; null where there are no pictures. */
export function featureFigure({ facts }: ExperimentData, attacks: readonly Attacked[]): Html | null {
  const { pictures } = facts;
  if (pictures === null) return null;
  const sheets = GRADIENTS.flatMap((gradient) => {
    const own = attacks
      .filter(
        (attack) => attack.procedure === "ours" && attack.gradient === gradient && attack.outcome.features,
      )
      .sort((a, b) => a.epsilon - b.epsilon);
    if (own.length === 0) return [];
    const stored = own.map(({ outcome }) => outcome.features as NonNullable<AttackOutcome["features"]>);
    const [first] = stored as [NonNullable<AttackOutcome["features"]>];
    const rows = [
      { caption: "ε = 0", features: first.reference },
      ...own.map(({ epsilon, outcome }, at) => ({
        caption: `ε = ${epsilon}, feature error ${figure(outcome.featureError)}`,
        features: (stored[at] as NonNullable<AttackOutcome["features"]>).attacked,
      })),
    ];
    return [
      html`<h4>${gradientText(gradient)}</h4><div class="sheets">${rows.map(({ caption, features }) => {
        const { width, height } = pictures;
        const count = features.rows;
        const png = encodeImageSheet(decodeNumbers(features), {
          width,
          height,
          columns: count,
          gap: 1,
          images: "rows",
        });
        return html`<figure class="tile"><img src="${dataUri(png)}" width="${count * (width + 1) - 1}" height="${height}" style="max-width:${MAGNIFIED * count * (width + 1)}px" alt="${count} features at ${caption}"><figcaption>${caption}</figcaption></figure>`;
      })}</div>`,
    ];
  });
  return sheets.length === 0 ? null : html`${sheets}`;
}
