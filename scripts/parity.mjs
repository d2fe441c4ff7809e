// npm run parity: the same battery (test/parity/battery.mjs) in every runtime that is installed, and one digest
// for each number of threads, beside the committed one. What is not installed is reported as not run.
// Exit code 0 when all that ran are equal to the committed digest.
//
//   npm run parity              all that is installed (Deno is installed if need be)
//   npm run parity -- deno bun  these only
//   npm run parity -- --update  commits to the bits that Node gives now
//   npm run parity:full         installs what it can of the others first

import { parseArgs } from "node:util";
import { golden, rewrite, verdict } from "./parity/golden.mjs";
import { installAll } from "./parity/install.mjs";
import { packages, runtimes, THREADS } from "./parity/runtimes.mjs";
import { install, say, setUp } from "./setup.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { full: { type: "boolean" }, update: { type: "boolean" } },
});

await setUp();
if ((await install(packages.quick, "installing Deno")) !== 0) say("Deno could not be installed");
if (values.full) await installAll();
if (values.update) await update();
else await compare(positionals.length > 0 ? positionals.flatMap(named) : runtimes);

/** The runtime of that name, or both pages of a browser. */
function named(name) {
  const found = runtimes.filter((runtime) => runtime.name.split(",")[0] === name);
  if (found.length === 0) throw new Error(`no runtime is called ${name}`);
  return found;
}

/** Takes what Node gives on one thread as the golden digest. */
async function update() {
  const [answer] = await runtimes[0].answers(THREADS.slice(0, 1));
  if (answer.error) throw new Error(answer.error);
  const changed = rewrite(answer);
  console.log(`${answer.digest}  ${answer.problems} problems, of which ${changed.length} are new or changed`);
  for (const name of changed) console.log(`  ${name}`);
  if (changed.length > 0) console.log("A change of the bits belongs in CHANGELOG.md, with its reason.");
}

async function compare(chosen) {
  const left = [];
  line("runtime", "version", "threads", "digest", "verdict");
  line("committed", "", "", golden.digest, `${golden.problems} problems`);
  for (const runtime of chosen) {
    const version = runtime.version();
    if (version === undefined) {
      left.push(runtime.name);
      line(runtime.name, "", "", "", "not run: not installed");
      continue;
    }
    for (const answer of await runtime.answers(THREADS)) {
      const { well, words } = verdict(answer, runtime);
      if (!well) process.exitCode = 1;
      line(runtime.name, version, String(answer.threads ?? "default"), answer.digest ?? "", words);
    }
  }
  if (left.length === chosen.length) process.exitCode = 1;
  const outcome = process.exitCode === 1 ? "NOT all digests are there and equal" : "all digests are equal";
  console.log(left.length > 0 ? `${outcome}; not run: ${left.join("; ")}` : outcome);
}

function line(...cells) {
  const widths = [25, 25, 7, 64, 0];
  console.log(cells.map((cell, i) => cell.padEnd(widths[i])).join("  "));
}
