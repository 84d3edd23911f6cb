"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const articles = [...document.querySelectorAll("article")];
  const sections = [...document.querySelectorAll("section")];
  document.documentElement.classList.add("js");

  // Search and filters. The texts are lower-cased once, when somebody first looks for something.
  let texts = null;
  const setOf = new Map();
  sections.forEach((one, number) => {
    for (const article of one.querySelectorAll("article")) setOf.set(article, String(number));
  });
  const pressed = () =>
    [...document.querySelectorAll("[data-filter][aria-pressed=true]")].map((b) => b.dataset.filter);

  function show() {
    texts ??= articles.map((one) => one.textContent.toLowerCase());
    const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const set = $("set").value;
    const marks = pressed();
    const left = new Set();
    let count = 0;
    articles.forEach((one, number) => {
      const has = one.dataset.marks.split(" ");
      const fits =
        (!set || setOf.get(one) === set) &&
        (!marks.length || marks.some((mark) => has.includes(mark))) &&
        words.every((word) => texts[number].includes(word));
      one.hidden = !fits;
      if (fits) {
        count += 1;
        left.add(setOf.get(one));
      }
    });
    sections.forEach((one, number) => { one.hidden = !left.has(String(number)); });
    $("none").hidden = count > 0;
    const all = !words.length && !set && !marks.length;
    $("count").textContent = all ? "" : `${count.toLocaleString("en")} of ${articles.length.toLocaleString("en")}`;
  }
  $("find").addEventListener("input", show);
  $("set").addEventListener("change", show);
  for (const button of document.querySelectorAll("[data-filter]")) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      show();
    });
  }

  // An answer in its whole text. Offsets count code points; a string's own count UTF-16 units.
  function toggle(button) {
    const article = button.closest("article");
    const short = article.querySelector("blockquote");
    const open = article.querySelector("blockquote.whole");
    button.setAttribute("aria-expanded", String(!open));
    if (open) {
      open.remove();
      article.querySelector("blockquote").hidden = false;
      return;
    }
    const [number, start, end] = button.dataset.at.split(",").map(Number);
    const points = Array.from(data.contexts[number]);
    const whole = document.createElement("blockquote");
    whole.className = "whole";
    whole.tabIndex = 0;
    whole.setAttribute("aria-label", "Whole text");
    const mark = short.querySelector("mark").cloneNode();
    mark.textContent = points.slice(start, end).join("");
    whole.append(points.slice(0, start).join(""), mark, points.slice(end).join(""));
    short.hidden = true;
    short.after(whole);
    whole.scrollTop = mark.offsetTop - whole.offsetTop - whole.clientHeight / 3;
  }
  $("answers").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-at]");
    if (button) toggle(button);
  });

  // Keys.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "Escape" && event.target === $("find")) {
      $("find").value = "";
      show();
      $("find").blur();
    }
    if (typing) return;
    const here = document.activeElement.closest("article");
    if (event.key === "/") {
      event.preventDefault();
      $("find").focus();
    } else if (event.key === "j" || event.key === "k") {
      const seen = articles.filter((one) => !one.hidden);
      const at = seen.indexOf(here) + (event.key === "j" ? 1 : -1);
      const next = seen[here ? at : 0];
      if (next) {
        next.focus({ preventScroll: true });
        next.scrollIntoView({ block: "center" });
      }
    } else if (event.key === "Enter" && event.target === here) {
      const button = here.querySelector("button[data-at]");
      if (button) toggle(button);
    }
  });

  // Asking. The checks and their words are those of `qabot check`.
  const length = (text) => Array.from(text).length;
  const number = (count) => count.toLocaleString("en");
  function problem(name, text, longest) {
    if (!text.trim()) return `${name} is empty; write something, or remove it`;
    if (length(text) > longest) {
      return `${name} has ${number(length(text))} characters, of ${number(longest)} at most; shorten it`;
    }
    if (/\p{Cs}/u.test(text)) return `${name} holds half a surrogate pair; write the character itself`;
    return "";
  }
  // JSON is YAML where what YAML can't hold is escaped (yaml.org/spec/1.2.2, 5.1 and 5.4).
  const scalar = (text) =>
    JSON.stringify(text).replace(
      /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g,
      (found) => "\\u" + found.charCodeAt(0).toString(16).padStart(4, "0"),
    );
  function slug(text) {
    let name = "";
    for (const word of text.normalize("NFKC").toLowerCase().match(/[\p{L}\p{N}]+/gu) || []) {
      if (name && length(name) + 1 + length(word) > data.limits.slug) break;
      name = name ? `${name}-${word}` : Array.from(word).slice(0, data.limits.slug).join("");
    }
    return name || "question";
  }
  const stem = (path) => path.replace(/\.[^./]*$/, "").normalize("NFC").toLowerCase();
  // GitHub's new-file page can't add to a file, so a question gets a file that isn't there yet.
  function freePath(set, name) {
    const taken = new Set(data.sources.map(stem));
    let path = `questions/${set}/${name}`;
    for (let n = 2; taken.has(stem(path + ".yaml")); n += 1) path = `questions/${set}/${name}-${n}`;
    return path + ".yaml";
  }

  let made = null;
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const set = $("ask-set").value.trim();
    const context = $("ask-context").value;
    const question = $("ask-question").value.trim();
    const expect = $("ask-expect").value.split("\n").map((one) => one.trim()).filter(Boolean);
    const limits = data.limits;
    const fits = set.split("/").every((part) => /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]*$/u.test(part));
    const wrong = {
      set: !set ? "the set is empty; write a name"
        : length(set) > limits.id || !fits
          ? `the set is '${set}'; use letters, digits and . _ - behind the first` : "",
      context: problem("'context'", context, limits.context),
      question: problem("'question'", question, limits.question),
      expect: expect.length > limits.expect
        ? `${expect.length} items in 'expect', of ${limits.expect} at most; remove some`
        : expect.map((one) => problem("an item of 'expect'", one, limits.question)).find(Boolean) || "",
    };
    let first = null;
    for (const [name, text] of Object.entries(wrong)) {
      $(`error-${name}`).textContent = text;
      $(`ask-${name}`).setAttribute("aria-invalid", String(Boolean(text)));
      if (text) first ??= $(`ask-${name}`);
    }
    $("made").hidden = Boolean(first);
    if (first) {
      first.focus();
      return;
    }
    const lines = [`context: ${scalar(context)}`, "questions:", `- question: ${scalar(question)}`];
    if (expect.length) lines.push(`  expect: [${expect.map(scalar).join(", ")}]`);
    made = { path: freePath(set, slug(question)), yaml: lines.join("\n") + "\n" };
    const branch = data.branch.split("/").map(encodeURIComponent).join("/");
    const page = data.web && `${data.web}/new/${branch}?filename=${encodeURIComponent(made.path)}`;
    const filled = page && `${page}&value=${encodeURIComponent(made.yaml)}`;
    const short = Boolean(filled) && filled.length <= data.maxUrl;
    $("made-path").textContent = made.path;
    $("made-yaml").textContent = made.yaml;
    $("made-told").textContent = "";
    $("made-open").hidden = !page;
    if (page) $("made-open").href = short ? filled : page;
    $("made-how").textContent = short ? "GitHub opens with the file filled in."
      : page ? "The text is too long for a link: copy it, then paste it into GitHub's page."
        : "Copy or download it, and put it there.";
  });
  $("made-copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(made.yaml);
      $("made-told").textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren($("made-yaml"));
      $("made-told").textContent = "Selected: press Ctrl+C.";
    }
  });
  $("made-download").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([made.yaml], { type: "application/yaml" }));
    link.download = made.path.split("/").pop();
    link.click();
    URL.revokeObjectURL(link.href);
  });
})();
