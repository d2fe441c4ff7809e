// Section 1: a matrix from files, by choosing or dropping, or one of the built-in sets.

import type { DatasetName } from "advnmf";
import type { Opened, Outcome, Reading, Source } from "../protocol.js";
import { HEAT, paint } from "./canvas.js";
import { announce, fieldError, fillFacts, html, part, show } from "./dom.js";
import { picture } from "./features.js";
import { count, short } from "./numbers.js";

/** What the panel does with what was chosen. */
export type Open = (reading: Reading) => Promise<Outcome<Opened> | undefined>;

/** Wires the section up; `opened` hears of every matrix, and of undefined when there is none. */
export function dataPanel(open: Open, opened: (matrix: Opened | undefined) => void): void {
  const files = part<HTMLInputElement>("files");
  const transpose = part<HTMLInputElement>("transpose");
  const variable = part<HTMLSelectElement>("variable");
  let source: Source | undefined;

  const read = async (chosenVariable?: string) => {
    if (!source) return;
    fieldError("files", undefined);
    show("variable-field", false);
    const name = source.kind === "example" ? source.name : (source.files[0]?.name ?? "");
    announce(`Reading ${name}`);
    document.body.setAttribute("aria-busy", "true");
    const turned = transpose.checked && source.kind === "files";
    const outcome = await open({ source, variable: chosenVariable, transpose: turned });
    if (!outcome) return;
    document.body.removeAttribute("aria-busy");
    if (!outcome.ok) {
      fieldError("files", outcome.message);
      if (outcome.variables) {
        variable.replaceChildren(...outcome.variables.map((choice) => new Option(choice, choice)));
        show("variable-field", true);
      }
      show("opened", false);
      opened(undefined);
      return;
    }
    tell(outcome.value);
    opened(outcome.value);
  };

  const take = (list: Iterable<File>) => {
    const chosen = [...list];
    if (chosen.length === 0) return;
    source = { kind: "files", files: chosen };
    void read();
  };

  files.addEventListener("change", () => {
    take(files.files ?? []);
    // So that the same file can be chosen again when it was mended.
    files.value = "";
  });
  transpose.addEventListener("change", () => {
    if (source?.kind === "files") void read();
  });
  part("variable-open").addEventListener("click", () => void read(variable.value));
  for (const button of document.querySelectorAll<HTMLElement>("[data-example]")) {
    button.addEventListener("click", () => {
      source = { kind: "example", name: button.dataset.example as DatasetName };
      void read();
    });
  }
  dropAnywhere(take);
}

function dropAnywhere(take: (files: Iterable<File>) => void): void {
  const root = document.documentElement;
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    root.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) root.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    root.classList.remove("dropping");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    // A drop on the field of a mask is for that field.
    if ((event.target as Element | null)?.closest?.("#mask-file-field")) return;
    take(event.dataTransfer?.files ?? []);
  });
}

function tell(matrix: Opened): void {
  const { name, rows, cols, least, most, mean, missing, zeros, dtype, map, samples } = matrix;
  part("opened-name").textContent = name;
  const entries = rows * cols;
  fillFacts(part("facts"), [
    ["Size", `${rows.toLocaleString("en-GB")} × ${cols.toLocaleString("en-GB")} (${dtype})`],
    ["Entries", `${short(least)} … ${short(most)}, mean ${short(mean)}`],
    ["Zeros", share(zeros, entries)],
    ...(missing > 0 ? [["Missing", share(missing, entries)] as const] : []),
  ]);
  const shown = [named("Rows", matrix.rowNames, rows), named("Columns", matrix.colNames, cols)];
  part("names").replaceChildren(
    ...shown.filter((line) => line !== undefined).flatMap((line) => [line, html("br", "")]),
  );
  part("samples").replaceChildren(
    ...(samples?.features.map((_, i) => picture(samples, i, `Column ${i + 1} of the data, as a picture`)) ??
      []),
  );
  const canvas = part<HTMLCanvasElement>("map");
  paint(canvas, map, HEAT);
  canvas.setAttribute(
    "aria-label",
    `Heat map of ${name}: ${rows} rows, ${cols} columns, entries from ${short(least)} to ${short(most)}, mean ${short(mean)}`,
  );
  paint(
    part("map-key"),
    { width: 255, height: 1, values: Uint8Array.from({ length: 255 }, (_, i) => i) },
    HEAT,
  );
  part("map-top").textContent = short(map.top);
  const whole = map.width === cols && map.height === rows;
  part("map-note").textContent = [whole ? "" : "means over blocks", missing > 0 ? "grey: missing" : ""]
    .filter(Boolean)
    .join("; ");
  show("opened", true);
  announce(`${name}: ${count(rows, "row")}, ${count(cols, "column")}`);
}

function share(part: number, whole: number): string {
  return `${part.toLocaleString("en-GB")} (${((100 * part) / whole).toFixed(1)}%)`;
}

function named(what: string, names: readonly string[], of: number): string | undefined {
  if (names.length === 0) return undefined;
  return `${what}: ${names.join(", ")}${of > names.length ? " …" : ""}`;
}
