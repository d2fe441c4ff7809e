// Layouts: how matrices lie in memory, and the moves between layouts.
//
//   rows     row-major R×C, as the caller has it.
//   panels   R×C cut into panels of two vectors of columns; panel p holds its R rows one after
//            another, 32 bytes each. Entry (r, c) is number (p·R + r)·width + c mod width, with
//            p = ⌊c / width⌋. The last panel is filled up with zeros.
//                ┌ panel 0 ┐┌ panel 1 ┐
//                │ row 0   ││ row 0   │     A kernel reads one panel front to back,
//                │ row 1   ││ row 1   │     two vectors at a time.
//   tiles    R×k cut into strips of 4, 3, 2 or 1 columns (strip s of width h starting at column a);
//            a strip holds its R rows one after another. Entry (r, a+c) is number R·a + r·h + c.
//
// A factor with k components is kept twice: as panels (k rows; the side that is being updated) and
// as tiles (its transpose; the side that multiplies V). V is kept twice too, as panels of V and of
// Vᵀ, so that both half-steps of an iteration are one and the same kernel.

import { PANEL_BYTES, panelCount, panelWidth } from "./lanes";

/** Number of strips that k columns are cut into: as few as possible, each at most four wide. */
export function stripCount(k: i32): i32 {
  return (k + 3) >> 2;
}

/** ⌊k / strips⌋, without a division: the width of the narrow strips. */
function narrowWidth(k: i32): i32 {
  if (k < 3) return k;
  return k == 5 ? 2 : 3;
}

/** Width of strip s: as even as possible, the first strips one wider than the rest. */
export function stripWidth(k: i32, s: i32): i32 {
  const narrow = narrowWidth(k);
  return s < k - narrow * stripCount(k) ? narrow + 1 : narrow;
}

/** Elements of an R×C matrix as panels. */
export function panelElements<T>(rows: i32, cols: i32): f64 {
  return <f64>panelCount<T>(cols) * <f64>panelWidth<T>() * <f64>rows;
}

/**
 * rows [row0, row0 + count) of a row-major matrix with `cols` columns → panels of a matrix with
 * `rows` rows. src: count·cols. Padding columns become 0.
 */
export function rowsToPanels<T>(
  rows: i32,
  cols: i32,
  row0: i32,
  count: i32,
  src: usize,
  panels: usize,
): void {
  const width = panelWidth<T>();
  const total = panelCount<T>(cols);
  for (let p = 0; p < total; p++) {
    const first = p * width;
    const live = min(width, cols - first);
    let out = panels + (<usize>p * rows + row0) * PANEL_BYTES;
    let row = src + <usize>first * sizeof<T>();
    for (let r = 0; r < count; r++) {
      if (live == width) {
        v128.store(out, v128.load(row));
        v128.store(out, v128.load(row, 16), 16);
      } else {
        for (let c = 0; c < width; c++) {
          const at = <usize>c * sizeof<T>();
          store<T>(out + at, c < live ? load<T>(row + at) : <T>0);
        }
      }
      out += PANEL_BYTES;
      row += <usize>cols * sizeof<T>();
    }
  }
}

/**
 * rows [row0, row0 + count) of a row-major matrix with `cols` columns → panels of its transpose
 * (cols×rows). row0 is a multiple of the panel width; src: count·cols. Padding becomes 0.
 */
export function rowsToTransposedPanels<T>(cols: i32, row0: i32, count: i32, src: usize, panels: usize): void {
  const width = panelWidth<T>();
  for (let block = 0; block < count; block += width) {
    const live = min(width, count - block);
    let out = panels + <usize>((row0 + block) / width) * cols * PANEL_BYTES;
    const from = src + <usize>block * <usize>cols * sizeof<T>();
    for (let c = 0; c < cols; c++) {
      for (let r = 0; r < width; r++) {
        const value = r < live ? load<T>(from + (<usize>r * cols + c) * sizeof<T>()) : <T>0;
        store<T>(out + <usize>r * sizeof<T>(), value);
      }
      out += PANEL_BYTES;
    }
  }
}

/** Panels of a k×cols matrix → row-major k×cols. dst: k·cols. */
export function panelsToRows<T>(k: i32, cols: i32, panels: usize, dst: usize): void {
  panelsRows<T>(k, cols, 0, k, panels, dst);
}

/** Rows [row0, row0 + count) of a matrix kept as panels with `rows` rows → row-major. dst: count·cols. */
export function panelsRows<T>(rows: i32, cols: i32, row0: i32, count: i32, panels: usize, dst: usize): void {
  const width = panelWidth<T>();
  for (let r = 0; r < count; r++) {
    for (let c = 0; c < cols; c++) {
      const at = (<usize>(c / width) * rows + row0 + r) * PANEL_BYTES + <usize>(c % width) * sizeof<T>();
      store<T>(dst + (<usize>r * cols + c) * sizeof<T>(), load<T>(panels + at));
    }
  }
}

/** Panels of a k×cols matrix → its transpose, row-major cols×k. dst: cols·k. */
export function panelsToTransposedRows<T>(k: i32, cols: i32, panels: usize, dst: usize): void {
  const width = panelWidth<T>();
  for (let c = 0; c < cols; c++) {
    const from = panels + <usize>(c / width) * k * PANEL_BYTES + <usize>(c % width) * sizeof<T>();
    for (let a = 0; a < k; a++) {
      store<T>(dst + (<usize>c * k + a) * sizeof<T>(), load<T>(from + <usize>a * PANEL_BYTES));
    }
  }
}

/** Panel p of a k×cols matrix → its columns as rows of the tiles of the transpose (cols×k). */
export function panelToTiles<T>(k: i32, cols: i32, p: i32, panel: usize, tiles: usize): void {
  const width = panelWidth<T>();
  const first = p * width;
  const live = min(width, cols - first);
  const strips = stripCount(k);
  let a = 0;
  for (let s = 0; s < strips; s++) {
    const h = stripWidth(k, s);
    let out = tiles + (<usize>cols * a + <usize>first * h) * sizeof<T>();
    const from = panel + <usize>a * PANEL_BYTES;
    if (live == width && h == 4) transpose4<T>(from, out);
    else if (live == width && h == 3) transpose3<T>(from, out);
    else if (live == width && h == 2) transpose2<T>(from, out);
    else {
      for (let c = 0; c < live; c++) {
        const at = from + <usize>c * sizeof<T>();
        for (let b = 0; b < h; b++) {
          store<T>(out, load<T>(at + <usize>b * PANEL_BYTES));
          out += sizeof<T>();
        }
      }
    }
    a += h;
  }
}

/** A row-major k×k matrix → tiles. src, tiles: k·k. */
export function squareToTiles<T>(k: i32, src: usize, tiles: usize): void {
  const strips = stripCount(k);
  let a = 0;
  for (let s = 0; s < strips; s++) {
    const h = stripWidth(k, s);
    for (let r = 0; r < k; r++) {
      for (let b = 0; b < h; b++) {
        const value = load<T>(src + (<usize>r * k + a + b) * sizeof<T>());
        store<T>(tiles + (<usize>k * a + <usize>r * h + b) * sizeof<T>(), value);
      }
    }
    a += h;
  }
}

/** Two, three, four rows of a whole panel → the panel's columns, one after another, as strip rows. */
function transpose2<T>(x: usize, out: usize): void {
  for (let half: usize = 0; half < 32; half += 16) {
    const a = v128.load(x + half);
    const b = v128.load(x + half, 32);
    if (sizeof<T>() == 4) {
      v128.store(out, v128.shuffle<f32>(a, b, 0, 4, 1, 5));
      v128.store(out, v128.shuffle<f32>(a, b, 2, 6, 3, 7), 16);
    } else {
      v128.store(out, v128.shuffle<f64>(a, b, 0, 2));
      v128.store(out, v128.shuffle<f64>(a, b, 1, 3), 16);
    }
    out += 32;
  }
}

function transpose3<T>(x: usize, out: usize): void {
  for (let half: usize = 0; half < 32; half += 16) {
    const a = v128.load(x + half);
    const b = v128.load(x + half, 32);
    const c = v128.load(x + half, 64);
    if (sizeof<T>() == 4) {
      // a0 b0 c0 a1 | b1 c1 a2 b2 | c2 a3 b3 c3
      const low = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const high = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      v128.store(out, v128.shuffle<f32>(low, c, 0, 1, 4, 2));
      v128.store(out, v128.shuffle<f32>(v128.shuffle<f32>(low, c, 3, 5, 3, 5), high, 0, 1, 4, 5), 16);
      v128.store(out, v128.shuffle<f32>(high, c, 6, 2, 3, 7), 32);
    } else {
      v128.store(out, v128.shuffle<f64>(a, b, 0, 2));
      v128.store(out, v128.shuffle<f64>(c, a, 0, 3), 16);
      v128.store(out, v128.shuffle<f64>(b, c, 1, 3), 32);
    }
    out += 48;
  }
}

function transpose4<T>(x: usize, out: usize): void {
  for (let half: usize = 0; half < 32; half += 16) {
    const a = v128.load(x + half);
    const b = v128.load(x + half, 32);
    const c = v128.load(x + half, 64);
    const d = v128.load(x + half, 96);
    if (sizeof<T>() == 4) {
      const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(out, v128.shuffle<f64>(ab0, cd0, 0, 2));
      v128.store(out, v128.shuffle<f64>(ab0, cd0, 1, 3), 16);
      v128.store(out, v128.shuffle<f64>(ab1, cd1, 0, 2), 32);
      v128.store(out, v128.shuffle<f64>(ab1, cd1, 1, 3), 48);
    } else {
      v128.store(out, v128.shuffle<f64>(a, b, 0, 2));
      v128.store(out, v128.shuffle<f64>(c, d, 0, 2), 16);
      v128.store(out, v128.shuffle<f64>(a, b, 1, 3), 32);
      v128.store(out, v128.shuffle<f64>(c, d, 1, 3), 48);
    }
    out += 64;
  }
}
