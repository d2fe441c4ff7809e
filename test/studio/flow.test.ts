// The way through the studio: data, factorization, attack, files; in light and dark, wide and narrow, and for axe.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { datasets, nmf, sha256 } from "advnmf";
import { decodeMatrix, encodeNpy, encodePgm } from "advnmf/io";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromium, fact, factorize, file, namedTable, open, shoot, studioTests } from "./studio.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong. It is evaluated, as the page's policy lets no script of its own in. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: loaded } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await loaded.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}

async function download(page: Page, button: string): Promise<{ name: string; text: string }> {
  const [saved] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  return { name: saved.suggestedFilename(), text: readFileSync(await saved.path(), "utf8") };
}

describe.skipIf(chromium === undefined)("the studio in Chromium", () => {
  const studio = studioTests();

  it("factorizes a built-in set with the bits of Node, shows its features and saves them", async () => {
    const { page, complaints } = await studio.visit();
    expect(await faults(page)).toEqual([]);
    await shoot(page, "1-empty");
    await open(page, "swimmer");
    expect(await page.inputValue("#rank")).toBe("17");
    expect(await page.textContent("#facts")).toContain("1,024 × 256 (f64)");
    await factorize(page);
    expect(await page.locator("#features canvas").count()).toBe(17);
    expect(await page.textContent("#summary")).toMatch(/^17 features reproduce .* Converged after/);
    const here = await nmf(await datasets.swimmer(), { rank: 17 });
    await page.click("#fitted summary");
    expect(await fact(page, "figures", "SHA-256 of W")).toBe(await sha256(here.W));
    expect(await fact(page, "figures", "SHA-256 of H")).toBe(await sha256(here.H));
    const W = await download(page, "[data-file=W]");
    expect(W.name).toBe("swimmer-W.csv");
    expect(await sha256(decodeMatrix(Buffer.from(W.text)))).toBe(await sha256(here.W));
    expect((await download(page, "[data-file=H]")).text).toMatch(/^feature 1,/);
    expect(await faults(page)).toEqual([]);
    await shoot(page, "2-features");
    expect(complaints).toEqual([]);
  });

  it("makes the report: a page of its own, with names from the file as text; a loss that it cannot attack is told", async () => {
    const { page, complaints } = await studio.visit();
    await open(page, [
      file(
        "counts.csv",
        namedTable((i) => `<img src=x onerror=alert(${i})>`),
      ),
    ]);
    await page.fill("#rank", "3");
    await factorize(page);
    const report = await download(page, "#report-run");
    expect(report.name).toBe("counts-report.html");
    expect(report.text).toContain("Can these features be trusted?");
    expect(report.text).toMatch(/<section class="verdict \w+" aria-label="Verdict">/);
    expect(report.text).toContain("&lt;img src=x onerror=alert(0)&gt;");
    expect(report.text).not.toContain("<img src=x");
    expect(await page.locator("#report-cancel").isVisible()).toBe(false);
    await page.selectOption("#loss", "itakura-saito");
    await factorize(page);
    await page.click("#report-run");
    await page.waitForSelector("#report-error", { state: "visible" });
    expect(await page.textContent("#report-error")).toMatch(/loss must be/);
    expect(complaints).toEqual([]);
  });

  it("attacks a file's features: the slider, the controls, the changed matrix", async () => {
    const { page, complaints } = await studio.visit({ colorScheme: "dark" });
    await open(page, [file("counts.csv", namedTable())]);
    await page.fill("#rank", "3");
    await page.selectOption("#loss", "kullback-leibler");
    await factorize(page);
    expect(await page.getAttribute("#features", "data-kind")).toBe("bars");
    expect(await page.textContent("#features")).toMatch(/row \d+, row \d+, row \d+/);
    await page.click("#attack-run");
    await page.waitForSelector("#attacked", { state: "visible" });
    expect(await page.locator("#ladder .panel").count()).toBe(9);
    expect(await page.locator("#rungs tr").count()).toBe(7);
    expect(await page.textContent("#assumption")).toContain("The attacker knows the start");
    // By keyboard, to the end of the ladder and back to the untouched data.
    await page.focus("#epsilon");
    await page.keyboard.press("End");
    expect(await page.textContent("#epsilon-text")).toBe("10%");
    const attacked = await page.getAttribute("#ladder .panel.attacked path", "d");
    expect(await page.textContent("#verdict")).toMatch(
      /A change of 10% moves the features by [\d.]+; a random change/,
    );
    const changed = await download(page, "#perturbed");
    expect(changed.name).toBe("counts-perturbed-0.1.csv");
    const before = decodeMatrix(Buffer.from(namedTable()));
    const after = decodeMatrix(Buffer.from(changed.text));
    expect(after.rowNames).toEqual(before.rowNames);
    const square = (A: ArrayLike<number>) => Array.from(A).reduce((sum, x) => sum + x * x, 0);
    const moved = Array.from(before.data, (x, at) => x - (after.data[at] as number));
    expect(Math.sqrt(square(moved) / square(before.data))).toBeLessThan(0.1000001);
    expect(square(moved)).toBeGreaterThan(0);
    expect(await faults(page)).toEqual([]);
    await shoot(page, "3-attacked-dark");
    await page.keyboard.press("Home");
    await page.focus("#epsilon");
    await page.keyboard.press("Home");
    expect(await page.textContent("#epsilon-text")).toBe("none");
    expect(await page.getAttribute("#ladder .panel.attacked path", "d")).not.toBe(attacked);
    expect(await page.isDisabled("#perturbed")).toBe(true);
    expect(complaints).toEqual([]);
  });

  it("is usable on a phone, without motion", async () => {
    const { page } = await studio.visit({ viewport: { width: 360, height: 740 }, reducedMotion: "reduce" });
    await open(page, "lafa-synthetic");
    await factorize(page);
    await page.click("#attack-run");
    await page.waitForSelector("#attacked", { state: "visible" });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(await faults(page)).toEqual([]);
    await shoot(page, "4-phone");
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await faults(page)).toEqual([]);
    await shoot(page, "5-phone-dark");
  });

  it("opens NPY by drop, pictures as a set, MatrixMarket turned, and a mask from a file", async () => {
    const { page, complaints } = await studio.visit();
    const V = Float32Array.from({ length: 60 }, (_, at) => (at * 7) % 11);
    const npy = [...encodeNpy({ rows: 6, cols: 10, data: V })];
    await page.evaluate((bytes) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(bytes)], "dropped.npy"));
      dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }, npy);
    await page.waitForSelector("#factorize", { state: "visible" });
    expect(await page.textContent("#opened-name")).toBe("dropped.npy");
    expect(await page.textContent("#facts")).toContain("6 × 10 (f32)");

    const picture = (shift: number) => {
      const pixels = Float64Array.from({ length: 30 }, (_, at) => ((at + shift) * 37) % 256);
      return encodePgm({ rows: 5, cols: 6, data: pixels });
    };
    await open(
      page,
      Array.from({ length: 8 }, (_, i) => file(`p${i}.pgm`, picture(i))),
    );
    await page.waitForFunction(() => document.querySelector("#opened-name")?.textContent === "8 pictures");
    expect(await page.textContent("#facts")).toContain("30 × 8");
    expect(await page.inputValue("#width")).toBe("6");
    await factorize(page);
    const size = await page.$eval("#features canvas", (canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      return [width, height];
    });
    expect(size).toEqual([6, 5]);
    await page.fill("#width", "7");
    await page.press("#width", "Enter");
    await page.waitForSelector("#view-error", { state: "visible" });
    expect(await page.textContent("#view-error")).toContain("give a width that divides 30");

    await page.check("#transpose");
    const mtx = "%%MatrixMarket matrix array real general\n2 3\n1\n2\n3\n4\n5\n6\n";
    await open(page, [file("a.mtx", mtx)]);
    await page.waitForFunction(() => document.querySelector("#opened-name")?.textContent === "a.mtx");
    expect(await page.textContent("#facts")).toContain("3 × 2");

    await page.uncheck("#transpose");
    await page.waitForFunction(() => document.querySelector("#facts")?.textContent?.includes("2 × 3"));
    await page.selectOption("#mask", "file");
    await page.setInputFiles("#mask-file", [file("mask.csv", "1,1,0\n1,1,1\n")]);
    await page.fill("#rank", "1");
    await factorize(page);
    const masked = await nmf(
      [
        [1, 3, 5],
        [2, 4, 6],
      ],
      { rank: 1, mask: Uint8Array.of(1, 1, 0, 1, 1, 1) },
    );
    await page.click("#fitted summary");
    expect(await fact(page, "figures", "SHA-256 of W")).toBe(await sha256(masked.W));
    await page.selectOption("#mask", "hide");
    await page.fill("#share", "30");
    await factorize(page);
    await page.waitForFunction(() =>
      document.querySelector("#summary")?.textContent?.includes("hidden entr"),
    );
    expect(complaints).toEqual([]);
  });
});
