// From nothing to a first result: startup-child.mjs in a fresh Node each time, a 100×50 problem of rank 5 with
// default options. Node's own start is not in it.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { interleave, summary } from "../stats.mjs";
import { digits, percent } from "../table.mjs";

const child = fileURLToPath(new URL("startup-child.mjs", import.meta.url));

const WAYS = [
  { name: "advnmf", what: "nmf()" },
  { name: "advnmf/sync", what: "nmfSync()" },
  { name: "in steps", what: "advnmf, its module compiled by createEngine()" },
];

const STEPS = ["import", "compile", "first", "total", "again"];

export async function measure({ wanted, effort, progress }) {
  const lines = [];
  if (wanted("startup", { m: 100, n: 50, k: 5 }, "f64")) {
    progress("startup");
    const contenders = WAYS.map(({ name }) => ({
      sample: () => JSON.parse(execFileSync(process.execPath, [child, name], { encoding: "utf8" })),
    }));
    const samples = await interleave(contenders, effort.starts);
    for (const [i, { name, what }] of WAYS.entries()) {
      const times = STEPS.filter((step) => step in samples[i][0]).map((step) => [
        step,
        summary(samples[i].map((sample) => sample[step])),
      ]);
      lines.push({ name, what, ...Object.fromEntries(times) });
    }
  }
  return { lines, tables: lines.length > 0 ? [table(lines)] : [] };
}

function table(lines) {
  const cell = (time) => (time ? digits(time.median) : "");
  return {
    title: "Startup: milliseconds from before the import to the first result, 100×50 k=5 f64",
    columns: ["<way", "<call", "total", "min", "±", "import", "compile", "first call", "the same call again"],
    rows: lines.map((line) => [
      line.name,
      line.what,
      digits(line.total.median),
      digits(line.total.min),
      percent(line.total.spread),
      cell(line.import),
      cell(line.compile),
      cell(line.first),
      cell(line.again),
    ]),
  };
}
