// Peers on one problem: who solves the same one, and how long everybody takes for an iteration.

import { objective } from "./data.mjs";
import { differenceSummary, interleave } from "./stats.mjs";

/** Both sides run that many iterations before their answers are compared. */
const JUDGED_ITERATIONS = 20;

/** Relative differences of the objective that count as the same answer. */
const TOLERANCE = { f32: 1e-3, f64: 1e-6 };

/** The SDK looks at the loss every so many iterations with tolerance 0: ours are counted in whole looks. */
const LOOK = 50;

/** A peer that takes so many times longer than we do runs fewer iterations than the others. */
const SLOW = 5;

/** Where runs are short there are at most so many times the usual rounds. */
const MORE_ROUNDS = 8;

/**
 * The peers that the case names, prepared, and judged: who solves something else is not timed. `counts` says
 * who is, `verdict` why.
 *
 * @param {(options: object) => object} solve from ours.mjs
 * @param {{ loss: string, options: object, peers: Record<string, object> }} solver from cases/solvers.mjs
 */
export async function judge(solve, data, solver, peers) {
  const { W, H } = solve({ ...solver.options, tolerance: 0, maxIterations: JUDGED_ITERATIONS });
  const ours = objective(solver.loss, data, W.data, H.data);
  const rivals = [];
  for (const peer of peers) {
    const settings = solver.peers[peer.name];
    if (!settings || !peer.dtypes.includes(data.dtype)) continue;
    const rival = { name: peer.name, peer, counts: false };
    rivals.push(rival);
    try {
      await peer.prepare(data, settings);
      const theirs = (await peer.run(JUDGED_ITERATIONS, true)).objective;
      rival.objective = { ours, theirs, iterations: JUDGED_ITERATIONS };
      rival.counts = Math.abs(ours - theirs) <= TOLERANCE[data.dtype] * theirs;
      if (rival.counts) rival.verdict = "same objective";
      else rival.verdict = `differs: ours ${ours.toPrecision(8)}, theirs ${theirs.toPrecision(8)}`;
    } catch (error) {
      rival.verdict = `failed: ${error.message}`;
    }
  }
  return rivals;
}

/** A peer as a contestant, like timedSolver of ours.mjs. */
export function timedPeer(peer) {
  return async (iterations) => (await peer.run(iterations)).ms;
}

/**
 * Milliseconds an iteration of contestants that take turns, `run(iterations)` → milliseconds: the difference
 * of a long and a short run. All run the same numbers of iterations, because HALS sweeps less as it goes on and
 * numbers may become denormal; but one that is much slower than the first, ours, runs as many as fit.
 *
 * @param {((iterations: number) => Promise<number>)[]} contestants
 * @param {{ solverMs: number, solverRounds: number }} effort
 */
export async function timeIterations(contestants, { solverMs, solverRounds }) {
  const costs = [];
  for (const run of contestants) costs.push(await roughly(run));
  const isSlow = (cost) => cost > SLOW * costs[0];
  const common = Math.max(...costs.filter((cost) => !isSlow(cost)));
  const fitting = (cost, step, most) =>
    step * Math.min(most, Math.max(1, Math.round(solverMs / cost / step)));
  const plans = costs.map((cost) => {
    if (!isSlow(cost)) return { short: LOOK, extra: fitting(common, LOOK, 20) };
    const extra = fitting(cost, 1, 20 * LOOK);
    return { short: Math.min(LOOK, extra), extra };
  });
  // Small problems are over soon, whatever the plan: more rounds then, for the same time.
  const roundMs = plans.reduce((sum, { short, extra }, i) => sum + costs[i] * (2 * short + extra), 0);
  const affordable = Math.round((solverRounds * solverMs * plans.length) / roundMs);
  const samples = await interleave(
    contestants.map((run, i) => ({
      async sample() {
        const { short, extra } = plans[i];
        return { short: await run(short), long: await run(short + extra) };
      },
    })),
    Math.max(solverRounds, Math.min(MORE_ROUNDS * solverRounds, affordable)),
  );
  return samples.map((series, i) => differenceSummary(series, plans[i].extra));
}

/** Milliseconds an iteration, once the code is warm and loading is small beside it: good enough to plan with. */
async function roughly(run) {
  for (let iterations = 2; ; iterations *= 4) {
    const once = await run(iterations);
    // The better of two, where they are short: one that the machine disturbed would make a plan too small.
    const ms = once < 100 ? Math.min(once, await run(iterations)) : once;
    if (ms >= 5 || iterations > 20 * LOOK) return ms / iterations;
  }
}
