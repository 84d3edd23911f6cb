// The form that asks: what is typed fills a question file, and GitHub's page for new files gets it. What
// may be in a question file is not judged here: `qabot check` does, on the pull request.
(() => {
  const data = JSON.parse($("data").textContent);
  let made = null;

  // JSON is YAML where what YAML can't hold is escaped (yaml.org/spec/1.2.2, 5.1 and 5.4).
  const scalar = (text) =>
    JSON.stringify(text).replace(
      /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g,
      (found) => "\\u" + found.charCodeAt(0).toString(16).padStart(4, "0"),
    );
  // A file's name has 255 bytes at most, and a character up to four.
  const name = (text) =>
    Array.from(text.replace(/[^\p{L}\p{N}\p{M}._-]+/gu, "-")).slice(0, 60).join("").replace(/^[._-]+|[._-]+$/g, "");

  // GitHub's page can't add to a file, so a question gets a file that isn't there yet.
  function freePath(set, question) {
    const folder = ["questions", ...set.split("/").map(name).filter(Boolean)].join("/");
    const file = `${folder}/${name(question.toLowerCase()) || "question"}`;
    const taken = new Set(data.sources.map((path) => path.replace(/\.[^./]*$/, "").toLowerCase()));
    let path = file;
    for (let n = 2; taken.has(path.toLowerCase()); n += 1) path = `${file}-${n}`;
    return `${path}.yaml`;
  }
  function file() {
    const [set, context, question, expect] =
      ["set", "context", "question", "expect"].map((field) => $(`ask-${field}`).value);
    const documents = $("ask-documents")?.value.trim();
    const about = documents ? `documents: [${scalar(documents)}]` : `context: ${scalar(context)}`;
    const lines = [about, "questions:", `- question: ${scalar(question.trim())}`];
    const expected = expect.split("\n").map((line) => line.trim()).filter(Boolean);
    if (expected.length) lines.push(`  expect: [${expected.map(scalar).join(", ")}]`);
    return { path: freePath(set, question), yaml: `${lines.join("\n")}\n` };
  }

  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    made = file();
    const branch = data.branch.split("/").map(encodeURIComponent).join("/");
    const page = data.web && `${data.web}/new/${branch}?filename=${encodeURIComponent(made.path)}`;
    // Half a character can be typed, and is in no address.
    const filled = page && `${page}&value=${encodeURIComponent(made.yaml.toWellFormed())}`;
    const short = Boolean(filled) && filled.length <= data.maxUrl;
    $("made-path").textContent = made.path;
    $("made-yaml").textContent = made.yaml;
    $("made-status").textContent = "";
    $("made-open").hidden = !page;
    if (page) $("made-open").href = short ? filled : page;
    $("made-how").textContent = short ? "GitHub opens with the file filled in."
      : page ? "The text is too long for a link: copy it, then paste it into GitHub's page."
        : "Copy or download it, and put it there.";
    $("made").hidden = false;
    $("made").focus();
  });
  $("form").addEventListener("input", () => {
    // What is changed afterwards is not in the file that was made.
    $("made").hidden = true;
    $("ask-context").required = !$("ask-documents")?.value.trim();
  });

  $("made-copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(made.yaml);
      $("made-status").textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren($("made-yaml"));
      $("made-status").textContent = "Selected: press Ctrl+C.";
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
