// The package's own files, as npm installs them: nothing is bundled, and advnmf.wasm is found beside index.js.
import { datasets, nmf, sha256 } from "./node_modules/advnmf/dist/index.js";

const V = await datasets.lafaSynthetic();
const { W, relativeError, iterations } = await nmf(V, { rank: 3, loss: "kullback-leibler", seed: 7 });
document.querySelector("[role=status]").textContent =
  `relative error ${relativeError.toFixed(4)} after ${iterations} iterations; SHA-256 of W ${await sha256(W)}`;
