// Long runs: the page stays responsive, stops at once, and leaves no worker behind.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeNpy } from "advnmf/io";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { scratchFolder } from "../cli/command.js";
import { seeded } from "../data.js";
import { chromium, factorize, open, studioTests } from "./studio.js";

const random = seeded(3);
const folder = scratchFolder();
// From the disk: what Playwright hands over itself is unpacked on the page's thread.
const cbclSize = { path: join(folder, "361x2429.npy") };
writeFileSync(
  cbclSize.path,
  encodeNpy({ rows: 361, cols: 2429, data: Float64Array.from({ length: 361 * 2429 }, random) }),
);

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of processor time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Settings with which a run does not end by itself. */
async function endless(page: Page): Promise<void> {
  await page.selectOption("#loss", "itakura-saito");
  await page.fill("#rank", "20");
  await page.$eval("#form details", (details) => details.setAttribute("open", ""));
  await page.fill("#iterations", "1000000");
  // More starts than ever end: each may stop early.
  await page.fill("#starts", "1000");
  await page.click("#run");
  await page.waitForFunction(() =>
    /iteration [1-9]/.test(document.querySelector("#progress-label")?.textContent ?? ""),
  );
}

describe.skipIf(chromium === undefined)("a run in the studio", () => {
  const studio = studioTests();

  /** Ids of the workers of all pages, nested ones too. */
  async function workers(): Promise<string[]> {
    const session = await studio.browser.newBrowserCDPSession();
    const { targetInfos } = await session.send("Target.getTargets", { filter: [{}] });
    await session.detach();
    return targetInfos.filter(({ type }) => type === "worker").map(({ targetId }) => targetId);
  }

  /** Milliseconds of processor time of every task on the page's main thread while `work` goes on. */
  async function tasksDuring(page: Page, work: () => Promise<unknown>): Promise<number[]> {
    await studio.browser.startTracing(page, {
      categories: ["toplevel", "disabled-by-default-devtools.timeline"],
    });
    await work();
    const trace: unknown = JSON.parse((await studio.browser.stopTracing()).toString());
    const { traceEvents } = trace as { traceEvents: readonly TraceEvent[] };
    const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
    const main = new Set(
      traceEvents
        .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
        .map(thread),
    );
    return traceEvents
      .filter((event) => event.ph === "X" && event.name.endsWith("RunTask") && main.has(thread(event)))
      .map(({ tdur }) => (tdur as number) / 1000);
  }

  // Processor time, since a busy machine keeps a page waiting whatever it does: beside fourteen other processes on two
  // cores, tasks of at most 38 ms lasted up to 213 ms by the clock.
  it("of 361×2429 has no task over 100 ms on the page's thread", async () => {
    const { page, complaints } = await studio.visit();
    const tasks = await tasksDuring(page, async () => {
      await open(page, cbclSize);
      await page.fill("#rank", "49");
      await page.$eval("#form details", (details) => details.setAttribute("open", ""));
      await page.fill("#iterations", "60");
      await factorize(page);
      await page.selectOption("#view", "rows");
      await page.waitForSelector("#features canvas");
    });
    expect(await page.locator("#features canvas").count()).toBe(49);
    expect(tasks.length).toBeGreaterThan(100);
    expect(Math.max(...tasks)).toBeLessThan(100);
    // What takes longer is seen.
    const longer = await tasksDuring(page, () =>
      page.evaluate(async () => {
        setTimeout(() => {
          let x = 1;
          for (let i = 0; i < 5e7; i++) x = (x * 16807) % 2147483647;
          document.title = String(x);
        });
        await new Promise((resolve) => setTimeout(resolve, 50));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }),
    );
    expect(Math.max(...longer)).toBeGreaterThan(100);
    expect(complaints).toEqual([]);
  });

  it("stops at Cancel, with the result so far, and a second run replaces the first", async () => {
    const { page, complaints } = await studio.visit();
    await open(page, cbclSize);
    await endless(page);
    await page.click("#cancel");
    const began = Date.now();
    await page.waitForSelector("#cancel", { state: "hidden" });
    expect(Date.now() - began).toBeLessThan(10_000);
    // So far, or nothing where the worker had to be ended; both are told.
    await page.waitForSelector("#fitted, #form-error:not([hidden])");
    await endless(page);
    await page.selectOption("#loss", "frobenius");
    await page.fill("#rank", "3");
    await page.fill("#starts", "1");
    await page.fill("#iterations", "20");
    await page.click("#run");
    await page.waitForSelector("#fitted", { state: "visible" });
    expect(await page.textContent("#summary")).toMatch(/^3 features .* Stopped after 20 iterations/);
    expect(await page.isVisible("#cancel")).toBe(false);
    // Another matrix replaces a run, too.
    await endless(page);
    await open(page, "atnmf-synthetic");
    await page.waitForFunction(
      () => document.querySelector("#opened-name")?.textContent === "atnmf-synthetic",
    );
    expect(await page.isVisible("#progress")).toBe(false);
    expect(complaints).toEqual([]);
  });

  it("of an attack that is cancelled leaves the features, and can be begun again", async () => {
    const { page, complaints } = await studio.visit();
    await open(page, "swimmer");
    await page.click("#run");
    await page.waitForSelector("#fitted", { state: "visible" });
    await page.selectOption("#effort", "thorough", { force: true });
    await page.click("#attack-run");
    await page.click("#attack-cancel");
    await page.waitForSelector("#attack-error", { state: "visible" });
    expect(await page.textContent("#attack-error")).toBe("Cancelled.");
    expect(await page.isVisible("#fitted")).toBe(true);
    // Its worker may be another one now, which has the same matrix and the same features.
    const [saved] = await Promise.all([page.waitForEvent("download"), page.click("[data-file=W]")]);
    expect(saved.suggestedFilename()).toBe("swimmer-W.csv");
    expect(complaints).toEqual([]);
  });

  it("leaves no worker behind when the page is reloaded or closed", async () => {
    const { page } = await studio.visit();
    await open(page, cbclSize);
    await endless(page);
    const during = await workers();
    expect(during.length).toBeGreaterThan(0);
    await page.reload();
    await page.waitForFunction(() =>
      document.querySelector("#environment")?.textContent?.includes("Version"),
    );
    await expect.poll(async () => (await workers()).filter((id) => during.includes(id))).toEqual([]);
    await open(page, cbclSize);
    await endless(page);
    await page.close();
    await expect.poll(workers).toEqual([]);
  });
});
