// Counter-based random numbers: value = f(seed, stream, index), Philox4x32-10 (Salmon, Moraes, Dror,
// Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
//
// There is no state: any entry of any array can be drawn by any thread in any order. The key is
// (seed, 0) and the counter (index, stream, 0). f32 and f64 arrays hold the same draws, the f32 ones
// rounded down to 24 bits.

const M0: u64 = 0xd2511f53;
const M1: u64 = 0xcd9e8d57;
const BUMP0: u32 = 0x9e3779b9;
const BUMP1: u32 = 0xbb67ae85;
const TWO_PI: f64 = 6.283185307179586;

/** Ten rounds of Philox4x32 on counter (c0…c3) and key (k0, k1). out: four u32. */
export function philox(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32, out: usize): void {
  for (let round = 0; round < 10; round++) {
    const p0 = M0 * <u64>c0;
    const p1 = M1 * <u64>c2;
    const d0 = <u32>(p1 >> 32) ^ c1 ^ k0;
    const d2 = <u32>(p0 >> 32) ^ c3 ^ k1;
    c0 = d0;
    c1 = <u32>p1;
    c2 = d2;
    c3 = <u32>p0;
    k0 += BUMP0;
    k1 += BUMP1;
  }
  store<u32>(out, c0);
  store<u32>(out, c1, 4);
  store<u32>(out, c2, 8);
  store<u32>(out, c3, 12);
}

/** Two words to a number in [0, 1) with 53 bits. */
function unit(high: u32, low: u32): f64 {
  return (<f64>(high >> 5) * 67108864.0 + <f64>(low >> 6)) * (1.0 / 9007199254740992.0);
}

/** Uniform in [0, 1) to T; an f32 keeps the upper 24 of the 53 bits, so that it stays below 1. */
function narrow<T>(u: f64): T {
  if (sizeof<T>() == 4) return <T>(Math.floor(u * 16777216.0) * (1.0 / 16777216.0));
  return <T>u;
}

/** dst (count) ← uniform numbers in [0, 1): entry i is f(seed, stream, i). scratch: 16 bytes. */
export function uniform<T>(seed: u32, stream: u32, count: i32, dst: usize, scratch: usize): void {
  for (let i = 0; i < count; i++) {
    philox(<u32>i, 0, stream, 0, seed, 0, scratch);
    store<T>(dst + <usize>i * sizeof<T>(), narrow<T>(unit(load<u32>(scratch), load<u32>(scratch, 4))));
  }
}

/**
 * dst (count) ← standard normal numbers (Box & Muller 1958, the cosine half), or with `half` their
 * absolute values. scratch: 16 bytes.
 */
export function normal<T>(seed: u32, stream: u32, count: i32, half: bool, dst: usize, scratch: usize): void {
  for (let i = 0; i < count; i++) {
    philox(<u32>i, 0, stream, 0, seed, 0, scratch);
    const u = unit(load<u32>(scratch), load<u32>(scratch, 4));
    const v = unit(load<u32>(scratch, 8), load<u32>(scratch, 12));
    const z = Math.sqrt(-2.0 * Math.log(1.0 - u)) * Math.cos(TWO_PI * v);
    store<T>(dst + <usize>i * sizeof<T>(), <T>(half ? Math.abs(z) : z));
  }
}
