// Schematic faces, for restoring what is hidden: pictures that share a few parts, as faces do, but whose
// parts also shift, lie over one another and are shaded, so that no small rank is exact.
//
// A face is painted: each shape with coverage c ∈ [0, 1] and grey g takes a pixel p to p + c(g − p), so
// that all stay in [0, 1]. The coverage falls from 1 to 0 over an edge of width e around the outline,
//   c(d) = s(½ − d/e),  s(t) = t²(3 − 2t) on [0, 1],  d: distance from the outline, negative inside.
// Lengths are in pixels, y points down. Painted in f32: half the bytes of constants in the module, and the
// same pictures in f32 and f64.

import { uniform } from "../rng/counter";

const SIDE: i32 = 24;
const COUNT: i32 = 400;
/** Random numbers a face. */
const DRAWS: i32 = 20;
/** Width of the edge of lines. */
const LINE_EDGE: f32 = 1.2;

/**
 * 400 faces, grey values in [0, 1]: head, hair in five styles, beard, light from the left or the right,
 * eyes that look left, ahead, right or are closed, three ways of the brows, nose, four mouths, glasses.
 * dst: 576·400, then 8000 of scratch and 16 bytes; column j is a 24×24 picture, row-major. All choices of
 * face j are entries 20j … 20j + 19 of stream 0.
 */
export function faces(seed: u32, dst: usize): void {
  const draws = dst + ((<usize>(SIDE * SIDE * COUNT)) << 3);
  const count = COUNT * DRAWS;
  uniform<f64>(seed, 0, count, draws, draws + ((<usize>count) << 3));
  for (let j = 0; j < COUNT; j++) {
    paint(dst + ((<usize>j) << 3), draws + ((<usize>(j * DRAWS)) << 3));
  }
}

/** One face; u: its twenty random numbers. Later shapes lie over earlier ones. */
function paint(face: usize, u: usize): void {
  const x: f32 = 11.5 + draw(u, 0);
  const y: f32 = 12.6 + 0.8 * draw(u, 1);
  const wide: f32 = 0.94 + 0.12 * draw(u, 2);
  const skin: f32 = 0.62 + 0.33 * draw(u, 3);
  const bright: f32 = Mathf.min(1, 1.18 * skin);
  // One in four is fair-haired.
  const tint: f32 = draw(u, 4);
  const hair: f32 = tint < 0.75 ? 0.06 + 0.3 * tint : 0.42 + 0.8 * (tint - 0.75);
  const style = <i32>(<f32>5 * draw(u, 6));
  const bald = style == 0;
  const long = style == 1 || style == 2;

  fill(face, 0.02 + 0.1 * draw(u, 5));
  if (long) {
    const length: f32 = 2 * draw(u, 7);
    oval(face, x, y + 1 + length, 9.4 * wide, 10.5 + length, 1.5, hair, 1);
  }
  if (style == 3) oval(face, x, y - 4.2, 9.6 * wide, 8.6, 2.2, hair, 1);
  // Shoulders, neck and ears.
  oval(face, x, y + 11.5, 10.5, 3.2, 1.4, 0.25 + 0.5 * draw(u, 8), 1);
  oval(face, x, y + 8.5, 3.2, 4, 1.2, 0.78 * skin, 1);
  if (!long) {
    for (let side: f32 = -1; side < 2; side += 2) {
      oval(face, x + side * 7.7 * wide, y + 0.3, 1.2, 2, 1, 0.82 * skin, 1);
    }
  }
  // The skull, and the face in front of it.
  oval(face, x, y - 0.9, 7.9 * wide, 9.3, 1.2, bald ? skin : hair, 1);
  oval(face, x, y + 0.7, 7.3 * wide, 8.9, 1.4, skin, 1);
  if (!long) beard(face, x, y, wide, skin, hair, draw(u, 9));
  if (style == 2) oval(face, x, y - 7.6, 6.6 * wide, 3.6, 1.4, hair, 1);
  if (style == 4) oval(face, x - 2.5, y - 7.2, 6.2, 3.2, 1.4, hair, 1);

  // Shadow on the side away from the light, and what shines.
  const light: f32 = 2 * draw(u, 10) - 1;
  const strength: f32 = Mathf.abs(light);
  oval(face, x - 6.5 * light, y + 1, 4.5, 8.5, 6, 0.45 * skin, 0.55 * strength);
  oval(face, x + 2.5 * light, y - 3.6, 3.4, 2.2, 3, bright, 0.5 * draw(u, 11));

  const eyes = <i32>(<f32>5 * draw(u, 13));
  const brows = <i32>(<f32>3 * draw(u, 14));
  for (let side: f32 = -1; side < 2; side += 2) {
    oval(face, x + 4.3 * side, y + 3.1, 1.9, 1.5, 2, bright, 0.6 * draw(u, 12));
    eye(face, x + 3.35 * side, y - 0.9, eyes, skin);
    // Level, raised, frowning.
    const lift: f32 = brows == 1 ? -1 : brows == 2 ? 0.35 : 0;
    const slope: f32 = brows == 2 ? -0.36 * side : 0.07 * side;
    const width: f32 = 0.8 + 0.7 * draw(u, 15);
    line(face, x + 3.45 * side, y - 3.9 + lift, 2.1, slope, brows == 1 ? 0.9 : 0.35, width, 0.7 * hair, 0.9);
  }

  oval(face, x - 0.9 * light, y + 1.3, 0.75, 2.7, 1.4, 0.7 * skin, 0.5 + 0.2 * strength);
  oval(face, x + 0.4 * light, y + 1.2, 0.6, 2.4, 1.2, bright, 0.6);
  line(face, x, y + 3.55, 1.05 + 0.9 * draw(u, 16), 0, -0.6, 0.8, 0.45 * skin, 0.8);
  mouth(face, x, y + 6, <i32>(<f32>4 * draw(u, 17)), 0.6 + 0.4 * draw(u, 18), 0.5 * skin);

  if (draw(u, 19) < 0.2) {
    for (let side: f32 = -1; side < 2; side += 2) ring(face, x + 3.45 * side, y - 0.7, 2.75, 0.7, 0.1, 0.9);
    line(face, x, y - 1, 0.9, 0, 0.3, 0.6, 0.1, 0.9);
  }
}

/** Random number i of a face. */
function draw(u: usize, i: i32): f32 {
  return <f32>load<f64>(u + ((<usize>i) << 3));
}

/** A full beard, stubble or, mostly, none. */
function beard(face: usize, x: f32, y: f32, wide: f32, skin: f32, hair: f32, kind: f32): void {
  if (kind < 0.3) {
    oval(face, x, y + 5, 6.9 * wide, 4.9, 1.4, 0.9 * hair + 0.05, 0.85);
    oval(face, x, y + 0.9, 6.6 * wide, 4.3, 1.8, skin, 1);
  } else if (kind < 0.5) {
    oval(face, x, y + 5.6, 5.6 * wide, 3.4, 3, 0.8 * skin, 0.6);
  }
}

/** kind: 0 closed; looking left, ahead and right at 1, 2 and 3; at 4 ahead as well. */
function eye(face: usize, x: f32, y: f32, kind: i32, skin: f32): void {
  oval(face, x, y, 2.5, 1.9, 2, 0.72 * skin, 0.7);
  if (kind == 0) {
    line(face, x, y + 0.2, 1.7, 0, -0.7, 0.75, 0.08, 0.9);
  } else {
    const gaze: f32 = kind == 4 ? 0 : 0.75 * <f32>(kind - 2);
    oval(face, x, y, 1.85, 1.15, 0.9, 0.96, 1);
    oval(face, x + gaze, y, 1, 1.15, 0.8, 0.08, 1);
    line(face, x, y - 1.35, 2, 0, 0.7, 0.55, 0.08, 0.6);
  }
}

/** Smiling, level, open, sad. */
function mouth(face: usize, x: f32, y: f32, kind: i32, much: f32, lip: f32): void {
  if (kind == 0) {
    line(face, x, y + 0.5, 3.1, 0, -1.5 * much, 1, 0.6 * lip, 1);
    line(face, x, y + 1.3, 2, 0, -0.9 * much, 0.9, 1.35 * lip, 0.7);
  } else if (kind == 1) {
    line(face, x, y, 2.5, 0, -0.1, 0.9, 0.7 * lip, 0.95);
    line(face, x, y + 0.9, 1.7, 0, -0.4, 0.8, 1.4 * lip, 0.6);
  } else if (kind == 2) {
    oval(face, x, y + 0.5, 2.3, 1.7 * much, 1, 0.9 * lip, 1);
    oval(face, x, y + 0.5, 1.6, 1.15 * much, 0.8, 0.05, 1);
  } else {
    line(face, x, y, 2.6, 0, 1.3 * much, 0.95, 0.65 * lip, 1);
  }
}

function fill(face: usize, grey: f32): void {
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) store<f64>(face + ((<usize>(pixel * COUNT)) << 3), grey);
}

/** A filled ellipse with radii rx and ry; its distance is exact on the axes of the smaller radius only. */
function oval(face: usize, x: f32, y: f32, rx: f32, ry: f32, edge: f32, grey: f32, cover: f32): void {
  for (let row = 0; row < SIDE; row++) {
    const dy: f32 = (<f32>row + 0.5 - y) / ry;
    for (let column = 0; column < SIDE; column++) {
      const dx: f32 = (<f32>column + 0.5 - x) / rx;
      const outside: f32 = (Mathf.sqrt(dx * dx + dy * dy) - 1) * Mathf.min(rx, ry);
      blend(face, row, column, outside / edge, grey, cover);
    }
  }
}

/** A circle's outline. */
function ring(face: usize, x: f32, y: f32, radius: f32, width: f32, grey: f32, cover: f32): void {
  for (let row = 0; row < SIDE; row++) {
    const dy: f32 = <f32>row + 0.5 - y;
    for (let column = 0; column < SIDE; column++) {
      const dx: f32 = <f32>column + 0.5 - x;
      const outside: f32 = Mathf.abs(Mathf.sqrt(dx * dx + dy * dy) - radius) - 0.5 * width;
      blend(face, row, column, outside / LINE_EDGE, grey, cover);
    }
  }
}

/** The parabola y + slope·dx + bend·(dx/half)² for |dx| ≤ half, drawn with a pen of that width. */
function line(
  face: usize,
  x: f32,
  y: f32,
  half: f32,
  slope: f32,
  bend: f32,
  width: f32,
  grey: f32,
  cover: f32,
): void {
  for (let column = 0; column < SIDE; column++) {
    const dx: f32 = <f32>column + 0.5 - x;
    const height: f32 = y + slope * dx + (bend * dx * dx) / (half * half);
    for (let row = 0; row < SIDE; row++) {
      const beside: f32 = Mathf.abs(<f32>row + 0.5 - height) - 0.5 * width;
      blend(face, row, column, Mathf.max(beside, Mathf.abs(dx) - half) / LINE_EDGE, grey, cover);
    }
  }
}

/** outside: distance from the outline in widths of the edge. */
function blend(face: usize, row: i32, column: i32, outside: f32, grey: f32, cover: f32): void {
  const t: f32 = Mathf.min(1, Mathf.max(0, 0.5 - outside));
  const at = face + ((<usize>((row * SIDE + column) * COUNT)) << 3);
  const below: f32 = <f32>load<f64>(at);
  store<f64>(at, below + cover * t * t * (3 - 2 * t) * (grey - below));
}
