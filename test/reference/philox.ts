// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011) in 32-bit words, and the numbers drawn from it.
// One round on counter (c0…c3) and key (k0, k1), with (hi, lo) the halves of a 64-bit product:
//
//   (c0, c1, c2, c3) ← (hi(M1·c2) ⊕ c1 ⊕ k0, lo(M1·c2), hi(M0·c0) ⊕ c3 ⊕ k1, lo(M0·c0))
//   (k0, k1) ← (k0 + 0x9e3779b9, k1 + 0xbb67ae85)
//
//   entry i of an array: counter (i, 0, stream, 0), key (seed, 0), words x0…x3
//   uniform   u(x0, x1) = (⌊x0/2⁵⌋·2²⁶ + ⌊x1/2⁶⌋)/2⁵³
//   normal    √(−2 log(1 − u(x0, x1)))·cos(2π·u(x2, x3))      (Box & Muller 1958)

/** Upper word of a·b, from 16-bit halves. */
function high(a: u32, b: u32): u32 {
  const a0: u32 = a & 0xffff;
  const a1: u32 = a >>> 16;
  const b0: u32 = b & 0xffff;
  const b1: u32 = b >>> 16;
  const t: u32 = a1 * b0 + ((a0 * b0) >>> 16);
  const u: u32 = a0 * b1 + (t & 0xffff);
  return a1 * b1 + (t >>> 16) + (u >>> 16);
}

/** Lower word of a·b. */
function low(a: u32, b: u32): u32 {
  const a0: u32 = a & 0xffff;
  const a1: u32 = a >>> 16;
  const b0: u32 = b & 0xffff;
  const b1: u32 = b >>> 16;
  // Half by half, so that no sum leaves 32 bits before it is cut.
  const middle: u32 = (((a1 * b0) & 0xffff) + ((a0 * b1) & 0xffff)) & 0xffff;
  return (a0 * b0 + ((middle << 16) >>> 0)) >>> 0;
}

/** The four words for counter (c0…c3) and key (k0, k1). */
export function philoxWords(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32): Uint32Array {
  const m0: u32 = 0xd2511f53;
  const m1: u32 = 0xcd9e8d57;
  for (let round = 0; round < 10; round++) {
    const d0: u32 = (high(m1, c2) ^ c1 ^ k0) >>> 0;
    const d1: u32 = low(m1, c2);
    const d2: u32 = (high(m0, c0) ^ c3 ^ k1) >>> 0;
    const d3: u32 = low(m0, c0);
    c0 = d0;
    c1 = d1;
    c2 = d2;
    c3 = d3;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  const words = new Uint32Array(4);
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
  return words;
}

function unit(x: u32, y: u32): f64 {
  const upper: f64 = x >>> 5;
  const lower: f64 = y >>> 6;
  return (upper * 67108864 + lower) / 9007199254740992;
}

/** `count` uniform numbers in [0, 1). */
export function uniformNumbers(seed: u32, stream: u32, count: i32): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const words = philoxWords(i, 0, stream, 0, seed, 0);
    out[i] = unit(words[0]!, words[1]!);
  }
  return out;
}

/** `count` standard normal numbers. */
export function normalNumbers(seed: u32, stream: u32, count: i32): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const words = philoxWords(i, 0, stream, 0, seed, 0);
    const radius = Math.sqrt(-2 * Math.log(1 - unit(words[0]!, words[1]!)));
    out[i] = radius * Math.cos(2 * Math.PI * unit(words[2]!, words[3]!));
  }
  return out;
}
