// The report of an audit: one page without scripts or network, whatever the files said.

import { type Audit, type AuditOptions, audit, datasets, matrix, renderReport } from "advnmf";
import { decode } from "fast-png";
import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, test } from "vitest";
import { ticks } from "../../sdk/report/chart.js";
import { pngUri } from "../../sdk/report/png.js";
import { seeded } from "../data.js";

const EVIL = `<img src=x onerror=alert(1)>"'&`;
const QUICK = {
  quick: true,
  steps: 1,
  iterations: 25,
  evaluationIterations: 50,
  otherStarts: 1,
} as const satisfies Partial<AuditOptions>;

/** The page as a browser would see it. */
function page(found: Audit, options?: Parameters<typeof renderReport>[1]) {
  const markup = renderReport(found, options);
  const { document } = parseHTML(markup);
  const text = (selector: string) =>
    [...document.querySelectorAll(selector)].map((element) =>
      element.textContent.replace(/\s+/g, " ").trim(),
    );
  return { markup, document, text };
}

let found: Audit;
beforeAll(async () => {
  const next = seeded(3);
  const V = matrix(
    12,
    9,
    Float64Array.from({ length: 108 }, () => next()),
  );
  found = await audit(V, {
    ...QUICK,
    rank: 2,
    epsilons: [0.05, 0.1],
    names: {
      rowNames: Array.from({ length: 12 }, (_, i) => `${EVIL} ${i}`),
      colNames: Array.from({ length: 9 }, () => EVIL),
    },
    labels: Array.from({ length: 9 }, (_, j) => `${EVIL}${j % 2}`),
  });
});

describe("the page", () => {
  test("has nothing of what a file said in its markup", () => {
    const { markup, document } = page(found, { title: EVIL, command: EVIL });
    expect(markup).not.toContain("<img src=x");
    expect(document.querySelectorAll("[onerror], script, iframe, object, link, form")).toHaveLength(0);
    for (const image of document.querySelectorAll("img, image"))
      expect(image.getAttribute("src") ?? image.getAttribute("href")).toMatch(/^data:image\/png;base64,/);
    expect(document.querySelector("title")!.textContent).toBe(`Audit of ${EVIL}`);
    expect(document.querySelector("tbody th")!.textContent).not.toContain("<");
    expect(markup).toContain("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;");
  });

  test("asks for nothing from a network, and a browser is told so", () => {
    const { markup, document } = page(found);
    expect(markup).not.toMatch(/https?:|@import|url\(|srcset|<base/);
    expect(document.querySelector("meta[http-equiv]")!.getAttribute("content")).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    );
  });

  test("begins with the verdict", () => {
    const { text, document } = page(found);
    expect(text(".verdict p")).toEqual(found.verdict.sentences);
    expect(document.querySelector(".verdict")!.classList.contains(found.verdict.level)).toBe(true);
    expect(text(".findings li")).toEqual(found.verdict.findings);
  });

  test("tells of each feature whether to trust it", () => {
    const { document } = page(found);
    const rows = [...document.querySelector("table")!.querySelectorAll("tbody tr")];
    expect(rows).toHaveLength(2);
    for (const [feature, row] of rows.entries()) {
      expect(row.textContent.includes("✓")).toBe(found.verdict.trusted.includes(feature));
      const [first] = found.attacks[0]!.models;
      expect(row.textContent).toContain(first!.features[feature]!.similarity.toFixed(3));
    }
  });

  test("draws every feature of every model before and after every size", () => {
    const { document, text } = page(found);
    const panels = [...document.querySelectorAll(".panel")];
    expect(panels).toHaveLength(6);
    for (const panel of panels) {
      expect(panel.querySelectorAll('path[fill="none"]')).toHaveLength(2);
      expect(panel.querySelectorAll("title")).toHaveLength(12);
    }
    expect(text(".panel rect title")[3]).toBe(`${EVIL} 3`);
  });

  test("has curves with their controls, a map, a matrix of transfers, and all figures", () => {
    const { document, text } = page(found);
    expect(document.querySelectorAll("svg.chart")).toHaveLength(4);
    for (const name of ["NMF", "AT-NMF (λ = 3)", "ANMF", "noise", "attack on the loss"])
      expect(text(".legend li")).toContain(name);
    expect(document.querySelectorAll(".heat img")).toHaveLength(1);
    const all = text("section h2").join();
    for (const title of ["One change, other models", "What it does downstream", "All figures"])
      expect(all).toContain(title);
    expect(text("table").join()).toContain(found.attacks[1]!.models[1]!.featureError.toFixed(3));
  });

  test("says how it was made", () => {
    const { text } = page(found, { command: "npx advnmf audit x.csv --rank 2" });
    const said = text("dl").join();
    for (const part of [found.digest, found.data.sha256, found.versions.advnmf, "npx advnmf audit x.csv"])
      expect(said).toContain(part);
  });

  test("can be drawn from the JSON", () => {
    expect(renderReport(JSON.parse(JSON.stringify(found)))).toBe(renderReport(found));
  });

  test("every image and every chart has a text", () => {
    const { document } = page(found);
    for (const image of document.querySelectorAll("img")) expect(image.getAttribute("alt")).toBeTruthy();
    for (const chart of document.querySelectorAll("svg"))
      expect(chart.getAttribute("aria-label")).toBeTruthy();
  });

  test("refuses what is no audit", () => {
    expect(() => renderReport({} as Audit)).toThrow(/advnmf-audit-1/);
    expect(() => renderReport(found, { titel: "x" } as object)).toThrow(/title/);
  });
});

test("pictures are drawn as pictures, framed where they are replaced; the page stays below 1 MB", async () => {
  const V = await datasets.swimmer();
  const few = matrix(
    1024,
    20,
    Float64Array.from({ length: 20480 }, (_, at) => V.data[Math.floor(at / 20) * 256 + (at % 20) * 12]!),
  );
  const swimmer = await audit(few, {
    ...QUICK,
    rank: 12,
    models: ["nmf"],
    norms: ["l2"],
    epsilons: [0.3],
    shape: { width: 32, height: 32 },
    sensitivity: false,
  });
  const { document, markup } = page(swimmer);
  expect(markup.length).toBeLessThan(1_000_000);
  expect(document.querySelectorAll(".strip")).toHaveLength(2);
  const pictures = [...document.querySelectorAll("image")];
  expect(pictures).toHaveLength(24);
  const { replaced, changed } = swimmer.verdict;
  expect(document.querySelectorAll("rect.replaced")).toHaveLength(replaced.length);
  expect(document.querySelectorAll("rect.changed")).toHaveLength(changed.length);
  const bytes = Buffer.from(pictures[0]!.getAttribute("href")!.split(",")[1]!, "base64");
  const { width, height, data } = decode(bytes, { checkCrc: true });
  expect([width, height]).toEqual([32, 32]);
  expect([...data]).toEqual(swimmer.models[0]!.features.data.slice(0, 1024).map((x) => Math.round(255 * x)));
});

test("an audit that was stopped says so", async () => {
  const controller = new AbortController();
  const V = matrix(
    8,
    6,
    Float64Array.from({ length: 48 }, (_, at) => 1 + ((at * 7) % 11)),
  );
  const error = await audit(V, {
    ...QUICK,
    rank: 2,
    signal: controller.signal,
    onProgress: ({ phase }) => {
      if (phase === "attacking") controller.abort();
    },
  }).catch((thrown) => thrown);
  const { text } = page(error.best);
  expect(text(".notice").join()).toContain("Not finished");
  expect(text(".verdict h2")).toEqual(["Unfinished"]);
});

test.each([
  [0, [0, 1]],
  [0.031, [0, 0.01, 0.02, 0.03, 0.04]],
  [0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]],
  [1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [7, [0, 2, 4, 6, 8]],
  [1200, [0, 500, 1000, 1500]],
])("marks up to %s", (most, expected) => {
  expect(ticks(most)).toEqual(expected);
});

test("a PNG larger than one stored block", () => {
  const pixels = Uint8Array.from({ length: 300 * 300 }, (_, at) => at % 3);
  const uri = pngUri(300, 300, pixels, [
    [0, 0, 0],
    [255, 0, 0],
    [1, 2, 3],
  ]);
  const { palette, data } = decode(Buffer.from(uri.split(",")[1]!, "base64"), { checkCrc: true });
  expect(palette).toEqual([
    [0, 0, 0],
    [255, 0, 0],
    [1, 2, 3],
  ]);
  expect(Buffer.from(data).equals(Buffer.from(pixels))).toBe(true);
});
