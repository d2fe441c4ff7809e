// Small line charts as SVG, drawn to the width that they have.

import { svg } from "./dom.js";
import { short } from "./numbers.js";

export interface Series {
  /** The class that colours it. */
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly dots?: boolean;
}

export interface ChartSpec {
  readonly series: readonly Series[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** Labels of the places 0, 1, 2 … along x; without them x is a number. */
  readonly places?: readonly string[];
  readonly logY?: boolean;
  /** A vertical line. */
  readonly cursor?: number;
  /** What the chart shows, for those who do not see it. */
  readonly summary: string;
}

const MARGIN = { top: 24, right: 12, bottom: 38, left: 54 };
/** Pixels that a label takes along x. */
const WIDTH_OF_LABEL = 44;
const specs = new WeakMap<SVGSVGElement, ChartSpec>();
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) draw(target as SVGSVGElement);
});

/** Draws a chart, and again whenever its place changes its size. */
export function drawChart(place: SVGSVGElement, spec: ChartSpec): void {
  const known = specs.has(place);
  specs.set(place, spec);
  place.setAttribute("aria-label", spec.summary);
  if (known) draw(place);
  else resized.observe(place);
}

function draw(place: SVGSVGElement): void {
  const spec = specs.get(place);
  const { clientWidth: width, clientHeight: height } = place;
  if (!spec || width === 0) return;
  const { places, logY = false, cursor } = spec;
  const points = spec.series.flatMap((series) => series.points);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y).filter((y) => !logY || y > 0);
  const y = scaleOf(ys, logY, [height - MARGIN.bottom, MARGIN.top]);
  const lastX = places ? places.length - 1 : Math.max(1, ...xs);
  const inner = width - MARGIN.left - MARGIN.right;
  const x = (value: number) => MARGIN.left + (value / lastX) * inner;

  const parts: SVGElement[] = [];
  for (const tick of y.ticks) {
    const at = y.at(tick);
    parts.push(svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: at, y2: at }));
    parts.push(svg("text", { x: MARGIN.left - 8, y: at + 4, "text-anchor": "end" }, short(tick)));
  }
  for (const [value, label] of ticksAlong(places, lastX, inner)) {
    parts.push(svg("text", { x: x(value), y: height - MARGIN.bottom + 18, "text-anchor": "middle" }, label));
  }
  parts.push(svg("text", { x: width - MARGIN.right, y: height - 4, "text-anchor": "end" }, spec.xLabel));
  parts.push(svg("text", { x: 0, y: 12 }, spec.yLabel));
  if (cursor !== undefined) {
    const at = { x1: x(cursor), x2: x(cursor), y1: MARGIN.top, y2: height - MARGIN.bottom };
    parts.push(svg("line", { class: "cursor", ...at }));
  }
  for (const { name, points: own, dots } of spec.series) {
    const drawn = own.filter(([, value]) => !logY || value > 0);
    const path = drawn.map(([a, b], i) => `${i === 0 ? "M" : "L"}${x(a).toFixed(1)} ${y.at(b).toFixed(1)}`);
    parts.push(svg("path", { class: `series ${name}`, d: path.join("") }));
    if (!dots) continue;
    for (const [a, b] of drawn) {
      parts.push(svg("circle", { class: `dot ${name}`, cx: x(a), cy: y.at(b), r: a === cursor ? 6 : 4 }));
    }
  }
  place.setAttribute("viewBox", `0 0 ${width} ${height}`);
  place.replaceChildren(...parts);
}

function ticksAlong(
  places: readonly string[] | undefined,
  last: number,
  room: number,
): (readonly [number, string])[] {
  if (places) {
    const every = room / places.length < WIDTH_OF_LABEL ? 2 : 1;
    return places.map((label, i) => [i, i % every === 0 ? label : ""] as const);
  }
  const step = niceStep(last / Math.max(2, Math.min(8, room / 90)));
  return Array.from({ length: Math.floor(last / step + 1e-9) + 1 }, (_, i) => [
    i * step,
    (i * step).toLocaleString("en-GB"),
  ]);
}

interface Scale {
  readonly ticks: readonly number[];
  at(value: number): number;
}

function scaleOf(values: readonly number[], log: boolean, [from, to]: readonly [number, number]): Scale {
  const most = values.length > 0 ? values.reduce((a, b) => Math.max(a, b)) : 1;
  const least = values.length > 0 ? values.reduce((a, b) => Math.min(a, b)) : 0;
  if (log && least > 0 && most > least) {
    const low = Math.log10(least);
    const span = Math.log10(most) - low;
    const at = (value: number) => from + ((Math.log10(value) - low) / span) * (to - from);
    const ticks: number[] = [];
    const marks = span > 2.5 ? [1] : span > 1 ? [1, 3] : [1, 1.5, 2, 3, 5, 7];
    const apart = Math.max(1, Math.ceil(span / 5));
    for (let power = Math.floor(low); power <= Math.ceil(low + span); power += apart) {
      for (const mark of marks) {
        const tick = mark * 10 ** power;
        if (tick >= least * 0.999 && tick <= most * 1.001) ticks.push(tick);
      }
    }
    return { ticks, at };
  }
  const top = most > 0 ? most : 1;
  const step = niceStep(top / 4);
  const last = Math.ceil(top / step - 1e-9) * step;
  return {
    ticks: Array.from({ length: Math.round(last / step) + 1 }, (_, i) => Number((i * step).toPrecision(6))),
    at: (value) => from + (value / last) * (to - from),
  };
}

/** The least of 1, 2, 5 · 10ⁿ that is no less. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((mark) => mark * power >= rough * 0.999) as number);
}
