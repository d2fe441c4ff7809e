// How well do missing entries come back, by plain and by hardened factorization?
//
//   deno run -A restore.ts [FILE] [RANK]  FILE: CSV, NPY, MAT, … (default: generated faces of rank 20)

import { atnmf, datasets, hideEntries, type Matrix, nmf } from "advnmf";
import { readMatrix, writeMatrix } from "advnmf/io";

const [file, rank = "20"] = Deno.args;
const V = file ? await readMatrix(file) : await datasets.faces();
const { mask, hidden } = await hideEntries(V, { fraction: 0.6 });

const options = { rank: Number(rank), mask };
const plain = (await nmf(V, { ...options, maxIterations: 300 })).reconstruct();
const hardened = (await atnmf(V, { ...options, lambda: 3, maxInner: 30, maxOuter: 10 })).reconstruct();

/** Root mean square error on what was hidden. */
function rmse(restored: Matrix): number {
  const squares = hidden.map((at) => (V.data[at] - restored.data[at]) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / hidden.length);
}

console.log(`NMF     ${rmse(plain).toFixed(4)}`);
console.log(`AT-NMF  ${rmse(hardened).toFixed(4)}`);
await writeMatrix("restored.csv", hardened);
