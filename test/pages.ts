// Pages that report to us, in browsers that are here; the scripts behind it are the parity battery's too.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";

/** Files of a site by their path, as type and content. */
export type Files = Record<string, readonly [type: string, content: string | Buffer]>;
/** Headers that every answer of a site has. */
export type Headers = Record<string, string>;

// Plain JavaScript, which the commands of scripts/ share.
const script = async <M>(path: string) => (await import(new URL(path, import.meta.url).href)) as M;

export const { ISOLATION, pageFiles, servePage } = await script<{
  /** What makes a page cross-origin isolated. */
  ISOLATION: Headers;
  /** A page that runs `script`, bundled, with the package's worker and module beside it. */
  pageFiles(script: string): Promise<Files>;
  /** Serves `files`, opens the page, and resolves when it has posted `count` answers or failed. */
  servePage(
    open: unknown,
    files: Files,
    headers: Headers,
    count: number,
  ): Promise<{ answers: unknown[]; failure?: string }>;
}>("../scripts/parity/page.mjs");

export const { chromium, openChromium } = await script<{
  /** Its path, where it is installed. */
  chromium(): string | undefined;
  openChromium: unknown;
}>("../scripts/parity/browsers.mjs");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Everything in `folder`, as a site; its index.html is at `/` too. */
export function siteOf(folder: string, at = "/"): Files {
  const files: Files = {};
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      Object.assign(files, siteOf(path, `${at}${name}/`));
      continue;
    }
    const file = [TYPES[extname(name)] ?? "application/octet-stream", readFileSync(path)] as const;
    files[at + name] = file;
    if (name === "index.html") files[at] = file;
  }
  return files;
}
