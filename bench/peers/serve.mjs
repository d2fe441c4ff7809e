// The JavaScript side of a peer in a process of its own: `node serve.mjs NAME`, one line of JSON in, one out
// (child.mjs asks). NAME.mjs exports
//
//   start()                  loads the library; resolves to its versions, and the types it computes in
//   solver(data, settings)   → run(iterations): from W0, H0 to the numbers of { W, H }, or a promise of them

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { objective } from "../data.mjs";

// Standard output belongs to the answers: what libraries print goes elsewhere.
for (const level of ["log", "info", "debug"]) console[level] = console.error;

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
const describe = ({ message }) => message.split("\n")[0];

let data;
let run;

const jobs = {
  load({ m, n, k, dtype, epsilon, files }) {
    const Numbers = dtype === "f32" ? Float32Array : Float64Array;
    const read = (path) => new Numbers(Uint8Array.from(readFileSync(path)).buffer);
    data = { m, n, k, dtype, epsilon, V: read(files.V), W0: read(files.W0), H0: read(files.H0) };
    run = undefined;
    return {};
  },
  async run({ job: _, iterations, judge, ...settings }) {
    run ??= peer.solver(data, settings);
    const before = performance.now();
    const { W, H } = await run(iterations);
    const ms = performance.now() - before;
    return judge ? { ms, objective: objective(settings.loss, data, W, H) } : { ms };
  },
};

const peer = await load(process.argv[2]);
if (peer) {
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    try {
      say(await jobs[message.job](message));
    } catch (error) {
      say({ error: describe(error) });
    }
  }
}

/** The peer, once it said hello; undefined when it cannot be used here. */
async function load(name) {
  try {
    const found = await import(`./${name}.mjs`);
    say(await found.start());
    return found;
  } catch (error) {
    say({ error: describe(error) });
    return undefined;
  }
}
