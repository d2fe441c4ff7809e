// Built-in data sets: made by formula in the WebAssembly module, the same bits everywhere.

import { defaultEngine, type Engine } from "./engine.js";
import type { Matrix } from "./matrix.js";
import { checkOptions, oneOf, wholeNumber } from "./options.js";

/** Names of the built-in data sets. */
export type DatasetName = "swimmer" | "faces" | "lafa-synthetic" | "atnmf-synthetic";

/** Options of the data sets. */
export interface DatasetOptions {
  /** Any uint32, default 0. Swimmer has no randomness. */
  readonly seed?: number;
  /** The engine to compute on; default a shared one. */
  readonly engine?: Engine;
}

/** What is known of a built-in data set before it is made. */
export interface DatasetFacts {
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly cols: number;
  /** The rank it was made with, or one that suits it. */
  readonly rank: number;
  /** Columns of W are pictures of this size. */
  readonly image?: { readonly width: number; readonly height: number };
  /** What it shows, and where it comes from. */
  readonly description: string;
}

interface Recipe extends DatasetFacts {
  readonly kernel: string;
  readonly seeded: boolean;
  /** f64 of room behind the matrix. */
  readonly scratch: number;
}

const RECIPES: Record<DatasetName, Recipe> = {
  swimmer: {
    rows: 1024,
    cols: 256,
    rank: 17,
    image: { width: 32, height: 32 },
    description: "256 poses of a figure with a torso and four limbs (Donoho & Stodden 2003)",
    kernel: "swimmer",
    seeded: false,
    scratch: 0,
  },
  faces: {
    rows: 576,
    cols: 400,
    rank: 20,
    image: { width: 24, height: 24 },
    description: "400 schematic faces, painted from shared parts that shift and are shaded",
    kernel: "faces",
    seeded: true,
    scratch: 8002,
  },
  "lafa-synthetic": {
    rows: 103,
    cols: 200,
    rank: 3,
    description: "three features of two Gaussians, uniform weights (Vu et al. 2024)",
    kernel: "lafaSynthetic",
    seeded: true,
    scratch: 602,
  },
  "atnmf-synthetic": {
    rows: 100,
    cols: 50,
    rank: 5,
    description: "half-normal factors with inverse-Gamma precisions (Cai, Tan, Févotte 2021)",
    kernel: "atnmfSynthetic",
    seeded: true,
    scratch: 752,
  },
};

async function generate(name: DatasetName, options: DatasetOptions): Promise<Matrix<Float64Array>> {
  checkOptions(options, ["seed", "engine"], `datasets["${name}"]`);
  const recipe = RECIPES[name];
  const seed = wholeNumber(options.seed ?? 0, 0, 0xffffffff, "seed");
  const engine = options.engine ?? (await defaultEngine());
  const { arena } = engine;
  const mark = arena.mark();
  try {
    const { rows, cols } = recipe;
    const address = arena.take((rows * cols + recipe.scratch) * 8, `the data set ${name}`);
    engine.kernel(recipe.kernel)(...(recipe.seeded ? [seed, address] : [address]));
    return { rows, cols, data: new Float64Array(arena.memory.buffer, address, rows * cols).slice() };
  } finally {
    arena.rewind(mark);
  }
}

/**
 * The built-in data sets, f64. `datasets.swimmer()`, `datasets.faces({ seed })`, `datasets.lafaSynthetic({ seed })`
 * and `datasets.atnmfSynthetic({ seed })` make one; `load(name)` makes the one of that name; `facts` tells
 * sizes and origins without making any.
 *
 * @throws AdvnmfError `OPTION` for an unknown name or option.
 */
export const datasets = {
  swimmer: (options: DatasetOptions = {}) => generate("swimmer", options),
  faces: (options: DatasetOptions = {}) => generate("faces", options),
  lafaSynthetic: (options: DatasetOptions = {}) => generate("lafa-synthetic", options),
  atnmfSynthetic: (options: DatasetOptions = {}) => generate("atnmf-synthetic", options),
  load: async (name: DatasetName, options: DatasetOptions = {}) =>
    generate(oneOf(name, Object.keys(RECIPES) as DatasetName[], "data set"), options),
  facts: RECIPES as Readonly<Record<DatasetName, DatasetFacts>>,
} as const;
