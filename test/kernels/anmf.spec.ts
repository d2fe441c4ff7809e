// ANMF: the kernels of assembly/anmf against their twin.

import { begin, iterate } from "../../assembly/anmf/admm";
import { evaluate } from "../../assembly/anmf/kkt";
import { Bilevel, Data, layout, loadFactors, loadRows, storeFactors } from "../../assembly/anmf/workspace";
import { stagingRows } from "../../assembly/nmf/workspace";
import { Admm, AnmfProblem } from "../reference/anmf";
import { close, closeTo, draw, filled, guarded, read, release, reserve, write } from "./support";

// m, N, n: wide and tall, odd sizes, more than one tile of rows (150 > 128), n = 1 and n = min(m, N).
const SHAPES: StaticArray<i32> = [5, 9, 3, 9, 5, 2, 1, 1, 1, 7, 7, 7, 150, 10, 3, 11, 150, 4, 6, 13, 1];

/** A problem with both sides' data. */
function problem(s: i32, weighted: bool, gauge: bool): AnmfProblem {
  const m = SHAPES[3 * s];
  const N = SHAPES[3 * s + 1];
  const n = SHAPES[3 * s + 2];
  const Y = draw(m * N, 10 * s + 1);
  const D = weighted ? draw(m * N, 10 * s + 2) : filled(m * N, 1);
  for (let i = 0; i < m * N && weighted; i++) {
    D[i] = D[i] / 1.2;
    if (i % 5 == 3) {
      D[i] = 0;
      Y[i] = 0;
    }
  }
  const p = new AnmfProblem(m, n, N, Y, draw(m * N, 10 * s + 3), D);
  p.lambda = 0.7 * <f64>N;
  p.beta = 0.4;
  p.gauge = gauge;
  return p;
}

let record: usize = 0;
let base: usize = 0;
let bytes: usize = 0;

function stage(o: Bilevel, which: i32, values: Float64Array): void {
  const block = stagingRows<f64>(o.m, o.N);
  for (let row = 0; row < o.m; row += block) {
    const count = min(block, o.m - row);
    write<f64>(values.subarray(row * o.N, (row + count) * o.N), o.staging);
    loadRows(o, which, row, count);
  }
}

/** The same problem in fresh memory, exactly as large as asked for. */
function start(p: AnmfProblem, weighted: bool, rho: f64, A: Float64Array, X: Float64Array): Bilevel {
  release();
  record = reserve(offsetof<Bilevel>());
  memory.fill(record, 0, offsetof<Bilevel>());
  const o = changetype<Bilevel>(record);
  o.m = p.m;
  o.n = p.n;
  o.N = p.N;
  o.weighted = weighted ? 1 : 0;
  o.gauge = p.gauge ? 1 : 0;
  o.lambda = p.lambda;
  o.beta = p.beta;
  o.rho = rho;
  bytes = <usize>layout(o, 0);
  base = reserve(bytes);
  layout(o, base);
  stage(o, Data.Y, p.Y);
  stage(o, Data.Z, p.Z);
  if (weighted) stage(o, Data.D, p.D);
  write<f64>(A, o.staging);
  write<f64>(X, o.staging + <usize>(p.m * p.n) * 8);
  loadFactors(o);
  begin(o);
  return o;
}

/** Runs both, compares everything, and says whether the penalties were raised. */
function compare(s: i32, weighted: bool, gauge: bool, iterations: i32, limit: f64): bool {
  const p = problem(s, weighted, gauge);
  const A = draw(p.m * p.n, 10 * s + 4);
  const X = draw(p.n * p.N, 10 * s + 5);
  return compareFrom(p, A, X, 0, weighted, iterations, limit);
}

/** `push` is added to the first row of U4 before the first iteration. */
function compareFrom(
  p: AnmfProblem,
  A: Float64Array,
  X: Float64Array,
  push: f64,
  weighted: bool,
  iterations: i32,
  limit: f64,
): bool {
  const o = start(p, weighted, 0.3, A, X);
  const twin = new Admm(p, A, X, 0.3);
  const rho3 = twin.rho3;
  for (let j = 0; j < p.N && push != 0; j++) {
    twin.U4[j] += push;
    const at = o.U4 + <usize>((j / 4) * p.n) * 32 + <usize>(j % 4) * 8;
    store<f64>(at, load<f64>(at) + push);
  }
  iterate(o, iterations);
  for (let i = 0; i < iterations; i++) twin.step();
  evaluate(o);
  const what =
    p.m.toString() + "×" + p.N.toString() + ", n " + p.n.toString() + (weighted ? ", weighted" : "");
  expect<i32>(o.failed).toBe(0, what + ": a system failed");
  storeFactors(o);
  const left = p.m * p.n;
  const right = p.n * p.N;
  close(read<f64>(o.staging, left), twin.P, limit, what + ": P");
  close(read<f64>(o.staging + <usize>left * 8, right), twin.S, limit, what + ": S");
  const answer = p.answer(twin.P, twin.S);
  close(read<f64>(o.staging + <usize>(left + right) * 8, left), answer, limit, what + ": T");
  closeTo(o.rho3, twin.rho3, limit, what + ": ρ3");
  close(figures(o), twin.residuals, limit, what + ": residuals");
  closeTo(o.objective, p.objective(twin.P, twin.S), limit, what + ": objective");
  closeTo(o.fit, p.error(twin.P, twin.S), limit, what + ": fit");
  const kkt = p.kkt(twin.P, twin.S);
  expect<bool>(Math.abs(o.kkt - kkt) <= limit * (1 + kkt)).toBe(true, what + ": KKT");
  expect<bool>(o.bestResponse < 1e-13).toBe(true, what + ": best response");
  expect<bool>(guarded(record, offsetof<Bilevel>()) && guarded(base, bytes)).toBe(true, what + ": tidy");
  return twin.rho3 > rho3;
}

function figures(o: Bilevel): Float64Array {
  const out = new Float64Array(4);
  out[0] = o.attack;
  out[1] = o.splitA;
  out[2] = o.splitQ;
  out[3] = o.splitX;
  return out;
}

describe("ANMF", () => {
  test("the start: gauge, attacker's answer, objective, KKT residual", () => {
    for (let s = 0; s < SHAPES.length / 3; s++) {
      compare(s, false, true, 0, 1e-12);
      compare(s, true, true, 0, 1e-12);
    }
  });
  test("one iteration", () => {
    for (let s = 0; s < SHAPES.length / 3; s++) compare(s, false, true, 1, 1e-10);
  });
  test("one iteration, weighted", () => {
    for (let s = 0; s < SHAPES.length / 3; s++) compare(s, true, true, 1, 1e-10);
  });
  test("one iteration without a gauge", () => {
    for (let s = 0; s < SHAPES.length / 3; s++) {
      compare(s, false, false, 1, 1e-10);
      compare(s, true, false, 1, 1e-10);
    }
  });
  test("sixty iterations, over two looks at the penalties", () => {
    let raised = 0;
    for (let s = 0; s < 3; s++) {
      if (compare(s, false, true, 60, 1e-7)) raised++;
      if (compare(s, true, true, 60, 1e-7)) raised++;
    }
    expect<i32>(raised).toBeGreaterThan(0, "some penalties were raised");
  });
  test("a row of zeros at the start becomes ones, its column of A zeros", () => {
    const p = problem(0, false, true);
    const X = draw(p.n * p.N, 5);
    for (let j = 0; j < p.N; j++) X[p.N + j] = 0;
    compareFrom(p, draw(p.m * p.n, 4), X, 0, false, 2, 1e-10);
  });
  test("a row without a positive entry is projected to its largest one", () => {
    for (let s = 0; s < 2; s++) {
      const p = problem(s, false, true);
      const A = draw(p.m * p.n, 10 * s + 4);
      const X = draw(p.n * p.N, 10 * s + 5);
      compareFrom(p, A, X, -1000, false, 1, 1e-10);
    }
  });
});
