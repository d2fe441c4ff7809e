// The command line on real files, which lie beside the project (see test/data.ts).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nmf, sha256 } from "advnmf";
import { readMatrix } from "advnmf/io";
import { decode } from "fast-png";
import { expect, test } from "vitest";
import { dataPath } from "../data.js";
import { advnmf, listing, readJson, scratchFolder } from "./command.js";

const folder = scratchFolder();
const wtsi = dataPath("lafa/wtsi.mat");
const faces = dataPath("lafa/face");
const moffet = dataPath("at-nmf/Moffet/clean_Moffet.mat");

async function factorize(source: string, ...args: string[]) {
  const out = join(folder, args.join("_").replaceAll("-", ""));
  const { code, stderr } = await advnmf(["factorize", source, ...args, "--out", out, "--quiet"]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const fit = readJson(join(out, "fit.json")) as {
    readonly relativeError: number;
    readonly converged: boolean;
    readonly sha256: { readonly W: string; readonly H: string };
  };
  return { out, fit };
}

test.skipIf(wtsi === undefined)("mutation counts, rank 4", async () => {
  const { out, fit } = await factorize(wtsi!, "--rank", "4");
  expect(listing(out)).toEqual(["H.mat", "W.mat", "fit.json"]);
  expect(await readMatrix(join(out, "W.mat"))).toMatchObject({ rows: 96, cols: 4 });
  expect(await readMatrix(join(out, "H.mat"))).toMatchObject({ rows: 4, cols: 21 });
  expect(fit.converged).toBe(true);
  expect(fit.relativeError).toBeLessThan(0.15);
  const { W } = await nmf(await readMatrix(wtsi!), { rank: 4 });
  expect(fit.sha256.W).toBe(await sha256(W));
});

test.skipIf(faces === undefined)("faces, rank 5", async () => {
  const { out, fit } = await factorize(faces!, "--rank", "5");
  expect(listing(out)).toEqual(["H.npy", "W.npy", "features.png", "fit.json"]);
  expect(await readMatrix(join(out, "H.npy"))).toMatchObject({ rows: 5, cols: 361 });
  const sheet = decode(readFileSync(join(out, "features.png")));
  expect([sheet.width, sheet.height]).toEqual([3 * 19 * 6 + 2 * 4, 2 * 19 * 6 + 4]);
  expect(fit.relativeError).toBeLessThan(0.25);
});

test.skipIf(faces === undefined)("faces as columns, rank 49", async () => {
  const { out, fit } = await factorize(
    faces!,
    "--rank",
    "49",
    "--images",
    "columns",
    "--max-iterations",
    "50",
  );
  expect(await readMatrix(join(out, "W.npy"))).toMatchObject({ rows: 361, cols: 49 });
  const sheet = decode(readFileSync(join(out, "features.png")));
  expect([sheet.width, sheet.height]).toEqual([7 * 114 + 6 * 4, 7 * 114 + 6 * 4]);
  expect(fit.relativeError).toBeLessThan(0.12);
});

test.skipIf(moffet === undefined)("Moffet, rank 5", async () => {
  const { out, fit } = await factorize(moffet!, "--rank", "5");
  expect(await readMatrix(join(out, "W.mat"))).toMatchObject({ rows: 165, cols: 5 });
  expect(await readMatrix(join(out, "H.mat"))).toMatchObject({ rows: 5, cols: 2500 });
  expect(fit.relativeError).toBeLessThan(0.1);
});
