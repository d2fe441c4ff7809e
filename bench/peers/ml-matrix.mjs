// ml-matrix: products, quotients and sums of its Matrix, in f64, the only type it has.

import { versionOf } from "./versions.mjs";

let Matrix;

export async function start() {
  const version = versionOf("ml-matrix");
  ({ Matrix } = await import("ml-matrix"));
  return { versions: `ml-matrix ${version}`, dtypes: ["f64"] };
}

/** `add`, `mul` and `div` work in place; products make a matrix. */
const updates = {
  frobenius({ V, Vt, W, H, epsilon }) {
    const Ht = H.transpose();
    W.mul(V.mmul(Ht).div(W.mmul(H.mmul(Ht)).add(epsilon)));
    // Vᵀ made once: WᵀV = (VᵀW)ᵀ reads rows, which mmul does best.
    const product = Vt.mmul(W).transpose();
    H.mul(product.div(W.transpose().mmul(W).mmul(H).add(epsilon)));
  },
  "kullback-leibler"({ V, W, H, epsilon }) {
    const add = (sum) => sum + epsilon;
    const quotient = () => Matrix.div(V, W.mmul(H).add(epsilon));
    W.mul(quotient().mmul(H.transpose())).divRowVector(H.sum("row").map(add));
    H.mul(W.transpose().mmul(quotient())).divColumnVector(W.sum("column").map(add));
  },
};

export function solver({ m, n, k, epsilon, V: values, W0, H0 }, { loss }) {
  const V = Matrix.from1DArray(m, n, values);
  const Vt = V.transpose();
  const update = updates[loss];
  return (iterations) => {
    const W = Matrix.from1DArray(m, k, W0);
    const H = Matrix.from1DArray(k, n, H0);
    for (let i = 0; i < iterations; i++) update({ V, Vt, W, H, epsilon });
    return { W: W.to1DArray(), H: H.to1DArray() };
  };
}
