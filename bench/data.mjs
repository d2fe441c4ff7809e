// Problems to measure on: non-negative data of a known size and rank, the same in every run.

/** The sizes that the aims are stated for, with what has that size in practice. */
export const SIZES = [
  { m: 96, n: 21, k: 4, like: "mutation counts" },
  { m: 472, n: 361, k: 5, like: "faces, one a row" },
  { m: 165, n: 2500, k: 5, like: "hyperspectral image" },
  { m: 361, n: 2429, k: 49, like: "faces, one a column" },
];

export const DTYPES = ["f32", "f64"];

export const sizeName = ({ m, n, k }) => `${m}×${n} k=${k}`;

/** Uniform numbers in [0, 1): Mulberry32, enough for data. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A problem of a size: V = A·B + noise with A, B half zeros (so that factors go to zero where they
 * should, as in real data), and a positive start W0, H0 of the right scale.
 *
 * @param {{ m: number, n: number, k: number }} size
 * @param {"f32" | "f64"} dtype
 */
export function problem({ m, n, k }, dtype, seed = 1) {
  const uniform = generator(seed);
  const sparse = (length) => Float64Array.from({ length }, () => Math.max(0, 2 * uniform() - 1));
  const A = sparse(m * k);
  const B = sparse(k * n);
  const V = new Float64Array(m * n);
  let total = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let a = 0; a < k; a++) sum += A[i * k + a] * B[a * n + j];
      const value = sum + 0.1 * uniform();
      V[i * n + j] = value;
      total += value;
    }
  }
  const scale = 2 * Math.sqrt(total / (m * n * k));
  const start = (length) => Float64Array.from({ length }, () => scale * (0.05 + 0.95 * uniform()));
  const typed = (values) => (dtype === "f32" ? Float32Array.from(values) : values);
  return { m, n, k, dtype, V: typed(V), W0: typed(start(m * k)), H0: typed(start(k * n)) };
}

/**
 * The losses of a pair of factors, in f64 and straight from their definitions: the judge of every
 * contender's answer.
 *
 * @param {"frobenius" | "kullback-leibler"} loss
 */
export function objective(loss, { m, n, k, V }, W, H) {
  let total = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let p = 0;
      for (let a = 0; a < k; a++) p += W[i * k + a] * H[a * n + j];
      const v = V[i * n + j];
      if (loss === "frobenius") total += 0.5 * (v - p) ** 2;
      else total += (v > 0 ? v * Math.log(v / p) : 0) - v + p;
    }
  }
  return total;
}
