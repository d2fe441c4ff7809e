// What a page is told of threads (threads-page.test.ts): two threads are asked for, then as many as pay.

import { info, nmf } from "../../dist/index.js";

async function answer() {
  const V = {
    rows: 40,
    cols: 60,
    data: Float64Array.from({ length: 2400 }, (_, i) => ((i * 7919) % 1013) / 1013),
  };
  const asked = await nmf(V, { rank: 3, threads: 2, maxIterations: 20 });
  const unasked = await nmf(V, { rank: 3, maxIterations: 20 });
  const { threads, threadsReason } = await info();
  return {
    asked: asked.threads,
    warnings: asked.warnings,
    unasked: unasked.warnings,
    same: asked.loss === unasked.loss,
    threads,
    threadsReason,
  };
}

const body = await answer().catch((error) => ({ error: `${error?.code} ${error?.message ?? error}` }));
await fetch("/answer", { method: "POST", body: JSON.stringify(body) });
