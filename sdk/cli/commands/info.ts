import { Command } from "commander";
import { datasets, info } from "../../index.js";
import { formats } from "../../io/index.js";
import { printJson, printLine, printTable, readableBytes } from "../print.js";

const EXAMPLES = `Examples:
  advnmf info
  advnmf info --json
`;

/** `advnmf info`: what this runtime gives, which files can be read, which data sets are built in. */
export function infoCommand(): Command {
  return new Command("info")
    .description("tell the runtime, SIMD, threads, memory, versions, formats and data sets")
    .addHelpText("before", EXAMPLES)
    .option("--json", "print one JSON object")
    .action(showInfo);
}

async function showInfo({ json }: { json?: true }): Promise<void> {
  const facts = await info();
  if (json) {
    printJson({ ...facts, formats, datasets: listDatasets() });
    return;
  }
  printTable([
    ["advnmf", facts.version],
    ["runtime", facts.runtime],
    ["SIMD", facts.simd ? "yes, 128 bits" : "no"],
    [
      "threads",
      facts.threadsReason
        ? `1: ${facts.threadsReason}`
        : `up to ${facts.threads}${facts.processors ? ` (the machine has ${facts.processors} processors)` : ""}`,
    ],
    ["memory", `up to ${readableBytes(facts.memoryLimit)}`],
  ]);
  printLine("\nFormats:");
  printTable(
    formats.map(({ name, title, extensions, read, write }) => [
      `  ${name}`,
      `${[read && "read", write && "write"].filter(Boolean).join(", ").padEnd(11)}  ${title}${extensions.length > 0 ? ` (${extensions.join(" ")})` : ""}`,
    ]),
  );
  printLine("\nData sets:");
  printTable(
    listDatasets().map(({ name, rows, cols, rank, description }) => [
      `  ${name}`,
      `${rows}×${cols}, rank ${rank}: ${description}`,
    ]),
  );
}

function listDatasets() {
  return Object.entries(datasets.facts).map(([name, { rows, cols, rank, description }]) => ({
    name,
    rows,
    cols,
    rank,
    description,
  }));
}
