// Time to an objective: the one that scikit-learn reaches in 200 iterations with tolerance 0 (by `cd`, and by `mu`,
// which every peer has), or, without scikit-learn, the one that our same iteration reaches. The default solver is run to the first multiple of 10 iterations at which it is no worse, by the
// f64 judge of data.mjs, and that run is timed whole, loading of V and last loss included, as are the 200
// iterations of the others. Who would take more than a quarter of a minute is left out.
//
// With two threads scikit-learn's `cd` has them for its products with V only: its sweeps are one thread's.

import { cases as solvers } from "../cases/solvers.mjs";
import { objective, sizeName } from "../data.mjs";
import { solverOf, timedSolver } from "../ours.mjs";
import { judge, timedPeer } from "../rivals.mjs";
import { interleave, summary } from "../stats.mjs";
import { digits, percent } from "../table.mjs";

/** Iterations of the reference that set the objective. */
const REFERENCE_ITERATIONS = 200;

/** The default solver gives up after so many. */
const MOST_ITERATIONS = 1600;

/** An objective that is worse by less than this fraction is the same one: rounding alone moves it so far. */
const SLACK = { f32: 1e-6, f64: 1e-9 };

/** A peer whose iterations would take longer than that in all is not waited for. */
const PATIENCE_MS = 15_000;

/** What all rounds of a size and type may take, where fewer rounds do. */
const ROUNDS_MS = 15_000;

/** `options` is the SDK's own form of the reference. */
const CASES = [
  {
    name: "to objective frobenius cd",
    loss: "frobenius",
    options: { loss: "frobenius", solver: "hals" },
    peers: { sklearn: { loss: "frobenius", solver: "cd" } },
  },
  ...[
    ["to objective frobenius mu", "nmf mu frobenius"],
    ["to objective kl mu", "nmf mu kl"],
  ].map(([name, iteration]) => {
    const { loss, options, peers } = solvers.find((solver) => solver.name === iteration);
    return { name, loss, options, peers };
  }),
];

export async function measure({ combinations, sdk, peers, threads, effort }) {
  const teams = [];
  for (const count of threads) {
    teams.push({ count, rivals: await peers(count) });
  }
  const lines = [];
  for (const { data, chosen } of combinations(CASES)) {
    for (const reference of chosen) lines.push(...(await measureOne(sdk, data, reference, teams, effort)));
  }
  const order = CASES.map(({ name }) => name);
  lines.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return { lines, tables: [table(lines)] };
}

/** One reference on one size and type: a line for each number of threads, all of them interleaved. */
async function measureOne(sdk, data, reference, teams, effort) {
  const { m, n, k, dtype } = data;
  const { name, loss } = reference;
  const place = { name, size: { m, n, k }, dtype };
  const solve = solverOf(sdk, data);
  const judged = [];
  for (const { count, rivals } of teams) {
    const found = await judge(solve, data, reference, rivals);
    judged.push({ count, rivals: await patient(found.filter(({ counts }) => counts)) });
  }
  const target = await targetOf(solve, data, reference, judged[0].rivals[0]?.peer);
  const iterations = iterationsNeeded(solve, data, loss, target);
  if (iterations === undefined) return [{ ...place, target, threads: judged[0].count }];

  const teamsOf = judged.map(({ count, rivals }) => {
    const team = count > 1 ? { threads: count } : {};
    const auto = timedSolver(solve, { loss, solver: "auto", ...team });
    const own = timedSolver(solve, { ...reference.options, ...team });
    const others = rivals.map((rival) => orNothing(rival));
    return [() => auto(iterations), ...[own, ...others].map((run) => () => run(REFERENCE_ITERATIONS))];
  });
  const contenders = teamsOf.flat().map((sample) => ({ sample }));
  const once = (await interleave(contenders, 1)).flat().filter(Number.isFinite);
  const total = once.reduce((sum, ms) => sum + ms, 0);
  const samples = await interleave(contenders, roundsFor(total, effort));
  return judged.map(({ count, rivals }) => {
    const [auto, own, ...theirs] = samples.splice(0, 2 + rivals.length).map(summary);
    const timed = rivals.map((rival, i) => ({
      name: rival.name,
      time: theirs[i],
      ratio: theirs[i].median / auto.median,
    }));
    return { ...place, target, threads: count, iterations, auto, own, peers: timed };
  });
}

/** Those that are done within {@link PATIENCE_MS}, by what a twentieth of it takes them. */
async function patient(rivals) {
  const quick = [];
  for (const rival of rivals) {
    const ms = await orNothing(rival)(REFERENCE_ITERATIONS / 20);
    if (20 * ms <= PATIENCE_MS) quick.push(rival);
  }
  return quick;
}

/** A peer that fails in the middle has no time: NaN, and the others go on. */
function orNothing({ name, peer }) {
  const run = timedPeer(peer);
  return (iterations) =>
    run(iterations).catch((error) => {
      process.stderr.write(`${name}: ${error.message}\n`);
      return Number.NaN;
    });
}

async function targetOf(solve, data, { loss, options }, peer) {
  if (peer) return (await peer.run(REFERENCE_ITERATIONS, true)).objective;
  const { W, H } = solve({ ...options, maxIterations: REFERENCE_ITERATIONS, tolerance: 0 });
  return objective(loss, data, W.data, H.data);
}

/** Iterations that the default solver needs to the target, or undefined. */
function iterationsNeeded(solve, data, loss, target) {
  const options = { loss, solver: "auto" };
  const enough = target * (1 + SLACK[data.dtype]);
  const reached = (maxIterations) => {
    const { W, H } = solve({ ...options, maxIterations, tolerance: 0 });
    return objective(loss, data, W.data, H.data) <= enough;
  };
  for (let most = 100; most <= MOST_ITERATIONS; most *= 2) {
    // The tolerance is never met, but makes the SDK look at the loss every 10 iterations.
    const { history } = solve({ ...options, maxIterations: most, tolerance: Number.MIN_VALUE });
    let iterations = history.find((entry) => entry.loss <= enough)?.iteration;
    // The SDK's loss on the way is a shorter sum than the judge's, good to fewer digits in f32.
    while (iterations <= most && !reached(iterations)) iterations += 10;
    if (iterations <= most) return iterations;
  }
  return undefined;
}

/** Where one round takes long, the machine's moods are small beside it. */
const roundsFor = (roundMs, { solverRounds }) =>
  Math.max(roundMs > ROUNDS_MS ? 1 : 3, Math.min(solverRounds, Math.round(ROUNDS_MS / roundMs)));

function table(lines) {
  const names = [...new Set(lines.flatMap(({ peers = [] }) => peers.map(({ name }) => name)))];
  const cell = (rival) => (rival ? `${digits(rival.ratio)} (${digits(rival.time.median)})` : "");
  return {
    title: `To the objective of ${REFERENCE_ITERATIONS} iterations of scikit-learn's cd or mu: milliseconds of the whole call, and ratio (milliseconds) of the others to the default solver`,
    columns: [
      "<case",
      "<size",
      "<type",
      "threads",
      "iterations",
      "default ms",
      "±",
      "our own of these",
      ...names,
    ],
    rows: lines.map(({ name, size, dtype, threads, iterations, auto, own, peers = [] }) => [
      name,
      sizeName(size),
      dtype,
      String(threads),
      iterations === undefined ? "not reached" : String(iterations),
      auto ? digits(auto.median) : "",
      auto ? percent(auto.spread) : "",
      own ? `${digits(own.median / auto.median)} (${digits(own.median)})` : "",
      ...names.map((peer) => cell(peers.find(({ name: found }) => found === peer))),
    ]),
  };
}
