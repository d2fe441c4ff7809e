// The service worker: the page works without a network once it was loaded, and has threads where the host sends
// no headers for them.

/** Set before the one reload, so that there is no second. */
const RELOADED = "advnmf-reloaded";

/** `untouched` tells whether nobody has begun anything that a reload would take away. */
export async function goOffline(untouched: () => boolean): Promise<void> {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  try {
    await serviceWorker.register(new URL("../service-worker.js", import.meta.url));
    await serviceWorker.ready;
  } catch {
    // A host without the script, or a browser that forbids it: the page works as it is.
    return;
  }
  if (crossOriginIsolated || !untouched() || reloaded()) return;
  // The page came from the host, without the headers; from the service worker it comes with them.
  location.reload();
}

/** Whether this tab was reloaded already, or cannot remember it. */
function reloaded(): boolean {
  try {
    if (sessionStorage.getItem(RELOADED)) return true;
    sessionStorage.setItem(RELOADED, "yes");
    return false;
  } catch {
    return true;
  }
}
