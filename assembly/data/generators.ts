// Built-in data sets, by formula and the counter-based generator only, so that every runtime makes
// the same bits. All write f64, row-major.

import { normal, uniform } from "../rng/counter";

/**
 * Swimmer (Donoho & Stodden 2003): the 256 poses of a figure with a torso and four limbs, each limb
 * in one of four positions: 16 limbs of six pixels, none of them shared, and a torso of twelve and four
 * joints. dst: 1024·256; column p is a 32×32 picture, row-major, of zeros and ones.
 */
export function swimmer(dst: usize): void {
  memory.fill(dst, 0, 1024 * 256 * 8);
  for (let pose = 0; pose < 256; pose++) {
    for (let row = 10; row < 22; row++) dot(dst, pose, row, 16);
    for (let limb = 0; limb < 4; limb++) {
      const position = (pose >> (2 * limb)) & 3;
      const arm = limb < 2;
      const side = limb & 1 ? 1 : -1;
      // Arms go up, up and out, out, down and out; legs up and out, out, down and out, down.
      const down = arm ? (position < 2 ? -1 : position - 2) : position < 3 ? position - 1 : 1;
      const out = arm ? (position == 0 ? 0 : side) : position == 3 ? 0 : side;
      // Step 0 is the joint, which belongs to the torso.
      for (let step = 0; step < 7; step++) {
        dot(dst, pose, (arm ? 11 : 22) + step * down, 16 + side + step * out);
      }
    }
  }
}

function dot(dst: usize, pose: i32, row: i32, column: i32): void {
  store<f64>(dst + ((<usize>((row * 32 + column) * 256 + pose)) << 3), 1);
}

/** Streams of random factors: a start of the same seed must not draw the factors that the data were made of. */
const DATA_STREAM: u32 = 0x44000000;

/**
 * The synthetic model of Vu et al. (arXiv 2408.03909, as in their code): V = WH, 103×200, of rank 3 exactly. Columns
 * of W are w1 and w2, Gaussians with centres 30 and 70 and σ = 10, and w1 + w2/10; in the last three rows, one for
 * each feature, its entry is 1. H is uniform in [0, 1). dst: 103·200, then 600 of scratch and 16 bytes.
 */
export function lafaSynthetic(seed: u32, dst: usize): void {
  const H = dst + 103 * 200 * 8;
  uniform<f64>(seed, DATA_STREAM, 600, H, H + 600 * 8);
  for (let i = 0; i < 103; i++) {
    const w1 = bump(i, 30, 10);
    const w2 = bump(i, 70, 10);
    const first = i == 100 ? 1 : w1;
    const second = i == 101 ? 1 : w2;
    const third = i == 102 ? 1 : w1 + 0.1 * w2;
    for (let j = 0; j < 200; j++) {
      const h = H + ((<usize>j) << 3);
      const value = first * load<f64>(h) + second * load<f64>(h, 200 * 8) + third * load<f64>(h, 400 * 8);
      store<f64>(dst + ((<usize>(i * 200 + j)) << 3), value);
    }
  }
}

function bump(i: i32, centre: f64, width: f64): f64 {
  const u = (<f64>i - centre) / width;
  return Math.exp(-0.5 * u * u);
}

/**
 * The synthetic model of Cai, Tan, Févotte (section III-A): V = WH, 100×50, rank 5. Component a has a
 * precision γ_a from the inverse-Gamma distribution (50, 70); column a of W and row a of H are
 * half-normal with that precision. dst: 100·50, then 750 of scratch and 16 bytes.
 */
export function atnmfSynthetic(seed: u32, dst: usize): void {
  const W = dst + 5000 * 8;
  const H = W + 500 * 8;
  const scratch = H + 250 * 8;
  // The draws behind the precisions use the room of V: Gamma(50) is a sum of fifty exponentials.
  uniform<f64>(seed, 2, 250, dst, scratch);
  normal<f64>(seed, 0, 500, true, W, scratch);
  normal<f64>(seed, 1, 250, true, H, scratch);
  for (let a = 0; a < 5; a++) {
    let gamma: f64 = 0;
    for (let i = 0; i < 50; i++) gamma -= Math.log(1 - load<f64>(dst + ((<usize>(a * 50 + i)) << 3)));
    // V takes W and H in product, so both deviations 1/√γ_a go onto H.
    for (let j = 0; j < 50; j++) {
      const at = H + ((<usize>(a * 50 + j)) << 3);
      store<f64>(at, load<f64>(at) / (70 / gamma));
    }
  }
  for (let i = 0; i < 100; i++) {
    for (let j = 0; j < 50; j++) {
      let value: f64 = 0;
      for (let a = 0; a < 5; a++) {
        value += load<f64>(W + ((<usize>(i * 5 + a)) << 3)) * load<f64>(H + ((<usize>(a * 50 + j)) << 3));
      }
      store<f64>(dst + ((<usize>(i * 50 + j)) << 3), value);
    }
  }
}
