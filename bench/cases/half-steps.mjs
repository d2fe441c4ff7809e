// Half-steps: one factor updated, the other fixed, statistics for the next half-step included.
//
// Flops counted, for the side of H (for W read n for m and m for n):
//   mu frobenius   product 2mnk, denominator 2k²n, update 4kn (ratio, product and the two additions to
//                  the denominator, its division among the divisions), Gram k(k+1)n
//   mu kl          prediction 2mnk, product 2mnk, and ε added mn; mn divisions in V/(WH+ε)
//   hals           product 2mnk, one sweep 2k²n, Gram k(k+1)n

const counts = {
  "mu-frobenius": (rows, cols, k) => ({
    flops: 2 * rows * cols * k + 2 * k * k * cols + 4 * k * cols + k * (k + 1) * cols,
    divisions: k * cols,
  }),
  "mu-kl": (rows, cols, k) => ({
    flops: 4 * rows * cols * k + rows * cols,
    divisions: rows * cols + k * cols,
  }),
  hals: (rows, cols, k) => ({
    flops: 2 * rows * cols * k + 2 * k * k * cols + k * (k + 1) * cols,
    divisions: 0,
  }),
};

const options = {
  "mu-frobenius": { loss: "frobenius", solver: "mu" },
  "mu-kl": { loss: "kullback-leibler", solver: "mu" },
  // One sweep: how many more pay depends on the data.
  hals: { loss: "frobenius", solver: "hals", sweeps: 1 },
};

export const cases = Object.keys(counts).flatMap((name) =>
  [0, 1].map((transposed) => ({
    name: `half-step ${name} ${transposed ? "W" : "H"}`,
    options: options[name],
    work: ({ m, n, k }) => counts[name](transposed ? n : m, transposed ? m : n, k),
    prepare(task) {
      task.halfStep(transposed);
      return {
        // From the start each time: a factor at rest would let HALS do less.
        setup: () => task.reset(),
        job: (reps) => task.lead("iterate", reps),
      };
    },
  })),
);
