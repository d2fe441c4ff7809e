// A member of a team in a thread of its own (see team.test.ts): instantiates the module on the shared memory
// and follows the lead.

import { parentPort, workerData } from "node:worker_threads";

const { module, memory, id } = workerData;
const cells = new Int32Array(memory.buffer);
const { exports } = new WebAssembly.Instance(module, {
  env: {
    memory,
    waitWhile(address, value) {
      while (Atomics.load(cells, address >>> 2) === value) Atomics.wait(cells, address >>> 2, value);
    },
  },
});
parentPort.on("message", ({ dtype, task }) => {
  exports[`follow_${dtype}`](task, id);
  parentPort.postMessage("done");
});
parentPort.postMessage("ready");
