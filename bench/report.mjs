// What a run leaves: the head and tables for people, on the terminal and as Markdown, and all figures as JSON.

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { root } from "../scripts/setup.mjs";
import { markdown, table } from "./table.mjs";

/** Date, machine and versions, as they are when the run begins. */
export function circumstances() {
  return {
    date: new Date().toISOString(),
    machine: {
      processor: cpus()[0]?.model.trim() ?? "unknown processor",
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: process.platform,
      arch: process.arch,
      load: loadavg()[0],
    },
    versions: { node: process.versions.node, v8: process.versions.v8 },
  };
}

/** Lines about where and with what; peers and notes are complete at the end of a run only. */
export function head({ date, quick, machine, versions, missing, notes }) {
  const peers = Object.entries(versions.peers).map(([name, version]) => `peer ${name}: ${version}`);
  return [
    `advnmf bench, ${date}${quick ? " (quick: not figures to keep)" : ""}`,
    `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}`,
    `Node ${versions.node}, V8 ${versions.v8}; load when it began ${machine.load.toFixed(2)}`,
    ...peers,
    ...missing.map((why) => `peer not found, not compared: ${why}`),
    ...notes.map((note) => `note: ${note}`),
  ];
}

/** All of it as text. */
export function text(report) {
  const parts = tablesOf(report).map(({ title, columns, rows }) => `${title}\n\n${table(columns, rows)}`);
  return [head(report).join("\n"), ...parts].join("\n\n");
}

function asMarkdown(report, legend) {
  const lines = head(report).map((line) => `- ${line}`);
  const parts = tablesOf(report).map(
    ({ title, columns, rows }) => `## ${title}\n\n${markdown(columns, rows)}\n`,
  );
  const words = legend.trim().split("\n").join("\n    ");
  return [`# ${lines.shift().slice(2)}`, `${lines.join("\n")}\n`, `    ${words}\n`, ...parts].join("\n");
}

const tablesOf = (report) =>
  Object.values(report.parts)
    .flatMap(({ tables }) => tables)
    .filter(({ rows }) => rows.length > 0);

/** The figures alone: tables are made of them. */
export function json(report) {
  const parts = Object.entries(report.parts).map(([name, { tables: _, ...figures }]) => [name, figures]);
  return `${JSON.stringify({ ...report, parts: Object.fromEntries(parts) }, null, 1)}\n`;
}

/** Writes bench/results/<date>-<processor>.json and .md, and returns their names without the ending. */
export function save(report, legend) {
  const processor = report.machine.processor
    .toLowerCase()
    .replaceAll(/\((r|tm)\)|processor|cpu/g, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  const folder = join(root, "bench/results");
  mkdirSync(folder, { recursive: true });
  const name = `${report.date.slice(0, 10)}-${processor}`;
  writeFileSync(join(folder, `${name}.json`), json(report));
  writeFileSync(join(folder, `${name}.md`), asMarkdown(report, legend));
  return `bench/results/${name}`;
}
