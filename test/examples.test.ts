// The examples, in projects that have the packed package, run as a user would run them.

import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { datasets, nmf, sha256 } from "advnmf";
import { decodeNpz, encodeNpy } from "advnmf/io";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listing, scratchFolder } from "./cli/command.js";
import { installPacked, pack } from "./consumer.js";
import { projectRoot } from "./data.js";
import { chromium, openChromium, servePage, siteOf } from "./pages.js";
import { deno, hasDeno } from "./runtimes/deno.js";
import { hasWorkerd, type Served, serve } from "./runtimes/workerd.js";

const folder = scratchFolder();
const examples = join(projectRoot, "examples");
const installed = join(folder, "node_modules", "advnmf", "dist");

beforeAll(() => installPacked(pack(folder).tarball, folder));

/** Copies an example's file to where the package is installed. */
function example(path: string): string {
  const name = path.split("/").at(-1)!;
  copyFileSync(join(examples, path), join(folder, name));
  return name;
}

test("examples/node attacks the built-in data and writes the changed data", () => {
  const printed = execFileSync(process.execPath, [example("node/attack.mjs")], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const lines = printed.trim().split("\n");
  expect(lines[0]).toMatch(/^other starts, without an attack: 0\.\d{3}$/);
  const [, attacked, noise] = /^change by 5%: feature error (0\.\d{3}), noise (0\.\d{3})$/.exec(lines[2]!)!;
  expect(Number(attacked)).toBeGreaterThan(5 * Number(noise));
  for (const size of ["0.01", "0.05"]) expect(listing(folder)).toContain(`perturbed-${size}.csv`);
});

test.skipIf(!hasDeno)("examples/deno restores hidden entries", () => {
  const printed = deno(["run", "-A", "--no-remote", "--no-lock", example("deno/restore.ts")], {
    cwd: folder,
  });
  const [, plain, hardened] = /^NMF {5}(0\.\d{4})\nAT-NMF {2}(0\.\d{4})\n$/.exec(printed)!;
  expect(Number(plain)).toBeLessThan(0.1);
  expect(Number(hardened)).toBeLessThan(0.1);
  expect(readFileSync(join(folder, "restored.csv"), "utf8").trim().split("\n")).toHaveLength(576);
});

test.skipIf(!chromium())("examples/page works without a bundler, from the package's own files", async () => {
  const V = await datasets.lafaSynthetic();
  const { W } = await nmf(V, { rank: 3, loss: "kullback-leibler", seed: 7 });
  // What the page shows is sent to us by a script that watches it.
  const watch = `new MutationObserver(() => fetch("/", { method: "POST",
    body: JSON.stringify(document.querySelector("[role=status]").textContent) }))
    .observe(document.querySelector("[role=status]"), { childList: true });`;
  const site = {
    ...siteOf(join(examples, "page")),
    ...siteOf(installed, "/node_modules/advnmf/dist/"),
    "/watch.js": ["text/javascript", watch] as const,
  };
  const html = readFileSync(join(examples, "page", "index.html"), "utf8");
  const watched = html.replace("</html>", '<script type="module" src="watch.js"></script></html>');
  const files = { ...site, "/": ["text/html", watched] as const };
  const { answers, failure } = await servePage(openChromium, files, {}, 1);
  expect(failure).toBeUndefined();
  expect(answers[0]).toMatch(/^relative error 0\.0\d{3} after \d+ iterations/);
  expect(answers[0]).toContain(await sha256(W));
});

describe.skipIf(!hasWorkerd)("examples/edge in workerd", () => {
  const MAX_BYTES = 100_000;
  let edge: Served;
  beforeAll(async () => {
    cpSync(join(examples, "edge"), join(folder, "edge"), { recursive: true });
    edge = await serve(join(folder, "edge", "worker.js"), {
      wasm: join(installed, "advnmf.wasm"),
      variables: { MAX_BYTES: String(MAX_BYTES), MAX_SECONDS: "1" },
    });
  });
  afterAll(() => edge.stop());

  const V = [
    [1, 2, 3],
    [2, 4.1, 6],
    [3, 6, 9.2],
  ];
  const post = (query: string, body: BodyInit, headers = {}) =>
    fetch(edge.url + query, { method: "POST", body, headers });
  const bytesOf = (bytes: Uint8Array) => new Uint8Array(bytes);

  test("rows of JSON: the factors, with the bits of Node", async () => {
    const response = await post("?rank=2&loss=kullback-leibler&seed=3", JSON.stringify(V));
    expect(response.status).toBe(200);
    const answer = (await response.json()) as { W: number[][]; sha256: { W: string }; converged: boolean };
    const fit = await nmf(V, { rank: 2, loss: "kullback-leibler", seed: 3 });
    expect(answer.sha256.W).toBe(await sha256(fit.W));
    expect(answer).toMatchObject({ iterations: fit.iterations, converged: fit.converged, loss: fit.loss });
    expect(await sha256(answer.W)).toBe(answer.sha256.W);
  });

  test("an NPY file, and an NPZ file back", async () => {
    const data = Float32Array.from(V.flat());
    const body = bytesOf(encodeNpy({ rows: 3, cols: 3, data }));
    const response = await post("?rank=1", body, { accept: "application/zip" });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const { W, converged } = await nmf({ rows: 3, cols: 3, data }, { rank: 1 });
    expect(response.headers.get("advnmf-converged")).toBe(String(converged));
    expect(await sha256(decodeNpz(bytes, { variable: "W" }))).toBe(await sha256(W));
  });

  test("columns and rows of JSON with a shape", async () => {
    const response = await post("?rank=1", JSON.stringify({ rows: 3, cols: 3, data: V.flat() }));
    expect(await response.json()).toMatchObject({ iterations: expect.any(Number) });
  });

  test.each([
    ["a negative entry", "?rank=1", "[[1,-2]]", 422, "NEGATIVE", /negative entry -2 at row 0, column 1/],
    ["rows of different lengths", "?rank=1", "[[1,2],[3]]", 422, "SHAPE", /ragged/],
    [
      "a shape that is not that of the data",
      "?rank=1",
      '{"rows":2,"cols":2,"data":[1]}',
      422,
      "SHAPE",
      /4 entries/,
    ],
    ["null for a number", "?rank=1", '{"rows":1,"cols":1,"data":[null]}', 422, "SHAPE", /rows of numbers/],
    ["NaN", "?rank=1", '{"rows":1,"cols":1,"data":[NaN]}', 400, "FORMAT", /neither an NPY file nor JSON/],
    ["too high a rank", "?rank=9", "[[1,2],[3,4]]", 422, "RANK", /rank/],
    ["no rank", "", "[[1,2],[3,4]]", 422, "RANK", /rank/],
    ["an unknown option", "?rank=1&los=frobenius", "[[1]]", 400, "OPTION", /no parameter "los"/],
    ["an unknown loss", "?rank=1&loss=l1", "[[1]]", 400, "OPTION", /loss/],
    ["no JSON", "?rank=1", "1,2\\n3,4", 400, "FORMAT", /neither an NPY file nor JSON/],
    ["nothing", "?rank=1", "", 400, "FORMAT", /neither an NPY file nor JSON/],
    ["a damaged NPY file", "?rank=1", "\\x93NUMPY", 400, "FORMAT", /NPY|JSON/],
  ])("%s is refused", async (_, query, body, status, code, message) => {
    const response = await post(query, body);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect({ status: response.status, code: error.code }).toEqual({ status, code });
    expect(error.message).toMatch(message);
  });

  test("an NPY file that is cut short is a 400", async () => {
    const whole = encodeNpy({ rows: 3, cols: 3, data: Float64Array.from(V.flat()) });
    const response = await post("?rank=1", bytesOf(whole.subarray(0, whole.length - 5)));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "FORMAT" } });
  });

  test("a body above the limit is a 413, also where its length is not told", async () => {
    expect((await post("?rank=1", new Uint8Array(MAX_BYTES + 1))).status).toBe(413);
    const parts = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let i = 0; i < 11; i++) controller.enqueue(new Uint8Array(MAX_BYTES / 10));
        controller.close();
      },
    });
    const streamed = { method: "POST", body: parts, duplex: "half" };
    expect((await fetch(`${edge.url}?rank=1`, streamed)).status).toBe(413);
  });

  test("a GET is told what to do", async () => {
    const response = await fetch(edge.url);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test("what takes too long is answered as far as it came", async () => {
    const data = Float64Array.from({ length: 100 * 100 }, (_, i) => ((i * 7919) % 1009) / 1009);
    const body = bytesOf(encodeNpy({ rows: 100, cols: 100, data }));
    const query = "?rank=40&solver=mu&maxIterations=100000000&tolerance=0";
    const response = await post(query, body);
    expect(response.status).toBe(200);
    const answer = (await response.json()) as { iterations: number; converged: boolean };
    expect(answer.converged).toBe(false);
    expect(answer.iterations).toBeGreaterThan(0);
    const zipped = await post(query, body, { accept: "application/zip" });
    expect(zipped.headers.get("advnmf-converged")).toBe("false");
  });
});

test("every example has a test and a README", () => {
  const names = readdirSync(examples).filter((name) => name !== "browser");
  expect(names.sort()).toEqual(["deno", "edge", "node", "page"]);
  for (const name of names) expect(existsSync(join(examples, name, "README.md"))).toBe(true);
});
