// A static server for the studio, such as any host is: gzip, types, and headers if they are wanted.

import { createServer } from "node:http";
import { extname } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** What makes a page cross-origin isolated, so that its workers may share memory. */
export const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/** The page's own policy, for everything that is served. */
export const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'self'; form-action 'self'";

/**
 * Serves `files`, by their paths, below `base` on a port of localhost, 0 for a free one.
 *
 * @returns its address, the bytes sent so far by path, and `close()`.
 */
export async function serve(files, { port = 0, base = "/", isolated = true, onPost } = {}) {
  const zipped = new Map();
  const sent = new Map();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method === "POST" && onPost) {
      let text = "";
      for await (const piece of request.setEncoding("utf8")) text += piece;
      onPost(JSON.parse(text));
      response.end();
      return;
    }
    const path = pathname.startsWith(base) ? pathname.slice(base.length) || "index.html" : undefined;
    const content = path === undefined ? undefined : files[path];
    if (content === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("not found");
      return;
    }
    if (!zipped.has(path)) zipped.set(path, gzipSync(content, { level: 9 }));
    const body = zipped.get(path);
    sent.set(path, (sent.get(path) ?? 0) + body.length);
    response.writeHead(200, {
      "content-type": TYPES[extname(path)] ?? "application/octet-stream",
      "content-encoding": "gzip",
      "content-length": body.length,
      // What lies in a folder never changes: the folder has another name then.
      "cache-control": path.includes("/") ? "public, max-age=31536000, immutable" : "no-cache",
      "content-security-policy": POLICY,
      ...(isolated ? ISOLATION : {}),
    });
    response.end(body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://localhost:${server.address().port}${base}`,
    sent,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
