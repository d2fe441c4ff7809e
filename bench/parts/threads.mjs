// Our own solvers on one thread and on several: milliseconds an iteration, and how many times faster. The bits
// are the same for every number of threads, so there is no objective to compare.

import { cases } from "../cases/solvers.mjs";
import { sizeName } from "../data.mjs";
import { NO_THREADS, solverOf, timedSolver } from "../ours.mjs";
import { timeIterations } from "../rivals.mjs";
import { digits, percent } from "../table.mjs";

export async function measure({ combinations, sdk, threads, effort, note }) {
  const lines = [];
  if (!sdk.threads) {
    note(NO_THREADS);
    return { lines, tables: [] };
  }
  for (const { data, chosen } of combinations(cases, "threads")) {
    for (const { name, options } of chosen) {
      const solve = solverOf(sdk, data);
      const used = [];
      for (const count of threads) {
        const result = await solve({ ...options, threads: count, maxIterations: 1, tolerance: 0 });
        used.push(result.threads);
      }
      const contestants = threads.map((count) => timedSolver(solve, { ...options, threads: count }));
      const times = await timeIterations(contestants, effort);
      const { m, n, k, dtype } = data;
      const teams = times.map((time, i) => ({
        threads: threads[i],
        used: used[i],
        time,
        speedup: times[0].median / time.median,
      }));
      lines.push({ name, size: { m, n, k }, dtype, teams });
    }
  }
  const order = cases.map(({ name }) => name);
  lines.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return { lines, tables: [table(lines, threads)] };
}

function table(lines, threads) {
  const columns = threads.flatMap((count, i) => [
    `${count} thread${count > 1 ? "s" : ""}, ms`,
    "±",
    ...(i > 0 ? ["used", "times faster"] : []),
  ]);
  return {
    title: "Threads: milliseconds an iteration",
    columns: ["<solver", "<size", "<type", ...columns],
    rows: lines.map(({ name, size, dtype, teams }) => [
      name,
      sizeName(size),
      dtype,
      ...teams.flatMap(({ time, used, speedup }, i) => [
        digits(time.median),
        percent(time.spread),
        ...(i > 0 ? [String(used), digits(speedup)] : []),
      ]),
    ]),
  };
}
