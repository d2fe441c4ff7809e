// Line charts as SVG. A plotting library would be heavier than all of the SDK, and those that are light take host
// logarithms for their ticks, which nothing here may; what the report needs of one is these few lines.

import { Html, html } from "./html.js";

/** One line of a chart. */
export interface Series {
  readonly name: string;
  /** A color of the page's style sheet. */
  readonly color: string;
  readonly dashed: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What a chart shows. */
export interface Chart {
  /** What those hear who do not see it. */
  readonly label: string;
  readonly xTitle: string;
  readonly series: readonly Series[];
  /** Where the horizontal axis is marked. */
  readonly marks: readonly { readonly x: number; readonly text: string }[];
}

const WIDTH = 440;
const HEIGHT = 240;
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 14, 10, 40] as const;

/** Multiples of 1, 2 or 5 times a power of ten from 0 up to `most` and just beyond, some five of them. */
export function ticks(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  let unit = 1;
  while (unit > most) unit /= 10;
  while (unit * 10 <= most) unit *= 10;
  const step = [unit / 5, unit / 2, unit, 2 * unit].find((width) => most / width <= 5) as number;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

/** The chart with its legend. */
export function lineChart({ label, xTitle, series, marks }: Chart): Html {
  const drawn = series.filter(({ points }) => points.length > 0);
  const steps = ticks(Math.max(0, ...drawn.flatMap(({ points }) => points.map(({ y }) => y))));
  const top = steps.at(-1) as number;
  const far = Math.max(...marks.map(({ x }) => x));
  const x = (value: number) => round(LEFT + (value / far) * (WIDTH - LEFT - RIGHT));
  const y = (value: number) => round(HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM));
  const line = ({ color, dashed, points }: Series) => {
    const path = points.map((point, i) => `${i === 0 ? "M" : "L"}${x(point.x)} ${y(point.y)}`).join("");
    return html`<path d="${path}" fill="none" stroke="${color}" stroke-width="${dashed ? 1.5 : 2.25}"${new Html(dashed ? ' stroke-dasharray="4 4"' : "")} stroke-linejoin="round"/>${points.map(
      (point) => html`<circle cx="${x(point.x)}" cy="${y(point.y)}" r="${dashed ? 2 : 3}" fill="${color}"/>`,
    )}`;
  };
  return html`<ul class="legend">${drawn.map(({ name, color, dashed }) => html`<li style="--sign:${color}"><span${new Html(dashed ? ' class="dash"' : "")}></span>${name}</li>`)}</ul>
<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}" font-size="13">
<g stroke="var(--rule)">${steps.map((step) => html`<path d="M${LEFT} ${y(step)}H${WIDTH - RIGHT}"/>`)}</g>
<g fill="var(--faint)" text-anchor="end">${steps.map((step) => html`<text x="${LEFT - 7}" y="${y(step) + 4}">${step}</text>`)}</g>
<g fill="var(--faint)" text-anchor="middle">${spaced(marks, x).map(({ x: at, text }) => html`<text x="${x(at)}" y="${HEIGHT - BOTTOM + 17}"${new Html(at === far ? ' text-anchor="end"' : "")}>${text}</text>`)}</g>
<text x="${WIDTH - RIGHT}" y="${HEIGHT - 5}" text-anchor="end" fill="currentColor">${xTitle} →</text>
${[...drawn].reverse().map(line)}
</svg>`;
}

/** Marks that have room; the last one always has. */
function spaced(marks: Chart["marks"], x: (value: number) => number): Chart["marks"] {
  const room = 34;
  const shown: { x: number; text: string }[] = [];
  for (const mark of [...marks].reverse()) {
    const before = shown.at(-1);
    if (before === undefined || x(before.x) - x(mark.x) >= room) shown.push(mark);
  }
  return shown;
}

/** Two decimals are enough of a pixel. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
