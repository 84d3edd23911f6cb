// Asking. The checks and their words are those of `qabot check`.
(() => {
  const data = JSON.parse($("data").textContent);
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
