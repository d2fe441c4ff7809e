// What the specs share: guarded memory, moves between pointers and arrays, test data, comparisons.

// A fixed block for everything the kernels touch, so that the managed heap of the specs is not involved.
const ARENA_BYTES: i32 = 4194304;
const arena: usize = memory.data(ARENA_BYTES, 16);

/** Bytes between two reserved blocks that nobody may write. */
const GUARD: usize = 64;

let top: usize = arena;

/** Starts over, with the whole arena full of NaN: what a kernel reads before writing it shows. */
export function release(): void {
  memory.fill(arena, 0xff, ARENA_BYTES);
  top = arena + GUARD;
}

/** A block on a 16-byte boundary, with guards on both sides. */
export function reserve(bytes: usize): usize {
  const start = top;
  top += ((bytes + 15) & ~15) + GUARD;
  assert(top <= arena + ARENA_BYTES, "the arena of the specs is too small");
  return start;
}

/** Whether the `GUARD` bytes behind a block are untouched. */
export function guarded(block: usize, bytes: usize): bool {
  for (let at = block + bytes; at < block + ((bytes + 15) & ~15) + GUARD; at++) {
    if (load<u8>(at) != 0xff) return false;
  }
  for (let at = block - GUARD; at < block; at++) if (load<u8>(at) != 0xff) return false;
  return true;
}

/** Array → memory at `to`. */
export function write<T>(values: Float64Array, to: usize): void {
  for (let i = 0; i < values.length; i++) store<T>(to + <usize>i * sizeof<T>(), <T>values[i]);
}

/** `count` numbers in memory → array. */
export function read<T>(from: usize, count: i32): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = <f64>load<T>(from + <usize>i * sizeof<T>());
  return values;
}

/** A block that holds the array. */
export function placed<T>(values: Float64Array): usize {
  const to = reserve(<usize>values.length * sizeof<T>());
  write<T>(values, to);
  return to;
}

/** Test numbers in [0.1, 1.1), exact in f32, from a generator of their own (a 24-bit LCG). */
export function draw(count: i32, seed: u32): Float64Array {
  const values = new Float64Array(count);
  let state = seed * 7919 + 1;
  for (let i = 0; i < count; i++) {
    state = state * 1664525 + 1013904223;
    values[i] = <f64>(<f32>0.1 + <f32>(state >> 8) / <f32>16777216);
  }
  return values;
}

/** The same, in [−0.5, 0.5). */
export function drawSigned(count: i32, seed: u32): Float64Array {
  const values = draw(count, seed);
  for (let i = 0; i < count; i++) values[i] = <f64>(<f32>(values[i] - 0.6));
  return values;
}

export function filled(count: i32, value: f64): Float64Array {
  return new Float64Array(count).fill(value);
}

/** 1e-13-like figures for f64, and what the same count of roundings costs in f32. */
export function tolerance<T>(forDouble: f64): f64 {
  return sizeof<T>() == 4 ? forDouble * 536870912.0 : forDouble;
}

/**
 * Every |actual − expected| is within `limit` of |expected| + mean|expected|; NaN never is, nor are
 * arrays of different lengths.
 */
export function close(actual: Float64Array, expected: Float64Array, limit: f64, what: string): void {
  expect<i32>(actual.length).toBe(expected.length, what + ": length");
  let mean: f64 = 0;
  for (let i = 0; i < expected.length; i++) mean += Math.abs(expected[i]) / <f64>expected.length;
  let worst: f64 = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]) / (Math.abs(expected[i]) + mean + f64.MIN_NORMAL_VALUE);
    // NaN stays once it is there.
    worst = Math.max(worst, error);
  }
  if (!(worst <= limit)) trace(what + " is off by", 2, worst, limit);
  expect<bool>(worst <= limit).toBe(true, what);
}

/** The same for one number. */
export function closeTo(actual: f64, expected: f64, limit: f64, what: string): void {
  const error = Math.abs(actual - expected) / (Math.abs(expected) + f64.MIN_NORMAL_VALUE);
  if (!(error <= limit)) trace(what + " is off by", 4, error, limit, actual, expected);
  expect<bool>(error <= limit).toBe(true, what);
}

/** All entries are the same bits, but that −0 equals 0. */
export function same(actual: Float64Array, expected: Float64Array, what: string): void {
  let different = actual.length == expected.length ? 0 : 1;
  for (let i = 0; i < expected.length; i++) if (actual[i] != expected[i]) different++;
  expect<i32>(different).toBe(0, what + ": entries that differ");
}

/** Entry (r, c) of panels with `rows` rows, by the formula of layout.ts. */
export function panelEntry<T>(rows: i32, panels: usize, r: i32, c: i32): f64 {
  const width = <i32>(32 / sizeof<T>());
  const number = ((c / width) * rows + r) * width + (c % width);
  return <f64>load<T>(panels + <usize>number * sizeof<T>());
}

/** Panels (rows×cols) → row-major array. */
export function fromPanels<T>(rows: i32, cols: i32, panels: usize): Float64Array {
  const values = new Float64Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) values[r * cols + c] = panelEntry<T>(rows, panels, r, c);
  }
  return values;
}

/** Bytes of rows×cols as panels. */
export function panelBytes<T>(rows: i32, cols: i32): usize {
  const width = <i32>(32 / sizeof<T>());
  return <usize>(((cols + width - 1) / width) * rows) * 32;
}

/** Entry (r, c) of tiles of R rows and k columns, by the formula of layout.ts. */
export function tileEntry<T>(R: i32, k: i32, tiles: usize, r: i32, c: i32): f64 {
  const strips = (k + 3) / 4;
  let a = 0;
  for (let s = 0; s < strips; s++) {
    const h = k / strips + (s < k % strips ? 1 : 0);
    if (c < a + h) return <f64>load<T>(tiles + <usize>(R * a + r * h + c - a) * sizeof<T>());
    a += h;
  }
  return NaN;
}

/** Row-major array (R×k) → tiles in a block of their own. */
export function placedTiles<T>(R: i32, k: i32, values: Float64Array): usize {
  const tiles = reserve(<usize>(R * k) * sizeof<T>());
  const strips = (k + 3) / 4;
  let a = 0;
  for (let s = 0; s < strips; s++) {
    const h = k / strips + (s < k % strips ? 1 : 0);
    for (let r = 0; r < R; r++) {
      for (let c = 0; c < h; c++) {
        store<T>(tiles + <usize>(R * a + r * h + c) * sizeof<T>(), <T>values[r * k + a + c]);
      }
    }
    a += h;
  }
  return tiles;
}

/** Row-major array (rows×cols) → panels in a block of their own, padding 0. */
export function placedPanels<T>(rows: i32, cols: i32, values: Float64Array): usize {
  const width = <i32>(32 / sizeof<T>());
  const bytes = panelBytes<T>(rows, cols);
  const panels = reserve(bytes);
  memory.fill(panels, 0, bytes);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const number = ((c / width) * rows + r) * width + (c % width);
      store<T>(panels + <usize>number * sizeof<T>(), <T>values[r * cols + c]);
    }
  }
  return panels;
}

/** `count` orthonormal columns of length `rows` (row-major rows×count), the first one positive. */
export function orthonormalColumns(rows: i32, count: i32, seed: u32): Float64Array {
  const Q = drawSigned(rows * count, seed);
  for (let i = 0; i < rows; i++) Q[i * count] = Math.abs(Q[i * count]) + 0.1;
  for (let a = 0; a < count; a++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let b = 0; b < a; b++) {
        let along: f64 = 0;
        for (let i = 0; i < rows; i++) along += Q[i * count + a] * Q[i * count + b];
        for (let i = 0; i < rows; i++) Q[i * count + a] -= along * Q[i * count + b];
      }
    }
    let norm: f64 = 0;
    for (let i = 0; i < rows; i++) norm += Q[i * count + a] * Q[i * count + a];
    for (let i = 0; i < rows; i++) Q[i * count + a] /= Math.sqrt(norm);
  }
  return Q;
}
