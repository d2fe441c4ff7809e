// The page: what was found, the tables and the figures, in one file without scripts or network.

import { Html, html } from "../../../report/html.js";
import { PAGE_STYLE } from "../../../report/page-style.js";
import type { charting } from "../charts.js";
import { distributionFigure, pairsFigure, scalingFigure, signsFigure } from "./figures.js";
import { figure } from "./findings.js";
import { CRITICAL, TITLES } from "./protocol.js";
import {
  type LinearRow,
  PAPER,
  type PairsRow,
  type ReproduceRecord,
  type Results,
  scaledRms,
} from "./record.js";

type Charting = Awaited<ReturnType<typeof charting>>;

/** The whole page. */
export function page(record: ReproduceRecord, results: Results, charts: Charting): string {
  const sections = [
    lawSection(results, record, charts),
    linearSection(record.linear),
    signsSection(record, results, charts),
    pairsSection("relu", record.pairs, results, charts),
    pairsSection("mnist", record.pairs, results, charts),
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Feature compression, run again</title>
<style>${new Html(PAGE_STYLE)}</style>
</head>
<body>
<h1>Feature compression, run again</h1>
<p class="source">${PAPER}</p>
<div class="verdict">${record.verdict.map((sentence) => html`<p>${sentence}</p>`)}</div>
${record.complete ? null : html`<p class="notice">${record.jobs.finished} of ${record.jobs.planned} jobs are finished; the same command goes on from there.</p>`}
<p>A classifier decides between classes i and j by its margin g = f<sub>i</sub> − f<sub>j</sub>. If all features counted, a point x<sub>i</sub> could be turned into j by going half the way to x<sub>j</sub>, and by nothing shorter. A change along the gradient of g needs only cos θ times as much, θ being the angle between the gradient and x<sub>i</sub> − x<sub>j</sub>: the smaller the cosine, the more the features are compressed, and the more fragile the classifier.</p>
${sections}
${methodNotes(record)}
${provenance(record)}
</body>
</html>
`.toString();
}

function lawSection({ law, ...rest }: Results, { linear }: ReproduceRecord, charts: Charting): Html | null {
  const results = { law, ...rest };
  const scaling = scalingFigure(charts, results, linear);
  if (scaling === null) return null;
  const rows = law.map((finished) => {
    const { job, outcome } = finished;
    const { dimension: d } = job;
    return html`<tr><th scope="row">${d}</th><td>${job.trials}</td><td>${outcome.rms.toFixed(4)}</td><td>${(1 / Math.sqrt(d)).toFixed(4)}</td><td>${scaledRms(finished).toFixed(3)}</td><td>${(outcome.mean * Math.sqrt(d)).toFixed(3)}</td><td>${outcome.kolmogorov.toFixed(2)}</td><td>${outcome.identityError.toExponential(0)}</td></tr>`;
  });
  const distribution = distributionFigure(charts, results);
  return html`<section><h2>The 1/√d law</h2>
<p>d Gaussian points in R<sup>d</sup> and the linear classifier with f<sub>j</sub>(x<sub>i</sub>) = δ<sub>ij</sub>, one pair of points an instance. The square of the cosine is Beta(½, (d − 1)/2) exactly, so that its root mean square is 1/√d.</p>
<div class="pair"><div><h4>against the dimension</h4>${scaling}</div>${distribution ? html`<div><h4>distribution</h4>${distribution}</div>` : null}</div>
${
  law.length > 0
    ? html`<div class="scroll"><table>
<thead><tr><th scope="col">d</th><th scope="col">pairs</th><th scope="col">rms of cos θ</th><th scope="col">1/√d</th><th scope="col">rms·√d</th><th scope="col">mean·√d</th><th scope="col">√n·D</th><th scope="col">QR</th></tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="notes faint">The mean times √d is 0.798 for large d. √n·D: distance from the law’s distribution (Kolmogorov, Smirnov); below ${CRITICAL.toFixed(2)}, p is above 0.001. QR: largest relative difference of the smallest change, found by solving for the classifier, from |ac|/√(c² + (a + b)²) of the last 2×2 block of R, and of |R<sub>dd</sub>| from 1/‖p<sub>j</sub>‖.</p>`
    : null
}</section>`;
}

function linearSection(rows: readonly LinearRow[]): Html | null {
  if (rows.length === 0) return null;
  return html`<section><h2>Trained linear networks</h2>
<p>One hidden layer without an activation, Adam on the cross-entropy to a loss of 0.001, on d Gaussian points in R<sup>d</sup>: labelled with two classes by turns, or each with a class of its own. In both, the smallest changes of x<sub>i</sub> and x<sub>j</sub> together are cos θ times their distance, as they must. Only the first is near 1/√d.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">classes</th><th scope="col">d</th><th scope="col">networks</th><th scope="col">pairs</th><th scope="col">steps</th><th scope="col">loss</th><th scope="col">mean |cos θ|</th><th scope="col">1/√d</th><th scope="col">times √d</th><th scope="col">identity</th></tr></thead>
<tbody>${rows.map((row) => {
    const off = row.cosine / row.expected > 1.4 || row.cosine / row.expected < 0.7;
    return html`<tr><th scope="row">${row.part === "two" ? "two" : "d"}</th><td>${row.dimension}</td><td>${row.networks}</td><td>${row.pairs}</td><td>${row.steps}</td><td>${row.loss.toExponential(1)}</td><td>${figure(row.cosine)}</td><td>${figure(row.expected)}</td><td${off ? new Html(' class="bad"') : null}>${figure(row.cosine / row.expected)}</td><td>${row.identityError.toExponential(0)}</td></tr>`;
  })}</tbody></table></div>
<p class="notes faint">Identity: largest difference of (δ<sub>ij</sub> + δ<sub>ji</sub>)/‖x<sub>i</sub> − x<sub>j</sub>‖ from cos θ, each δ by an attack of its own. Marked: outside 0.7 to 1.4.</p></section>`;
}

function signsSection({ signs, draws }: ReproduceRecord, results: Results, charts: Charting): Html | null {
  if (signs === null) return null;
  const shown = (value: number | null) => (value === null ? "–" : value.toFixed(3));
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  const row = (interior: boolean, correlation: number | null) => {
    const own = draws.filter((draw) => draw.interior === interior);
    return html`<tr><th scope="row">${interior ? "interior" : "others"}</th><td>${own.length}</td><td>${figure(median(own.map(({ phi }) => phi)))}</td><td>${figure(median(own.map(({ cosine }) => Math.abs(cosine))))}</td><td>${shown(correlation)}</td></tr>`;
  };
  return html`<section><h2>Theorem 5</h2>
<p>x = Az for all ${1 << signs.dimension} sign vectors z in ${signs.dimension} dimensions, A Gaussian, labelled by the last sign. If the classifier looks at the last feature alone, the compression is φ = |R<sub>dd</sub>|/‖A<sub>d</sub>‖ of A = QR. The classifier of largest margin does so if and only if every coefficient of A<sub>d</sub> on the other columns is at most 1 in size (“interior”); otherwise it uses other features too, and is less compressed.</p>
<div class="pair"><div>${signsFigure(charts, results)}</div><div class="scroll"><table>
<thead><tr><th scope="col">draws</th><th scope="col">count</th><th scope="col">median φ</th><th scope="col">median |cos θ|</th><th scope="col">correlation</th></tr></thead>
<tbody>${row(true, signs.correlationInterior)}${row(false, signs.correlationOther)}</tbody></table></div></div></section>`;
}

function pairsSection(
  part: "relu" | "mnist",
  all: readonly PairsRow[],
  { networks }: Results,
  charts: Charting,
): Html | null {
  const rows = all.filter((row) => row.part === part);
  if (rows.length === 0) return null;
  const dimensions = [...new Set(rows.map(({ dimension }) => dimension))];
  const figures = dimensions.map((dimension) => {
    const own = networks.filter(({ job }) => job.part === part && job.dimension === dimension);
    const title = part === "mnist" ? "MNIST" : `d = ${dimension}`;
    return html`<div><h4>${title}</h4>${pairsFigure(charts, title, own)}</div>`;
  });
  const text =
    part === "mnist"
      ? html`Pairs of images that the network did not learn from and takes for different digits.`
      : html`Networks with one and two hidden layers of 128 on 2d Gaussian points of two classes.`;
  return html`<section><h2>${part === "mnist" ? TITLES.mnist : "Networks with max(·, 0)"}</h2>
<p>${text} The margin along the segment is the integral of ‖∇g‖ cos θ; c̄ is the mean of cos θ, weighted by ‖∇g‖, up to where the class turns on the straight way. That way times c̄ is what the smallest change should be.</p>
<div class="pair">${figures}</div>
<div class="scroll"><table>
<thead><tr><th scope="col">network</th><th scope="col">d</th><th scope="col">pairs</th><th scope="col">steps</th><th scope="col">loss</th><th scope="col">accuracy</th><th scope="col">straight way</th><th scope="col">c̄</th><th scope="col">c̄·√d</th><th scope="col">δ</th><th scope="col">δ / predicted</th><th scope="col">correlation</th><th scope="col">path</th></tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row">${row.network}</th><td>${row.dimension}</td><td>${row.pairs}</td><td>${row.steps}</td><td>${row.loss.toExponential(1)}</td><td>${(100 * row.accuracy).toFixed(1)}%</td><td>${row.straight.toPrecision(3)}</td><td>${figure(row.compression)}</td><td>${figure(row.compression * Math.sqrt(row.dimension))}</td><td>${row.distance.toPrecision(3)}</td><td>${figure(row.ratio)}</td><td>${figure(row.correlation)}</td><td>${row.pathError.toExponential(0)}</td></tr>`,
  )}</tbody></table></div>
<p class="notes faint">Medians over pairs. δ: the smallest change that was found, by DeepFool and then along the boundary; a smaller one may exist. Path: largest relative difference of the integral, by 400 midpoints, from g(x<sub>i</sub>) − g(x<sub>j</sub>). Accuracy on what was learned.</p></section>`;
}

function methodNotes({ options }: ReproduceRecord): Html {
  const { lengths } = options;
  return html`<section><h2>How it was run</h2>
<ul>
<li>Law: ${lengths.trials} instances a dimension, the cosine by solving X<sup>T</sup>u = e<sub>i</sub> − e<sub>j</sub> with one factorization, the prediction from another, in which the pair is last.</li>
<li>Linear networks: hidden width max(2d, 100), Adam with rate 0.003; ${lengths.draws} draws of two classes a dimension, ${lengths.pairs} pairs a network at most.</li>
<li>Theorem 5: ${lengths.signsDraws} draws, linear networks of hidden width 2d, Adam with rate 0.01 and batches of 256, to a loss of 0.001. Finite training only approaches the largest margin.</li>
<li>The paper’s own figures could not be quoted: only its laws stand beside ours.</li>
</ul></section>`;
}

function provenance(record: ReproduceRecord): Html {
  const { versions, seconds, threads, jobs, options, images } = record;
  return html`<section><h2>Provenance</h2>
<dl>
<dt>software</dt><dd>advnmf ${versions.advnmf} on ${versions.runtime}, up to ${threads} ${threads === 1 ? "thread" : "threads"}</dd>
<dt>jobs</dt><dd>${jobs.finished} of ${jobs.planned}, ${seconds.jobs.toFixed(0)} seconds in all; this call took ${seconds.wall.toFixed(0)} seconds</dd>
<dt>seed</dt><dd>${options.seed}</dd>
<dt>MNIST</dt><dd>${images ? html`${images.file}, SHA-256 of its images <code>${images.sha256}</code>` : options.parts.includes("mnist") ? "needs its IDX files (--data)" : "not asked for"}</dd>
</dl>
<p class="notes faint">Every pair is in tables.csv, everything else in reproduce.json.</p></section>`;
}
