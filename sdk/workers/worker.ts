// advnmf/worker: the script of a worker that computes for another thread. `createWorker` starts it; the
// same source serves browsers, Deno, Bun (module workers) and Node (worker_threads).

import { expose, releaseProxy } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { defaultEngine } from "../engine.js";
import { nmfProblem, type Problem, transformProblem } from "../problem.js";
import { drive, run, type Solution } from "../solve.js";
import { keepErrors, type RemoteProgress, type WorkerApi } from "./protocol.js";

const running = new Map<number, AbortController>();

async function solve(
  call: number,
  problem: Problem,
  onProgress: RemoteProgress | undefined,
): Promise<Solution> {
  const controller = new AbortController();
  running.set(call, controller);
  try {
    const engine = await defaultEngine();
    const tell = onProgress && ((progress: Parameters<RemoteProgress>[0]) => void onProgress(progress));
    return await engine.enqueue(() =>
      drive(run(engine, problem), (solution) => solution, controller.signal, tell),
    );
  } finally {
    running.delete(call);
    onProgress?.[releaseProxy]();
  }
}

const api: WorkerApi = {
  nmf: async (call, V, options, onProgress) => solve(call, nmfProblem(V, options), onProgress),
  transform: async (call, V, W, options, onProgress) =>
    solve(call, transformProblem(V, W, options), onProgress),
  abort: (call) => running.get(call)?.abort(),
};

keepErrors();
// Module workers have postMessage on the global object; Node's have a port.
if (typeof globalThis.postMessage === "function") expose(api);
else {
  const port = globalThis.process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
  if (port) expose(api, nodeEndpoint(port));
}
