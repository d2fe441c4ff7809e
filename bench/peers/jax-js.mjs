// jax-js with its WebAssembly backend, in f32 and f64; one thread, since Node has no global Worker. Every
// function takes its arguments over; `.ref` keeps one for another use.

import { versionOf } from "./versions.mjs";

let jax;
let np;

export async function start() {
  const version = versionOf("@jax-js/jax");
  // jax-js asks of an array whether it is a Float16Array, which Node 20 does not know.
  globalThis.Float16Array ??= class Float16Array {};
  jax = await import("@jax-js/jax");
  np = jax.numpy;
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return { versions: `@jax-js/jax ${version} (wasm)`, dtypes: ["f32", "f64"] };
}

function frobenius(epsilon) {
  // Products with V on their own, the rest of a half-step in one: faster than a whole half-step under `jit`.
  const timesH = jax.jit((V, H) => np.matmul(V, np.transpose(H)));
  const timesW = jax.jit((V, W) => np.matmul(np.transpose(W), V));
  const updateW = jax.jit((W, H, above) => {
    const gram = np.matmul(H.ref, np.transpose(H));
    return W.ref.mul(above.div(np.matmul(W, gram).add(epsilon)));
  });
  const updateH = jax.jit((W, H, above) => {
    const gram = np.matmul(np.transpose(W.ref), W);
    return H.ref.mul(above.div(np.matmul(gram, H).add(epsilon)));
  });
  return (V, W, H) => {
    const W1 = updateW(W, H.ref, timesH(V.ref, H.ref));
    return [W1.ref, updateH(W1.ref, H, timesW(V.ref, W1))];
  };
}

function kullbackLeibler(epsilon) {
  const quotient = jax.jit((V, W, H) => V.div(np.matmul(W, H).add(epsilon)));
  const updateW = jax.jit((W, H, Q) => {
    const above = np.matmul(Q, np.transpose(H.ref));
    return W.mul(above).div(np.sum(H, 1).add(epsilon));
  });
  const updateH = jax.jit((W, H, Q) => {
    const above = np.matmul(np.transpose(W.ref), Q);
    return H.mul(above).div(np.sum(W, 0, { keepdims: true }).transpose().add(epsilon));
  });
  return (V, W, H) => {
    const W1 = updateW(W.ref, H.ref, quotient(V.ref, W, H.ref));
    return [W1.ref, updateH(W1.ref, H.ref, quotient(V.ref, W1, H))];
  };
}

const updates = { frobenius, "kullback-leibler": kullbackLeibler };

let V;

export function solver({ m, n, k, dtype, epsilon, V: values, W0, H0 }, { loss }) {
  const type = dtype === "f32" ? np.float32 : np.float64;
  const array = (numbers, rows, cols) => np.array(numbers, { dtype: type }).reshape([rows, cols]);
  V?.dispose();
  V = array(values, m, n);
  const update = updates[loss](epsilon);
  return async (iterations) => {
    let W = array(W0, m, k);
    let H = array(H0, k, n);
    for (let i = 0; i < iterations; i++) [W, H] = update(V, W, H);
    return { W: await W.data(), H: await H.data() };
  };
}
