// Solvers, losses, gradients, starts: every kernel of assembly/nmf against its twin.

import { cauchyScale } from "../../assembly/nmf/cauchy";
import { extrapolatePanel } from "../../assembly/nmf/extrapolate";
import { loadRows } from "../../assembly/nmf/factors";
import { initHalfNormal, initRandom } from "../../assembly/nmf/init";
import { iterate, terms } from "../../assembly/nmf/iterate";
import { projectedGradient } from "../../assembly/nmf/kkt";
import { explicitLoss, measure } from "../../assembly/nmf/loss";
import { conclude } from "../../assembly/nmf/momentum";
import { initNndsvd, nndsvdBytes } from "../../assembly/nmf/nndsvd";
import { denominator, layout, numerator, stagedH, stagingRows } from "../../assembly/nmf/workspace";
import { Loss, Side, Solver, Task } from "../../assembly/task";
import { cauchyCut, cauchyScaleOf } from "../reference/cauchy";
import { startScale } from "../reference/init";
import { nndsvdFactor } from "../reference/nndsvd";
import { normalNumbers, uniformNumbers } from "../reference/philox";
import { product } from "../reference/product";
import { Problem } from "./problem";
import {
  close,
  closeTo,
  draw,
  filled,
  guarded,
  orthonormalColumns,
  panelEntry,
  read,
  release,
  reserve,
  same,
  tolerance,
} from "./support";

// m, n, k. Single entries, odd sizes, more than one row tile (150 > 2·64), more than one panel a chunk
// (300 columns are 75 panels of f64).
const SHAPES: StaticArray<i32> = [
  1, 1, 1, 3, 17, 2, 17, 3, 3, 9, 7, 5, 150, 70, 4, 6, 300, 2, 20, 25, 9, 18, 19, 17,
];

/** The losses under test; DIVERGENCE once for each exponent of the step. */
const LOSSES: StaticArray<i32> = [0, 1, 2, 3, 3, 3, 3, 4];
const BETAS: StaticArray<f64> = [0, 0, 0, -0.5, 0.5, 1.5, 3, 0];

function width<T>(): i32 {
  return <i32>(32 / sizeof<T>());
}

function name(p: Problem): string {
  const shape = p.m.toString() + "×" + p.n.toString() + ", k " + p.k.toString();
  const weights = p.weighted ? ", weighted" : "";
  return "loss " + p.loss.toString() + " β " + p.beta.toString() + weights + ", " + shape;
}

/** Problem of shape s (a third of an index into SHAPES) and loss l (an index into LOSSES). */
function problem(s: i32, l: i32, weighted: bool): Problem {
  const p = new Problem(SHAPES[3 * s], SHAPES[3 * s + 1], SHAPES[3 * s + 2], 10 * s + 1);
  p.loss = LOSSES[l];
  p.beta = BETAS[l];
  if (weighted) p.weigh(10 * s + 5);
  if (p.loss == Loss.CAUCHY) p.cutBetween();
  return p;
}

const shapes: i32 = SHAPES.length / 3;

/** Runs kernels and twins from the same start, and compares factors and loss. */
function compare<T>(p: Problem, iterations: i32, limit: f64): void {
  const task = p.start<T>();
  iterate<T>(task, iterations, 0);
  for (let i = 0; i < iterations; i++) p.twinStep(width<T>());
  const what = name(p);
  close(p.kernelW<T>(), p.W, tolerance<T>(limit), what + ": W");
  close(p.kernelH<T>(), p.H, tolerance<T>(limit), what + ": H");
  const expected = p.twinLoss();
  // A loss near 0 is a difference of entries: its error is theirs.
  const size = Math.abs(expected) + (p.loss == Loss.FROBENIUS ? 1e-2 : 1) * <f64>(p.m * p.n);
  const off = Math.abs(p.kernelLoss<T>(1) - expected);
  expect<bool>(off <= tolerance<T>(limit) * size).toBe(true, what + ": loss");
  expect<bool>(p.tidy()).toBe(true, what + ": wrote outside its workspace");
}

function solverSuite<T>(): void {
  test("one step of MU, every loss", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let s = 0; s < shapes; s++) compare<T>(problem(s, l, false), 1, 2e-14);
    }
  });
  test("one step of MU, every loss, weighted", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let s = 0; s < shapes; s++) compare<T>(problem(s, l, true), 1, 2e-14);
    }
  });
  test("MU with weights of 0 and 1, one step and several", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let s = 0; s < shapes; s++) {
        const p = problem(s, l, false);
        p.mask(10 * s + 6);
        compare<T>(p, s > 0 && s < 4 ? 6 : 1, 1e-13);
      }
    }
  });
  test("several steps of MU, every loss, with and without weights", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let s = 1; s < 4; s++) {
        compare<T>(problem(s, l, false), 6, 1e-13);
        compare<T>(problem(s, l, true), 6, 1e-13);
      }
    }
  });
  test("HALS, one step and several, with one sweep, three, and as many as pay", () => {
    for (let s = 0; s < shapes; s++) {
      for (let sweeps = 0; sweeps < 4; sweeps++) {
        const p = problem(s, 0, false);
        p.solver = Solver.HALS;
        p.sweeps = sweeps;
        compare<T>(p, sweeps == 1 ? 4 : 1, 1e-12);
      }
    }
  });
  test("weighted HALS, one step and several, with one sweep and three", () => {
    for (let s = 0; s < shapes; s++) {
      for (let sweeps = 1; sweeps < 4; sweeps += 2) {
        const p = problem(s, 0, true);
        p.solver = Solver.HALS;
        p.sweeps = sweeps;
        // With more unknowns than observed entries in a row, further sweeps magnify roundings.
        if (p.k < 10) compare<T>(p, sweeps == 1 ? 4 : 1, 1e-12);
        else if (sweeps == 1) compare<T>(p, 1, 1e-12);
      }
    }
  });
  test("extrapolated HALS keeps the twin's pace, setbacks included", () => {
    let setbacks = 0;
    for (let s = 3; s < 7; s++) {
      const p = problem(s, 0, false);
      p.solver = Solver.HALS;
      p.extrapolate = true;
      compare<T>(p, 12, 1e-11);
      setbacks += p.setbacks;
    }
    expect<i32>(setbacks).toBeGreaterThan(0, "no problem made the twin go back");
  });
  test("extrapolated HALS goes back after a rise of the loss", () => {
    const p = problem(6, 0, false);
    p.solver = Solver.HALS;
    p.extrapolate = true;
    compare<T>(p, 40, 1e-10);
    expect<i32>(p.setbacks).toBeGreaterThan(0);
  });
  test("Newton steps, one and several, with up to three sweeps and the default, with weights and without", () => {
    for (let s = 0; s < shapes; s++) {
      for (let weights = 0; weights < 2; weights++) {
        for (let sweeps = 0; sweeps < 4; sweeps++) {
          const p = problem(s, 1, weights == 1);
          p.solver = Solver.NEWTON;
          p.sweeps = sweeps;
          // With more unknowns than entries the least rounding decides where a sweep ends.
          compare<T>(p, sweeps == 1 && p.k < 10 ? 4 : 1, 1e-11);
        }
      }
    }
  });
  test("Newton steps that the bound refuses are multiplicative ones", () => {
    const p = problem(3, 1, false);
    p.solver = Solver.NEWTON;
    // A start too small by a factor: curvatures promise far too short a way.
    for (let i = 0; i < p.H.length; i++) p.H[i] = <f64>(<f32>(p.H[i] * (i % 3 == 0 ? 64 : 0.015625)));
    const task = p.start<T>();
    const before = p.kernelLoss<T>(1);
    iterate<T>(task, 1, 0);
    p.twinStep(0);
    close(p.kernelW<T>(), p.W, tolerance<T>(1e-11), "W");
    close(p.kernelH<T>(), p.H, tolerance<T>(1e-11), "H");
    expect<f64>(p.kernelLoss<T>(1)).toBeLessThan(before);
  });
  test("Newton steps with momentum keep the twin's pace", () => {
    for (let s = 3; s < 6; s++) {
      for (let weights = 0; weights < 2; weights++) {
        const p = problem(s, 1, weights == 1);
        p.solver = Solver.NEWTON;
        p.extrapolate = true;
        p.firstH = weights == 1;
        compare<T>(p, 43, 1e-9);
      }
    }
  });
  test("momentum goes back to the safe point, and on without itself, when the objective rose", () => {
    const p = problem(3, 1, false);
    p.solver = Solver.NEWTON;
    p.extrapolate = true;
    const task = p.start<T>();
    const W = p.kernelW<T>();
    const H = p.kernelH<T>();
    // Nothing is as low as this bound, so every look finds a rise.
    iterate<T>(task, 5, 0);
    for (let i = 0; i < 5; i++) p.twinStep(0);
    task.bound = -1;
    p.watch.bound = -1;
    const setbacks: StaticArray<i32> = [1, 0, 1];
    let done = 5;
    for (let look = 0; look < 3; look++) {
      const left = 10 * (look + 1) - done;
      iterate<T>(task, left, 0);
      for (let i = 0; i < left; i++) p.twinStep(0);
      expect<i32>(task.setback).toBe(setbacks[look]);
      same(p.kernelW<T>(), W, "W");
      same(p.kernelH<T>(), H, "H");
      iterate<T>(task, 3, 0);
      for (let i = 0; i < 3; i++) p.twinStep(0);
      close(p.kernelW<T>(), p.W, tolerance<T>(1e-11), "W on the way");
      close(p.kernelH<T>(), p.H, tolerance<T>(1e-11), "H on the way");
      done = 10 * (look + 1) + 3;
    }
    conclude<T>(task, 0);
    same(p.kernelW<T>(), W, "W at the end");
    same(p.kernelH<T>(), H, "H at the end");
    expect<bool>(p.tidy()).toBe(true);
  });
  test("Newton steps with W fixed", () => {
    for (let ahead = 0; ahead < 2; ahead++) {
      const p = problem(3, 1, false);
      p.solver = Solver.NEWTON;
      p.fixedW = true;
      p.extrapolate = ahead == 1;
      compare<T>(p, 12, 1e-10);
    }
  });
  test("penalties on either factor, for each kind of step", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let weights = 0; weights < 2; weights++) {
        const p = problem(3, l, weights == 1);
        p.l1W = 0.125;
        p.l2W = 0.5;
        p.l1H = 0.25;
        p.l2H = 0.75;
        compare<T>(p, 2, 1e-13);
      }
    }
    for (let either = 0; either < 4; either++) {
      const newton = either >= 2;
      const p = problem(3, newton ? 1 : 0, either % 2 == 1);
      p.solver = newton ? Solver.NEWTON : Solver.HALS;
      p.l1W = 0.125;
      p.l2W = 0.5;
      p.l1H = 0.25;
      p.l2H = 0.75;
      compare<T>(p, 2, 1e-12);
    }
  });
  test("ε stands in the denominators, and inside WH + ε", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let weights = 0; weights < 2; weights++) {
        const p = problem(3, l, weights == 1);
        p.epsilon = 0.5;
        compare<T>(p, 2, 1e-13);
      }
    }
  });
  test("a fixed W stays, bit for bit, and H moves as the twin's does", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let weights = 0; weights < 2; weights++) {
        const p = problem(3, l, weights == 1);
        p.fixedW = true;
        const W = p.W;
        compare<T>(p, 3, 1e-13);
        same(p.kernelW<T>(), W, "W");
      }
    }
    for (let weights = 0; weights < 2; weights++) {
      const p = problem(3, 0, weights == 1);
      p.fixedW = true;
      p.solver = Solver.HALS;
      const W = p.W;
      compare<T>(p, 3, 1e-12);
      same(p.kernelW<T>(), W, "W");
    }
  });
  test("H before W where the task says so", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      const p = problem(3, l, false);
      p.firstH = true;
      compare<T>(p, 2, 1e-13);
      const q = problem(3, l, false);
      q.twinStep(width<T>());
      q.twinStep(width<T>());
      // The order matters here, so the comparison above could have failed.
      expect<f64>(Math.abs(q.H[0] - p.H[0])).toBeGreaterThan(1e-4);
    }
    const p = problem(3, 0, false);
    p.firstH = true;
    p.solver = Solver.HALS;
    compare<T>(p, 2, 1e-12);
  });
  test("an unobserved column: MU takes it to 0, HALS leaves it", () => {
    for (let solver = 0; solver < 2; solver++) {
      const p = problem(3, 0, true);
      p.solver = solver;
      for (let i = 0; i < p.m; i++) {
        p.D[i * p.n + 2] = 0;
        p.V[i * p.n + 2] = 0;
      }
      const H = p.H;
      compare<T>(p, 3, 1e-12);
      const after = p.kernelH<T>();
      for (let a = 0; a < p.k; a++) {
        expect<f64>(after[a * p.n + 2]).toBe(solver == Solver.HALS ? H[a * p.n + 2] : 0);
      }
    }
  });
  test("a component that is 0 stays 0 under MU and comes back under HALS", () => {
    for (let solver = 0; solver < 2; solver++) {
      const p = problem(3, 0, false);
      p.solver = solver;
      for (let j = 0; j < p.n; j++) p.H[2 * p.n + j] = 0;
      p.firstH = true;
      compare<T>(p, 2, 1e-12);
      let size: f64 = 0;
      const after = p.kernelH<T>();
      for (let j = 0; j < p.n; j++) size += after[2 * p.n + j];
      if (solver == Solver.HALS) expect<f64>(size).toBeGreaterThan(0);
      else expect<f64>(size).toBe(0);
    }
  });
  test("weights of 1 give what no weights give", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      const p = problem(4, l, false);
      p.start<T>();
      iterate<T>(changetype<Task>(p.task), 2, 0);
      const W = p.kernelW<T>();
      const H = p.kernelH<T>();
      const q = problem(4, l, false);
      q.weighted = true;
      q.start<T>();
      iterate<T>(changetype<Task>(q.task), 2, 0);
      close(q.kernelW<T>(), W, tolerance<T>(2e-14), "W");
      close(q.kernelH<T>(), H, tolerance<T>(2e-14), "H");
    }
  });
  test("bursts of one iteration give the bits of one burst, and another run the same bits", () => {
    for (let l = 0; l < LOSSES.length + 3; l++) {
      const p = problem(4, l % LOSSES.length, false);
      if (l >= LOSSES.length) p.solver = Solver.HALS;
      // The last ones: HALS on Frobenius data, plain and extrapolated.
      if (l >= LOSSES.length) p.loss = Loss.FROBENIUS;
      p.extrapolate = l >= LOSSES.length + 1;
      // And Newton steps with momentum, with a look at the objective on the way.
      const newton = l == LOSSES.length + 2;
      if (newton) {
        p.solver = Solver.NEWTON;
        p.loss = Loss.KULLBACK_LEIBLER;
      }
      const count = newton ? 23 : 3;
      p.start<T>();
      iterate<T>(changetype<Task>(p.task), count, 0);
      const W = p.kernelW<T>();
      const H = p.kernelH<T>();
      p.start<T>();
      for (let i = 0; i < count; i++) iterate<T>(changetype<Task>(p.task), 1, 0);
      same(p.kernelW<T>(), W, "W");
      same(p.kernelH<T>(), H, "H");
    }
  });
  test("no step of any solver raises its loss", () => {
    for (let l = 0; l < LOSSES.length + 2; l++) {
      for (let weights = 0; weights < 2; weights++) {
        const p = problem(3, l % LOSSES.length, weights == 1);
        if (l == LOSSES.length) p.solver = Solver.HALS;
        if (l == LOSSES.length + 1) {
          p.solver = Solver.NEWTON;
          p.loss = Loss.KULLBACK_LEIBLER;
          p.l1W = 0.125;
          p.l2H = 0.25;
        }
        // The Cauchy step majorises the loss only where no entry crosses the cut.
        if (p.loss == Loss.CAUCHY) p.cut = Infinity;
        const task = p.start<T>();
        let before = p.kernelLoss<T>(1);
        for (let i = 0; i < 20; i++) {
          iterate<T>(task, 1, 0);
          const now = p.kernelLoss<T>(1);
          expect<bool>(now <= before * (1 + tolerance<T>(1e-14))).toBe(true, name(p));
          before = now;
        }
      }
    }
  });
  test("HALS reaches a point where the projected gradient is a millionth of what it was", () => {
    for (let weights = 0; weights < 2; weights++) {
      const p = problem(1, 0, weights == 1);
      p.solver = Solver.HALS;
      const task = p.start<T>();
      projectedGradient<T>(task, 0);
      const before = task.value;
      iterate<T>(task, 2000, 0);
      projectedGradient<T>(task, 0);
      expect<f64>(Math.sqrt(task.value / before)).toBeLessThan(sizeof<T>() == 4 ? 1e-4 : 1e-6);
    }
  });
}

describe("solvers f32", () => {
  solverSuite<f32>();
});
describe("solvers f64", () => {
  solverSuite<f64>();
});

/** V = h·1 with W = 1: what one step makes of a 1×1 problem that starts at `start` and aims at `aim`. */
function lonely<T>(solver: i32, weighted: bool, start: f64, aim: f64, epsilon: f64): f64 {
  const p = new Problem(1, 1, 1, 1);
  p.solver = solver;
  p.weighted = weighted;
  p.fixedW = true;
  p.epsilon = epsilon;
  p.V[0] = aim;
  p.W[0] = 1;
  p.H[0] = start;
  p.start<T>();
  iterate<T>(changetype<Task>(p.task), 1, 0);
  return p.kernelH<T>()[0];
}

function denormalSuite<T>(): void {
  test("an entry driven below the smallest normal number becomes 0; at it and above it stays", () => {
    const least: f64 = sizeof<T>() == 4 ? <f64>f32.MIN_NORMAL_VALUE : f64.MIN_NORMAL_VALUE;
    for (let weights = 0; weights < 2; weights++) {
      // With ε = 1 a tiny h becomes h·v/(h + 1) = h·v, exactly.
      expect<f64>(lonely<T>(Solver.MU, weights == 1, 4 * least, 0.5, 1)).toBe(2 * least, "MU above");
      expect<f64>(lonely<T>(Solver.MU, weights == 1, 4 * least, 0.25, 1)).toBe(least, "MU at");
      expect<f64>(lonely<T>(Solver.MU, weights == 1, 4 * least, 0.1875, 1)).toBe(0, "MU below");
      // HALS goes to v at once.
      expect<f64>(lonely<T>(Solver.HALS, weights == 1, 0, 2 * least, 1)).toBe(2 * least, "HALS above");
      expect<f64>(lonely<T>(Solver.HALS, weights == 1, 0, least, 1)).toBe(least, "HALS at");
      expect<f64>(lonely<T>(Solver.HALS, weights == 1, 0, 0.75 * least, 1)).toBe(0, "HALS below");
    }
  });
  test("extrapolation leaves no number below the smallest normal one either", () => {
    const p = new Problem(1, 3, 1, 1);
    p.solver = Solver.HALS;
    p.extrapolate = true;
    const task = p.start<T>();
    const side = changetype<Side>(task.sideH);
    const least: f64 = sizeof<T>() == 4 ? <f64>f32.MIN_NORMAL_VALUE : f64.MIN_NORMAL_VALUE;
    task.warm = 1;
    task.step = 0.5;
    const now: StaticArray<f64> = [1.5, 1.5, 2];
    const before: StaticArray<f64> = [3, 2.5, 8];
    const ahead: StaticArray<f64> = [0, 1, 0];
    for (let j = 0; j < 3; j++) {
      store<T>(side.panels + <usize>j * sizeof<T>(), <T>(now[j] * least));
      store<T>(side.last + <usize>j * sizeof<T>(), <T>(before[j] * least));
    }
    extrapolatePanel<T>(task, side, 0);
    for (let j = 0; j < 3; j++) expect<f64>(panelEntry<T>(1, side.panels, 0, j)).toBe(ahead[j] * least);
  });
}

describe("denormals f32", () => {
  denormalSuite<f32>();
});
describe("denormals f64", () => {
  denormalSuite<f64>();
});

function lossSuite<T>(): void {
  test("every loss of the factors as loaded, with and without weights and penalties", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let s = 0; s < shapes; s++) {
        for (let weights = 0; weights < 2; weights++) {
          const p = problem(s, l, weights == 1);
          const task = p.start<T>();
          closeTo(p.kernelLoss<T>(0), p.twinLoss(), tolerance<T>(1e-14), name(p));
          explicitLoss<T>(task, p.loss, 0);
          closeTo(task.value, p.twinLoss(), tolerance<T>(1e-14), "explicit " + name(p));
          const bare = p.twinLoss();
          p.l1W = 0.25;
          p.l2H = 0.5;
          p.l1H = 0.125;
          p.l2W = 0.75;
          p.start<T>();
          closeTo(p.kernelLoss<T>(1), p.twinLoss(), tolerance<T>(1e-14), "penalised " + name(p));
          expect<f64>(p.twinLoss()).toBeGreaterThan(bare);
        }
      }
    }
  });
  test("a loss other than the one that is minimised can be asked for", () => {
    const p = problem(3, 0, false);
    const task = p.start<T>();
    for (let l = 1; l < LOSSES.length; l++) {
      const q = problem(3, l, false);
      task.beta = q.beta;
      task.cauchyScale = q.scale;
      task.cauchyCut = q.cut;
      explicitLoss<T>(task, q.loss, 0);
      closeTo(task.value, q.twinLoss(), tolerance<T>(1e-14), name(q));
    }
  });
  test("after a step the Gram identity gives the loss without a look at V", () => {
    for (let solver = 0; solver < 2; solver++) {
      for (let order = 0; order < 3; order++) {
        const p = problem(4, 0, false);
        p.solver = solver;
        p.firstH = order == 1;
        p.fixedW = order == 2;
        const task = p.start<T>();
        iterate<T>(task, 2, 0);
        p.twinStep(width<T>());
        p.twinStep(width<T>());
        const exact = p.kernelLoss<T>(1);
        const side = changetype<Side>(task.sideH);
        memory.fill(side.data, 0, <usize>(((p.n + width<T>() - 1) / width<T>()) * p.m * 32));
        const quick = p.kernelLoss<T>(0);
        // The identity subtracts numbers of the size of ‖V‖².
        const share = Math.abs(quick - exact) / task.squares;
        expect<bool>(share < tolerance<T>(2e-14)).toBe(true, "quick against explicit");
        closeTo(exact, p.twinLoss(), tolerance<T>(1e-13), "explicit against twin");
        // And V was really gone.
        expect<f64>(Math.abs(p.kernelLoss<T>(1) - exact)).toBeGreaterThan(1e-3);
      }
    }
  });
  test("near a perfect fit the explicit sum takes over", () => {
    const p = new Problem(9, 14, 1, 70);
    const W = draw(9, 71);
    const H = draw(14, 72);
    p.V = product(9, 1, 14, W, H);
    p.solver = Solver.HALS;
    const task = p.start<T>();
    iterate<T>(task, 3, 0);
    const value = p.kernelLoss<T>(0);
    expect<f64>(value).toBe(p.kernelLoss<T>(1));
    // Rounding of single entries, squared: far below what the identity can tell from 0.
    expect<f64>(value).toBeLessThan(sizeof<T>() == 4 ? 1e-11 : 1e-28);
  });
  test("freshly loaded factors are never judged by an older step", () => {
    const p = problem(4, 0, false);
    const task = p.start<T>();
    iterate<T>(task, 2, 0);
    p.load<T>(draw(p.m * p.k, 90), draw(p.k * p.n, 91));
    p.W = draw(p.m * p.k, 90);
    p.H = draw(p.k * p.n, 91);
    closeTo(p.kernelLoss<T>(0), p.twinLoss(), tolerance<T>(1e-14), "loss");
  });
  test("measure: weight, total and squares of V", () => {
    for (let s = 0; s < shapes; s++) {
      for (let weights = 0; weights < 2; weights++) {
        const p = problem(s, 0, weights == 1);
        const task = p.start<T>();
        let weight: f64 = 0;
        let total: f64 = 0;
        let squares: f64 = 0;
        for (let i = 0; i < p.V.length; i++) {
          weight += p.D[i];
          total += p.D[i] * p.V[i];
          squares += p.D[i] * p.V[i] * p.V[i];
        }
        closeTo(task.weight, weight, 1e-13, "weight");
        closeTo(task.total, total, 1e-13, "total");
        closeTo(task.squares, squares, 1e-13, "squares");
      }
    }
  });
}

describe("losses f32", () => {
  lossSuite<f32>();
});
describe("losses f64", () => {
  lossSuite<f64>();
});

/** Sets some entries of both factors to 0, so that the projection has something to do. */
function punch(p: Problem): void {
  for (let i = 0; i < p.W.length; i += 3) p.W[i] = 0;
  for (let i = 1; i < p.H.length; i += 4) p.H[i] = 0;
}

function gradientSuite<T>(): void {
  test("projected gradient, every loss, with and without weights and penalties", () => {
    let kept = 0;
    let dropped = 0;
    for (let l = 0; l < LOSSES.length; l++) {
      for (let s = 1; s < shapes; s++) {
        for (let weights = 0; weights < 2; weights++) {
          const p = problem(s, l, weights == 1);
          // WH itself has to stay away from 0.
          if (p.k < 3) continue;
          punch(p);
          if (p.loss == Loss.CAUCHY) p.cutBetween();
          p.l1H = 0.125;
          p.l2W = 0.25;
          const task = p.start<T>();
          projectedGradient<T>(task, 0);
          closeTo(task.value, p.twinProjected(), tolerance<T>(2e-13), name(p));
          const G = p.gradientH();
          for (let i = 0; i < G.length; i++) {
            if (p.H[i] == 0 && G[i] < 0) kept++;
            if (p.H[i] == 0 && G[i] > 0) dropped++;
          }
          p.fixedW = true;
          const again = p.start<T>();
          projectedGradient<T>(again, 0);
          closeTo(again.value, p.twinProjected(), tolerance<T>(2e-13), "fixed W, " + name(p));
          expect<bool>(p.tidy()).toBe(true);
        }
      }
    }
    expect<i32>(kept).toBeGreaterThan(0, "both cases of the projection were met");
    expect<i32>(dropped).toBeGreaterThan(0, "both cases of the projection were met");
  });
}

describe("gradients f32", () => {
  gradientSuite<f32>();
});
describe("gradients f64", () => {
  gradientSuite<f64>();
  test("denominator − numerator of MU is the gradient: finite differences of every loss", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let weights = 0; weights < 2; weights++) {
        for (let big = 0; big < 2; big++) {
          const p = problem(big ? 6 : 3, l, weights == 1);
          const task = p.start<f64>();
          differences(p, task, changetype<Side>(task.sideH), changetype<Side>(task.sideW));
          differences(p, task, changetype<Side>(task.sideW), changetype<Side>(task.sideH));
        }
      }
    }
  });
});

/** Every third entry of the side's factor: central difference of the loss against the terms of MU. */
function differences(p: Problem, task: Task, side: Side, other: Side): void {
  const k = p.k;
  const step = 1e-5;
  for (let at = 0; at < k * side.cols; at += 3) {
    const a = at / side.cols;
    const c = at % side.cols;
    terms<f64>(task, side, other, c / 4, 0);
    const g =
      panelEntry<f64>(k, denominator(task, 0), a, c % 4) - panelEntry<f64>(k, numerator(task, 0), a, c % 4);
    const entry = side.panels + <usize>(((c / 4) * k + a) * 4 + (c % 4)) * 8;
    const old = load<f64>(entry);
    store<f64>(entry, old + step);
    explicitLoss<f64>(task, p.loss, 0);
    const up = task.value;
    store<f64>(entry, old - step);
    explicitLoss<f64>(task, p.loss, 0);
    const down = task.value;
    store<f64>(entry, old);
    const error = Math.abs((up - down) / (2 * step) - g);
    expect<bool>(error <= 1e-6 * (1 + Math.abs(g))).toBe(true, name(p));
  }
}

function cauchySuite<T>(): void {
  test("scale by Nagy's iteration, and the three-sigma cut", () => {
    for (let s = 1; s < shapes; s++) {
      for (let weights = 0; weights < 2; weights++) {
        const p = problem(s, 7, weights == 1);
        const E = product(p.m, p.k, p.n, p.W, p.H);
        for (let i = 0; i < E.length; i++) E[i] = p.V[i] - E[i];
        const cut = cauchyCut(E.length, E, p.D);
        // From scratch, from a scale that is known already, and the cut alone.
        for (let way = 0; way < 3; way++) {
          p.scale = way == 0 ? 0 : 0.375;
          const task = p.start<T>();
          cauchyScale<T>(task, way < 2 ? 1 : 0, 0);
          closeTo(task.cauchyCut, cut, tolerance<T>(1e-13), "cut, " + name(p));
          const scale = way < 2 ? cauchyScaleOf(E.length, E, p.D, p.scale) : p.scale;
          closeTo(task.cauchyScale, scale, tolerance<T>(1e-13), "scale, " + name(p));
          expect<bool>(p.tidy()).toBe(true);
        }
      }
    }
  });
  test("the scale of Cauchy errors is found", () => {
    const p = new Problem(40, 50, 1, 3);
    // Quantiles of a Cauchy distribution of scale 0.05 around a flat fit.
    for (let i = 0; i < 2000; i++) {
      const u = (<f64>((i * 769) % 2000) + 0.5) / 2000;
      p.V[i] = 1 + 0.05 * Math.tan(Math.PI * (u - 0.5));
    }
    p.W = filled(40, 1);
    p.H = filled(50, 1);
    p.loss = Loss.CAUCHY;
    p.scale = 0;
    const task = p.start<T>();
    cauchyScale<T>(task, 1, 0);
    closeTo(task.cauchyScale, 0.05, 2e-3, "scale");
  });
  test("a perfect fit has the smallest scale, not none", () => {
    const p = new Problem(5, 11, 1, 3);
    p.V = filled(55, 2);
    p.W = filled(5, 1);
    p.H = filled(11, 2);
    p.loss = Loss.CAUCHY;
    p.scale = 0;
    const task = p.start<T>();
    cauchyScale<T>(task, 1, 0);
    closeTo(task.cauchyScale, 2e-9, 1e-12, "scale");
    expect<f64>(task.cauchyCut).toBe(0);
  });
}

describe("truncated Cauchy f32", () => {
  cauchySuite<f32>();
});
describe("truncated Cauchy f64", () => {
  cauchySuite<f64>();
});

function startSuite<T>(): void {
  test("random: uniform draws, scaled so that the means agree", () => {
    for (let s = 0; s < shapes; s++) {
      const p = problem(s, 0, s % 2 == 1);
      const task = p.start<T>();
      initRandom<T>(task, 12, 5);
      const W = uniformNumbers(12, 10, p.m * p.k);
      const H = uniformNumbers(12, 11, p.k * p.n);
      const factor = startScale(p.m, p.n, p.k, W, H, task.total / task.weight);
      for (let i = 0; i < W.length; i++) W[i] *= factor;
      for (let i = 0; i < H.length; i++) H[i] *= factor;
      close(read<T>(task.staging, W.length), W, tolerance<T>(2e-15), "W");
      close(read<T>(stagedH<T>(task), H.length), H, tolerance<T>(2e-15), "H");
      expect<bool>(p.tidy()).toBe(true);
    }
  });
  test("half-normal: absolute normal draws", () => {
    const p = problem(3, 0, false);
    const task = p.start<T>();
    initHalfNormal<T>(task, 12, 5);
    const W = normalNumbers(12, 10, p.m * p.k);
    const H = normalNumbers(12, 11, p.k * p.n);
    for (let i = 0; i < W.length; i++) W[i] = Math.abs(W[i]);
    for (let i = 0; i < H.length; i++) H[i] = Math.abs(H[i]);
    close(read<T>(task.staging, W.length), W, tolerance<T>(2e-15), "W");
    close(read<T>(stagedH<T>(task), H.length), H, tolerance<T>(2e-15), "H");
    expect<bool>(p.tidy()).toBe(true);
  });
  test("NNDSVD and NNDSVDa of a matrix whose decomposition is known", () => {
    const sizes: StaticArray<i32> = [
      1, 1, 1, 1, 9, 1, 9, 1, 1, 14, 11, 4, 11, 14, 3, 33, 9, 5, 7, 40, 6, 6, 6, 1,
    ];
    for (let s = 0; s < sizes.length; s += 3) {
      const m = sizes[s];
      const n = sizes[s + 1];
      const k = sizes[s + 2];
      const U = orthonormalColumns(m, k, 2000 + s);
      const Z = orthonormalColumns(n, k, 2100 + s);
      const sigma = new Float64Array(k);
      const scaled = new Float64Array(m * k);
      for (let a = 0; a < k; a++) {
        sigma[a] = 8 / (1 + <f64>a);
        for (let i = 0; i < m; i++) scaled[i * k + a] = sigma[a] * U[i * k + a];
      }
      const turned = new Float64Array(k * n);
      for (let a = 0; a < k; a++) for (let j = 0; j < n; j++) turned[a * n + j] = Z[j * k + a];
      for (let fill = 0; fill < 2; fill++) {
        const p = new Problem(m, n, k, 1);
        p.V = product(m, k, n, scaled, turned);
        const task = p.start<T>();
        const bytes = <usize>nndsvdBytes<T>(m, n, k);
        const work = reserve(bytes);
        initNndsvd<T>(task, 4, fill, work);
        const mean = fill ? task.total / task.weight : 0;
        const W = nndsvdFactor(m, n, k, U, sigma, Z, mean);
        const H = new Float64Array(k * n);
        const Ht = nndsvdFactor(n, m, k, Z, sigma, U, mean);
        let zeros = 0;
        for (let i = 0; i < W.length; i++) zeros += W[i] == 0 ? 1 : 0;
        for (let a = 0; a < k; a++) for (let j = 0; j < n; j++) H[a * n + j] = Ht[j * k + a];
        close(read<T>(task.staging, m * k), W, tolerance<T>(2e-13), "W");
        close(read<T>(stagedH<T>(task), k * n), H, tolerance<T>(2e-13), "H");
        expect<bool>(zeros > 0).toBe(fill == 0 && k > 1, "zeros");
        expect<bool>(p.tidy() && guarded(work, bytes)).toBe(true, "bytes");
      }
    }
  });
}

describe("starts f32", () => {
  startSuite<f32>();
});
describe("starts f64", () => {
  startSuite<f64>();
});

function workspaceSuite<T>(): void {
  test("asking for the size writes nothing but the task, and says what the layout takes", () => {
    release();
    const taskBytes = offsetof<Task>();
    const at = reserve(taskBytes);
    memory.fill(at, 0, taskBytes);
    const task = changetype<Task>(at);
    task.team = 3;
    task.m = 9;
    task.n = 21;
    task.k = 5;
    task.weighted = 1;
    task.solver = Solver.HALS;
    const bytes = layout<T>(task, 0);
    expect<bool>(guarded(at, taskBytes)).toBe(true);
    const base = reserve(<usize>bytes);
    expect<f64>(layout<T>(task, base)).toBe(bytes);
    expect<bool>(guarded(at, taskBytes) && guarded(base, <usize>bytes)).toBe(true);
    // The host may ask for more than 4 GiB; the answer has to be right, not wrapped.
    task.m = 100000;
    task.n = 100000;
    expect<f64>(layout<T>(task, 0)).toBeGreaterThan(4e10 * <f64>sizeof<T>());
    expect<bool>(guarded(at, taskBytes)).toBe(true);
  });
  test("the staging area holds whole panels of rows, one at least", () => {
    expect<i32>(stagingRows<T>(1, 1)).toBe(width<T>());
    expect<i32>(stagingRows<T>(1000000, 5) % width<T>()).toBe(0);
    expect<i32>(stagingRows<T>(1000000, 5)).toBeLessThan(1000000);
    expect<i32>(stagingRows<T>(10, 100000000)).toBe(width<T>());
  });
  test("every block of the workspace stands on a 16-byte boundary", () => {
    const p = problem(3, 0, true);
    p.solver = Solver.HALS;
    const task = p.start<T>();
    const H = changetype<Side>(task.sideH);
    const W = changetype<Side>(task.sideW);
    const all =
      task.sideH |
      task.sideW |
      task.staging |
      task.stagingWeights |
      task.partials |
      task.scratch |
      H.data |
      H.weights |
      H.panels |
      H.tiles |
      H.gram |
      H.sums |
      W.data |
      W.weights |
      W.panels |
      W.tiles |
      W.gram |
      W.sums |
      task.partialBytes |
      task.scratchBytes;
    expect<usize>(all & 15).toBe(0);
  });
  test("data loaded again replace the old ones", () => {
    const p = problem(3, 0, false);
    const task = p.start<T>();
    p.V = draw(p.m * p.n, 99);
    for (let i = 0; i < p.V.length; i++) store<T>(task.staging + <usize>i * sizeof<T>(), <T>p.V[i]);
    loadRows<T>(task, 0, p.m);
    measure<T>(task);
    p.load<T>(p.W, p.H);
    closeTo(p.kernelLoss<T>(0), p.twinLoss(), tolerance<T>(1e-14), "loss");
  });
}

describe("workspaces f32", () => {
  workspaceSuite<f32>();
});
describe("workspaces f64", () => {
  workspaceSuite<f64>();
});
