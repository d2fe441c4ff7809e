// Lanes: everything that depends on whether T is f32 or f64 sits here.
//
// A vector is one v128: four f32 or two f64. A *panel* is two vectors wide (eight f32 or four f64
// columns); the panel is the unit in which every matrix is stored (see layout.ts).

/** Numbers in one v128. */
export function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

/** Columns in a panel: two vectors. */
export function panelWidth<T>(): i32 {
  return 32 / sizeof<T>();
}

/** Bytes in one row of a panel. */
export const PANEL_BYTES: usize = 32;

/** How many panels hold `count` columns. */
export function panelCount<T>(count: i32): i32 {
  const width = panelWidth<T>();
  return (count + width - 1) / width;
}

/** Sum of the lanes, left to right, in f64. */
export function horizontalSum<T>(v: v128): f64 {
  if (sizeof<T>() == 4) {
    return (
      <f64>f32x4.extract_lane(v, 0) +
      <f64>f32x4.extract_lane(v, 1) +
      <f64>f32x4.extract_lane(v, 2) +
      <f64>f32x4.extract_lane(v, 3)
    );
  }
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/**
 * The smallest normal number. Multiplicative updates drive entries below it, where arithmetic is
 * some twelve times slower; flushing there and no higher keeps every entry that could revive.
 */
export function smallestNormal<T>(): T {
  if (sizeof<T>() == 4) return <T>f32.MIN_NORMAL_VALUE;
  return <T>f64.MIN_NORMAL_VALUE;
}

/** Entries of v below the smallest normal number become 0, negative ones and NaN as well. */
export function flush<T>(v: v128): v128 {
  return v128.and(v, v128.ge<T>(v, v128.splat<T>(smallestNormal<T>())));
}
