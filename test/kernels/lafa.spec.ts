// The parts of the gradients that stand alone, against their twins; and the whole of them in guarded memory full of
// NaN, where what is read before it is written shows. Their values are tested in test/gradients.

import { answer, answerAdjoint } from "../../assembly/lafa/atnmf-adjoint";
import { advance, beginReturn, comeBack, keep, restore, storeGradient } from "../../assembly/lafa/backprop";
import { assign, assignBytes } from "../../assembly/lafa/hungarian";
import { beginSolution, conclude, outerRows, Purpose, prepare, solve } from "../../assembly/lafa/implicit";
import { loadReference } from "../../assembly/lafa/reference";
import {
  drawVector,
  extend,
  loadVector,
  measureFeatures,
  normalProduct,
  restart,
  rightSide,
  ritz,
  Sensitivity,
  sensitivityLayout,
  storeVector,
} from "../../assembly/lafa/sensitivity";
import { squarem, step } from "../../assembly/lafa/stationary";
import { Gradient, gradientLayout, Mode, vectorsOf } from "../../assembly/lafa/workspace";
import { factorPanel, solvePanel } from "../../assembly/linalg/cholesky-panel";
import { panelsRows } from "../../assembly/linalg/layout";
import { stagedToPanels } from "../../assembly/nmf/factors";
import { stagedH } from "../../assembly/nmf/workspace";
import { Loss, Side, Task } from "../../assembly/task";
import { choleskyFactor, choleskySolve } from "../reference/cholesky";
import { Problem } from "./problem";
import {
  close,
  closeTo,
  draw,
  fromPanels,
  guarded,
  panelEntry,
  placedPanels,
  read,
  release,
  reserve,
  same,
  tolerance,
  write,
} from "./support";

function width<T>(): i32 {
  return <i32>(32 / sizeof<T>());
}

/** A symmetric positive definite k×k matrix. */
function definite(k: i32, seed: u32): Float64Array {
  const B = draw(k * k, seed);
  const A = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      let sum: f64 = i == j ? 1 : 0;
      for (let r = 0; r < k; r++) sum += B[i * k + r] * B[j * k + r];
      A[i * k + j] = sum;
    }
  }
  return A;
}

function partsSuite<T>(): void {
  test("a panel of Cholesky factorizations and solutions", () => {
    for (let k = 1; k < 10; k++) {
      release();
      const w = width<T>();
      const A = reserve(<usize>(k * k) * 32);
      const b = reserve(<usize>k * 32);
      for (let lane = 0; lane < w; lane++) {
        const matrix = definite(k, lane + 10 * k);
        const right = draw(k, lane + 1);
        for (let i = 0; i < k * k; i++) store<T>(A + <usize>(i * w + lane) * sizeof<T>(), <T>matrix[i]);
        for (let i = 0; i < k; i++) store<T>(b + <usize>(i * w + lane) * sizeof<T>(), <T>right[i]);
      }
      factorPanel<T>(k, A);
      solvePanel<T>(k, A, b);
      for (let lane = 0; lane < w; lane++) {
        const expected = choleskySolve(k, choleskyFactor(k, definite(k, lane + 10 * k)), draw(k, lane + 1));
        const found = new Float64Array(k);
        for (let i = 0; i < k; i++) found[i] = panelEntry<T>(k, b, i, lane);
        close(found, expected, tolerance<T>(1e-13), "solution");
      }
      expect<bool>(guarded(A, <usize>(k * k) * 32) && guarded(b, <usize>k * 32)).toBe(true);
    }
  });
  test("empty blocks and blocks of lower rank give finite solutions", () => {
    release();
    const A = reserve(9 * 32);
    const b = reserve(3 * 32);
    for (let i = 0; i < 9 * width<T>(); i++) store<T>(A + <usize>i * sizeof<T>(), <T>1);
    for (let i = 0; i < 3 * width<T>(); i++) store<T>(b + <usize>i * sizeof<T>(), <T>1);
    factorPanel<T>(3, A);
    solvePanel<T>(3, A, b);
    for (let i = 0; i < 3; i++) expect<bool>(Math.abs(panelEntry<T>(3, b, i, 0)) < Infinity).toBe(true);
  });
  test("some rows of panels to rows", () => {
    for (let k = 1; k < 12; k++) {
      for (let cols = 1; cols < 20; cols += 3) {
        release();
        const panels = placedPanels<T>(k, cols, draw(k * cols, k + cols));
        const rows = reserve(<usize>cols * sizeof<T>());
        panelsRows<T>(k, cols, k - 1, 1, panels, rows);
        same(read<T>(rows, cols), fromPanels<T>(k, cols, panels).subarray((k - 1) * cols, k * cols), "row");
      }
    }
  });
}

/** What the best assignment costs, over all permutations of what is left. */
function leastCost(k: i32, row: i32, taken: i32, cost: Float64Array): f64 {
  if (row == k) return 0;
  let least = Infinity;
  for (let j = 0; j < k; j++) {
    if (taken & (1 << j)) continue;
    least = Math.min(least, cost[row * k + j] + leastCost(k, row + 1, taken | (1 << j), cost));
  }
  return least;
}

/** A task with a gradient beside it, and a reference; everything in reserved memory. */
function begin<T>(p: Problem, mode: i32, states: i32): Task {
  const task = p.start<T>();
  const bytes = <usize>gradientLayout<T>(task, 0, mode, states);
  gradientLayout<T>(task, reserve(bytes), mode, states);
  write<T>(draw(p.m * p.k, 77), task.staging);
  write<T>(draw(p.k * p.n, 78), stagedH<T>(task));
  loadReference<T>(task);
  return task;
}

function tidy<T>(p: Problem, mode: i32, states: i32): bool {
  const task = changetype<Task>(p.task);
  return p.tidy() && guarded(task.gradient, <usize>gradientLayout<T>(task, 0, mode, states));
}

function finite(values: Float64Array): bool {
  let some: f64 = 0;
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]) < Infinity)) return false;
    some = Math.max(some, Math.abs(values[i]));
  }
  return some > 0;
}

const SHAPES: StaticArray<i32> = [3, 17, 2, 17, 3, 3, 9, 7, 5, 150, 70, 4, 25, 9, 9, 90, 20, 1];

function wholeSuite<T>(): void {
  test("back-propagation stays in its memory", () => {
    for (let kind = 0; kind < 2; kind++) {
      for (let s = 0; s < SHAPES.length; s += 3) {
        const p = new Problem(SHAPES[s], SHAPES[s + 1], SHAPES[s + 2], 3 * s + 1);
        p.loss = kind;
        p.epsilon = 1e-10;
        p.firstH = true;
        const task = begin<T>(p, Mode.BACKPROP, 4);
        const g = changetype<Gradient>(task.gradient);
        g.checkpoints = 2;
        g.steps = 3;
        keep<T>(task, 0, 0);
        advance<T>(task, 0, 0);
        keep<T>(task, 1, 0);
        advance<T>(task, 1, 0);
        beginReturn<T>(task, 0);
        comeBack<T>(task, 1, 0);
        restore<T>(task, 0, 0);
        advance<T>(task, 0, 0);
        comeBack<T>(task, 0, 0);
        storeGradient<T>(task, 0, min(p.m, width<T>()));
        expect<bool>(finite(read<T>(task.staging, min(p.m, width<T>()) * p.n))).toBe(true, p.m.toString());
        expect<bool>(g.error > 0).toBe(true);
        expect<bool>(tidy<T>(p, Mode.BACKPROP, 4)).toBe(true, "wrote outside its workspace");
      }
    }
  });
  test("back-propagation through AT-NMF stays in its memory, and clips", () => {
    for (let s = 0; s < SHAPES.length; s += 3) {
      const p = new Problem(SHAPES[s], SHAPES[s + 1], SHAPES[s + 2], 3 * s + 1);
      p.epsilon = 1e-10;
      p.strength = 1;
      // Half of the entries are far above the fit, and the rest below.
      for (let i = 0; i < p.V.length; i++) p.V[i] = i % 2 == 0 ? 4 * p.V[i] : 0.01 * p.V[i];
      const task = begin<T>(p, Mode.BACKPROP, 3);
      const g = changetype<Gradient>(task.gradient);
      g.checkpoints = 1;
      g.steps = 3;
      keep<T>(task, 0, 0);
      answer<T>(task, 0);
      const U = fromPanels<T>(p.m, p.n, changetype<Side>(task.sideH).data);
      const turned = fromPanels<T>(p.n, p.m, changetype<Side>(task.sideW).data);
      let clipped = 0;
      for (let i = 0; i < U.length; i++) {
        if (U[i] == 0) clipped++;
        expect<bool>(turned[(i % p.n) * p.m + i / p.n] == U[i]).toBe(true, "the two sides differ");
      }
      expect<bool>(clipped > 0 && clipped < U.length).toBe(true, "nothing or all was clipped");
      advance<T>(task, 0, 0);
      beginReturn<T>(task, 0);
      comeBack<T>(task, 0, 0);
      answerAdjoint<T>(task, 0);
      const rows = min(p.m, width<T>());
      storeGradient<T>(task, 0, rows);
      const found = read<T>(task.staging, rows * p.n);
      expect<bool>(finite(found)).toBe(true, p.m.toString());
      for (let i = 0; i < found.length; i++) {
        if (U[i] == 0) expect<f64>(found[i]).toBe(0);
      }
      expect<bool>(tidy<T>(p, Mode.BACKPROP, 3)).toBe(true, "wrote outside its workspace");
    }
  });
  test("implicit gradients stay in their memory", () => {
    for (let kind = 0; kind < 2; kind++) {
      for (let s = 0; s < SHAPES.length; s += 3) {
        const p = new Problem(SHAPES[s], SHAPES[s + 1], SHAPES[s + 2], 3 * s + 1);
        p.loss = kind == 0 ? Loss.FROBENIUS : Loss.KULLBACK_LEIBLER;
        p.epsilon = 1e-10;
        const task = begin<T>(p, Mode.IMPLICIT, 0);
        const g = changetype<Gradient>(task.gradient);
        g.damping = 0.3;
        g.tolerance = 1e-3;
        g.limit = 40;
        prepare<T>(task, Purpose.GRADIENT, 0);
        for (let i = 0; i < 50 && g.done == 0; i++) solve<T>(task, 3, 0);
        expect<i32>(g.done).toBe(1);
        conclude<T>(task, 0);
        g.steps = min(p.m, width<T>());
        outerRows<T>(task, 0, 0);
        if (!g.negative) expect<bool>(g.residual <= 1e-3).toBe(true, "residual");
        if (g.products > 1) expect<bool>(finite(read<T>(task.staging, g.steps * p.n))).toBe(true);
        expect<bool>(tidy<T>(p, Mode.IMPLICIT, 0)).toBe(true, "wrote outside its workspace");
      }
    }
  });
  test("SQUAREM and Newton steps never raise the loss, and a step can be taken back", () => {
    for (let kind = 0; kind < 2; kind++) {
      const p = new Problem(25, 19, 3, 5);
      p.loss = kind;
      p.epsilon = 1e-10;
      const task = begin<T>(p, Mode.IMPLICIT, 0);
      const g = changetype<Gradient>(task.gradient);
      let loss = p.kernelLoss<T>(1);
      for (let i = 0; i < 12; i++) {
        squarem<T>(task, 3, 0);
        const next = p.kernelLoss<T>(1);
        expect<bool>(next <= loss * (1 + tolerance<T>(1e-12))).toBe(true, "SQUAREM raised the loss");
        loss = next;
      }
      g.damping = 0;
      g.limit = 50;
      g.tolerance = 0.1;
      prepare<T>(task, Purpose.NEWTON, 0);
      for (let i = 0; i < 50 && g.done == 0; i++) solve<T>(task, 5, 0);
      const before = p.kernelH<T>();
      step<T>(task, 0, 0);
      step<T>(task, 3, 0);
      step<T>(task, -1, 0);
      same(p.kernelH<T>(), before, "H");
      expect<bool>(tidy<T>(p, Mode.IMPLICIT, 0)).toBe(true, "wrote outside its workspace");
    }
  });
}

/** Golden figures of one iteration at the start of the 12×9 case, and of its adjoint (test/fixtures/golden-lafa.json). */
class Golden {
  W: f64 = 0;
  H: f64 = 0;
  sumX: f64 = 0;
  normX: f64 = 0;
  normW: f64 = 0;
  normH: f64 = 0;
}

const KL: Golden = {
  W: 20.31561071678955,
  H: 10.43235200094479,
  sumX: -0.06490679735181472,
  normX: 1.3358595465083138,
  normW: 6.3744157787076015,
  normH: 7.090650644864093,
};
const FROBENIUS: Golden = {
  W: 14.811428703862932,
  H: 13.890520382159103,
  sumX: 1.5470898230350654,
  normX: 1.4328425677784011,
  normW: 4.122554350723812,
  normH: 10.397312147609135,
};

function total(values: Float64Array): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}

function norm(values: Float64Array): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

/** The 12×9 case: H is updated first with Kullback–Leibler, W with Frobenius. */
function goldenProblem(loss: i32): Problem {
  const p = new Problem(12, 9, 3, 1);
  p.loss = loss;
  p.firstH = loss == Loss.KULLBACK_LEIBLER;
  p.epsilon = 1e-10;
  for (let i = 0; i < 12; i++) {
    for (let j = 0; j < 9; j++) p.V[i * 9 + j] = 0.05 + Math.abs(Math.sin(<f64>(1 + i * j + 2 * i + 3 * j)));
    for (let a = 0; a < 3; a++) {
      p.W[i * 3 + a] = Math.max(0.05, 0.5 + 0.5 * Math.sin(<f64>(1 + (7 + a) * i + 13 * a)));
    }
  }
  for (let a = 0; a < 3; a++) {
    for (let j = 0; j < 9; j++) {
      p.H[a * 9 + j] = Math.max(0.05, 0.5 + 0.5 * Math.sin(<f64>(2 + (5 + a) * j + 11 * a)));
    }
  }
  return p;
}

describe("the adjoint of one iteration", () => {
  test("has the golden figures to 1e-9", () => {
    for (let loss = 0; loss < 2; loss++) {
      const expected = loss == Loss.KULLBACK_LEIBLER ? KL : FROBENIUS;
      const p = goldenProblem(loss);
      const task = begin<f64>(p, Mode.BACKPROP, 1);
      const g = changetype<Gradient>(task.gradient);
      g.checkpoints = 1;
      g.steps = 1;
      keep<f64>(task, 0, 0);
      advance<f64>(task, 0, 0);
      beginReturn<f64>(task, 0);
      closeTo(total(p.kernelW<f64>()), expected.W, 1e-12, "W");
      closeTo(total(p.kernelH<f64>()), expected.H, 1e-12, "H");
      // In the place of the gradient of the feature error.
      const W = new Float64Array(36);
      const H = new Float64Array(27);
      for (let a = 0; a < 3; a++) {
        for (let i = 0; i < 12; i++) W[i * 3 + a] = Math.sin(<f64>(i + 2 * a));
        for (let j = 0; j < 9; j++) H[a * 9 + j] = Math.cos(<f64>(a + 2 * j));
      }
      write<f64>(W, task.staging);
      write<f64>(H, stagedH<f64>(task));
      const ofW = vectorsOf(task, false).adjoint;
      const ofH = vectorsOf(task, true).adjoint;
      stagedToPanels<f64>(task, ofW, ofH);
      comeBack<f64>(task, 0, 0);
      storeGradient<f64>(task, 0, 12);
      const X = read<f64>(task.staging, 108);
      closeTo(total(X), expected.sumX, 1e-9, "sum of the gradient in X");
      closeTo(norm(X), expected.normX, 1e-9, "norm of the gradient in X");
      closeTo(norm(fromPanels<f64>(3, 12, ofW)), expected.normW, 1e-9, "norm of that in W");
      closeTo(norm(fromPanels<f64>(3, 9, ofH)), expected.normH, 1e-9, "norm of that in H");
      expect<bool>(tidy<f64>(p, Mode.BACKPROP, 1)).toBe(true, "wrote outside its workspace");
    }
  });
});

/** ⟨vector i, vector j⟩ of the basis. */
function basisProduct<T>(s: Sensitivity, i: i32, j: i32): f64 {
  let sum: f64 = 0;
  const x = s.basis + <usize>i * s.stride;
  const y = s.basis + <usize>j * s.stride;
  for (let at: usize = 0; at < s.stride; at += sizeof<T>())
    sum += <f64>load<T>(x + at) * <f64>load<T>(y + at);
  return sum;
}

function projectedEntry(s: Sensitivity, i: i32, j: i32): f64 {
  return load<f64>(s.projected + <usize>(i * s.room + j) * 8);
}

/** The basis grows by one product. */
function grow<T>(task: Task, size: i32): void {
  const g = changetype<Gradient>(task.gradient);
  rightSide<T>(task, size, 0);
  for (let half = 0; half < 2; half++) {
    beginSolution<T>(task, 0);
    for (let i = 0; i < 200 && g.done == 0; i++) solve<T>(task, 5, 0);
    conclude<T>(task, 0);
    if (half > 0) break;
    normalProduct<T>(task, 0);
  }
  extend<T>(task, size + 1, 0);
}

function sensitivitySuite<T>(): void {
  test("sensitivities stay in their memory, their basis is orthonormal, and T is diagonal after a restart", () => {
    for (let kind = 0; kind < 2; kind++) {
      for (let s = 0; s < SHAPES.length; s += 3) {
        const p = new Problem(SHAPES[s], SHAPES[s + 1], SHAPES[s + 2], 3 * s + 1);
        p.loss = kind == 0 ? Loss.FROBENIUS : Loss.KULLBACK_LEIBLER;
        p.epsilon = 1e-10;
        const task = begin<T>(p, Mode.IMPLICIT, 0);
        const room = 6;
        const bytes = <usize>sensitivityLayout<T>(task, 0, room);
        const block = reserve(bytes);
        sensitivityLayout<T>(task, block, room);
        const g = changetype<Gradient>(task.gradient);
        const own = changetype<Sensitivity>(g.sensitivity);
        g.damping = 0.5;
        g.tolerance = sizeof<T>() == 4 ? 1e-5 : 1e-12;
        g.limit = 500;
        prepare<T>(task, Purpose.NEWTON, 0);
        measureFeatures(task, 0);
        drawVector<T>(task, 5);
        loadVector<T>(task);
        extend<T>(task, -1, 0);
        let size = 0;
        for (; size < 4; size++) grow<T>(task, size);
        for (let i = 0; i <= size; i++) {
          for (let j = 0; j <= i; j++) {
            const off = Math.abs(basisProduct<T>(own, i, j) - (i == j ? 1.0 : 0.0));
            expect<bool>(off < tolerance<T>(1e-13) * 10).toBe(true, "orthonormal");
            if (i < size) {
              expect<f64>(projectedEntry(own, i, j)).toBe(projectedEntry(own, j, i), "symmetric");
            }
          }
        }
        // Lanczos: T is tridiagonal but for rounding and what the solutions are off.
        const scale = projectedEntry(own, 0, 0) + projectedEntry(own, 1, 1);
        expect<bool>(Math.abs(projectedEntry(own, 3, 0)) < tolerance<T>(1e-10) * scale).toBe(true, "T");
        ritz(task, size, 0);
        let before = Infinity;
        for (let t = 0; t < size; t++) {
          const value = load<f64>(own.values + <usize>t * 8);
          expect<bool>(value >= 0 && value <= before).toBe(true, "sorted");
          before = value;
        }
        const first = load<f64>(own.values);
        restart<T>(task, 2, size, 0);
        expect<f64>(projectedEntry(own, 0, 0)).toBe(first);
        for (let i = 0; i < 3; i++) {
          const off = Math.abs(basisProduct<T>(own, i, 0) - (i == 0 ? 1.0 : 0.0));
          expect<bool>(off < tolerance<T>(1e-13) * 10).toBe(true, "orthonormal after a restart");
        }
        // ‖Bᵀx‖² of the first Ritz vector is its value, up to its residual.
        rightSide<T>(task, 0, 0);
        beginSolution<T>(task, 0);
        for (let i = 0; i < 200 && g.done == 0; i++) solve<T>(task, 5, 0);
        conclude<T>(task, 0);
        normalProduct<T>(task, 0);
        expect<bool>(Math.abs(own.length - first) < tolerance<T>(1e-10) * first).toBe(true, "value");
        storeVector<T>(task, 1);
        expect<bool>(finite(read<T>(task.staging, p.m * p.k))).toBe(true);
        expect<bool>(guarded(block, bytes)).toBe(true, "wrote outside its block");
        expect<bool>(tidy<T>(p, Mode.IMPLICIT, 0)).toBe(true, "wrote outside its workspace");
      }
    }
  });
}

describe("assignment", () => {
  test("has the least cost of all permutations", () => {
    for (let k = 1; k < 7; k++) {
      for (let seed = 0; seed < 20; seed++) {
        release();
        const values = draw(k * k, 100 * k + seed);
        const cost = reserve(<usize>(k * k) * 8);
        write<f64>(values, cost);
        const matching = reserve(<usize>k * 4);
        const scratch = reserve(assignBytes(k));
        assign(k, cost, matching, scratch);
        let total: f64 = 0;
        for (let a = 0; a < k; a++) total += values[a * k + load<i32>(matching + <usize>a * 4)];
        expect<bool>(Math.abs(total - leastCost(k, 0, 0, values)) < 1e-12).toBe(true);
        expect<bool>(guarded(matching, <usize>k * 4) && guarded(scratch, assignBytes(k))).toBe(true);
      }
    }
  });
  test("ends where the costs are no numbers", () => {
    release();
    const cost = reserve(9 * 8);
    for (let i = 0; i < 9; i++) store<f64>(cost + <usize>i * 8, NaN);
    const matching = reserve(3 * 4);
    assign(3, cost, matching, reserve(assignBytes(3)));
    let seen = 0;
    for (let a = 0; a < 3; a++) seen |= 1 << load<i32>(matching + <usize>a * 4);
    expect<i32>(seen).toBe(7);
  });
});
describe("parts of gradients, f64", () => {
  partsSuite<f64>();
});
describe("parts of gradients, f32", () => {
  partsSuite<f32>();
});
describe("gradients, f64", () => {
  wholeSuite<f64>();
});
describe("gradients, f32", () => {
  wholeSuite<f32>();
});
describe("sensitivities, f64", () => {
  sensitivitySuite<f64>();
});
describe("sensitivities, f32", () => {
  sensitivitySuite<f32>();
});
