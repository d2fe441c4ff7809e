// npm test: sets up what is needed, runs every check, and ends with one line of counts.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { install, node, root, say, setUp } from "./setup.mjs";

const modules = join(root, "node_modules");
const total = { passed: 0, failed: 0, skipped: 0 };

await setUp();
await installRuntimes();

await count("lint and format", () => asOne([join(modules, "@biomejs/biome/bin/biome"), "check", "."]));
await count("types", () => asOne([join(modules, "typescript/bin/tsc"), "-p", "."]));
await count("kernels", kernelTests);
await count("SDK, files, command line, package", vitest);

const { passed, failed, skipped } = total;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** Other runtimes are a matter of the tests only; without them (no network, say) their tests are skipped. */
async function installRuntimes() {
  const code = await install(
    join(root, "test", "runtimes"),
    "installing Deno, workerd and webpack for the tests",
  );
  if (code !== 0) say("they could not be installed: their tests will be skipped");
}

async function count(title, check) {
  say(title);
  const result = await check();
  for (const key of Object.keys(total)) total[key] += result[key];
}

/** A check that passes or fails as a whole. */
async function asOne(args) {
  const code = await node(args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** The as-pect specs of test/kernels. Their script ends with a line of counts. */
async function kernelTests() {
  const { code, output } = await capture([join(root, "scripts", "kernel-tests.mjs")]);
  const [, passed, failed] = /^kernels: (\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  return counted(code, Number(passed ?? 0), Number(failed ?? 0), 0);
}

/** Counts, with one failure more when something failed that no test stands for, or when none was run. */
function counted(code, passed, failed, skipped) {
  const unseen = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: unseen ? 1 : failed, skipped };
}

/** Runs a script, shows its output, and returns it with the exit code. */
function capture(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", 2] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      process.stderr.write(text);
    });
    child.once("close", (code) => resolve({ code, output }));
  });
}

async function vitest() {
  const report = join(root, "build", "vitest.json");
  mkdirSync(join(root, "build"), { recursive: true });
  rmSync(report, { force: true });
  const code = await node([
    join(modules, "vitest/vitest.mjs"),
    "run",
    "--config=test/vitest.config.ts",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  if (!existsSync(report)) return counted(code, 0, 0, 0);
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, "utf8"),
  );
  // A file that cannot be loaded has no tests to fail.
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  return counted(code, numPassedTests, numFailedTests + broken, numPendingTests + numTodoTests);
}
