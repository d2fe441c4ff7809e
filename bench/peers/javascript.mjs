// Peers in JavaScript: libraries of bench/peers/package.json, which serve.mjs runs in a Node of their own.

import { fileURLToPath } from "node:url";
import { childPeer } from "./child.mjs";

const serve = fileURLToPath(new URL("serve.mjs", import.meta.url));

function javascriptPeer(name) {
  return childPeer({
    name,
    threads: 1,
    command: () => ({ program: process.execPath, args: [serve, name] }),
  });
}

export const tfjsWasm = () => javascriptPeer("tfjs-wasm");
export const jaxJs = () => javascriptPeer("jax-js");
export const mlMatrix = () => javascriptPeer("ml-matrix");
