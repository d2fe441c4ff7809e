// The installed package in what people build pages with: the lines that the README gives for each, built and opened.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { datasets, nmf, sha256 } from "advnmf";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import { beforeAll, describe, expect, test } from "vitest";
import { scratchFolder } from "./cli/command.js";
import { installPacked, pack } from "./consumer.js";
import { projectRoot } from "./data.js";
import { chromium, ISOLATION, openChromium, servePage, siteOf } from "./pages.js";

interface Told {
  readonly digest: string;
  readonly threads: number;
  readonly warnings: readonly string[];
}

const folder = scratchFolder();
const readme = readFileSync(join(projectRoot, "README.md"), "utf8");

/** What every page does; `engine` is how it gets one, if not by itself. */
const program = (
  imports: string,
  engine: string,
) => `import { createEngine, datasets, nmf, sha256 } from "advnmf";
${imports}
const V = await datasets.lafaSynthetic(${engine && `{ engine: await createEngine({ ${engine} }) }`});
const options = { rank: 3, loss: "kullback-leibler", seed: 7, threads: 2 };
const { W, threads, warnings } = await nmf(V, { ...options${engine && `, engine: await createEngine({ ${engine} })`} });
await fetch("/", { method: "POST", body: JSON.stringify({ digest: await sha256(W), threads, warnings }) });
`;
const page = (attributes: string) =>
  `<!doctype html><title>advnmf</title><script src="/main.js" ${attributes}></script>`;

async function expected(): Promise<string> {
  const V = await datasets.lafaSynthetic();
  return sha256((await nmf(V, { rank: 3, loss: "kullback-leibler", seed: 7, threads: 1 })).W);
}

async function told(site: string): Promise<Told> {
  const { answers, failure } = await servePage(openChromium, siteOf(site), ISOLATION, 1);
  expect(failure).toBeUndefined();
  return answers[0] as Told;
}

/** The webpack that \`npm test\` installs beside the other tools of the tests. */
const tools = join(projectRoot, "test", "runtimes");
const hasWebpack = existsSync(join(tools, "node_modules", "webpack"));

type Webpack = (
  configuration: object,
  done: (error: Error | null, stats: { hasErrors(): boolean; toString(): string }) => void,
) => void;

describe("the installed package", () => {
  beforeAll(() => installPacked(pack(folder).tarball, folder));

  /** A project of its own inside the one that has the package. */
  function project(name: string, imports = "", engine = ""): string {
    const root = join(folder, name);
    mkdirSync(root);
    writeFileSync(join(root, "main.js"), program(imports, engine));
    return root;
  }

  test.skipIf(!chromium())("in a page built by Vite, with threads", async () => {
    const root = project("vite");
    writeFileSync(join(root, "index.html"), page('type="module"'));
    await vite({ root, logLevel: "error", configFile: false, build: { target: "es2022" } });
    expect(await told(join(root, "dist"))).toEqual({ digest: await expected(), threads: 2, warnings: [] });
  });

  test.skipIf(!chromium() || !hasWebpack)("in a page built by webpack, with threads", async () => {
    const root = project("webpack");
    const webpack = createRequire(join(tools, "package.json"))("webpack") as Webpack;
    const dist = join(root, "dist");
    await new Promise<void>((resolve, reject) => {
      webpack(
        { mode: "production", context: root, entry: "./main.js", output: { path: dist } },
        (error, stats) => {
          if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString()));
          else resolve();
        },
      );
    });
    writeFileSync(join(dist, "index.html"), page("defer"));
    expect(await told(dist)).toEqual({ digest: await expected(), threads: 2, warnings: [] });
  });

  test.skipIf(!chromium())("in a page built by esbuild, from the bytes in advnmf/inline", async () => {
    const line = /`(import \{ wasmBytes \} from "advnmf\/inline";)`/.exec(readme)?.[1];
    expect(line).toBeDefined();
    const root = project("esbuild", line, "wasm: wasmBytes()");
    const dist = join(root, "dist");
    const options = { bundle: true, format: "esm", platform: "browser", target: "es2022" } as const;
    await esbuild({
      ...options,
      entryPoints: [join(root, "main.js")],
      outdir: dist,
      external: ["node:*"],
      logLevel: "error",
    });
    writeFileSync(join(dist, "index.html"), page('type="module"'));
    const { digest, threads } = await told(dist);
    // One thread: the script of the workers was not copied beside the bundle.
    expect({ digest, threads }).toEqual({ digest: await expected(), threads: 1 });
  });
});
