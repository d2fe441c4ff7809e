// What the cells say, in words. Every sentence is chosen by the figures.

import { type Cell, percent } from "./cells.js";
import type { ExperimentData } from "./data.js";
import { FIGURE_ALPHA, type Missing, methodText } from "./protocol.js";

/** What a set's cells say. */
export interface Finding {
  /** On the zero-filled cells, and on the paper. */
  readonly zeroFill: string | null;
  /** On NMF with the mask applied properly, and on what AT-NMF adds. */
  readonly ignore: string | null;
}

interface Measured extends Cell {
  readonly mean: number;
}

/** The findings of one set. */
export function findingOf(data: ExperimentData, cells: readonly Cell[]): Finding {
  const measured = cells.filter((cell): cell is Measured => cell.mean !== null);
  return {
    zeroFill: zeroFillSentence(data, measured),
    ignore: ignoreSentence(data, measured),
  };
}

/**
 * Whether the difference of two means is more than twice its standard error; undefined where that is not known,
 * with a single start.
 */
export function isClear(a: Cell, b: Cell): boolean | undefined {
  if (a.mean === null || b.mean === null || a.std === null || b.std === null) return undefined;
  const error = Math.sqrt((a.std * a.std) / a.n + (b.std * b.std) / b.n);
  return Math.abs(a.mean - b.mean) > 2 * error;
}

/** The AT-NMF cell of least mean error at α. */
export function bestHardened(cells: readonly Cell[], alpha: number, missing: Missing): Cell | undefined {
  return cells
    .filter((cell) => cell.method === "at-nmf" && cell.alpha === alpha && cell.missing === missing)
    .filter((cell): cell is Measured => cell.mean !== null)
    .reduce<Measured | undefined>((best, cell) => (best && best.mean <= cell.mean ? best : cell), undefined);
}

function plain(cells: readonly Measured[], alpha: number, missing: Missing): Measured | undefined {
  return cells.find((cell) => cell.method === "nmf" && cell.alpha === alpha && cell.missing === missing);
}

/** The α to tell about: that of the paper's figures where it was run. */
function shownAlpha(cells: readonly Measured[], missing: Missing): number | undefined {
  const alphas = [...new Set(cells.filter((cell) => cell.missing === missing).map(({ alpha }) => alpha))];
  return alphas.includes(FIGURE_ALPHA) ? FIGURE_ALPHA : alphas[0];
}

function zeroFillSentence({ facts, origin }: ExperimentData, cells: readonly Measured[]): string | null {
  const alpha = shownAlpha(cells, "zero-fill");
  if (alpha === undefined) return null;
  const table = `Table ${facts.table.number}`;
  const digits = facts.table.decimals;
  const shown = [plain(cells, alpha, "zero-fill"), bestHardened(cells, alpha, "zero-fill")]
    .filter((cell) => cell !== undefined)
    .map((cell) => {
      const paper = cell.paper && origin === "authors" ? ` (paper ${cell.paper.mean.toFixed(digits)})` : "";
      return `${(cell.mean as number).toFixed(digits)} for ${methodText(cell.method, cell.lambda)}${paper}`;
    })
    .join(" and ");
  const example = shown === "" ? "" : `; at α = ${alpha} the RMSE is ${shown}`;
  const judged = cells.filter(({ within }) => within !== null);
  if (judged.length === 0) {
    // Nothing but ANMF, or another α or λ than the table's.
    if (origin === "authors" && facts.bounds) return null;
    const source =
      origin === "generated"
        ? "drawn from the paper’s model (not its own draw, so that no cell is judged)"
        : "(not quite the paper’s, so that no cell is judged)";
    return `On ${facts.title} data ${source}, with held-out entries counted as zeros, as in the authors’ code${example.replace("; ", ", ")}.`;
  }
  const within = judged.filter((cell) => cell.within).length;
  const share = within / judged.length;
  const word =
    share === 1
      ? "the published numbers come back"
      : share >= 0.75
        ? "the published numbers come back in all but a few cells"
        : "the published numbers do not all come back";
  return `With held-out entries counted as zeros, as in the authors’ code, ${word}: ${within} of ${judged.length} cells of ${table} lie within bounds${example}.`;
}

function ignoreSentence({ facts, origin }: ExperimentData, cells: readonly Measured[]): string | null {
  const alpha = shownAlpha(cells, "ignore");
  const proper = alpha === undefined ? undefined : plain(cells, alpha, "ignore");
  if (alpha === undefined || !proper) return null;
  const digits = facts.table.decimals;
  const parts = [`With the mask applied properly plain NMF alone has ${figure(proper.mean)} at α = ${alpha}`];
  const filled = plain(cells, alpha, "zero-fill");
  if (filled) parts.push(`${ratioText(filled.mean, proper.mean)} its zero-filled self`);
  if (origin === "authors" && facts.bounds) parts.push(againstTable(facts, cells, proper, digits));
  const best = bestHardened(cells, alpha, "ignore");
  const adds = best === undefined ? "" : `; ${addition(proper, best as Measured)}${elsewhere(cells, alpha)}`;
  return `${parts.join(", ")}${adds}.`;
}

/** Where plain NMF stands among the figures of the table. */
function againstTable(
  { table }: ExperimentData["facts"],
  cells: readonly Measured[],
  proper: Measured,
  digits: number,
): string {
  const figures = table.rows.flatMap(({ nmf, anmf, atnmf }) => [nmf, anmf, ...atnmf].map(({ mean }) => mean));
  const lowest = Math.min(...figures);
  const rows = table.rows.flatMap(({ alpha, nmf, anmf, atnmf }) => {
    const cell = plain(cells, alpha, "ignore");
    const least = Math.min(...[nmf, anmf, ...atnmf].map(({ mean }) => mean));
    return cell ? [{ alpha, better: cell.mean < least }] : [];
  });
  const worse = rows.filter(({ better }) => !better).map(({ alpha }) => alpha);
  const all = `${proper.mean < lowest ? "below" : "not below"} every figure of Table ${table.number} (the lowest is ${lowest.toFixed(digits)})`;
  if (rows.length < 2) return all;
  if (worse.length === 0) return `${all}, and at every α run it beats every method of the paper’s row`;
  return `${all}, though at α = ${worse.join(", ")} it does not beat the paper’s row`;
}

/** What AT-NMF adds to NMF, both with the mask applied properly. */
function addition(proper: Measured, best: Measured): string {
  const name = methodText(best.method, best.lambda);
  const change = (best.mean - proper.mean) / proper.mean;
  const clear = isClear(best, proper);
  if (clear === undefined)
    return `${name} has ${figure(best.mean)} there, with one start of each, so that their spread is not known`;
  if (!clear) return `${name} has ${figure(best.mean)} there, a difference within the spread of starts`;
  return change < 0
    ? `${name} takes that to ${figure(best.mean)}, ${percent(-change)} lower`
    : `AT-NMF adds nothing there: the best of it, ${name}, has ${figure(best.mean)}, ${percent(change)} more`;
}

/** The same at the other α, in a few words. */
function elsewhere(cells: readonly Measured[], shown: number): string {
  const groups = { "clearly lower": [], "clearly higher": [], "within the spread": [] } as Record<
    string,
    number[]
  >;
  for (const alpha of new Set(cells.map((cell) => cell.alpha))) {
    const proper = plain(cells, alpha, "ignore");
    const best = bestHardened(cells, alpha, "ignore");
    if (alpha === shown || !proper || !best) continue;
    const lower = (best.mean as number) < proper.mean;
    const clear = isClear(best, proper);
    const name = clear ? (lower ? "clearly lower" : "clearly higher") : "within the spread";
    if (clear !== undefined) groups[name]?.push(alpha);
  }
  const told = Object.entries(groups).filter(([, alphas]) => alphas.length > 0);
  return told.length === 0
    ? ""
    : ` (${told.map(([name, alphas]) => `${name} at α = ${alphas.join(", ")}`).join("; ")})`;
}

/** `23 times better than`, `as good as`, `1.4 times worse than`. */
function ratioText(other: number, ours: number): string {
  const better = other / ours;
  if (better >= 1.05) return `${times(better)} times better than`;
  if (better <= 1 / 1.05) return `${times(1 / better)} times worse than`;
  return "about as good as";
}

function times(ratio: number): string {
  return ratio >= 9.95 ? ratio.toFixed(0) : ratio.toFixed(1);
}

/** Three significant digits. */
export function figure(value: number): string {
  return value >= 1e-4 && value < 1000 ? value.toPrecision(3) : Number(value.toPrecision(3)).toString();
}
