// Kernels that take numbers and give numbers, with room taken and given back around each call.

import type { Engine } from "./engine.js";

/** `count` numbers, uniform in [0, 1), of a stream of a seed. */
export function uniformNumbers(
  engine: Engine,
  seed: number,
  stream: number,
  count: number,
): Promise<Float64Array> {
  return engine.enqueue(async () => {
    const { arena } = engine;
    const mark = arena.mark();
    try {
      const address = arena.take(count * 8 + 16, "random numbers");
      engine.kernel("uniform", "f64")(seed, stream, count, address, address + count * 8);
      return new Float64Array(arena.memory.buffer, address, count).slice();
    } finally {
      arena.rewind(mark);
    }
  });
}

/** log((x + ε)/(y + ε)) of each pair, by the module's own logarithm (assembly/lafa/reconstruction.ts). */
export function logRatios(
  engine: Engine,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  epsilon: number,
): Promise<Float64Array> {
  return engine.enqueue(async () => {
    const { arena } = engine;
    const mark = arena.mark();
    try {
      const bytes = x.length * 8;
      const address = arena.take(2 * bytes, "logarithms");
      const numbers = (at: number) => new Float64Array(arena.memory.buffer, at, x.length);
      numbers(address).set(x);
      numbers(address + bytes).set(y);
      engine.kernel("logRatio")(x.length, epsilon, address, address + bytes, address);
      return numbers(address).slice();
    } finally {
      arena.rewind(mark);
    }
  });
}
