// The panel that asks the model in this browser: what is typed goes to the worker, what comes back is shown.
const $ = (id) => document.getElementById(id);
const manifest = JSON.parse($("live-data").textContent);
const pageTexts = JSON.parse($("contexts").textContent);

/** By the number of a text on the page, the answers that are shown from it, in their sets. */
function articles() {
  const found = new Map();
  for (const button of document.querySelectorAll("button[data-at]")) {
    const number = Number(button.dataset.at.split(",")[0]);
    const article = button.closest("article");
    if (!found.has(number)) found.set(number, []);
    found.get(number).push(article);
  }
  return found;
}

/** The folder or file of documents that is chosen, empty for all; null where something else is. */
function chosenPath() {
  const [kind, number] = $("live-texts").value.split(" ");
  return kind === "documents" ? manifest.documents.choices[Number(number)] : null;
}

/** The texts to look in: each with its content, and the answer on the page that leads to it. */
function chosenTexts() {
  const choice = $("live-texts").value;
  if (choice === "own") return [{ content: $("live-text").value }];
  const shown = [...articles()].map(([number, places]) => ({ content: pageTexts[number], places }));
  if (choice === "all") return shown.map(({ content, places }) => ({ content, article: places[0] }));
  const section = document.querySelectorAll("main > section")[Number(choice)];
  return shown
    .map(({ content, places }) => ({ content, article: places.find((place) => section.contains(place)) }))
    .filter(({ article }) => article);
}

let worker = null;
let asked = 0;
const waiting = new Map();

/** Ask the worker; `where` is { texts }, or { path } of documents. */
function ask(question, where) {
  if (!worker) {
    worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      if (data.progress) return showProgress(data.progress);
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      for (const done of waiting.values()) done({ error: "The program could not be loaded; check the network and reload the page." });
      waiting.clear();
      worker.terminate();
      worker = null;
    });
  }
  asked += 1;
  const id = asked;
  return new Promise((done) => {
    waiting.set(id, done);
    worker.postMessage({ id, manifest, question, ...where });
  });
}

function showProgress({ kind, done, total }) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  $("live-download").hidden = done >= total;
  $("live-progress").max = total;
  $("live-progress").value = done;
  $("live-bytes").textContent = `${megabytes(done)} of ${megabytes(total)} MB`;
  say(done < total ? `Getting the ${kind} …` : "Answering …");
}

function say(text, bad = false) {
  // A screen reader reads every change aloud, even one to the same text.
  if ($("live-status").textContent !== text) $("live-status").textContent = text;
  $("live-status").classList.toggle("bad", bad);
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.append(text);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

// Code points before and after an answer, of its paragraph, that show what it is about.
const AROUND = 160;
const PARAGRAPH = /\n\s*\n/u;

function quoted(span, content) {
  const points = Array.from(content);
  const before = Array.from(points.slice(0, span.start).join("").split(PARAGRAPH).at(-1));
  const after = Array.from(points.slice(span.end).join("").split(PARAGRAPH)[0]);
  const doubtful = span.score < 0.5;
  const mark = element("mark", span.answer, doubtful ? { class: "doubt" } : {});
  const quote = document.createElement("blockquote");
  quote.append(before.length > AROUND ? "… " : "", before.slice(-AROUND).join(""));
  quote.append(mark, after.slice(0, AROUND).join(""), after.length > AROUND ? " …" : "");
  return quote;
}

function percent(score) {
  return score.toFixed(2);
}

/** Where in the documents: a link to GitHub where they are there. */
function placed({ document, unit, number }) {
  const { web, branch } = JSON.parse($("data").textContent);
  const name = `documents/${document}`;
  const text = unit === "line" ? `${name}:${number}` : unit ? `${name}, page ${number}` : name;
  if (!web) return element("span", text);
  const path = [...branch.split("/"), ...name.split("/")].map(encodeURIComponent).join("/");
  const anchor = unit === "line" ? `?plain=1#L${number}` : unit ? `#page=${number}` : "";
  return element("a", text, { href: `${web}/blob/${path}${anchor}` });
}

function showAnswer(spans, texts, path, milliseconds) {
  const [first, ...others] = spans;
  const shown = [];
  if (first.answer === null) {
    const none = path === null ? "The text does not say." : "The documents do not say.";
    shown.push(element("p", none, { class: "live-none" }));
  } else {
    shown.push(quoted(first, texts[first.text].content));
  }
  const doubtful = first.score !== null && first.score < 0.5;
  if (first.score !== null) {
    const score = element("p", `${doubtful ? "? doubtful" : "score"} `, { class: doubtful ? "score doubt" : "score" });
    const fit = manifest.settings.calibration ? "" : " (not calibrated)";
    score.append(element("b", percent(first.score)), `${fit} · ${(milliseconds / 1000).toFixed(1)} s`);
    const place = first.answer === null ? null : texts[first.text];
    if (place?.article) {
      score.append(" · ", element("a", "in its text on this page", { href: `#${place.article.id}` }));
    }
    shown.push(score);
  }
  if (first.place) {
    const note = element("p", placed(first.place), { class: "note" });
    if (first.place.headings.length) note.append(` · ${first.place.headings.join(" › ")}`);
    shown.push(note);
  }
  if ((doubtful || first.answer === null) && others.length) {
    const also = element("div", "It could also be", { class: "also" });
    const list = document.createElement("ul");
    for (const other of others) {
      const line = element("li", `${other.answer} `);
      line.append(element("small", percent(other.score)));
      if (other.place) line.append(" ", placed(other.place));
      list.append(line);
    }
    also.append(list);
    shown.push(also);
  }
  const keep = element("button", "Ask for good", { type: "button" });
  keep.addEventListener("click", () => keepQuestion(texts[first.text ?? 0], path));
  shown.push(keep);
  $("live-answer").replaceChildren(...shown);
  $("live-answer").hidden = false;
  $("live-answer").focus();
}

/** Fill in the form that makes a question file. */
function keepQuestion(text, path) {
  const set = text?.article?.closest("section")?.getAttribute("aria-label");
  if (set) $("ask-set").value = set;
  $("ask-context").value = path === null ? text.content : "";
  // A pattern that matches the name alone, whatever is in it.
  if ($("ask-documents")) $("ask-documents").value = path?.replace(/[*?[]/g, "[$&]") || (path === null ? "" : "**");
  $("ask-question").value = $("live-question").value;
  $("form").dispatchEvent(new Event("input", { bubbles: true }));
  $("ask").open = true;
  $(set ? "ask-question" : "ask-set").focus();
}

$("live-texts").addEventListener("change", () => {
  const own = $("live-texts").value === "own";
  $("live-own").hidden = !own;
  $("live-text").required = own;
});

let busy = false;
$("live-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (busy) return;
  const path = chosenPath();
  const texts = path === null ? chosenTexts() : [];
  if (path === null && !texts.length) return say("There is no text on this page to look in; paste one.", true);
  busy = true;
  $("live-answer").hidden = true;
  say("Answering …");
  const where = path === null ? { texts: texts.map(({ content }) => content) } : { path };
  const said = await ask($("live-question").value, where);
  busy = false;
  $("live-download").hidden = true;
  if (said.error) return say(said.error, true);
  say("");
  showAnswer(said.spans, said.texts?.map((content) => ({ content })) ?? texts, path, said.milliseconds);
  keepOffline();
});

/** From the first answer on the page works without a network, too. */
function keepOffline() {
  navigator.serviceWorker?.register(new URL("../service-worker.js", import.meta.url)).catch(() => {});
}

const missing = !window.isSecureContext || location.protocol === "file:"
  ? "The model can only be run on a page that comes from https, or from this machine with qabot site --live --open."
  : typeof WebAssembly !== "object" ? "This browser can't run the model: it has no WebAssembly." : "";
if (missing) {
  say(missing, true);
  $("live-form").querySelector("button").disabled = true;
}
$("live-texts").dispatchEvent(new Event("change"));
