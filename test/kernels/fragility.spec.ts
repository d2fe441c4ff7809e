// Feature compression: QR, the linear law and the network of assembly/fragility against their twins.

import { gradient, scores, train } from "../../assembly/fragility/adam";
import { Law, law, separate } from "../../assembly/fragility/law";
import { loadLayer, Pass, pass, storeLayer } from "../../assembly/fragility/network";
import { Network, networkLayout } from "../../assembly/fragility/workspace";
import { factorize, multiplyQ, solveTransposed } from "../../assembly/linalg/qr";
import { Task } from "../../assembly/task";
import { NetworkTwin } from "../reference/network";
import { normalNumbers } from "../reference/philox";
import { householder, separation } from "../reference/qr";
import {
  close,
  closeTo,
  drawSigned,
  guarded,
  placed,
  read,
  release,
  reserve,
  same,
  tolerance,
  write,
} from "./support";

/** Row-major → columns one after another, and back. */
function turned(rows: i32, cols: i32, A: Float64Array): Float64Array {
  const B = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) B[j * rows + i] = A[i * cols + j];
  return B;
}

function qrSuite<T>(): void {
  test("R and Q are the twin's, for square and tall matrices", () => {
    const shapes: StaticArray<i32> = [1, 1, 5, 5, 9, 4, 17, 17, 6, 1];
    for (let s = 0; s < shapes.length; s += 2) {
      release();
      const m = shapes[s];
      const n = shapes[s + 1];
      const values = drawSigned(m * n, 40 + s);
      const A = placed<T>(turned(m, n, values));
      const diagonal = reserve(n * sizeof<T>());
      factorize<T>(m, n, A, diagonal);
      const twin = householder(m, n, values);
      const R = new Float64Array(n * n);
      const held = read<T>(A, m * n);
      const pivots = read<T>(diagonal, n);
      for (let i = 0; i < n; i++)
        for (let j = i; j < n; j++) R[i * n + j] = i == j ? pivots[i] : held[j * m + i];
      close(R, twin.slice(0, n * n), tolerance<T>(1e-14), "R");
      const Q = new Float64Array(m * n);
      const x = reserve(m * sizeof<T>());
      for (let j = 0; j < n; j++) {
        const unit = new Float64Array(m);
        unit[j] = 1;
        write<T>(unit, x);
        multiplyQ<T>(m, n, A, x);
        const column = read<T>(x, m);
        for (let i = 0; i < m; i++) Q[i * n + j] = column[i];
      }
      close(Q, twin.slice(n * n), tolerance<T>(1e-14), "Q");
      expect<bool>(guarded(A, m * n * sizeof<T>()) && guarded(diagonal, n * sizeof<T>())).toBe(true, "tidy");
    }
  });
  test("a triangular system, and a column of zeros", () => {
    release();
    const n = 7;
    const A = placed<T>(turned(n, n, drawSigned(n * n, 61)));
    const diagonal = reserve(n * sizeof<T>());
    factorize<T>(n, n, A, diagonal);
    const held = read<T>(A, n * n);
    const pivots = read<T>(diagonal, n);
    const wanted = drawSigned(n, 62);
    const down = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const above: f64 = i == j ? pivots[i] : i < j ? held[j * n + i] : 0;
        down[j] += above * wanted[i];
      }
    }
    const b = placed<T>(down);
    solveTransposed<T>(n, n, A, diagonal, b);
    close(read<T>(b, n), wanted, tolerance<T>(1e-13), "Rᵀz = b");

    const Z = placed<T>(new Float64Array(6));
    factorize<T>(3, 2, Z, diagonal);
    same(read<T>(diagonal, 2), new Float64Array(2), "zeros");
  });
}

describe("QR f32", () => {
  qrSuite<f32>();
});
describe("QR f64", () => {
  qrSuite<f64>();
});

describe("the linear law", () => {
  test("figures of Gaussian points by elimination, whichever trial is asked for", () => {
    const d = 9;
    release();
    const task = changetype<Task>(reserve(offsetof<Task>()));
    memory.fill(changetype<usize>(task), 0, offsetof<Task>());
    task.team = 1;
    const asked = changetype<Law>(reserve(offsetof<Law>()));
    asked.dimension = d;
    asked.first = 2;
    asked.seed = 5;
    const bytes = <usize>(2 * d * d + 3 * d) * 8;
    asked.scratch = reserve(bytes);
    asked.scratchBytes = bytes;
    asked.figures = reserve(3 * 48);
    task.network = changetype<usize>(asked);
    law(task, 3, 0);
    for (let trial = 0; trial < 3; trial++) {
      const found = read<f64>(asked.figures + trial * 48, 6);
      const twin = separation(d, normalNumbers(5, (d << 16) + 2 + trial, d * d));
      closeTo(found[0], twin[0], 1e-11, "δ");
      closeTo(found[1], twin[1], 1e-14, "‖x − y‖");
      closeTo(found[2], twin[2], 1e-11, "cosine");
      closeTo(found[3], twin[0], 1e-11, "δ by R");
      closeTo(found[4], twin[3], 1e-11, "|R_dd|");
      closeTo(found[5], twin[3], 1e-11, "1/‖p‖");
    }
    expect<bool>(guarded(asked.scratch, bytes) && guarded(asked.figures, 144)).toBe(true, "tidy");
  });
  test("fewer points than dimensions: the classifier of least norm", () => {
    // In R^3, the third coordinate 0: the figures are those of the plane.
    release();
    const scratch = reserve((2 * 6 + 2 + 6) * 8);
    const figures = reserve(48);
    const X = new Float64Array(6);
    X[0] = 2;
    X[3] = 1;
    X[4] = 2;
    write<f64>(X, scratch);
    separate(3, 2, scratch, figures);
    const plane = new Float64Array(4);
    plane[0] = 2;
    plane[2] = 1;
    plane[3] = 2;
    const twin = separation(2, plane);
    const found = read<f64>(figures, 6);
    closeTo(found[0], twin[0], 1e-15, "δ");
    closeTo(found[3], twin[0], 1e-15, "δ by R");
    closeTo(found[5], twin[3], 1e-15, "1/‖p‖");
    expect<bool>(guarded(scratch, 160) && guarded(figures, 48)).toBe(true, "tidy");
  });
  test("R with the pair last stays behind the points", () => {
    const n = 5;
    release();
    const scratch = reserve((2 * n * n + 3 * n) * 8);
    const figures = reserve(48);
    const rows = normalNumbers(7, 1, n * n);
    write<f64>(rows, scratch);
    separate(n, n, scratch, figures);
    // Points 2, 3, 4, 0, 1 as columns.
    const A = new Float64Array(n * n);
    for (let c = 0; c < n; c++) for (let r = 0; r < n; r++) A[r * n + c] = rows[((c + 2) % n) * n + r];
    const R = householder(n, n, A).slice(0, n * n);
    const kept = read<f64>(scratch + n * n * 8, n * n);
    const diagonal = read<f64>(scratch + 2 * n * n * 8, n);
    const found = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = i; j < n; j++) found[i * n + j] = i == j ? diagonal[i] : kept[j * n + i];
    close(found, R, 1e-14, "R");
  });
});

// Points, whether layers have max(·, 0), and widths (0: none): odd sizes, more than one panel, one layer to three.
const NETS: StaticArray<i32> = [
  13, 1, 5, 4, 3, 0, 9, 0, 7, 11, 2, 0, 21, 1, 6, 10, 9, 5, 3, 1, 1, 3, 2, 2, 6, 1, 17, 3, 0, 0,
];

function widthsOf(s: i32): Int32Array {
  let count = 4;
  while (NETS[6 * s + 1 + count] == 0) count--;
  const widths = new Int32Array(count);
  for (let l = 0; l < count; l++) widths[l] = NETS[6 * s + 2 + l];
  return widths;
}

/** Numbers that T holds exactly. */
function held<T>(values: Float64Array): Float64Array {
  for (let i = 0; i < values.length; i++) values[i] = <f64>(<T>values[i]);
  return values;
}

let record: usize = 0;
let base: usize = 0;
let bytes: usize = 0;

/** A network in fresh memory, exactly as large as asked for, with these weights. */
function start<T>(twin: NetworkTwin, learns: i32, points: i32, batch: i32): Task {
  release();
  const task = changetype<Task>(reserve(offsetof<Task>()));
  memory.fill(changetype<usize>(task), 0, offsetof<Task>());
  task.team = 1;
  record = reserve(offsetof<Network>());
  memory.fill(record, 0, offsetof<Network>());
  const net = changetype<Network>(record);
  task.network = record;
  net.depth = twin.widths.length - 1;
  for (let l = 0; l < twin.widths.length; l++) {
    store<i32>(record + offsetof<Network>("width0") + <usize>l * 4, twin.widths[l]);
  }
  net.relu = twin.relu ? 1 : 0;
  net.bias = 1;
  net.learns = learns;
  net.points = points;
  net.batch = batch;
  net.wanted = 1;
  bytes = <usize>networkLayout(task, 0, sizeof<T>());
  base = reserve(bytes);
  networkLayout(task, base, sizeof<T>());
  for (let l = 0; l < net.depth; l++) {
    write<T>(twin.weights.slice(twin.place(l), twin.place(l + 1)), net.staging);
    loadLayer<T>(task, l);
  }
  return task;
}

function twinOf<T>(s: i32): NetworkTwin {
  const widths = widthsOf(s);
  let count = 0;
  for (let l = 0; l + 1 < widths.length; l++) count += widths[l + 1] * (widths[l] + 1);
  return new NetworkTwin(widths, NETS[6 * s + 1] == 1, held<T>(drawSigned(count, 70 + s)));
}

/** The weights of every layer, or their gradients. */
function stored<T>(task: Task, twin: NetworkTwin, which: i32): Float64Array {
  const net = changetype<Network>(task.network);
  const all = new Float64Array(twin.weights.length);
  for (let l = 0; l < net.depth; l++) {
    storeLayer<T>(task, l, which);
    const at = twin.place(l);
    const own = read<T>(net.staging, twin.place(l + 1) - at);
    for (let i = 0; i < own.length; i++) all[at + i] = own[i];
  }
  return all;
}

function labelsOf(count: i32, classes: i32): Int32Array {
  const labels = new Int32Array(count);
  for (let p = 0; p < count; p++) labels[p] = (p * p + 1) % classes;
  return labels;
}

/** Points and labels where the network takes them, in this order. */
function present<T>(net: Network, X: Float64Array, labels: Int32Array): void {
  write<T>(X, net.data);
  for (let p = 0; p < labels.length; p++) {
    store<i32>(net.labels + <usize>p * 4, labels[p]);
    store<i32>(net.order + <usize>p * 4, p);
  }
}

function networkSuite<T>(): void {
  test("loss and gradients are the twin's", () => {
    for (let s = 0; s < NETS.length / 6; s++) {
      const twin = twinOf<T>(s);
      const count = NETS[6 * s];
      const inputs = twin.widths[0];
      const labels = labelsOf(count, twin.widths[twin.widths.length - 1]);
      const X = held<T>(drawSigned(count * inputs, 90 + s));
      const task = start<T>(twin, 1, count, count);
      const net = changetype<Network>(task.network);
      present<T>(net, X, labels);
      gradient<T>(task, 0);
      const loss = twin.loss(count, X, labels);
      const what = "network " + s.toString();
      closeTo(net.loss / count, loss, tolerance<T>(1e-14), what + ": loss");
      close(stored<T>(task, twin, 1), twin.gradient, tolerance<T>(2e-14), what + ": ∂/∂W");
      close(read<T>(net.gradients, count * inputs), twin.points, tolerance<T>(2e-14), what + ": ∂/∂x");
      same(stored<T>(task, twin, 0), twin.weights, what + ": weights");
      expect<bool>(guarded(record, offsetof<Network>()) && guarded(base, bytes)).toBe(true, what + ": tidy");
    }
  });
  test("Adam takes the twin's steps, over batches of which the last is smaller", () => {
    for (let s = 0; s < NETS.length / 6; s++) {
      const twin = twinOf<T>(s);
      const count = NETS[6 * s];
      const batch = (count + 1) / 2 + 1;
      const inputs = twin.widths[0];
      const labels = labelsOf(count, twin.widths[twin.widths.length - 1]);
      const X = held<T>(drawSigned(count * inputs, 110 + s));
      const task = start<T>(twin, 1, count, min(batch, count));
      const net = changetype<Network>(task.network);
      present<T>(net, X, labels);
      net.rate = 0.01;
      train<T>(task, 6, 0);
      let last: f64 = 0;
      for (let step = 0, first = 0; step < 6; step++) {
        const size = min(min(batch, count), count - first);
        const points = X.slice(first * inputs, (first + size) * inputs);
        const loss = twin.loss(size, points, labels.slice(first, first + size)) * <f64>size;
        last = first == 0 ? loss : last + loss;
        twin.step(0.01);
        first = first + size == count ? 0 : first + size;
      }
      const what = "network " + s.toString();
      close(stored<T>(task, twin, 0), twin.weights, tolerance<T>(1e-11), what);
      closeTo(net.loss, last, tolerance<T>(1e-11), what + ": loss of the epoch");
      expect<i32>(net.done).toBe(6);
      // The tiles are those of the weights as they are now.
      net.cursor = 0;
      scores<T>(task, min(batch, count), 0);
      const f = twin.scores(X.slice(0, inputs));
      close(read<T>(net.scores, f.length), f, tolerance<T>(1e-11), what + ": scores");
      expect<bool>(guarded(record, offsetof<Network>()) && guarded(base, bytes)).toBe(true, what + ": tidy");
    }
  });
  test("a stop ends training before the next step", () => {
    const twin = twinOf<T>(0);
    const task = start<T>(twin, 1, 2, 2);
    const net = changetype<Network>(task.network);
    present<T>(net, held<T>(drawSigned(2 * twin.widths[0], 7)), labelsOf(2, 3));
    net.rate = 0.01;
    task.stop = 1;
    train<T>(task, 5, 0);
    expect<i32>(net.done).toBe(0);
    same(stored<T>(task, twin, 0), twin.weights, "weights");
  });
  test("scores, norms and slopes along a segment are the twin's", () => {
    for (let s = 0; s < NETS.length / 6; s++) {
      const twin = twinOf<T>(s);
      const inputs = twin.widths[0];
      const classes = twin.widths[twin.widths.length - 1];
      const count = 11;
      const task = start<T>(twin, 0, 2, count);
      const net = changetype<Network>(task.network);
      const ends = held<T>(drawSigned(2 * inputs, 130 + s));
      write<T>(ends, net.data);
      net.own = 1;
      net.other = 0;
      net.first = 0.125;
      net.spacing = 0.0625;
      pass<T>(task, Pass.SEGMENT, count, 0);
      const f = new Float64Array(count * classes);
      const gradients = new Float64Array(count * inputs);
      const figures = new Float64Array(2 * count);
      for (let p = 0; p < count; p++) {
        const t = 0.125 + 0.0625 * <f64>p;
        const x = new Float64Array(inputs);
        for (let r = 0; r < inputs; r++) x[r] = <f64>(<T>(ends[r] + t * (ends[inputs + r] - ends[r])));
        const own = twin.scores(x);
        for (let j = 0; j < classes; j++) f[p * classes + j] = own[j];
        const delta = new Float64Array(classes);
        delta[1] = 1;
        delta[0] = -1;
        const back = twin.backward(x, delta);
        let squares: f64 = 0;
        for (let r = 0; r < inputs; r++) {
          gradients[p * inputs + r] = back[r];
          squares += back[r] * back[r];
          figures[2 * p + 1] += back[r] * (ends[r] - ends[inputs + r]);
        }
        figures[2 * p] = Math.sqrt(squares);
      }
      const what = "network " + s.toString();
      close(read<T>(net.scores, count * classes), f, tolerance<T>(1e-14), what + ": scores");
      close(read<T>(net.gradients, count * inputs), gradients, tolerance<T>(1e-14), what + ": ∇g");
      close(read<f64>(net.figures, 2 * count), figures, tolerance<T>(1e-14), what + ": ‖∇g‖, ∇g·(x − y)");
      write<T>(new Float64Array(count * classes), net.scores);
      pass<T>(task, Pass.WAY, count, 0);
      close(read<T>(net.scores, count * classes), f, tolerance<T>(1e-14), what + ": scores alone");
      expect<bool>(guarded(record, offsetof<Network>()) && guarded(base, bytes)).toBe(true, what + ": tidy");
    }
  });
}

describe("networks f32", () => {
  networkSuite<f32>();
});
describe("networks f64", () => {
  networkSuite<f64>();
});
