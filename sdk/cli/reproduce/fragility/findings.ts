// What the figures say, in words. Every sentence is chosen by them.

import { CRITICAL } from "./protocol.js";
import { type LinearRow, linearRows, pairsRows, type Results, scaledRms, signsSummary } from "./record.js";

/** The sentences for the top of the page. */
export function verdictOf(results: Results): string[] {
  const sentences = [
    lawSentence(results),
    ...linearSentences(linearRows(results)),
    signsSentence(results),
    pathSentence(results),
  ].flatMap((sentence) => sentence ?? []);
  return sentences.length > 0 ? sentences : ["Nothing is finished."];
}

function lawSentence({ law }: Results): string | undefined {
  if (law.length === 0) return undefined;
  const scaled = law.map(scaledRms);
  const fits = law.filter(({ outcome }) => outcome.kolmogorov < CRITICAL).length;
  const error = Math.max(...law.map(({ outcome }) => outcome.identityError));
  return `The exact law holds: the root mean square of the compression, times √d, is ${least(scaled)} to ${most(scaled)} for d = ${law[0]?.job.dimension} to ${law.at(-1)?.job.dimension} (1 by the law), its distribution is the law’s in ${fits} of ${law.length} dimensions (p > 0.001), and the QR factorization gives the smallest change to ${error.toExponential(0)}.`;
}

function linearSentences(rows: readonly LinearRow[]): string[] {
  const two = rows.filter(({ part }) => part === "two");
  const classes = rows.filter(({ part }) => part === "classes");
  const scaled = (row: LinearRow) => row.cosine / row.expected;
  const sentences: string[] = [];
  if (two.length > 0) {
    const inside = two.filter((row) => scaled(row) >= 0.7 && scaled(row) <= 1.4).length;
    sentences.push(
      `Trained linear networks with two classes ${inside === two.length ? "follow it" : `follow it in ${inside} of ${two.length} dimensions`}: |cos θ|·√d is ${least(two.map(scaled))} to ${most(two.map(scaled))}.`,
    );
  }
  if (classes.length > 0) {
    const cosines = classes.map(({ cosine }) => cosine);
    const follows = classes.every((row) => scaled(row) < 1.4);
    sentences.push(
      follows
        ? `With d classes of one point each they do as well: |cos θ| is ${least(cosines)} to ${most(cosines)}.`
        : `With d classes of one point each, trained by cross-entropy, there is no such law: |cos θ| is ${least(cosines)} to ${most(cosines)}, and 1/√d would be ${least(classes.map(({ expected }) => expected))} to ${most(classes.map(({ expected }) => expected))}. Theorem 1 supposes scores of exactly 1 and 0; cross-entropy does not ask for them, which limits what the paper claims.`,
    );
  }
  return sentences;
}

function signsSentence(results: Results): string | undefined {
  const summary = signsSummary(results);
  if (!summary || summary.correlationInterior === null) return undefined;
  const { draws, interior, correlationInterior, correlationOther, belowInOthers, dimension } = summary;
  const others =
    correlationOther === null
      ? ""
      : `, ${correlationOther.toFixed(2)} in the others, where φ is below |cos θ| in ${belowInOthers} of ${draws - interior}`;
  return `Theorem 5’s φ predicts |cos θ| where the classifier of largest margin looks at the last feature alone, which is in ${interior} of ${draws} draws (d = ${dimension}): correlation ${correlationInterior.toFixed(2)} there${others}.`;
}

function pathSentence(results: Results): string | undefined {
  const rows = pairsRows(results).filter(({ pairs }) => pairs > 2);
  if (rows.length === 0) return undefined;
  const ratios = rows.map(({ ratio }) => ratio);
  const correlations = rows.map(({ correlation }) => correlation);
  return `Under networks that were trained, the smallest change is what the local analysis says, the straight way times c̄: the median ratio is ${least(ratios)} to ${most(ratios)}, the correlation ${least(correlations)} to ${most(correlations)} (${rows.length} networks).`;
}

function least(values: readonly number[]): string {
  return figure(Math.min(...values));
}

function most(values: readonly number[]): string {
  return figure(Math.max(...values));
}

/** A cosine or a ratio. */
export function figure(value: number): string {
  return Number.isNaN(value) ? "–" : value.toFixed(value < 0.1 ? 3 : 2);
}
