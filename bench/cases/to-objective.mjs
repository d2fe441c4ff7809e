// Time to an objective: that of 200 iterations of HALS, whose iterates are those of scikit-learn's cd. The
// default solver is run to the first multiple of 10 iterations at which it is no worse, and that run is timed
// whole, loading of V and last loss included, as are the 200 iterations of the others.

/** Iterations of HALS and of cd that set the objective. */
export const REFERENCE_ITERATIONS = 200;

/** The default solver gives up after so many. */
const MOST_ITERATIONS = 2000;

/**
 * Iterations that the default solver needs, or undefined; `solve(options)` runs the SDK on the problem.
 *
 * @param {(options: object) => { loss: number, history: { iteration: number, loss: number }[] }} solve
 */
export function iterationsNeeded(solve) {
  const target = solve({ solver: "hals", maxIterations: REFERENCE_ITERATIONS, tolerance: 0 }).loss;
  // The tolerance is never met, but makes the SDK look at the loss every 10 iterations.
  const options = { solver: "auto", maxIterations: MOST_ITERATIONS, tolerance: Number.MIN_VALUE };
  const { history } = solve(options);
  return history.find(({ loss }) => loss <= target * (1 + 1e-9))?.iteration;
}
