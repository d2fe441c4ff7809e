// Peers: other software on the same problem, from the same start, in the same run.

import { sklearn } from "./sklearn.mjs";

/**
 * @typedef {object} Peer
 * @property {string} name as cases name it under `peers`
 * @property {string} versions what was found
 * @property {() => Promise<string>} available "" when it can be used, otherwise why it cannot; starts it
 * @property {(data: object, settings: object) => Promise<void>} prepare hands over V, W0, H0 (data.mjs)
 *   and what the case says under `peers[name]`
 * @property {(iterations: number, judge?: boolean) => Promise<{ ms: number, objective?: number }>} run
 *   runs from the start; `judge` asks for the objective too (½‖V−WH‖² or Σ V log(V/WH) − V + WH, in f64),
 *   outside the time
 * @property {() => void} close
 */

/** Every peer the bench knows. */
export const PEERS = [sklearn];

/** Starts those that are here. @returns {Promise<{ peers: Peer[], missing: string[] }>} */
export async function findPeers() {
  const peers = [];
  const missing = [];
  for (const make of PEERS) {
    const peer = make();
    const why = await peer.available();
    if (why) missing.push(`${peer.name}: ${why}`);
    else peers.push(peer);
  }
  return { peers, missing };
}
