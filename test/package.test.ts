// What npm would publish: its files, its entry points, its size, and that it works where it is installed.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { build, type Plugin } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { scratchFolder } from "./cli/command.js";
import { installPacked, npm, type Packed, pack } from "./consumer.js";
import { projectRoot } from "./data.js";
import { deno, hasDeno } from "./runtimes/deno.js";

interface Manifest {
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly exports: Record<string, string | Record<string, string>>;
  readonly bin: Record<string, string>;
  readonly "size-limit": readonly {
    name: string;
    path: string;
    limit: string;
    gzip?: boolean;
    brotli?: boolean;
  }[];
}

// Plain JavaScript: `npm run studio` uses it too.
const { buildStudio } = (await import(new URL("../examples/browser/build.mjs", import.meta.url).href)) as {
  buildStudio(out: string): Promise<unknown>;
};

const manifest = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as Manifest;
const folder = scratchFolder();
let packed: Packed;
let tarball: Buffer;
let files: readonly string[];

beforeAll(() => {
  packed = pack(folder);
  tarball = readFileSync(packed.tarball);
  files = packed.files;
});

describe("what is published", () => {
  test("what a user needs, and nothing else", () => {
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md", "package.json"]));
    const others = files.filter((path) => !/^(?:LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(path));
    expect(
      others.filter((path) => !/^dist\/(?:[\w-]+\.(?:js|wasm)|types\/[\w/-]+\.d\.ts)$/.test(path)),
    ).toEqual([]);
    expect(others).toContain("dist/advnmf.wasm");
    const dryRun = JSON.parse(npm("pack", "--dry-run", "--json")) as { files: { path: string }[] }[];
    expect(dryRun[0]!.files.map((file) => file.path)).toEqual(files);
  });

  test("every target of exports and bin is there", () => {
    const targets = [...Object.values(manifest.exports), manifest.bin].flatMap((target) =>
      typeof target === "string" ? [target] : Object.values(target),
    );
    expect(targets.length).toBeGreaterThan(10);
    for (const target of targets) expect(files).toContain(target.replace("./", ""));
  });

  test("the command starts with a line that names its runtime", () => {
    expect(readFileSync(join(projectRoot, "dist", "cli.js"), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test("publint has nothing to say", async () => {
    const copy = new ArrayBuffer(tarball.length);
    new Uint8Array(copy).set(tarball);
    const { messages, pkg } = await publint({ pack: { tarball: copy }, strict: true });
    expect(pkg?.name).toBe("advnmf");
    expect(messages.map((message) => formatMessage(message, pkg!))).toEqual([]);
  });

  test("types resolve as the code does, for everything that imports ESM", async () => {
    const check = await checkPackage(createPackageFromTarballData(tarball), {
      excludeEntrypoints: ["./wasm"],
    });
    if (!check.types) throw new Error("the package has no types");
    const entrypoints = Object.keys(check.entrypoints).sort();
    expect(entrypoints).toEqual([".", "./inline", "./io", "./package.json", "./sync", "./worker"].sort());
    // The profile "esm-only": old resolution has no exports, and CommonJS cannot require ES modules.
    const ignored = new Set(["node10", "node16-cjs"]);
    const problems = check.problems.filter(
      (problem) => !("resolutionKind" in problem) || !ignored.has(problem.resolutionKind),
    );
    expect(problems).toEqual([]);
  });
});

describe.each([
  "package-lock.json",
  "test/runtimes/package-lock.json",
  "test/runtimes/full/package-lock.json",
])("npm ci takes %s", (path) => {
  const { packages } = JSON.parse(readFileSync(join(projectRoot, path), "utf8")) as {
    packages: Record<
      string,
      { version?: string; resolved?: string; optionalDependencies?: Record<string, string> }
    >;
  };

  test("every optional package of another platform is in it too", () => {
    const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => packages[`node_modules/${name}`]?.version === undefined)).toEqual([]);
  });

  test("from whichever registry", () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  });
});

test.each(["package-lock.json", "test/runtimes/package-lock.json", "bench/peers/package-lock.json"])(
  "%s names no registry, and the digest of every package that is installed everywhere",
  (path) => {
    const { packages } = JSON.parse(readFileSync(join(projectRoot, path), "utf8")) as {
      packages: Record<string, { integrity?: string; resolved?: string; optional?: boolean }>;
    };
    const { "": _, ...locked } = packages;
    expect(Object.keys(locked)).not.toEqual([]);
    for (const [name, { integrity, resolved, optional }] of Object.entries(locked)) {
      expect(resolved, name).toBeUndefined();
      if (!optional) expect(integrity, name).toMatch(/^sha512-/);
    }
  },
);

describe("size", () => {
  // Bundled as an application would: with the dependencies on the main path, without what is loaded on demand.
  const onDemand: Plugin = {
    name: "on-demand",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ kind, path }) =>
        kind === "dynamic-import" ? { path, external: true } : undefined,
      );
    },
  };

  beforeAll(async () => {
    await buildStudio(join(projectRoot, "build", "studio"));
    await build({
      entryPoints: [join(projectRoot, "dist", "index.js")],
      outdir: join(projectRoot, "build", "size"),
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      external: ["node:*"],
      plugins: [onDemand],
      legalComments: "none",
      logLevel: "error",
    });
  });

  test("limits are those that were agreed", () => {
    expect(manifest["size-limit"].map(({ path, limit }) => [path, limit])).toEqual([
      ["dist/advnmf.wasm", "192 KiB"],
      ["build/size/index.js", "52 KiB"],
      ["build/studio/**/*", "250 KiB"],
    ]);
  });

  test("size-limit passes", () => {
    const bin = join(projectRoot, "node_modules", "size-limit", "bin.js");
    const results = JSON.parse(
      execFileSync(process.execPath, [bin, "--json"], { cwd: projectRoot, encoding: "utf8" }),
    ) as { name: string; passed: boolean; size: number }[];
    expect(results).toHaveLength(3);
    for (const { passed, size } of results) {
      expect(passed).toBe(true);
      expect(size).toBeGreaterThan(5000);
    }
  });
});

describe("installed", () => {
  const consumer = join(folder, "consumer");
  const script = join(consumer, "use.mjs");

  beforeAll(() => {
    installPacked(packed.tarball, consumer);
    writeFileSync(
      script,
      `import { readFileSync } from "node:fs";
import { createEngine, createWorker, nmf, sha256 } from "advnmf";
import { wasmBytes } from "advnmf/inline";
import { encodeMatrix, decodeMatrix } from "advnmf/io";
import { createEngineSync, nmfSync } from "advnmf/sync";
const V = decodeMatrix(encodeMatrix([[1, 2], [3, 4], [5, 7]], { format: "npy" }));
const options = { rank: 1, maxIterations: 20 };
const worker = createWorker({ url: import.meta.resolve("advnmf/worker") });
const wasm = readFileSync(new URL(import.meta.resolve("advnmf/wasm")));
const fits = [
  await nmf(V, options),
  await nmf(V, { ...options, engine: await createEngine({ wasm }) }),
  nmfSync(V, options),
  nmfSync(V, { ...options, engine: createEngineSync({ wasm: wasmBytes() }) }),
  await worker.nmf(V, options),
];
worker[Symbol.dispose]();
const digests = [];
for (const { W } of fits) digests.push(await sha256(W));
console.log(JSON.stringify(digests));
`,
    );
  });

  function check(printed: string): void {
    const digests = JSON.parse(printed) as string[];
    expect(digests).toHaveLength(5);
    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
  }

  test("every entry point works in Node", () => {
    check(execFileSync(process.execPath, [script], { cwd: consumer, encoding: "utf8" }));
  });

  test.skipIf(!hasDeno)("every entry point works in Deno", () => {
    check(deno(["run", "-A", "--no-remote", "--no-lock", script], { cwd: consumer }));
  });

  test("its types compile under strict, with the library of ES2022 and every declaration checked", () => {
    const program = join(consumer, "types.mts");
    writeFileSync(
      program,
      `import { createWorker, matrix, nmf, type NmfResult } from "advnmf";
import { wasmBytes } from "advnmf/inline";
import { readMatrix } from "advnmf/io";
import { nmfSync } from "advnmf/sync";
const double: NmfResult<Float64Array> = await nmf([[1, 2], [3, 4]], { rank: 1 });
const sum: number = double.W.data.reduce((a, b) => a + b, 0);
const single: Float32Array = (await nmf(matrix(1, 1, Float32Array.of(1)), { rank: 1 })).H.data;
const file: NmfResult = nmfSync(await readMatrix("v.csv"), { rank: 1 });
// @ts-expect-error: unknown options are refused by the types too
await nmf([[1]], { rnk: 1 });
console.log(sum, single, file.loss, wasmBytes().length, createWorker);
`,
    );
    const options = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      noEmit: true,
      types: [],
    };
    const found = ts.getPreEmitDiagnostics(ts.createProgram([program], options));
    expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "))).toEqual([]);
  });

  test("the command works", () => {
    const command = join(consumer, "node_modules", "advnmf", manifest.bin.advnmf!);
    const printed = execFileSync(process.execPath, [command, "--version"], { encoding: "utf8" });
    expect(printed.trim()).toBe(manifest.version);
  });
});
