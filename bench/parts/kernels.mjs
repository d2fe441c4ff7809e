// Kernels, each against the multiply+add loop that is timed in turn with it.

import { cases as gram } from "../cases/gram.mjs";
import { cases as halfSteps } from "../cases/half-steps.mjs";
import { cases as losses } from "../cases/losses.mjs";
import { ceilings } from "../cases/peak.mjs";
import { cases as products } from "../cases/products.mjs";
import { cases as ranks } from "../cases/ranks.mjs";
import { sizeName } from "../data.mjs";
import { calibrate, interleave, summary } from "../stats.mjs";
import { digits, percent } from "../table.mjs";
import { prepareTask } from "../workspace.mjs";

const CASES = [...products, ...gram, ...halfSteps, ...losses, ...ranks];

export async function measure({ combinations, kernels, effort }) {
  const lines = [];
  const peaks = [];
  for (const { data, chosen } of combinations(CASES)) {
    const found = await measureKernels(kernels(), data, chosen, effort);
    lines.push(...found.lines);
    peaks.push(found.ceiling);
  }
  const order = CASES.map(({ name }) => name);
  lines.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return { lines, peaks, tables: [peakTable(peaks), kernelTable(lines)] };
}

const sizeOf = ({ m, n, k }) => ({ m, n, k });

/** Kernels of one size and type, and the ceilings as the machine had them meanwhile. */
export async function measureKernels(kernels, data, chosen, effort) {
  const { dtype } = data;
  const mark = kernels.mark();
  const jobs = [
    ...ceilings(kernels, dtype),
    ...chosen.map((kernel) => {
      // Most cases are about the size at hand; some bring problems of their own.
      const own = kernel.problem?.(dtype) ?? data;
      return {
        name: kernel.name,
        size: sizeOf(own),
        work: kernel.work(own),
        ...kernel.prepare(prepareTask(kernels, own, kernel.options)),
      };
    }),
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
  const timed = jobs.map(({ name, size = sizeOf(data), work }, i) => ({
    name,
    size,
    dtype,
    work,
    time: summary(samples[i]),
  }));
  const forms = timed.slice(0, jobs.length - chosen.length);
  const ceiling = { size: sizeOf(data), dtype, ...ceilingFigures(forms) };
  return { lines: timed.slice(forms.length).map((line) => rated(line, ceiling)), ceiling };
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

/** A line with its rate, and its fractions of the ceilings. */
export function rated(line, ceiling) {
  const { flops, divisions = 0 } = line.work;
  const gflops = flops / line.time.median / 1e6;
  const least = Math.max(flops / ceiling.gflops, divisions / ceiling.gdivisions) / 1e6;
  return { ...line, gflops, peak: gflops / ceiling.gflops, bound: least / line.time.median };
}

function peakTable(peaks) {
  return {
    title: "Ceilings of the run",
    columns: ["<size", "<type", "<best form", "GFLOP/s multiply+add", "G divisions/s", "<all forms"],
    rows: peaks.map(({ size, dtype, gflops, form, gdivisions, forms }) => [
      sizeName(size),
      dtype,
      form,
      digits(gflops),
      digits(gdivisions),
      Object.entries(forms)
        .map(([name, { rate }]) => `${name} ${digits(rate)}`)
        .join(", "),
    ]),
  };
}

function kernelTable(lines) {
  return {
    title: "Kernels against the ceilings",
    columns: ["<kernel", "<size", "<type", "ms", "min", "±", "GFLOP/s", "peak", "bound"],
    rows: lines.map(rateCells),
  };
}

/** A line from its name to its share of the bound. */
export function rateCells({ name, size, dtype, time, work, gflops, peak, bound }) {
  return [
    name,
    sizeName(size),
    dtype,
    digits(time.median),
    digits(time.min),
    percent(time.spread),
    digits(gflops),
    percent(peak),
    work.divisions ? percent(bound) : "",
  ];
}
