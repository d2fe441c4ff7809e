// What leads a restart: features that V passes from other starts, and the way to them.

import { createEngine, featureError, lafa, matrix, nmf } from "advnmf";
import { expect, test } from "vitest";
import { checkAttack } from "../../sdk/attack-options.js";
import type { Engine } from "../../sdk/engine.js";
import { PerturbationSet } from "../../sdk/projection.js";
import { StagedAscent, stagesOf } from "../../sdk/staged-ascent.js";
import { Victim } from "../../sdk/victim.js";
import { seeded } from "../data.js";

const engine = await createEngine();
const next = seeded(5);
const V = matrix(
  20,
  15,
  Float64Array.from({ length: 300 }, () => 0.1 + next()),
);
const options = {
  rank: 3,
  epsilons: [0.1],
  seed: 2,
  iterations: 100,
  evaluationIterations: 1000,
  threads: 1,
};
const asked = checkAttack(V, options);
// The engine is that of the built files, which the compiler takes for another class.
const victim = new Victim(asked, options, engine as unknown as Engine);
await victim.begin();
const updates = { rank: 3, loss: "kullback-leibler", solver: "mu", order: "HW", epsilon: 1e-10 } as const;
const fit = { ...updates, seed: 2, tolerance: 0, threads: 1, engine } as const;

test("detours are far from the reference, the farthest first", async () => {
  const found = await victim.detours(3);
  expect(found).toHaveLength(3);
  const far = found.map((features) => featureError(features, victim.reference).value);
  expect(far).toEqual([...far].sort((a, b) => b - a));
  expect(Math.min(...far)).toBeGreaterThanOrEqual(0.3);
  expect(await victim.detours(0)).toEqual([]);
});

test("while it leads, the value is the distance from the target below 0, and the way that of its gradient", async () => {
  const [target] = await victim.detours(1);
  const set = new PerturbationSet(V.data, "l2", 1, 0, 2);
  const ascent = new StagedAscent(set, "l2", Float64Array.from(V.data), stagesOf(8, true), 1);
  const attack = {
    index: 0,
    kind: "implicit",
    ascent,
    target,
    control: false,
    error: 0,
    solved: true,
  } as const;
  const [led] = await victim.outlooks([{ ...attack, history: [] }]);

  const { W, H } = await nmf(V, { ...fit, maxIterations: 0 });
  const mode = "backprop";
  const way = { W, H, reference: target!, mode, iterations: 10, threads: 1, engine } as const;
  const expected = await lafa.gradient(V, way);
  expect(led!.value).toBe(-expected.featureError);
  expect(Array.from(led!.gradient)).toEqual([...expected.gradient.data].map((g) => -g));
  const ten = await nmf(V, { ...fit, maxIterations: 10 });
  expect(led!.featureError).toBe(featureError(ten, victim.reference).value);

  // The stages behind it look away from the reference again, the last three times as far ahead.
  for (const iterations of [100, 300]) {
    const { leads } = ascent.stage;
    const before = ascent.stage;
    while (ascent.stage === before) {
      ascent.note(leads ? -1 : 1, V.data);
      ascent.advance(V.data);
    }
    const [usual] = await victim.outlooks([{ ...attack, history: [] }]);
    const perturbed = matrix(20, 15, ascent.point);
    const after = await nmf(perturbed, { ...fit, init: { W, H }, maxIterations: iterations });
    expect(usual!.value).toBeCloseTo(featureError(after, victim.reference).value, 12);
    expect(usual!.featureError).toBe(usual!.value);
  }
});
