// The pace of extrapolated HALS (Ang & Gillis 2019). After each half-step
//
//   C_y = max(0, C_n + β(C_n − C_(n−1)))
//
// and after each iteration, with L the loss of (W_y, H_y): where L falls, β ← min(ceiling, 1.05·β) and
// ceiling ← min(1, 1.01·ceiling); where it rises, the factors go back to (W_n, H_n), ceiling becomes
// the β of the iteration before, and β ← β/1.5. The first iteration is a plain one.

/** C_y. now: C_n, before: C_(n−1), both `count` long. */
export function extrapolated(count: i32, now: Float64Array, before: Float64Array, beta: f64): Float64Array {
  const ahead = new Float64Array(count);
  for (let i = 0; i < count; i++) ahead[i] = Math.max(0, now[i]! + beta * (now[i]! - before[i]!));
  return ahead;
}

/** β and what governs it. */
export class Pace {
  step: f64 = 0.5;
  stepBefore: f64 = 0.5;
  ceiling: f64 = 1;
  bound: f64 = Infinity;
  first: boolean = true;

  /** β for this iteration. */
  beta(): f64 {
    return this.first ? 0 : this.step;
  }

  /** Takes the loss of (W_y, H_y); says whether the factors go back. */
  rose(loss: f64): boolean {
    const back = !this.first && loss > this.bound;
    this.first = false;
    if (back) {
      this.ceiling = this.stepBefore;
      this.step = this.step / 1.5;
      this.bound = Infinity;
    } else {
      this.bound = loss;
      this.stepBefore = this.step;
      this.step = Math.min(this.ceiling, 1.05 * this.step);
      this.ceiling = Math.min(1, 1.01 * this.ceiling);
    }
    return back;
  }
}
