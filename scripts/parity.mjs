// npm run parity: one digest a runtime over the same battery (test/parity/battery.mjs), beside the committed
// one. A runtime that is not installed is reported as not run. Exit code 0 when all that ran are equal to
// the committed digest.

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { install, root, setUp } from "./setup.mjs";

const run = promisify(execFile);
const script = join(root, "test", "parity", "run.mjs");
const MOST_MS = 120_000;

/** The digest that was reviewed and committed. */
export const golden = JSON.parse(readFileSync(join(root, "test", "parity", "golden.json"), "utf8"));

async function inCommand(command, args) {
  const { stdout } = await run(command, [...args, script], { timeout: MOST_MS });
  return JSON.parse(stdout);
}

const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Bundles the battery for a page, serves it, and waits for the page to post its digest. */
async function inChromium(command) {
  const bundle = await build({
    stdin: {
      contents: `
        import * as advnmf from "./dist/index.js";
        import { battery } from "./test/parity/battery.mjs";
        const answer = battery(advnmf).catch((error) => ({ error: String(error?.stack ?? error) }));
        answer.then((body) => fetch("/answer", { method: "POST", body: JSON.stringify(body) }));`,
      resolveDir: root,
    },
    bundle: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  const page = '<!doctype html><title>parity</title><script type="module" src="/page.js"></script>';
  const files = {
    "/": ["text/html", page],
    "/page.js": ["text/javascript", bundle.outputFiles[0].text],
    "/advnmf.wasm": ["application/wasm", readFileSync(join(root, "dist", "advnmf.wasm"))],
  };
  const profile = mkdtempSync(join(tmpdir(), "advnmf-chromium-"));
  let browser;
  const server = createServer();
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the page did not answer in time")), MOST_MS);
      server.on("request", (request, response) => {
        if (request.method === "POST") {
          let body = "";
          request.on("data", (text) => {
            body += text;
          });
          request.on("end", () => {
            response.end();
            clearTimeout(timer);
            const answer = JSON.parse(body);
            if (answer.error) reject(new Error(answer.error));
            else resolve(answer);
          });
          return;
        }
        const [type, content] = files[request.url] ?? [];
        response.writeHead(type ? 200 : 404, type ? { "content-type": type } : {}).end(content);
      });
      server.listen(0, "127.0.0.1", () => {
        const url = `http://127.0.0.1:${server.address().port}/`;
        browser = spawn(command, [...CHROMIUM_FLAGS, `--user-data-dir=${profile}`, url], { stdio: "ignore" });
        browser.once("error", reject);
      });
    });
  } finally {
    server.close();
    server.closeAllConnections();
    if (browser) {
      const gone = new Promise((resolve) => browser.once("close", resolve));
      browser.kill("SIGKILL");
      await gone;
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

const deno = join(root, "test", "runtimes", "node_modules", ".bin", "deno");
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

/** Each runtime: its name, whether it is here, and how to get the battery's answer from it. */
export const runtimes = [
  { name: "node", here: () => true, answer: () => inCommand(process.execPath, []) },
  { name: "deno", here: () => existsSync(deno), answer: () => inCommand(deno, ["run", "-A"]) },
  { name: "chromium", here: () => chromium !== undefined, answer: () => inChromium(chromium) },
];

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await setUp();
  await install(join(root, "test", "runtimes"), "installing Deno");
  console.log(`committed  ${golden.digest}  ${golden.problems} problems`);
  for (const { name, here, answer } of runtimes) {
    if (!here()) {
      console.log(`${name.padEnd(9)}  not run: not installed`);
      continue;
    }
    const { digest, problems } = await answer();
    const verdict = digest === golden.digest ? "equal" : "DIFFERS";
    if (verdict !== "equal") process.exitCode = 1;
    console.log(`${name.padEnd(9)}  ${digest}  ${problems} problems, ${verdict}`);
  }
}
