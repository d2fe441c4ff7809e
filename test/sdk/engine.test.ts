// Engines, memory, workers, data sets and fingerprints.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  AdvnmfError,
  createEngine,
  createWorker,
  datasets,
  info,
  matrix,
  nmf,
  sha256,
  type WasmSource,
} from "advnmf";
import { wasmBytes } from "advnmf/inline";
import { createEngineSync, nmfSync } from "advnmf/sync";
import { describe, expect, it } from "vitest";
import { Arena, formatBytes } from "../../sdk/memory.js";
import { projectRoot } from "../data.js";

const wasmFile = join(projectRoot, "dist", "advnmf.wasm");
const V = [
  [1, 2, 3],
  [2, 4, 7],
  [3, 6, 8],
  [1, 0, 1],
];

describe("the engine", () => {
  const bytes = readFileSync(wasmFile);
  const sources = {
    "a Uint8Array": () => new Uint8Array(bytes),
    "an ArrayBuffer": () => new Uint8Array(bytes).buffer,
    "a file URL": () => pathToFileURL(wasmFile),
    "a URL string": () => pathToFileURL(wasmFile).href,
    "a data URL": () => `data:application/wasm;base64,${bytes.toString("base64")}`,
    "a Response": () => new Response(new Uint8Array(bytes)),
    "a compiled module": () => new WebAssembly.Module(new Uint8Array(bytes)),
    "the inline bytes": () => wasmBytes(),
  };
  for (const [name, source] of Object.entries(sources)) {
    it(`loads ${name}, with the same bits`, async () => {
      const engine = await createEngine({ wasm: source() });
      const [own, usual] = [await nmf(V, { rank: 2, engine }), await nmf(V, { rank: 2 })];
      expect(own.W.data).toEqual(usual.W.data);
    });
  }

  it("loads bytes and files on the calling thread, and says what it cannot", async () => {
    expect(nmfSync(V, { rank: 2, engine: createEngineSync({ wasm: bytes }) }).W.data).toEqual(
      nmfSync(V, { rank: 2 }).W.data,
    );
    expect(() => createEngineSync({ wasm: "https://example.invalid/advnmf.wasm" })).toThrow(/calling thread/);
  });

  const refused: [string, () => WasmSource, string, RegExp][] = [
    ["bytes that are no module", () => new Uint8Array([1, 2, 3]), "IO", /could not be loaded/],
    ["a file that is not there", () => new URL("file:///nowhere/advnmf.wasm"), "IO", /nowhere/],
    ["an answer of 404", () => new Response("", { status: 404 }), "IO", /404/],
    ["a word", () => "advnmf", "OPTION", /wasm must be/],
  ];
  it.each(refused)("refuses %s", async (_name, source, code, message) => {
    const error = (await createEngine({ wasm: source() }).catch((thrown: unknown) => thrown)) as AdvnmfError;
    expect(error).toBeInstanceOf(AdvnmfError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it("refuses another module, before computing", async () => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    await expect(createEngine({ wasm: empty })).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it("gives its memory back: many runs take no more than one", async () => {
    using engine = await createEngine();
    const big = Array.from({ length: 300 }, (_, i) =>
      Array.from({ length: 200 }, (_, j) => ((i * j) % 17) + 1),
    );
    const first = await nmf(big, { rank: 5, maxIterations: 2, engine });
    const after = engine.memoryBytes;
    for (let i = 0; i < 20; i++) {
      const again = await nmf(big, { rank: 5, maxIterations: 2, engine });
      expect(again.peakBytes).toBe(first.peakBytes);
    }
    await nmf([[1, -1]], { rank: 1, engine }).catch(() => undefined);
    expect(engine.memoryBytes).toBe(after);
    expect(first.peakBytes).toBeGreaterThan(2 * 300 * 200 * 8);
    expect(first.peakBytes).toBeLessThan(4 * 300 * 200 * 8);
  });

  it("says so when it was disposed", async () => {
    const engine = await createEngine();
    engine[Symbol.dispose]();
    await expect(nmf(V, { rank: 1, engine })).rejects.toMatchObject({ code: "WORKER" });
  });

  it("info tells runtime, version and memory", async () => {
    const facts = await info();
    expect(facts.runtime).toBe(`node ${process.versions.node}`);
    expect(facts.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(facts).toMatchObject({
      simd: true,
      threads: Math.min(32, availableParallelism()),
      memoryLimit: 2 ** 32,
    });
    expect(facts.threadsReason).toBeUndefined();
  });
});

describe("the arena", () => {
  it("takes on 16-byte boundaries, rewinds, grows and measures", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
    const arena = new Arena(memory, 1001);
    const mark = arena.mark();
    expect(mark).toBe(1008);
    expect(arena.take(5, "a")).toBe(1008);
    expect(arena.take(100_000, "b")).toBe(1024);
    expect(memory.buffer.byteLength).toBe(2 * 65536);
    expect(arena.peak).toBe(1024 + 100_000);
    arena.rewind(mark);
    expect(arena.take(16, "c")).toBe(1008);
    expect(arena.peak).toBe(1024 + 100_000);
    arena.resetPeak();
    expect(arena.peak).toBe(1024);
  });

  it("refuses beyond 4 GiB and where the host refuses, and takes nothing then", () => {
    const arena = new Arena(new WebAssembly.Memory({ initial: 1, maximum: 4 }), 0);
    expect(() => arena.take(5 * 2 ** 30, "a large thing")).toThrow(/a large thing needs 5\.00 GiB.*4 GiB/);
    expect(() => arena.take(2 ** 20, "a thing")).toThrow(/refused to grow/);
    expect(arena.mark()).toBe(0);
    expect(formatBytes(1536)).toBe("1.50 KiB");
  });
});

describe("the data sets", () => {
  // The same everywhere: test/runtimes compares them with other runtimes.
  it.each([
    ["swimmer", 1024, 256, "f4378d711d9963ed3afcb1e313780b01cf126bd69152abe974ad7982a55df82d"],
    ["faces", 576, 400, "edcba068489bea1fdb4095521a187c4be12513ce616457ca208c8abc22e41a88"],
    ["lafa-synthetic", 103, 200, "13a33c2ca0af238bb0f0a2e772f5f6599fccdc63042b2b7d885d83b4b45dd9b0"],
    ["atnmf-synthetic", 100, 50, "8df3f6e925bef04253f64ed84e31447a25135fc7730cce3ad23fb841c28fdd21"],
  ] as const)("%s is %i×%i, with this digest", async (name, rows, cols, digest) => {
    const data = await datasets.load(name);
    expect(data).toMatchObject({ rows, cols });
    expect(datasets.facts[name]).toMatchObject({ rows, cols });
    expect(await sha256(data)).toBe(digest);
  });

  it("swimmer: every pose has a torso of 16 and four limbs of 6, all poses differ", async () => {
    const { data } = await datasets.swimmer();
    const poses = new Set<string>();
    for (let p = 0; p < 256; p++) {
      const picture = Array.from({ length: 1024 }, (_, i) => data[i * 256 + p]!);
      expect(picture.reduce((a, b) => a + b, 0)).toBe(40);
      poses.add(picture.join(""));
    }
    expect(poses.size).toBe(256);
  });

  it("faces: grey values, no two faces alike, near a small rank and not of it; seeds differ", async () => {
    const V20 = await datasets.faces();
    expect(V20.data.every((x) => x >= 0 && x <= 1 && x === Math.fround(x))).toBe(true);
    const pictures = Array.from({ length: 400 }, (_, j) => V20.data.filter((_, i) => i % 400 === j).join());
    expect(new Set(pictures).size).toBe(400);
    const { rank } = datasets.facts.faces;
    const fit = await nmf(V20, { rank });
    expect(fit.relativeError).toBeGreaterThan(0.05);
    expect(fit.relativeError).toBeLessThan(0.15);
    expect((await datasets.faces({ seed: 1 })).data).not.toEqual(V20.data);
  });

  it("lafa-synthetic is three features and no noise; seeds differ", async () => {
    const V = await datasets.lafaSynthetic();
    const fit = await nmf(V, { rank: 3, tolerance: 0, maxIterations: 3000 });
    expect(fit.relativeError).toBeLessThan(1e-3);
    expect((await nmf(V, { rank: 2 })).relativeError).toBeGreaterThan(0.05);
    const [a, b] = [await datasets.lafaSynthetic({ seed: 1 }), await datasets.lafaSynthetic({ seed: 2 })];
    expect(a.data).not.toEqual(b.data);
  });

  it("atnmf-synthetic has rank 5 exactly", async () => {
    const V5 = await datasets.atnmfSynthetic();
    const fit = await nmf(V5, { rank: 5, tolerance: 0, maxIterations: 5000 });
    expect(fit.relativeError).toBeLessThan(1e-3);
    const low = await nmf(V5, { rank: 4, tolerance: 0, maxIterations: 5000 });
    expect(low.relativeError).toBeGreaterThan(10 * fit.relativeError);
  });

  it("refuses an unknown name and option", async () => {
    await expect(datasets.load("swimer" as never)).rejects.toThrow(/did you mean "swimmer"/);
    await expect(datasets.swimmer({ sed: 1 } as never)).rejects.toMatchObject({ code: "OPTION" });
  });
});

describe("sha256", () => {
  it("is that of the little-endian bytes", async () => {
    // printf '\x00\x00\x80\x3f' | sha256sum
    expect(await sha256(matrix(1, 1, Float32Array.of(1)))).toBe(
      "e00e5eb9444182f352323374ef4e08ebcb784725fdd4fd612d7730540b3e0c8c",
    );
    const wide = new Float64Array([9, 1, 2, 9]);
    expect(await sha256(matrix(1, 2, wide.subarray(1, 3)))).toBe(await sha256([[1, 2]]));
  });
});

describe("a worker", () => {
  it("gives the same bits, progress, errors and cancellation as the calling thread", async () => {
    using worker = createWorker();
    const swimmer = await datasets.swimmer();
    const seen: number[] = [];
    const options = { rank: 17, loss: "kullback-leibler", maxIterations: 60, tolerance: 0 } as const;
    const remote = await worker.nmf(swimmer, { ...options, onProgress: (p) => seen.push(p.iteration) });
    const local = await nmf(swimmer, options);
    expect(await sha256(remote.W)).toBe(await sha256(local.W));
    expect(seen.length).toBeGreaterThan(0);
    expect((await remote.transform(swimmer, { maxIterations: 5 })).H.data).toEqual(
      (await local.transform(swimmer, { maxIterations: 5 })).H.data,
    );

    const bad = await worker.nmf([[1, -2]], { rank: 1 }).catch((thrown: unknown) => thrown);
    expect(bad).toBeInstanceOf(AdvnmfError);
    expect(bad).toMatchObject({ code: "NEGATIVE", details: { row: 0, column: 1 } });

    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const aborted = await worker
      .nmf(swimmer, { rank: 17, tolerance: 0, maxIterations: 1e9, signal: controller.signal })
      .catch((thrown: unknown) => thrown);
    expect(aborted).toMatchObject({ code: "ABORTED", best: { reason: "aborted" } });
    expect((await worker.nmf(V, { rank: 1 })).W.rows).toBe(4);
  });

  it("that cannot be started is a WORKER error", async () => {
    using worker = createWorker({ url: "file:///nowhere/worker.js" });
    await expect(worker.nmf(V, { rank: 1 })).rejects.toMatchObject({ code: "WORKER" });
  });
});
