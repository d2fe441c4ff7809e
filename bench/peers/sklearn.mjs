// scikit-learn as a peer, in a Python process that stays up for the whole run.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// Not "sklearn.py": Python would take that for the library.
const script = fileURLToPath(new URL("sklearn-peer.py", import.meta.url));

/** The python3 on the PATH need not be the system's, and either may be the one with scikit-learn. */
const PYTHONS = [process.env.PYTHON, "python3", "/usr/bin/python3"].filter(Boolean);

function environment() {
  const one = { OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  // OpenBLAS may fail to know a newer processor and fall back to SSE code, which would handicap the
  // peer several times over; kernels for AVX-512 are named only where the processor has it.
  const core = process.arch === "x64" && hasAvx512() ? { OPENBLAS_CORETYPE: "SkylakeX" } : {};
  return { ...process.env, ...one, ...core };
}

function hasAvx512() {
  const found = spawnSync("grep", ["-qw", "avx512bw", "/proc/cpuinfo"]);
  return found.status === 0;
}

/** @returns {import("./peer.mjs").Peer} */
export function sklearn() {
  let python;
  let child;
  let lines;
  let folder;
  let settings;

  async function ask(message) {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error("the Python process ended");
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  const peer = {
    name: "sklearn",
    versions: "",
    async available() {
      python = PYTHONS.find((path) => spawnSync(path, ["-c", "import sklearn"]).status === 0);
      if (!python) return "no python3 here can import sklearn";
      child = spawn(python, [script], { env: environment(), stdio: ["pipe", "pipe", "inherit"] });
      lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const hello = await lines.next();
      if (hello.done) return `${python} imports sklearn, but the peer's script did not start`;
      peer.versions = JSON.parse(hello.value).versions;
      folder = mkdtempSync(join(tmpdir(), "bench-"));
      return "";
    },
    async prepare(data, chosen) {
      settings = chosen;
      const { m, n, k, dtype } = data;
      const files = {};
      for (const name of ["V", "W0", "H0"]) {
        files[name] = join(folder, name);
        writeFileSync(files[name], data[name]);
      }
      await ask({ job: "load", m, n, k, dtype, files });
    },
    run: (iterations, judge = false) => ask({ job: "run", ...settings, iterations, judge }),
    close() {
      child?.stdin.end();
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
  return peer;
}
