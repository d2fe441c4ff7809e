// Momentum of the Newton steps (O'Donoghue & Candès 2015). Before iteration c after a restart
//
//   C_y = max(C + β(C − C_before), C/5),   β = c/(c + 6)
//
// Every 10 iterations the objective is looked at: where it is not above the last safe one, the factors
// become the safe point; otherwise they go back there, and 10 iterations go without momentum (unless
// those 10 went without it: then it was rounding).

/** C_y. now: C, before: C_before, both `count` long. */
export function movedOn(count: i32, now: Float64Array, before: Float64Array, beta: f64): Float64Array {
  const ahead = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    ahead[i] = Math.max(now[i]! + beta * (now[i]! - before[i]!), 0.2 * now[i]!);
  }
  return ahead;
}

/** When there is momentum, and when the factors go back. */
export class Watch {
  sinceRestart: f64 = 0;
  sinceLook: i32 = 0;
  bound: f64;

  /** bound: the objective of the start. */
  constructor(bound: f64) {
    this.bound = bound;
  }

  /** β for this iteration. */
  beta(): f64 {
    return this.sinceRestart > 0 ? this.sinceRestart / (this.sinceRestart + 6) : 0;
  }

  /** Counts an iteration; says whether it is time to look. */
  due(): boolean {
    this.sinceRestart += 1;
    this.sinceLook += 1;
    return this.sinceLook === 10;
  }

  /** Takes the objective; says whether the factors go back. */
  rose(loss: f64): boolean {
    this.sinceLook = 0;
    if (loss <= this.bound) {
      this.bound = loss;
      return false;
    }
    if (this.sinceRestart > 1) this.sinceRestart = -9;
    return true;
  }
}
