// A dense network, one point at a time: scores, cross-entropy, its gradient, and Adam (Kingma & Ba 2015).
//
//   Z = W·A + b, A⁺ = max(Z, 0) or Z, the scores f are the last Z;  L = mean log Σ_j exp f_j − f_y
//   m ← 0.9m + 0.1g, v ← 0.999v + 0.001g², w ← w − η·(m/(1 − 0.9ᵗ))/(√(v/(1 − 0.999ᵗ)) + 1e-8)
//
// Weights: one array, layer after layer, each [W, b] row-major, outputs×(inputs + 1).

export class NetworkTwin {
  widths: Int32Array;
  relu: boolean;
  weights: Float64Array;
  /** ∂L/∂weights, as they lie. */
  gradient: Float64Array;
  /** ∂L/∂x of every point, N×inputs. */
  points: Float64Array;
  first: Float64Array;
  second: Float64Array;
  steps: i32;

  constructor(widths: Int32Array, relu: boolean, weights: Float64Array) {
    this.widths = widths;
    this.relu = relu;
    this.weights = weights;
    this.gradient = new Float64Array(weights.length);
    this.points = new Float64Array(0);
    this.first = new Float64Array(weights.length);
    this.second = new Float64Array(weights.length);
    this.steps = 0;
  }

  /** The layer's place in the weights. */
  place(layer: i32): i32 {
    let at = 0;
    for (let l = 0; l < layer; l++) at += this.widths[l + 1]! * (this.widths[l]! + 1);
    return at;
  }

  /** All activations of a point, one after another: x, A_1, …, f. */
  activations(x: Float64Array): Float64Array {
    const depth = this.widths.length - 1;
    let all = 0;
    for (let l = 0; l <= depth; l++) all += this.widths[l]!;
    const A = new Float64Array(all);
    for (let r = 0; r < x.length; r++) A[r] = x[r]!;
    let from = 0;
    for (let l = 0; l < depth; l++) {
      const inputs = this.widths[l]!;
      const outputs = this.widths[l + 1]!;
      const to = from + inputs;
      for (let i = 0; i < outputs; i++) {
        const row = this.place(l) + i * (inputs + 1);
        let z: f64 = this.weights[row + inputs]!;
        for (let r = 0; r < inputs; r++) z += this.weights[row + r]! * A[from + r]!;
        A[to + i] = l + 1 < depth && this.relu && !(z > 0) ? 0 : z;
      }
      from = to;
    }
    return A;
  }

  /** The scores of a point. */
  scores(x: Float64Array): Float64Array {
    const A = this.activations(x);
    return A.slice(A.length - this.widths[this.widths.length - 1]!);
  }

  /** From ∂/∂f of a point to ∂/∂x; adds the gradient of the weights to `gradient`. */
  backward(x: Float64Array, delta: Float64Array): Float64Array {
    const A = this.activations(x);
    const depth = this.widths.length - 1;
    let to = A.length - this.widths[depth]!;
    for (let l = depth - 1; l >= 0; l--) {
      const inputs = this.widths[l]!;
      const outputs = this.widths[l + 1]!;
      const from = to - inputs;
      const before = new Float64Array(inputs);
      for (let i = 0; i < outputs; i++) {
        const row = this.place(l) + i * (inputs + 1);
        this.gradient[row + inputs] = this.gradient[row + inputs]! + delta[i]!;
        for (let r = 0; r < inputs; r++) {
          this.gradient[row + r] = this.gradient[row + r]! + delta[i]! * A[from + r]!;
          before[r] = before[r]! + this.weights[row + r]! * delta[i]!;
        }
      }
      if (l > 0 && this.relu) for (let r = 0; r < inputs; r++) if (!(A[from + r]! > 0)) before[r] = 0;
      delta = before;
      to = from;
    }
    return delta;
  }

  /** The loss of `count` points (rows of X) with these labels; `gradient` and `points` are its gradients. */
  loss(count: i32, X: Float64Array, labels: Int32Array): f64 {
    const inputs = this.widths[0]!;
    this.gradient.fill(0);
    this.points = new Float64Array(count * inputs);
    let total: f64 = 0;
    for (let p = 0; p < count; p++) {
      const x = X.slice(p * inputs, (p + 1) * inputs);
      const f = this.scores(x);
      let most: f64 = f[0]!;
      for (let j = 1; j < f.length; j++) most = Math.max(most, f[j]!);
      let sum: f64 = 0;
      for (let j = 0; j < f.length; j++) sum += Math.exp(f[j]! - most);
      total += Math.log(sum) + most - f[labels[p]!]!;
      const delta = new Float64Array(f.length);
      for (let j = 0; j < f.length; j++) {
        const wrong: f64 = Math.exp(f[j]! - most) / sum - (j === labels[p]! ? 1 : 0);
        delta[j] = wrong / count;
      }
      const back = this.backward(x, delta);
      for (let r = 0; r < inputs; r++) this.points[p * inputs + r] = back[r]!;
    }
    return total / count;
  }

  /** A step of Adam along `gradient`. */
  step(rate: f64): void {
    this.steps++;
    let power1: f64 = 1;
    let power2: f64 = 1;
    for (let t = 0; t < this.steps; t++) {
      power1 *= 0.9;
      power2 *= 0.999;
    }
    for (let i = 0; i < this.weights.length; i++) {
      const g: f64 = this.gradient[i]!;
      this.first[i] = 0.9 * this.first[i]! + (1 - 0.9) * g;
      this.second[i] = 0.999 * this.second[i]! + (1 - 0.999) * g * g;
      const size: f64 = Math.sqrt(this.second[i]! / (1 - power2)) + 1e-8;
      this.weights[i] = this.weights[i]! - (rate * (this.first[i]! / (1 - power1))) / size;
    }
  }
}
