// Which entries of the data the features hang on.

import type { Audit, AuditSensitivity, PlainMatrix } from "../audit/types.js";
import { type Html, html } from "./html.js";
import { type Color, pngUri } from "./png.js";

/** Cells of the map at most, in either direction. */
const MOST = 256;
/** Entries that are named. */
const NAMED = 8;

/** Light ground to dark blue-black, in even steps of lightness. */
const STOPS: readonly Color[] = [
  [247, 244, 236],
  [250, 205, 130],
  [236, 126, 72],
  [176, 52, 90],
  [84, 20, 100],
  [22, 8, 48],
];
const HEAT: readonly Color[] = Array.from({ length: 256 }, (_, level) => {
  const place = (level / 255) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(place));
  const mix = (channel: 0 | 1 | 2) => {
    const [from, to] = [STOPS[below]?.[channel] as number, STOPS[below + 1]?.[channel] as number];
    return Math.round(from + (to - from) * (place - below));
  };
  return [mix(0), mix(1), mix(2)];
});

/** The map and what to make of it; null where there is none. */
export function sensitivitySection(audit: Audit): Html | null {
  const { sensitivity } = audit;
  if (sensitivity === null) return null;
  const { map, amplification, reliable, reason, warnings } = sensitivity;
  const { shape } = audit.data;
  const down = Math.ceil(map.rows / MOST);
  const across = Math.ceil(map.cols / MOST);
  const pooled = largestOf(map, down, across);
  return html`<section><h2>The entries that matter most</h2>
<p>Where a small change moves the features of NMF most: dark entries are the ones to measure with care.${reliable ? ` To first order, a change of 1% of the matrix in the worst direction moves the features by ${(amplification / 100).toPrecision(2)} (feature error).` : null}</p>
${reliable ? null : html`<p class="notice"><b>Not to be relied on:</b> ${reason}. The map is that of the point that was reached.</p>`}${warnings.map((sentence) => html`<p class="notes faint">${sentence}</p>`)}
<div class="pair maps"><figure class="heat"><img src="${heat(pooled)}" alt="Map of ${map.rows} rows and ${map.cols} columns; the entries that matter most are dark" style="aspect-ratio:${ratio(pooled)}"><figcaption>rows down, columns across${down * across > 1 ? "; each cell the largest of its entries" : null}</figcaption></figure>
${shape ? profile(map, shape) : null}
${named(audit, sensitivity)}</div></section>`;
}

/** Tall and wide maps stay readable. */
function ratio({ rows, cols }: PlainMatrix): string {
  return String(Math.min(4, Math.max(0.8, cols / rows)));
}

function largestOf({ rows, cols, data }: PlainMatrix, down: number, across: number): PlainMatrix {
  const [tall, wide] = [Math.ceil(rows / down), Math.ceil(cols / across)];
  const pooled = new Array<number>(tall * wide).fill(0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const at = Math.floor(i / down) * wide + Math.floor(j / across);
      pooled[at] = Math.max(pooled[at] as number, data[i * cols + j] as number);
    }
  }
  return { rows: tall, cols: wide, data: pooled };
}

/** Square roots, so that more than the very largest is seen. */
function heat({ rows, cols, data }: PlainMatrix): string {
  const most = data.reduce((largest, x) => Math.max(largest, x), 0);
  const level = (x: number) => Math.round(255 * Math.sqrt(most > 0 ? x / most : 0));
  return pngUri(cols, rows, Uint8Array.from(data, level), HEAT);
}

/** Where in the pictures these entries are: the root mean square over all of them. */
function profile(
  { rows, cols, data }: PlainMatrix,
  { width, height, images }: NonNullable<Audit["data"]["shape"]>,
): Html {
  const sums = new Array<number>(width * height).fill(0);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const x = data[i * cols + j] as number;
      const pixel = images === "columns" ? i : j;
      sums[pixel] = (sums[pixel] as number) + x * x;
    }
  }
  const picture = { rows: height, cols: width, data: sums.map(Math.sqrt) };
  return html`<figure class="heat"><img src="${heat(picture)}" alt="The same, over all pictures" style="aspect-ratio:${width / height}"><figcaption>the pixels that matter most, over all pictures</figcaption></figure>`;
}

function named(audit: Audit, { map, features, reliable }: AuditSensitivity): Html {
  const order = Array.from(map.data.keys()).sort(
    (a, b) => (map.data[b] as number) - (map.data[a] as number) || a - b,
  );
  const { rowNames, colNames } = audit.data;
  return html`<div><div class="scroll"><table><caption>The ${Math.min(NAMED, order.length)} that matter most</caption><thead><tr><th scope="col">row</th><th scope="col">column</th><th scope="col">relative</th></tr></thead><tbody>${order
    .slice(0, NAMED)
    .map((at) => {
      const [i, j] = [Math.floor(at / map.cols), at % map.cols];
      return html`<tr><th scope="row">${rowNames?.[i] ?? i + 1}</th><td>${colNames?.[j] ?? j + 1}</td><td>${(map.data[at] as number).toFixed(2)}</td></tr>`;
    })}</tbody></table></div>
${reliable ? html`<p class="notes faint">How far 1% in the worst direction for it moves each feature alone: ${features.map((value, feature) => html`${feature > 0 ? ", " : null}feature ${feature + 1}: ${(value / 100).toPrecision(2)}`)}.</p>` : null}</div>`;
}
