// advnmf/worker: the script of a worker that computes for another thread, alone or as a member of a
// team. The same source serves browsers, Deno, Bun (module workers) and Node (worker_threads).

import { expose, releaseProxy, transfer } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { Engine } from "../engine.js";
import { AdvnmfError } from "../errors.js";
import { drive } from "../solve.js";
import { ALONE, type Team } from "../workspace.js";
import {
  type Answer,
  Gate,
  keepErrors,
  type Place,
  type RemoteProgress,
  type WorkerApi,
} from "./protocol.js";
import { runWork, type SolutionOf, type Work } from "./work.js";

const running = new Map<number, AbortController>();
let module: WebAssembly.Module | undefined;
let place: Place | undefined;
/** The engine over a memory of the worker's own, made when it is first needed. */
let own: Engine | undefined;
/** The engine over the team's memory. */
let common: Engine | undefined;

/** What `join` brought. */
function joined<T>(value: T | undefined): T {
  if (value === undefined) throw new AdvnmfError("WORKER", "the worker was given work before its module", {});
  return value;
}

async function solve(
  call: number,
  engine: Engine,
  problem: Work,
  team: Team,
  onProgress: RemoteProgress | undefined,
): Promise<Answer> {
  const controller = new AbortController();
  const door = place && { gate: new Gate(place.gate), member: place.member };
  const signal = {
    get aborted() {
      return controller.signal.aborted || (door?.gate.stopped(door.member, call) ?? false);
    },
  };
  running.set(call, controller);
  try {
    const tell = onProgress && ((progress: Parameters<RemoteProgress>[0]) => void onProgress(progress));
    const steps = runWork(engine, problem, team);
    const solution = await drive(steps, signal, tell);
    return transfer({ solution, memoryBytes: own?.memoryBytes ?? 0 }, arraysOf(solution));
  } finally {
    running.delete(call);
    onProgress?.[releaseProxy]();
  }
}

function arraysOf(solution: SolutionOf<Work>): ArrayBuffer[] {
  if (!("W" in solution)) return [];
  const { W, H, hardened } = solution;
  const arrays = [W.data, H.data, ...(hardened ? [hardened.R.data] : [])];
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
}

const api: WorkerApi = {
  join(given, where) {
    module = given;
    place = where;
  },
  solve(call, problem, onProgress) {
    own ??= new Engine(joined(module));
    return solve(call, own, problem, ALONE, onProgress);
  },
  async lead(call, problem, size, number, onProgress) {
    const { memory, gate } = joined(place);
    const door = new Gate(gate);
    let open = false;
    try {
      common ??= new Engine(joined(module), { memory });
      const team = {
        size,
        open(task: number) {
          open = true;
          door.open(number, task);
        },
      };
      return await solve(call, common, problem, team, onProgress);
    } finally {
      // A problem that was refused has nothing to follow, and the followers are waiting.
      if (!open) door.open(number, 0);
    }
  },
  follow(number, dtype) {
    const { memory, gate, member } = joined(place);
    common ??= new Engine(joined(module), { memory });
    const task = new Gate(gate).pass(number);
    if (task !== 0) common.kernel("follow", dtype)(task, member);
  },
  abort: (call) => running.get(call)?.abort(),
};

keepErrors();
// In Node, and in Deno and Bun where they imitate it, a worker has a port; elsewhere it is its own.
const port = globalThis.process?.getBuiltinModule?.("node:worker_threads")?.parentPort;
if (port) expose(api, nodeEndpoint(port));
else expose(api);
