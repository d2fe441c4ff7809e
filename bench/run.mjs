// npm run bench: how fast the kernels and the solvers are, against the machine's own ceiling and
// against other software. HELP has the options; what is counted stands at the top of each case's file.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CURVES, curveRows, measureCurve } from "./cases/curves.mjs";
import { cases as gram } from "./cases/gram.mjs";
import { cases as halfSteps } from "./cases/half-steps.mjs";
import { cases as losses } from "./cases/losses.mjs";
import { ceilings } from "./cases/peak.mjs";
import { cases as products } from "./cases/products.mjs";
import { cases as solvers } from "./cases/solvers.mjs";
import { iterationsNeeded, REFERENCE_ITERATIONS } from "./cases/to-objective.mjs";
import { DTYPES, objective, problem, SIZES } from "./data.mjs";
import { findPeers } from "./peers/peer.mjs";
import { calibrate, differenceSummary, interleave, summary } from "./stats.mjs";
import { digits, percent, table } from "./table.mjs";
import { loadKernels, prepareTask } from "./workspace.mjs";

const HELP = `npm run bench -- [options]

  --quick        few and short repetitions: a glance, not a figure to keep
  --only TEXT    only lines whose name, size and type contain TEXT ("product", "472×361", "kl f32": every word)
  --no-peers     without other software
  --json FILE    all figures as JSON
  --save         the same into bench/results/<date>-<processor>.json

ms        median time of one iteration (one repetition of a kernel); min: the fastest
          (for solvers the fastest long run less the fastest short one)
±         interquartile range of the repetitions
peak      useful flops against the best multiply+add loop, timed in turn with the kernels of that size and type
bound     the roofline where a kernel divides: the time of its flops or of its divisions at their ceilings,
          whichever is longer (they can run side by side), against the time taken
ratio     the peer's time / ours: above 1, ours is faster
curve     --only curve: time to an objective, solver by solver (some ten minutes; --quick: seconds to a few minutes)
`;

const KERNELS = [...products, ...gram, ...halfSteps, ...losses];

/** Both sides run that many iterations before their answers are compared. */
const JUDGED_ITERATIONS = 50;

/** Relative differences of the objective that count as the same answer. */
const TOLERANCE = { f32: 1e-3, f64: 1e-6 };

const root = fileURLToPath(new URL("..", import.meta.url));

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: "" },
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

const effort = options.quick
  ? { rounds: 5, sampleMs: 2, solverRounds: 3, solverMs: 20 }
  : { rounds: 15, sampleMs: 8, solverRounds: 9, solverMs: 80 };

const sizeName = ({ m, n, k }) => `${m}×${n} k=${k}`;
const words = options.only.replaceAll("x", "×").split(/\s+/).filter(Boolean);

function wanted(name, size, dtype) {
  const line = `${name} ${sizeName(size)} ${dtype}`;
  // "max" keeps its x: a word counts as given or with × for x.
  return words.every((word) => line.includes(word) || line.includes(word.replaceAll("×", "x")));
}

/** Newest change below a folder or of a file. */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** The built SDK; built first where there is none. */
async function loadSdk(notes) {
  const entry = join(root, "dist/sync.js");
  if (!existsSync(entry)) {
    execFileSync(process.execPath, [join(root, "scripts/build.mjs")], { cwd: root, stdio: "inherit" });
  }
  const built = Math.min(newest(entry), newest(join(root, "dist/advnmf.wasm")));
  if (Math.max(newest(join(root, "assembly")), newest(join(root, "sdk"))) > built) {
    notes.push("dist/ is older than its sources: the solvers below are those of the last build");
  }
  return import(new URL("../dist/sync.js", import.meta.url));
}

/** Kernels of one size and type, and the ceilings as the machine had them meanwhile. */
async function measureKernels(kernels, data, chosen) {
  const { dtype } = data;
  const mark = kernels.mark();
  const tasks = chosen.map((kernel) => prepareTask(kernels, data, kernel.options));
  const jobs = [
    ...ceilings(kernels, dtype),
    ...chosen.map((kernel, i) => ({
      name: kernel.name,
      work: kernel.work(data),
      ...kernel.prepare(tasks[i]),
    })),
  ];
  const contenders = jobs.map(({ setup = () => {}, job }) => {
    setup();
    const reps = calibrate(job, effort.sampleMs);
    return {
      sample() {
        setup();
        const before = performance.now();
        job(reps);
        return (performance.now() - before) / reps;
      },
    };
  });
  const samples = await interleave(contenders, effort.rounds);
  kernels.rewind(mark);
  const timed = jobs.map(({ name, work }, i) => ({ name, work, time: summary(samples[i]) }));
  const forms = timed.slice(0, jobs.length - chosen.length);
  const lines = timed.slice(forms.length).map((line) => ({ kind: "kernel", size: data, dtype, ...line }));
  return { lines, ceiling: ceilingFigures(forms) };
}

/** The SDK on one problem, from its start. */
function solveWith(sdk, { m, n, k, V, W0, H0 }) {
  const init = { W: { rows: m, cols: k, data: W0 }, H: { rows: k, cols: n, data: H0 } };
  return (options) => sdk.nmfSync({ rows: m, cols: n, data: V }, { rank: k, init, ...options });
}

function timed(run) {
  const before = performance.now();
  run();
  return performance.now() - before;
}

/** Time to the objective of 200 HALS iterations: the default solver, HALS itself and scikit-learn's cd. */
async function measureToObjective(sdk, data, peers) {
  const solve = solveWith(sdk, data);
  const needed = iterationsNeeded(solve);
  const line = { size: data, dtype: data.dtype, iterations: needed };
  if (needed === undefined) return line;
  const contenders = [
    () => timed(() => solve({ solver: "auto", maxIterations: needed, tolerance: 0 })),
    () => timed(() => solve({ solver: "hals", maxIterations: REFERENCE_ITERATIONS, tolerance: 0 })),
  ];
  for (const peer of peers) {
    await peer.prepare(data, { solver: "cd", loss: "frobenius" });
    contenders.push(async () => (await peer.run(REFERENCE_ITERATIONS)).ms);
  }
  const samples = await interleave(
    contenders.map((sample) => ({ sample })),
    effort.solverRounds,
  );
  const [auto, hals, ...theirs] = samples.map(summary);
  return { ...line, auto, hals, peers: peers.map(({ name }, i) => ({ name, time: theirs[i] })) };
}

/** One solver and its peers on one size and type. */
async function measureSolver(sdk, data, solver, peers) {
  const { dtype } = data;
  const solve = solveWith(sdk, data);
  const ours = (iterations) => {
    const before = performance.now();
    const result = solve({ ...solver.options, tolerance: 0, maxIterations: iterations });
    return { ms: performance.now() - before, result };
  };

  // The answers first: who solves something else is not timed.
  const { W, H } = ours(JUDGED_ITERATIONS).result;
  const mine = objective(solver.loss, data, W.data, H.data);
  const rivals = [];
  for (const peer of peers) {
    const settings = solver.peers[peer.name];
    if (!settings) continue;
    const rival = { name: peer.name, peer };
    rivals.push(rival);
    try {
      await peer.prepare(data, settings);
      const theirs = (await peer.run(JUDGED_ITERATIONS, true)).objective;
      const difference = (mine - theirs) / theirs;
      rival.objective = { ours: mine, theirs, iterations: JUDGED_ITERATIONS };
      rival.counts = Math.abs(difference) <= TOLERANCE[dtype];
      if (rival.counts) rival.verdict = "same objective";
      else rival.verdict = `differs: ours ${mine.toPrecision(8)}, theirs ${theirs.toPrecision(8)}`;
    } catch (error) {
      rival.counts = false;
      rival.verdict = `failed: ${error.message}`;
    }
  }

  const contestants = [
    { run: async (iterations) => ours(iterations).ms },
    ...rivals
      .filter((rival) => rival.counts)
      .map(({ peer }) => ({ run: async (iterations) => (await peer.run(iterations)).ms })),
  ];
  // All run the same numbers of iterations (HALS sweeps less as it goes on), whole fifties of them
  // because with tolerance 0 the SDK looks at the loss every 50.
  let slowest = 0;
  for (const { run } of contestants) {
    await run(10);
    slowest = Math.max(slowest, ((await run(30)) - (await run(10))) / 20);
  }
  const short = 50;
  const extra = 50 * Math.min(20, Math.max(1, Math.round(effort.solverMs / Math.max(slowest, 1e-3) / 50)));
  const samples = await interleave(
    contestants.map(({ run }) => ({
      async sample() {
        return { short: await run(short), long: await run(short + extra) };
      },
    })),
    effort.solverRounds,
  );
  const line = { kind: "solver", name: solver.name, size: data, dtype, work: solver.work(data) };
  line.time = differenceSummary(samples[0], extra);
  line.peers = rivals.map(({ peer: _, ...rival }) => rival);
  let next = 1;
  for (const rival of line.peers) {
    if (!rival.counts) continue;
    rival.time = differenceSummary(samples[next++], extra);
    rival.ratio = rival.time.median / line.time.median;
  }
  return line;
}

/** The best form's flops a second (by medians), and divisions a second. */
function ceilingFigures(forms) {
  const found = { gflops: 0, form: "", gdivisions: 0, forms: {} };
  for (const { name, work, time } of forms) {
    const rate = (work.flops || work.divisions) / time.median / 1e6;
    found.forms[name] = { rate, time };
    if (work.divisions) found.gdivisions = rate;
    else if (rate > found.gflops) Object.assign(found, { gflops: rate, form: name });
  }
  return found;
}

/** Rates and fractions of one line. */
function rate(line, ceiling) {
  const { flops, divisions = 0 } = line.work;
  line.gflops = flops / line.time.median / 1e6;
  line.peak = line.gflops / ceiling.gflops;
  const least = Math.max(flops / ceiling.gflops, divisions / ceiling.gdivisions) / 1e6;
  line.bound = least / line.time.median;
}

function printable(line) {
  const { time, work } = line;
  const rivals = line.peers ?? [];
  return [
    line.name,
    sizeName(line.size),
    line.dtype,
    digits(time.median),
    digits(time.min),
    percent(time.spread),
    digits(line.gflops),
    percent(line.peak),
    work.divisions ? percent(line.bound) : "",
    rivals.map((rival) => (rival.time ? digits(rival.time.median) : "–")).join(" / "),
    rivals.map((rival) => (rival.time ? digits(rival.ratio) : "–")).join(" / "),
    rivals.map((rival) => rival.verdict).join(" / "),
  ];
}

const notes = [];
const date = new Date().toISOString();
const processor = cpus()[0]?.model.trim() ?? "unknown processor";
const kernels = loadKernels();
const sdk = await loadSdk(notes);
const { peers, missing } = options["no-peers"] ? { peers: [], missing: [] } : await findPeers();

console.log(`advnmf bench, ${date}${options.quick ? " (quick: not figures to keep)" : ""}`);
console.log(
  `${processor}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`,
);
console.log(
  `Node ${process.versions.node}, V8 ${process.versions.v8}; load when it began ${loadavg()[0].toFixed(2)}`,
);
for (const peer of peers) console.log(`peer ${peer.name}: ${peer.versions}, one thread`);
for (const why of missing) console.log(`peer not found, not compared: ${why}`);
for (const note of notes) console.log(`note: ${note}`);

const ceilingsFound = [];
const toObjective = [];
const curves = [];
const lines = [];
for (const dtype of DTYPES) {
  for (const size of SIZES) {
    const chosen = KERNELS.filter(({ name }) => wanted(name, size, dtype));
    const solving = solvers.filter(({ name }) => wanted(name, size, dtype));
    const drawn = CURVES.filter(({ loss }) => wanted(`curve ${loss}`, size, dtype));
    if (chosen.length + solving.length + drawn.length === 0 && !wanted("to objective", size, dtype)) continue;
    process.stderr.write(`${sizeName(size)} ${dtype} …\n`);
    const data = problem(size, dtype);
    const { lines: found, ceiling } = await measureKernels(kernels, data, chosen);
    for (const solver of solving) found.push(await measureSolver(sdk, data, solver, peers));
    for (const line of found) rate(line, ceiling);
    lines.push(...found);
    if (wanted("to objective", size, dtype)) toObjective.push(await measureToObjective(sdk, data, peers));
    for (const curve of drawn) {
      const measured = { rounds: options.quick ? 1 : 3, quick: options.quick };
      curves.push({ size: data, dtype, ...(await measureCurve(solveWith(sdk, data), curve, measured)) });
    }
    const { m, n, k } = size;
    ceilingsFound.push({ size: { m, n, k }, dtype, ...ceiling });
  }
}
for (const peer of peers) peer.close();

for (const line of [...lines, ...toObjective, ...curves]) {
  const { m, n, k } = line.size;
  line.size = { m, n, k };
}

const order = [...KERNELS, ...solvers].map(({ name }) => name);
lines.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
console.log("");
for (const { size, dtype, gflops, form, gdivisions, forms } of ceilingsFound) {
  const all = Object.entries(forms).map(([name, f]) => `${name} ${digits(f.rate)}`);
  console.log(
    `peak beside ${sizeName(size)} ${dtype}: ${digits(gflops)} GFLOP/s multiply+add (${form}), ${digits(gdivisions)} G divisions/s   [${all.join(", ")}]`,
  );
}
console.log("");
const peerNames = peers.map(({ name }) => name).join(" / ") || "peer";
const titles = ["<kernel", "<size", "<type", "ms", "min", "±", "GFLOP/s", "peak", "bound"];
if (lines.length > 0)
  console.log(table([...titles, `${peerNames} ms`, "ratio", "<answers"], lines.map(printable)));

if (toObjective.length > 0) {
  console.log(
    `\nto the objective of ${REFERENCE_ITERATIONS} HALS iterations (milliseconds, the whole call)\n`,
  );
  const rows = toObjective.map(({ size, dtype, iterations, auto, hals, peers: others = [] }) => [
    sizeName(size),
    dtype,
    iterations === undefined ? "not reached" : String(iterations),
    auto ? digits(auto.median) : "–",
    hals ? digits(hals.median) : "–",
    others.map(({ time }) => digits(time.median)).join(" / "),
    auto ? digits(hals.median / auto.median) : "–",
    others.map(({ time }) => digits(time.median / auto.median)).join(" / "),
  ]);
  const columns = [
    "<size",
    "<type",
    "iterations",
    "auto",
    "hals",
    `${peerNames} cd`,
    "hals/auto",
    `${peerNames}/auto`,
  ];
  console.log(table(columns, rows));
}

if (curves.length > 0) {
  console.log(
    "\nmilliseconds (and iterations) to the loss of so many iterations of mu, and near the best loss found\n",
  );
  const { titles, rows } = curveRows(curves, ({ size, dtype }) => [sizeName(size), dtype], digits);
  console.log(table(["<loss and solver", "<size", "<type", ...titles], rows));
}

const report = {
  date,
  quick: options.quick,
  machine: { processor, cores: cpus().length, platform: process.platform, arch: process.arch },
  versions: {
    node: process.versions.node,
    v8: process.versions.v8,
    peers: Object.fromEntries(peers.map(({ name, versions }) => [name, versions])),
  },
  missing,
  notes,
  ceilings: ceilingsFound,
  lines,
  toObjective,
  curves,
};
if (options.json) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
if (options.save) {
  const slug = processor
    .toLowerCase()
    .replaceAll(/\((r|tm)\)|processor|cpu/g, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  const folder = join(root, "bench/results");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${date.slice(0, 10)}-${slug}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\nsaved: bench/results/${date.slice(0, 10)}-${slug}.json`);
}
