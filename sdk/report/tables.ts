// The tables of the report.

import { KEPT, REPLACED } from "../audit/changes.js";
import type { AttackedModel, Audit, AuditAttack, DownstreamFigures } from "../audit/types.js";
import { TITLES } from "../audit/verdict.js";
import { type Html, html } from "./html.js";
import { figure, normText, sizeText, titleOf } from "./words.js";

const by = (audit: Audit, norm: AuditAttack["norm"]) =>
  audit.attacks.filter((attack) => attack.norm === norm);

/** How far each feature of the first model moves, and which to trust. */
export function trustTable(audit: Audit): Html {
  const { models, options, verdict, attacks } = audit;
  const [first] = models as readonly [Audit["models"][number]];
  const norms = options.norms.filter((norm) => by(audit, norm).length > 0);
  const spoken = attacks.find(({ norm, epsilon }) => norm === verdict.norm && epsilon === verdict.epsilon);
  return html`<section><h2>Which features to trust</h2>
<p>The <b>similarity</b> of each feature of ${TITLES[first.model]} to itself before the change: 1 is the same shape, 0 has nothing in common. From 0.9 on it counts as the same, below 0.8 as replaced.${spoken ? html` A feature is trusted if it stays the same under the attack of the verdict (${sizeText(spoken)}) and under noise of that size, and if most other starts find it in the unchanged data.` : null}</p>
<div class="scroll"><table>
<thead><tr><th rowspan="2" scope="col">feature</th><th rowspan="2" scope="col">trusted</th>${norms.map((norm) => html`<th colspan="${by(audit, norm).length}" scope="colgroup">attack on ${normText(norm)}</th>`)}${spoken ? html`<th rowspan="2" scope="col">noise of<br>${sizeText(spoken)}</th>` : null}<th rowspan="2" scope="col">found from<br>other starts</th><th rowspan="2" scope="col">share of<br>the data</th></tr>
<tr>${norms.map((norm) => by(audit, norm).map((attack) => html`<th scope="col">${sizeText(attack)}</th>`))}</tr></thead>
<tbody>${first.shares.map((share, feature) => {
    const trusted = verdict.trusted.includes(feature);
    const noise = spoken?.models[0]?.noise.similarity[feature];
    return html`<tr><th scope="row">${feature + 1}</th><td>${trusted ? html`<b class="good-text">✓ yes</b>` : html`<span class="faint">no</span>`}</td>${norms.map(
      (norm) =>
        by(audit, norm).map(({ models: [model] }) =>
          similarityCell((model as AttackedModel).features[feature]?.similarity as number),
        ),
    )}${noise === undefined ? null : similarityCell(noise)}<td>${Math.round(100 * (first.refit.found[feature] as number))}%</td><td>${Math.round(100 * share)}%</td></tr>`;
  })}</tbody></table></div></section>`;
}

function similarityCell(value: number): Html {
  if (value >= KEPT) return html`<td>${value.toFixed(3)}</td>`;
  if (value >= REPLACED)
    return html`<td class="changed"><b>${value.toFixed(3)}</b><small>changed</small></td>`;
  return html`<td class="bad"><b>${value.toFixed(3)}</b><small>replaced</small></td>`;
}

/** All figures, and what each stands beside. */
export function figuresTable(audit: Audit): Html {
  const { models, options } = audit;
  return html`<section><h2>All figures</h2>
<p><b>Feature error</b>: how far W and H together are moved, relative to their size, after scaling and matching the features; 0 is not at all. <b>Reconstruction</b>: what W·H leaves of the (changed) data, relative to it. <b>Noise</b>: random changes of the size that the attack reached. <b>By loss</b>: a change that raises the loss instead. <b>Other starts</b>: the same data from starts that the attacker does not know.</p>
${options.norms.map(
  (norm) => html`<div class="scroll"><table>
<caption>Change of ${normText(norm)}</caption>
<thead><tr><th rowspan="2" scope="col">size</th><th rowspan="2" scope="col">model</th><th rowspan="2" scope="col">change<br>made against</th><th colspan="3" scope="colgroup">feature error</th><th rowspan="2" scope="col">recon&shy;struction</th><th colspan="3" scope="colgroup">feature error of controls</th></tr>
<tr><th scope="col">both</th><th scope="col">W</th><th scope="col">H</th><th scope="col">noise</th><th scope="col">by loss</th><th scope="col">other starts</th></tr></thead>
<tbody>${models.map((model) => html`<tr><th scope="row">0</th><td>${TITLES[model.model]}</td><td>–</td><td>${figure(model.unattacked)}</td><td>–</td><td>–</td><td>${figure(model.reconstructionError)}</td><td>–</td><td>–</td><td>${spread(model.refit.featureError)}</td></tr>`)}
${by(audit, norm).map(({ epsilon, models: attacked }) =>
  attacked.map(
    (model) =>
      html`<tr><th scope="row">${sizeText({ norm, epsilon })}</th><td>${TITLES[model.model]}</td><td>${model.attackedBy === "own gradient" ? "itself" : TITLES[model.source]}${model.foundAt === epsilon ? null : html`<small>at ${sizeText({ norm, epsilon: model.foundAt })}</small>`}</td><td><b>${figure(model.featureError)}</b></td><td>${figure(model.featureErrorW)}</td><td>${figure(model.featureErrorH)}</td><td>${figure(model.reconstructionError)}</td><td>${spread(model.noise.featureError)}</td><td>${figure(model.byLoss.featureError)}</td><td>${spread(model.otherStarts.featureError)}</td></tr>`,
  ),
)}</tbody></table></div>`,
)}
<p class="notes faint">Controls of several trials: the mean, and below it least and most. A change that was found at a smaller size and did more counts at the larger one too. At size 0: the same factorization once more, and V from other starts.</p></section>`;
}

function spread({ mean, least, most, values }: AttackedModel["noise"]["featureError"]): Html {
  return html`${figure(mean)}${values.length > 1 ? html`<small>${figure(least)} … ${figure(most)}</small>` : null}`;
}

/** Who is hurt by a change that was made against whom. */
export function transferTable(audit: Audit): Html {
  const { models, options } = audit;
  const each = (rows: (attack: AuditAttack) => readonly Html[]) =>
    options.norms.flatMap((norm) => by(audit, norm).flatMap(rows));
  return html`<section><h2>One change, other models</h2>
<p>An attacker seldom knows everything. Feature error of each model (columns) under the change made against one of them (rows), all from the start that the attacker knows.</p>
<div class="scroll"><table>
<thead><tr><th rowspan="2" scope="col">size</th><th rowspan="2" scope="col">norm</th><th rowspan="2" scope="col">made<br>against</th><th colspan="${models.length}" scope="colgroup">evaluated on</th></tr>
<tr>${models.map(({ model }) => html`<th scope="col">${TITLES[model]}</th>`)}</tr></thead>
<tbody>${each((attack) =>
    attack.sources.map(
      ({ model: source }, from) =>
        html`<tr><th scope="row">${sizeText(attack)}</th><td>${NORMS[attack.norm]}</td><td>${TITLES[source]}</td>${attack.transfer[from]?.map((value, to) => html`<td>${models[to]?.model === source ? html`<b>${figure(value)}</b>` : figure(value)}</td>`)}</tr>`,
    ),
  )}</tbody></table></div>${models.some(({ model }) => model === "anmf") ? html`<p class="notes faint">For ANMF there is no gradient to follow: it is judged by the changes made against the others alone, the worst of which counts. An attacker who has its gradient may do more.</p>` : null}
<p>And the worst change of each model from ${options.otherStarts === 1 ? "another start" : `${options.otherStarts} other starts`}, which the attacker does not know, beside what ${options.otherStarts === 1 ? "that start does" : "these starts do"} to the unchanged data.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">size</th><th scope="col">norm</th><th scope="col">model</th><th scope="col">known<br>start</th><th scope="col">other<br>starts</th><th scope="col">unchanged data,<br>other starts</th></tr></thead>
<tbody>${each((attack) =>
    attack.models.map(
      ({ model, featureError, otherStarts }, at) =>
        html`<tr><th scope="row">${sizeText(attack)}</th><td>${NORMS[attack.norm]}</td><td>${TITLES[model]}</td><td><b>${figure(featureError)}</b></td><td>${figure(otherStarts.featureError.mean)}</td><td>${figure((models[at] as Audit["models"][number]).refit.featureError.mean)}</td></tr>`,
    ),
  )}</tbody></table></div></section>`;
}

/** The norms as columns of tables have them. */
const NORMS = { l2: "L2", linf: "L∞" } as const;

/** What H is still good for. */
export function downstreamTable(audit: Audit): Html | null {
  const { labels } = audit.data;
  if (labels === null) return null;
  const kinds = new Set(labels).size;
  const cells = (figures: DownstreamFigures | null) =>
    figures &&
    html`<td>${share(figures.accuracy)}</td><td>${figures.nmi.toFixed(3)}</td><td>${share(figures.nearest)}</td>`;
  return html`<section><h2>What it does downstream</h2>
<p>With ${labels.length} labels of ${kinds} kinds: clusters of the columns of H (k-means with ${kinds} centres, ten starts, matched with the labels at best), their normalized mutual information with the labels, and how often a column’s nearest other column has the same label. Rows of H are scaled by the length of their feature.</p>
<div class="scroll"><table>
<thead><tr><th scope="col">model</th><th scope="col">data</th><th scope="col">clustering<br>accuracy</th><th scope="col">mutual<br>information</th><th scope="col">nearest<br>neighbour</th></tr></thead>
<tbody>${audit.models.map(({ model, downstream }, at) => html`<tr><th scope="row">${titleOf(audit, model)}</th><td>unchanged</td>${cells(downstream)}</tr>${audit.attacks.map((attack) => html`<tr><th scope="row"></th><td>changed by ${sizeText(attack)} <small>${normText(attack.norm)}</small></td>${cells((attack.models[at] as AttackedModel).downstream)}</tr>`)}`)}</tbody></table></div></section>`;
}

function share(value: number): string {
  return `${(100 * value).toFixed(1)}%`;
}
