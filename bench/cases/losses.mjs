// Losses, summed entry by entry (the Gram identity costs nothing beside the half-step before it).
//
// Flops counted: prediction 2mnk, and per entry 3 for Frobenius (difference, square, sum) or 5 for
// Kullback–Leibler (two ε, product, −V, +P) and one division; the logarithms, some 25 flops and a
// division each, do not count, so that a low fraction here means logarithms, not waste.

export const cases = [
  { loss: "frobenius", perEntry: 3, divisions: 0 },
  { loss: "kullback-leibler", perEntry: 5, divisions: 1 },
].map(({ loss, perEntry, divisions }) => ({
  name: `loss ${loss === "frobenius" ? "frobenius" : "kl"}`,
  options: { loss, solver: "mu" },
  work: ({ m, n, k }) => ({ flops: 2 * m * n * k + perEntry * m * n, divisions: divisions * m * n }),
  prepare: (task) => ({
    job(reps) {
      for (let rep = 0; rep < reps; rep++) task.lead("currentLoss", 1);
    },
  }),
}));
