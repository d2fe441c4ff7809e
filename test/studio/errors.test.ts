// Bad input: the library's own sentence beside the field, and no string of a file that becomes markup.

import { describe, expect, it } from "vitest";
import { chromium, factorize, file, namedTable, open, shoot, studioTests } from "./studio.js";

describe.skipIf(chromium === undefined)("the studio refuses", () => {
  const studio = studioTests();

  it.each([
    ["a damaged file", "damaged.npy", "\x93NUMPY\x01\x00v\x00{'descr': '<f8'", /damaged\.npy: /],
    ["a word among numbers", "words.csv", "1,2\n3,four\n", /"four" on line 2, cell 2/],
    ["a negative entry", "negative.csv", "1,2\n3,-4\n", /negative entry -4 at row 1, column 1/],
    ["an infinite entry", "infinite.csv", "1,2\nInfinity,4\n", /infinite entry at row 1, column 0/],
    ["an empty file", "empty.csv", "", /the file is empty/],
  ])("%s, in the library's words", async (_, name, content, sentence) => {
    const { page, complaints } = await studio.visit();
    await page.setInputFiles("#files", [file(name, Buffer.from(content, "latin1"))]);
    await page.waitForSelector("#files-error", { state: "visible" });
    expect(await page.textContent("#files-error")).toMatch(sentence);
    expect(await page.getAttribute("#files", "aria-invalid")).toBe("true");
    expect(await page.getAttribute("#files", "aria-describedby")).toContain("files-error");
    expect(await page.isVisible("#factorize")).toBe(false);
    // And takes the next.
    await open(page, [file("good.csv", "1,2\n3,4\n")]);
    expect(await page.isVisible("#files-error")).toBe(false);
    expect(await page.getAttribute("#files", "aria-invalid")).toBe(null);
    expect(complaints).toEqual([]);
  });

  it("a CSV of 200 MB, at once and unread", async () => {
    const { page, complaints } = await studio.visit();
    const milliseconds = await page.evaluate(async () => {
      const megabyte = new Uint8Array(1e6).fill(49);
      const big = new File(
        Array.from({ length: 200 }, () => megabyte),
        "big.csv",
      );
      const transfer = new DataTransfer();
      transfer.items.add(big);
      const began = performance.now();
      dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
      const error = document.querySelector<HTMLElement>("#files-error");
      while (error?.hidden) await new Promise((resolve) => setTimeout(resolve, 5));
      return performance.now() - began;
    });
    expect(await page.textContent("#files-error")).toMatch(
      /^big\.csv: 200 MB, and this page reads up to 100 MB/,
    );
    expect(milliseconds).toBeLessThan(5000);
    await shoot(page, "6-too-large");
    expect(complaints).toEqual([]);
  });

  it.each([
    ["rank", "#rank", "99", /rank must be a whole number in 1 … 12 for a 12×20 matrix, got 99/],
    ["rank", "#rank", "", /rank must be a whole number .* got NaN/],
    ["seed", "#seed", "-1", /seed must be/],
    ["starts", "#starts", "0", /restarts must be/],
    ["iterations", "#iterations", "1.5", /maxIterations must be/],
  ])("a wrong %s", async (field, input, value, sentence) => {
    const { page } = await studio.visit();
    await open(page, [file("counts.csv", namedTable())]);
    await page.$eval("#form details", (details) => details.setAttribute("open", ""));
    await page.fill(input, value);
    await page.click("#run");
    await page.waitForSelector(`#${field}-error`, { state: "visible" });
    expect(await page.textContent(`#${field}-error`)).toMatch(sentence);
    expect(await page.getAttribute(input, "aria-invalid")).toBe("true");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe(input.slice(1));
    if (value === "99") await shoot(page, "7-wrong-rank");
  });

  it("missing entries until they are said to be missing, and an attack on them or on another loss", async () => {
    const { page } = await studio.visit();
    await open(page, [file("holes.csv", namedTable().replace(/,[\d.]+\n/, ",NA\n"))]);
    expect(await page.inputValue("#mask")).toBe("nan");
    expect(await page.textContent("#facts")).toContain("1 (0.4%)");
    await page.selectOption("#mask", "none");
    await page.click("#run");
    await page.waitForSelector("#mask-error", { state: "visible" });
    expect(await page.textContent("#mask-error")).toMatch(/NaN at row 0, column 19/);
    await page.selectOption("#mask", "nan");
    await factorize(page);
    await page.click("#attack-run");
    await page.waitForSelector("#attack-error", { state: "visible" });
    expect(await page.textContent("#attack-error")).toMatch(
      /V has 1 entries that are NaN; an attack needs all of V/,
    );
    await open(page, "atnmf-synthetic");
    await page.selectOption("#loss", "itakura-saito");
    await page.fill("#rank", "2");
    await factorize(page);
    await page.click("#attack-run");
    await page.waitForSelector("#attack-error", { state: "visible" });
    expect(await page.textContent("#attack-error")).toMatch(/loss must be/);
  });

  it("to take names of a file for anything but text", async () => {
    const { page, complaints } = await studio.visit();
    const evil = (i: number) => `<img src=x onerror=document.title='${i}'><b>${i}</b>`;
    await open(page, [file("<i>evil<u>.csv", namedTable(evil))]);
    await page.fill("#rank", "2");
    await factorize(page);
    expect(await page.textContent("#opened-name")).toBe("<i>evil<u>.csv");
    expect(await page.textContent("#names")).toContain("<img src=x onerror=document.title='0'>");
    expect(await page.textContent("#features")).toContain("<img src=x");
    expect(await page.locator("main img, main i, #features b b, #names b").count()).toBe(0);
    expect(await page.title()).toBe("advnmf studio");
    expect(complaints).toEqual([]);
  });
});
