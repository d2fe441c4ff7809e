// One start, in a process that did nothing before: `node startup-child.mjs WAY` prints its milliseconds.

import { problem } from "../data.mjs";

const { m, n, k, V } = problem({ m: 100, n: 50, k: 5 }, "f64");
const matrix = { rows: m, cols: n, data: V };
const options = { rank: k };

const ways = {
  async advnmf() {
    const { nmf } = await import("advnmf");
    return { imported: performance.now(), solve: () => nmf(matrix, options) };
  },
  async "advnmf/sync"() {
    const { nmfSync } = await import("advnmf/sync");
    return { imported: performance.now(), solve: () => nmfSync(matrix, options) };
  },
  async "in steps"() {
    const { createEngine, nmf } = await import("advnmf");
    const imported = performance.now();
    const engine = await createEngine();
    return { imported, compiled: performance.now(), solve: () => nmf(matrix, { ...options, engine }) };
  },
};

const started = performance.now();
const { imported, compiled, solve } = await ways[process.argv[2]]();
const ready = performance.now();
await solve();
const done = performance.now();
await solve();
const again = performance.now() - done;
const steps = { import: imported - started, first: done - ready, total: done - started, again };
if (compiled !== undefined) steps.compile = compiled - imported;
console.log(JSON.stringify(steps));
