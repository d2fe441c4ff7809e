// Schematic faces: a picture is a list of shapes, and the grey of a pixel is what they leave of it, one
// after the other: p ← p + cover·s(½ − d/edge)·(grey − p), s(t) = t²(3 − 2t) for t cut to [0, 1], with d
// the distance of the pixel's middle from the shape's outline, negative inside:
//
//   oval   (√((dx/a)² + (dy/b)²) − 1)·min(a, b)
//   ring   |√(dx² + dy²) − a| − b/2
//   line   max(|dy − slope·dx − bend·(dx/a)²| − b/2, |dx| − a)

class Shape {
  constructor(
    public kind: i32,
    public x: f64,
    public y: f64,
    public a: f64,
    public b: f64,
    public edge: f64,
    public grey: f64,
    public cover: f64,
    public slope: f64,
    public bend: f64,
  ) {}

  distance(column: i32, row: i32): f64 {
    const dx: f64 = column + 0.5 - this.x;
    const dy: f64 = row + 0.5 - this.y;
    if (this.kind === 0) {
      const p = dx / this.a;
      const q = dy / this.b;
      return (Math.sqrt(p * p + q * q) - 1) * Math.min(this.a, this.b);
    }
    if (this.kind === 1) return Math.abs(Math.sqrt(dx * dx + dy * dy) - this.a) - this.b / 2;
    const t = dx / this.a;
    const height = this.slope * dx + this.bend * t * t;
    return Math.max(Math.abs(dy - height) - this.b / 2, Math.abs(dx) - this.a);
  }
}

function oval(x: f64, y: f64, a: f64, b: f64, edge: f64, grey: f64, cover: f64): Shape {
  return new Shape(0, x, y, a, b, edge, grey, cover, 0, 0);
}

function ring(x: f64, y: f64, radius: f64, width: f64, grey: f64, cover: f64): Shape {
  return new Shape(1, x, y, radius, width, 1.2, grey, cover, 0, 0);
}

function line(x: f64, y: f64, half: f64, width: f64, slope: f64, bend: f64, grey: f64, cover: f64): Shape {
  return new Shape(2, x, y, half, width, 1.2, grey, cover, slope, bend);
}

/** The shapes of face j, back to front; the first covers everything. u: twenty numbers a face. */
function shapes(u: Float64Array, j: i32): Shape[] {
  const at = 20 * j;
  const x = 11.5 + u[at]!;
  const y = 12.6 + 0.8 * u[at + 1]!;
  const wide = 0.94 + 0.12 * u[at + 2]!;
  const skin = 0.62 + 0.33 * u[at + 3]!;
  const bright = Math.min(1, 1.18 * skin);
  const hair = u[at + 4]! < 0.75 ? 0.06 + 0.3 * u[at + 4]! : 0.8 * u[at + 4]! - 0.18;
  const style = Math.floor(5 * u[at + 6]!);
  const light = 2 * u[at + 10]! - 1;
  const eyes = Math.floor(5 * u[at + 13]!);
  const brows = Math.floor(3 * u[at + 14]!);
  const mood = Math.floor(4 * u[at + 17]!);
  const much = 0.6 + 0.4 * u[at + 18]!;

  const all = [oval(12, 12, 1e4, 1e4, 1, 0.02 + 0.1 * u[at + 5]!, 1)];
  const longer = 2 * u[at + 7]!;
  if (style === 1 || style === 2) all.push(oval(x, y + 1 + longer, 9.4 * wide, 10.5 + longer, 1.5, hair, 1));
  if (style === 3) all.push(oval(x, y - 4.2, 9.6 * wide, 8.6, 2.2, hair, 1));
  all.push(oval(x, y + 11.5, 10.5, 3.2, 1.4, 0.25 + 0.5 * u[at + 8]!, 1));
  all.push(oval(x, y + 8.5, 3.2, 4, 1.2, 0.78 * skin, 1));
  if (style !== 1 && style !== 2) {
    all.push(oval(x - 7.7 * wide, y + 0.3, 1.2, 2, 1, 0.82 * skin, 1));
    all.push(oval(x + 7.7 * wide, y + 0.3, 1.2, 2, 1, 0.82 * skin, 1));
  }
  all.push(oval(x, y - 0.9, 7.9 * wide, 9.3, 1.2, style === 0 ? skin : hair, 1));
  all.push(oval(x, y + 0.7, 7.3 * wide, 8.9, 1.4, skin, 1));
  if (style !== 1 && style !== 2) {
    if (u[at + 9]! < 0.3) {
      all.push(oval(x, y + 5, 6.9 * wide, 4.9, 1.4, 0.9 * hair + 0.05, 0.85));
      all.push(oval(x, y + 0.9, 6.6 * wide, 4.3, 1.8, skin, 1));
    } else if (u[at + 9]! < 0.5) {
      all.push(oval(x, y + 5.6, 5.6 * wide, 3.4, 3, 0.8 * skin, 0.6));
    }
  }
  if (style === 2) all.push(oval(x, y - 7.6, 6.6 * wide, 3.6, 1.4, hair, 1));
  if (style === 4) all.push(oval(x - 2.5, y - 7.2, 6.2, 3.2, 1.4, hair, 1));
  all.push(oval(x - 6.5 * light, y + 1, 4.5, 8.5, 6, 0.45 * skin, 0.55 * Math.abs(light)));
  all.push(oval(x + 2.5 * light, y - 3.6, 3.4, 2.2, 3, bright, 0.5 * u[at + 11]!));

  for (let s = 0; s < 2; s++) {
    const side: f64 = 2 * s - 1;
    all.push(oval(x + 4.3 * side, y + 3.1, 1.9, 1.5, 2, bright, 0.6 * u[at + 12]!));
    const ex = x + 3.35 * side;
    const ey = y - 0.9;
    all.push(oval(ex, ey, 2.5, 1.9, 2, 0.72 * skin, 0.7));
    if (eyes === 0) {
      all.push(line(ex, ey + 0.2, 1.7, 0.75, 0, -0.7, 0.08, 0.9));
    } else {
      all.push(oval(ex, ey, 1.85, 1.15, 0.9, 0.96, 1));
      all.push(oval(ex + (eyes === 4 ? 0 : 0.75 * (eyes - 2)), ey, 1, 1.15, 0.8, 0.08, 1));
      all.push(line(ex, ey - 1.35, 2, 0.55, 0, 0.7, 0.08, 0.6));
    }
    const width = 0.8 + 0.7 * u[at + 15]!;
    const bx = x + 3.45 * side;
    if (brows === 0) all.push(line(bx, y - 3.9, 2.1, width, 0.07 * side, 0.35, 0.7 * hair, 0.9));
    if (brows === 1) all.push(line(bx, y - 4.9, 2.1, width, 0.07 * side, 0.9, 0.7 * hair, 0.9));
    if (brows === 2) all.push(line(bx, y - 3.55, 2.1, width, -0.36 * side, 0.35, 0.7 * hair, 0.9));
  }

  all.push(oval(x - 0.9 * light, y + 1.3, 0.75, 2.7, 1.4, 0.7 * skin, 0.5 + 0.2 * Math.abs(light)));
  all.push(oval(x + 0.4 * light, y + 1.2, 0.6, 2.4, 1.2, bright, 0.6));
  all.push(line(x, y + 3.55, 1.05 + 0.9 * u[at + 16]!, 0.8, 0, -0.6, 0.45 * skin, 0.8));
  if (mood === 0) {
    all.push(line(x, y + 6.5, 3.1, 1, 0, -1.5 * much, 0.3 * skin, 1));
    all.push(line(x, y + 7.3, 2, 0.9, 0, -0.9 * much, 0.675 * skin, 0.7));
  } else if (mood === 1) {
    all.push(line(x, y + 6, 2.5, 0.9, 0, -0.1, 0.35 * skin, 0.95));
    all.push(line(x, y + 6.9, 1.7, 0.8, 0, -0.4, 0.7 * skin, 0.6));
  } else if (mood === 2) {
    all.push(oval(x, y + 6.5, 2.3, 1.7 * much, 1, 0.45 * skin, 1));
    all.push(oval(x, y + 6.5, 1.6, 1.15 * much, 0.8, 0.05, 1));
  } else {
    all.push(line(x, y + 6, 2.6, 0.95, 0, 1.3 * much, 0.325 * skin, 1));
  }
  if (u[at + 19]! < 0.2) {
    all.push(ring(x - 3.45, y - 0.7, 2.75, 0.7, 0.1, 0.9));
    all.push(ring(x + 3.45, y - 0.7, 2.75, 0.7, 0.1, 0.9));
    all.push(line(x, y - 1, 0.9, 0.6, 0, 0.3, 0.1, 0.9));
  }
  return all;
}

/** 576×400, column j the 24×24 picture of face j, in f64. u: 8000 uniform numbers. */
export function faces(u: Float64Array): Float64Array {
  const V = new Float64Array(576 * 400);
  for (let j = 0; j < 400; j++) {
    const all = shapes(u, j);
    for (let row = 0; row < 24; row++) {
      for (let column = 0; column < 24; column++) {
        let grey: f64 = 0;
        for (let i = 0; i < all.length; i++) {
          const shape = all[i]!;
          const t = Math.min(1, Math.max(0, 0.5 - shape.distance(column, row) / shape.edge));
          grey += shape.cover * t * t * (3 - 2 * t) * (shape.grey - grey);
        }
        V[(24 * row + column) * 400 + j] = grey;
      }
    }
  }
  return V;
}
