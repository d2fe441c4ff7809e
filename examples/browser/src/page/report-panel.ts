// Section 4: an audit in the worker, and its report as a file.

import type { AuditProgress } from "advnmf";
import type { Download, Outcome } from "../protocol.js";
import { announce, fieldError, part, show } from "./dom.js";

export interface ReportWork {
  report(tell: (progress: AuditProgress) => void): Promise<Outcome<Download> | undefined>;
  cancel(): Promise<void>;
  save(made: Outcome<Download>): void;
}

const PHASES: Readonly<Record<AuditProgress["phase"], string>> = {
  factorizing: "Factorizing in three ways",
  differentiating: "Looking for the entries that matter most",
  attacking: "Attacking",
  judging: "Judging each attack, beside chance and other starts",
};

export interface ReportPanel {
  /** Whether there is a factorization to report on; what is under way is of no use any more. */
  use(fitted: boolean): void;
}

export function reportPanel(work: ReportWork): ReportPanel {
  let runs = 0;

  const busy = (working: boolean) => {
    show("report-progress", working);
    show("report-cancel", working);
  };
  part("report-run").addEventListener("click", async () => {
    const number = ++runs;
    fieldError("report", undefined);
    busy(true);
    announce("Auditing");
    part("report-bar").removeAttribute("value");
    const made = await work.report(({ phase, done, total }) => {
      if (number !== runs) return;
      part("report-label").textContent = PHASES[phase];
      part<HTMLProgressElement>("report-bar").value = done / total;
    });
    if (number !== runs) return;
    busy(false);
    if (!made) return;
    if (!made.ok && made.code === "ABORTED") fieldError("report", "Cancelled.");
    else work.save(made);
  });
  part("report-cancel").addEventListener("click", () => void work.cancel());

  return {
    use(fitted) {
      runs++;
      show("report", fitted);
      busy(false);
      fieldError("report", undefined);
    },
  };
}
