// What a half-step does on the factor alone.
//
// Flops counted: Gram HHᵀ k(k+1)n (one triangle, a multiply and an add an entry and column);
// denominator WᵀW·H 2k²n; the summary (tiles, Gram matrix) the flops of the Gram matrix, since the
// tiles are only moved.

export const cases = [
  {
    name: "gram HHᵀ",
    kernel: "bench_grams",
    transposed: 0,
    work: ({ n, k }) => ({ flops: k * (k + 1) * n }),
  },
  {
    name: "gram WᵀW",
    kernel: "bench_grams",
    transposed: 1,
    work: ({ m, k }) => ({ flops: k * (k + 1) * m }),
  },
  {
    name: "denominator WᵀW·H",
    kernel: "bench_denominators",
    transposed: 0,
    work: ({ n, k }) => ({ flops: 2 * k * k * n }),
  },
  {
    name: "summary of H",
    kernel: "bench_summaries",
    transposed: 0,
    work: ({ n, k }) => ({ flops: k * (k + 1) * n }),
  },
].map(({ kernel, transposed, ...rest }) => ({
  ...rest,
  prepare: (task) => ({ job: (reps) => task.call(kernel, transposed, reps) }),
}));
