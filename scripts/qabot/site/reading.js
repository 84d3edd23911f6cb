// Finding answers, seeing them in their whole text, going through them by keys.
const $ = (id) => document.getElementById(id);

(() => {
  const articles = [...document.querySelectorAll("article")];
  const sections = [...document.querySelectorAll("section")];
  // Articles are in parts, and what is not on the screen costs nothing, a part at a time.
  const parts = [...document.querySelectorAll(".part")];
  const numberOf = new Map(articles.map((article, number) => [article, number]));
  // By an article's number the number of its part, by a part's that of its section.
  const partOf = [];
  const sectionOf = [];
  parts.forEach((part, number) => {
    for (let left = part.children.length; left; left -= 1) partOf.push(number);
  });
  sections.forEach((section, number) => {
    for (let left = section.querySelectorAll(".part").length; left; left -= 1) sectionOf.push(number);
  });
  const marks = articles.map((article) => article.dataset.marks.split(" "));
  const shown = articles.map(() => true);

  // About as high as what it holds: a part's place on the scroll bar until it has been seen.
  const size = (part, count) => { part.style.containIntrinsicHeight = `${count * 9}rem`; };
  const held = parts.map((part) => part.children.length);
  parts.forEach((part, number) => size(part, held[number]));
  document.documentElement.classList.add("js");

  let texts = null;
  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const index = () => { texts ??= articles.map((article) => plain(article.textContent)); };
  // While nobody waits; or else when somebody first looks for something.
  if (window.requestIdleCallback) requestIdleCallback(index);

  const hide = (element, hidden) => { if (element.hidden !== hidden) element.hidden = hidden; };

  function show() {
    const words = plain($("find").value).split(/\s+/).filter(Boolean);
    const set = $("set").value;
    const wanted = [...document.querySelectorAll("[data-filter][aria-pressed=true]")]
      .map((button) => button.dataset.filter);
    if (words.length) index();
    const inParts = parts.map(() => 0);
    const inSections = sections.map(() => 0);
    let count = 0;
    for (let number = 0; number < articles.length; number += 1) {
      const part = partOf[number];
      const section = sectionOf[part];
      const fits =
        (!set || section === Number(set)) &&
        (!wanted.length || wanted.some((mark) => marks[number].includes(mark))) &&
        words.every((word) => texts[number].includes(word));
      if (fits !== shown[number]) articles[number].hidden = !fits;
      shown[number] = fits;
      if (fits) {
        count += 1;
        inParts[part] += 1;
        inSections[section] += 1;
      }
    }
    parts.forEach((part, number) => {
      if (held[number] === inParts[number]) return;
      held[number] = inParts[number];
      part.hidden = !held[number];
      size(part, held[number]);
    });
    sections.forEach((section, number) => hide(section, !inSections[number]));
    const all = !words.length && !set && !wanted.length;
    hide($("none"), all || count > 0);
    $("count").textContent =
      all ? "" : `${count.toLocaleString("en")} of ${articles.length.toLocaleString("en")}`;
  }
  function showAll() {
    $("find").value = "";
    $("set").value = "";
    for (const button of document.querySelectorAll("[data-filter]")) {
      button.setAttribute("aria-pressed", "false");
    }
    show();
  }
  $("find").addEventListener("input", show);
  $("set").addEventListener("change", show);
  for (const button of document.querySelectorAll("[data-filter]")) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      show();
    });
  }
  // A browser that goes back fills in what was looked for.
  if ($("find").value || $("set").value) show();
  // A link leads to its answer, whatever is looked for.
  addEventListener("hashchange", () => {
    const target = document.querySelector(":target");
    if (target?.closest("[hidden]")) {
      showAll();
      target.scrollIntoView();
    }
  });

  // An answer in its whole text. Offsets count code points; a string's own count UTF-16 units.
  let contexts = null;
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
    contexts ??= JSON.parse($("contexts").textContent);
    const [number, start, end] = button.dataset.at.split(",").map(Number);
    const points = Array.from(contexts[number]);
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

  function step(here, by) {
    let number = here ? numberOf.get(here) + by : 0;
    while (number >= 0 && number < shown.length && !shown[number]) number += by;
    const next = articles[number];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center" });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && event.target === $("find")) {
      $("find").value = "";
      show();
      $("find").blur();
    }
    if (event.target.closest("input, textarea, select")) return;
    const here = document.activeElement.closest("article");
    if (event.key === "/") {
      event.preventDefault();
      $("find").focus();
    } else if (event.key === "j" || event.key === "k") {
      step(here, event.key === "j" ? 1 : -1);
    } else if (event.key === "Enter" && event.target === here) {
      const button = here.querySelector("button[data-at]");
      if (button) toggle(button);
    }
  });
})();
