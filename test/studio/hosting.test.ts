// Wherever it is served: below a path, with and without the headers of isolation, without a network, small; and the
// same bits as in Node, in Chromium and in Firefox.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { datasets, nmf, sha256 } from "advnmf";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../data.js";
import {
  browsers,
  built,
  chromium,
  type Files,
  factorize,
  open,
  POLICY,
  type ServeOptions,
  serve,
  studioTests,
} from "./studio.js";

const MOST_BYTES = 250 * 1024;

/** The studio with the self-test in its page, beside the module that it loads. */
async function withSelfTest(files: Files, isolated: boolean): Promise<Files> {
  const { outputFiles } = await build({
    entryPoints: [join(projectRoot, "test", "studio", "selftest.mjs")],
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["node:*", "ml-hclust"],
    write: false,
    logLevel: "error",
  });
  const page = (files["index.html"] as Buffer).toString();
  const folder = /"\.\/([0-9a-f]+)\/page\.js"/.exec(page)?.[1];
  const script = `<script type="module" src="./${folder}/selftest.js"></script>`;
  const marked = page
    .replace("<html", `<html data-isolated="${isolated}"`)
    .replace("</body>", `${script}</body>`);
  return {
    ...files,
    "index.html": Buffer.from(marked),
    [`${folder}/selftest.js`]: Buffer.from(outputFiles[0]!.contents),
  };
}

function without(files: Files, path: string): Files {
  return Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));
}

interface Answer {
  readonly error?: string;
  readonly isolated: boolean;
  readonly environment: string;
  readonly sha256: { readonly W: string; readonly H: string };
  readonly problems: unknown;
  readonly verdict: string;
  readonly cancelled: string;
  readonly violations: readonly string[];
}

/** Serves the studio with its self-test to whatever `look` opens, until it answers. */
async function selfTest(
  files: Files,
  isolated: boolean,
  options: ServeOptions,
  look: (url: string) => Promise<{ failed: Promise<never>; stop(): Promise<void> }>,
): Promise<Answer> {
  let server: Awaited<ReturnType<typeof serve>> | undefined;
  let browser: Awaited<ReturnType<typeof look>> | undefined;
  const tested = await withSelfTest(files, isolated);
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = new Promise<Answer>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error("the page did not answer")), 200_000);
      void serve(tested, { ...options, onPost: (posted) => resolve(posted as Answer) }).then(
        async (started) => {
          server = started;
          browser = await look(started.url);
          browser.failed.catch(reject);
        },
        reject,
      );
    });
    return await answer;
  } finally {
    clearTimeout(timer);
    await browser?.stop();
    server?.close();
  }
}

async function expectSound(answer: Answer, isolated: boolean): Promise<void> {
  expect(answer.error).toBeUndefined();
  expect(answer.violations).toEqual([]);
  expect(answer.isolated).toBe(isolated);
  if (!isolated) expect(answer.environment).toContain("(1 thread)");
  const script = join(projectRoot, "test", "runtimes", "fingerprints.mjs");
  expect(answer.problems).toEqual(JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })));
  const here = await nmf(await datasets.atnmfSynthetic(), { rank: 5 });
  expect(answer.sha256).toEqual({ W: await sha256(here.W), H: await sha256(here.H) });
  expect(answer.verdict).toMatch(/^A change of 10% moves the features by [\d.]+;/);
  expect(answer.cancelled).toMatch(/^(Cancelled after [\d,]+ iteration|.*Cancelled before)/);
}

describe.skipIf(chromium === undefined)("the studio, served to Chromium", () => {
  const studio = studioTests();

  it("takes less than 250 KiB at its first visit, what it keeps for later included", async () => {
    const server = await serve(studio.files, { base: "/" });
    const { page, context, complaints } = await studio.visit({ url: server.url, serviceWorkers: "allow" });
    await page.evaluate(() => navigator.serviceWorker.ready);
    await open(page, "atnmf-synthetic");
    await factorize(page);
    const sent = [...server.sent.values()].reduce((sum, bytes) => sum + bytes, 0);
    expect(server.sent.size).toBe(Object.keys(studio.files).length);
    expect(sent).toBeLessThan(MOST_BYTES);
    expect(complaints).toEqual([]);
    // Without a network.
    server.close();
    await context.setOffline(true);
    await page.reload();
    await page.waitForFunction(() =>
      document.querySelector("#environment")?.textContent?.includes("Version"),
    );
    await open(page, "swimmer");
    await factorize(page);
    expect(await page.textContent("#summary")).toMatch(/^17 features/);
  });

  it("has threads with the headers, and one without", async () => {
    const { page } = await studio.visit();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    const server = await serve(studio.files, { isolated: false });
    try {
      const { page: bare, complaints } = await studio.visit({ url: server.url });
      expect(await bare.evaluate(() => crossOriginIsolated)).toBe(false);
      expect(await bare.textContent("#environment")).toContain("(1 thread)");
      await open(bare, "atnmf-synthetic");
      await factorize(bare);
      expect(complaints).toEqual([]);
    } finally {
      server.close();
    }
  });

  it("is isolated by its service worker after one reload where the host sends no headers", async () => {
    const server = await serve(studio.files, { isolated: false, base: "/deep/er/" });
    try {
      const { page, complaints } = await studio.visit({ url: server.url, serviceWorkers: "allow" });
      await page.waitForFunction(() => crossOriginIsolated);
      await page.waitForFunction(() =>
        document.querySelector("#environment")?.textContent?.includes("Version"),
      );
      await open(page, "atnmf-synthetic");
      await factorize(page);
      expect(
        await page.evaluate(() =>
          performance.getEntriesByType("navigation").map((entry) => entry.toJSON().type),
        ),
      ).toEqual(["reload"]);
      expect(complaints).toEqual([]);
    } finally {
      server.close();
    }
  });

  it("has a policy of nothing but itself and WebAssembly", () => {
    const page = (studio.files["index.html"] as Buffer).toString();
    expect(page).toContain(POLICY);
    expect(
      [...POLICY.matchAll(/'[^']*'|https?:|blob:|data:|\*/g)]
        .map(([source]) => source)
        .filter((source) => source !== "'self'"),
    ).toEqual(["'wasm-unsafe-eval'"]);
    expect(page).not.toMatch(/ style=| on[a-z]+=|<style|https?:/);
  });

  it.each([true, false])("the five problems and a walk through it, isolated: %s", async (isolated) => {
    const files = without(studio.files, "service-worker.js");
    const answer = await selfTest(files, isolated, { isolated }, async (url) => {
      const context = await studio.browser.newContext({ serviceWorkers: "block" });
      await (await context.newPage()).goto(url);
      return { failed: new Promise<never>(() => undefined), stop: () => context.close() };
    });
    await expectSound(answer, isolated);
  });
});

describe.skipIf(browsers.firefox() === undefined)("the studio, served to Firefox", () => {
  let files: Files;
  beforeAll(async () => {
    files = await built();
  });

  it.each([
    ["by the host's headers", true, true, false],
    ["not", false, false, false],
    ["by its service worker", true, false, true],
  ])(
    "the five problems and a walk through it, isolated %s",
    { timeout: 240_000 },
    async (_, isolated, headers, keeps) => {
      const served = keeps ? files : without(files, "service-worker.js");
      const answer = await selfTest(served, isolated, { isolated: headers }, browsers.openFirefox);
      await expectSound(answer, isolated);
    },
  );
});

it("the studio's files fit into 250 KiB, gzipped", async () => {
  const files = await built();
  const sizes = Object.values(files).map((content) => gzipSync(content, { level: 9 }).length);
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(MOST_BYTES);
  expect(readFileSync(join(projectRoot, "examples", "browser", "index.html"), "utf8")).toContain(POLICY);
});
