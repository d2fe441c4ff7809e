import { datasets, hideEntries, matrix, selectRank, sha256 } from "advnmf";
import { describe, expect, it } from "vitest";

describe("hideEntries", () => {
  it("hides about that share, tells which, and the same ones for the same seed", async () => {
    const V = await datasets.faces();
    const { mask, hidden } = await hideEntries(V, { fraction: 0.6, seed: 4 });
    expect(mask).toMatchObject({ rows: 576, cols: 400 });
    // Five standard deviations of a binomial count.
    expect(Math.abs(hidden.length - 0.6 * 230400)).toBeLessThan(5 * Math.sqrt(0.24 * 230400));
    expect([...mask.data.keys()].filter((index) => mask.data[index] === 0)).toEqual(hidden);
    expect(mask.data.every((weight) => weight === 0 || weight === 1)).toBe(true);
    const again = await hideEntries(V, { fraction: 0.6, seed: 4 });
    expect(await sha256(again.mask)).toBe(await sha256(mask));
    const other = await hideEntries(V, { fraction: 0.6, seed: 5 });
    expect(await sha256(other.mask)).not.toBe(await sha256(mask));
  });

  it("never counts a NaN as hidden, and makes it invisible", async () => {
    const V = matrix([
      [1, Number.NaN, 3],
      [4, 5, 6],
    ]);
    const { mask, hidden } = await hideEntries(V, { fraction: 0.99 });
    expect(mask.data[1]).toBe(0);
    expect(hidden).not.toContain(1);
  });

  it("leaves enough for those who hide entries of what it left, by the same seed", async () => {
    const V = await datasets.atnmfSynthetic();
    const { mask } = await hideEntries(V, { fraction: 0.6 });
    const { scores } = await selectRank(V, { ranks: [2, 3], mask, maxIterations: 10 });
    expect(scores).toHaveLength(2);
  });

  it.each([0, 1, -0.5, Number.NaN, "half"])("refuses the fraction %s", async (fraction) => {
    await expect(hideEntries([[1, 2]], { fraction: fraction as number })).rejects.toMatchObject({
      code: "OPTION",
    });
  });
});
