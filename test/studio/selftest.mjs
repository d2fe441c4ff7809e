// Runs in the studio's page, put in by the test server: computes the five problems, goes through the studio as a
// person would, and posts what it saw. It serves browsers that nobody drives from outside.

const violations = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  violations.push(`${violatedDirective} ${blockedURI}`),
);
addEventListener("error", ({ message }) => violations.push(message));

const find = (selector) => document.querySelector(selector);
const text = (selector) => find(selector)?.textContent ?? "";

/** Waits until `holds`, for two minutes at most. */
async function until(what, holds) {
  const end = performance.now() + 120_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}: ${text("#status")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function fact(term) {
  return [...document.querySelectorAll("#figures dt")].find((dt) => dt.textContent === term)
    ?.nextElementSibling.textContent;
}

async function fingerprints() {
  const printed = [];
  const { log } = console;
  console.log = (line) => printed.push(line);
  await import("../runtimes/fingerprints.mjs");
  console.log = log;
  return JSON.parse(printed[0]);
}

async function walk() {
  await until("the worker", () => text("#environment").includes("Version"));
  const environment = text("#environment");
  find("[data-example=atnmf-synthetic]").click();
  await until("the matrix", () => !find("#factorize").hidden);
  find("#run").click();
  await until("the factorization", () => !find("#fitted").hidden);
  const sha256 = { W: fact("SHA-256 of W"), H: fact("SHA-256 of H") };
  find("[data-file=W]").click();
  await until("the file", () => text("#status").includes("saved"));
  find("#attack-run").click();
  await until("the attack", () => !find("#attacked").hidden);
  const slider = find("#epsilon");
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input"));
  const verdict = text("#verdict");
  // And a run that is cancelled.
  find("#iterations").value = "1000000";
  find("#starts").value = "100000";
  find("#run").click();
  await until("the run", () => text("#progress-label").includes("iteration"));
  find("#cancel").click();
  await until("the end of it", () => find("#cancel").hidden);
  const cancelled = text("#progress-label") + text("#form-error");
  return { environment, sha256, verdict, cancelled };
}

// A page that is to be isolated by its service worker is reloaded once: what is asked of it waits for that.
const wanted = document.documentElement.dataset.isolated === "true";
if (crossOriginIsolated === wanted) {
  const answer = await Promise.all([fingerprints(), walk()]).then(
    ([problems, walked]) => ({ problems, ...walked }),
    (error) => ({ error: String(error) }),
  );
  const { userAgent } = navigator;
  await fetch("./answer", {
    method: "POST",
    body: JSON.stringify({ ...answer, userAgent, isolated: crossOriginIsolated, violations }),
  });
}
