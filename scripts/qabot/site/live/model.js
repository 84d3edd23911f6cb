// Downloads, checks and keeps the files of the model, and the documents.

/** A failure whose message is shown as it is. */
export class LiveError extends Error {}

/**
 * Files from this browser's cache or else from beside the page.
 *
 * @param {{digest: string, bytes: number, files: {name: string, bytes: number, sha256: string}[]}} manifest
 * @param {string} kind of the files; of each kind, the newest are kept
 * @param {(done: number, total: number) => void} progress counts bytes
 * @returns {Promise<Map<string, ArrayBuffer>>} by name
 * @throws {LiveError} one can't be fetched, or is not what the page was made with
 */
export async function load(manifest, kind, progress) {
  const cache = await openCache(`qabot-${kind}-`, manifest.digest);
  const total = manifest.bytes;
  let done = 0;
  const files = new Map();
  for (const file of manifest.files) {
    const address = new URL(file.name, import.meta.url).href;
    const kept = await cache?.match(address);
    let content = kept && (await kept.arrayBuffer());
    if (content && (await sha256(content)) !== file.sha256) content = undefined;
    if (content) {
      done += file.bytes;
      progress(done, total);
    } else {
      content = await download(address, file, (bytes) => progress(done + bytes, total));
      done += file.bytes;
      try {
        await cache?.put(address, new Response(content.slice(0)));
      } catch {
        // No room, or none allowed: the next visit downloads it again.
      }
    }
    files.set(file.name, content);
  }
  return files;
}

/** The cache of some files; those of earlier ones go. None where the browser keeps nothing. */
async function openCache(prefix, digest) {
  try {
    for (const other of await caches.keys()) {
      if (other.startsWith(prefix) && other !== prefix + digest) await caches.delete(other);
    }
    return await caches.open(prefix + digest);
  } catch {
    return null;
  }
}

async function download(address, file, progress) {
  let response;
  try {
    response = await fetch(address, { cache: "no-store" });
  } catch {
    throw new LiveError(`${file.name} could not be downloaded; check the network and ask again`);
  }
  if (!response.ok) {
    throw new LiveError(`${file.name} could not be downloaded (HTTP ${response.status}); ask again later`);
  }
  const content = new Uint8Array(file.bytes);
  let length = 0;
  const reader = response.body.getReader();
  try {
    for (let part; !(part = await reader.read()).done; ) {
      if (length + part.value.length > file.bytes) throw new LiveError("");
      content.set(part.value, length);
      length += part.value.length;
      progress(length);
    }
  } catch (error) {
    if (error instanceof LiveError) throw changed(file);
    throw new LiveError(`the download of ${file.name} was cut off; ask again`);
  }
  if (length < file.bytes) throw new LiveError(`the download of ${file.name} was cut off; ask again`);
  if ((await sha256(content.buffer)) !== file.sha256) throw changed(file);
  return content.buffer;
}

function changed(file) {
  return new LiveError(`${file.name} is not the file that this page was made with; reload the page`);
}

async function sha256(content) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
