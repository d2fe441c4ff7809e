// The bench: that it runs, and that a time counts only beside the same answer.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "./cli/command.js";
import { projectRoot } from "./data.js";

interface Peer {
  readonly name: string;
  readonly dtypes: readonly string[];
  available(): Promise<string>;
  prepare(data: object, settings: object): Promise<void>;
  run(iterations: number, judge?: boolean): Promise<{ ms: number; objective?: number }>;
  close(): void;
}

type Problem = { W0: Float64Array; H0: Float64Array };

interface Bench {
  judge(solve: unknown, data: object, solver: object, peers: Peer[]): Promise<Verdict[]>;
  solverOf(sdk: object, data: object): unknown;
  problem(size: object, dtype: string): Problem;
  objective(loss: string, data: object, W: Float64Array, H: Float64Array): number;
  exponent(points: [number, number][]): number;
  PEERS: ((threads: number) => Peer)[];
  cases: { name: string }[];
}

interface Verdict {
  readonly counts: boolean;
  readonly verdict: string;
}

async function load<K extends keyof Bench>(path: string): Promise<Pick<Bench, K>> {
  return (await import(join(projectRoot, "bench", path))) as Bench;
}

const { judge } = await load<"judge">("rivals.mjs");
const { solverOf } = await load<"solverOf">("ours.mjs");
const { problem, objective } = await load<"problem" | "objective">("data.mjs");
const { PEERS } = await load<"PEERS">("peers/peer.mjs");
const { cases } = await load<"cases">("cases/solvers.mjs");
const sdk = (await import(join(projectRoot, "dist", "sync.js"))) as object;

const size = { m: 12, n: 9, k: 3 };

function run(...args: string[]): { parts: Record<string, { lines: Record<string, unknown>[] }> } {
  const file = join(scratchFolder(), "bench.json");
  const script = join(projectRoot, "bench", "run.mjs");
  execFileSync(process.execPath, [script, "--quick", "--no-peers", "--json", file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return JSON.parse(readFileSync(file, "utf8"));
}

test("npm run bench measures each part of the line that is asked for", () => {
  const { parts } = run("--part", "kernels,solvers,objective", "--only", "96x21 f32 frobenius");
  expect(parts.kernels!.lines.map(({ name }) => name)).toEqual([
    "half-step mu-frobenius H",
    "half-step mu-frobenius W",
    "loss frobenius",
  ]);
  expect(parts.solvers!.lines).toMatchObject([{ name: "nmf mu frobenius", dtype: "f32", peers: [] }]);
  expect(parts.objective!.lines).toMatchObject(
    ["cd", "mu"].flatMap((iteration) =>
      [1, 2].map((threads) => ({ name: `to objective frobenius ${iteration}`, threads })),
    ),
  );
  expect(parts.objective!.lines[0]!.iterations).toBeLessThanOrEqual(200);
});

test("gradients are measured with the bytes they take", () => {
  const { lines } = run("--part", "lafa", "--only", "WTSI f32").parts.lafa!;
  expect(lines).toMatchObject([
    { name: "lafa implicit", iterations: 1600, peers: [] },
    { name: "lafa backprop", iterations: 1600, peers: [], products: 0 },
  ]);
  for (const { peakBytes } of lines) expect(peakBytes).toBeGreaterThan(0);
});

test("startup is measured for each way from the import to a first result", () => {
  const { lines } = run("--part", "startup").parts.startup!;
  expect(lines.map(({ name }) => name)).toEqual(["advnmf", "advnmf/sync", "in steps"]);
  for (const { total } of lines as { total: { median: number } }[]) expect(total.median).toBeGreaterThan(0);
});

test("a peer that reaches another objective is not timed, and says so", async () => {
  const data = problem(size, "f64");
  const stuck: Peer = {
    name: "sklearn",
    dtypes: ["f64"],
    available: async () => "",
    prepare: async () => {},
    run: async () => ({ ms: 1, objective: objective("frobenius", data, data.W0, data.H0) }),
    close() {},
  };
  const [verdict] = await judge(solverOf(sdk, data), data, cases[0]!, [stuck]);
  expect(verdict).toMatchObject({ counts: false, verdict: expect.stringMatching(/^differs: ours .*theirs/) });
});

test.for(PEERS.map((make) => make(1)))(
  "$name, where it is installed, solves the same problems",
  async (peer, { skip }) => {
    try {
      const why = await peer.available();
      skip(why !== "", why);
      const verdicts: Verdict[] = [];
      for (const dtype of peer.dtypes) {
        for (const solver of cases) {
          const data = problem(size, dtype);
          verdicts.push(...(await judge(solverOf(sdk, data), data, solver, [peer])));
        }
      }
      expect(verdicts.length).toBeGreaterThanOrEqual(2);
      for (const verdict of verdicts) expect(verdict).toMatchObject({ verdict: "same objective" });
    } finally {
      peer.close();
    }
  },
);

test("the exponent of growth is found from a power law", async () => {
  const { exponent } = await load<"exponent">("stats.mjs");
  const points = [1, 10, 100, 1000].map((x): [number, number] => [x, 3 * x ** 1.25]);
  expect(exponent(points)).toBeCloseTo(1.25, 12);
});
