// node bench/readme.mjs bench/results/NAME.json: puts that run's figures into the README, between the two marks.
// Nothing is chosen or rounded by hand, so what the README says of speed is what was saved.

import { readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { root } from "../scripts/setup.mjs";
import { DTYPES, SIZES } from "./data.mjs";
import { digits, markdown, percent } from "./table.mjs";

const BEGIN = "<!-- bench/readme.mjs: begin -->";
const END = "<!-- bench/readme.mjs: end -->";

const SOLVERS = {
  "nmf mu frobenius": "Frobenius `mu`",
  "nmf mu kl": "Kullback–Leibler `mu`",
  "nmf hals": "`hals`",
};

const PEERS = {
  sklearn: "scikit-learn",
  "numpy-mu": "NumPy",
  "tfjs-wasm": "TensorFlow.js",
  "jax-js": "jax-js",
  "ml-matrix": "ml-matrix",
};

const TARGETS = {
  "to objective frobenius": "200 of `cd`",
  "to objective kl": "200 of Kullback–Leibler `mu`",
};

const sizeTitles = SIZES.map(({ m, n, k }) => `${m}×${n}, k=${k}`);
const sameSize = (a, b) => a.m === b.m && a.n === b.n && a.k === b.k;

/** One row: what stands before the sizes, and a cell for each of them. */
const acrossSizes = (lines, before, cell) => [
  ...before,
  ...SIZES.map((size) => {
    const line = lines.find((found) => sameSize(found.size, size));
    return (line && cell(line)) ?? "–";
  }),
];

function kernelTable({ lines }) {
  const rows = ["product WᵀV", "product HVᵀ"].flatMap((name) =>
    DTYPES.map((dtype) => {
      const here = lines.filter((line) => line.name === name && line.dtype === dtype);
      return acrossSizes(here, [name.replace("product ", ""), dtype], ({ peak }) => percent(peak));
    }),
  );
  return section("Share of the peak", ["<kernel", "<type", ...sizeTitles], rows);
}

function solverTable({ lines }) {
  const rows = Object.entries(SOLVERS).flatMap(([name, title]) =>
    DTYPES.flatMap((dtype) => {
      const here = lines.filter((line) => line.name === name && line.dtype === dtype);
      const ours = acrossSizes(here, [title, dtype, "ours, ms"], ({ time }) => digits(time.median));
      const rivals = Object.entries(PEERS)
        .filter(([peer]) => here.some(({ peers }) => peers.some((rival) => rival.name === peer)))
        .map(([peer, label]) =>
          acrossSizes(here, [title, dtype, `${label}, times ours`], ({ peers }) =>
            digits(peers.find((rival) => rival.name === peer)?.ratio ?? Number.NaN),
          ),
        );
      return here.length > 0 ? [ours, ...rivals] : [];
    }),
  );
  return section(
    "An iteration, one thread each (above 1: ours is faster)",
    ["<solver", "<type", "<who", ...sizeTitles],
    rows,
  );
}

function objectiveTable({ lines }) {
  const threads = [...new Set(lines.map((line) => line.threads))];
  const rows = Object.entries(TARGETS).flatMap(([name, title]) =>
    DTYPES.flatMap((dtype) =>
      threads.flatMap((count) => {
        const here = lines.filter(
          (line) => line.name === name && line.dtype === dtype && line.threads === count,
        );
        const before = [title, dtype, String(count)];
        const ours = acrossSizes(here, [...before, "ours, ms"], ({ auto }) => auto && digits(auto.median));
        const theirs = acrossSizes(here, [...before, "scikit-learn, times ours"], ({ peers }) =>
          digits(peers?.find((rival) => rival.name === "sklearn")?.ratio ?? Number.NaN),
        );
        return here.length > 0 ? [ours, theirs] : [];
      }),
    ),
  );
  return section(
    "The default solver to the objective of scikit-learn's iterations, whole calls",
    ["<objective", "<type", "threads", "<who", ...sizeTitles],
    rows,
  );
}

function threadTable({ lines }) {
  const rows = Object.entries(SOLVERS).flatMap(([name, title]) =>
    DTYPES.flatMap((dtype) => {
      const here = lines.filter((line) => line.name === name && line.dtype === dtype);
      if (here.length === 0) return [];
      return [acrossSizes(here, [title, dtype], ({ teams }) => digits(teams.at(-1).speedup))];
    }),
  );
  const count = lines[0]?.teams.at(-1).threads;
  return section(
    `${count} threads: times as fast as one, an iteration`,
    ["<solver", "<type", ...sizeTitles],
    rows,
  );
}

function scalingTable({ lines, growth }) {
  const kinds = DTYPES.flatMap((dtype) =>
    [...new Set(lines.map(({ solver }) => solver))].map((solver) => ({ solver, dtype })),
  );
  const of = (list, kind) => list.find((line) => line.solver === kind.solver && line.dtype === kind.dtype);
  const entries = lines.filter(({ sweep }) => sweep === "entries");
  const sizes = [...new Set(entries.map(({ size: { m, n } }) => m * n))];
  const rows = sizes.map((count) => {
    const here = entries.filter(({ size: { m, n } }) => m * n === count);
    const cells = kinds.map((kind) => {
      const line = of(here, kind);
      return line ? `${digits(line.nsPerEntry)} (${digits(line.time.median)})` : "–";
    });
    return [`10${"⁰¹²³⁴⁵⁶⁷⁸⁹"[Math.round(Math.log10(count))]} entries`, ...cells];
  });
  const exponents = ["entries", "m", "n", "k"].map((sweep) => {
    const here = growth.filter((line) => line.sweep === sweep);
    return [`grows with ${sweep} to the`, ...kinds.map((kind) => of(here, kind)?.exponent.toFixed(2) ?? "–")];
  });
  return section(
    "Nanoseconds an entry of V and iteration (milliseconds an iteration), k=10, one thread, and how the cost grows",
    ["<", ...kinds.map(({ solver, dtype }) => `${solver} ${dtype}`)],
    [...rows, ...exponents],
  );
}

function startupTable({ lines }) {
  const rows = lines.map(({ name, total, import: imported, compile, first }) => [
    name,
    ...[total.median, total.min, imported.median, compile?.median, first.median].map((ms) =>
      digits(ms ?? Number.NaN),
    ),
  ]);
  return section(
    "From before the import to the first result in Node, 100×50, k=5: milliseconds",
    ["<way", "median", "least", "import", "compilation alone", "first call"],
    rows,
  );
}

const section = (title, columns, rows) =>
  rows.length > 0 ? [`${title}:\n\n${markdown(columns, rows)}`] : [];

const TABLES = {
  kernels: kernelTable,
  solvers: solverTable,
  objective: objectiveTable,
  threads: threadTable,
  scaling: scalingTable,
  startup: startupTable,
};

function source({ date, machine, versions, missing, notes }, file) {
  const peers = [...new Set(Object.values(versions.peers))].join("; ");
  const path = relative(root, file).replace(/\.json$/, ".md");
  return [
    `One run of ${date.slice(0, 10)}: ${machine.processor}, ${machine.cores} cores, Node ${versions.node}.`,
    `Peers: ${peers}.`,
    ...missing.map((why) => `Not compared: ${why}.`),
    ...notes.map((note) => `Note: ${note}.`),
    `[All of it](${path}), with spreads.`,
  ].join("\n");
}

const file = resolve(process.argv[2] ?? "");
const report = JSON.parse(readFileSync(file, "utf8"));
if (report.quick) throw new Error(`${basename(file)} is of a quick run: not figures to keep`);
const tables = Object.entries(TABLES).flatMap(([part, make]) =>
  report.parts[part] ? make(report.parts[part]) : [],
);
const readme = join(root, "README.md");
const [before, rest] = readFileSync(readme, "utf8").split(BEGIN);
const after = rest.split(END)[1];
const body = [source(report, file), ...tables].join("\n\n");
writeFileSync(readme, `${before}${BEGIN}\n${body}\n${END}${after}`);
