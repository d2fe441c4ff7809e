// Assignment: the permutation π with the least Σ cost(a, π(a)), by shortest augmenting paths with potentials
// (Kuhn 1955; Jonker & Volgenant 1987). O(k³).

/** Bytes of scratch for k rows. */
export function assignBytes(k: i32): usize {
  return <usize>(k + 1) * (3 * 8 + 3 * 4);
}

/** matching[a] ← π(a), k i32. cost: row-major k×k f64; scratch: assignBytes(k), on an 8-byte boundary. */
export function assign(k: i32, cost: usize, matching: usize, scratch: usize): void {
  const vector = <usize>(k + 1) * 8;
  const u = scratch;
  const v = u + vector;
  const least = v + vector;
  const rowOf = least + vector;
  const way = rowOf + vector / 2;
  const used = way + vector / 2;
  memory.fill(scratch, 0, assignBytes(k));
  for (let row = 1; row <= k; row++) {
    store<i32>(rowOf, row);
    for (let j = 0; j <= k; j++) store<f64>(least + <usize>j * 8, Infinity);
    memory.fill(used, 0, vector / 2);
    let column = 0;
    for (;;) {
      const i = load<i32>(rowOf + <usize>column * 4);
      if (i == 0) break;
      store<i32>(used + <usize>column * 4, 1);
      let delta = Infinity;
      let next = 0;
      for (let j = 1; j <= k; j++) {
        if (load<i32>(used + <usize>j * 4)) continue;
        const at = <usize>j * 8;
        const entry = load<f64>(cost + <usize>((i - 1) * k + j - 1) * 8);
        const reduced = entry - load<f64>(u + <usize>i * 8) - load<f64>(v + at);
        if (reduced < load<f64>(least + at)) {
          store<f64>(least + at, reduced);
          store<i32>(way + <usize>j * 4, column);
        }
        if (load<f64>(least + at) < delta) {
          delta = load<f64>(least + at);
          next = j;
        }
      }
      // A cost that is no number has no least: any assignment ends it.
      if (next == 0) {
        for (let j = 1; j <= k && next == 0; j++) if (!load<i32>(used + <usize>j * 4)) next = j;
        store<i32>(way + <usize>next * 4, column);
        delta = 0;
      }
      for (let j = 0; j <= k; j++) {
        const at = <usize>j * 8;
        if (load<i32>(used + <usize>j * 4)) {
          const potential = u + <usize>load<i32>(rowOf + <usize>j * 4) * 8;
          store<f64>(potential, load<f64>(potential) + delta);
          store<f64>(v + at, load<f64>(v + at) - delta);
        } else store<f64>(least + at, load<f64>(least + at) - delta);
      }
      column = next;
    }
    while (column != 0) {
      const before = load<i32>(way + <usize>column * 4);
      store<i32>(rowOf + <usize>column * 4, load<i32>(rowOf + <usize>before * 4));
      column = before;
    }
  }
  for (let j = 1; j <= k; j++) {
    store<i32>(matching + <usize>(load<i32>(rowOf + <usize>j * 4) - 1) * 4, j - 1);
  }
}
