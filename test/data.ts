// Real data lie beside the project, never in it: in ../shared/data or where ADVNMF_DATA points. Tests
// that need them are skipped, visibly, where they are absent.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The project's folder. */
export const projectRoot: string = root;

const folder = process.env.ADVNMF_DATA ?? join(root, "..", "shared", "data");

/** The path of a data file or folder, or undefined where it is absent. */
export function dataPath(name: string): string | undefined {
  const path = join(folder, name);
  return existsSync(path) ? path : undefined;
}

/** rows×cols from a formula. */
export function fromFormula(rows: number, cols: number, entry: (i: number, j: number) => number): number[][] {
  return Array.from({ length: rows }, (_, i) => Array.from({ length: cols }, (_, j) => entry(i, j)));
}

/** The sum of the entries. */
export function total(A: { readonly data: ArrayLike<number> }): number {
  let sum = 0;
  for (let i = 0; i < A.data.length; i++) sum += A.data[i]!;
  return sum;
}

/** A small generator for test data (mulberry32), uniform in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
