// How each browser is started, without a screen and with a profile that nothing was done with.

import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "./answers.mjs";

const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Nothing but the page is opened, and nothing is sent anywhere. */
const FIREFOX_PREFERENCES = {
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "app.normandy.enabled": false,
};

const firstOf = (...paths) => paths.find((path) => existsSync(path));

// Looked for when they are needed: they may be installed while we run.
export const chromium = () =>
  firstOf("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");
export const firefox = () => firstOf("/usr/bin/firefox-esr", "/usr/bin/firefox");
const xvfb = () => firstOf("/usr/bin/Xvfb");
const miniBrowser = (machine) => `/usr/lib/${machine}-linux-gnu/webkit2gtk-4.1/MiniBrowser`;
/** WebKitGTK's own browser; it needs a screen. */
export const webkit = () => xvfb() && firstOf(miniBrowser("x86_64"), miniBrowser("aarch64"));

/** A folder for one run of a browser; `stop` ends the browser and takes the folder away. */
function inFolder(open) {
  return async (url) => {
    const folder = mkdtempSync(join(tmpdir(), "advnmf-browser-"));
    // A browser's helpers outlive it for a moment, and still write.
    const remove = () => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    const browser = await open(url, folder).catch(async (error) => {
      await remove();
      throw error;
    });
    return { failed: browser.failed, stop: () => browser.stop().finally(remove) };
  };
}

export const openChromium = inFolder(async (url, folder) =>
  start(chromium(), [...CHROMIUM_FLAGS, `--user-data-dir=${folder}`, url]),
);

export const openFirefox = inFolder(async (url, folder) => {
  const lines = Object.entries(FIREFOX_PREFERENCES).map(([name, value]) => `user_pref("${name}", ${value});`);
  writeFileSync(join(folder, "user.js"), lines.join("\n"));
  return start(firefox(), ["--headless", "--no-remote", "--profile", folder, url]);
});

export const openWebkit = inFolder(async (url, folder) => {
  const { screen, display } = await startScreen();
  const browser = start(webkit(), ["--private", url], {
    env: {
      ...process.env,
      DISPLAY: display,
      HOME: folder,
      GDK_BACKEND: "x11",
      // Its sandbox needs rights that a container has not.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
    },
  });
  return {
    failed: Promise.race([browser.failed, screen.failed]),
    async stop() {
      await browser.stop();
      // Asked rather than killed, it takes its lock file away.
      await screen.stop("SIGTERM");
    },
  };
});

/** A screen in memory, under the first number that is free. */
async function startScreen() {
  const args = ["-displayfd", "3", "-screen", "0", "1024x768x24", "-nolisten", "tcp"];
  const screen = start(xvfb(), args, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const number = new Promise((resolve) => screen.child.stdio[3].setEncoding("utf8").once("data", resolve));
  return { screen, display: `:${(await Promise.race([number, screen.failed])).trim()}` };
}
