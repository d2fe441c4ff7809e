// Timing: repetitions, their median and spread, and contenders that take turns.

/** Median of some numbers. */
export function median(values) {
  return quantile(values, 0.5);
}

/** Quantile q of some numbers, interpolated. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/**
 * What a table shows of a series of timings. `spread` is the interquartile range as a fraction of the
 * median: how far a repetition of the whole run may move the median.
 *
 * @param {number[]} samples
 */
export function summary(samples) {
  const middle = median(samples);
  return {
    median: middle,
    min: Math.min(...samples),
    spread: (quantile(samples, 0.75) - quantile(samples, 0.25)) / middle,
    samples: samples.length,
  };
}

/**
 * {@link summary} of the time between a long and a short run of something, `extra` steps apart. The two
 * series are summed up first and subtracted then, so that one disturbed run does not make a negative time.
 *
 * @param {{ short: number, long: number }[]} samples
 * @param {number} extra
 */
export function differenceSummary(samples, extra) {
  const short = summary(samples.map((sample) => sample.short));
  const long = summary(samples.map((sample) => sample.long));
  const middle = (long.median - short.median) / extra;
  return {
    median: middle,
    min: (long.min - short.min) / extra,
    spread: (long.spread * long.median) / extra / middle,
    samples: samples.length,
  };
}

/**
 * How often a job must be repeated for one sample to last `milliseconds`. It runs a few times first, so
 * that the engine's best code is in place.
 *
 * @param {(reps: number) => void} job
 * @param {number} milliseconds
 */
export function calibrate(job, milliseconds) {
  const started = performance.now();
  let reps = 1;
  let last = 0;
  while (performance.now() - started < 3 * milliseconds || last < milliseconds / 4) {
    const before = performance.now();
    job(reps);
    last = performance.now() - before;
    if (last < milliseconds / 2) reps *= 2;
  }
  return Math.max(1, Math.round((reps * milliseconds) / last));
}

/**
 * Runs contenders in turn, `rounds` times, so that what the machine does meanwhile meets all of them.
 *
 * @template S
 * @param {{ sample: () => S | Promise<S> }[]} contenders
 * @param {number} rounds
 * @returns {Promise<S[][]>} the samples of each contender
 */
export async function interleave(contenders, rounds) {
  const samples = contenders.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      // Who goes first changes with the round: a caller's leftovers in the cache favour nobody.
      const at = (i + round) % contenders.length;
      samples[at].push(await contenders[at].sample());
    }
  }
  return samples;
}

/** The exponent p of y ∝ xᵖ by least squares on the logarithms. @param {[number, number][]} points */
export function exponent(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)]);
  const mean = (at) => logs.reduce((sum, pair) => sum + pair[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const along = logs.reduce((sum, pair) => sum + (pair[0] - x) ** 2, 0);
  return logs.reduce((sum, pair) => sum + (pair[0] - x) * (pair[1] - y), 0) / along;
}
