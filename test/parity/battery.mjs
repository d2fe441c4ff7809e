// The parity battery: fixed problems over all losses, solvers, masks, starts, number types and odd shapes.
// Its digest must be the same in every runtime. Plain JavaScript that touches nothing but the SDK it is
// given, so that it runs anywhere.

const LOSSES = [
  "frobenius",
  "kullback-leibler",
  "itakura-saito",
  { beta: 0.5 },
  { beta: 1.5 },
  { beta: 3 },
  { cauchy: 0.3 },
  { cauchy: "auto" },
];

/** Shapes and ranks: the usual, the odd and the smallest. */
const SHAPES = [
  [1, 1, 1],
  [17, 3, 1],
  [3, 17, 3],
  [9, 9, 9],
  [40, 31, 7],
  [64, 48, 8],
  [23, 130, 5],
];

function problems() {
  const list = [];
  for (const loss of LOSSES) {
    for (const missing of [undefined, "ignore", "zero-fill"]) {
      list.push({ shape: [40, 31, 5], loss, missing });
      if (loss === "frobenius" || loss === "kullback-leibler") {
        list.push({ shape: [40, 31, 5], loss, missing, single: true });
      }
    }
  }
  for (const shape of SHAPES) {
    for (const loss of ["frobenius", "kullback-leibler"]) {
      for (const single of [false, true]) list.push({ shape, loss, single });
    }
  }
  for (const init of ["half-normal", "nndsvd", "nndsvda"]) {
    for (const single of [false, true]) list.push({ shape: [40, 31, 6], init, single, seed: 9 });
  }
  list.push({ shape: [40, 31, 4], solver: "mu", order: "HW", epsilon: 1e-10 });
  list.push({ shape: [40, 31, 4], solver: "hals" });
  list.push({ shape: [40, 31, 4], solver: "hals", innerSweeps: "auto" });
  list.push({ shape: [40, 31, 4], solver: "hals", missing: "ignore", l1H: 0.01, l2W: 0.02 });
  list.push({ shape: [40, 31, 4], l1W: 0.01, l2H: 0.02, restarts: 3 });
  list.push({ shape: [40, 31, 4], stopping: "kkt", tolerance: 1e-3, maxIterations: 500 });
  return list;
}

/** Numbers in (0, 1] by integer arithmetic only (mulberry32). */
function numbers(count, seed) {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 1) / 4294967296;
  });
}

/**
 * Runs every problem on `advnmf` (the main entry, or what offers its names) and returns one digest of all
 * W, H and losses, and how many there were.
 */
export async function battery({ nmf, sha256, datasets }) {
  const parts = [];
  for (const [index, { shape, single, missing, ...options }] of problems().entries()) {
    const [rows, cols, rank] = shape;
    const values = numbers(rows * cols, 100 + index);
    const mask = missing && Uint8Array.from(numbers(rows * cols, 500 + index), (x) => (x < 0.2 ? 0 : 1));
    const fit = await nmf(
      { rows, cols, data: single ? Float32Array.from(values) : values },
      { rank, maxIterations: 40, ...options, ...(missing ? { missing, mask } : {}) },
    );
    const losses = Float64Array.from(fit.history, ({ loss }) => loss);
    const history = await sha256({ rows: 1, cols: losses.length, data: losses });
    const projected = await fit.transform({ rows, cols, data: values }, { maxIterations: 5 });
    const digests = [await sha256(fit.W), await sha256(fit.H), history, await sha256(projected.H)];
    parts.push(`${index} ${digests.join(" ")}`);
  }
  for (const name of Object.keys(datasets.facts)) {
    parts.push(`${name} ${await sha256(await datasets.load(name, { seed: 5 }))}`);
  }
  const bytes = Float64Array.from(parts.join("\n"), (letter) => letter.charCodeAt(0));
  return { digest: await sha256({ rows: 1, cols: bytes.length, data: bytes }), problems: parts.length };
}
