// The same bits in every runtime that is here, for every number of threads, and the same as were committed.

import { describe, expect, it } from "vitest";

interface Answer {
  readonly threads?: number;
  readonly digest?: string;
  readonly problems?: number;
  readonly parts?: Readonly<Record<string, string>>;
  /** Why there are no threads. */
  readonly alone?: string;
  readonly error?: string;
}

interface Runtime {
  readonly name: string;
  readonly quick: boolean;
  readonly threads: boolean;
  version(): string | undefined;
  answers(counts: readonly (number | undefined)[]): Promise<readonly Answer[]>;
}

// Plain JavaScript: it is also a command, and runs in pages.
const script = async <M>(path: string) => (await import(new URL(path, import.meta.url).href)) as M;
const { runtimes, THREADS } = await script<{
  runtimes: readonly Runtime[];
  THREADS: readonly (number | undefined)[];
}>("../../scripts/parity/runtimes.mjs");
const { golden, verdict } = await script<{
  golden: Required<Pick<Answer, "digest" | "problems" | "parts">>;
  verdict(answer: Answer, runtime: Pick<Runtime, "threads">): { well: boolean; words: string };
}>("../../scripts/parity/golden.mjs");
const { report } = await script<{
  report(sdk: object, counts: readonly unknown[], tell: (answer: Answer) => void): Promise<void>;
}>("./report.mjs");

describe("the parity battery", () => {
  const names = Object.keys(golden.parts);

  it("has at least 40 problems, each with its digest", () => {
    expect(golden.problems).toBeGreaterThanOrEqual(40);
    expect(names).toHaveLength(golden.problems);
  });

  it.each([
    ...["frobenius", "kullback-leibler", "itakura-saito", "beta-0.5", "beta-1.5", "beta-3"],
    ...["cauchy-0.3", "cauchy-auto"],
  ])("has %s in both types with everything that can be missing", (loss) => {
    for (const type of ["f64", "f32"]) {
      for (const holes of ["", " ignore", " zero-fill", " weights", " nan"]) {
        expect(names).toContain(`40x31 k=5 ${type} ${loss}${holes}`);
      }
    }
  });

  it.each([
    "1x1 k=1",
    "17x3 k=1",
    "17x3 k=3",
    "3x17 k=1",
    "3x17 k=3",
    "9x9 k=9",
    "200x300 k=5",
    "61x403 k=7",
  ])("has %s in both types", (shape) => {
    for (const type of ["f64", "f32"]) {
      const start = `${shape} ${type} kullback-leibler`;
      expect(names.some((name) => name.startsWith(start))).toBe(true);
    }
  });

  it.each(["solver=mu", "solver=hals", "order=HW", "restarts=3", "stopping=kkt", "l1W=", "l2H="])(
    "has %s",
    (option) => {
      expect(names.filter((name) => name.includes(option)).length).toBeGreaterThan(0);
    },
  );

  it.each(["backprop", "implicit"])("has gradients by %s in both types", (mode) => {
    for (const type of ["f64", "f32"]) {
      for (const loss of ["frobenius", "kullback-leibler"]) {
        expect(names.some((name) => name.startsWith(`lafa 40x31 k=7 ${type} ${loss} mode=${mode}`))).toBe(
          true,
        );
      }
    }
  });

  it.each(["half-normal", "nndsvd", "nndsvda", "given"])("has the start %s", (init) => {
    expect(names.filter((name) => name.includes(`init=${init} `)).length).toBeGreaterThan(3);
  });
});

describe("the committed digest", () => {
  // The full battery (npm run parity:full) asks for all threads everywhere, and in isolated pages too.
  const chosen = runtimes.filter(({ name, quick }) => quick || !name.includes("isolated"));
  for (const runtime of chosen) {
    const { name, quick } = runtime;
    it.skipIf(runtime.version() === undefined)(`is what ${name} gives`, async () => {
      const counts = quick ? THREADS : THREADS.slice(0, 1);
      const answers = await runtime.answers(counts);
      expect(answers.map(({ threads }) => threads)).toEqual(counts);
      const verdicts = answers.map((answer) => verdict(answer, runtime));
      expect(verdicts.filter(({ well }) => !well)).toEqual([]);
      expect(verdicts[0]?.words).toBe(`equal, ${golden.problems} problems`);
    });
  }
});

describe("what is not equal is not called equal", () => {
  const able = { threads: true };

  it("another digest is told with the problems that changed", () => {
    const [first, second] = Object.keys(golden.parts);
    const parts = { ...golden.parts, [first!]: "0", [second!]: "1" };
    expect(verdict({ ...golden, digest: "0", parts }, able)).toEqual({
      well: false,
      words: `DIFFERS in 2 of ${golden.problems} problems: ${first}; ${second}`,
    });
  });

  it("no threads is a failure where there are some, and never equal", () => {
    const alone = { threads: 2, alone: "the page is not isolated" };
    expect(verdict(alone, { threads: false })).toEqual({ well: true, words: `no threads: ${alone.alone}` });
    expect(verdict(alone, able)).toEqual({ well: false, words: `FAILED: no threads: ${alone.alone}` });
  });

  const told = async (sdk: object, counts: readonly unknown[]) => {
    const answers: Answer[] = [];
    await report(sdk, counts, (answer) => answers.push(answer));
    return answers;
  };

  it("a runtime's reason to have no threads is its answer, and no battery is run", async () => {
    const sdk = { info: async () => ({ threads: 1, threadsReason: "it has no workers" }) };
    expect(await told(sdk, [2, 4])).toEqual([
      { threads: 2, alone: "it has no workers" },
      { threads: 4, alone: "it has no workers" },
    ]);
  });

  it("fewer threads than were asked for is an error, and so is whatever is thrown", async () => {
    const sdk = { info: async () => ({}), datasets: { facts: {} }, nmf: async () => ({ threads: 1 }) };
    const [answer] = await told(sdk, [4]);
    expect(answer?.error).toMatch(/: 1 threads instead of 4$/);
    expect(verdict(answer!, able).well).toBe(false);
    const failing = { ...sdk, nmf: () => Promise.reject(new Error("out of memory")) };
    expect(await told(failing, [1])).toEqual([{ threads: 1, error: "out of memory" }]);
  });
});
