// Features before and after, drawn as what they are: pictures, bars or lines.

import type { Audit, AuditAttack, AuditModelName, PlainMatrix } from "../audit/types.js";
import { fatesOf } from "../audit/verdict.js";
import { round } from "./chart.js";
import { type Html, html } from "./html.js";
import { type Color, pngUri } from "./png.js";
import { sizeText, titleOf } from "./words.js";

/** Features side by side in one strip of pictures at most. */
const ACROSS = 10;
/** Larger pictures are drawn smaller. */
const MOST_PIXELS = 64;
/** Features of so many numbers are bars; of more they are lines, of so many points at most. */
const MOST_BARS = 128;
const MOST_POINTS = 240;

const GREYS: readonly Color[] = Array.from({ length: 256 }, (_, level) => [level, level, level]);

/** One row of features: before, or after a change. */
interface Row {
  readonly caption: string;
  readonly features: PlainMatrix;
  /** None before the attack. */
  readonly similarity: readonly number[] | null;
}

/** All models, each before and after every size of the first norm. */
export function featureSection(audit: Audit): Html {
  const [norm] = audit.options.norms;
  const own = audit.attacks.filter((attack) => attack.norm === norm);
  const how = audit.data.shape
    ? "Each as bright as its own largest entry allows."
    : "Each scaled to its largest entry.";
  return html`<section><h2>Every feature, before and after</h2>
<p>What each model finds in the data as they are, and in the data with the change that does it the most harm. ${how} Features are numbered alike in all models, and matched as the feature error matches them.${audit.data.shape ? html` A <b class="bad-text">solid frame</b> marks a feature that is replaced (similarity below 0.8), a <b class="changed-text">dashed</b> one a feature that has changed (below 0.9).` : null}</p>${panelLegend(audit)}
${audit.models.map(
  ({ model, vanished }, at) =>
    html`<h3>${titleOf(audit, model)}</h3>${
      vanished.length > 0
        ? html`<p class="notes faint">It has ${audit.options.rank - vanished.length} features only: the others are zero.</p>`
        : null
    }${drawings(audit, at, model, own)}`,
)}</section>`;
}

function drawings(audit: Audit, at: number, model: AuditModelName, attacks: readonly AuditAttack[]): Html {
  const rows: Row[] = [
    { caption: "before", features: (audit.models[at] as Audit["models"][number]).features, similarity: null },
    ...attacks.map((attack) => {
      const { drawn, features } = attack.models[at] as AuditAttack["models"][number];
      return {
        caption: `after a change of ${sizeText(attack)}`,
        features: drawn,
        similarity: features.map(({ similarity }) => similarity),
      };
    }),
  ];
  const { shape } = audit.data;
  if (shape) return pictures(rows, shape, titleOf(audit, model));
  return html`<div class="panels">${Array.from({ length: audit.options.rank }, (_, feature) => panel(audit, at, rows, feature))}</div>`;
}

/** Strips of pictures, one row for each size. */
function pictures(
  rows: readonly Row[],
  { width, height }: { width: number; height: number },
  title: string,
): Html {
  const [first] = rows as readonly [Row];
  const count = first.features.rows;
  const columns = Math.min(ACROSS, count);
  const blocks = Array.from({ length: Math.ceil(count / columns) }, (_, block) =>
    Array.from({ length: Math.min(columns, count - block * columns) }, (_, i) => block * columns + i),
  );
  return html`${blocks.map(
    (features) => html`<div class="strip" style="--across:${columns}">
<ol aria-hidden="true">${features.map((feature) => html`<li>${feature + 1}</li>`)}</ol>
${rows.map((row) => html`<figure>${strip(row, features, columns, width, height, title)}<figcaption>${row.caption}</figcaption></figure>`)}
</div>`,
  )}`;
}

/** Room around a picture, of its width. */
const GAP = 0.09;

function strip(
  { features, similarity, caption }: Row,
  shown: readonly number[],
  columns: number,
  width: number,
  height: number,
  title: string,
): Html {
  const factor = Math.max(1, Math.ceil(Math.max(width, height) / MOST_PIXELS));
  const [across, down] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const cell = across * (1 + GAP);
  const tall = down + across * GAP;
  const fates = similarity && fatesOf(similarity);
  return html`<svg viewBox="0 0 ${round(cell * columns)} ${round(tall)}" role="img" aria-label="${title}, ${caption}: features ${shown.map((feature) => feature + 1).join(", ")}">${shown.map(
    (feature, i) => {
      const pixels = shrunken(features, feature, width, height, factor);
      const [x, y] = [round(i * cell + (across * GAP) / 2), round((across * GAP) / 2)];
      const frame = fates?.replaced.includes(feature)
        ? "replaced"
        : fates?.changed.includes(feature)
          ? "changed"
          : null;
      return html`<image x="${x}" y="${y}" width="${across}" height="${down}" preserveAspectRatio="none" href="${pngUri(across, down, pixels, GREYS)}"/>${
        frame &&
        html`<rect class="${frame}" x="${x}" y="${y}" width="${across}" height="${down}" vector-effect="non-scaling-stroke"/>`
      }`;
    },
  )}</svg>`;
}

/** A feature's pixels as levels of grey, blocks of them as their mean. */
function shrunken(
  { cols, data }: PlainMatrix,
  feature: number,
  width: number,
  height: number,
  factor: number,
): Uint8Array {
  const [across, down] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const sums = new Float64Array(across * down);
  const counts = new Float64Array(across * down);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = Math.floor(y / factor) * across + Math.floor(x / factor);
      sums[at] = (sums[at] as number) + (data[feature * cols + y * width + x] as number);
      counts[at] = (counts[at] as number) + 1;
    }
  }
  return Uint8Array.from(sums, (sum, at) => Math.round((255 * sum) / (counts[at] as number)));
}

const [PANEL_WIDTH, PANEL_HEIGHT] = [300, 110];
const AFTER = ["var(--after-1)", "var(--after-2)", "var(--after-3)"] as const;

/** The strongest for the largest size, whatever their number. */
function colorOf(size: number, sizes: number): string {
  return AFTER[Math.max(0, size + AFTER.length - sizes)] as string;
}

/** One feature: grey ground before, lines after. */
function panel(audit: Audit, at: number, rows: readonly Row[], feature: number): Html {
  const { rowNames } = audit.data;
  const count = (rows[0] as Row).features.cols;
  const bars = count <= MOST_BARS;
  const [before, ...after] = rows as readonly [Row, ...Row[]];
  const share = (audit.models[at] as Audit["models"][number]).shares[feature] as number;
  const path = (row: Row, closed: boolean) => outline(numbersOf(row.features, feature), bars, closed);
  const ends = rowNames
    ? html`<span>${rowNames[0]}</span><span>${rowNames.at(-1)}</span>`
    : html`<span>row 1</span><span>row ${count}</span>`;
  return html`<figure class="panel"><figcaption><b>Feature ${feature + 1}</b> <span>${Math.round(100 * share)}%${after.length === 0 ? null : html` · similarity ${after.map(({ similarity }) => (similarity as readonly number[])[feature]?.toFixed(2)).join(" → ")}`}</span></figcaption>
<svg viewBox="0 0 ${PANEL_WIDTH} ${PANEL_HEIGHT}" role="img" aria-label="${titleOf(audit, (audit.models[at] as Audit["models"][number]).model)}, feature ${feature + 1}, before and after">
<path d="${path(before, true)}" fill="var(--before)"/>${titled(bars, rowNames, count)}
${after.map((row, i) => html`<path d="${path(row, false)}" fill="none" stroke="${colorOf(i, after.length)}" stroke-width="1.5" stroke-linejoin="round" vector-effect="non-scaling-stroke"/>`)}
<path d="M0 ${PANEL_HEIGHT - 1}H${PANEL_WIDTH}" stroke="var(--rule)"/></svg>
<div class="ends">${ends}</div></figure>`;
}

/** Names of the bars, for those who point at one. */
function titled(bars: boolean, names: readonly string[] | null, count: number): Html | null {
  if (!bars || names === null) return null;
  const width = PANEL_WIDTH / count;
  return html`${names.map((name, i) => html`<rect x="${round(i * width)}" y="0" width="${round(width)}" height="${PANEL_HEIGHT}" fill="transparent"><title>${name}</title></rect>`)}`;
}

function numbersOf({ cols, data }: PlainMatrix, feature: number): readonly number[] {
  return data.slice(feature * cols, (feature + 1) * cols);
}

/** Steps, one a number, or a line through them; of many the largest of each stretch. */
function outline(numbers: readonly number[], bars: boolean, closed: boolean): string {
  const stretch = Math.ceil(numbers.length / MOST_POINTS);
  const points = Array.from({ length: Math.ceil(numbers.length / stretch) }, (_, i) =>
    Math.max(...numbers.slice(i * stretch, (i + 1) * stretch)),
  );
  const base = PANEL_HEIGHT - 1;
  const y = (value: number) => round(base - value * (base - 4));
  const width = PANEL_WIDTH / (bars ? points.length : Math.max(1, points.length - 1));
  const path = points
    .map((value, i) =>
      bars
        ? `${i === 0 ? `M0 ${y(value)}` : `V${y(value)}`}H${round((i + 1) * width)}`
        : `${i === 0 ? "M" : "L"}${round(i * width)} ${y(value)}`,
    )
    .join("");
  return closed ? `${path}V${base}H0Z` : path;
}

/** What the lines of the panels stand for. */
function panelLegend(audit: Audit): Html | null {
  if (audit.data.shape) return null;
  const [norm] = audit.options.norms;
  const sizes = audit.attacks.filter((attack) => attack.norm === norm);
  return html`<ul class="legend"><li style="--sign:var(--before)"><span class="block"></span>before</li>${sizes.map(
    (attack, i) =>
      html`<li style="--sign:${colorOf(i, sizes.length)}"><span></span>after a change of ${sizeText(attack)}</li>`,
  )}</ul>`;
}
