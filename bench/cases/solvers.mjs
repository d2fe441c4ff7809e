// Whole solvers through the built SDK, beside their peers: milliseconds per iteration is the difference
// of a long and a short run divided by the difference of their iterations, so that checks, copies and
// the last loss cancel; the loss that the SDK looks at every 10 iterations stays in.
//
// Flops counted: both half-steps, as in half-steps.mjs, but none of the losses; one sweep for HALS.
// "same" says which answer a peer's must equal, after the same number of iterations, before its time counts:
// plain HALS and scikit-learn's cd are the same iteration; accelerated HALS sweeps more often, and its
// answer must be no worse.

import { cases as halfSteps } from "./half-steps.mjs";

function bothHalves(name) {
  const halves = ["H", "W"].map((side) => halfSteps.find((c) => c.name === `half-step ${name} ${side}`));
  return (size) => {
    const [a, b] = halves.map((half) => half.work(size));
    return { flops: a.flops + b.flops, divisions: a.divisions + b.divisions };
  };
}

export const cases = [
  {
    name: "nmf mu frobenius",
    loss: "frobenius",
    options: { solver: "mu", loss: "frobenius" },
    work: bothHalves("mu-frobenius"),
    peers: { sklearn: { solver: "mu", loss: "frobenius" } },
    same: "equal",
  },
  {
    name: "nmf mu kl",
    loss: "kullback-leibler",
    options: { solver: "mu", loss: "kullback-leibler" },
    work: bothHalves("mu-kl"),
    peers: { sklearn: { solver: "mu", loss: "kullback-leibler" } },
    same: "equal",
  },
  {
    name: "nmf hals plain",
    loss: "frobenius",
    options: { solver: "hals", loss: "frobenius", innerSweeps: 1 },
    work: bothHalves("hals"),
    peers: { sklearn: { solver: "cd", loss: "frobenius" } },
    same: "equal",
  },
  {
    name: "nmf hals auto",
    loss: "frobenius",
    options: { solver: "hals", loss: "frobenius" },
    work: bothHalves("hals"),
    peers: { sklearn: { solver: "cd", loss: "frobenius" } },
    same: "no worse",
  },
];
