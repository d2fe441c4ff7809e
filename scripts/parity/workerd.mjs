// workerd, the runtime of edge functions: it serves a worker made from the battery, and we ask it.

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { root } from "../setup.mjs";
import { deadline, start, withFailure } from "./answers.mjs";

/** Resolves to the answers of workerd at `command`. */
export async function workerdAnswers(command, counts) {
  const folder = mkdtempSync(join(tmpdir(), "advnmf-workerd-"));
  const { passed, stop } = deadline();
  let server;
  try {
    await makeWorker(folder);
    const args = ["serve", "--control-fd=3", join(folder, "edge.capnp")];
    server = start(command, args, { stdio: ["ignore", "ignore", "inherit", "pipe"] });
    return await Promise.race([ask(server, counts), passed, server.failed]);
  } catch (error) {
    return withFailure([], counts, error.message);
  } finally {
    stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts the bundled worker, the WebAssembly module and the configuration into `folder`. */
async function makeWorker(folder) {
  const source = join(root, "test", "parity");
  await build({
    entryPoints: [join(source, "edge.mjs")],
    outfile: join(folder, "edge.mjs"),
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["node:*", "./advnmf.wasm"],
    logLevel: "error",
  });
  copyFileSync(join(root, "dist", "advnmf.wasm"), join(folder, "advnmf.wasm"));
  copyFileSync(join(source, "edge.capnp"), join(folder, "edge.capnp"));
}

/** Waits for the port that the server took, and asks there. */
async function ask(server, counts) {
  for await (const line of createInterface({ input: server.child.stdio[3] })) {
    const { event, port } = JSON.parse(line);
    if (event !== "listen") continue;
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      body: JSON.stringify(counts),
    });
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
  throw new Error("workerd named no port");
}
