// Layouts, vectors, products, Gram matrices, Cholesky, the logarithm, the decomposition, and the
// ranges of a team.

import { factor, solve } from "../../assembly/linalg/cholesky";
import { gram, mirror, rowDot } from "../../assembly/linalg/gram";
import { flush, horizontalSum, lanes, panelCount, panelWidth } from "../../assembly/linalg/lanes";
import {
  panelElements,
  panelsToRows,
  panelsToTransposedRows,
  panelToTiles,
  rowsToPanels,
  rowsToTransposedPanels,
  squareToTiles,
  stripCount,
  stripWidth,
} from "../../assembly/linalg/layout";
import { logOfRatios } from "../../assembly/linalg/logarithm";
import {
  accumulate,
  accumulateQuotients,
  accumulateRows,
  pairElements,
  pairUp,
  predict,
  SHARE_ROWS,
  shares,
} from "../../assembly/linalg/product";
import { orthonormalize, svdBytes, truncatedSvd } from "../../assembly/linalg/svd";
import { axpy, dot, scale, sum } from "../../assembly/linalg/vector";
import { barrier } from "../../assembly/parallel/barrier";
import { chunkCount, chunkPanels, firstChunk } from "../../assembly/parallel/range";
import { Task } from "../../assembly/task";
import { choleskyFactor, choleskySolve } from "../reference/cholesky";
import { gramOfRows, product, transpose } from "../reference/product";
import {
  close,
  closeTo,
  draw,
  drawSigned,
  filled,
  fromPanels,
  guarded,
  orthonormalColumns,
  panelBytes,
  panelEntry,
  placed,
  placedPanels,
  placedTiles,
  read,
  release,
  reserve,
  same,
  tileEntry,
  tolerance,
  write,
} from "./support";

// Odd sizes, and widths just below, at and above one and two panels of either type.
const ROWS: StaticArray<i32> = [1, 17, 3, 7, 2, 5, 8, 4, 1, 16];
const COLS: StaticArray<i32> = [1, 3, 17, 9, 7, 8, 4, 5, 16, 1];
const RANKS: StaticArray<i32> = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 49];

function layoutSuite<T>(): void {
  test("rows → panels: every entry in its place, padding 0, and back", () => {
    for (let s = 0; s < ROWS.length; s++) {
      const rows = ROWS[s];
      const cols = COLS[s];
      release();
      const bytes = panelBytes<T>(rows, cols);
      expect<f64>(panelElements<T>(rows, cols) * <f64>sizeof<T>()).toBe(<f64>bytes);
      const A = draw(rows * cols, 1 + s);
      const src = placed<T>(A);
      const panels = reserve(bytes);
      rowsToPanels<T>(rows, cols, 0, rows, src, panels);
      same(fromPanels<T>(rows, cols, panels), A, "panels");
      const full = panelCount<T>(cols) * panelWidth<T>();
      let spare: f64 = 0;
      for (let r = 0; r < rows; r++) {
        for (let c = cols; c < full; c++) spare += Math.abs(panelEntry<T>(rows, panels, r, c));
      }
      expect<f64>(spare).toBe(0, "padding");
      expect<bool>(guarded(panels, bytes)).toBe(true);
      const back = reserve(rows * cols * sizeof<T>());
      panelsToRows<T>(rows, cols, panels, back);
      same(read<T>(back, rows * cols), A, "back");
      expect<bool>(guarded(back, rows * cols * sizeof<T>())).toBe(true);
    }
  });
  test("rows → panels of the transpose: every entry in its place, padding 0, and back", () => {
    for (let s = 0; s < ROWS.length; s++) {
      const rows = ROWS[s];
      const cols = COLS[s];
      release();
      const bytes = panelBytes<T>(cols, rows);
      const A = draw(rows * cols, 20 + s);
      const src = placed<T>(A);
      const panels = reserve(bytes);
      rowsToTransposedPanels<T>(cols, 0, rows, src, panels);
      same(fromPanels<T>(cols, rows, panels), transpose(rows, cols, A), "panels");
      const full = panelCount<T>(rows) * panelWidth<T>();
      let spare: f64 = 0;
      for (let r = 0; r < cols; r++) {
        for (let c = rows; c < full; c++) spare += Math.abs(panelEntry<T>(cols, panels, r, c));
      }
      expect<f64>(spare).toBe(0, "padding");
      expect<bool>(guarded(panels, bytes)).toBe(true);
      const back = reserve(rows * cols * sizeof<T>());
      panelsToTransposedRows<T>(cols, rows, panels, back);
      same(read<T>(back, rows * cols), A, "back");
      expect<bool>(guarded(back, rows * cols * sizeof<T>())).toBe(true);
    }
  });
  test("rows that come in blocks land where one block would put them", () => {
    const width = panelWidth<T>();
    const rows = 2 * width + 3;
    const cols = 9;
    release();
    const A = draw(rows * cols, 40);
    const src = placed<T>(A);
    const panels = reserve(panelBytes<T>(rows, cols));
    const turned = reserve(panelBytes<T>(cols, rows));
    for (let row = 0; row < rows; row += width) {
      const from = src + <usize>(row * cols) * sizeof<T>();
      rowsToPanels<T>(rows, cols, row, min(width, rows - row), from, panels);
      rowsToTransposedPanels<T>(cols, row, min(width, rows - row), from, turned);
    }
    same(fromPanels<T>(rows, cols, panels), A, "panels");
    same(fromPanels<T>(cols, rows, turned), transpose(rows, cols, A), "transposed");
  });
  test("strips are at most four wide and cover k", () => {
    for (let k = 1; k <= 50; k++) {
      let all = 0;
      for (let s = 0; s < stripCount(k); s++) {
        const h = stripWidth(k, s);
        expect<bool>(h >= 1 && h <= 4).toBe(true);
        all += h;
      }
      expect<i32>(all).toBe(k);
      expect<i32>(stripCount(k)).toBe((k + 3) / 4);
    }
  });
  test("panels → tiles of the transpose", () => {
    for (let s = 0; s < RANKS.length; s++) {
      const k = RANKS[s];
      for (let t = 0; t < COLS.length; t++) {
        const cols = COLS[t];
        release();
        const C = draw(k * cols, 60 + s);
        const panels = placedPanels<T>(k, cols, C);
        const bytes: usize = cols * k * sizeof<T>();
        const tiles = reserve(bytes);
        for (let p = 0; p < panelCount<T>(cols); p++) panelToTiles<T>(k, cols, p, panels + p * k * 32, tiles);
        let wrong = 0;
        for (let c = 0; c < cols; c++) {
          for (let a = 0; a < k; a++) if (tileEntry<T>(cols, k, tiles, c, a) != C[a * cols + c]) wrong++;
        }
        expect<i32>(wrong).toBe(0, "entries out of place");
        expect<bool>(guarded(tiles, bytes)).toBe(true);
      }
    }
  });
  test("k×k rows → tiles", () => {
    for (let s = 0; s < RANKS.length; s++) {
      const k = RANKS[s];
      release();
      const G = draw(k * k, 80 + s);
      const src = placed<T>(G);
      const tiles = reserve(k * k * sizeof<T>());
      squareToTiles<T>(k, src, tiles);
      let wrong = 0;
      for (let r = 0; r < k; r++) {
        for (let c = 0; c < k; c++) if (tileEntry<T>(k, k, tiles, r, c) != G[r * k + c]) wrong++;
      }
      expect<i32>(wrong).toBe(0, "entries out of place");
      expect<bool>(guarded(tiles, k * k * sizeof<T>())).toBe(true);
    }
  });
  test("sum of the lanes", () => {
    release();
    const at = reserve(32);
    for (let c = 0; c < lanes<T>(); c++) store<T>(at + <usize>c * sizeof<T>(), <T>(1 << (3 * c)));
    expect<f64>(horizontalSum<T>(v128.load(at))).toBe(sizeof<T>() == 4 ? 585 : 9);
  });
  test("flush: below the smallest normal number 0, at it and above kept", () => {
    release();
    const at = reserve(16);
    const least: T = sizeof<T>() == 4 ? <T>f32.MIN_NORMAL_VALUE : <T>f64.MIN_NORMAL_VALUE;
    store<T>(at, least);
    store<T>(at + sizeof<T>(), least / <T>2);
    v128.store(at, flush<T>(v128.load(at)));
    expect<T>(load<T>(at)).toBe(least);
    expect<T>(load<T>(at + sizeof<T>())).toBe(<T>0);
  });
}

describe("layouts f32", () => {
  layoutSuite<f32>();
});
describe("layouts f64", () => {
  layoutSuite<f64>();
});

function vectorSuite<T>(): void {
  test("dot, sum, axpy and scale for 0 … 19 numbers at any alignment", () => {
    for (let n = 0; n < 20; n++) {
      for (let shift = 0; shift < 4; shift++) {
        release();
        const x = drawSigned(n, 100 + n);
        const y = drawSigned(n, 200 + n);
        const room: usize = <usize>(n + shift) * sizeof<T>();
        const px = reserve(room) + <usize>shift * sizeof<T>();
        const py = reserve(room) + <usize>shift * sizeof<T>();
        write<T>(x, px);
        write<T>(y, py);
        let inner: f64 = 0;
        let total: f64 = 0;
        let sizes: f64 = 0;
        for (let i = 0; i < n; i++) {
          inner += x[i] * y[i];
          total += x[i];
          sizes += Math.abs(x[i]);
        }
        expect<f64>(Math.abs(dot<T>(n, px, py) - inner)).toBeLessThanOrEqual(
          tolerance<T>(1e-15) * sizes,
          "dot",
        );
        expect<f64>(Math.abs(sum<T>(n, px) - total)).toBeLessThanOrEqual(tolerance<T>(1e-15) * sizes, "sum");
        axpy<T>(n, <T>0.75, px, py);
        const moved = new Float64Array(n);
        for (let i = 0; i < n; i++) moved[i] = y[i] + 0.75 * x[i];
        close(read<T>(py, n), moved, tolerance<T>(1e-15), "axpy");
        same(read<T>(px, n), x, "axpy leaves x");
        scale<T>(n, <T>-0.75, px);
        for (let i = 0; i < n; i++) moved[i] = -0.75 * x[i];
        close(read<T>(px, n), moved, tolerance<T>(1e-15), "scale");
        const end = px + <usize>n * sizeof<T>();
        expect<u8>(load<u8>(end)).toBe(0xff, "scale writes beyond x");
        expect<u8>(load<u8>(py + <usize>n * sizeof<T>())).toBe(0xff, "axpy writes beyond y");
        expect<u8>(load<u8>(py - 1)).toBe(0xff, "axpy writes before y");
      }
    }
  });
}

describe("vectors f32", () => {
  vectorSuite<f32>();
});
describe("vectors f64", () => {
  vectorSuite<f64>();
});

function productSuite<T>(): void {
  test("accumulate adds Bᵀ·X, for every k, odd rows, and rows from the middle", () => {
    const counts: StaticArray<i32> = [1, 2, 3, 7, 64, 255, 511, 512, 513, 1025];
    const width = panelWidth<T>();
    for (let s = 0; s < RANKS.length; s++) {
      const k = RANKS[s];
      for (let c = 0; c < counts.length; c++) {
        const rows = counts[c];
        const row0 = c % 3;
        const all = rows + row0 + 1;
        release();
        const B = draw(all * k, 300 + s);
        const X = drawSigned(rows * width, 400 + c);
        const start = draw(k * width, 500 + s);
        const tiles = placedTiles<T>(all, k, B);
        const x = placed<T>(X);
        const out = placed<T>(start);
        accumulate<T>(rows, k, tiles, all, row0, x, out);
        const part = new Float64Array(rows * k);
        for (let i = 0; i < rows * k; i++) part[i] = B[row0 * k + i];
        const expected = product(k, rows, width, transpose(rows, k, part), X);
        for (let i = 0; i < k * width; i++) expected[i] += start[i];
        close(
          read<T>(out, k * width),
          expected,
          tolerance<T>(4e-15),
          "k " + k.toString() + ", rows " + rows.toString(),
        );
        expect<bool>(guarded(out, k * 32)).toBe(true);
      }
    }
  });
  test("predict is B·C, for every k, odd rows, and rows from the middle", () => {
    const width = panelWidth<T>();
    for (let s = 0; s < RANKS.length; s++) {
      const k = RANKS[s];
      for (let rows = 1; rows <= 2 * width + 1; rows++) {
        const row0 = (s % 3) * width;
        const all = row0 + rows;
        release();
        const B = draw(all * k, 600 + s);
        const C = drawSigned(k * width, 700 + s);
        const factor = placedPanels<T>(k, all, transpose(all, k, B));
        const panel = placed<T>(C);
        const rounded = ((rows + width - 1) / width) * width;
        const out = reserve(rounded * 32);
        predict<T>(rows, k, factor, row0, panel, out);
        const part = new Float64Array(rows * k);
        for (let i = 0; i < rows * k; i++) part[i] = B[row0 * k + i];
        const expected = product(rows, k, width, part, C);
        close(read<T>(out, rows * width), expected, tolerance<T>(2e-15), "k " + k.toString());
        expect<bool>(guarded(out, rounded * 32)).toBe(true);
      }
    }
  });
  test("accumulateQuotients adds Bᵀ·(V/(B·C + e)), for every k, over tiles that end anywhere", () => {
    const counts: StaticArray<i32> = [1, 3, 4, 9, 15, 16, 17, 40];
    const width = panelWidth<T>();
    const e = 0.25;
    for (let s = 0; s < RANKS.length; s++) {
      const k = RANKS[s];
      for (let c = 0; c < counts.length; c++) {
        const rows = counts[c];
        release();
        const B = draw(rows * k, 620 + s);
        const C = draw(k * width, 640 + s);
        const V = draw(rows * width, 660 + c);
        const start = draw(k * width, 680 + s);
        const factor = placedPanels<T>(k, rows, transpose(rows, k, B));
        const tiles = placedTiles<T>(rows, k, B);
        const panel = placed<T>(C);
        // Rows are taken in fours: what is read behind the last one must not matter.
        const v = placed<T>(V);
        reserve(3 * 32);
        const tile = reserve(16 * 32);
        const out = placed<T>(start);
        accumulateQuotients<T>(rows, k, factor, tiles, panel, v, v128.splat<T>(<T>e), 16, tile, out);
        const quotient = product(rows, k, width, B, C);
        for (let i = 0; i < rows * width; i++) quotient[i] = V[i] / (quotient[i] + e);
        const expected = product(k, rows, width, transpose(rows, k, B), quotient);
        for (let i = 0; i < k * width; i++) expected[i] += start[i];
        const what = "k " + k.toString() + ", rows " + rows.toString();
        close(read<T>(out, k * width), expected, tolerance<T>(4e-15), what);
        expect<bool>(guarded(out, k * 32) && guarded(tile, 16 * 32)).toBe(true);
      }
    }
  });
  test("shares are V/P and its gradient, either way, for every k and odd rows, and leave other rows alone", () => {
    const counts: StaticArray<i32> = [1, 2, 3, 9, 16, SHARE_ROWS - 1, SHARE_ROWS];
    const width = panelWidth<T>();
    const e = 0.25;
    for (let s = 0; s < RANKS.length; s++) {
      const k = RANKS[s];
      for (let c = 0; c < counts.length; c++) {
        const rows = counts[c];
        for (let turned = 0; turned < 2; turned++) {
          release();
          const B = draw(rows * k, 620 + s);
          const E = drawSigned(rows * k, 630 + s);
          const C = draw(k * width, 640 + s);
          const D = drawSigned(k * width, 650 + s);
          const V = draw(rows * width, 660 + c);
          const start = draw(rows * width, 670 + c);
          const b = placedPanels<T>(k, rows, transpose(rows, k, B));
          const l = placedPanels<T>(k, rows, transpose(rows, k, E));
          const pairBytes = <usize>pairElements(rows, k) * sizeof<T>();
          const pairs = reserve(pairBytes);
          for (let row = 0; row < rows; row += width) {
            const at = <usize>(row * k) * sizeof<T>();
            pairUp<T>(min(width, rows - row), k, b + at, l + at, pairs + 2 * at);
          }
          const v = placed<T>(V);
          reserve(32);
          const constants = reserve(32);
          v128.store(constants, v128.splat<T>(<T>e));
          v128.store(constants, v128.splat<T>(<T>1), 16);
          const gradient = placed<T>(start);
          const r = reserve((SHARE_ROWS + 2) * 32);
          const t = reserve((SHARE_ROWS + 2) * 32);
          const panel = placed<T>(C);
          shares<T>(rows, k, pairs, panel, turned ? 0 : placed<T>(D), v, constants, gradient, r, t);
          const P = product(rows, k, width, B, C);
          const Q = turned ? product(rows, k, width, E, C) : product(rows, k, width, B, D);
          const R = new Float64Array(rows * width);
          const less = new Float64Array(rows * width);
          for (let i = 0; i < rows * width; i++) {
            R[i] = V[i] / (P[i] + e);
            Q[i] /= P[i] + e;
            less[i] = -R[i] * Q[i];
            Q[i] += start[i];
          }
          const what = "k " + k.toString() + ", rows " + rows.toString();
          close(read<T>(r, rows * width), R, tolerance<T>(4e-15), what + ": R");
          close(read<T>(t, rows * width), less, tolerance<T>(1e-14), what + ": −QR");
          close(read<T>(gradient, rows * width), Q, tolerance<T>(1e-14), what + ": gradient");
          expect<bool>(guarded(gradient, rows * 32) && guarded(pairs, pairBytes)).toBe(true);
          expect<bool>(guarded(r, (SHARE_ROWS + 2) * 32) && guarded(t, (SHARE_ROWS + 2) * 32)).toBe(true);
        }
      }
    }
  });
  test("accumulateRows adds Y·Dᵀ, and with X also X·Cᵀ, in vectors, for every k", () => {
    const width = panelWidth<T>();
    const rows = 7;
    for (let s = 0; s < RANKS.length; s++) {
      const k = RANKS[s];
      for (let both = 0; both < 2; both++) {
        release();
        const X = drawSigned(rows * width, 700 + s);
        const Y = drawSigned(rows * width, 710 + s);
        const C = draw(k * width, 720 + s);
        const D = draw(k * width, 730 + s);
        const start = draw(rows * k * lanes<T>(), 740 + s);
        const out = placed<T>(start);
        const x = both ? placed<T>(X) : 0;
        accumulateRows<T>(rows, k, x, placed<T>(C), placed<T>(Y), placed<T>(D), out);
        const expected = product(rows, width, k, Y, transpose(k, width, D));
        const more = product(rows, width, k, X, transpose(k, width, C));
        const vectors = read<T>(out, rows * k * lanes<T>());
        const found = new Float64Array(rows * k);
        for (let i = 0; i < rows * k; i++) {
          if (both) expected[i] += more[i];
          for (let lane = i * lanes<T>(); lane < (i + 1) * lanes<T>(); lane++) {
            expected[i] += start[lane];
            found[i] += vectors[lane];
          }
        }
        close(found, expected, tolerance<T>(1e-14), "k " + k.toString());
        expect<bool>(guarded(out, (<usize>(rows * k)) << 4)).toBe(true);
      }
    }
  });
  test("gram is C·Cᵀ, symmetric, for every k", () => {
    const counts: StaticArray<i32> = [1, 3, 9, 17, 40];
    for (let s = 0; s < RANKS.length; s++) {
      const k = RANKS[s];
      for (let c = 0; c < counts.length; c++) {
        const cols = counts[c];
        release();
        const C = drawSigned(k * cols, 800 + s);
        const panels = placedPanels<T>(k, cols, C);
        const out = reserve(k * k * sizeof<T>());
        gram<T>(k, panelCount<T>(cols), panels, out);
        mirror<T>(k, out);
        const G = read<T>(out, k * k);
        // Entries off the diagonal cancel: what bounds them is the diagonal.
        const expected = gramOfRows(k, cols, C);
        let largest: f64 = 0;
        let worst: f64 = 0;
        for (let i = 0; i < k * k; i++) {
          largest = Math.max(largest, expected[i]);
          const off = Math.abs(G[i] - expected[i]);
          worst = Math.max(worst, off);
        }
        expect<f64>(worst).toBeLessThanOrEqual(tolerance<T>(2e-15) * largest, "k " + k.toString());
        same(G, transpose(k, k, G), "symmetry");
        expect<bool>(guarded(out, k * k * sizeof<T>())).toBe(true);
        const a = k - 1;
        const b = k / 2;
        const one = rowDot<T>(k, panelCount<T>(cols), panels, a, b);
        expect<f64>(Math.abs(one - expected[a * k + b])).toBeLessThanOrEqual(tolerance<T>(2e-15) * largest);
      }
    }
  });
}

describe("products f32", () => {
  productSuite<f32>();
});
describe("products f64", () => {
  productSuite<f64>();
});

/** M·Mᵀ + shift·I. */
function definite(n: i32, seed: u32, shift: f64): Float64Array {
  const A = gramOfRows(n, n, drawSigned(n * n, seed));
  for (let i = 0; i < n; i++) A[i * n + i] += shift;
  return A;
}

function choleskySuite<T>(): void {
  test("the factor is the twin's and leaves the upper triangle alone; the solution solves", () => {
    for (let n = 1; n <= 12; n++) {
      release();
      const A = definite(n, 900 + n, 0.5);
      const b = drawSigned(n, 950 + n);
      const at = placed<T>(A);
      const x = placed<T>(b);
      expect<i32>(factor<T>(n, at)).toBe(0);
      const L = choleskyFactor(n, A);
      const mixed = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) mixed[i * n + j] = j > i ? A[i * n + j] : L[i * n + j];
      }
      close(read<T>(at, n * n), mixed, tolerance<T>(1e-14), "factor");
      solve<T>(n, at, x);
      const got = read<T>(x, n);
      close(got, choleskySolve(n, L, b), tolerance<T>(1e-13), "solution");
      close(product(n, n, 1, A, got), b, tolerance<T>(1e-13), "A·x");
      expect<bool>(guarded(at, n * n * sizeof<T>()) && guarded(x, n * sizeof<T>())).toBe(true);
    }
  });
  test("the row of the first pivot that is not positive", () => {
    for (let bad = 1; bad <= 6; bad++) {
      release();
      const A = definite(6, 970, 0.5);
      A[(bad - 1) * 6 + bad - 1] = bad % 2 ? -1 : 0;
      expect<i32>(factor<T>(6, placed<T>(A))).toBe(bad);
    }
    release();
    const A = definite(3, 971, 0.5);
    A[4] = NaN;
    expect<i32>(factor<T>(3, placed<T>(A))).toBe(2, "NaN is no pivot");
  });
}

describe("cholesky f32", () => {
  choleskySuite<f32>();
});
describe("cholesky f64", () => {
  choleskySuite<f64>();
});

/** log(x/y) by the kernel, from the second of four lanes. */
function logOf(x: f64, y: f64): f64 {
  release();
  const xs = placed<f64>(filled(4, 1));
  const ys = placed<f64>(filled(4, 1));
  store<f64>(xs + 8, x);
  store<f64>(ys + 8, y);
  logOfRatios(2, xs, ys);
  return load<f64>(xs + 8);
}

/** |log x − Math.log| in units in the last place of the result, for x/1 and 1/x. */
function logError(x: f64): f64 {
  const expected = Math.log(x);
  return Math.max(Math.abs(logOf(x, 1) - expected), Math.abs(logOf(1, x) + expected)) / ulp(expected);
}

function ulp(x: f64): f64 {
  const size = Math.max(Math.abs(x), f64.MIN_NORMAL_VALUE);
  return reinterpret<f64>(reinterpret<i64>(size) + 1) - size;
}

describe("logarithm", () => {
  test("within two units in the last place of Math.log from 1e-300 to 1e300", () => {
    let worst: f64 = 0;
    for (let i = -3000; i <= 3000; i++) worst = Math.max(worst, logError(Math.pow(10, 0.1 * <f64>i)));
    expect<f64>(worst).toBeLessThanOrEqual(2);
  });
  test("the same near 1, across √2 and at powers of two", () => {
    let worst: f64 = 0;
    for (let i = 1; i < 2000; i++) {
      worst = Math.max(worst, logError(1 + <f64>i * 1e-3));
      worst = Math.max(worst, logError(1 - <f64>i * 4e-4));
      worst = Math.max(worst, logError(1 + <f64>i * 1e-9));
      worst = Math.max(worst, logError(Math.SQRT2 + <f64>(i - 1000) * 1e-15));
    }
    for (let i = 1; i < 1000; i++)
      worst = Math.max(worst, logError(reinterpret<f64>((<i64>(1023 + i)) << 52)));
    expect<f64>(worst).toBeLessThanOrEqual(2);
    expect<f64>(logOf(1, 1)).toBe(0);
    expect<f64>(logOf(f64.MIN_NORMAL_VALUE, 1)).toBe(Math.log(f64.MIN_NORMAL_VALUE));
    expect<f64>(logOf(0, 1)).toBe(Math.log(f64.MIN_NORMAL_VALUE));
  });
  test("ratios near 1 keep the digits that the difference has", () => {
    let worst: f64 = 0;
    for (let i = 1; i < 1000; i++) {
      const y = 0.5 + <f64>i * 3e-3;
      // x − y is exact, and log(1 + t) = 2(t/(2+t)) + O(t³).
      const x = y * (1 + <f64>i * 1e-12);
      const expected = (2 * (x - y)) / (x + y);
      worst = Math.max(worst, Math.abs(logOf(x, y) - expected) / expected);
    }
    expect<f64>(worst).toBeLessThanOrEqual(4e-16);
  });
  test("the whole range of both numbers", () => {
    let worst: f64 = 0;
    for (let i = -300; i <= 300; i += 7) {
      for (let j = -300; j <= 300; j += 11) {
        const x = Math.pow(10, <f64>i) * 1.3;
        const y = Math.pow(10, <f64>j) * 1.7;
        const expected = Math.log(x) - Math.log(y);
        worst = Math.max(
          worst,
          Math.abs(logOf(x, y) - expected) / (Math.abs(Math.log(x)) + Math.abs(Math.log(y))),
        );
      }
    }
    expect<f64>(worst).toBeLessThanOrEqual(4e-16);
  });
});

function svdSuite<T>(): void {
  test("known singular values and vectors come back", () => {
    const shapes: StaticArray<i32> = [12, 9, 9, 12, 40, 7, 5, 33, 20, 20];
    for (let s = 0; s < shapes.length; s += 2) {
      const m = shapes[s];
      const n = shapes[s + 1];
      const rank = 4;
      release();
      const U = orthonormalColumns(m, rank, 1000 + s);
      const Z = orthonormalColumns(n, rank, 1100 + s);
      const V = new Float64Array(m * n);
      for (let a = 0; a < rank; a++) {
        const sigma = 8 / Math.pow(2, <f64>a);
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) V[i * n + j] += sigma * U[i * rank + a] * Z[j * rank + a];
        }
      }
      const l = min(m, n);
      const data = placedPanels<T>(m, n, V);
      const turned = placedPanels<T>(n, m, transpose(m, n, V));
      const bytes = <usize>svdBytes<T>(m, n, l);
      const work = reserve(bytes);
      const d = truncatedSvd<T>(m, n, l, 3, data, turned, work);
      for (let a = 0; a < l; a++) {
        const row = load<i32>(d.order + a * 4);
        const sigma = load<f64>(d.sigma + row * 8);
        if (a >= rank) {
          expect<f64>(sigma).toBeLessThan(tolerance<T>(1e-13), "beyond the rank");
          continue;
        }
        closeTo(sigma, 8 / Math.pow(2, <f64>a), tolerance<T>(1e-14), "singular value");
        let alongU: f64 = 0;
        let alongZ: f64 = 0;
        for (let i = 0; i < m; i++) alongU += panelEntry<T>(l, d.u, row, i) * U[i * rank + a];
        for (let j = 0; j < n; j++) alongZ += (panelEntry<T>(l, d.b, row, j) / sigma) * Z[j * rank + a];
        closeTo(Math.abs(alongU), 1, tolerance<T>(1e-14), "left vector");
        closeTo(alongU * alongZ, 1, tolerance<T>(1e-14), "the signs of a pair agree");
      }
      expect<bool>(guarded(work, bytes)).toBe(true);
    }
  });
  test("a truncated decomposition keeps the leading values", () => {
    release();
    const m = 30;
    const n = 26;
    const U = orthonormalColumns(m, n, 1200);
    const Z = orthonormalColumns(n, n, 1300);
    const V = new Float64Array(m * n);
    for (let a = 0; a < n; a++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) V[i * n + j] += Math.pow(0.5, <f64>a) * U[i * n + a] * Z[j * n + a];
      }
    }
    const work = reserve(<usize>svdBytes<T>(m, n, 8));
    const d = truncatedSvd<T>(
      m,
      n,
      8,
      3,
      placedPanels<T>(m, n, V),
      placedPanels<T>(n, m, transpose(m, n, V)),
      work,
    );
    for (let a = 0; a < 5; a++) {
      const sigma = load<f64>(d.sigma + load<i32>(d.order + a * 4) * 8);
      closeTo(sigma, Math.pow(0.5, <f64>a), tolerance<T>(1e-13), "value " + a.toString());
    }
  });
  test("orthonormalize: unit rows at right angles, and 0 for a dependent one", () => {
    release();
    const X = drawSigned(5 * 11, 1400);
    for (let j = 0; j < 11; j++) X[3 * 11 + j] = X[0 * 11 + j] - X[1 * 11 + j];
    const at = placedPanels<T>(5, 11, X);
    orthonormalize<T>(5, panelCount<T>(11), at);
    const G = gramOfRows(5, 11, fromPanels<T>(5, 11, at));
    for (let a = 0; a < 5; a++) {
      for (let b = 0; b < 5; b++) {
        const wanted: f64 = a == b && a != 3 ? 1 : 0;
        expect<f64>(Math.abs(G[a * 5 + b] - wanted)).toBeLessThan(tolerance<T>(2e-15));
      }
    }
  });
}

describe("decomposition f32", () => {
  svdSuite<f32>();
});
describe("decomposition f64", () => {
  svdSuite<f64>();
});

describe("teams", () => {
  test("chunks cover the panels, and the members the chunks, each once and in order", () => {
    for (let panels = 1; panels <= 200; panels++) {
      const size = chunkPanels(panels);
      const chunks = chunkCount(panels);
      expect<bool>((chunks - 1) * size < panels && chunks * size >= panels).toBe(true, "chunks");
      expect<bool>(chunks <= 32).toBe(true);
      for (let team = 1; team <= 9; team++) {
        expect<i32>(firstChunk(chunks, team, 0)).toBe(0);
        expect<i32>(firstChunk(chunks, team, team)).toBe(chunks);
        for (let id = 0; id < team; id++) {
          const share = firstChunk(chunks, team, id + 1) - firstChunk(chunks, team, id);
          expect<bool>(share >= chunks / team && share <= chunks / team + 1).toBe(true, "share");
        }
      }
    }
  });
  test("a barrier of two asks the host to wait once, and the second member releases", () => {
    release();
    const bytes = offsetof<Task>();
    const at = reserve(bytes);
    memory.fill(at, 0, bytes);
    const task = changetype<Task>(at);
    task.team = 1;
    barrier(task);
    expect<i32>(task.arrived).toBe(0, "alone");
    expect<i32>(task.phase).toBe(0, "alone");
    task.team = 2;
    // The specs' host returns at once, after checking that it was to wait for the phase as it stands.
    barrier(task);
    expect<i32>(task.arrived).toBe(1);
    expect<i32>(task.phase).toBe(0);
    barrier(task);
    expect<i32>(task.arrived).toBe(0);
    expect<i32>(task.phase).toBe(1);
  });
});
