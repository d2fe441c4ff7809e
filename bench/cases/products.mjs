// Products with V, as the half-steps make them on packed panels.
//
// Flops counted: 2mnk each (one multiply and one add for every entry of V and component). Rows or
// columns of padding do not count.

const flops = ({ m, n, k }) => ({ flops: 2 * m * n * k });

/** WᵀV (k×n), HVᵀ (k×m), and WH tile by tile as the fused passes form it. */
export const cases = [
  { name: "product WᵀV", kernel: "bench_product", transposed: 0, work: flops },
  { name: "product HVᵀ", kernel: "bench_product", transposed: 1, work: flops },
  { name: "predict WH", kernel: "bench_predictions", transposed: 0, work: flops },
].map(({ kernel, transposed, ...rest }) => ({
  ...rest,
  prepare: (task) => ({ job: (reps) => task.call(kernel, transposed, reps) }),
}));
