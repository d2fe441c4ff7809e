// The studio, built and served as any static host would, and Chromium to look at it.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
  chromium as playwright,
} from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { projectRoot } from "../data.js";

export type Files = Record<string, Buffer>;

export interface ServeOptions {
  readonly base?: string;
  readonly isolated?: boolean;
  readonly onPost?: (answer: unknown) => void;
}

export interface Server {
  readonly url: string;
  /** Bytes of bodies that were sent, by path. */
  readonly sent: ReadonlyMap<string, number>;
  close(): void;
}

// Plain JavaScript: the project's own commands use them too.
const script = async <M>(path: string) => (await import(new URL(path, import.meta.url).href)) as M;
const { buildStudio } = await script<{ buildStudio(out: string): Promise<Files> }>(
  "../../examples/browser/build.mjs",
);
export const { serve, POLICY } = await script<{
  serve(files: Files, options?: ServeOptions): Promise<Server>;
  POLICY: string;
}>("../../examples/browser/serve.mjs");
export const browsers = await script<{
  chromium(): string | undefined;
  firefox(): string | undefined;
  openFirefox(url: string): Promise<{ failed: Promise<never>; stop(): Promise<void> }>;
}>("../../scripts/parity/browsers.mjs");

/** Where Chromium is. */
export const chromium: string | undefined = browsers.chromium();

/** Builds the studio apart from other test files; the folder is taken away. */
export async function built(): Promise<Files> {
  const folder = mkdtempSync(join(tmpdir(), "advnmf-studio-"));
  try {
    return await buildStudio(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const shots = join(projectRoot, "build", "studio-screenshots");
mkdirSync(shots, { recursive: true });

/** Keeps what the page looks like for whoever wants to see it. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}

/** A page, and what went wrong on it: errors, warnings, and breaches of its content security policy. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: string[];
}

/** What `studioTests` gives to the tests of a file. */
export interface Harness {
  files: Files;
  server: Server;
  browser: Browser;
  /** Opens the studio in a new profile, without its service worker unless that is wanted. */
  visit(options?: BrowserContextOptions & { readonly url?: string }): Promise<Visit>;
}

/** A server and a browser for the tests of a file. */
export function studioTests(): Harness {
  const harness = {} as Harness;
  const visits: BrowserContext[] = [];
  beforeAll(async () => {
    harness.files = await built();
    harness.server = await serve(harness.files, { base: "/some/path/" });
    harness.browser = await playwright.launch({
      executablePath: chromium as string,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  });
  afterEach(async () => {
    await Promise.all(visits.splice(0).map((context) => context.close()));
  });
  afterAll(async () => {
    await harness.browser?.close();
    harness.server?.close();
  });
  harness.visit = async ({ url, ...options } = {}) => {
    const context = await harness.browser.newContext({
      viewport: { width: 1280, height: 900 },
      serviceWorkers: "block",
      ...options,
    });
    visits.push(context);
    context.setDefaultTimeout(90_000);
    const complaints: string[] = [];
    await context.exposeFunction("complain", (text: string) => void complaints.push(text));
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const { violatedDirective, blockedURI } = event;
        (window as unknown as { complain(text: string): void }).complain(
          `${violatedDirective} ${blockedURI}`,
        );
      });
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(`${error.name}: ${error.message}`));
    page.on("console", (message) => {
      // Said by Playwright where it keeps service workers out.
      if (message.text().includes("blocked by Playwright")) return;
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(url ?? harness.server.url);
    await page.waitForFunction(() =>
      document.querySelector("#environment")?.textContent?.includes("Version"),
    );
    return { page, context, complaints };
  };
  return harness;
}

/** A file as the file field takes it. */
export function file(name: string, content: string | Uint8Array) {
  return { name, mimeType: "application/octet-stream", buffer: Buffer.from(content) };
}

/** Opens a built-in set or files, and waits for the matrix. */
export async function open(
  page: Page,
  source: string | ReturnType<typeof file>[] | { readonly path: string },
): Promise<void> {
  if (typeof source === "string") await page.click(`[data-example="${source}"]`);
  else await page.setInputFiles("#files", "path" in source ? source.path : source);
  await page.waitForSelector("#factorize", { state: "visible" });
}

/** Presses Factorize and waits for the result. */
export async function factorize(page: Page): Promise<void> {
  await page.click("#run");
  await page.waitForSelector("#fitted", { state: "visible" });
}

/** A fact by its term, from the list of that id. */
export async function fact(page: Page, list: string, term: string): Promise<string | null> {
  return page
    .locator(`#${list} dt`, { hasText: term })
    .first()
    .locator("xpath=following-sibling::dd[1]")
    .textContent();
}

/** Twelve rows with names of which three features are made, twenty samples. */
export function namedTable(rowName: (i: number) => string = (i) => `row ${i}`): string {
  const entry = (i: number, j: number) => {
    const features = [(i % 4) + 1, i < 6 ? 5 : 0.5, 1 + ((i * 7) % 5)];
    return features.reduce((sum, w, a) => sum + w * (((j * (a + 2)) % 7) + 0.1 * a), 0).toFixed(3);
  };
  const head = ["", ...Array.from({ length: 20 }, (_, j) => `sample ${j}`)].join(",");
  const lines = Array.from({ length: 12 }, (_, i) =>
    [`"${rowName(i)}"`, ...Array.from({ length: 20 }, (_, j) => entry(i, j))].join(","),
  );
  return [head, ...lines].join("\n") + "\n";
}
