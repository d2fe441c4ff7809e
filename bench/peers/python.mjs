// Peers in Python.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { childPeer } from "./child.mjs";

/** The python3 on the PATH need not be the system's, and either may be the one with scikit-learn. */
const PYTHONS = [process.env.PYTHON, "python3", "/usr/bin/python3"].filter(Boolean);

const imports = (module) => (path) => spawnSync(path, ["-c", `import ${module}`]).status === 0;

/** One Python for most of them, so that they share a NumPy: the first with scikit-learn, or else with NumPy. */
let python;
function findPython() {
  python ??= PYTHONS.find(imports("sklearn")) ?? PYTHONS.find(imports("numpy")) ?? "";
  return python;
}

let pythonWithTorch;
function findTorch() {
  pythonWithTorch ??= PYTHONS.find(imports("torch")) ?? "";
  return pythonWithTorch;
}

/** threads 0: as many as the libraries choose. */
function environment(threads) {
  const names = threads ? ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"] : [];
  const limits = names.map((name) => [name, String(threads)]);
  // OpenBLAS may fail to know a newer processor and fall back to SSE code, which would handicap the
  // peer several times over; kernels for AVX-512 are named only where the processor has it.
  const core = process.arch === "x64" && hasAvx512() ? { OPENBLAS_CORETYPE: "SkylakeX" } : {};
  return { ...process.env, ...Object.fromEntries(limits), ...core };
}

function hasAvx512() {
  const found = spawnSync("grep", ["-qw", "avx512bw", "/proc/cpuinfo"]);
  return found.status === 0;
}

function pythonPeer(name, script, threads, find = findPython, needs = "scikit-learn or NumPy") {
  return childPeer({
    name,
    threads,
    command() {
      const program = find();
      if (!program) return `no python3 here can import ${needs}`;
      const path = fileURLToPath(new URL(script, import.meta.url));
      // -B: no compiled files beside the scripts.
      return { program, args: ["-B", path], env: environment(threads) };
    },
  });
}

export const sklearn = (threads = 1) => pythonPeer("sklearn", "sklearn-peer.py", threads);
export const numpyMu = (threads = 1) => pythonPeer("numpy-mu", "numpy-peer.py", threads);
export const numpyAtnmf = (threads = 1) => pythonPeer("numpy-at-nmf", "atnmf-peer.py", threads);
/** threads 0: as many as PyTorch chooses. */
export const torchLafa = (threads = 1) =>
  pythonPeer(threads ? "torch" : "torch unasked", "lafa-peer.py", threads, findTorch, "PyTorch");
