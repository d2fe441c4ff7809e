// Section 2: the factorization, watched while it runs, and its features.

import type {
  Drawings,
  FitProgress,
  FitSettings,
  Fitted,
  Loss,
  Mask,
  Opened,
  Outcome,
  View,
} from "../protocol.js";
import { drawChart } from "./charts.js";
import { announce, fieldError, fillFacts, html, part, show } from "./dom.js";
import { drawFeatures, drawnNote } from "./features.js";
import { count, duration, percent, short } from "./numbers.js";

const FIELDS = ["rank", "loss", "mask", "seed", "iterations", "starts", "form", "view"];

/** What the panel needs done. */
export interface FitWork {
  factorize(
    settings: FitSettings,
    view: View,
    tell: (progress: FitProgress) => void,
  ): Promise<Outcome<Fitted> | undefined>;
  cancel(): Promise<void>;
  /** The features in another view; false if that cannot be. */
  redraw(view: View): Promise<Outcome<Drawings>>;
  /** A run begins, and what was known of the last is no longer. */
  begun(): void;
  fitted(result: Fitted): void;
}

export interface FitPanel {
  /** Another matrix, or none. */
  use(matrix: Opened | undefined): void;
  readonly view: View;
  readonly seed: number;
}

export function fitPanel(work: FitWork): FitPanel {
  const input = (id: string) => part<HTMLInputElement>(id);
  const choice = (id: string) => part<HTMLSelectElement>(id);
  let view: View = { kind: "lines" };
  let matrix: Opened | undefined;
  let shown: Fitted | undefined;
  /** Numbers the runs, so that what a replaced one still tells is not shown. */
  let runs = 0;

  const settings = (): FitSettings => ({
    rank: numberIn("rank"),
    loss: choice("loss").value as Loss,
    mask: maskIn(),
    seed: numberIn("seed"),
    iterations: numberIn("iterations"),
    starts: numberIn("starts"),
  });
  const numberIn = (id: string) => (input(id).value.trim() === "" ? Number.NaN : Number(input(id).value));
  const maskIn = (): Mask => {
    const kind = choice("mask").value as Mask["kind"];
    if (kind === "hide") return { kind, fraction: numberIn("share") / 100 };
    if (kind === "file") return { kind, files: [...(input("mask-file").files ?? [])] };
    return { kind };
  };

  const run = async () => {
    const number = ++runs;
    for (const field of FIELDS) fieldError(field, undefined);
    work.begun();
    shown = undefined;
    show("fitted", false);
    show("progress", true);
    show("cancel", true);
    const live = liveLoss(() => number === runs);
    announce("Factorizing");
    const outcome = await work.factorize(settings(), view, live.tell);
    if (number !== runs) return;
    show("cancel", false);
    if (!outcome?.ok) {
      show("progress", false);
      if (!outcome) return;
      if (outcome.code === "ABORTED") announce("Cancelled");
      else fieldError(outcome.field, outcome.message);
      if (outcome.code === "ABORTED") fieldError("form", "Cancelled before there was a result.");
      else document.querySelector<HTMLElement>(`[data-field="${outcome.field}"]`)?.focus();
      return;
    }
    shown = outcome.value;
    live.finish(shown);
    tell(shown, matrix as Opened);
    announce(part("summary").textContent ?? "");
    work.fitted(shown);
  };

  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    void run();
  });
  part("cancel").addEventListener("click", () => void work.cancel());
  choice("mask").addEventListener("change", () => {
    show("share-field", choice("mask").value === "hide");
    show("mask-file-field", choice("mask").value === "file");
    fieldError("mask", undefined);
  });

  const chooseView = async () => {
    const kind = choice("view").value;
    const pictures = kind === "rows" || kind === "columns";
    show("width-field", pictures);
    const wanted: View = pictures
      ? { kind: "pictures", width: numberIn("width"), order: kind }
      : { kind: kind as "lines" | "bars" };
    fieldError("view", undefined);
    if (!shown) return;
    const drawn = await work.redraw(wanted);
    if (!drawn.ok) {
      fieldError("view", drawn.message);
      return;
    }
    view = wanted;
    if (shown) drawFit(shown, drawn.value);
  };
  choice("view").addEventListener("change", () => void chooseView());
  input("width").addEventListener("change", () => void chooseView());

  return {
    use(opened) {
      runs++;
      matrix = opened;
      shown = undefined;
      show("progress", false);
      show("cancel", false);
      show("fitted", false);
      show("factorize", opened !== undefined);
      for (const field of FIELDS) fieldError(field, undefined);
      if (!opened) return;
      view = opened.view;
      const least = Math.min(opened.rows, opened.cols);
      input("rank").value = String(opened.rank ?? Math.max(1, Math.min(6, Math.floor(least / 2))));
      choice("view").value = view.kind === "pictures" ? view.order : view.kind;
      input("width").value = String(view.kind === "pictures" ? view.width : side(opened.rows));
      show("width-field", view.kind === "pictures");
      choice("mask").value = opened.missing > 0 ? "nan" : "none";
      choice("mask").dispatchEvent(new Event("change"));
    },
    get view() {
      return view;
    },
    get seed() {
      return numberIn("seed");
    },
  };
}

/** The divisor of a number of pixels that is nearest to a square's side. */
function side(pixels: number): number {
  for (let width = Math.floor(Math.sqrt(pixels)); width > 1; width--)
    if (pixels % width === 0) return pixels / width;
  return pixels;
}

/** Follows a run in chart and bar: what comes between two frames is drawn once. */
function liveLoss(current: () => boolean) {
  const bar = part<HTMLProgressElement>("progress-bar");
  const chart = part<SVGSVGElement>("loss-chart");
  let points: [number, number][] = [];
  let start = 0;
  let waiting = false;
  let done = false;
  bar.removeAttribute("value");
  part("progress-label").textContent = "Factorizing";

  const draw = (last: string) =>
    drawChart(chart, {
      series: [{ name: "main", points }],
      xLabel: "iteration",
      yLabel: "loss",
      logY: true,
      summary: last,
    });
  const frame = (progress: FitProgress) => {
    waiting = false;
    if (done || !current()) return;
    const { iteration, maxIterations, starts, loss } = progress;
    bar.max = maxIterations * starts;
    bar.value = maxIterations * progress.start + iteration;
    const which = starts > 1 ? `start ${progress.start + 1} of ${starts}, ` : "";
    part("progress-label").textContent = `Factorizing: ${which}iteration ${iteration}, loss ${short(loss)}`;
    draw(`The loss by iteration: ${short(loss)} at iteration ${iteration}`);
  };
  return {
    tell(progress: FitProgress) {
      if (!current()) return;
      if (progress.start !== start) {
        start = progress.start;
        points = [];
      }
      points.push([progress.iteration, progress.loss]);
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => frame(progress));
    },
    finish({ history, iterations, loss, cancelled }: Fitted) {
      done = true;
      points = history.map(([iteration, value]) => [iteration, value]);
      bar.max = 1;
      bar.value = 1;
      part("progress-label").textContent = cancelled
        ? `Cancelled after ${count(iterations, "iteration")}`
        : `Done after ${count(iterations, "iteration")}`;
      draw(
        `The loss by iteration: from ${short(points[0]?.[1] ?? loss)} to ${short(loss)} after ${iterations}`,
      );
    },
  };
}

function tell(fit: Fitted, { rows, cols }: Opened): void {
  const { rank, relativeError, iterations, seconds, threads, converged, cancelled, hidden, warnings } = fit;
  const ended = cancelled
    ? "Cancelled: this is the result so far."
    : converged
      ? `Converged after ${count(iterations, "iteration")} in ${duration(seconds)}.`
      : `Stopped after ${count(iterations, "iteration")} in ${duration(seconds)}, before it converged.`;
  const predicted = hidden
    ? ` The ${count(hidden.count, "hidden entry", "hidden entries")}: RMSE ${short(hidden.rmse)}.`
    : "";
  part("summary").textContent =
    `${count(rank, "feature")} reproduce the ${rows} × ${cols} matrix with a relative error of ${percent(relativeError)}. ${ended}${predicted}`;
  const list = part("warnings");
  list.hidden = warnings.length === 0;
  list.replaceChildren(...warnings.map((warning) => html("li", "", warning)));
  fillFacts(part("figures"), [
    ["Loss", String(fit.loss)],
    ["Relative error", String(relativeError)],
    ["Iterations", String(iterations)],
    ["Seconds", seconds.toFixed(3)],
    ["Threads", String(threads)],
    ["SHA-256 of W", fit.sha256.W],
    ["SHA-256 of H", fit.sha256.H],
  ]);
  drawFit(fit, fit.drawings);
  show("fitted", true);
}

function drawFit(fit: Fitted, drawings: Drawings): void {
  drawFeatures(part("features"), [{ name: "", caption: "", described: "as found", drawings }], fit.tops);
  part("features-note").textContent = drawnNote(fit.rank);
}
