// The report: one page of HTML without scripts or network.

import type { AttackedModel, Audit, AuditAttack, AuditModel } from "../audit/types.js";
import { MISFIT, TITLES } from "../audit/verdict.js";
import { AdvnmfError } from "../errors.js";
import { checkOptions } from "../options.js";
import type { Norm } from "../projection.js";
import { lineChart, type Series } from "./chart.js";
import { featureSection } from "./features.js";
import { Html, html } from "./html.js";
import { PAGE_STYLE } from "./page-style.js";
import { REPORT_STYLE } from "./report-style.js";
import { sensitivitySection } from "./sensitivity-section.js";
import { downstreamTable, figuresTable, transferTable, trustTable } from "./tables.js";
import { COLORS, KINDS, normText, sizeText, titleOf } from "./words.js";

/** Options of {@link renderReport}. */
export interface ReportOptions {
  /** What was audited, for the heading; default its size. */
  readonly title?: string;
  /** The command line that makes the same audit, where there is one. */
  readonly command?: string;
}

/**
 * Draws what `audit` returned, or what JSON kept of it, as one HTML page: the verdict, which features to trust, every
 * feature before and after, errors against the size of the change with their controls, the map of the entries that
 * matter, all figures, and how it was made. The page has no scripts and asks for nothing from a network; it has a
 * light and a dark scheme and prints. Strings that came from files are escaped.
 *
 * @throws AdvnmfError `OPTION` for something that is not an audit, or an unknown option.
 */
export function renderReport(audit: Audit, options: ReportOptions = {}): string {
  checkOptions(options, ["title", "command"], "renderReport");
  if (audit?.format !== "advnmf-audit-1") {
    throw new AdvnmfError("OPTION", 'renderReport draws what audit returned, format "advnmf-audit-1"', {
      got: audit?.format,
    });
  }
  const { data, verdict, complete, warnings } = audit;
  const title = options.title ?? `a ${data.rows}×${data.cols} matrix`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="advnmf ${audit.versions.advnmf}">
<title>Audit of ${title}</title>
<style>${new Html(PAGE_STYLE)}${new Html(REPORT_STYLE)}</style>
</head>
<body>
<header>
<h1>Can these features be trusted?</h1>
<p class="source">${title}: ${data.rows} rows, ${data.cols} columns, ${audit.options.rank} ${audit.options.rank === 1 ? "feature" : "features"} by non-negative matrix factorization.</p>
<section class="verdict ${verdict.level}" aria-label="Verdict"><h2>${LEVELS[verdict.level]}</h2>${verdict.sentences.map((sentence) => html`<p>${sentence}</p>`)}</section>
${complete ? null : html`<p class="notice"><b>Not finished:</b> the audit was stopped; what was done by then is here.</p>`}
${verdict.findings.length > 0 ? html`<ul class="findings">${verdict.findings.map((sentence) => html`<li>${sentence}</li>`)}</ul>` : null}
${warnings.map((sentence) => html`<p class="notice">${sentence}</p>`)}
</header>
<main>
${trustTable(audit)}
${featureSection(audit)}
${audit.options.norms.map((norm) => curves(audit, norm))}
${sensitivitySection(audit)}
${transferTable(audit)}
${downstreamTable(audit)}
${figuresTable(audit)}
${provenance(audit, options.command)}
</main>
</body>
</html>
`.markup;
}

const LEVELS: Readonly<Record<Audit["verdict"]["level"], string>> = {
  fragile: "Fragile",
  shaken: "Shaken",
  robust: "Robust",
  unfinished: "Unfinished",
};

/** Errors against the size of the change, in one norm. */
function curves(audit: Audit, norm: Norm): Html | null {
  const attacks = audit.attacks.filter((attack) => attack.norm === norm);
  if (attacks.length === 0) return null;
  const marks = [
    { x: 0, text: "0" },
    ...attacks.map((attack) => ({ x: attack.epsilon, text: sizeText(attack) })),
  ];
  /** From the figure without a change through those of each size. */
  const points = (at: number, zero: (model: AuditModel) => number, of: (model: AttackedModel) => number) => [
    { x: 0, y: zero(audit.models[at] as AuditModel) },
    ...attacks.map(({ epsilon, models }) => ({ x: epsilon, y: of(models[at] as AttackedModel) })),
  ];
  const misfits = audit.models.filter(({ reconstructionError }) => reconstructionError > MISFIT);
  const first = TITLES[(audit.models[0] as AuditModel).model];
  const attacked = (zero: (model: AuditModel) => number, of: (model: AttackedModel) => number): Series[] =>
    audit.models.map(({ model }, at) => ({
      name: titleOf(audit, model),
      color: COLORS[model],
      dashed: false,
      points: points(at, zero, of),
    }));
  const control = (
    name: string,
    color: string,
    zero: (model: AuditModel) => number,
    of: (model: AttackedModel) => number,
  ): Series => ({
    name,
    color,
    dashed: true,
    points: points(0, zero, of),
  });
  const none = ({ unattacked }: AuditModel) => unattacked;
  const left = ({ reconstructionError }: AuditModel) => reconstructionError;
  const xTitle = norm === "l2" ? "change, of ‖V‖" : "change of an entry";
  return html`<section><h2>Errors against the size of the change: ${normText(norm)}</h2>
<p>Solid: the models under attack. Dashed: the controls, of ${first}; where they rise as high as the attack does, it is not the attacker who moves the features.</p>
<div class="pair">
<div><h4>Feature error</h4>${lineChart({
    label: `Feature error against the size of the change (${normText(norm)})`,
    xTitle,
    marks,
    series: [
      ...attacked(none, ({ featureError }) => featureError),
      control("noise", "var(--paper)", none, ({ noise }) => noise.featureError.mean),
      control("attack on the loss", "var(--bad)", none, ({ byLoss }) => byLoss.featureError),
      control(
        "starts unknown to the attacker",
        "var(--fourth)",
        ({ refit }) => refit.featureError.mean,
        ({ otherStarts }) => otherStarts.featureError.mean,
      ),
    ],
  })}</div>
<div><h4>Reconstruction error</h4>${lineChart({
    label: `Reconstruction error against the size of the change (${normText(norm)})`,
    xTitle,
    marks,
    series: [
      ...attacked(left, ({ reconstructionError }) => reconstructionError).filter(
        (_, at) => !misfits.includes(audit.models[at] as AuditModel),
      ),
      control("noise", "var(--paper)", left, ({ noise }) => noise.reconstructionError.mean),
      control("attack on the loss", "var(--bad)", left, ({ byLoss }) => byLoss.reconstructionError),
    ],
  })}${misfits.length > 0 ? html`<p class="notes faint">Without ${misfits.map(({ model }) => TITLES[model]).join(" and ")}: it does not fit these data.</p>` : null}</div>
</div></section>`;
}

/** How it was made, and how to make it again. */
function provenance(audit: Audit, command: string | undefined): Html {
  const { data, options, versions, models, attacks } = audit;
  const said = attacks.flatMap(({ sources, norm, epsilon }: AuditAttack) =>
    sources.flatMap(({ warnings }) =>
      warnings.map((warning) => `${sizeText({ norm, epsilon })}: ${warning}`),
    ),
  );
  const rows = [
    ...models.flatMap(({ model, sha256 }) => [
      [`W of ${TITLES[model]}`, sha256.W],
      [`H of ${TITLES[model]}`, sha256.H],
    ]),
    ...attacks.flatMap((attack) =>
      attack.sources.map(({ model, sha256 }) => [
        `V changed by ${sizeText(attack)} (${normText(attack.norm)}), against ${TITLES[model]}`,
        sha256,
      ]),
    ),
  ];
  return html`<section><h2>How it was made</h2>
<ul>
<li>The models: ${options.models.map((model, at) => html`${at > 0 ? "; " : null}<b>${titleOf(audit, model)}</b>, ${KINDS[model]}`)}. All begin at one random start, which the attacker knows, and take ${options.evaluationIterations} iterations (ANMF fewer); NMF and AT-NMF minimise ${options.loss === "frobenius" ? "squares" : "the Kullback–Leibler divergence"}, ANMF squares.</li>
<li>The attacks (LaFA, Vu et al., arXiv 2408.03909): ${options.steps} steps of projected ascent on the feature error from ${options.restarts === 1 ? "one random point" : `${options.restarts} random points`}, each after ${options.iterations} iterations of the factorization; entries stay between 0 and the largest of the data. An attack that does little proves little: a longer one may do more.</li>
<li>The controls: no change, ${options.noiseTrials} random ${options.noiseTrials === 1 ? "change" : "changes"} of the same size, ${options.otherStarts} other random starts, and an attack on the loss.</li>
${options.epsilons.linf && options.epsilons.l2 ? html`<li>Unless they were given, sizes for every entry are those for the whole matrix times ‖V‖/√(mn): a change of that size in every entry is as long.</li>` : null}
${said.map((sentence) => html`<li>${sentence}</li>`)}
</ul>
<dl>
<dt>software</dt><dd>advnmf ${versions.advnmf} on ${versions.runtime}, ${audit.seconds.toFixed(1)} seconds</dd>
${command === undefined ? null : html`<dt>once more</dt><dd><code>${command}</code></dd>`}
<dt>options</dt><dd><code>${JSON.stringify(options)}</code></dd>
<dt>SHA-256 of V</dt><dd><code>${data.sha256}</code></dd>
<dt>digest of all figures</dt><dd><code>${audit.digest}</code></dd>
</dl>
<details><summary>SHA-256 of the factors and of the changed data</summary><dl>${rows.map(([name, digest]) => html`<dt>${name}</dt><dd><code>${digest}</code></dd>`)}</dl></details>
<p class="notes faint">The same data and options give the same digest, in every runtime and for any number of threads.</p></section>`;
}
