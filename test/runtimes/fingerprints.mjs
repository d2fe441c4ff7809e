// Five fixed problems, solved in whichever runtime runs this; prints the SHA-256 of W and H of each.

import { datasets, nmf, sha256, transform } from "../../dist/index.js";

const swimmer = await datasets.swimmer();
const spectra = await datasets.lafaSynthetic({ seed: 3 });
const { rows, cols, data } = await datasets.atnmfSynthetic({ seed: 4 });
const mask = Uint8Array.from(data, (_, index) => (index % 7 === 3 ? 0 : 1));
const weights = { rows, cols, data: Float64Array.from(data, (_, index) => (index % 5) / 2) };

const fits = {
  "Frobenius, HALS, f64": await nmf(swimmer, { rank: 17, seed: 1, maxIterations: 40 }),
  "Kullback-Leibler, NNDSVDa, f64": await nmf(spectra, {
    rank: 3,
    loss: "kullback-leibler",
    init: "nndsvda",
    maxIterations: 100,
  }),
  "Frobenius, MU, zero-filled mask, f32": await nmf(
    { rows, cols, data: Float32Array.from(data) },
    { rank: 5, solver: "mu", mask, missing: "zero-fill", init: "half-normal", restarts: 2 },
  ),
  "Itakura-Saito, weights, penalties, f64": await nmf(
    { rows, cols, data },
    { rank: 4, loss: "itakura-saito", mask: weights, l1W: 0.01, l2H: 0.02, order: "HW", maxIterations: 60 },
  ),
  "truncated Cauchy, f32": await nmf(
    { rows: spectra.rows, cols: spectra.cols, data: Float32Array.from(spectra.data) },
    { rank: 3, loss: { cauchy: "auto" }, seed: 4294967295, maxIterations: 50 },
  ),
};

const report = {};
for (const [name, { W, H }] of Object.entries(fits)) {
  report[name] = { W: await sha256(W), H: await sha256(H) };
}
const projected = await transform(swimmer, fits["Frobenius, HALS, f64"].W, { maxIterations: 20 });
report["transform, f64"] = { W: "fixed", H: await sha256(projected.H) };
console.log(JSON.stringify(report));
