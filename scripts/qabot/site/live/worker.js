// Runs the model beside the page, so that the page never waits for it.
import * as ort from "./ort.wasm.bundle.min.mjs";
import { Documents } from "./documents.js";
import { LiveError, load } from "./model.js";
import { InputError, Reader } from "./reader.js";

// More threads than two bring little on a window of a few hundred tokens. They need a page that the
// browser isolates from others (developer.mozilla.org/docs/Web/API/Window/crossOriginIsolated).
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(2, navigator.hardwareConcurrency) : 1;

let reader = null;
let library = null;

function download(manifest, kind) {
  return load(manifest, kind, (done, total) => postMessage({ progress: { kind, done, total } }));
}

const parsed = (content) => JSON.parse(new TextDecoder().decode(content));

async function open(manifest) {
  const files = await download(manifest, "model");
  const names = manifest.names;
  ort.env.wasm.wasmBinary = files.get(names.wasm);
  const session = await ort.InferenceSession.create(files.get(names.model), { executionProviders: ["wasm"] });
  const tokenizer = parsed(files.get(names.tokenizer));
  const longs = (numbers) => new ort.Tensor("int64", BigInt64Array.from(numbers, BigInt), [1, numbers.length]);
  return new Reader(tokenizer, manifest.settings, async (ids, types) => {
    const inputs = { input_ids: ids, token_type_ids: types, attention_mask: ids.map(() => 1) };
    const feeds = Object.fromEntries(session.inputNames.map((name) => [name, longs(inputs[name])]));
    const { start_logits: start, end_logits: end } = await session.run(feeds);
    return [start.data, end.data];
  });
}

async function openDocuments({ documents, settings }) {
  const [content] = (await download(documents, "documents")).values();
  return new Documents(parsed(content), { ...documents.settings, ranking: settings.ranking });
}

// One question after the other, in the order in which they came.
let last = Promise.resolve();
addEventListener("message", ({ data }) => {
  last = last.then(() => answer(data));
});

async function answer({ id, manifest, question, texts, path }) {
  try {
    reader ??= await open(manifest);
    if (path !== undefined) library ??= await openDocuments(manifest);
    const started = performance.now();
    const found = path === undefined
      ? { spans: await reader.answerAmong(texts, question) }
      : await reader.answerInDocuments(library, path, question);
    postMessage({ id, ...found, milliseconds: performance.now() - started });
  } catch (error) {
    const known = error instanceof LiveError || error instanceof InputError;
    const message = known ? error.message : `The model could not be run here: ${error?.message ?? error}`;
    postMessage({ id, error: message });
  }
}
