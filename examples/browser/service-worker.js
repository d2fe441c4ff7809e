// Keeps the studio's files, so that it works without a network, and adds the headers that threads need. The page
// itself is asked for first, so that a new version is seen; its other files lie in a folder of its own name.

/* global STUDIO_VERSION, STUDIO_FILES */
const PAGE = new URL("./", self.location.href).href;
const OURS = `advnmf-studio ${PAGE} `;
const CACHE = OURS + STUDIO_VERSION;

const HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([PAGE, ...STUDIO_FILES])));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(clearAndClaim());
});

/** Other versions' files go; what the host keeps for other pages stays. */
async function clearAndClaim() {
  for (const name of await caches.keys()) {
    if (name.startsWith(OURS) && name !== CACHE) await caches.delete(name);
  }
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(PAGE)) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  if (request.mode === "navigate") {
    const fetched = await fetch(request).catch(() => undefined);
    return isolated(fetched ?? (await cache.match(PAGE)) ?? Response.error());
  }
  return isolated((await cache.match(request)) ?? (await fetch(request)));
}

function isolated(response) {
  // An answer that cannot be read cannot be copied.
  if (response.type === "error" || response.type.startsWith("opaque") || response.redirected) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
