// The same iterates as scikit-learn's NMF from the same start, on real data.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Matrix, matrix, nmf } from "advnmf";
import { encodeMatrix, readMatrix } from "advnmf/io";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataPath, seeded, total } from "../data.js";

const python = ["/usr/bin/python3", "python3"].find((command) => {
  try {
    execFileSync(command, ["-c", "import sklearn"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

const SCRIPT = `
import sys, warnings, numpy as np
from sklearn.decomposition import NMF
warnings.filterwarnings("ignore")
folder, solver, loss, steps = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
V, W, H = (np.load(f"{folder}/{name}.npy") for name in ("V", "W0", "H0"))
model = NMF(W.shape[1], init="custom", solver=solver, beta_loss=loss, max_iter=steps, tol=0)
W = model.fit_transform(V, W=W.copy(), H=H.copy())
np.save(f"{folder}/W.npy", W); np.save(f"{folder}/H.npy", model.components_)
`;

const sets = [
  { name: "WTSI", path: dataPath("lafa/wtsi.mat"), rank: 4, variable: "X" },
  { name: "faces", path: dataPath("lafa/face"), rank: 5 },
  { name: "Moffet", path: dataPath("at-nmf/Moffet/clean_Moffet.mat"), rank: 5, variable: "V" },
];

describe.skipIf(!python)("scikit-learn (skipped where python3-sklearn is not installed)", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "advnmf-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function load(set: (typeof sets)[number]): Promise<Matrix> {
    return readMatrix(set.path!, set.variable ? { variable: set.variable } : {});
  }

  async function start(V: Matrix, rank: number): Promise<{ W: Matrix; H: Matrix }> {
    const random = seeded(7);
    const mean = total(V) / V.data.length;
    const size = 2 * Math.sqrt(mean / rank);
    const draw = (rows: number, cols: number) =>
      matrix(
        rows,
        cols,
        Float64Array.from({ length: rows * cols }, () => size * (0.01 + random())),
      );
    const init = { W: draw(V.rows, rank), H: draw(rank, V.cols) };
    for (const [name, A] of Object.entries({ V, W0: init.W, H0: init.H })) {
      writeFileSync(join(folder, `${name}.npy`), await encodeMatrix(A, { format: "npy" }));
    }
    return init;
  }

  async function theirs(solver: string, loss: string, steps: number): Promise<{ W: Matrix; H: Matrix }> {
    execFileSync(python!, ["-c", SCRIPT, folder, solver, loss, String(steps)], {
      env: { ...process.env, OPENBLAS_CORETYPE: "SkylakeX", OPENBLAS_NUM_THREADS: "2" },
    });
    const read = (name: string) => readMatrix(new Uint8Array(readFileSync(join(folder, name))));
    return { W: await read("W.npy"), H: await read("H.npy") };
  }

  /** ‖A − B‖/‖B‖. */
  function distance(A: Matrix, B: Matrix): number {
    let above = 0;
    let below = 0;
    for (let i = 0; i < B.data.length; i++) {
      above += (A.data[i]! - B.data[i]!) ** 2;
      below += B.data[i]! ** 2;
    }
    return Math.sqrt(above / below);
  }

  function product(W: Matrix, H: Matrix): Matrix {
    const data = new Float64Array(W.rows * H.cols);
    for (let i = 0; i < W.rows; i++) {
      for (let j = 0; j < H.cols; j++) {
        for (let a = 0; a < W.cols; a++) {
          data[i * H.cols + j]! += W.data[i * W.cols + a]! * H.data[a * H.cols + j]!;
        }
      }
    }
    return { rows: W.rows, cols: H.cols, data };
  }

  function squaredError(V: Matrix, W: Matrix, H: Matrix): number {
    const P = product(W, H);
    return total({ data: Array.from(V.data, (x, i) => (x - P.data[i]!) ** 2) });
  }

  for (const set of sets) {
    for (const loss of ["frobenius", "kullback-leibler"] as const) {
      it.skipIf(!set.path)(`${set.name}, ${loss}: mu iterates to 1e-6 after 100 iterations`, async () => {
        const V = await load(set);
        const init = await start(V, set.rank);
        const peer = await theirs("mu", loss, 100);
        const fit = await nmf(V, {
          rank: set.rank,
          solver: "mu",
          loss,
          init,
          maxIterations: 100,
          tolerance: 0,
        });
        expect(distance(fit.W, peer.W)).toBeLessThan(1e-6);
        expect(distance(fit.H, peer.H)).toBeLessThan(1e-6);
      });
    }

    it.skipIf(!set.path)(`${set.name}: hals has cd's iterates, within 0.1% of its objective`, async () => {
      const V = await load(set);
      const init = await start(V, set.rank);
      const peer = await theirs("cd", "frobenius", 200);
      const fit = await nmf(V, { rank: set.rank, solver: "hals", init, maxIterations: 200, tolerance: 0 });
      expect(2 * fit.loss).toBeLessThanOrEqual(1.001 * squaredError(V, peer.W, peer.H));
      expect(distance(fit.reconstruct(), product(peer.W, peer.H))).toBeLessThan(1e-6);
    });

    it.skipIf(!set.path)(`${set.name}: the default solver ends within 0.1% of cd's objective`, async () => {
      const V = await load(set);
      const init = await start(V, set.rank);
      const peer = await theirs("cd", "frobenius", 1000);
      const fit = await nmf(V, { rank: set.rank, init, maxIterations: 1000, tolerance: 0 });
      expect(2 * fit.loss).toBeLessThanOrEqual(1.001 * squaredError(V, peer.W, peer.H));
    });
  }
});
