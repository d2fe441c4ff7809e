// How the cost of an iteration grows: with the number of entries (near-square V, k = 10), with m, with n and
// with k, one at a time. One thread. The time of an iteration is taken inside one run, between the first and
// the last progress that `nmfSync` reports, so that loading V does not count.
//
// The exponent p of cost ∝ (what grows)^p is by least squares on the logarithms of the shortest times, which
// other work on the machine moves least: 1 is linear. It is fitted from `from` up: below, what does not grow
// is not small beside what does.

import { freemem } from "node:os";
import { problem, sizeName } from "../data.mjs";
import { solverOf } from "../ours.mjs";
import { exponent, interleave, summary } from "../stats.mjs";
import { digits } from "../table.mjs";

const SOLVERS = [
  { name: "mu frobenius", options: { solver: "mu", loss: "frobenius" } },
  { name: "mu kl", options: { solver: "mu", loss: "kullback-leibler" } },
  { name: "default", options: {} },
];

const BYTES = { f32: 4, f64: 8 };

/** Numbers of the same run are kept below so many, whatever the time allows. */
const MOST_ITERATIONS = 1000;

const SWEEPS = [
  {
    name: "entries",
    from: 1e4,
    dtypes: { f32: 1e8, f64: 1e7 },
    of: ({ m, n }) => m * n,
    sizes: [
      [25, 40],
      [80, 125],
      [250, 400],
      [800, 1250],
      [2500, 4000],
      [8000, 12500],
    ].map(([m, n]) => ({ m, n, k: 10 })),
  },
  {
    name: "m",
    from: 250,
    of: ({ m }) => m,
    sizes: [250, 500, 1000, 2000, 4000].map((m) => ({ m, n: 500, k: 10 })),
  },
  {
    name: "n",
    from: 250,
    of: ({ n }) => n,
    sizes: [250, 500, 1000, 2000, 4000].map((n) => ({ m: 500, n, k: 10 })),
  },
  {
    name: "k",
    from: 4,
    of: ({ k }) => k,
    sizes: [1, 2, 4, 8, 16, 32, 64].map((k) => ({ m: 500, n: 1000, k })),
  },
];

export async function measure({ wanted, sdk, effort, progress }) {
  const lines = [];
  const skipped = [];
  for (const { name, sizes, dtypes = { f32: Infinity, f64: Infinity } } of SWEEPS) {
    for (const [dtype, most] of Object.entries(dtypes)) {
      for (const size of sizes) {
        if (!wanted(`scaling ${name}`, size, dtype)) continue;
        const why = size.m * size.n > most ? "left out: it would take too long" : lacking(size, dtype);
        if (why) {
          skipped.push({ sweep: name, size, dtype, why });
          continue;
        }
        progress(`scaling ${name}, ${sizeName(size)} ${dtype}`);
        try {
          lines.push(...(await measureSize(sdk, name, size, dtype, effort)));
        } catch (error) {
          skipped.push({ sweep: name, size, dtype, why: error.message });
        }
      }
    }
  }
  const growth = SWEEPS.flatMap((sweep) => growthOf(sweep, lines));
  return { lines, growth, skipped, tables: tables(lines, growth, skipped) };
}

/** Why a size does not fit into the memory that is free now, or "". */
function lacking({ m, n }, dtype) {
  // V as it is made (f64) and as it is given, and two copies in the module's memory.
  const bytes = m * n * (8 + 3 * BYTES[dtype]);
  const free = freemem();
  if (bytes < 0.8 * free) return "";
  const gib = (value) => (value / 2 ** 30).toFixed(1);
  return `it takes ${gib(bytes)} GiB, and ${gib(free)} are free`;
}

async function measureSize(sdk, sweep, size, dtype, effort) {
  const data = problem(size, dtype);
  // Its own engine: a module's memory does not shrink, and goes with the engine.
  const solve = solverOf(sdk, data);
  const engine = sdk.createEngineSync();
  const contenders = SOLVERS.map(({ options }) => {
    const run = (iterations) => perIteration(solve, { ...options, engine }, iterations);
    const { iterations, cost } = plan(run, effort.solverMs);
    return { cost, sample: () => run(iterations) };
  });
  const slow = contenders.some(({ cost }) => cost > 2 * effort.solverMs);
  const samples = await interleave(contenders, slow ? 2 : Math.ceil(effort.solverRounds / 2));
  return SOLVERS.map(({ name: solver }, i) => {
    const time = summary(samples[i]);
    return { sweep, size, dtype, solver, time, nsPerEntry: (time.median * 1e6) / (size.m * size.n) };
  });
}

/** How many iterations last `milliseconds`, and what one costs, once the code is warm. */
function plan(run, milliseconds) {
  for (let iterations = 3; ; iterations *= 4) {
    const cost = run(iterations);
    if (iterations * cost < milliseconds / 4 && iterations < MOST_ITERATIONS) continue;
    return { cost, iterations: Math.max(3, Math.min(MOST_ITERATIONS, 1 + Math.round(milliseconds / cost))) };
  }
}

/** Milliseconds an iteration, from the end of the first burst (one iteration) to that of the last. */
function perIteration(solve, options, maxIterations) {
  let first;
  let last;
  solve({
    ...options,
    maxIterations,
    tolerance: 0,
    onProgress({ iteration }) {
      last = { iteration, at: performance.now() };
      first ??= last;
    },
  });
  return (last.at - first.at) / (last.iteration - first.iteration);
}

function growthOf({ name, from, of }, lines) {
  return SOLVERS.flatMap(({ name: solver }) =>
    ["f32", "f64"].flatMap((dtype) => {
      const points = lines
        .filter((line) => line.sweep === name && line.solver === solver && line.dtype === dtype)
        .map(({ size, time }) => [of(size), time.min])
        .filter(([x]) => x >= from);
      return points.length < 2 ? [] : [{ sweep: name, from, solver, dtype, exponent: exponent(points) }];
    }),
  );
}

const exact = (entries) => entries.toLocaleString("en").replaceAll(",", " ");

function tables(lines, growth, skipped) {
  const kinds = ["f32", "f64"].flatMap((dtype) => SOLVERS.map(({ name }) => ({ dtype, solver: name })));
  const titles = kinds.map(({ dtype, solver }) => `${solver} ${dtype}`);
  const rows = SWEEPS.flatMap(({ name, sizes }) =>
    sizes.flatMap((size) => {
      const here = lines.filter((line) => line.sweep === name && line.size === size);
      if (here.length === 0) return [];
      const cells = kinds.map(({ dtype, solver }) => {
        const line = here.find((found) => found.dtype === dtype && found.solver === solver);
        return line ? `${digits(line.nsPerEntry)} (${digits(line.time.median)})` : "";
      });
      return [[name, sizeName(size), exact(size.m * size.n), ...cells]];
    }),
  );
  const exponents = SWEEPS.flatMap(({ name, from }) => {
    const here = growth.filter(({ sweep }) => sweep === name);
    if (here.length === 0) return [];
    const cells = kinds.map(({ dtype, solver }) => {
      const found = here.find((line) => line.dtype === dtype && line.solver === solver);
      return found ? found.exponent.toFixed(2) : "";
    });
    return [[name, exact(from), ...cells]];
  });
  const found = [
    {
      title: "Scaling: nanoseconds an entry of V and iteration (milliseconds an iteration), one thread",
      columns: ["<grows", "<size", "entries", ...titles],
      rows,
    },
    {
      title: "Scaling: the exponent of growth, 1 is linear",
      columns: ["<in", "from", ...titles],
      rows: exponents,
    },
  ];
  if (skipped.length > 0) {
    found.push({
      title: "Scaling: sizes that were not run",
      columns: ["<grows", "<size", "<type", "<why"],
      rows: skipped.map(({ sweep, size, dtype, why }) => [sweep, sizeName(size), dtype, why]),
    });
  }
  return found;
}
