// What reaches a result is computed in the WebAssembly module, or by the exact operations of the host.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../data.js";
import { inexactMath } from "./host-math.js";

describe("the scan", () => {
  it.each([
    "Math.exp(x)",
    "Math . log(x)",
    "const { cos } = Math",
    'Math["pow"](2, 3)',
    "const M = Math",
    "globalThis.Math.random()",
    "x ** 0.5",
    "y **= 2",
    "2 ** n",
    "`$" + "{Math.sin(1)}`",
  ])("finds %s", (code) => {
    expect(inexactMath(code)).toHaveLength(1);
  });

  it.each(["Math.sqrt(x) + Math.max(1, y)", "2 ** 32 - 2 ** -1", "// Math.exp(x)", '"Math.exp ** 2"'])(
    "lets %s pass",
    (code) => {
      expect(inexactMath(code)).toEqual([]);
    },
  );
});

it("finds no inexact host mathematics in the sources of the SDK", () => {
  const folder = join(projectRoot, "sdk");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap((file) => inexactMath(readFileSync(join(folder, file), "utf8"), file))).toEqual([]);
});

/** comlink carries messages between threads and numbers them at random: one use in each file that holds comlink. */
function withoutComlink(text: string, found: readonly string[]): readonly string[] {
  if (!text.includes('Symbol("Comlink.proxy")')) return found;
  const its = found.findIndex((use) => use.endsWith(": Math.random"));
  return found.filter((_, index) => index !== its);
}

describe("what is built", () => {
  const dist = join(projectRoot, "dist");

  it("has no inexact host mathematics of its own", () => {
    const files = readdirSync(dist).filter((file) => file.endsWith(".js"));
    expect(files).toEqual(expect.arrayContaining(["index.js", "sync.js", "worker.js"]));
    const found = files.flatMap((file) => {
      const text = readFileSync(join(dist, file), "utf8");
      return withoutComlink(text, inexactMath(text, file));
    });
    expect(found).toEqual([]);
  });

  it.each(["index.js", "sync.js", "worker.js"])(
    "%s computes with no package's mathematics",
    async (entry) => {
      const { outputFiles, metafile } = await build({
        entryPoints: [join(dist, entry)],
        absWorkingDir: projectRoot,
        bundle: true,
        write: false,
        metafile: true,
        format: "esm",
        target: "es2022",
        // Loaded when ranks are compared by consensus: average linkage, which takes + * / only (the battery has it).
        external: ["node:*", "ml-hclust"],
        logLevel: "error",
      });
      const paths = Object.keys(metafile.inputs).join("\n");
      const packages = new Set(Array.from(paths.matchAll(/node_modules\/([^/]+)/g), ([, name]) => name!));
      expect([...packages]).toEqual([]);
      expect(outputFiles.flatMap(({ text }) => withoutComlink(text, inexactMath(text, entry)))).toEqual([]);
    },
  );
});
