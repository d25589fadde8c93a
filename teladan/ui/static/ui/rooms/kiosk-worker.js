// Keeps the kiosk's page for times without a connection. PAGE and KEPT come from the server (views/kiosk.py).
// Pages: the server first, what is kept after three seconds or without a connection. Files: kept ones first.
const CACHE = "teladan-kiosk-1";
const PATIENCE = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const keptPage = async (url) => {
  const cache = await caches.open(CACHE);
  return (await cache.match(url.href)) ?? cache.match(KEPT[0]);
};

const page = async (request, url) => {
  const asked = fetch(request).then(async (response) => {
    if (response.ok) (await caches.open(CACHE)).put(url.href, response.clone());
    return response;
  });
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  try {
    return (await Promise.race([asked, late])) ?? (await keptPage(url)) ?? (await asked);
  } catch {
    return (await keptPage(url)) ?? Response.error();
  }
};

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === PAGE) event.respondWith(page(event.request, url));
  else if (KEPT.includes(url.pathname))
    event.respondWith(caches.match(event.request).then((found) => found ?? fetch(event.request)));
});
