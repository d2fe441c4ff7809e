// Time-to-objective curves: how long each solver of the SDK takes to come as far as multiplicative updates
// come in 50, 200 and 1000 iterations, and to within a hundredth and a thousandth of the best loss that
// any of them found. The default solver of a loss is to be the one that is there first.
//
// Which loss belongs to which iteration is found in one run that looks every 10 iterations; when an
// iteration is done is the median of runs (or the one run, on large problems) that look every 50, so that the looks, which cost a
// Kullback–Leibler run more than a few iterations of mu, weigh little on anyone.

import { sizeName } from "../data.mjs";
import { solverOf } from "../ours.mjs";
import { interleave, median } from "../stats.mjs";
import { digits } from "../table.mjs";

/** Iterations of mu that set the first objectives. */
const MARKS = [50, 200, 1000];

/** Gaps to the best loss that set the others. */
const GAPS = [1e-2, 1e-3];

/** Problems on which the contenders take longer than that together are timed once. */
const LONG_MS = 5000;

/** Contenders: options, and iterations as a share of those of mu. */
const CURVES = [
  {
    name: "curve frobenius",
    loss: "frobenius",
    solvers: [
      { name: "mu", options: { solver: "mu" }, share: 1 },
      { name: "hals", options: { solver: "hals" }, share: 0.5 },
      { name: "auto", options: { solver: "auto" }, share: 0.5 },
    ],
  },
  {
    name: "curve kl",
    loss: "kullback-leibler",
    solvers: [
      { name: "mu", options: { solver: "mu" }, share: 1 },
      { name: "newton", options: { solver: "newton", innerSweeps: "auto" }, share: 0.2 },
      { name: "auto", options: { solver: "auto" }, share: 0.2 },
    ],
  },
];

/** Milliseconds into the run at which iteration `i` was done, between the points of a timed run. */
function timeOf(points, i) {
  let before = { iteration: 0, ms: 0 };
  for (const point of points) {
    if (point.iteration >= i) {
      const share = (i - before.iteration) / (point.iteration - before.iteration);
      return before.ms + share * (point.ms - before.ms);
    }
    before = point;
  }
  return before.ms;
}

/** One timed run: { iteration, ms } after every burst. */
function timedRun(solve, options) {
  const points = [];
  const onProgress = ({ iteration, seconds }) => points.push({ iteration, ms: 1000 * seconds });
  solve({ ...options, tolerance: 0, onProgress });
  return points;
}

/**
 * The curves of one loss on one problem.
 *
 * @param {(options: object) => { history: { iteration: number, loss: number }[] }} solve runs the SDK on it
 * @param {(typeof CURVES)[number]} curve
 * @param {number} rounds 1 for a glance
 */
async function measureCurve(solve, { loss, solvers }, rounds) {
  // A glance goes no further than 200 iterations of mu.
  const marks = MARKS.filter((mark) => rounds > 1 || mark <= 200);
  const most = marks.at(-1);
  const runs = solvers.map(({ options, share }) => ({ ...options, loss, maxIterations: most * share }));
  // The tolerance is never met, but makes the SDK look at the loss every 10 iterations.
  const started = performance.now();
  const histories = runs.map((run) => solve({ ...run, tolerance: Number.MIN_VALUE }).history);
  const long = performance.now() - started > LONG_MS;
  const timings = await interleave(
    runs.map((run) => ({ sample: () => timedRun(solve, run) })),
    long ? 1 : rounds,
  );
  const best = Math.min(...histories.flat().map((entry) => entry.loss));
  const mu = histories[0];
  const targets = [
    ...marks.map((mark) => mu.find(({ iteration }) => iteration >= mark).loss),
    ...GAPS.map((gap) => best * (1 + gap)),
  ];
  return {
    loss,
    best,
    targets,
    marks,
    solvers: solvers.map(({ name }, s) => ({
      name,
      reached: targets.map((target) => {
        const hit = histories[s].find((entry) => entry.loss <= target * (1 + 1e-9));
        if (!hit) return null;
        return { ms: median(timings[s].map((points) => timeOf(points, hit.iteration))), ...hit };
      }),
      curve: histories[s].map((entry) => ({
        ms: median(timings[s].map((points) => timeOf(points, entry.iteration))),
        ...entry,
      })),
    })),
  };
}

export async function measure({ combinations, sdk, effort }) {
  const lines = [];
  for (const { data, chosen } of combinations(CURVES)) {
    for (const curve of chosen) {
      const { m, n, k, dtype } = data;
      const measured = await measureCurve(solverOf(sdk, data), curve, effort.curveRounds);
      lines.push({ size: { m, n, k }, dtype, ...measured });
    }
  }
  lines.sort((a, b) => a.loss.localeCompare(b.loss));
  return { lines, tables: [table(lines)] };
}

function table(lines) {
  const marks = lines[0]?.marks ?? [];
  return {
    title:
      "Time-to-objective curves: milliseconds (and iterations) to the loss of so many iterations of mu, and near the best loss found",
    columns: [
      "<loss and solver",
      "<size",
      "<type",
      ...marks.map((mark) => `mu ${mark}`),
      ...GAPS.map((gap) => `best+${gap}`),
    ],
    rows: lines.flatMap(({ loss, size, dtype, solvers }) =>
      solvers.map(({ name, reached }) => [
        `${loss} ${name}`,
        sizeName(size),
        dtype,
        ...reached.map((hit) => (hit ? `${digits(hit.ms)} (${hit.iteration})` : "–")),
      ]),
    ),
  };
}
