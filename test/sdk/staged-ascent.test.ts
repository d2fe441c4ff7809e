// The stages of an attack: how many points each looks at, and that being led gets out of where an ascent stays.

import { describe, expect, test } from "vitest";
import { PerturbationSet } from "../../sdk/projection.js";
import { canLead, StagedAscent, stagesOf, wholeStage } from "../../sdk/staged-ascent.js";

describe("the stages", () => {
  test.each([1, 2, 7, 8, 9, 10, 40, 41, 1000])("of %i steps look at one point more", (steps) => {
    for (const led of [false, true]) {
      const stages = stagesOf(steps, led);
      expect(stages.reduce((sum, { points }) => sum + points, 0)).toBe(steps + 1);
      expect(stages).toHaveLength(canLead(steps) ? (led ? 3 : 2) : 1);
      // A stage of one point would not move.
      for (const { points } of stages) expect(points).toBeGreaterThanOrEqual(2);
      expect(stages.map(({ leads }) => leads)).toEqual(
        stages.map((_, at) => led && canLead(steps) && at === 0),
      );
    }
  });
});

describe("a landscape of two hills, 1 − |x − a|² and 2 − |x − b|², of which the first is near the start", () => {
  const near = [0.3, 0];
  const far = [-0.8, 0.1];
  const hill = (top: readonly number[], height: number, x: Float64Array) => {
    const gradient = x.map((entry, at) => 2 * (top[at]! + 1 - entry));
    return { value: height - gradient.reduce((sum, g) => sum + (g * g) / 4, 0), gradient };
  };
  // The far one is steep, so that nothing is seen of it from the start.
  const landscape = (x: Float64Array) => {
    const low = hill(near, 1, x);
    const high = hill(far, 2, x);
    return high.value > 1.9 ? high : low;
  };
  const climb = (led: boolean) => {
    const set = new PerturbationSet([1, 1], "l2", 1, 0, 2);
    const stages = stagesOf(24, led);
    const ascent = new StagedAscent(set, "l2", set.project(Float64Array.of(0.4, 0.4)), stages, 0.1);
    const looked: number[] = [];
    for (let step = 0; step <= 24; step++) {
      looked.push(stages.indexOf(ascent.stage));
      expect(set.size(ascent.point)).toBeLessThanOrEqual(1);
      // What leads looks at the distance from the far hill alone, below 0.
      const { value, gradient } = ascent.stage.leads ? hill(far, 0, ascent.point) : landscape(ascent.point);
      ascent.note(value, gradient);
      if (step < 24) ascent.advance(gradient);
    }
    return { ascent, looked };
  };

  test("an ascent stays on the low one, one that is led reaches the high one", () => {
    const alone = climb(false);
    expect(alone.ascent.bestValue).toBeGreaterThan(0.95);
    expect(alone.ascent.bestValue).toBeLessThanOrEqual(1);
    const led = climb(true);
    expect(led.ascent.bestValue).toBeGreaterThan(1.95);
    expect(hill(far, 2, led.ascent.best).value).toBe(led.ascent.bestValue);
    expect(led.ascent.leaders[0]!.value).toBe(led.ascent.bestValue);
    expect(led.looked).toEqual([...Array(12).fill(0), ...Array(7).fill(1), ...Array(6).fill(2)]);
    expect(alone.looked).toEqual([...Array(19).fill(0), ...Array(6).fill(1)]);
  });

  test("a stage begins at the best point of the one before, and forgets its values", () => {
    const set = new PerturbationSet([1, 1], "l2", 1, 0, 2);
    const stages = [{ ...wholeStage(2), leads: true }, wholeStage(2)] as const;
    const ascent = new StagedAscent(set, "l2", Float64Array.of(1, 1), stages, 0.5);
    const values = [-3, -1, -2, 5, 4, 3];
    const points: Float64Array[] = [];
    for (const value of values) {
      points.push(ascent.point);
      ascent.note(value, Float64Array.of(1, 0));
      ascent.advance(Float64Array.of(1, 0));
    }
    expect(points[3]).toBe(points[1]);
    expect(ascent.leaders.map(({ value }) => value)).toEqual([5, 4, 3]);
    expect(ascent.best).toBe(points[3]);
    expect(ascent.bestValue).toBe(5);
  });
});
