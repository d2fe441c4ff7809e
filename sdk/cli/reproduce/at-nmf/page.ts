// The page: what was found, the tables and the figures, in one file without scripts or network.

import { Html, html } from "../../../report/html.js";
import { PAGE_STYLE } from "../../../report/page-style.js";
import type { charting } from "../charts.js";
import { type Cell, type Finished, percent } from "./cells.js";
import { conventionText, lambdaFigure, lossFigure, partsFigure, restorationFigure } from "./figures.js";
import { bestHardened, figure, isClear } from "./findings.js";
import { type PaperFigure, TABLE_IV } from "./paper.js";
import { FIGURE_ALPHA, type Method, type Missing, methodText, PICTURE_LAMBDA } from "./protocol.js";
import { PAPER, type ReproduceRecord, type SetCells, type SetRecord } from "./record.js";

/** A set, its cells and its starts. */
export interface PageSet extends SetCells {
  readonly record: SetRecord;
  readonly runs: readonly Finished[];
}

type Charting = Awaited<ReturnType<typeof charting>>;

/** The whole page. */
export function page(record: ReproduceRecord, sets: readonly PageSet[], charts: Charting): string {
  const { verdict, complete, starts } = record;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>AT-NMF reproduced</title>
<style>${new Html(PAGE_STYLE)}</style>
</head>
<body>
<header>
<h1>AT-NMF reproduced</h1>
<p class="source">The experiments of ${PAPER}, run again with advnmf ${record.versions.advnmf}.</p>
${verdict.length > 0 && html`<section class="verdict" aria-label="What was found">${verdict.map((sentence) => html`<p>${sentence}</p>`)}</section>`}
${
  complete
    ? null
    : html`<p class="notice"><b>Not finished:</b> ${starts.finished} of ${starts.planned} starts. The same command goes on from here.</p>`
}
</header>
<main>
<h2>Two ways to leave entries out</h2>
<p>AT-NMF is judged by how well it predicts entries of V that were held out of the fit; its RMSE on them is what every table shows. The published code sets these entries of V to zero, but keeps WH in the denominators of the updates, so that the fit is pulled towards zero where nothing is known: <b>held-out entries count as zeros</b>. Masking V and WH alike leaves them out of the fit: <b>held-out entries take no part</b>. The method is the same otherwise.</p>
${glance(sets)}
${sets.map((set) => setSection(set, record, charts))}
${madonna()}
${methodNotes(record)}
${provenance(record)}
</main>
</body>
</html>
`.markup;
}

/** The best of each convention side by side. */
function glance(sets: readonly PageSet[]): Html | null {
  const rows = sets.flatMap(({ data, cells }) => {
    const alphas = [...data.masks.keys()].filter((alpha) => cells.some((cell) => cell.alpha === alpha));
    return alphas.flatMap((alpha) => {
      const of = (missing: Missing) => {
        const plain = cells.find(
          (cell) =>
            cell.alpha === alpha && cell.missing === missing && cell.method === "nmf" && cell.mean !== null,
        );
        return { plain, best: bestHardened(cells, alpha, missing) };
      };
      const pair = [of("zero-fill"), of("ignore")] as const;
      if (pair.some(({ plain, best }) => !plain || !best)) return [];
      return [html`<tr><th scope="row">${data.facts.title}</th><td>${alpha}</td>${pair.map(gainCells)}</tr>`];
    });
  });
  if (rows.length === 0) return null;
  return html`<h3>What AT-NMF adds</h3>
<div class="scroll"><table>
<thead>
<tr><th rowspan="2" scope="col">data</th><th rowspan="2" scope="col">α</th><th colspan="3" scope="colgroup">held-out entries count as zeros</th><th colspan="3" scope="colgroup">held-out entries take no part</th></tr>
<tr>${[1, 2].map(() => html`<th scope="col">NMF</th><th scope="col">best AT-NMF</th><th scope="col">change</th>`)}</tr>
</thead>
<tbody>${rows}</tbody></table></div>
<p class="notes faint">Best: the λ of least mean RMSE, chosen with the held-out entries in sight, as in the paper. A change in brackets is less than twice its standard error, or of a single start. Means, as in the paper: where the fit is free to go astray a single start can make one, and the tables below give the median too.</p>`;
}

function gainCells({ plain, best }: { plain: Cell | undefined; best: Cell | undefined }): Html {
  const [nmf, hardened] = [plain as Cell, best as Cell];
  const change = ((hardened.mean as number) - (nmf.mean as number)) / (nmf.mean as number);
  const text = `${change < 0 ? "−" : "+"}${percent(Math.abs(change))}`;
  return html`<td>${figure(nmf.mean as number)}</td><td>${figure(hardened.mean as number)} <span class="faint">λ = ${hardened.lambda}</span></td><td>${isClear(nmf, hardened) ? text : `(${text})`}</td>`;
}

function setSection(set: PageSet, { options, verdict }: ReproduceRecord, charts: Charting): Html {
  const conventions = options.missing;
  const { data, cells, runs, record } = set;
  const { facts } = data;
  const figures: [string, string, (missing: Missing) => Html | null][] = [
    [
      `Fig. 1: RMSE against λ, α = ${FIGURE_ALPHA}`,
      "A large λ means a weak adversary: AT-NMF then comes back to NMF. Bars are ± one standard deviation over starts.",
      (missing) => lambdaFigure(charts, data, missing, cells),
    ],
    [
      `Fig. 2: training losses, α = ${FIGURE_ALPHA}, first start`,
      "The loss on what the adversary made of the data, after each outer iteration. NMF goes on here for as long as AT-NMF may; its table entry ends with the first outer iteration.",
      (missing) => lossFigure(charts, data, missing, runs),
    ],
  ];
  const restored = restorationFigure(data, conventions, runs);
  const parts = partsFigure(data, conventions, runs);
  const { finding } = record;
  return html`<section>
<h2>${facts.title} <span class="faint">(Table ${facts.table.number})</span></h2>
<p>${facts.remark} ${originText(record)}</p>
${[finding.zeroFill, finding.ignore].map((sentence) => sentence && !verdict.includes(sentence) && html`<p>${sentence}</p>`)}
${conventions.map((missing) => table(set, missing))}
<p class="notes faint">Each cell: ours, mean ± standard deviation over ${startsText(cells)} (the least of a row underlined); the paper’s; the difference in the paper’s standard deviations σ. Where the paper prints a σ of 0, it is below half of the last digit, and the difference is more than what stands there. The paper’s ANMF column is not held against ours (see below).</p>
${figures.map(([title, caption, draw]) => {
  const drawn = conventions.flatMap((missing) => {
    const chart = draw(missing);
    return chart ? [html`<div><h4>${conventionText(missing)}</h4>${chart}</div>`] : [];
  });
  if (drawn.length === 0) return null;
  return html`<h3>${title}</h3><div class="pair">${drawn}</div><p class="notes faint">${caption}</p>`;
})}
${
  restored &&
  html`<h3>Fig. 3: what is seen, what is added, what is restored, α = ${facts.pictures.restoredAt}</h3>${restored}`
}
${
  parts &&
  html`<h3>Fig. 4: parts learnt, α = ${facts.pictures.partsAt as number}</h3><p class="notes faint">${facts.pictures.kind === "faces" ? "The columns of W" : "The rows of H, each a map of where a spectrum is found"}; each scaled to its own maximum. NMF beside AT-NMF(${PICTURE_LAMBDA}).</p>${parts}`
}
</section>`;
}

function originText({ origin, masks }: SetRecord): string {
  if (origin === "generated")
    return "Drawn here from the model of section III-A, with masks drawn here: the paper’s figures are of another draw, and stand beside ours for orientation only.";
  const own = masks
    .filter((mask) => mask.origin === "generated")
    .map(({ alpha }) => alpha)
    .sort();
  return own.length === 0
    ? "The authors’ masks."
    : `The authors’ masks, but drawn here for α = ${own.join(", ")}, where they published none.`;
}

/** One of the paper's tables under one convention. */
function table({ data, cells }: PageSet, missing: Missing): Html | null {
  const { facts } = data;
  const here = cells.filter((cell) => cell.missing === missing);
  const ran = here.filter((cell) => cell.planned > 0);
  const lambdas = [
    ...new Set([...facts.table.lambdas, ...ran.flatMap(({ lambda }) => (lambda === null ? [] : [lambda]))]),
  ]
    .filter(
      (lambda) =>
        facts.table.lambdas.includes(lambda) ||
        // Those of Fig. 1 are no column.
        new Set(ran.filter((cell) => cell.lambda === lambda).map(({ alpha }) => alpha)).size > 1,
    )
    .sort((a, b) => a - b);
  const columns: [Method, number | null][] = [
    ["nmf", null],
    ["anmf", null],
    ...lambdas.map((lambda): [Method, number] => ["at-nmf", lambda]),
  ];
  const alphas = [...new Set(here.map(({ alpha }) => alpha))].sort((a, b) => a - b);
  const inTable = alphas.filter((alpha) => facts.table.rows.some((row) => row.alpha === alpha));
  if (inTable.length === 0) return null;
  const find = (alpha: number, [method, lambda]: [Method, number | null]) =>
    here.find((cell) => cell.alpha === alpha && cell.method === method && cell.lambda === lambda);
  const noted = here.filter(({ note }) => note !== null);
  const digits = facts.table.decimals;
  return html`<h3>Table ${facts.table.number}: ${conventionText(missing).toLowerCase()}</h3>
<div class="scroll"><table>
<thead><tr><th scope="col">α</th>${columns.map(([method, lambda]) => html`<th scope="col">${methodText(method, lambda)}</th>`)}</tr></thead>
<tbody>${inTable.map((alpha) => {
    const means = columns.flatMap((column) => find(alpha, column)?.mean ?? []);
    const least = Math.min(...means);
    const row = facts.table.rows.find((candidate) => candidate.alpha === alpha);
    return html`<tr><th scope="row">${alpha}</th>${columns.map(([method, lambda]) => {
      const printed =
        method === "at-nmf"
          ? row?.atnmf[facts.table.lambdas.indexOf(lambda as number)]
          : (row?.[method] as PaperFigure | undefined);
      return cellMarkup(find(alpha, [method, lambda]), printed, digits, least);
    })}</tr>`;
  })}</tbody></table></div>
${noted.length > 0 && html`<p class="notes bad-text">Out of bounds (${boundText(facts.bounds)}):</p><ul class="notes">${noted.map((cell) => html`<li><b>α = ${cell.alpha}, ${methodText(cell.method, cell.lambda)}:</b> ${cell.note}.</li>`)}</ul>`}`;
}

function boundText(bounds: SetCells["data"]["facts"]["bounds"]): string {
  if (!bounds) return "";
  const { relative, deviations } = bounds;
  return deviations === 0
    ? `more than ${100 * relative}% from the paper`
    : `more than the larger of ${100 * relative}% and ${deviations}σ from the paper`;
}

function startsText(cells: readonly Cell[]): string {
  const counts = [...new Set(cells.map(({ planned }) => planned))];
  const most = Math.max(...counts);
  return `${most} ${most === 1 ? "start" : "starts"}`;
}

function cellMarkup(
  cell: Cell | undefined,
  printed: PaperFigure | undefined,
  digits: number,
  least: number,
): Html {
  const paper =
    printed && html`<small>paper ${printed.mean.toFixed(digits)} ± ${printed.std.toFixed(digits)}</small>`;
  if (!cell || cell.mean === null) return html`<td><span class="faint">not run</span>${paper}</td>`;
  const spread = cell.std === null ? "" : ` ± ${decimal(cell.std, digits + 1)}`;
  // Where a few starts go astray, mean and deviation tell of those alone.
  const astray = cell.std !== null && cell.std > 0.3 * cell.mean;
  const missing = cell.n < cell.planned && html`<small>${cell.n} of ${cell.planned} starts</small>`;
  return html`<td${cell.within === false && new Html(' class="bad"')}><b${cell.mean === least && new Html(' class="best"')}>${decimal(cell.mean, digits + 1)}</b>${spread}${astray && html`<small>median ${decimal(cell.median as number, digits + 1)}</small>`}${paper}${cell.deviations !== null && html`<small class="difference">${deviationText(cell)}</small>`}${missing}</td>`;
}

/** With `digits` behind the point, large numbers with four digits in all. */
function decimal(value: number, digits: number): string {
  return value < 100 ? value.toFixed(digits) : value < 1e4 ? value.toPrecision(4) : value.toExponential(1);
}

/** `+0.6σ`, `< −31σ`. */
function deviationText({ deviations, deviationsAtLeast }: Cell): string {
  const value = deviations as number;
  const size = Math.abs(value);
  const text = `${value < 0 ? "−" : "+"}${size < 9.95 ? size.toFixed(1) : size < 1e5 ? size.toFixed(0) : size.toExponential(0)}σ`;
  if (!deviationsAtLeast) return text;
  return `${value < 0 ? "<" : ">"} ${text}`;
}

function madonna(): Html {
  const { lambdas, rows, decimals, number } = TABLE_IV;
  return html`<section><h2>Madonna <span class="faint">(Table ${number})</span></h2>
<p>These data were not published, so there is nothing to run: only the paper’s figures.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">α</th><th scope="col">NMF</th><th scope="col">ANMF</th>${lambdas.map((lambda) => html`<th scope="col">AT-NMF(${lambda})</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ alpha, nmf, anmf, atnmf }) =>
      html`<tr><th scope="row">${alpha}</th>${[nmf, anmf, ...atnmf].map(({ mean, std }) => html`<td>${mean.toFixed(decimals)} ± ${std.toFixed(decimals)}</td>`)}</tr>`,
  )}</tbody></table></div></section>`;
}

function methodNotes({ options }: ReproduceRecord): Html {
  const { solver } = options;
  return html`<section><h2>How it was run</h2>
<ul>
<li>AT-NMF is Algorithm 1: R = max((V − WH)/(λ − 1), −V) on observed entries, then multiplicative updates of W and H on V + R until rule (12), again and again until rule (13); ε = ${solver.epsilonInner} and ${solver.epsilonOuter}, at most ${solver.maxInner} inner and ${solver.maxOuter} outer iterations.</li>
<li>NMF is the same without an adversary: it ends by rule (12), with the first outer iteration.</li>
<li>Starts are half-normal, followed by five multiplicative updates (section II-C). Start i, counted from 0, has the seed ${options.seed === 0 ? "i" : `${options.seed} + i`}, the same for every method. The paper’s own seeds are not known.</li>
<li>The paper’s ANMF columns cannot be had again from what is published: neither the target nor the parameters are given, and the Moffet column equals α times the root mean square of V to within 0.001. Ours, with the SDK’s defaults, stands beside it and is not held against it.</li>
<li>Standard deviations are of the sample (n − 1).</li>
</ul></section>`;
}

function provenance(record: ReproduceRecord): Html {
  const { versions, seconds, threads, starts, sets, leftOut, options } = record;
  return html`<section><h2>Provenance</h2>
<dl>
<dt>software</dt><dd>advnmf ${versions.advnmf} on ${versions.runtime}, ${threads} ${threads === 1 ? "worker" : "workers"}</dd>
<dt>starts</dt><dd>${starts.finished} of ${starts.planned}, ${seconds.starts.toFixed(0)} seconds of computing in all; this call took ${seconds.wall.toFixed(0)} seconds</dd>
<dt>seed</dt><dd>${options.seed}</dd>
${sets.map(
  ({ title, origin, rows, cols, sha256 }) =>
    html`<dt>${title}</dt><dd>${rows}×${cols}, ${origin === "authors" ? "from the data folder" : "generated"}, SHA-256 of V <code>${sha256}</code></dd>`,
)}
${leftOut.map((sentence) => html`<dt>left out</dt><dd>${sentence}</dd>`)}
</dl>
<p class="notes faint">Every start, with its seed, losses and iterations, is in reproduce.json; every cell in tables.csv.</p></section>`;
}
