// Which change of my data, too small to see, changes its features most?
//
//   node attack.mjs [FILE] [RANK]         FILE: CSV, NPY, MAT, … (default: synthetic data of rank 3)

import { datasets, lafa } from "advnmf";
import { readMatrix, writeMatrix } from "advnmf/io";

const [file, rank = "3"] = process.argv.slice(2);
const V = file ? await readMatrix(file) : await datasets.lafaSynthetic();

const { results, baseline } = await lafa(V, {
  rank: Number(rank),
  epsilons: [0.01, 0.05],
  steps: 10,
  restarts: 1,
  iterations: 200,
  evaluationIterations: 1000,
  onProgress: ({ step, steps }) => process.stderr.write(`\rstep ${step} of ${steps} `),
});
process.stderr.write("\n");

console.log(`other starts, without an attack: ${baseline.refit.mean.toFixed(3)}`);
for (const [i, { epsilon, featureError, perturbed }] of results.entries()) {
  const noise = baseline.noise[i].mean.toFixed(3);
  console.log(`change by ${epsilon * 100}%: feature error ${featureError.toFixed(3)}, noise ${noise}`);
  await writeMatrix(`perturbed-${epsilon}.csv`, perturbed);
}
