// The same bits in every runtime that is here, and the same as were committed.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../data.js";

interface Answer {
  readonly digest: string;
  readonly problems: number;
}

interface Parity {
  readonly golden: Answer;
  readonly runtimes: readonly { name: string; here: () => boolean; answer: () => Promise<Answer> }[];
}

// Plain JavaScript: it is also a command.
const script: string = new URL("../../scripts/parity.mjs", import.meta.url).href;
const { golden, runtimes } = (await import(script)) as Parity;

describe("the parity battery", () => {
  it("has at least 40 problems", () => {
    expect(golden.problems).toBeGreaterThanOrEqual(40);
  });

  for (const { name, here, answer } of runtimes) {
    it.skipIf(!here())(`${name} gives the committed digest`, async () => {
      expect(await answer()).toEqual(golden);
    });
  }
});

describe("what reaches a result", () => {
  // These differ in their last bits from engine to engine; + - * / and sqrt do not.
  const inexact =
    /Math\.(exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|asin|acos|atan2?|sinh|cosh|tanh|hypot|cbrt|random)\b|\*\*/;

  it("uses no inexact host mathematics in the SDK", () => {
    const folder = join(projectRoot, "sdk");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".ts"));
    expect(files.length).toBeGreaterThan(20);
    const found = files.flatMap((file) =>
      readFileSync(join(folder, file), "utf8")
        .split("\n")
        .map((line, i) => ({ line, at: `${file}:${i + 1}` }))
        // Whole powers of two are exact.
        .filter(({ line }) =>
          inexact.test(line.replace(/^\s*(\/\/|\*|\/\*\*).*$/, "").replace(/\b2 \*\* -?\d+/g, "")),
        ),
    );
    expect(found).toEqual([]);
  });
});
