// The functions of `fragility`, which are loaded together.

export { attack } from "./attack.js";
export { compression } from "./compression.js";
export { linear, points, qr, signs } from "./law.js";
export { gradient, predict } from "./predict.js";
export { train } from "./training.js";
