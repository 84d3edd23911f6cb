// The form that asks: what is typed becomes a file, and GitHub's page for new files gets it.
(() => {
  const data = JSON.parse($("data").textContent);
  const { make } = asking(data);
  let made = null;

  function typed() {
    const names = ["set", "context", "question", "expect"];
    return Object.fromEntries(names.map((name) => [name, $(`ask-${name}`).value]));
  }
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { wrong, ...file } = make(typed());
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
    made = file;
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
    $("made").focus();
  });
  // What is changed after is not in the file that was made.
  $("form").addEventListener("input", () => { $("made").hidden = true; });

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
