// TensorFlow.js with its WebAssembly backend, in f32, the only type of its floats; one thread, which is all
// that the backend does in Node.

import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { versionOf } from "./versions.mjs";

const backend = "@tensorflow/tfjs-backend-wasm";
let tf;

export async function start() {
  const version = versionOf(backend);
  const folder = dirname(fileURLToPath(import.meta.resolve(backend)));
  const binary = watchBinary(folder);
  tf = await import("@tensorflow/tfjs-core");
  const { setWasmPaths } = await import(backend);
  setWasmPaths(join(folder, "/"));
  await tf.setBackend("wasm");
  if (tf.getBackend() !== "wasm") throw new Error(`the backend is ${tf.getBackend()}`);
  if (!binary().includes("simd")) throw new Error(`${binary()} was loaded, which is not the SIMD build`);
  return { versions: `tfjs-core and ${backend} ${version} (${binary()})`, dtypes: ["f32"] };
}

/** Which of its builds the backend instantiates: told by the length of the bytes, since nothing else says. */
function watchBinary(folder) {
  const { instantiate } = WebAssembly;
  let length = 0;
  WebAssembly.instantiate = (bytes, ...rest) => {
    length = bytes.byteLength;
    return instantiate(bytes, ...rest);
  };
  const builds = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
  return () => builds.find((name) => statSync(join(folder, name)).size === length) ?? "an unknown build";
}

/** Transposes are made, not asked of matMul: its fast path is for operands as they lie. */
const updates = {
  frobenius({ V, W, H, epsilon }) {
    const Ht = tf.transpose(H);
    const W1 = tf.mul(W, tf.div(tf.matMul(V, Ht), tf.add(tf.matMul(W, tf.matMul(H, Ht)), epsilon)));
    const Wt = tf.transpose(W1);
    const below = tf.add(tf.matMul(tf.matMul(Wt, W1), H), epsilon);
    return [W1, tf.mul(H, tf.div(tf.matMul(Wt, V), below))];
  },
  "kullback-leibler"({ V, W, H, epsilon }) {
    const quotient = (W) => tf.div(V, tf.add(tf.matMul(W, H), epsilon));
    const above = tf.matMul(quotient(W), tf.transpose(H));
    const W1 = tf.mul(W, tf.div(above, tf.add(tf.sum(H, 1), epsilon)));
    const Wt = tf.transpose(W1);
    const below = tf.add(tf.sum(Wt, 1, true), epsilon);
    return [W1, tf.mul(H, tf.div(tf.matMul(Wt, quotient(W1)), below))];
  },
};

let V;

export function solver({ m, n, k, epsilon, V: values, W0, H0 }, { loss }) {
  V?.dispose();
  V = tf.tensor2d(values, [m, n]);
  const update = updates[loss];
  return (iterations) => {
    let W = tf.tensor2d(W0, [m, k]);
    let H = tf.tensor2d(H0, [k, n]);
    for (let i = 0; i < iterations; i++) {
      const [W1, H1] = tf.tidy(() => update({ V, W, H, epsilon }));
      tf.dispose([W, H]);
      W = W1;
      H = H1;
    }
    const result = { W: W.dataSync(), H: H.dataSync() };
    tf.dispose([W, H]);
    return result;
  };
}
