// The step that all multiplicative updates share, on one panel of a factor C:
//
//   C ← C ∘ ( numerator / (denominator + l1 + l2·C + ε) )^γ
//
// γ makes the step monotone for every β (Févotte & Idier 2011): 1/(2−β) below 1, 1/(β−1)
// above 2, and 1 between. Entries below the smallest normal number become 0.

import { horizontalSum, lanes, PANEL_BYTES, smallestNormal } from "../linalg/lanes";
import { Loss, Side, Task } from "../task";
import { denominator, numerator } from "./workspace";

/** The exponent γ of the task's loss. */
export function exponent(task: Task): f64 {
  if (task.loss == Loss.ITAKURA_SAITO) return 0.5;
  if (task.loss != Loss.DIVERGENCE) return 1;
  if (task.beta < 1) return 1 / (2 - task.beta);
  if (task.beta > 2) return 1 / (task.beta - 1);
  return 1;
}

/**
 * Updates panel p of the side from the numerator and denominator in member id's scratch. Returns
 * ⟨numerator, C⟩ with the new C for γ = 1; otherwise the numerator is spoilt.
 */
export function multiply<T>(task: Task, side: Side, p: i32, gamma: f64, id: i32): f64 {
  let c = side.panels + <usize>p * task.k * PANEL_BYTES;
  const end = c + <usize>task.k * PANEL_BYTES;
  let num = numerator(task, id);
  let den = denominator(task, id);
  const constant = v128.splat<T>(<T>(side.l1 + task.epsilon));
  const l2 = v128.splat<T>(<T>side.l2);
  if (gamma != 1) raise<T>(c, end, num, den, constant, l2, gamma);
  const least = v128.splat<T>(smallestNormal<T>());
  let inner = v128.splat<T>(<T>0);
  for (; c < end; c += 16, num += 16, den += 16) {
    const old = v128.load(c);
    const above = v128.load(num);
    const below = v128.add<T>(v128.add<T>(v128.load(den), v128.mul<T>(l2, old)), constant);
    const value = v128.mul<T>(old, v128.div<T>(above, below));
    const next = v128.and(value, v128.ge<T>(value, least));
    inner = v128.add<T>(inner, v128.mul<T>(above, next));
    v128.store(c, next);
  }
  return horizontalSum<T>(inner);
}

/**
 * numerator ← below·(numerator/below)^γ for the `below` of multiply, whose quotient then has its γ. Apart from its
 * loop, which is a fifth faster without the call of a power.
 */
function raise<T>(c: usize, end: usize, num: usize, den: usize, constant: v128, l2: v128, gamma: f64): void {
  for (; c < end; c += 16, num += 16, den += 16) {
    const below = v128.add<T>(v128.add<T>(v128.load(den), v128.mul<T>(l2, v128.load(c))), constant);
    const ratio = v128.div<T>(v128.load(num), below);
    v128.store(num, v128.mul<T>(below, gamma == 0.5 ? v128.sqrt<T>(ratio) : power<T>(ratio, gamma, num)));
  }
}

/** x^γ lane by lane; scratch: one vector. */
function power<T>(x: v128, gamma: f64, scratch: usize): v128 {
  v128.store(scratch, x);
  for (let lane = 0; lane < lanes<T>(); lane++) {
    const at = scratch + <usize>lane * sizeof<T>();
    store<T>(at, <T>Math.pow(<f64>load<T>(at), gamma));
  }
  return v128.load(scratch);
}
