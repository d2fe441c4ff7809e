// The cost model (sdk/cost.ts) held against the clock: what it predicts for an iteration alone and what that
// takes, what a team of two loses beside half of that, what it takes to start a worker and to hand a problem
// over, and whether the choice that follows was the sooner one. The constants of the model are the medians that
// this part prints.

import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { problem, sizeName } from "../data.mjs";
import { solverOf, timedSolver } from "../ours.mjs";
import { timeIterations } from "../rivals.mjs";
import { median, summary } from "../stats.mjs";
import { digits, percent } from "../table.mjs";

/** From far below to far above the size where a team begins to pay. */
const SIZES = [
  { m: 40, n: 30, k: 3 },
  { m: 100, n: 50, k: 5 },
  { m: 100, n: 200, k: 5 },
  { m: 200, n: 300, k: 10 },
  { m: 472, n: 361, k: 5 },
  { m: 165, n: 2500, k: 5 },
  { m: 361, n: 2429, k: 20 },
];

const SOLVERS = [
  { name: "frobenius mu", options: { loss: "frobenius", solver: "mu" } },
  { name: "frobenius default", options: { loss: "frobenius" } },
  { name: "kl mu", options: { loss: "kullback-leibler", solver: "mu" } },
  { name: "kl default", options: { loss: "kullback-leibler" } },
  { name: "itakura-saito", options: { loss: "itakura-saito" } },
  { name: "beta 1.5", options: { loss: { beta: 1.5 } }, most: 20_000 },
  { name: "cauchy", options: { loss: { cauchy: 0.3 } } },
];

/** Iterations of the run that the choice is made for. */
const ITERATIONS = 100;

/** Fresh engines that are started, and problems that are handed over. */
const STARTS = 7;

/** The model itself, from its source. */
async function loadModel() {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export * from "./sdk/cost.ts"; export { nmfProblem } from "./sdk/problem.ts";',
      resolveDir: fileURLToPath(new URL("../..", import.meta.url)),
    },
    bundle: true,
    format: "esm",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

export async function measure({ sdk, effort, progress, wanted }) {
  const model = await loadModel();
  const lines = [];
  for (const { name, options, most = Number.POSITIVE_INFINITY } of SOLVERS) {
    for (const dtype of ["f32", "f64"]) {
      for (const size of SIZES) {
        if (size.m * size.n > most || !wanted(`cost ${name}`, size, dtype)) continue;
        progress(`${name} ${sizeName(size)} ${dtype}`);
        lines.push(await measureOne(sdk, model, { name, options, dtype, size }, effort));
      }
    }
  }
  const starting = lines.length > 0 ? await startTimes(sdk) : undefined;
  return { lines, starting, tables: [table(lines), constants(lines, starting)] };
}

async function measureOne(sdk, model, { name, options, dtype, size }, effort) {
  const { m, n, k } = size;
  const data = problem(size, dtype);
  const run = { ...options, rank: k, maxIterations: ITERATIONS, tolerance: 0 };
  const described = model.nmfProblem({ rows: m, cols: n, data: data.V }, run);
  const predicted = model.iterationTime(described) / 1e6;
  const chosen = model.plan(described, () => 2, 2).threads;
  const solve = solverOf(sdk, data);
  const contestants = [1, 2].map((threads) => timedSolver(solve, { ...options, threads }));
  const [alone, team] = await timeIterations(contestants, effort);
  return {
    name,
    size,
    dtype,
    predicted,
    alone,
    team,
    lost: team.median - alone.median / 2,
    chosen,
    sooner: team.median < alone.median ? 2 : 1,
  };
}

/** Milliseconds to a first answer of a team of two, and to later ones, of a problem that takes none itself. */
async function startTimes(sdk) {
  const first = [];
  const later = [];
  for (let i = 0; i < STARTS; i++) {
    const engine = await sdk.createEngine();
    const call = async () => {
      const before = performance.now();
      await sdk.nmf([[1]], { rank: 1, maxIterations: 0, threads: 2, engine });
      return performance.now() - before;
    };
    first.push(await call());
    later.push(await call());
    engine[Symbol.dispose]();
  }
  return { first: summary(first), later: summary(later) };
}

function table(lines) {
  return {
    title: `The cost model: milliseconds an iteration, predicted and measured, and its choice for ${ITERATIONS} iterations with workers that stand ready`,
    columns: [
      "<solver",
      "<size",
      "<type",
      "predicted",
      "alone",
      "±",
      "team of 2",
      "±",
      "lost",
      "chosen",
      "sooner",
    ],
    rows: lines.map(({ name, size, dtype, predicted, alone, team, lost, chosen, sooner }) => [
      name,
      sizeName(size),
      dtype,
      digits(predicted),
      digits(alone.median),
      percent(alone.spread),
      digits(team.median),
      percent(team.spread),
      digits(lost),
      String(chosen),
      String(sooner),
    ]),
  };
}

function constants(lines, starting) {
  const names = [...new Set(lines.map(({ name }) => name))];
  const ratio = (name) =>
    median(
      lines.filter((line) => line.name === name).map(({ alone, predicted }) => alone.median / predicted),
    );
  // Where an iteration takes long, half of it drowns what is lost at the meetings.
  const small = lines.filter(({ alone }) => alone.median < 0.2).map(({ lost }) => lost);
  const rows = names.map((name) => [`${name}: measured / predicted`, digits(ratio(name))]);
  if (small.length > 0) rows.push(["lost by a team of two, ms an iteration", digits(median(small))]);
  if (starting) {
    rows.push(["first call of a team of two, ms", digits(starting.first.median)]);
    rows.push(["later call, ms", digits(starting.later.median)]);
  }
  return {
    title: "What the constants of the cost model should be",
    columns: ["<constant", "measured"],
    rows,
  };
}
