// AT-NMF: the adversary, the inner loop and the rules against their twins.

import { attack, storePerturbation } from "../../assembly/atnmf/adversary";
import { innerLoop, outerRule } from "../../assembly/atnmf/inner";
import { iterate } from "../../assembly/nmf/iterate";
import { stagingRows } from "../../assembly/nmf/workspace";
import { Adversary, Loss, Task } from "../../assembly/task";
import { attacked, relativeChange } from "../reference/atnmf";
import { loss } from "../reference/loss";
import { product } from "../reference/product";
import { Problem } from "./problem";
import { close, closeTo, read, tolerance } from "./support";

// As in nmf.spec.ts: odd sizes, more than one tile of rows, more than one panel a chunk.
const SHAPES: StaticArray<i32> = [1, 1, 1, 17, 3, 3, 9, 7, 5, 150, 70, 4, 6, 300, 2, 9, 18, 9];
const shapes: i32 = SHAPES.length / 3;

const LOSSES: StaticArray<i32> = [Loss.FROBENIUS, Loss.KULLBACK_LEIBLER, Loss.DIVERGENCE, Loss.DIVERGENCE];
const BETAS: StaticArray<f64> = [2, 1, 1.5, 3];

function problem(s: i32, l: i32, weighted: bool, kind: i32): Problem {
  const p = new Problem(SHAPES[3 * s], SHAPES[3 * s + 1], SHAPES[3 * s + 2], 10 * s + 3);
  p.loss = LOSSES[l];
  p.beta = BETAS[l];
  // Small factors and a strong adversary: some answers are cut off at 0. A power of two is exact in f32.
  p.adversary = kind;
  p.strength = 2;
  p.radius = 0.25;
  if (weighted) p.weigh(10 * s + 7);
  return p;
}

function amount(p: Problem): f64 {
  return p.adversary == Adversary.PENALTY ? p.strength : p.radius;
}

function name(p: Problem): string {
  const shape = p.m.toString() + "×" + p.n.toString() + ", k " + p.k.toString();
  const which = p.adversary == Adversary.PENALTY ? ", penalty" : ", linf";
  return (
    "loss " +
    p.loss.toString() +
    " β " +
    p.beta.toString() +
    which +
    (p.weighted ? ", weighted, " : ", ") +
    shape
  );
}

/** R as the kernel holds it. */
function perturbation<T>(p: Problem, task: Task): Float64Array {
  const R = new Float64Array(p.m * p.n);
  const block = stagingRows<T>(p.m, p.n);
  for (let row = 0; row < p.m; row += block) {
    const count = min(block, p.m - row);
    storePerturbation<T>(task, row, count);
    R.set(read<T>(task.staging, count * p.n), row * p.n);
  }
  return R;
}

/** The sum that the task reports: for Frobenius without its ½. */
function divergence(p: Problem, V: Float64Array, W: Float64Array, H: Float64Array): f64 {
  const kind = p.loss;
  const value = loss(kind, p.m, p.n, p.k, V, p.D, W, H, p.beta, p.epsilon, p.scale, p.cut);
  return kind == Loss.FROBENIUS ? 2 * value : value;
}

/** The twin's U for the factors of p as they stand. */
function answer(p: Problem): Float64Array {
  const P = product(p.m, p.k, p.n, p.W, p.H);
  const beta = BETAS[LOSSES.indexOf(p.loss) + (p.beta == 3 ? 1 : 0)];
  return attacked(p.adversary, beta, amount(p), p.m * p.n, p.V, p.D, P, p.epsilon);
}

function adversarySuite<T>(): void {
  test("R and the figures of an attack, every loss, both adversaries, with and without weights", () => {
    for (let s = 0; s < shapes; s++) {
      for (let l = 0; l < LOSSES.length; l++) {
        for (let kind = 1; kind <= 2; kind++) {
          for (let w = 0; w < 2; w++) {
            const p = problem(s, l, w == 1, kind);
            const task = p.start<T>();
            attack<T>(task, 0);
            const U = answer(p);
            const what = name(p);
            const R = new Float64Array(U.length);
            for (let i = 0; i < U.length; i++) R[i] = U[i] - p.V[i];
            close(perturbation<T>(p, task), R, tolerance<T>(2e-13), what + ": R");
            const all = tolerance<T>(1e-12);
            const size = 1e-2 * <f64>(p.m * p.n);
            closeTo(size + task.clean, size + divergence(p, p.V, p.W, p.H), all, what + ": clean");
            closeTo(size + task.attacked, size + divergence(p, U, p.W, p.H), all, what + ": attacked");
            attack<T>(task, 0);
            expect<f64>(task.attackedBefore).toBe(task.attacked, what + ": the same answer again");
            expect<bool>(p.tidy()).toBe(true, what + ": wrote outside its workspace");
          }
        }
      }
    }
  });
  test("without strength, and with a radius of 0, the data stay as they are", () => {
    for (let l = 0; l < LOSSES.length; l++) {
      for (let kind = 1; kind <= 2; kind++) {
        const p = problem(3, l, false, kind);
        p.strength = 0;
        p.radius = 0;
        const task = p.start<T>();
        attack<T>(task, 0);
        const R = perturbation<T>(p, task);
        let moved = 0;
        for (let i = 0; i < R.length; i++) if (R[i] != 0) moved++;
        expect<i32>(moved).toBe(0, name(p));
        // The general β-divergence of a number from itself rounds.
        expect<bool>(Math.abs(task.effort) <= tolerance<T>(1e-13) * <f64>R.length).toBe(true, name(p));
      }
    }
  });
  test("an inner loop fits the attacked data", () => {
    for (let s = 1; s < shapes; s++) {
      for (let l = 0; l < LOSSES.length; l++) {
        for (let w = 0; w < 2; w++) {
          const p = problem(s, l, w == 1, Adversary.PENALTY);
          const task = p.start<T>();
          attack<T>(task, 0);
          innerLoop<T>(task, 4, 0);
          const V = p.V;
          p.V = answer(p);
          for (let i = 0; i < 4; i++) p.twinStep(1);
          const what = name(p);
          close(p.kernelW<T>(), p.W, tolerance<T>(5e-12), what + ": W");
          close(p.kernelH<T>(), p.H, tolerance<T>(5e-12), what + ": H");
          expect<i32>(task.done).toBe(4);
          expect<i32>(task.met).toBe(0);
          // V is where it was.
          p.V = V;
          closeTo(1 + p.kernelLoss<T>(1), 1 + p.twinLoss(), tolerance<T>(1e-10), what + ": loss against V");
        }
      }
    }
  });
  test("the rules hold just above the change of WH, and not just below", () => {
    for (let s = 1; s < shapes; s++) {
      const p = problem(s, 0, s % 2 == 1, Adversary.PENALTY);
      // Entries of WH that are 0 before and after do not count.
      for (let a = 0; a < p.k; a++) p.W[a] = 0;
      const then = product(p.m, p.k, p.n, p.W, p.H);
      const task = p.start<T>();
      attack<T>(task, 0);
      innerLoop<T>(task, 1, 0);
      const now = product(p.m, p.k, p.n, p.kernelW<T>(), p.kernelH<T>());
      const change = relativeChange(p.m * p.n, now, then);
      const near = tolerance<T>(1e-9);
      task.outerTolerance = change * (1 - near);
      outerRule<T>(task, 0);
      expect<i32>(task.met).toBe(0, name(p) + ": below");
      task.outerTolerance = change * (1 + near);
      outerRule<T>(task, 0);
      expect<i32>(task.met).toBe(1, name(p) + ": above");
      p.load<T>(p.W, p.H);
      task.innerTolerance = change * (1 + near);
      innerLoop<T>(task, 10, 0);
      expect<i32>(task.done).toBe(1, name(p) + ": stops at once");
      p.load<T>(p.W, p.H);
      task.innerTolerance = change * (1 - near);
      innerLoop<T>(task, 1, 0);
      expect<i32>(task.met).toBe(0, name(p) + ": goes on");
    }
  });
  test("against no adversary an inner loop is NMF, bit by bit", () => {
    const p = problem(3, 0, false, Adversary.PENALTY);
    p.strength = 0;
    const task = p.start<T>();
    attack<T>(task, 0);
    innerLoop<T>(task, 20, 0);
    const W = p.kernelW<T>();
    p.load<T>(p.W, p.H);
    iterate<T>(task, 20, 0);
    close(p.kernelW<T>(), W, 0, "W");
  });
}

describe("the adversary of AT-NMF f32", () => {
  adversarySuite<f32>();
});
describe("the adversary of AT-NMF f64", () => {
  adversarySuite<f64>();
});
