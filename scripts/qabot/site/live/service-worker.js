// Keeps the page for when there is no network, and lets the model use two threads.
//
// Threads need two headers that a host of static files does not send (web.dev/articles/coop-coep).
const CACHE = "qabot-page";
// What an answer needs besides the model and the documents, which live/model.js keeps.
const FILES = [
  "./", "live/panel.js", "live/worker.js", "live/model.js", "live/documents.js", "live/reader.js", "live/ranking.js",
  "live/spans.js", "live/windows.js", "live/wordpiece.js", "live/ort.wasm.bundle.min.mjs",
];
const KEPT_ELSEWHERE = /\/(model\.onnx|tokenizer\.json|documents\.json|[^/]+\.wasm)$/;

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (!KEPT_ELSEWHERE.test(pathname)) event.respondWith(respond(event.request));
});

async function respond(request) {
  let response;
  try {
    response = await fetch(request);
    if (response.ok) {
      const cache = await caches.open(CACHE);
      await cache.put(request, response.clone()).catch(() => {}); // a full disk
    }
  } catch (error) {
    response = await caches.match(request, { ignoreSearch: true });
    if (!response) throw error;
  }
  if (!response.body) return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
