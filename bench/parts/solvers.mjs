// Whole solvers beside their peers, one thread each: what is timed stands in cases/solvers.mjs.

import { cases } from "../cases/solvers.mjs";
import { sizeName } from "../data.mjs";
import { solverOf, timedSolver } from "../ours.mjs";
import { judge, timedPeer, timeIterations } from "../rivals.mjs";
import { digits } from "../table.mjs";
import { measureKernels, rateCells, rated } from "./kernels.mjs";

export async function measure({ combinations, kernels, sdk, peers, effort }) {
  const lines = [];
  const rivals = await peers();
  for (const { data, chosen } of combinations(cases)) {
    const { ceiling } = await measureKernels(kernels(), data, [], effort);
    for (const solver of chosen)
      lines.push(rated(await measureSolver(sdk, data, solver, rivals, effort), ceiling));
  }
  const order = cases.map(({ name }) => name);
  lines.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return { lines, tables: tables(lines) };
}

async function measureSolver(sdk, data, solver, peers, effort) {
  const solve = solverOf(sdk, data);
  const rivals = await judge(solve, data, solver, peers);
  const contestants = [
    timedSolver(solve, solver.options),
    ...rivals.filter(({ counts }) => counts).map(({ peer }) => timedPeer(peer)),
  ];
  const [time, ...theirs] = await timeIterations(contestants, effort);
  const { m, n, k, dtype } = data;
  return {
    name: solver.name,
    size: { m, n, k },
    dtype,
    work: solver.work(data),
    time,
    peers: rivals.map(({ peer: _, ...rival }) => {
      if (!rival.counts) return rival;
      const their = theirs.shift();
      return { ...rival, time: their, ratio: their.median / time.median };
    }),
  };
}

function tables(lines) {
  const names = [...new Set(lines.flatMap(({ peers }) => peers.map(({ name }) => name)))];
  const cell = (rival) => {
    if (!rival) return "";
    return rival.time ? `${digits(rival.ratio)} (${digits(rival.time.median)})` : "not timed";
  };
  const found = [
    {
      title: "Solvers, one thread each: milliseconds an iteration, and ratio (milliseconds) of each peer",
      columns: ["<solver", "<size", "<type", "ms", "min", "±", "GFLOP/s", "peak", "bound", ...names],
      rows: lines.map((line) => [
        ...rateCells(line),
        ...names.map((peer) => cell(line.peers.find((rival) => rival.name === peer))),
      ]),
    },
  ];
  const refused = lines.flatMap(({ name, size, dtype, peers }) =>
    peers
      .filter(({ counts }) => !counts)
      .map((rival) => [rival.name, name, sizeName(size), dtype, rival.verdict]),
  );
  if (refused.length > 0) {
    const columns = ["<peer", "<solver", "<size", "<type", "<why"];
    found.push({ title: "Peers that were not timed", columns, rows: refused });
  }
  return found;
}
