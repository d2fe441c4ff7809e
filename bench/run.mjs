// npm run bench: how fast the kernels and the solvers are, against the machine's own ceiling and
// against other software. HELP has the options; what is counted stands at the top of each part's and case's
// file.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DTYPES, problem, SIZES, sizeName } from "./data.mjs";
import { loadSdk } from "./ours.mjs";
import * as cost from "./parts/cost.mjs";
import * as curves from "./parts/curves.mjs";
import * as hardening from "./parts/hardening.mjs";
import * as kernels from "./parts/kernels.mjs";
import * as lafa from "./parts/lafa.mjs";
import * as objective from "./parts/objective.mjs";
import * as scaling from "./parts/scaling.mjs";
import * as solvers from "./parts/solvers.mjs";
import * as startup from "./parts/startup.mjs";
import * as threads from "./parts/threads.mjs";
import { findPeers, installPeers, PEERS, THREADED_PEERS } from "./peers/peer.mjs";
import { circumstances, json, save, text } from "./report.mjs";
import { loadKernels } from "./workspace.mjs";

const PARTS = { kernels, solvers, objective, hardening, lafa, threads, startup, scaling, curves, cost };

/** A load average above which this run was not alone when it began. */
const QUIET = 0.5;

const LEGEND = `
ms        median time of one iteration (one repetition of a kernel); min: the fastest
          (for solvers the fastest long run less the fastest short one)
±         interquartile range of the repetitions
peak      useful flops against the best multiply+add loop, timed in turn with the kernels of that size and type
bound     the roofline where a kernel divides: the time of its flops or of its divisions at their ceilings,
          whichever is longer (they can run side by side), against the time taken
ratio     the peer's time / ours: above 1, ours is faster
`;

const HELP = `npm run bench -- [options]

  --part NAMES   only these, with commas: ${Object.keys(PARTS).join(", ")}
  --only TEXT    only lines whose name, size and type contain TEXT ("product", "472×361", "kl f32": every word)
  --threads LIST numbers of threads to compare, default 1,2
  --quick        few and short repetitions: a glance, not a figure to keep
  --no-peers     without other software
  --json FILE    all figures as JSON
  --save         the same, and the tables, into bench/results/<date>-<processor>.json and .md
${LEGEND}`;

const { values: options } = parseArgs({
  options: {
    part: { type: "string", default: Object.keys(PARTS).join(",") },
    only: { type: "string", default: "" },
    threads: { type: "string", default: "1,2" },
    quick: { type: "boolean", default: false },
    "no-peers": { type: "boolean", default: false },
    json: { type: "string" },
    save: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const chosenParts = options.part.split(",");
const unknown = chosenParts.find((name) => !(name in PARTS));
if (unknown !== undefined) refuse(`no part ${unknown}: there are ${Object.keys(PARTS).join(", ")}`);
const threadCounts = options.threads.split(",").map(Number);
if (!threadCounts.every((count) => Number.isInteger(count) && count > 0)) {
  refuse(`--threads ${options.threads}: whole numbers above 0 with commas are expected`);
}

function refuse(why) {
  console.error(why);
  process.exit(2);
}

const effort = options.quick
  ? { rounds: 5, sampleMs: 2, solverRounds: 3, solverMs: 20, starts: 3, curveRounds: 1 }
  : { rounds: 15, sampleMs: 8, solverRounds: 9, solverMs: 80, starts: 21, curveRounds: 3 };

const report = { ...circumstances(), quick: options.quick, missing: [], notes: [], parts: {} };
report.versions.peers = {};
const notes = new Set();
if (report.machine.load > QUIET) notes.add("other work ran on this machine: the figures are disturbed");
const words = options.only.replaceAll("x", "×").split(/\s+/).filter(Boolean);
const started = [];
const found = new Map();
let kernelModule;

/** What a part is given. */
const bench = {
  effort,
  threads: threadCounts,
  sdk: await loadSdk(report.notes),
  note: (line) => notes.add(line),
  progress: (line) => process.stderr.write(`${line} …\n`),
  wanted,
  /** Problems of each size and type, with the cases that --only leaves; a part's name may go before theirs. */
  *combinations(cases, part = "") {
    for (const dtype of DTYPES) {
      for (const size of SIZES) {
        const chosen = cases.filter(
          ({ name, applies = () => true }) => applies(size) && wanted(`${part} ${name}`, size, dtype),
        );
        if (chosen.length === 0) continue;
        bench.progress(`${sizeName(size)} ${dtype}`);
        yield { data: problem(size, dtype), chosen };
      }
    }
  },
  /** The bench's own module, compiled when it is first needed. */
  kernels() {
    kernelModule ??= loadKernels();
    return kernelModule;
  },
  /** The peers that work on so many threads, started when they are first needed. */
  async peers(count = 1) {
    const key = `${count} threads`;
    if (!found.has(key)) found.set(key, await startPeers(count > 1 ? THREADED_PEERS : PEERS, count));
    return found.get(key);
  },
  /** Peers of one part only. */
  ownPeers: (makers) => startPeers(makers, 1),
};

function wanted(name, size, dtype) {
  const line = `${name} ${sizeName(size)} ${dtype}`;
  // "max" keeps its x: a word counts as given or with × for x.
  return words.every((word) => line.includes(word) || line.includes(word.replaceAll("×", "x")));
}

/** The report so far, with the notes. */
function complete() {
  return { ...report, notes: [...report.notes, ...notes] };
}

async function startPeers(makers, count) {
  if (options["no-peers"]) return [];
  await installPeers();
  const { peers, missing } = await findPeers(makers, count);
  started.push(...peers);
  for (const { name, versions } of peers) report.versions.peers[name] = versions;
  report.missing.push(...missing.filter((why) => !report.missing.includes(why)));
  return peers;
}

try {
  for (const [name, part] of Object.entries(PARTS)) {
    if (!chosenParts.includes(name)) continue;
    bench.progress(name);
    // What other parts have found is kept.
    report.parts[name] = await part.measure(bench).catch((error) => {
      notes.add(`part ${name} failed: ${error.message}`);
      return { lines: [], tables: [] };
    });
    if (options.save) save(complete(), LEGEND);
  }
} finally {
  for (const peer of started) peer.close();
}

console.log(text(complete()));
if (options.json) writeFileSync(options.json, json(complete()));
if (options.save) console.log(`\nsaved: ${save(complete(), LEGEND)}.json and .md`);
