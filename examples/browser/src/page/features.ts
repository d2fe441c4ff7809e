// Features as tiles: pictures, curves or bars, one panel or several side by side.

import { type Drawings, MOST_DRAWN } from "../protocol.js";
import { GREY, paint } from "./canvas.js";
import { html, svg } from "./dom.js";
import { count } from "./numbers.js";

/** One way that the features are seen. */
export interface Side {
  /** The class that colours it. */
  readonly name: string;
  readonly caption: string;
  /** As part of a sentence: "untouched". */
  readonly described: string;
  readonly drawings: Drawings;
  /** Features drawn faintly behind these. */
  readonly behind?: Drawings;
}

/** Puts the features into `list`, each with its panels; `tops` are the rows that weigh most. */
export function drawFeatures(
  list: HTMLElement,
  sides: readonly Side[],
  tops: readonly (readonly string[])[] = [],
): void {
  const [first] = sides;
  if (!first) return;
  list.dataset.kind = first.drawings.kind;
  list.replaceChildren(
    ...first.drawings.features.map((_, feature) => {
      const names = tops[feature];
      const title = html("p", "feature-name", html("b", "", String(feature + 1)));
      if (names?.length) title.append(` ${names.join(", ")}`);
      const panels = sides.map((side) => panel(side, feature, sides.length > 1, names));
      return html("li", "feature", title, html("div", "panels", ...panels));
    }),
  );
}

/** The sentence under features of which not all are shown. */
export function drawnNote(rank: number): string {
  return rank > MOST_DRAWN
    ? `The first ${MOST_DRAWN} of ${count(rank, "feature")} are drawn; the files have all.`
    : "";
}

function panel(
  side: Side,
  feature: number,
  captioned: boolean,
  names: readonly string[] | undefined,
): HTMLElement {
  const { drawings, behind, described, name, caption } = side;
  const weighs = names?.length ? `; most weight on ${names.join(", ")}` : "";
  const label = `Feature ${feature + 1}, ${described}${weighs}`;
  const drawn =
    drawings.kind === "pictures"
      ? picture(drawings, feature, label)
      : curve(drawings, feature, label, behind);
  const figure = html("figure", `panel ${name}`, drawn);
  if (captioned) figure.append(html("figcaption", "", caption));
  return figure;
}

/** One feature, or another picture of its kind, on a canvas. */
export function picture(
  { width, height, features }: Drawings,
  feature: number,
  label: string,
): HTMLCanvasElement {
  const canvas = html("canvas", "");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  paint(canvas, { width, height, values: features[feature] as Uint8Array }, GREY);
  return canvas;
}

/** Height of 255. */
const HEIGHT = 100;

function curve(
  drawings: Drawings,
  feature: number,
  label: string,
  behind: Drawings | undefined,
): SVGSVGElement {
  const values = drawings.features[feature] as Uint8Array;
  const frame = svg("svg", {
    role: "img",
    "aria-label": label,
    viewBox: `0 0 ${values.length} ${HEIGHT}`,
    preserveAspectRatio: "none",
  });
  if (drawings.kind === "bars") frame.append(svg("path", { class: "bars", d: bars(values) }));
  else {
    const area = `${line(values)}V${HEIGHT}H0.5z`;
    frame.append(svg("path", { class: "area", d: area }), svg("path", { class: "curve", d: line(values) }));
  }
  const ghost = behind?.features[feature];
  if (ghost)
    frame.append(svg("path", { class: "ghost", d: drawings.kind === "bars" ? steps(ghost) : line(ghost) }));
  return frame;
}

const level = (value: number) => (HEIGHT - (value / 255) * (HEIGHT - 4)).toFixed(1);

function line(values: Uint8Array): string {
  return Array.from(values, (value, i) => `${i === 0 ? "M" : "L"}${i + 0.5} ${level(value)}`).join("");
}

function bars(values: Uint8Array): string {
  return Array.from(values, (value, i) => `M${i + 0.12} ${HEIGHT}V${level(value)}h.76V${HEIGHT}z`).join("");
}

function steps(values: Uint8Array): string {
  return Array.from(values, (value, i) => `M${i} ${level(value)}h1`).join("");
}
