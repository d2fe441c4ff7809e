// Fig. 1 to 4 of the paper, from what was run.

import type { Matrix } from "../../../index.js";
import { encodeImageSheet } from "../../../io/index.js";
import { Html, html } from "../../../report/html.js";
import type { charting } from "../charts.js";
import { product, transpose } from "../matrices.js";
import { type Color, dataUri, diverging, grey, MISSING_COLOR, NEUTRAL_COLOR, pngUri } from "../pixels.js";
import { decodeNumbers } from "../stored-matrix.js";
import type { Cell, Finished } from "./cells.js";
import type { ExperimentData, Mask } from "./data.js";
import { FIGURE_ALPHA, type Missing, PICTURE_LAMBDA } from "./protocol.js";
import type { StartResult } from "./run.js";

type Charting = Awaited<ReturnType<typeof charting>>;

const WIDTH = 440;
const HEIGHT = 290;

/** A series that a chart shows, and how. */
interface Series {
  readonly name: string;
  /** A variable of the page's style sheet. */
  readonly color: string;
}

const NMF: Series = { name: "NMF", color: "var(--nmf)" };
const HARDENED: Series = { name: "AT-NMF", color: "var(--hardened)" };
const PAPER: Series = { name: "paper", color: "var(--paper)" };

/** What the colors and signs of a chart mean. */
function legend(entries: readonly (readonly [Series, "line" | "dots" | "ring"])[]): Html {
  return html`<ul class="legend">${entries.map(
    ([{ name, color }, sign]) => html`<li><span class="${sign}" style="--sign:${color}"></span>${name}</li>`,
  )}</ul>`;
}

/** Fig. 1: RMSE against λ. Null when fewer than two λ were run. */
export function lambdaFigure(
  { Plot, draw }: Charting,
  { facts, origin }: ExperimentData,
  missing: Missing,
  cells: readonly Cell[],
): Html | null {
  const here = cells.filter((cell) => cell.alpha === FIGURE_ALPHA && cell.missing === missing && cell.n > 0);
  const points = here
    .filter(({ method }) => method === "at-nmf")
    .map((cell) => ({
      lambda: cell.lambda as number,
      mean: cell.mean as number,
      std: cell.std ?? 0,
      paper: cell.paper?.mean,
    }))
    .sort((a, b) => a.lambda - b.lambda);
  if (points.length < 2) return null;
  const plain = here.find(({ method }) => method === "nmf");
  const withPaper = origin === "authors" && missing === "zero-fill";
  const paper = withPaper ? points.filter((point) => point.paper !== undefined) : [];
  const axis = axisOf([...points.map(({ mean }) => mean), ...(plain ? [plain.mean as number] : [])]);
  const floor = Math.min(...points.map(({ mean }) => mean)) / 2;
  const bars = points.map(({ lambda, mean, std }) => ({
    lambda,
    // A logarithmic axis has no place for zero and below.
    low: axis.type === "log" ? Math.max(mean - std, floor) : mean - std,
    high: mean + std,
  }));
  const chart = draw({
    label: `RMSE against lambda on ${facts.title}, ${missing}`,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 52,
    x: { type: "log", label: "λ →", ticks: points.map(({ lambda }) => lambda), tickFormat: String },
    y: { ...axis, label: "↑ RMSE on held-out entries", grid: true, tickFormat: "~g" },
    marks: [
      plain ? Plot.ruleY([plain.mean as number], { stroke: NMF.color, strokeWidth: 2 }) : null,
      withPaper && plain?.paper
        ? Plot.ruleY([plain.paper.mean], { stroke: PAPER.color, strokeWidth: 1.5, strokeDasharray: "2 4" })
        : null,
      Plot.ruleX(bars, { x: "lambda", y1: "low", y2: "high", stroke: HARDENED.color, strokeWidth: 1.5 }),
      Plot.lineY(points, { x: "lambda", y: "mean", stroke: HARDENED.color, strokeWidth: 2 }),
      Plot.dot(points, { x: "lambda", y: "mean", fill: HARDENED.color, r: 3.5 }),
      Plot.dot(paper, { x: "lambda", y: "paper", stroke: PAPER.color, strokeWidth: 1.5, r: 6 }),
    ],
  });
  return html`${legend([
    [HARDENED, "line"],
    ...(plain ? ([[NMF, "line"]] as const) : []),
    ...(withPaper ? ([[{ ...PAPER, name: "paper: AT-NMF" }, "ring"]] as const) : []),
    ...(withPaper && plain?.paper ? ([[{ ...PAPER, name: "paper: NMF" }, "dots"]] as const) : []),
  ])}${new Html(chart)}`;
}

/** Fig. 2: training losses of the first start. Null when none was kept. */
export function lossFigure(
  { Plot, draw }: Charting,
  { facts }: ExperimentData,
  missing: Missing,
  runs: readonly Finished[],
): Html | null {
  const colors = [HARDENED.color, "var(--third)", "var(--fourth)"];
  const series = runs
    .filter(({ job, result }) => {
      const first = job.alpha === FIGURE_ALPHA && job.missing === missing && job.start === 0;
      const kept = job.method === "nmf" ? job.continued : facts.table.lambdas.includes(job.lambda as number);
      return first && kept && (result?.objectives?.length ?? 0) > 0;
    })
    .sort((a, b) => (a.job.lambda ?? 0) - (b.job.lambda ?? 0))
    .map(({ job, result }) => ({
      name: job.method === "nmf" ? "NMF" : `AT-NMF(${job.lambda})`,
      color:
        job.method === "nmf"
          ? NMF.color
          : (colors[facts.table.lambdas.indexOf(job.lambda as number) % colors.length] as string),
      points: (result?.objectives ?? []).map((objective, i) => ({ iteration: i + 1, objective })),
    }));
  if (series.length === 0) return null;
  const chart = draw({
    label: `training losses on ${facts.title}, ${missing}`,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 52,
    x: {
      label: "outer iteration →",
      tickFormat: (tick: number) => (Number.isInteger(tick) ? `${tick}` : ""),
    },
    y: {
      ...axisOf(series.flatMap(({ points }) => points.map(({ objective }) => objective))),
      label: "↑ ‖V + R − WH‖²",
      grid: true,
      tickFormat: "~s",
    },
    marks: series.flatMap(({ points, color }) => [
      Plot.lineY(points, { x: "iteration", y: "objective", stroke: color, strokeWidth: 2 }),
      Plot.dot(points.slice(-1), { x: "iteration", y: "objective", fill: color, r: 3 }),
    ]),
  });
  return html`${legend(series.map((one) => [one, "line"] as const))}${new Html(chart)}`;
}

/** A vertical axis over these values: logarithmic where they lie more than a factor of ten apart. */
function axisOf(values: readonly number[]): {
  type: "log" | "linear";
  nice: boolean;
  ticks: number | number[];
} {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (!(least > 0 && most > 10 * least)) return { type: "linear", nice: true, ticks: 6 };
  const decades: number[] = [];
  for (let power = 1e-12; power <= most; power *= 10) if (power * 10 > least) decades.push(power);
  const steps = decades.length > 3 ? [1] : [1, 2, 5];
  const marks = decades.flatMap((power) => steps.map((step) => Number((step * power).toPrecision(1))));
  return { type: "log", nice: false, ticks: marks.filter((mark) => mark >= least && mark <= most) };
}

/** The value that 98 of 100 do not exceed. */
function mostOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(0.98 * (values.length - 1))] ?? 0;
}

/** One picture with a caption. */
function tile(
  uri: string,
  caption: Html | string,
  { width, height }: { width: number; height: number },
): Html {
  return html`<figure class="tile"><img src="${uri}" width="${width}" height="${height}" alt=""><figcaption>${caption}</figcaption></figure>`;
}

/** The kept factors of NMF and of AT-NMF at one α under one convention. */
function kept(
  runs: readonly Finished[],
  alpha: number,
  missing: Missing,
): { nmf: StartResult; hardened: StartResult } | undefined {
  const of = (method: string) =>
    runs.find(
      ({ job, result }) =>
        job.alpha === alpha && job.missing === missing && job.method === method && result?.factors,
    )?.result;
  const nmf = of("nmf");
  const hardened = of("at-nmf");
  return nmf && hardened ? { nmf, hardened } : undefined;
}

/** Fig. 3: what is observed, what the adversary adds, and what each method makes of it. */
export function restorationFigure(
  { facts, V, masks }: ExperimentData,
  conventions: readonly Missing[],
  runs: readonly Finished[],
): Html | null {
  const { pictures } = facts;
  const alpha = pictures.restoredAt;
  const mask = masks.get(alpha);
  const found = conventions.flatMap((missing) => {
    const pair = kept(runs, alpha, missing);
    return pair ? [{ missing, ...pair }] : [];
  });
  if (!mask || found.length === 0) return null;
  const { width, height } = pictures;
  const at = placesOf(facts.pictures, V);
  const entry = (A: Matrix, pixel: number) => A.data[at(pixel)] as number;
  const white = mostOf(pixelsOf(width * height, (pixel) => entry(V, pixel)));
  const shown = (pixel: number) => (mask as Mask).observed[at(pixel)] === 1;
  const onlyShown =
    (colorOf: (pixel: number) => Color, missing: Color = MISSING_COLOR) =>
    (pixel: number) =>
      shown(pixel) ? colorOf(pixel) : missing;
  const draw = (caption: Html | string, colorOf: (pixel: number) => Color) =>
    tile(pngUri(width, height, colorOf), caption, { width, height });
  const common = [
    draw("V, the original", (pixel) => grey(entry(V, pixel), white)),
    draw(
      `V with ${Math.round(100 * alpha)}% held out (red)`,
      onlyShown((pixel) => grey(entry(V, pixel), white)),
    ),
  ];
  const rows = found.map(({ missing, nmf, hardened }) => {
    const R = decodeNumbers(must(hardened).R);
    const restored = reconstruction(hardened);
    const plain = reconstruction(nmf);
    const most = mostOf(pixelsOf(width * height, (pixel) => Math.abs(entry(R, pixel))));
    return html`<div class="tiles ${pictures.kind}">
<h5>${conventionText(missing)}</h5>
${draw(
  "R*, what the adversary adds (orange) and takes (blue)",
  onlyShown((pixel) => diverging(entry(R, pixel), most), NEUTRAL_COLOR),
)}
${draw(
  "V + R*",
  onlyShown((pixel) => grey(entry(V, pixel) + entry(R, pixel), white)),
)}
${draw(html`restored by AT-NMF(${PICTURE_LAMBDA}), RMSE ${hardened.rmse.toPrecision(3)}`, (pixel) => grey(entry(restored, pixel), white))}
${draw(html`restored by NMF, RMSE ${nmf.rmse.toPrecision(3)}`, (pixel) => grey(entry(plain, pixel), white))}
</div>`;
  });
  return html`<div class="tiles ${pictures.kind}">${common}</div>${rows}`;
}

/** Fig. 4: the parts learnt, the columns of W (of faces) or the rows of H (of a map). */
export function partsFigure(
  { facts }: ExperimentData,
  conventions: readonly Missing[],
  runs: readonly Finished[],
): Html | null {
  const { pictures } = facts;
  const alpha = pictures.partsAt;
  if (alpha === null) return null;
  const found = conventions.flatMap((missing) => {
    const pair = kept(runs, alpha, missing);
    return pair ? [{ missing, ...pair }] : [];
  });
  if (found.length === 0) return null;
  return html`<div class="parts">${found.map(({ missing, nmf, hardened }) =>
    (
      [
        ["NMF", nmf],
        [`AT-NMF(${PICTURE_LAMBDA})`, hardened],
      ] as const
    ).map(([name, result]) => {
      const { uri, width, height } = partsSheet(result, facts.pictures);
      return tile(uri, `${name}, ${conventionText(missing).toLowerCase()}`, { width, height });
    }),
  )}</div>`;
}

function partsSheet(
  result: StartResult,
  { kind, width, height, columnMajor }: ExperimentData["facts"]["pictures"],
): { uri: string; width: number; height: number } {
  const { W, H } = must(result);
  const parts = kind === "faces" ? transpose(decodeNumbers(W)) : decodeNumbers(H);
  // The sheet takes pixels row by row.
  const { rows, cols } = parts;
  const data = new Float64Array(rows * cols);
  for (let part = 0; part < rows; part++) {
    for (let pixel = 0; pixel < cols; pixel++)
      data[part * cols + pixel] = parts.data[
        part * cols + (columnMajor ? turned(pixel, width, height) : pixel)
      ] as number;
  }
  const columns = kind === "faces" ? 7 : rows;
  const png = encodeImageSheet({ rows, cols, data }, { width, height, columns, gap: 1, images: "rows" });
  const across = Math.min(columns, rows);
  return {
    uri: dataUri(png),
    width: across * (width + 1) - 1,
    height: Math.ceil(rows / across) * (height + 1) - 1,
  };
}

/** How a convention is named to a reader. */
export function conventionText(missing: Missing): string {
  return missing === "zero-fill" ? "Held-out entries count as zeros" : "Held-out entries take no part";
}

/** Where a pixel of the shown picture (row by row) lies in a matrix like V. */
function placesOf(
  { kind, index, width, height, columnMajor }: ExperimentData["facts"]["pictures"],
  V: Matrix,
): (pixel: number) => number {
  const place = (pixel: number) => (columnMajor ? turned(pixel, width, height) : pixel);
  if (kind === "faces") return (pixel) => place(pixel) * V.cols + index;
  if (kind === "map") return (pixel) => index * V.cols + place(pixel);
  return place;
}

/** The number, column by column, of the pixel with this number row by row. */
function turned(pixel: number, width: number, height: number): number {
  return (pixel % width) * height + Math.floor(pixel / width);
}

function pixelsOf(count: number, at: (pixel: number) => number): number[] {
  return Array.from({ length: count }, (_, pixel) => at(pixel));
}

function must({ factors }: StartResult): NonNullable<StartResult["factors"]> {
  return factors as NonNullable<StartResult["factors"]>;
}

function reconstruction(result: StartResult): Matrix<Float64Array> {
  return product(decodeNumbers(must(result).W), decodeNumbers(must(result).H));
}
