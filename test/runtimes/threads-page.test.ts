// Threads in a page: where its workers are blocked or missing, the call computes alone and says why.

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../data.js";
import { chromium, type Headers, ISOLATION, openChromium, pageFiles, servePage } from "../pages.js";

interface Told {
  readonly error?: string;
  readonly asked: number;
  readonly warnings: readonly string[];
  readonly unasked: readonly string[];
  readonly same: boolean;
  readonly threads: number;
  readonly threadsReason?: string;
}

async function told(headers: Headers, without: readonly string[] = []): Promise<Told> {
  const all = await pageFiles(join(projectRoot, "test", "runtimes", "threads-page.mjs"));
  const files = Object.fromEntries(Object.entries(all).filter(([path]) => !without.includes(path)));
  const { answers, failure } = await servePage(openChromium, files, headers, 1);
  expect(failure).toBeUndefined();
  const [answer] = answers as Told[];
  expect(answer?.error).toBeUndefined();
  return answer as Told;
}

describe.skipIf(chromium() === undefined)("threads in a page of Chromium", () => {
  it("that is isolated: they are used", async () => {
    const answer = await told(ISOLATION);
    expect(answer).toMatchObject({ asked: 2, warnings: [], unasked: [], same: true });
    expect(answer.threadsReason).toBeUndefined();
  });

  it("that is not isolated: one, the reason, and a warning if more were asked for", async () => {
    const answer = await told({});
    expect(answer).toMatchObject({ asked: 1, unasked: [], same: true, threads: 1 });
    expect(answer.warnings.join()).toMatch(/^Computed on one thread, not 2: .*Cross-Origin-Opener-Policy/);
    expect(answer.threadsReason).toMatch(/Cross-Origin-Opener-Policy/);
  });

  it("whose content security policy blocks workers: one, and the reason", async () => {
    const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'";
    const answer = await told({ ...ISOLATION, "content-security-policy": policy });
    expect(answer).toMatchObject({ asked: 1, same: true, threads: 1 });
    expect(answer.warnings.join()).toMatch(/not 2: its workers could not be started: /);
    expect(answer.threadsReason).toMatch(/could not be started/);
  });

  it("that lacks the worker script: one, and the reason", async () => {
    const answer = await told(ISOLATION, ["/worker.js"]);
    expect(answer).toMatchObject({ asked: 1, same: true, threads: 1 });
    expect(answer.warnings.join()).toMatch(/could not be started: .*\/worker\.js/);
  });
});
