// The studio's page: three sections, one worker.

import type { Download, Fitted, Outcome, Wanted } from "../protocol.js";
import { attackPanel } from "./attack-panel.js";
import { Studio } from "./client.js";
import { dataPanel } from "./data-panel.js";
import { announce, fieldError, html, part } from "./dom.js";
import { fitPanel } from "./fit-panel.js";
import { count } from "./numbers.js";
import { goOffline } from "./offline.js";
import { reportPanel } from "./report-panel.js";

const studio = new Studio();
let touched = false;

const attack = attackPanel({
  attack: (settings, tell) => studio.attack(settings, fit.view, tell),
  cancel: () => studio.cancel(),
  get seed() {
    return fit.seed;
  },
});

const fit = fitPanel({
  factorize: (settings, view, tell) => studio.factorize(settings, view, tell),
  cancel: () => studio.cancel(),
  async redraw(view) {
    const drawn = await studio.recall((api) => api.redraw(view));
    if (!drawn.ok) return drawn;
    attack.redraw(drawn.value.attacked);
    return { ok: true, value: drawn.value.fit };
  },
  begun: () => use(undefined),
  fitted: (result) => use(result),
});

const report = reportPanel({
  report: (tell) => studio.report(fit.view, tell),
  cancel: () => studio.cancel(),
  save: (made) => save(made, "report"),
});

/** What can be done with a factorization, if there is one. */
function use(result: Fitted | undefined): void {
  attack.use(result);
  report.use(result !== undefined);
}

dataPanel(
  (reading) => {
    touched = true;
    return studio.open(reading);
  },
  (matrix) => {
    use(undefined);
    fit.use(matrix);
    part(matrix ? "opened" : "data").scrollIntoView({ block: "nearest" });
  },
);

for (const button of document.querySelectorAll<HTMLElement>("[data-file]")) {
  button.addEventListener("click", async () => {
    const kind = button.dataset.file as Wanted["kind"];
    const wanted: Wanted = kind === "perturbed" ? { kind, rung: attack.rung } : { kind };
    save(await studio.recall((api) => api.file(wanted)), kind === "perturbed" ? "attack" : "form");
  });
}

function save(made: Outcome<Download>, errors: "attack" | "form" | "report"): void {
  fieldError(errors, made.ok ? undefined : made.message);
  if (!made.ok) return;
  const { name, type, bytes } = made.value;
  const link = html("a", "");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  announce(`${name} saved`);
}

const environment = await studio.ask((api) => api.environment());
part("environment").textContent = environment.ok
  ? `Everything is computed on this machine (${count(environment.value.threads, "thread")}). Nothing is uploaded. Version ${environment.value.version}.`
  : environment.message;
await goOffline(() => !touched);
