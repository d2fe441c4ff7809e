// Audits: what is in one, that its figures are those of `lafa` and of the controls, and that it can be repeated.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type Audit,
  type AuditModelName,
  type AuditOptions,
  audit,
  createEngine,
  lafa,
  type MatrixLike,
  matrix,
  nmf,
} from "advnmf";
import { readMatrix } from "advnmf/io";
import { beforeAll, describe, expect, test } from "vitest";
import { matchedShare, mutualInformation } from "../../sdk/audit/downstream.js";
import { verdictOf } from "../../sdk/audit/verdict.js";
import { createEngine as createOwn } from "../../sdk/engine.js";
import { projectRoot, seeded } from "../data.js";
import { wtsiPath } from "../gradients/cases.js";

const engine = await createEngine();

/** Noisy data whose columns are mostly of one feature each, and which. */
function blocks(m: number, n: number, k: number, seed = 1) {
  const next = seeded(seed);
  const labels = Array.from({ length: n }, (_, j) => j % k);
  const entries = Float64Array.from({ length: m * n }, (_, at) => {
    const own = Math.floor(((at / n) * k) / m) === labels[at % n];
    return (own ? 3 + 2 * next() : 0.2 * next()) + 0.05;
  });
  return { V: matrix(m, n, entries), labels };
}

const SHORT = {
  rank: 3,
  quick: true,
  steps: 2,
  iterations: 25,
  evaluationIterations: 75,
  epsilons: [0.05, 0.2],
  noiseTrials: 2,
  threads: 1,
  engine,
} as const satisfies AuditOptions;

const { V, labels } = blocks(18, 15, 3);

describe("what is in it", () => {
  let found: Audit;
  const seen: number[] = [];
  const phases = new Set<string>();
  beforeAll(async () => {
    found = await audit(V, {
      ...SHORT,
      labels: labels.map((label) => `kind ${label}`),
      names: { rowNames: Array.from({ length: 18 }, (_, i) => `r${i}`) },
      onProgress: ({ phase, done, total }) => {
        phases.add(phase);
        seen.push(done / total);
      },
    });
  });

  test("JSON keeps it as it is", () => {
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  test("every model, size and norm, with its controls", () => {
    expect(found.complete).toBe(true);
    expect(found.models.map(({ model }) => model)).toEqual(["nmf", "atnmf", "anmf"]);
    expect(found.attacks.map(({ norm, epsilon }) => [norm, epsilon])).toEqual([
      ["l2", 0.05],
      ["l2", 0.2],
      ["linf", found.options.epsilons.linf![0]],
      ["linf", found.options.epsilons.linf![1]],
    ]);
    for (const model of found.models) {
      expect(model.unattacked).toBe(0);
      expect(model.refit.featureError.values).toHaveLength(2);
      expect(model.features).toMatchObject({ rows: 3, cols: 18 });
      expect(Math.max(...model.features.data)).toBe(1);
      expect(model.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    }
    for (const { models, sources, transfer, epsilon } of found.attacks) {
      expect(sources.map(({ model }) => model)).toEqual(["nmf", "atnmf"]);
      for (const { size } of sources) expect(size).toBeLessThanOrEqual(epsilon * (1 + 1e-12));
      for (const [at, model] of models.entries()) {
        expect(model.noise.featureError.values).toHaveLength(2);
        expect(model.otherStarts.featureError.values).toHaveLength(2);
        expect(model.featureError).toBeGreaterThanOrEqual(Math.max(...transfer.map((row) => row[at]!)));
        expect(model.attackedBy).toBe(model.source === model.model ? "own gradient" : "transfer");
      }
      expect(models[2]!.attackedBy).toBe("transfer");
    }
  });

  test("a size of linf in every entry is as long as that of l2", () => {
    const { l2, linf } = found.options.epsilons;
    for (const [at, epsilon] of linf!.entries()) {
      expect(epsilon * Math.sqrt(18 * 15)).toBeCloseTo(l2![at]! * found.data.norm, 10);
    }
  });

  test("more is never less harm", () => {
    const [small, large] = found.attacks;
    for (const [at, { featureError, foundAt }] of large!.models.entries()) {
      expect(featureError).toBeGreaterThanOrEqual(small!.models[at]!.featureError);
      expect([0.05, 0.2]).toContain(foundAt);
    }
  });

  test("features are numbered alike in all models", () => {
    for (const { likeness } of found.models)
      for (const cosine of likeness) expect(cosine).toBeGreaterThan(0.9);
  });

  test("H is as useful as the blocks are plain", () => {
    // ANMF answers an attacker who would permute the columns, and gives these blocks up.
    for (const { downstream } of found.models.slice(0, 2))
      expect(downstream).toEqual({ accuracy: 1, nmi: 1, nearest: 1 });
  });

  test("the map of the entries that matter", () => {
    const { sensitivity } = found;
    expect(sensitivity?.map).toMatchObject({ rows: 18, cols: 15 });
    expect(Math.max(...sensitivity!.map.data)).toBe(1);
    expect(sensitivity!.features).toHaveLength(3);
  });

  test("progress goes up to the whole", () => {
    expect([...phases]).toEqual(["factorizing", "differentiating", "attacking", "judging"]);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });

  test("its options, names and labels make the same audit again, on any number of threads", async () => {
    const { rowNames, labels: kinds } = found.data;
    const again = await audit(V, {
      ...found.options,
      labels: kinds!,
      names: { rowNames: rowNames! },
      threads: 2,
      engine,
    });
    expect(again.digest).toBe(found.digest);
    expect({ ...again, seconds: 0 }).toEqual({ ...found, seconds: 0 });
  });

  test("another seed is another audit", async () => {
    const other = await audit(V, { ...SHORT, models: ["nmf"], norms: ["l2"], seed: 7 });
    const same = await audit(V, { ...SHORT, models: ["nmf"], norms: ["l2"] });
    expect(other.digest).not.toBe(same.digest);
    expect(other.models[0]!.sha256.W).not.toBe(found.models[0]!.sha256.W);
    expect(same.models[0]!.sha256).toEqual(found.models[0]!.sha256);
  });
});

test("for NMF the figures are those of lafa, to the bit", async () => {
  const lengths = { steps: 3, iterations: 30, evaluationIterations: 90, restarts: 1, noiseTrials: 2 };
  const found = await audit(V, { ...SHORT, ...lengths, models: ["nmf"], norms: ["l2"], epsilons: [0.1] });
  const init = await nmf(V, {
    rank: 3,
    solver: "mu",
    epsilon: 1e-10,
    maxIterations: 0,
    tolerance: 0,
    engine,
  });
  const expected = await lafa(V, {
    ...lengths,
    rank: 3,
    epsilons: [0.1],
    loss: "frobenius",
    gradient: "backprop",
    init: { W: init.W, H: init.H },
    otherStarts: 1,
    threads: 1,
    engine,
  });
  const [attacked] = found.attacks[0]!.models;
  const [result] = expected.results;
  expect(attacked!.featureError).toBe(result!.featureError);
  expect(attacked!.featureErrorW).toBe(result!.featureErrorW);
  expect(attacked!.noise.featureError.values).toEqual(expected.baseline.noise[0]!.values);
  expect(attacked!.byLoss.featureError).toBe(expected.baseline.reconstruction[0]);
  expect(found.attacks[0]!.sources[0]!.size).toBe(result!.size);
});

describe("what is asked for", () => {
  const ask = (options: Partial<AuditOptions>) =>
    audit(V, { ...SHORT, norms: ["l2"], epsilons: [0.1], sensitivity: false, ...options });

  test("Kullback–Leibler: AT-NMF has no gradient of its own then", async () => {
    const found = await ask({ loss: "kullback-leibler", models: ["nmf", "atnmf"] });
    expect(found.attacks[0]!.sources.map(({ model }) => model)).toEqual(["nmf"]);
    expect(found.attacks[0]!.models.map(({ attackedBy }) => attackedBy)).toEqual([
      "own gradient",
      "transfer",
    ]);
  });

  test("ANMF alone: by what was made against NMF", async () => {
    const found = await ask({ models: ["anmf"] });
    expect(found.models.map(({ model }) => model)).toEqual(["anmf"]);
    expect(found.attacks[0]!.sources.map(({ model }) => model)).toEqual(["nmf"]);
    expect(found.attacks[0]!.models[0]).toMatchObject({ attackedBy: "transfer", source: "nmf" });
    expect(found.verdict.model).toBe("anmf");
  });

  test("no map where it is not wanted; a sentence where there can be none", async () => {
    expect((await ask({ models: ["nmf"] })).sensitivity).toBeNull();
    const without = await ask({ models: ["atnmf"], sensitivity: true });
    expect(without.sensitivity).toBeNull();
    expect(without.warnings.join()).toContain("not among the models");
  });

  test("f32 is audited in f32; pictures in rows are drawn from H", async () => {
    const single = matrix(18, 15, Float32Array.from(V.data));
    const shape = { width: 5, height: 3, images: "rows" } as const;
    const found = await audit(single, {
      ...SHORT,
      models: ["nmf"],
      norms: ["l2"],
      shape,
      sensitivity: false,
    });
    expect(found.data).toMatchObject({ dtype: "f32", shape });
    expect(found.models[0]!.features).toMatchObject({ rows: 3, cols: 15 });
  });
});

test("cancelled: what was finished is on the error", async () => {
  const stopped = async (when: (phase: string, done: number) => boolean) => {
    const controller = new AbortController();
    const error = await audit(V, {
      ...SHORT,
      signal: controller.signal,
      onProgress: ({ phase, done }) => {
        if (when(phase, done)) controller.abort();
      },
    }).catch((thrown) => thrown);
    expect(error.code).toBe("ABORTED");
    return error.best as Audit | undefined;
  };
  const begun = await stopped((phase) => phase === "attacking");
  expect(begun).toMatchObject({
    complete: false,
    attacks: [],
    verdict: { level: "unfinished", trusted: [] },
  });
  expect(begun!.models).toHaveLength(3);
  expect(begun!.verdict.sentences[0]).toContain("stopped before any attack");
  let judged = false;
  const half = await stopped((phase) => {
    judged ||= phase === "judging";
    return judged && phase === "attacking";
  });
  expect(half!.attacks.map(({ norm }) => norm)).toEqual(["l2", "l2"]);
  expect(half!.verdict.norm).toBe("l2");
  const early = await audit(V, { ...SHORT, signal: AbortSignal.abort() }).catch((thrown) => thrown);
  expect(early).toMatchObject({ code: "ABORTED", best: undefined });
});

test.each<[string, MatrixLike, object, string, string]>([
  ["a negative entry", [[1, -1]], { rank: 1 }, "NEGATIVE", "row 0, column 1"],
  ["a missing entry", [[1, Number.NaN]], { rank: 1 }, "NOT_FINITE", "needs all of V"],
  ["all zeros", [[0, 0]], { rank: 1 }, "OPTION", "all zeros"],
  ["a rank too large", V, { rank: 16 }, "RANK", "15"],
  ["no rank", V, { rank: undefined }, "RANK", "rank"],
  ["an unknown option", V, { epsilon: [0.1] }, "OPTION", '"epsilons"'],
  ["an unknown model", V, { models: ["nmff"] }, "OPTION", '"nmf"'],
  ["no model", V, { models: [] }, "OPTION", "models"],
  ["an unknown norm", V, { norms: ["l1"] }, "OPTION", "linf"],
  ["a size of 0", V, { epsilons: [0] }, "OPTION", "above 0"],
  ["sizes of an unknown norm", V, { epsilons: { l1: [1] } }, "OPTION", "l1"],
  ["no sizes", V, { epsilons: [] }, "OPTION", "epsilons"],
  ["λ of 1", V, { lambda: 1 }, "OPTION", "lambda"],
  ["half a step", V, { steps: 0.5 }, "OPTION", "steps"],
  ["33 threads", V, { threads: 33 }, "OPTION", "threads"],
  ["labels of other columns", V, { labels: ["a", "b"] }, "SHAPE", "15"],
  ["labels of one kind", V, { labels: Array(15).fill("a") }, "OPTION", "two kinds"],
  ["labels that are objects", V, { labels: Array(15).fill({}) }, "OPTION", "labels"],
  ["names of other rows", V, { names: { rowNames: ["a"] } }, "SHAPE", "18"],
  ["pictures of another size", V, { shape: { width: 4, height: 4 } }, "SHAPE", "4×4"],
])("%s is refused", async (_, data, options, code, text) => {
  const error = await audit(data, { rank: 3, engine, ...options } as AuditOptions).catch((thrown) => thrown);
  expect(error.code).toBe(code);
  expect(error.message).toContain(text);
});

describe("figures with labels, by hand", () => {
  // Clusters down, labels across: six points, one of which is in the wrong cluster.
  const table = Float64Array.from([0, 3, 2, 1]);

  test("clusters and labels are matched at best", () => {
    expect(matchedShare(table, 2, 6)).toBeCloseTo(5 / 6, 15);
  });

  test("mutual information over the mean of the entropies", async () => {
    const h = (...shares: number[]) => -shares.reduce((sum, p) => sum + p * Math.log(p), 0);
    const joint = h(3 / 6, 2 / 6, 1 / 6);
    const [rows, cols] = [h(3 / 6, 3 / 6), h(2 / 6, 4 / 6)];
    const expected = (2 * (rows + cols - joint)) / (rows + cols);
    const own = await createOwn({ wasm: pathToFileURL(join(projectRoot, "dist", "advnmf.wasm")) });
    expect(await mutualInformation(own, table, 2, 6)).toBeCloseTo(expected, 12);
    expect(await mutualInformation(own, Float64Array.from([6, 0, 0, 0]), 2, 6)).toBe(1);
  });
});

describe("the verdict", () => {
  const settings = { norms: ["l2"], models: ["nmf"], lambda: 3 } as unknown as Audit["options"];
  const spread = { mean: 0.1, least: 0.1, most: 0.1, values: [0.1] };
  const verdict = (
    attacks: Readonly<Record<string, readonly number[]>>,
    { noise = [1, 1, 1, 1, 1], found = [1, 1, 1, 1, 1] } = {},
  ) =>
    verdictOf(
      { ...settings, rank: found.length },
      [
        { model: "nmf" as AuditModelName, refit: { found, featureError: spread } },
      ] as unknown as Audit["models"],
      Object.entries(attacks).map(([epsilon, similarities]) => ({
        norm: "l2",
        epsilon: Number(epsilon),
        models: [
          {
            model: "nmf",
            featureError: 0.5,
            features: similarities.map((similarity) => ({ similarity, error: 0 })),
            noise: { similarity: noise },
            otherStarts: { featureError: spread },
          },
        ],
      })) as unknown as Audit["attacks"],
      { max: 1 },
    );

  test("fragile: of the least size that replaces a feature", () => {
    const found = verdict({ 0.005: [1, 0.95, 1, 1, 1], 0.01: [0.95, 0.3, 1, 1, 0.5], 0.02: [0, 0, 0, 0, 0] });
    expect(found).toMatchObject({ level: "fragile", epsilon: 0.01, replaced: [1, 4], trusted: [0, 2, 3] });
    expect(found.sentences).toEqual([
      "A change of 1% of this matrix, chosen by an attacker who knows how you factorize, replaces 2 of your 5 features; random errors of that size do nothing.",
      "Features 1, 3 and 4 can be trusted at that level.",
    ]);
  });

  test("shaken: changed, but not replaced", () => {
    const found = verdict({ 0.01: [0.85, 1, 1, 1, 1] });
    expect(found).toMatchObject({ level: "shaken", changed: [0], trusted: [1, 2, 3, 4] });
    expect(found.sentences[0]).toContain("visibly changes 1 of your 5 features, but replaces none");
  });

  test("robust: even the largest", () => {
    const found = verdict({ 0.01: [1, 1, 1, 1, 1], 0.05: [0.95, 1, 1, 1, 1] });
    expect(found).toMatchObject({ level: "robust", epsilon: 0.05, trusted: [0, 1, 2, 3, 4] });
    expect(found.sentences).toEqual([
      "Even a change of 5% of this matrix, chosen by an attacker who knows how you factorize, leaves all 5 of your features in place; so do random errors of that size.",
      "All 5 features can be trusted at that level.",
    ]);
  });

  test("what noise changes or other starts do not find is not trusted", () => {
    const found = verdict(
      { 0.01: [0.5, 1, 1, 1, 1] },
      { noise: [1, 0.7, 1, 1, 1], found: [1, 1, 0.5, 1, 1] },
    );
    expect(found).toMatchObject({ unstable: [2], trusted: [3, 4] });
    expect(found.sentences[0]).toContain("random errors of that size already change 1");
    expect(found.sentences[1]).toContain("Features 4 and 5 can be trusted");
    expect(found.sentences[1]).toContain("feature 3 is not even found again from another start");
  });

  test("many features are counted", () => {
    const [ones, found] = [
      Array(12).fill(1),
      Array.from({ length: 12 }, (_, feature) => (feature < 7 ? 1 : 0)),
    ];
    const sentence = verdict({ 0.01: ones }, { noise: ones, found }).sentences[1];
    expect(sentence).toBe(
      "All but features 8, 9, 10, 11 and 12 can be trusted at that level; 5 features are not even found again from another start of the same factorization.",
    );
  });

  test("where no other start finds any feature, none is trusted", () => {
    const found = verdict({ 0.01: [1, 1, 1, 1, 1] }, { found: [0, 0, 0, 0, 0] });
    expect(found.sentences[1]).toBe(
      "None of your features can be trusted at that level: another start of the same factorization, without any change, already finds other features.",
    );
  });
});

test.skipIf(!wtsiPath)("mutational signatures: the attack does more than noise of its size", async () => {
  const found = await audit(await readMatrix(wtsiPath!), {
    rank: 4,
    quick: true,
    loss: "kullback-leibler",
    models: ["nmf", "atnmf"],
    norms: ["l2"],
    epsilons: [0.01],
    sensitivity: false,
  });
  const [attacked] = found.attacks[0]!.models;
  expect(attacked!.featureError).toBeGreaterThan(3 * attacked!.noise.featureError.most);
});
