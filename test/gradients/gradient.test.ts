// lafa.gradient as the SDK offers it: memory, threads, number types, bad input, cancellation.

import {
  AdvnmfError,
  createEngine,
  type Engine,
  featureError,
  type GradientOptions,
  type GradientResult,
  lafa,
  type Matrix,
  matrix,
} from "advnmf";
import { describe, expect, test } from "vitest";
import { seeded } from "../data.js";
import { distance, random } from "./cases.js";

function problem(m: number, n: number, k: number, seed: number, single = false) {
  const c = random(m, n, k, seed);
  const other = random(m, n, k, seed + 1).start;
  const as = (rows: number, cols: number, data: Float64Array) =>
    single ? matrix(rows, cols, new Float32Array(data)) : matrix(rows, cols, data);
  return {
    V: as(m, n, c.X),
    options: {
      W: as(m, k, c.start.W),
      H: as(k, n, c.start.H),
      reference: { W: as(m, k, other.W), H: as(k, n, other.H) },
    },
  };
}

async function gradient(
  size: readonly [number, number, number],
  engine: Engine,
  options: Partial<GradientOptions>,
  single = false,
): Promise<GradientResult> {
  const { V, options: base } = problem(...size, 7, single);
  return lafa.gradient(V, { ...base, engine, ...options });
}

describe("memory", () => {
  const bounds = (m: number, n: number, k: number) => ({
    implicit: 3 * m * n * 8 + 40 * (m + n) * k * 8 + (m + n) * k * k * 8,
    backprop: (T: number) => 4 * m * n * 8 + (2 * Math.sqrt(T) + 20) * (m + n) * k * 8,
  });
  const SIZES = [
    [30, 25, 3],
    [103, 200, 3],
    [96, 21, 4],
    [200, 200, 1],
    [361, 472, 5],
    [60, 50, 20],
    [5, 400, 2],
  ] as const;

  test.each(SIZES)("of an implicit gradient, %i×%i of rank %i, whatever the iterations", async (m, n, k) => {
    const engine = await createEngine();
    const before = engine.memoryBytes;
    const few = await gradient([m, n, k], engine, {
      iterations: 1,
      damping: 0.1,
      maxProducts: 3,
      threads: 1,
    });
    const many = await gradient([m, n, k], engine, {
      iterations: 40,
      damping: 0.1,
      maxProducts: 3,
      threads: 1,
    });
    expect(few.peakBytes).toBeLessThanOrEqual(bounds(m, n, k).implicit);
    expect(many.peakBytes).toBe(few.peakBytes);
    // The memory of the module grew by no more than whole pages of it.
    expect(engine.memoryBytes - before).toBeLessThanOrEqual(many.peakBytes + 65536);
  });

  test.each(SIZES)("of back-propagation, %i×%i of rank %i", async (m, n, k) => {
    const engine = await createEngine();
    const before = engine.memoryBytes;
    for (const iterations of [1, 16, 23]) {
      const found = await gradient([m, n, k], engine, { mode: "backprop", iterations, threads: 1 });
      expect(found.peakBytes).toBeLessThanOrEqual(bounds(m, n, k).backprop(iterations));
      expect(engine.memoryBytes - before).toBeLessThanOrEqual(found.peakBytes + 65536);
    }
  });

  test("what cannot fit is refused, with the sizes", async () => {
    const engine = await createEngine();
    const size = [400, 500, 50] as const;
    const error = await gradient(size, engine, { mode: "backprop", iterations: 2_000_000_000 }).catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(AdvnmfError);
    expect(error.code).toBe("MEMORY");
    expect(error.message).toContain("400×500");
    expect(engine.memoryBytes).toBeLessThan(2 ** 25);
  });
});

describe("the same bits", () => {
  test.each([
    [150, 300, 4],
    [40, 33, 7],
  ] as const)("with 1, 2 and 3 threads, %i×%i of rank %i", async (...size) => {
    const engine = await createEngine();
    try {
      for (const options of [
        { mode: "backprop", iterations: 10 },
        { mode: "backprop", iterations: 10, loss: "frobenius" },
        { iterations: 10, damping: 0.1 },
        { iterations: 10, damping: 0.1, loss: "frobenius" },
        { iterations: 50, converge: 1e-4, maxProducts: 30 },
      ] as Partial<GradientOptions>[]) {
        const alone = await gradient(size, engine, { ...options, threads: 1 });
        for (const threads of [2, 3]) {
          const together = await gradient(size, engine, { ...options, threads });
          expect(together.threads).toBe(threads);
          expect(together.gradient.data).toEqual(alone.gradient.data);
          expect(together.residual).toBe(alone.residual);
          expect(together.featureError).toBe(alone.featureError);
          expect(together.products).toBe(alone.products);
        }
      }
    } finally {
      engine[Symbol.dispose]();
    }
  });
});

test("f32 gives nearly what f64 gives", async () => {
  const engine = await createEngine();
  for (const options of [
    { mode: "backprop", iterations: 20 },
    { mode: "backprop", iterations: 20, loss: "frobenius" },
    { iterations: 20, damping: 0.1 },
  ] as const) {
    const single = await gradient([40, 33, 3], engine, options, true);
    const double = await gradient([40, 33, 3], engine, options);
    expect(single.gradient.data).toBeInstanceOf(Float32Array);
    expect(distance(single.gradient.data, double.gradient.data as Float64Array)).toBeLessThan(1e-3);
  }
});

test("progress counts up to the end, and a signal ends it", async () => {
  const engine = await createEngine();
  for (const options of [
    { mode: "backprop", iterations: 900, threads: 1 },
    { iterations: 3000, damping: 0.1, threads: 1 },
  ] as const) {
    const seen: number[] = [];
    await gradient([150, 100, 4], engine, {
      ...options,
      onProgress: ({ iteration }) => seen.push(iteration),
    });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    const controller = new AbortController();
    const error = await gradient([150, 100, 4], engine, {
      ...options,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    }).catch((thrown) => thrown);
    expect(error.code).toBe("ABORTED");
  }
});

test("with a floor, zeros count as entries of that size", async () => {
  const { V, options } = zeros();
  for (const dtype of [Float64Array, Float32Array]) {
    const typed = { ...V, data: new dtype(V.data) };
    const asked = { ...options, damping: 0.01, maxProducts: 60, tolerance: 0 };
    const floored = await lafa.gradient(typed, { ...asked, floor: 0.125 });
    const raised = (A: Matrix, of: (at: number) => number) => {
      const most = [0, 0];
      A.data.forEach((x, at) => {
        most[of(at)] = Math.max(most[of(at)]!, x);
      });
      const data = Float64Array.from(A.data, (x, at) => Math.max(x, most[of(at)]! / 8));
      return matrix(A.rows, A.cols, data);
    };
    const W = raised(options.W, (at) => at % 2);
    const H = raised(options.H, (at) => Math.floor(at / V.cols));
    expect(floored.gradient.data).toEqual((await lafa.gradient(typed, { ...asked, W, H })).gradient.data);
    expect(floored.gradient.data).not.toEqual((await lafa.gradient(typed, asked)).gradient.data);
    expect(floored.W.data).toContain(0);
  }
});

/** A 6×5 problem whose factors have zeros. */
function zeros() {
  const next = seeded(4);
  const draw = (rows: number, cols: number, share: number) =>
    matrix(
      rows,
      cols,
      // Multiples of 2⁻¹⁰ are the same in either number type.
      Float64Array.from({ length: rows * cols }, () =>
        next() < share ? 0 : (1 + Math.floor(next() * 1023)) / 1024,
      ),
    );
  const reference = { W: draw(6, 2, 0), H: draw(2, 5, 0) };
  return { V: draw(6, 5, 0), options: { W: draw(6, 2, 0.3), H: draw(2, 5, 0.3), reference } };
}

describe("bad input", () => {
  const { V, options } = problem(6, 5, 2, 3);
  const zero = matrix(6, 2, options.W.data.map((w, at) => (at % 2 === 1 ? 0 : w)) as Float64Array);
  test.each<[string, object, string, string]>([
    [
      "a reference of another shape",
      { reference: { W: options.W, H: matrix(2, 4, new Float64Array(8).fill(1)) } },
      "SHAPE",
      "2×5",
    ],
    ["no iterations to go back through", { mode: "backprop", iterations: 0 }, "OPTION", "at least 1"],
    ["a zero column", { W: zero }, "OPTION", "feature 1 of the start is zero in W"],
    [
      "a zero column in the reference",
      { reference: { ...options.reference, W: zero } },
      "OPTION",
      "feature 1 of the reference",
    ],
    [
      "NaN in a factor",
      { H: matrix(2, 5, new Float64Array(10).fill(Number.NaN)) },
      "NOT_FINITE",
      "row 0, column 0",
    ],
    ["a negative damping", { damping: -1 }, "OPTION", "damping"],
    ["damping with back-propagation", { mode: "backprop", damping: 0.1 }, "OPTION", "implicit"],
    ["an unknown option", { dampening: 1 }, "OPTION", 'did you mean "damping"'],
    ["an unknown mode", { mode: "implict" }, "OPTION", 'did you mean "implicit"'],
  ])("%s", async (_, wrong, code, words) => {
    const error = await lafa
      .gradient(V, { ...options, ...wrong } as GradientOptions)
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(AdvnmfError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  test("NaN in the data, and a feature that vanishes on the way", async () => {
    const holes = matrix(6, 5, V.data.map((x, at) => (at === 7 ? Number.NaN : x)) as Float64Array);
    await expect(lafa.gradient(holes, options)).rejects.toMatchObject({ code: "NOT_FINITE" });
    // A component that only meets zeros of V dies in one update.
    const X = V.data.map((x, at) => (at < 5 ? 0 : x)) as Float64Array;
    const W = options.W.data.map((w, at) => (at % 2 === 0 ? w : at === 1 ? 1 : 0)) as Float64Array;
    const dying = { ...options, W: matrix(6, 2, W), iterations: 1 };
    await expect(lafa.gradient(matrix(6, 5, X), dying)).rejects.toMatchObject({
      code: "OPTION",
      message: expect.stringContaining("feature 1 vanished"),
    });
  });

  test("featureError refuses what has none", () => {
    const { W, H } = options;
    expect(() => featureError({ W: zero, H }, { W, H })).toThrow("feature 1");
    expect(() => featureError({ W, H }, { W, H: matrix(2, 4, new Float64Array(8).fill(1)) })).toThrow(
      AdvnmfError,
    );
  });
});
