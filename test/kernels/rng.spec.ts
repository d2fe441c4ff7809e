// Random numbers: known answers, the twin, and moments.

import { faces } from "../../assembly/data/faces";
import { atnmfSynthetic, lafaSynthetic, swimmer } from "../../assembly/data/generators";
import { normal, philox, uniform } from "../../assembly/rng/counter";
import { faces as paintedFaces } from "../reference/faces";
import { normalNumbers, philoxWords, uniformNumbers } from "../reference/philox";
import { close, closeTo, guarded, read, release, reserve, same, tolerance } from "./support";

function answers(
  c0: u32,
  c1: u32,
  c2: u32,
  c3: u32,
  k0: u32,
  k1: u32,
  x0: u32,
  x1: u32,
  x2: u32,
  x3: u32,
): void {
  release();
  const out = reserve(16);
  philox(c0, c1, c2, c3, k0, k1, out);
  expect<u32>(load<u32>(out)).toBe(x0);
  expect<u32>(load<u32>(out, 4)).toBe(x1);
  expect<u32>(load<u32>(out, 8)).toBe(x2);
  expect<u32>(load<u32>(out, 12)).toBe(x3);
  const words = philoxWords(c0, c1, c2, c3, k0, k1);
  for (let i = 0; i < 4; i++) expect<u32>(words[i]).toBe(load<u32>(out + i * 4), "twin");
}

describe("philox4x32-10, known answers of the Random123 distribution", () => {
  test("all zeros", () => {
    answers(0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  });
  test("all ones", () => {
    const x: u32 = 0xffffffff;
    answers(x, x, x, x, x, x, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  });
  test("digits of π", () => {
    answers(
      0x243f6a88,
      0x85a308d3,
      0x13198a2e,
      0x03707344,
      0xa4093822,
      0x299f31d0,
      0xd16cfe09,
      0x94fdcceb,
      0x5001e420,
      0x24126ea1,
    );
  });
});

function uniformSuite<T>(): void {
  test("uniform numbers are the twin's, and within [0, 1)", () => {
    release();
    const dst = reserve(40 * sizeof<T>());
    const scratch = reserve(16);
    uniform<T>(7, 3, 40, dst, scratch);
    const twin = uniformNumbers(7, 3, 40);
    if (sizeof<T>() == 4) for (let i = 0; i < 40; i++) twin[i] = Math.floor(twin[i] * 16777216) / 16777216;
    same(read<T>(dst, 40), twin, "uniform");
    expect<bool>(guarded(dst, 40 * sizeof<T>())).toBe(true);
    expect<bool>(guarded(scratch, 16)).toBe(true);
  });
  test("seeds and streams are apart", () => {
    release();
    const a = reserve(8 * sizeof<T>());
    const b = reserve(8 * sizeof<T>());
    const c = reserve(8 * sizeof<T>());
    const scratch = reserve(16);
    uniform<T>(1, 0, 8, a, scratch);
    uniform<T>(1, 1, 8, b, scratch);
    uniform<T>(2, 0, 8, c, scratch);
    for (let i: usize = 0; i < 8 * sizeof<T>(); i += sizeof<T>()) {
      expect<T>(load<T>(a + i)).not.toBe(load<T>(b + i));
      expect<T>(load<T>(a + i)).not.toBe(load<T>(c + i));
      expect<T>(load<T>(b + i)).not.toBe(load<T>(c + i));
    }
  });
  test("normal numbers are the twin's, half-normal ones their absolute values", () => {
    release();
    const dst = reserve(64 * sizeof<T>());
    const half = reserve(64 * sizeof<T>());
    const scratch = reserve(16);
    normal<T>(7, 3, 64, false, dst, scratch);
    normal<T>(7, 3, 64, true, half, scratch);
    const twin = normalNumbers(7, 3, 64);
    close(read<T>(dst, 64), twin, tolerance<T>(1e-15), "normal");
    for (let i = 0; i < 64; i++) twin[i] = Math.abs(twin[i]);
    close(read<T>(half, 64), twin, tolerance<T>(1e-15), "half-normal");
    expect<bool>(guarded(dst, 64 * sizeof<T>())).toBe(true);
  });
  // The bounds are five standard deviations of each moment over 20,000 draws.
  test("moments of uniform and normal numbers", () => {
    release();
    const count = 20000;
    const dst = reserve(count * sizeof<T>());
    const scratch = reserve(16);
    uniform<T>(11, 0, count, dst, scratch);
    const u = read<T>(dst, count);
    closeTo(moment(u, 1), 1 / 2.0, 0.0103 / 0.5, "uniform: mean");
    closeTo(moment(u, 2), 1 / 3.0, 0.0106 * 3, "uniform: second moment");
    normal<T>(11, 0, count, false, dst, scratch);
    const z = read<T>(dst, count);
    expect<f64>(Math.abs(moment(z, 1))).toBeLessThan(0.036, "normal: mean");
    closeTo(moment(z, 2), 1, 0.05, "normal: variance");
    expect<f64>(Math.abs(moment(z, 3))).toBeLessThan(0.137, "normal: skewness");
    closeTo(moment(z, 4), 3, 0.116, "normal: fourth moment");
    let serial: f64 = 0;
    for (let i = 1; i < count; i++) serial += (z[i] * z[i - 1]) / <f64>count;
    expect<f64>(Math.abs(serial)).toBeLessThan(0.036, "normal: neighbours");
  });
}

function moment(values: Float64Array, power: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < values.length; i++) sum += Math.pow(values[i], power);
  return sum / <f64>values.length;
}

describe("random numbers f32", () => {
  uniformSuite<f32>();
});
describe("random numbers f64", () => {
  uniformSuite<f64>();
});

describe("built-in data", () => {
  test("swimmer: 256 different pictures, a torso of 16 pixels and 16 limbs of six that share none", () => {
    release();
    const V = reserve(1024 * 256 * 8);
    swimmer(V);
    let others = 0;
    for (let i = 0; i < 1024 * 256; i++) {
      const x = load<f64>(V + i * 8);
      if (x != 0 && x != 1) others++;
    }
    expect<i32>(others).toBe(0);
    let short = 0;
    for (let p = 0; p < 256; p++) {
      let pixels: f64 = 0;
      for (let i = 0; i < 1024; i++) pixels += load<f64>(V + (i * 256 + p) * 8);
      if (pixels != 40) short++;
    }
    expect<i32>(short).toBe(0, "pictures without 16 + 4·6 pixels");
    // A pixel of the torso is in every picture, one of a limb in the quarter with that limb.
    let torso = 0;
    let limbs = 0;
    for (let i = 0; i < 1024; i++) {
      let pictures: f64 = 0;
      for (let p = 0; p < 256; p++) pictures += load<f64>(V + (i * 256 + p) * 8);
      if (pictures == 256) torso++;
      else if (pictures == 64) limbs++;
      else if (pictures != 0) short++;
    }
    expect<i32>(short).toBe(0, "pixels of two limbs");
    expect<i32>(torso).toBe(16);
    expect<i32>(limbs).toBe(96);
    let equal = 0;
    for (let p = 1; p < 256; p++) {
      for (let q = 0; q < p; q++) {
        let overlap: f64 = 0;
        for (let i = 0; i < 1024; i++) {
          overlap += load<f64>(V + (i * 256 + p) * 8) * load<f64>(V + (i * 256 + q) * 8);
        }
        if (overlap == 40) equal++;
      }
    }
    expect<i32>(equal).toBe(0, "equal pictures");
    expect<bool>(guarded(V, 1024 * 256 * 8)).toBe(true);
  });
  test("faces: the twin's pictures to the roundings of f32, all in [0, 1]", () => {
    release();
    const bytes: usize = (576 * 400 + 8000) * 8 + 16;
    const V = reserve(bytes);
    faces(3, V);
    const expected = paintedFaces(uniformNumbers(3, 0, 8000));
    let worst: f64 = 0;
    let outside = 0;
    for (let i = 0; i < 576 * 400; i++) {
      const grey = load<f64>(V + i * 8);
      worst = Math.max(worst, Math.abs(grey - expected[i]));
      if (!(grey >= 0 && grey <= 1)) outside++;
    }
    expect<f64>(worst).toBeLessThan(1e-5, "against the twin");
    expect<i32>(outside).toBe(0, "entries outside [0, 1]");
    expect<bool>(guarded(V, bytes)).toBe(true);
  });
  test("LaFA's synthetic data: W·H of two Gaussians, their mixture and an anchor row each", () => {
    release();
    const bytes: usize = (103 * 200 + 600) * 8 + 16;
    const V = reserve(bytes);
    lafaSynthetic(5, V);
    const H = uniformNumbers(5, 0x44000000, 600);
    const expected = new Float64Array(103 * 200);
    for (let i = 0; i < 103; i++) {
      const W = [bump(i, 30, 10), bump(i, 70, 10), bump(i, 30, 10) + 0.1 * bump(i, 70, 10)];
      if (i >= 100) W[i - 100] = 1;
      for (let j = 0; j < 200; j++) {
        expected[i * 200 + j] = W[0] * H[j] + W[1] * H[200 + j] + W[2] * H[400 + j];
      }
    }
    close(read<f64>(V, 103 * 200), expected, 1e-13, "V");
    expect<bool>(guarded(V, bytes)).toBe(true);
  });
  test("AT-NMF's synthetic data: half-normal W and H of one precision a component", () => {
    release();
    const bytes: usize = (5000 + 750) * 8 + 16;
    const V = reserve(bytes);
    atnmfSynthetic(9, V);
    const W = normalNumbers(9, 0, 500);
    const H = normalNumbers(9, 1, 250);
    const u = uniformNumbers(9, 2, 250);
    const expected = new Float64Array(5000);
    for (let a = 0; a < 5; a++) {
      // The precision is inverse-Gamma(50, 70): 70 over a sum of fifty exponentials.
      let gamma: f64 = 0;
      for (let i = 0; i < 50; i++) gamma -= Math.log(1 - u[a * 50 + i]);
      const variance = gamma / 70;
      for (let i = 0; i < 100; i++) {
        for (let j = 0; j < 50; j++) {
          expected[i * 50 + j] += variance * Math.abs(W[i * 5 + a]) * Math.abs(H[a * 50 + j]);
        }
      }
    }
    close(read<f64>(V, 5000), expected, 1e-13, "V");
    expect<bool>(guarded(V, bytes)).toBe(true);
  });
});

function bump(i: i32, centre: f64, width: f64): f64 {
  return Math.exp((-0.5 * (<f64>i - centre) * (<f64>i - centre)) / (width * width));
}
