// What the full battery needs: runtimes from npm, browsers from Debian.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { install, run, say } from "../setup.mjs";
import { packages } from "./runtimes.mjs";

const DEBIAN = ["chromium", "firefox-esr", "webkit2gtk-driver", "xvfb"];

/** Installs what is missing, as far as that can be done here; what cannot is not run. */
export async function installAll() {
  const code = await install(packages.full, "installing Bun and workerd");
  if (code !== 0) say("Bun and workerd could not be installed");
  if ((await installBrowsers()) !== 0) say("some browsers could not be installed");
}

async function installBrowsers() {
  if (!existsSync("/usr/bin/apt-get")) return 1;
  const missing = DEBIAN.filter((name) => !isInstalled(name));
  if (missing.length === 0) return 0;
  say(`installing ${missing.join(", ")}`);
  return (
    (await asRoot("apt-get", "update", "-qq")) ||
    (await asRoot("apt-get", "install", "-y", "-qq", "--no-install-recommends", ...missing))
  );
}

function isInstalled(name) {
  const { stdout } = spawnSync("dpkg", ["-s", name], { encoding: "utf8" });
  return /^Status: .* installed$/m.test(stdout);
}

function asRoot(...words) {
  const [program, ...args] = process.getuid() === 0 ? words : ["sudo", "-n", ...words];
  return run(program, args, {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}
