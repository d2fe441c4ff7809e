// The page: what was found, the tables and the figures, in one file without scripts or network.

import { Html, html } from "../../../report/html.js";
import { PAGE_STYLE } from "../../../report/page-style.js";
import { canLead } from "../../../staged-ascent.js";
import { readableBytes } from "../../print.js";
import type { charting } from "../charts.js";
import { errorFigures, featureFigure } from "./figures.js";
import { errorFigure, figure, isBeyondControls } from "./findings.js";
import { gradientText, normText } from "./protocol.js";
import { OFFICIAL_ITERATIONS, QUOTED_COSTS } from "./quoted.js";
import { type Attacked, PAPER, type ReproduceRecord, type SetAttacks } from "./record.js";
import type { AttackOutcome } from "./run.js";

type Charting = Awaited<ReturnType<typeof charting>>;

/** The whole page. */
export function page(record: ReproduceRecord, sets: readonly SetAttacks[], charts: Charting): string {
  const { verdict, complete, attacks, assumption } = record;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>LaFA reproduced</title>
<style>${new Html(PAGE_STYLE)}</style>
</head>
<body>
<header>
<h1>LaFA reproduced</h1>
<p class="source">The experiments of ${PAPER}, run again with advnmf ${record.versions.advnmf}.</p>
<section class="verdict" aria-label="What was found">${verdict.map((sentence) => html`<p>${sentence}</p>`)}</section>
${
  complete
    ? null
    : html`<p class="notice"><b>Not finished:</b> ${attacks.finished} of ${attacks.planned} attacks. The same command goes on from here.</p>`
}
</header>
<main>
<h2>What is measured</h2>
<p>An attack changes V by at most ε and looks for the change that moves the features of the factorization most. The <b>feature error</b> is how far they are moved, relative to their size, after scaling and matching them. <b>${assumption}</b></p>
<p>Four controls stand beside every attack: <b>noise</b>, random perturbations of the size that the attack reached, from the victim’s own start; <b>by loss</b>, an attack that raises the victim’s loss instead of the feature error; <b>other starts of V</b>, what a change of the start does without any attack; and <b>other starts of the attacked data</b>. A feature error is marked with ✓ where it is larger than noise and other starts of V in every trial.</p>
${sets.map((set, at) => setSection(set, record.sets[at]?.findings ?? [], charts))}
${costs(sets)}
${methodNotes(record)}
${provenance(record)}
</main>
</body>
</html>
`.markup;
}

function setSection({ data, attacks }: SetAttacks, findings: readonly string[], charts: Charting): Html {
  const { facts, V } = data;
  const norms = [...new Set(attacks.map(({ norm }) => norm))];
  const sheet = featureFigure(data, attacks);
  return html`<section>
<h2>${facts.title} <span class="faint">rank ${facts.rank}</span></h2>
<p>${facts.remark} V is ${V.rows}×${V.cols}.</p>
${findings.map((sentence) => html`<p>${sentence}</p>`)}
${attacks.length === 0 && html`<p class="notice">No attack is finished.</p>`}
${norms.map(
  (norm) => html`<h3>${normText(norm)}${norm === "l2" ? ", ε relative to ‖V‖" : ", ε of an entry"}</h3>
${table(attacks.filter((attack) => attack.norm === norm))}
${errorFigures(charts, data, norm, attacks)}`,
)}
${sheet && html`<h3>The features under attack</h3><p class="notes faint">Each as bright as its own largest entry allows; below each other what the feature error matches.</p>${sheet}`}
</section>`;
}

/** All attacks of one set in one norm. */
function table(attacks: readonly Attacked[]): Html {
  const withQuoted = attacks.some(({ quoted }) => quoted !== null);
  const [first] = attacks as [Attacked];
  const { unattacked, unattackedReconstruction, refit } = first.outcome;
  return html`<div class="scroll"><table>
<thead>
<tr><th rowspan="2" scope="col">ε</th><th rowspan="2" scope="col">gradient</th><th colspan="3" scope="colgroup">feature error</th><th rowspan="2" scope="col">recon&shy;struction</th><th colspan="3" scope="colgroup">controls</th></tr>
<tr><th scope="col">both</th><th scope="col">W</th><th scope="col">H</th><th scope="col">noise</th><th scope="col">by loss</th><th scope="col">other starts</th></tr>
</thead>
<tbody>
<tr><th scope="row">0</th><td>–</td><td>${figure(unattacked)}</td><td></td><td></td><td>${errorFigure(unattackedReconstruction)}</td><td></td><td></td><td>${spread(refit)}</td></tr>
${attacks.map((attack) => {
  const { epsilon, gradient, procedure, outcome, quoted } = attack;
  return html`<tr><th scope="row">${epsilon}${reached(attack)}</th><td>${gradientText(gradient)}${procedure === "official" && html`<small>official procedure</small>`}${!outcome.gradientReliable && html`<small>with steps back-propagated</small>`}</td><td><b>${figure(outcome.featureError)}</b>${isBeyondControls(attack) && " ✓"}${quoted !== null && html`<small>quoted ${quoted.toFixed(2)}</small>`}</td><td>${figure(outcome.featureErrorW)}</td><td>${figure(outcome.featureErrorH)}</td><td>${errorFigure(outcome.reconstructionError)}</td><td>${spread(outcome.noise)}</td><td>${figure(outcome.byLoss)}</td><td>${spread(outcome.transfer)}</td></tr>`;
})}</tbody></table></div>
<p class="notes faint">Controls: mean, least and most over ${first.outcome.noise.values.length} perturbations and ${first.outcome.transfer.values.length} starts; in the first line other starts of V itself.${withQuoted && " Quoted: the feature error of the authors’ code."}</p>`;
}

function reached({ epsilon, outcome }: Attacked): Html | null {
  if (outcome.size >= 0.995 * epsilon) return null;
  return html`<small>reached ${outcome.size.toPrecision(3)}</small>`;
}

function spread({ mean, least, most }: AttackOutcome["noise"]): Html {
  return html`${figure(mean)}<small>${figure(least)} … ${figure(most)}</small>`;
}

/** Seconds and bytes, with those of the authors' code as far as they can be quoted. */
function costs(sets: readonly SetAttacks[]): Html | null {
  const rows = sets.flatMap(({ data, attacks: every }) => {
    const attacks = every.filter(({ procedure }) => procedure === "ours");
    return [...new Set(attacks.map(({ gradient }) => gradient))].map((gradient) => {
      const own = attacks.filter((attack) => attack.gradient === gradient).map(({ outcome }) => outcome);
      const quoted = QUOTED_COSTS.find((cost) => cost.set === data.facts.name && cost.gradient === gradient);
      const step = own.reduce((sum, { stepSeconds }) => sum + stepSeconds, 0) / own.length;
      const peak = Math.max(...own.map(({ peakBytes }) => peakBytes));
      return html`<tr><th scope="row">${data.facts.title}</th><td>${gradientText(gradient)}</td><td>${step.toPrecision(2)} s</td><td>${readableBytes(peak)}</td><td>${(own.reduce((sum, { seconds }) => sum + seconds, 0) / own.length).toPrecision(3)} s</td><td>${quoted ? `${quoted.gradientSeconds} s` : "–"}</td><td>${quoted?.growthMb ? `${quoted.growthMb} MB` : "–"}</td><td>${quoted ? `${quoted.gpuSeconds} s, ${quoted.gpuMb} MB` : "–"}</td></tr>`;
    });
  });
  if (rows.length === 0) return null;
  return html`<section><h2>Time and memory</h2>
<div class="scroll"><table>
<thead><tr><th rowspan="2" scope="col">data</th><th rowspan="2" scope="col">gradient</th><th colspan="3" scope="colgroup">here</th><th colspan="3" scope="colgroup">authors’ code (quoted)</th></tr>
<tr><th scope="col">a step</th><th scope="col">most memory</th><th scope="col">whole attack</th><th scope="col">a gradient</th><th scope="col">growth</th><th scope="col">40 steps on a GPU</th></tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="notes faint">A step is a factorization and its gradient for every restart, and one on the loss; a whole attack is all its steps and its controls. Both are by the clock, whatever else the machine was doing. Memory is that of WebAssembly for one computation. The quoted seconds and growth are of the authors’ code on one thread with 1,600 (WTSI) and 500 (Synthetic, implicit) or 2,000 iterations; those on a GPU are of their own log. None of them was measured in this run, so they tell an order of magnitude, not a ratio.</p></section>`;
}

function methodNotes({ options }: ReproduceRecord): Html {
  const { steps, restarts, iterations, evaluationIterations, otherStarts, noiseTrials } = options.lengths;
  return html`<section><h2>How it was run</h2>
<ul>
<li>The victim factorizes by multiplicative updates for the Kullback–Leibler divergence, H before W, ${evaluationIterations} iterations; the features of V by as many from the same start are the reference, so that without an attack the feature error is 0.</li>
<li>The attack takes ${steps} steps of Auto-PGD from ${restarts === 1 ? "a random point" : `each of ${restarts} random points`} of the ball, in the box from 0 to the largest entry of V, each with the gradient of the feature error after ${iterations} iterations, and keeps the best of the three points of each that lead in the end, after a whole factorization.${canLead(steps) && ` The last quarter of the steps looks three times as far ahead.${restarts > 1 ? " All but the first begin by approaching features that V’s factorization passes from another start, where these are far from the reference: half of the steps, through a tenth of the iterations." : ""}`}</li>
<li>Implicit: the gradient through the conditions of a stationary point, damped by 0.01. Back-propagation: through every one of the ${iterations} iterations.</li>
<li>${noiseTrials} random perturbations and ${otherStarts} other starts as controls.</li>
<li>The authors’ code takes sign steps in either norm, rescales to the sphere, draws a new start for every gradient and for its reference, and keeps the last iterate. “Official” stands for this procedure, run here with ${iterations} iterations a step${iterations === OFFICIAL_ITERATIONS ? ", as theirs on WTSI" : ` (theirs on WTSI: ${OFFICIAL_ITERATIONS})`}; in it the reference takes half the iterations, and its implicit gradient is taken as the last 81 iterations back-propagated. “Quoted” figures are of that code itself.</li>
</ul></section>`;
}

function provenance(record: ReproduceRecord): Html {
  const { versions, seconds, threads, attacks, sets, leftOut, options } = record;
  return html`<section><h2>Provenance</h2>
<dl>
<dt>software</dt><dd>advnmf ${versions.advnmf} on ${versions.runtime}, up to ${threads} ${threads === 1 ? "thread" : "threads"}</dd>
<dt>attacks</dt><dd>${attacks.finished} of ${attacks.planned}, ${seconds.attacks.toFixed(0)} seconds in all; this call took ${seconds.wall.toFixed(0)} seconds</dd>
<dt>seed</dt><dd>${options.seed}</dd>
${sets.map(
  ({ title, file, rows, cols, sha256 }) =>
    html`<dt>${title}</dt><dd>${rows}×${cols}, ${file === null ? "generated" : `from ${file} of the data folder`}, SHA-256 of V <code>${sha256}</code></dd>`,
)}
${leftOut.map((sentence) => html`<dt>left out</dt><dd>${sentence}</dd>`)}
</dl>
<p class="notes faint">Every attack with all its controls is in reproduce.json; the table of them in tables.csv.</p></section>`;
}
