// Projected gradient (Lin 2007) of a non-negative factor C with gradient G:
//
//   (proj G)_i = g_i where c_i > 0, min(g_i, 0) where c_i = 0

/** ‖proj G‖². C, G: count. */
export function projectedSquares(count: i32, C: Float64Array, G: Float64Array): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) {
    const g: f64 = C[i]! > 0 ? G[i]! : Math.min(G[i]!, 0);
    sum += g * g;
  }
  return sum;
}
