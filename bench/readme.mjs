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

/** The two that are told by name; of those that run in JavaScript the fastest is. */
const NAMED = { sklearn: "scikit-learn", "numpy-mu": "NumPy" };
const JAVASCRIPT = { "tfjs-wasm": "TensorFlow.js", "jax-js": "jax-js", "ml-matrix": "ml-matrix" };

const TARGETS = {
  "to objective frobenius cd": "200 of `cd`",
  "to objective frobenius mu": "200 of Frobenius `mu`",
  "to objective kl mu": "200 of Kullback–Leibler `mu`",
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

const ofType = (lines, name, dtype) => lines.filter((line) => line.name === name && line.dtype === dtype);

function kernelTable({ lines }) {
  const shown = [
    ["product WᵀV", "WᵀV, of the peak", "peak"],
    ["product HVᵀ", "HVᵀ, of the peak", "peak"],
    ["half-step mu-kl H", "Kullback–Leibler half-step, of its bound", "bound"],
  ];
  const rows = shown.flatMap(([name, title, share]) =>
    DTYPES.map((dtype) =>
      acrossSizes(ofType(lines, name, dtype), [title, dtype], (line) => percent(line[share])),
    ),
  );
  return section("Kernels", ["<kernel", "<type", ...sizeTitles], rows);
}

/** How many times the peer's time is ours, and for JavaScript whose that is. */
const ratioOf = ({ peers = [] }, name) =>
  digits(peers.find((rival) => rival.name === name)?.ratio ?? Number.NaN);

function fastestJavaScript({ peers = [] }) {
  const timed = peers.filter(({ name, ratio }) => name in JAVASCRIPT && ratio !== undefined);
  const [first] = timed.sort((x, y) => x.ratio - y.ratio);
  return first ? `${digits(first.ratio)} (${JAVASCRIPT[first.name]})` : "–";
}

/** Our times, and the ratios of those that were there, one row each. */
function besideOthers(here, before, time) {
  if (here.length === 0) return [];
  const has = (name) => here.some(({ peers = [] }) => peers.some((rival) => rival.name === name));
  return [
    acrossSizes(here, [...before, "ours, ms"], (line) => time(line) && digits(time(line).median)),
    ...Object.entries(NAMED)
      .filter(([name]) => has(name))
      .map(([name, label]) =>
        acrossSizes(here, [...before, `${label}, times ours`], (line) => ratioOf(line, name)),
      ),
    ...(Object.keys(JAVASCRIPT).some(has)
      ? [acrossSizes(here, [...before, "fastest in JavaScript, times ours"], fastestJavaScript)]
      : []),
  ];
}

function solverTable({ lines }) {
  const rows = Object.entries(SOLVERS).flatMap(([name, title]) =>
    DTYPES.flatMap((dtype) => besideOthers(ofType(lines, name, dtype), [title, dtype], ({ time }) => time)),
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
        const here = ofType(lines, name, dtype).filter((line) => line.threads === count);
        return besideOthers(here, [title, dtype, String(count)], ({ auto }) => auto);
      }),
    ),
  );
  return section(
    "The default solver to the objective of that many iterations of the others, whole calls",
    ["<objective", "<type", "threads", "<who", ...sizeTitles],
    rows,
  );
}

function hardeningTable({ lines }) {
  const rows = lines.flatMap(({ name, like, dtype, time, peers }) =>
    peers
      .filter((rival) => rival.time)
      .map((rival) => [
        name.slice("at-nmf ".length),
        like,
        dtype,
        digits(time.median),
        `${digits(rival.ratio)} (${digits(rival.time.median)})`,
      ]),
  );
  return section(
    "AT-NMF, an inner iteration with its stopping rule, one thread, beside a NumPy port of its authors' loop",
    ["<missing entries", "<data as", "type", "ours, ms", "times ours (ms)"],
    rows,
  );
}

function threadTable({ lines }) {
  const team = (line) => line.teams.find(({ threads }) => threads === 2);
  const rows = Object.entries(SOLVERS).flatMap(([name, title]) =>
    DTYPES.flatMap((dtype) => {
      const here = ofType(lines, name, dtype).filter(team);
      if (here.length === 0) return [];
      return [acrossSizes(here, [title, dtype], (line) => `${digits(team(line).speedup)} (${line.chosen})`)];
    }),
  );
  return section(
    "Two threads: times as fast as one, an iteration (and how many are chosen unasked for 200 iterations)",
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
  hardening: hardeningTable,
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
