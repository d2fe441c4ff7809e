/** Real files by MATLAB and others, where they are at hand; every number was computed with SciPy. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readMatrix } from "../../../sdk/io/index.js";
import type { Matrix } from "../../../sdk/matrix.js";

const folder = process.env.ADVNMF_DATA ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));

/** Sum of the entries, and sum of each times (i·j mod 97), i and j from 1: a transposed matrix differs. */
function sums({ rows, cols, data }: Matrix): [number, number] {
  let sum = 0;
  let weighted = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = data[i * cols + j] as number;
      sum += value;
      weighted += value * (((i + 1) * (j + 1)) % 97);
    }
  }
  return [sum, weighted];
}

const files: [string, string | undefined, [number, number], [number, number], [number, number]][] = [
  ["lafa/wtsi.mat", "X", [96, 21], [183_916, 8_760_236], [112, 22]],
  ["lafa/face", undefined, [472, 361], [20_029_318, 955_353_604], [58, 119]],
  ["at-nmf/Moffet/clean_Moffet.mat", "V", [165, 2500], [44_762.9012, 2_127_980.087], [0.0183, 0]],
  ["at-nmf/Moffet/mask3.mat", "mask", [165, 2500], [205_964, 9_823_494], [0, 0]],
  ["at-nmf/CBCL/CBCL.mat", "X", [361, 2429], [59_981_036, 2_855_544_910], [0, 0]],
  ["at-nmf/CBCL/mask1.mat", "mask", [2429, 361], [614_400, 29_275_009], [1, 1]],
  [
    "at-nmf/Synthetic/X.mat",
    "X",
    [50, 100],
    [39_251.91944444121, 1_875_718.8884477904],
    [14.408754776698295, 3.330156942870463],
  ],
];

describe("real data", () => {
  it.skipIf(!existsSync(folder)).each(files)("%s", async (name, variable, shape, expected, entries) => {
    const got = await readMatrix(join(folder, name));
    expect(got.variable).toBe(variable);
    expect([got.rows, got.cols]).toEqual(shape);
    const [sum, weighted] = sums(got);
    /* whole numbers must agree exactly, others to the rounding of the sum */
    expect(Math.abs(sum - expected[0])).toBeLessThanOrEqual(Number.isInteger(expected[0]) ? 0 : 1e-9 * sum);
    expect(Math.abs(weighted - expected[1])).toBeLessThanOrEqual(
      Number.isInteger(expected[1]) ? 0 : 1e-9 * weighted,
    );
    /* entry (1, 2) and the last but one of the last row, counted from 0 */
    expect([got.data[got.cols + 2], got.data[got.data.length - 2]]).toEqual(entries);
  });

  it.skipIf(!existsSync(folder))("knows that the faces are images", async () => {
    const { image, rowNames } = await readMatrix(join(folder, "lafa/face"));
    expect(image).toMatchObject({ width: 19, height: 19, maxval: 255, stacking: "rows", colors: "grey" });
    expect(rowNames?.[0]).toBe("cmu_0000.pgm");
    expect(rowNames?.at(-1)).toBe("cmu_0471.pgm");
  });
});
