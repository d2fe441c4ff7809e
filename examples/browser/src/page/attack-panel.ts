// Section 3: attacks of several sizes, computed ahead, and a slider through what they do.

import type {
  Attacked,
  AttackProgress,
  AttackSettings,
  DrawingPair,
  Fitted,
  Outcome,
  Rung,
} from "../protocol.js";
import { paint, SIGNED } from "./canvas.js";
import { drawChart } from "./charts.js";
import { announce, fieldError, html, part, show } from "./dom.js";
import { drawFeatures, drawnNote, type Side } from "./features.js";
import { figure, percent, short } from "./numbers.js";

export interface AttackWork {
  attack(
    settings: AttackSettings,
    tell: (progress: AttackProgress) => void,
  ): Promise<Outcome<Attacked> | undefined>;
  cancel(): Promise<void>;
  readonly seed: number;
}

export interface AttackPanel {
  /** Another factorization, or none. */
  use(fit: Fitted | undefined): void;
  redraw(drawings: readonly DrawingPair[]): void;
  /** The rung that the slider is on. */
  readonly rung: number;
}

export function attackPanel(work: AttackWork): AttackPanel {
  const slider = part<HTMLInputElement>("epsilon");
  let fit: Fitted | undefined;
  let shown: Attacked | undefined;
  let runs = 0;

  const run = async () => {
    const number = ++runs;
    shown = undefined;
    for (const field of ["largest", "lambda", "attack"]) fieldError(field, undefined);
    show("attacked", false);
    show("attack-progress", true);
    show("attack-cancel", true);
    announce("Attacking");
    const progress = liveAttack(() => number === runs);
    const settings: AttackSettings = {
      largest: Number(part<HTMLInputElement>("largest").value) / 100,
      lambda: Number(part<HTMLInputElement>("lambda").value),
      effort: part<HTMLSelectElement>("effort").value as AttackSettings["effort"],
      seed: work.seed,
    };
    const outcome = await work.attack(settings, progress);
    if (number !== runs) return;
    show("attack-cancel", false);
    show("attack-progress", false);
    if (!outcome) return;
    if (!outcome.ok) {
      const own = outcome.field === "largest" || outcome.field === "lambda";
      if (outcome.code === "ABORTED") fieldError("attack", "Cancelled.");
      else fieldError(own ? outcome.field : "attack", outcome.message);
      return;
    }
    shown = outcome.value;
    begin(shown, slider);
    move();
    show("attacked", true);
    announce(part("verdict").textContent ?? "");
  };

  const move = () => {
    if (shown && fit) showRung(shown, fit, Number(slider.value));
  };
  slider.addEventListener("input", move);
  part("attack-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void run();
  });
  part("attack-cancel").addEventListener("click", () => void work.cancel());

  return {
    use(given) {
      runs++;
      fit = given;
      shown = undefined;
      show("attack", given !== undefined);
      show("attacked", false);
      show("attack-progress", false);
      show("attack-cancel", false);
      fieldError("attack", undefined);
    },
    redraw(drawings) {
      if (!shown) return;
      const rungs = shown.rungs.map((rung, i): Rung => {
        const [attacked, hardened] = drawings[i] ?? [rung.drawings, rung.hardened.drawings];
        return { ...rung, drawings: attacked, hardened: { ...rung.hardened, drawings: hardened } };
      });
      shown = { ...shown, rungs };
      move();
    },
    get rung() {
      return Number(slider.value);
    },
  };
}

/** The parts of the bar that attacks, their judgement and the hardening take. */
const JUDGED_FROM = 0.4;
const HARDENED_FROM = 0.55;

function liveAttack(current: () => boolean): (progress: AttackProgress) => void {
  const bar = part<HTMLProgressElement>("attack-bar");
  const label = part("attack-label");
  bar.removeAttribute("value");
  label.textContent = "Factorizing the untouched data, and taking a first step";
  return (progress) => {
    if (!current()) return;
    if (progress.phase === "attack") {
      const { step, steps, errors } = progress;
      bar.value = (JUDGED_FROM * (step + 1)) / (steps + 1);
      const most = Math.max(...errors);
      label.textContent = `Attacking: step ${step} of ${steps}, feature error up to ${figure(most)} so far`;
    } else if (progress.phase === "judge") {
      bar.value = JUDGED_FROM;
      label.textContent =
        "Judging each attack by a long factorization, beside random changes and other starts";
    } else {
      bar.value = HARDENED_FROM + ((1 - HARDENED_FROM) * progress.done) / progress.of;
      label.textContent = `Hardened features: step ${progress.done} of ${progress.of}`;
    }
  };
}

/** What is the same on every rung. */
function begin(attacked: Attacked, slider: HTMLInputElement): void {
  const { rungs, assumption, procedure } = attacked;
  slider.max = String(rungs.length - 1);
  // A first look at the middle of the ladder tells more than its start.
  slider.value = String(Math.ceil((rungs.length - 1) / 2));
  part("epsilon-ticks").replaceChildren(...rungs.map(({ epsilon }) => html("span", "", percent(epsilon))));
  // Wider than a phone: the keyboard has to reach what it scrolls.
  part("rungs-scroll").tabIndex = 0;
  part("rungs").replaceChildren(...rungs.map((rung, i) => row(rung, i, attacked)));
  part("assumption").replaceChildren(
    html("strong", "", assumption),
    ` ${procedure} “Unknown start”: the same change, factorized from starts that the attacker does not know. ` +
      "“Attack on the loss”: a change that raises the victim's loss instead. Feature error: 0 is no change, about 1 is nothing in common.",
  );
}

/** Entries cannot fall below 0 nor rise above the largest: below this part of its size a change was held back. */
const REACHED = 0.995;

function row(rung: Rung, index: number, { refit }: Attacked): HTMLTableRowElement {
  const cells = [
    figure(rung.featureError),
    figure(rung.hardened.featureError),
    index === 0 ? "–" : figure(rung.noise),
    figure(index === 0 ? refit : rung.transfer),
    index === 0 ? "–" : figure(rung.reconstruction),
    rung.reconstructionError === null ? "–" : percent(rung.reconstructionError),
  ];
  const reached = rung.size < REACHED * rung.epsilon ? ` (${percent(rung.size)} reached)` : "";
  const head = html("th", "", index === 0 ? "none" : percent(rung.epsilon) + reached);
  head.scope = "row";
  return html("tr", "", head, ...cells.map((text) => html("td", "", text)));
}

function showRung(attacked: Attacked, fit: Fitted, index: number): void {
  const { rungs, refit, lambda } = attacked;
  const rung = rungs[index] as Rung;
  const [untouched] = rungs as [Rung];
  const size = index === 0 ? "none" : percent(rung.epsilon);
  part("epsilon-text").textContent = size;
  part<HTMLInputElement>("epsilon").setAttribute(
    "aria-valuetext",
    index === 0 ? "no change" : `a change of ${size}`,
  );
  part("verdict").textContent = verdict(attacked, index);

  const { kind } = untouched.drawings;
  const sides: Side[] = [
    { name: "", caption: "untouched", described: "untouched", drawings: untouched.drawings },
    {
      name: "attacked",
      caption: index === 0 ? "no attack yet" : `attacked, ${size}`,
      described: `after an attack of ${size}`,
      drawings: rung.drawings,
      ...(kind === "pictures" ? {} : { behind: untouched.drawings }),
    },
    {
      name: "hardened",
      caption: index === 0 ? "hardened" : `hardened, ${size}`,
      described: `hardened, after an attack of ${size}`,
      drawings: rung.hardened.drawings,
      ...(kind === "pictures" ? {} : { behind: untouched.hardened.drawings }),
    },
  ];
  drawFeatures(part("ladder"), sides, fit.tops);
  part("ladder-note").textContent = [
    kind === "pictures" ? "" : "Dotted: the same without an attack.",
    drawnNote(fit.rank),
  ]
    .filter(Boolean)
    .join(" ");

  const line = (name: string, value: (rung: Rung) => number, dots = true) => ({
    name,
    dots,
    points: rungs.map((each, i) => [i, value(each)] as const),
  });
  drawChart(part("error-chart"), {
    series: [
      line("refit", () => refit, false),
      line("noise", ({ noise }) => noise),
      line("hardened", ({ hardened }) => hardened.featureError),
      line("attacked", ({ featureError }) => featureError),
    ],
    places: rungs.map(({ epsilon }) => percent(epsilon)),
    xLabel: "size of the change",
    yLabel: "feature error",
    cursor: index,
    summary: `Feature error by size of the change: ${rungs
      .map(
        (each) =>
          `${percent(each.epsilon)}: ${figure(each.featureError)}, hardened ${figure(each.hardened.featureError)}`,
      )
      .join("; ")}. All figures, λ = ${lambda}, are in the table.`,
  });
  part("added-top").textContent = index === 0 ? "" : `full colour at ±${short(rung.added.top)}`;
  const canvas = part<HTMLCanvasElement>("added");
  paint(canvas, rung.added, SIGNED);
  canvas.setAttribute(
    "aria-label",
    index === 0
      ? "Nothing is added to the matrix"
      : `What an attack of ${size} adds to the matrix, and takes away`,
  );
  for (const [i, line] of [...part("rungs").children].entries()) {
    if (i === index) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
  }
  const download = part<HTMLButtonElement>("perturbed");
  download.disabled = index === 0;
  download.textContent =
    index === 0 ? "Download the changed matrix" : `Download the matrix changed by ${size}`;
}

/** What the rung means, in sentences. */
function verdict({ rungs, refit, lambda, carried }: Attacked, index: number): string {
  const { epsilon, featureError, hardened, noise } = rungs[index] as Rung;
  if (index === 0) {
    return `No change: the features as they are. Another start of the same data moves them by ${figure(refit)}. Move the slider to attack.`;
  }
  const moved = `A change of ${percent(epsilon)} moves the features by ${figure(featureError)}; a random change of that size by ${figure(noise)}.`;
  const chance =
    featureError < 2 * noise
      ? " That is little more than chance."
      : refit > 0.5 * featureError
        ? ` But another start of the same data moves them by ${figure(refit)} already: these features are not determined by the data alone.`
        : "";
  const ratio = hardened.featureError / featureError;
  const how = `(λ = ${short(lambda)}), ${carried ? "given the same change" : "attacked themselves"},`;
  const hold = ratio < 0.8 ? "hold better" : ratio <= 1.25 ? "move as much" : "move even more";
  const held = ` Hardened ones ${how} ${hold}: ${figure(hardened.featureError)}.`;
  return moved + chance + held;
}
