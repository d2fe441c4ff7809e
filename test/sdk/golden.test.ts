// The same iterates as independent float64 implementations: test/fixtures/golden-*.json.

import { readFileSync } from "node:fs";
import { atnmf, type Matrix, matrix, nmf } from "advnmf";
import { readMatrix } from "advnmf/io";
import { describe, expect, it } from "vitest";
import { dataPath, fromFormula, total } from "../data.js";

interface Figures {
  obj_obs: number;
  obj_zf: number;
  rmse_heldout: number;
}

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8"));
const frobenius = fixture("golden-frobenius.json") as { cases: Record<string, Record<string, Figures>> };
interface Hardened extends Figures {
  obj_adv: number;
  normR2: number;
  saddle_obj: number;
}
type Hardening = Record<string, Record<string, Hardened> & { inner_counts?: number[] }>;

const hardened = fixture("golden-atnmf.json") as {
  cases: Record<string, { fixed: Hardening; rule?: Hardening }>;
};
const kl = fixture("golden-kl.json");

const relative = (got: number, expected: number) => Math.abs(got - expected) / Math.abs(expected);

function transpose(A: Matrix): Matrix {
  const data = new Float64Array(A.data.length);
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < A.cols; j++) data[j * A.rows + i] = A.data[i * A.cols + j]!;
  }
  return { rows: A.cols, cols: A.rows, data };
}

async function atnmfData(set: string, mask: string): Promise<{ V: Matrix; D: Matrix }> {
  const file = set === "Synthetic" ? "X.mat" : "clean_Moffet.mat";
  const V = await readMatrix(dataPath(`at-nmf/${set}/${file}`)!, {
    variable: set === "Synthetic" ? "X" : "V",
  });
  const D = await readMatrix(dataPath(`at-nmf/${set}/${mask}.mat`)!);
  const data = set === "Synthetic" ? transpose(V) : V;
  return { V: data, D: D.rows === data.rows ? D : transpose(D) };
}

function objectives(V: Matrix, D: Matrix, P: Matrix): Figures {
  let observed = 0;
  let filled = 0;
  let held = 0;
  let count = 0;
  for (let i = 0; i < V.data.length; i++) {
    const error = (V.data[i]! - P.data[i]!) ** 2;
    if (D.data[i] === 0) {
      held += error;
      count++;
      filled += P.data[i]! ** 2;
    } else {
      observed += error;
      filled += error;
    }
  }
  return { obj_obs: observed, obj_zf: filled, rmse_heldout: Math.sqrt(held / count) };
}

describe("Frobenius MU on the AT-NMF authors' data", () => {
  for (const [name, cases] of Object.entries(frobenius.cases)) {
    const [set, mask, convention] = name.split("/") as [string, string, string];
    const there = dataPath(`at-nmf/${set}`) !== undefined;
    it.skipIf(!there)(`${name}: objectives and held-out errors to 1e-9`, async () => {
      const { V, D } = await atnmfData(set, mask);
      const W = fromFormula(V.rows, 5, (f, k) => 0.1 + Math.abs(Math.sin(1 + 3 * f + 7 * k)));
      const H = fromFormula(5, V.cols, (k, n) => 0.1 + Math.abs(Math.cos(2 + 5 * k + 11 * n)));
      const zeroFill = convention === "zerofill";
      for (const [steps, expected] of Object.entries(cases)) {
        const fit = await nmf(V, {
          rank: 5,
          solver: "mu",
          init: { W, H },
          mask: D,
          missing: zeroFill ? "zero-fill" : "ignore",
          maxIterations: Number(steps),
          tolerance: 0,
        });
        const got = objectives(V, D, fit.reconstruct());
        expect(relative(got.obj_obs, expected.obj_obs), `obj_obs after ${steps}`).toBeLessThan(1e-9);
        expect(relative(got.obj_zf, expected.obj_zf), `obj_zf after ${steps}`).toBeLessThan(1e-9);
        expect(relative(got.rmse_heldout, expected.rmse_heldout), `rmse after ${steps}`).toBeLessThan(1e-9);
        const minimised = zeroFill ? expected.obj_zf : expected.obj_obs;
        expect(relative(2 * fit.loss, minimised), `loss after ${steps}`).toBeLessThan(1e-9);
      }
    });

    // 500 steps on Moffet amplify rounding beyond what f32 carries; 50 do not.
    it.skipIf(!there)(`${name}: f32 to 1e-4 after 5 and 50 steps`, async () => {
      const { V, D } = await atnmfData(set, mask);
      const W = fromFormula(V.rows, 5, (f, k) => 0.1 + Math.abs(Math.sin(1 + 3 * f + 7 * k)));
      const H = fromFormula(5, V.cols, (k, n) => 0.1 + Math.abs(Math.cos(2 + 5 * k + 11 * n)));
      for (const steps of [5, 50]) {
        const fit = await nmf(matrix(V.rows, V.cols, Float32Array.from(V.data)), {
          rank: 5,
          solver: "mu",
          init: { W, H },
          mask: D,
          missing: convention === "zerofill" ? "zero-fill" : "ignore",
          maxIterations: steps,
          tolerance: 0,
        });
        expect(fit.W.data).toBeInstanceOf(Float32Array);
        const expected = cases[steps]!;
        const minimised = convention === "zerofill" ? expected.obj_zf : expected.obj_obs;
        expect(relative(2 * fit.loss, minimised), `loss after ${steps}`).toBeLessThan(1e-4);
      }
    });
  }
});

describe("AT-NMF on its authors' data", () => {
  for (const [name, { fixed, rule }] of Object.entries(hardened.cases)) {
    const [set, mask, convention] = name.split("/") as [string, string, string];
    const there = dataPath(`at-nmf/${set}`) !== undefined;
    const missing = convention === "zerofill" ? "zero-fill" : "ignore";

    async function compare(expected: Hardening, epsilon: number): Promise<void> {
      const { V, D } = await atnmfData(set, mask);
      const W = fromFormula(V.rows, 5, (f, k) => 0.1 + Math.abs(Math.sin(1 + 3 * f + 7 * k)));
      const H = fromFormula(5, V.cols, (k, n) => 0.1 + Math.abs(Math.cos(2 + 5 * k + 11 * n)));
      const shared = { rank: 5, mask: D, missing } as const;
      const start = await nmf(V, {
        ...shared,
        solver: "mu",
        init: { W, H },
        maxIterations: 5,
        tolerance: 0,
      });
      for (const [lambda, { inner_counts: counts, ...after }] of Object.entries(expected)) {
        for (const [outer, figures] of Object.entries(after)) {
          const fit = await atnmf(V, {
            ...shared,
            init: { W: start.W, H: start.H },
            lambda: Number(lambda),
            epsilonInner: epsilon,
            epsilonOuter: epsilon,
            maxInner: 50,
            maxOuter: Number(outer),
          });
          const P = fit.reconstruct();
          let saddle = 0;
          for (const [i, r] of fit.R.data.entries()) {
            if (D.data[i] !== 0) saddle += (V.data[i]! + r - P.data[i]!) ** 2 - Number(lambda) * r * r;
          }
          const last = fit.history.at(-1)!;
          const got = {
            ...objectives(V, D, P),
            obj_adv: last.objective,
            normR2: fit.history.at(-2)!.effort,
            saddle_obj: saddle,
          };
          for (const [figure, value] of Object.entries(got)) {
            const off = relative(value, figures[figure as keyof Hardened]);
            expect(off, `λ = ${lambda}, ${outer} outer iterations: ${figure}`).toBeLessThan(1e-9);
          }
          const minimised = missing === "zero-fill" ? figures.obj_zf : figures.obj_obs;
          expect(relative(2 * fit.loss, minimised)).toBeLessThan(1e-9);
          if (counts) expect(fit.innerIterations).toEqual(counts.slice(0, Number(outer)));
        }
      }
    }

    it.skipIf(!there)(`${name}: every figure to 1e-9`, () => compare(fixed, 0));
    if (rule) it.skipIf(!there)(`${name}: stopping by rules (12) and (13)`, () => compare(rule, 0.01));
  }
});

describe("Kullback–Leibler MU as in LaFA", () => {
  const options = { solver: "mu", order: "HW", epsilon: 1e-10, tolerance: 0 } as const;

  async function data(name: "tiny" | "wtsi"): Promise<number[][]> {
    if (name === "tiny") {
      return fromFormula(12, 9, (i, j) => 0.05 + Math.abs(Math.sin(1 + i * j + 2 * i + 3 * j)));
    }
    const raw = await readMatrix(dataPath("lafa/wtsi.mat")!);
    const top = Math.max(...raw.data) + 0.01;
    return fromFormula(raw.rows, raw.cols, (i, j) => (raw.data[i * raw.cols + j]! + 0.01) / top);
  }

  function perturbed(X: number[][], epsilon: number): number[][] {
    const norm = (A: number[][]) => Math.sqrt(A.flat().reduce((sum, x) => sum + x * x, 0));
    const D = X.map((row, i) => row.map((x, j) => Math.sin(1 + 3 * i + 7 * j) * Math.sqrt(x)));
    const step = (epsilon * norm(X)) / norm(D);
    const top = Math.max(...X.flat());
    return X.map((row, i) => row.map((x, j) => Math.min(top, Math.max(0, x + step * D[i]![j]!))));
  }

  for (const name of ["tiny", "wtsi"] as const) {
    const there = name === "tiny" || dataPath("lafa/wtsi.mat") !== undefined;
    it.skipIf(!there)(`${name}: one step and forward_T steps`, async () => {
      const X = await data(name);
      const expected = kl[name];
      const rank = expected.X.rank;
      const init = {
        W: fromFormula(X.length, rank, (i, k) =>
          Math.max(0.05, 0.5 + 0.5 * Math.sin(1 + (7 + k) * i + 13 * k)),
        ),
        H: fromFormula(rank, X[0]!.length, (k, j) =>
          Math.max(0.05, 0.5 + 0.5 * Math.sin(2 + (5 + k) * j + 11 * k)),
        ),
      };
      const factorize = (V: number[][], maxIterations: number) =>
        nmf(V, { ...options, rank, loss: "kullback-leibler", init, maxIterations });

      const one = await factorize(X, 1);
      expect(relative(total(one.W), expected.onestep_kl.W_sum)).toBeLessThan(1e-9);
      expect(relative(total(one.H), expected.onestep_kl.H_sum)).toBeLessThan(1e-9);
      const frobeniusStep = await nmf(X, {
        solver: "mu",
        epsilon: 1e-10,
        rank,
        init,
        maxIterations: 1,
        tolerance: 0,
      });
      expect(relative(total(frobeniusStep.W), expected.onestep_fro.W_sum)).toBeLessThan(1e-9);
      expect(relative(total(frobeniusStep.H), expected.onestep_fro.H_sum)).toBeLessThan(1e-9);

      const clean = await factorize(X, expected.forward_T);
      expect(relative(clean.loss, expected.clean_T.kl)).toBeLessThan(1e-9);
      expect(relative(clean.relativeError, expected.clean_T.relfro)).toBeLessThan(1e-9);
      expect(relative(total(clean.W), expected.clean_T.W_sum)).toBeLessThan(1e-9);
      const attacked = await factorize(perturbed(X, expected.Xp.eps), expected.forward_T);
      expect(relative(attacked.loss, expected.pert_T.kl)).toBeLessThan(1e-9);
      expect(relative(attacked.relativeError, expected.pert_T.relfro)).toBeLessThan(1e-9);
    });
  }
});
