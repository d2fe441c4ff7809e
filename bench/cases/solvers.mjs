// Whole solvers through the built SDK, beside their peers: milliseconds per iteration is the difference
// of a long and a short run divided by the difference of their iterations, so that checks, copies and
// the last loss cancel; the loss that the SDK looks at every 50 iterations stays in.
//
// Flops counted: both half-steps, as in half-steps.mjs, but none of the losses; one sweep for HALS.
// A peer's answer must be ours, after the same number of iterations, before its time counts:
// HALS and scikit-learn's cd are the same iteration.

import { cases as halfSteps } from "./half-steps.mjs";

function bothHalves(name) {
  const halves = ["H", "W"].map((side) => halfSteps.find((c) => c.name === `half-step ${name} ${side}`));
  return (size) => {
    const [a, b] = halves.map((half) => half.work(size));
    return { flops: a.flops + b.flops, divisions: a.divisions + b.divisions };
  };
}

/** Every peer, on a loss that all of them have. */
function allPeers(loss) {
  const names = ["sklearn", "numpy-mu", "tfjs-wasm", "jax-js", "ml-matrix"];
  return Object.fromEntries(names.map((name) => [name, { solver: "mu", loss }]));
}

export const cases = [
  {
    name: "nmf mu frobenius",
    loss: "frobenius",
    options: { solver: "mu", loss: "frobenius" },
    work: bothHalves("mu-frobenius"),
    peers: allPeers("frobenius"),
  },
  {
    name: "nmf mu kl",
    loss: "kullback-leibler",
    options: { solver: "mu", loss: "kullback-leibler" },
    work: bothHalves("mu-kl"),
    peers: allPeers("kullback-leibler"),
  },
  {
    name: "nmf hals",
    loss: "frobenius",
    options: { solver: "hals", loss: "frobenius" },
    work: bothHalves("hals"),
    peers: { sklearn: { solver: "cd", loss: "frobenius" } },
  },
];
