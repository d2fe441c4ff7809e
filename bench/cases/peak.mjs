// The run's own ceilings (bench/kernels/peak.ts): multiply+adds a second, in flops (a multiply and an
// add are two), and divisions a second. The best form is the peak of the run.

/** Work of one round of each form, per lane, and rounds of one repetition. */
const FORMS = {
  chains8: { flops: 32, rounds: 1024 },
  chains10: { flops: 40, rounds: 1024 },
  chains12: { flops: 48, rounds: 1024 },
  tile42: { flops: 64 * 16, rounds: 32, sums: true },
  divisions: { divisions: 8, rounds: 1024 },
};

/** Bytes that the forms read and write. */
const BYTES = 20480;

/** The ceilings as contenders: each has `name`, `work` (per repetition), `setup()` and `job(reps)`. */
export function ceilings(kernels, dtype) {
  const lanes = dtype === "f32" ? 4 : 2;
  const address = kernels.take(BYTES);
  return Object.entries(FORMS).map(([name, { flops = 0, divisions = 0, rounds, sums }]) => ({
    name,
    work: { flops: flops * rounds * lanes, divisions: divisions * rounds * lanes },
    // Inputs near 1 for the chains, small for the sums, so that no number leaves the normal range.
    setup: () => kernels.floats(dtype, address, (BYTES / 16) * lanes).fill(sums ? 0.01 : 1),
    job: (reps) => kernels.exports[`peak_${name}_${dtype}`](reps * rounds, address),
  }));
}
