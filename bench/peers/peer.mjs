// Peers: other software on the same problem, from the same start, in the same run.
//
// Not among them: the NMF of the npm packages mokolo (0.0.2, on sylvester) and ml-ngmca. Neither starts from a
// given W0 and H0, and the second solves another problem (sparse sources).

import { join } from "node:path";
import { install, root } from "../../scripts/setup.mjs";
import { jaxJs, mlMatrix, tfjsWasm } from "./javascript.mjs";
import { numpyMu, sklearn } from "./python.mjs";

/**
 * @typedef {object} Peer
 * @property {string} name as cases name it under `peers`
 * @property {number} threads
 * @property {string} versions what was found
 * @property {("f32" | "f64")[]} dtypes types it computes in
 * @property {() => Promise<string>} available "" when it can be used, otherwise why it cannot; starts it
 * @property {(data: object, settings: object) => Promise<void>} prepare hands over V, W0, H0 (data.mjs)
 *   and what the case says under `peers[name]`
 * @property {(iterations: number, judge?: boolean) => Promise<{ ms: number, objective?: number }>} run
 *   runs from the start; `judge` asks for the objective too (½‖V−WH‖² or Σ V log(V/WH) − V + WH, in f64),
 *   outside the time
 * @property {() => void} close
 */

/** Every peer that runs on one thread. */
export const PEERS = [sklearn, numpyMu, tfjsWasm, jaxJs, mlMatrix];

/** Those that are compared where several threads are: the others know one only. */
export const THREADED_PEERS = [sklearn];

/** The libraries of bench/peers. Without them (no network, say) their peers say that they were not found. */
export function installPeers() {
  return install(join(root, "bench", "peers"), "installing the bench's JavaScript peers");
}

/** Starts those that are here. @returns {Promise<{ peers: Peer[], missing: string[] }>} */
export async function findPeers(makers, threads) {
  const peers = [];
  const missing = [];
  for (const make of makers) {
    const peer = make(threads);
    const why = await peer.available();
    if (why) missing.push(`${peer.name}: ${why}`);
    else peers.push(peer);
  }
  return { peers, missing };
}
