/** The service worker: a second visit comes from the cache, the site works offline, and pages are isolated, so that
 * WebAssembly may use threads even where the host cannot send the headers for it (from the second visit on). */

declare const SOURCES: string; // a hash of the page's sources, from the build
const scope = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `hyperthumb-gallery ${scope.registration.scope}`;
const PAGE = `${CACHE} page ${SOURCES}`;
const FILES = `${CACHE} files`;
const SHELL = ["./", "index.json", "assets/page.css", "assets/page.js", "assets/worker.js"];

scope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(PAGE).then((cache) => cache.addAll(SHELL)).then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(removeOld().then(() => scope.clients.claim()));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || request.headers.has("range")) return;
  if (request.mode === "navigate" || url.pathname.endsWith("/index.json")) event.respondWith(freshFirst(request));
  else if (url.pathname.includes("/assets/")) event.respondWith(keptFirst(request, PAGE));
  else if (url.search) event.respondWith(keptFirst(request, FILES)); // its address changes with its content
});

async function removeOld(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(CACHE) && name !== PAGE && name !== FILES) await caches.delete(name);
  }
}

/** From the network; where that is gone, as it was last. */
async function freshFirst(request: Request): Promise<Response> {
  const cache = await caches.open(PAGE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(keyOf(request), response.clone());
    return isolated(request, response);
  } catch (error) {
    const kept = await cache.match(keyOf(request));
    if (!kept) throw error;
    return isolated(request, kept);
  }
}

/** The page may choose its engine by its address, and is the same. */
function keyOf(request: Request): string {
  const url = new URL(request.url);
  return url.origin + url.pathname;
}

async function keptFirst(request: Request, name: string): Promise<Response> {
  const cache = await caches.open(name), kept = await cache.match(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.status === 200) await cache.put(request, response.clone());
  return response;
}

function isolated(request: Request, response: Response): Response {
  if (request.mode !== "navigate" || response.type === "opaqueredirect" || response.redirected) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
