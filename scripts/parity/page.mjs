// A server for a page that runs the battery and posts its answers.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../setup.mjs";
import { deadline, withFailure } from "./answers.mjs";

/** What makes a page cross-origin isolated, so that its workers may share memory. */
export const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** The files of a page that runs `script`, by their paths: it, bundled, the worker of the package, the module. */
export async function pageFiles(script) {
  const bundles = await build({
    entryPoints: { page: script, worker: join(root, "dist", "worker.js") },
    outdir: "/",
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["node:*"],
    write: false,
    logLevel: "error",
  });
  const scripts = bundles.outputFiles.map(({ path, text }) => [path, ["text/javascript", text]]);
  const page = '<!doctype html><title>advnmf</title><script type="module" src="/page.js"></script>';
  return {
    ...Object.fromEntries(scripts),
    "/": ["text/html", page],
    "/advnmf.wasm": ["application/wasm", readFileSync(join(root, "dist", "advnmf.wasm"))],
  };
}

async function textOf(request) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text;
}

/**
 * Serves `files` with `headers`, has `open(url)` start a browser on the page, and resolves when it has posted
 * `count` answers, or failed, to those that came and the reason. The browser offers `failed`, a promise that
 * rejects when it ends, and `stop()`.
 */
export async function servePage(open, files, headers, count) {
  const answers = [];
  let all;
  const complete = new Promise((resolve) => {
    all = resolve;
  });
  const server = createServer(async (request, response) => {
    if (request.method === "POST") {
      answers.push(JSON.parse(await textOf(request)));
      response.end();
      if (answers.length === count) all();
      return;
    }
    const [type, content] = files[request.url] ?? [];
    response.writeHead(type ? 200 : 404, type ? { "content-type": type, ...headers } : {}).end(content);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { passed, stop } = deadline();
  let browser;
  try {
    browser = await open(`http://127.0.0.1:${server.address().port}/`);
    await Promise.race([complete, passed, browser.failed]);
    return { answers, failure: undefined };
  } catch (error) {
    return { answers, failure: error.message };
  } finally {
    stop();
    await browser?.stop();
    server.close();
    server.closeAllConnections();
  }
}

/** A page that is not isolated as it should be, or is, tests something else. */
function checked({ isolated, ...answer }, expected) {
  if (isolated === expected) return answer;
  return { threads: answer.threads, error: `the page is ${isolated ? "" : "not "}isolated` };
}

/** The battery's answers from a page. */
export async function pageAnswers(open, counts, { isolated }) {
  const files = {
    ...(await pageFiles(join(root, "test", "parity", "page.mjs"))),
    "/counts": ["application/json", JSON.stringify(counts)],
  };
  const { answers, failure } = await servePage(open, files, isolated ? ISOLATION : {}, counts.length);
  return withFailure(
    answers.map((answer) => checked(answer, isolated)),
    counts,
    failure,
  );
}
