// Our own solvers on one thread, on several, and on as many as the SDK chooses: milliseconds an iteration, and how
// many times faster than one. The bits are the same for every number of threads, so there is no objective to
// compare. Then the time from an abort to the answer of a team that computes.

import { cases } from "../cases/solvers.mjs";
import { problem, SIZES, sizeName } from "../data.mjs";
import { solverOf, timedSolver } from "../ours.mjs";
import { timeIterations } from "../rivals.mjs";
import { summary } from "../stats.mjs";
import { digits, percent } from "../table.mjs";

/** Milliseconds that a run is left alone before it is aborted, and how often that is tried. */
const BEFORE_ABORT = 150;
const ABORTS = 11;

export async function measure({ combinations, sdk, threads, effort, wanted }) {
  const lines = [];
  for (const { data, chosen } of combinations(cases, "threads")) {
    for (const { name, options } of chosen) {
      const solve = solverOf(sdk, data);
      const { m, n, k, dtype } = data;
      // A whole call, as long as most are: the choice depends on it.
      const unasked = await solve({ ...options, threads: "auto", maxIterations: 200, tolerance: 0 });
      const counts = [...threads, "auto"];
      const contestants = counts.map((count) => timedSolver(solve, { ...options, threads: count }));
      const times = await timeIterations(contestants, effort);
      const teams = times.map((time, i) => ({
        threads: counts[i],
        time,
        speedup: times[0].median / time.median,
      }));
      lines.push({ name, size: { m, n, k }, dtype, chosen: unasked.threads, teams });
    }
  }
  const order = cases.map(({ name }) => name);
  lines.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const aborts = [];
  for (const size of SIZES) if (wanted("threads abort", size, "f64")) aborts.push(await abortTime(sdk, size));
  return { lines, aborts, tables: [table(lines, threads), abortTable(aborts)] };
}

async function abortTime(sdk, size) {
  const solve = solverOf(sdk, problem(size, "f64"));
  const samples = [];
  for (let i = 0; i < ABORTS; i++) {
    const controller = new AbortController();
    let aborted = 0;
    setTimeout(() => {
      aborted = performance.now();
      controller.abort();
    }, BEFORE_ABORT);
    const options = { loss: "kullback-leibler", solver: "mu", threads: 2, tolerance: 0, maxIterations: 1e9 };
    await solve({ ...options, signal: controller.signal }).catch((error) => {
      if (error.code !== "ABORTED") throw error;
    });
    samples.push(performance.now() - aborted);
  }
  const { m, n, k } = size;
  return { size: { m, n, k }, dtype: "f64", time: summary(samples), max: Math.max(...samples) };
}

function abortTable(aborts) {
  return {
    title: "Abort: milliseconds until a team of two has answered (kl)",
    columns: ["<size", "<type", "ms", "±", "max"],
    rows: aborts.map(({ size, dtype, time, max }) => [
      sizeName(size),
      dtype,
      digits(time.median),
      percent(time.spread),
      digits(max),
    ]),
  };
}

function table(lines, threads) {
  const columns = [...threads, "auto"].flatMap((count, i) => [
    `${count === "auto" ? "default" : `${count} thread${count > 1 ? "s" : ""}`}, ms`,
    "±",
    ...(i > 0 ? ["times faster"] : []),
  ]);
  return {
    title: "Threads: milliseconds an iteration",
    columns: ["<solver", "<size", "<type", ...columns, "chosen"],
    rows: lines.map(({ name, size, dtype, chosen, teams }) => [
      name,
      sizeName(size),
      dtype,
      ...teams.flatMap(({ time, speedup }, i) => [
        digits(time.median),
        percent(time.spread),
        ...(i > 0 ? [digits(speedup)] : []),
      ]),
      String(chosen),
    ]),
  };
}
