// How the speed depends on k, which decides how the register tiles fit: the product and the fused
// Kullback–Leibler half-step, with data that stay in the second-level cache. Every rank is a problem of its own,
// measured beside the last of the sizes.
//
// Flops counted as in products.mjs and half-steps.mjs.

import { problem, SIZES } from "../data.mjs";
import { cases as halfSteps } from "./half-steps.mjs";
import { cases as products } from "./products.mjs";

const RANKS = [1, 2, 3, 4, 5, 7, 8, 16, 17, 49];

export const cases = [
  products.find(({ name }) => name === "product WᵀV"),
  halfSteps.find(({ name }) => name === "half-step mu-kl H"),
].flatMap((kernel) =>
  RANKS.map((k) => ({
    ...kernel,
    name: `${kernel.name}, ranks`,
    applies: (size) => size === SIZES.at(-1),
    problem: (dtype) => problem({ m: 256, n: 256, k }, dtype),
  })),
);
