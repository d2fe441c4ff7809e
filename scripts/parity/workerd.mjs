// workerd, the runtime of edge functions: it serves a worker made from the battery, and we ask it.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { root } from "../setup.mjs";
import { deadline, start, withFailure } from "./answers.mjs";

/** Resolves to the answers of workerd at `command`. */
export async function workerdAnswers(command, counts) {
  const { passed, stop } = deadline();
  let server;
  try {
    server = await serveWorker(command, join(root, "test", "parity", "edge.mjs"), {
      wasm: join(root, "dist", "advnmf.wasm"),
    });
    return await Promise.race([ask(server.url, counts), passed, server.failed]);
  } catch (error) {
    return withFailure([], counts, error.message);
  } finally {
    stop();
    await server?.stop();
  }
}

/**
 * Starts workerd at `command` with a worker bundled from `entry`, and resolves to the URL that answers, `failed`, a
 * promise that rejects when it ends, and `stop()`. The WebAssembly module, imported as advnmf.wasm, is the file `wasm`;
 * `variables` are the texts in its environment.
 */
export async function serveWorker(command, entry, { wasm, variables = {} }) {
  const folder = mkdtempSync(join(tmpdir(), "advnmf-workerd-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  let server;
  try {
    await build({
      entryPoints: [entry],
      outfile: join(folder, "edge.mjs"),
      bundle: true,
      format: "esm",
      target: "es2022",
      conditions: ["workerd"],
      external: ["node:*", "./advnmf.wasm"],
      logLevel: "error",
    });
    copyFileSync(wasm, join(folder, "advnmf.wasm"));
    writeFileSync(join(folder, "edge.capnp"), configuration(variables));
    const args = ["serve", "--control-fd=3", join(folder, "edge.capnp")];
    server = start(command, args, { stdio: ["ignore", "ignore", "inherit", "pipe"] });
    const url = await Promise.race([address(server), server.failed]);
    return { url, failed: server.failed, stop: () => server.stop().finally(remove) };
  } catch (error) {
    await server?.stop();
    remove();
    throw error;
  }
}

/** workerd's configuration: one worker, made of what is embedded from its folder, on a port of its choice. */
function configuration(variables) {
  const bindings = Object.entries(variables).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "edge.mjs", esModule = embed "edge.mjs"),
    (name = "advnmf.wasm", wasm = embed "advnmf.wasm"),
  ],
  bindings = [${bindings.join(", ")}],
  compatibilityDate = "2026-01-01",
);
`;
}

/** Waits for the port that the server took. */
async function address(server) {
  for await (const line of createInterface({ input: server.child.stdio[3] })) {
    const { event, port } = JSON.parse(line);
    if (event === "listen") return `http://127.0.0.1:${port}/`;
  }
  throw new Error("workerd named no port");
}

async function ask(url, counts) {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(counts) });
  if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}`);
  return response.json();
}
