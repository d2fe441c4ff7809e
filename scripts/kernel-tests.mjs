// Runs the AssemblyScript specs under as-pect. as-pect calls it a success when it found no spec, so what
// ran is counted here: every spec file has to report, and together no fewer tests than FEWEST.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Raise it with the specs: fewer tests than this is a failure. */
const FEWEST = 188;

const root = fileURLToPath(new URL("..", import.meta.url));
// The package exports no path to it, and its bin starts whichever node is first on the PATH.
const aspect = join(root, "node_modules", "@as-pect", "cli", "lib", "test.js");
const specs = readdirSync(join(root, "test", "kernels")).filter((name) => name.endsWith(".spec.ts"));

const run = spawnSync(
  process.execPath,
  [
    aspect,
    "--config=test/kernels/as-pect.config.js",
    "--as-config=test/kernels/as-pect.asconfig.json",
    "--summary",
    ...specs.map((name) => `test/kernels/${name}`),
  ],
  { cwd: root, encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "pipe"] },
);

/** as-pect colours what it prints. */
function plain(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours begin.
  return (text ?? "").replace(/\u001b\[[0-9;]*m/g, "");
}

// The reports of the specs come on stderr, the summary, behind a logo, on stdout.
const reports = plain(run.stderr);
const summary = plain(run.stdout);
console.log(reports.trimEnd());
console.log(summary.slice(Math.max(0, summary.indexOf("⚡"))).trimEnd());

let passed = 0;
let failed = 0;
const problems = [];
if (run.error) problems.push(`as-pect did not start: ${run.error.message}`);
else if (run.status !== 0) problems.push(`as-pect ended with ${run.signal ?? `exit code ${run.status}`}`);
if (specs.length === 0) problems.push("no spec files");
for (const name of specs) {
  const report = new RegExp(`test/kernels/${name.replaceAll(".", "\\.")} +Pass: (\\d+) / (\\d+)`).exec(
    reports,
  );
  const good = Number(report?.[1] ?? 0);
  const all = Number(report?.[2] ?? 0);
  if (all === 0) problems.push(`${name} ran no tests`);
  passed += good;
  failed += all - good;
}
if (passed + failed < FEWEST) problems.push(`${passed + failed} tests ran, ${FEWEST} or more were expected`);
for (const problem of problems) console.error(problem);
console.log(`kernels: ${passed} passed, ${failed} failed`);
process.exitCode = problems.length > 0 || failed > 0 ? 1 : 0;
