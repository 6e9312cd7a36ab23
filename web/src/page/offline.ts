/** What a first visit loads before the service worker is in control, which keeps only what it sees. */

const container = navigator.serviceWorker as ServiceWorkerContainer | undefined; // browsers have it on safe origins only
const isFirst = container !== undefined && !container.controller;
const controlled = new Promise((resolve) => container?.addEventListener("controllerchange", resolve, { once: true }));

export function startServiceWorker(): void {
  container?.register("service.js").catch(() => undefined);
}

/** Asks for all files once more, which the browser has, so that the service worker keeps them.
 * @param addresses of files that the page did not load itself.
 */
export async function keepForOffline(addresses: string[]): Promise<void> {
  if (!isFirst) return;
  await controlled;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  for (const address of new Set([...loaded, ...addresses])) {
    const { origin, pathname } = new URL(address);
    if (origin === location.origin && !pathname.endsWith("/index.json")) await fetch(address).catch(() => undefined);
  }
  performance.mark("kept");
}
