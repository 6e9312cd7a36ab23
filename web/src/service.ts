/** The service worker: a second visit comes from the cache, the site works offline, and pages are isolated, so that
 * WebAssembly may use threads even where the host cannot send the headers for it (from the second visit on). */

declare const SOURCES: string; // a hash of the page's sources, from the build
const scope = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `hyperthumb-gallery ${scope.registration.scope}`;
const PAGE = `${CACHE} page ${SOURCES}`;
const FILES = `${CACHE} thumbnails and decoders`;
const SHELL = ["./", "index.json", "assets/page.css", "assets/page.js", "assets/worker.js"];

const FRESH: RequestInit = { cache: "no-cache" }; // asks the server whether the browser's copy is still right

scope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(PAGE).then((cache) => cache.addAll(SHELL.map((url) => new Request(url, FRESH)))).then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(removeOld().then(() => scope.clients.claim()));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || request.headers.has("range")) return;
  if (request.mode === "navigate" || url.pathname.endsWith("/index.json")) event.respondWith(freshFirst(request));
  else if (url.pathname.includes("/assets/")) event.respondWith(keptFirst(event, PAGE));
  else if (/^\?[0-9a-f]{12}$/.test(url.search)) event.respondWith(keptFirst(event, FILES));
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

async function keptFirst(event: FetchEvent, name: string): Promise<Response> {
  const { request } = event, cache = await caches.open(name), kept = await cache.match(request);
  if (kept) return kept;
  const response = await fetch(request, FRESH);
  if (response.status === 200) event.waitUntil(keep(cache, request, response.clone()));
  return response;
}

/** Keeps a file whose address has no digest, or its own: a damaged one is asked for again. */
async function keep(cache: Cache, request: Request, response: Response): Promise<void> {
  const digest = new URL(request.url).search.slice(1), copy = response.clone();
  if (!digest || digest === (await digestOf(await response.arrayBuffer()))) await cache.put(request, copy);
}

/** The first 12 hexadecimal digits of the SHA-256, as hyperthumb/gallery/index.py computes it. */
async function digestOf(data: ArrayBuffer): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(hash.subarray(0, 6), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isolated(request: Request, response: Response): Response {
  if (request.mode !== "navigate" || response.type === "opaqueredirect" || response.redirected) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
