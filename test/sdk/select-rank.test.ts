import { datasets, selectRank } from "advnmf";
import { describe, expect, it } from "vitest";
import { fromFormula, seeded } from "../data.js";

/** Blocks on the diagonal with a little noise: as many clusters of columns as blocks. */
function blocks(count: number, size: number): number[][] {
  const random = seeded(11);
  return fromFormula(count * size, count * size, (i, j) => {
    const within = Math.floor(i / size) === Math.floor(j / size);
    return within ? 1 + random() : 0.05 * random();
  });
}

describe("selectRank", () => {
  it("held-out entries find the rank the data were made with", async () => {
    const V = await datasets.atnmfSynthetic();
    let calls = 0;
    const options = { ranks: [3, 7, 4, 5, 6], repeats: 3, tolerance: 1e-7, maxIterations: 3000 } as const;
    const chosen = await selectRank(V, { ...options, onProgress: () => calls++ });
    expect(chosen.rank).toBe(5);
    expect(chosen.scores.map((s) => s.rank)).toEqual([3, 4, 5, 6, 7]);
    expect(calls).toBe(15);
    const errors = chosen.scores.map((s) => s.heldOutError!);
    expect(errors[2]).toBeLessThan(0.5 * errors[1]!);
    expect(chosen.scores.every((s) => s.heldOutErrorSpread! >= 0)).toBe(true);
    expect(await selectRank(V, options)).toEqual(chosen);
  });

  it("consensus finds the number of clusters", async () => {
    const chosen = await selectRank(blocks(3, 6), { ranks: [2, 3, 4, 5], method: "consensus", repeats: 12 });
    expect(chosen.rank).toBe(3);
    const three = chosen.scores[1]!;
    expect(three.cophenetic).toBeGreaterThan(0.99);
    expect(three.dispersion).toBeGreaterThan(0.99);
    expect(chosen.scores[3]!.dispersion).toBeLessThan(three.dispersion!);
  });

  it("leaves the entries of the caller's mask out", async () => {
    const V = blocks(2, 5);
    const mask = fromFormula(10, 10, (i, j) => ((i + j) % 3 === 0 ? 0 : 1));
    const spoiled = V.map((row, i) => row.map((x, j) => (mask[i]![j] === 0 ? 1e3 : x)));
    const options = { ranks: [1, 2], mask, repeats: 2 };
    expect(await selectRank(spoiled, options)).toEqual(await selectRank(V, options));
  });

  it.each([
    ["no ranks", { ranks: [] }, /list of ranks/],
    ["a rank too high", { ranks: [2, 99] }, /1 … 10/],
    ["rank for ranks", { rank: 2 }, /did you mean "ranks"/],
    ["a fraction of 1", { ranks: [1], fraction: 1 }, /between 0 and 1/],
    ["an unknown method", { ranks: [1], method: "elbow" }, /"held-out", "consensus"/],
  ])("refuses %s", async (_name, options, message) => {
    await expect(selectRank(blocks(2, 5), options as never)).rejects.toThrow(message);
  });
});
