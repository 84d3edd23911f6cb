// A question file made of what a person types. The checks and their words are those of `qabot check`,
// and so is what counts as white space, as the same name and as a word: Python's.

// A file's name has 255 bytes at most (NAME_MAX of Linux, APFS in other units); the program's own, for
// what it hasn't finished, are longer than what they become.
const NAME_BYTES = 200;

function asking({ limits, sources }) {
  const length = (text) => Array.from(text).length;
  const bytes = (text) => new TextEncoder().encode(text).length;
  const number = (count, digits = 0) =>
    count.toLocaleString("en", {
      minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: "halfEven",
    });

  // str.strip() and str.isspace(): docs.python.org/3/library/stdtypes.html
  const isSpace = (unit) => /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/.test(unit);
  function strip(text) {
    let [first, end] = [0, text.length];
    while (first < end && isSpace(text[first])) first += 1;
    while (end > first && isSpace(text[end - 1])) end -= 1;
    return text.slice(first, end);
  }

  // str.casefold(), full case folding (unicode.org/reports/tr44, CaseFolding.txt): for nearly every
  // character what is left of its case when it has been through both. Cherokee folds to its capitals,
  // and a dotless i is a letter of its own.
  const folded = (point) => {
    if (point === "\u0131") return point;
    if (/[\u13a0-\u13fd\uab70-\uabbf]/.test(point)) return point.toUpperCase();
    return Array.from(point.toLowerCase().toUpperCase(), (one) => one.toLowerCase()).join("");
  };
  const fold = (text) => Array.from(text, folded).join("");

  // JSON is YAML where what YAML can't hold is escaped (yaml.org/spec/1.2.2, 5.1 and 5.4).
  const scalar = (text) =>
    JSON.stringify(text).replace(
      /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g,
      (found) => "\\u" + found.charCodeAt(0).toString(16).padStart(4, "0"),
    );

  function wrongText(name, text, longest) {
    if (!strip(text)) return `${name} is empty; write something, or remove it`;
    if (length(text) > longest) {
      return `${name} has ${number(length(text))} characters, of ${number(longest)} at most; shorten it`;
    }
    if (/\p{Cs}/u.test(text)) return `${name} holds half a surrogate pair; write the character itself`;
    return "";
  }
  function wrongSet(set) {
    if (!set) return "the set is empty; write a name";
    const fits = set.split("/").every((part) => /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]*$/u.test(part));
    if (!fits) return `the set is '${set}'; use letters, digits and . _ - behind the first`;
    if (length(set) > limits.id) {
      return `the set has ${number(length(set))} characters, of ${number(limits.id)} at most; shorten it`;
    }
    if (set.split("/").some((part) => bytes(part) > NAME_BYTES)) {
      return `the set is '${set}', too long for a folder; shorten it`;
    }
    const taken = new Set([...sources, "questions/schema.json"].map(fold));
    const folder = set.split("/").find((_, at, parts) =>
      taken.has(fold(`questions/${parts.slice(0, at + 1).join("/")}`)));
    if (folder) return `'${folder}' is a file; write the set without its suffix`;
    return "";
  }

  function slug(question) {
    let name = "";
    for (const word of fold(question.normalize("NFKC")).match(/[\p{L}\p{N}]+/gu) || []) {
      if (name && length(name) + 1 + length(word) > limits.slug) break;
      name = name ? `${name}-${word}` : Array.from(word).slice(0, limits.slug).join("");
    }
    const points = Array.from(name);
    while (bytes(points.join("")) > NAME_BYTES) points.pop();
    return points.join("") || "question";
  }
  const stem = (path) => fold(path.replace(/\.[^./]*$/, "").normalize("NFC"));
  // GitHub's new-file page can't add to a file, so a question gets a file that isn't there yet.
  function freePath(set, name) {
    const taken = new Set(sources.map(stem));
    let path = `questions/${set}/${name}.yaml`;
    for (let n = 2; taken.has(stem(path)); n += 1) path = `questions/${set}/${name}-${n}.yaml`;
    return path;
  }
  function yaml({ context, question, expect }) {
    const lines = [`context: ${scalar(context)}`, "questions:", `- question: ${scalar(question)}`];
    if (expect.length) lines.push(`  expect: [${expect.map(scalar).join(", ")}]`);
    return lines.join("\n") + "\n";
  }

  // What is typed, as a file: its path and text, or by field what is wrong.
  function make(typed) {
    const set = strip(typed.set);
    const { context } = typed;
    const question = strip(typed.question);
    const expect = typed.expect.split("\n").map(strip).filter(Boolean);
    const wrong = {
      set: wrongSet(set),
      context: wrongText("'context'", context, limits.context),
      question: wrongText("'question'", question, limits.question),
      expect: expect.length > limits.expect
        ? `${expect.length} items in 'expect', of ${limits.expect} at most; remove some`
        : expect.map((one) => wrongText("an item of 'expect'", one, limits.question)).find(Boolean) || "",
    };
    if (Object.values(wrong).some(Boolean)) return { wrong };
    const file = { path: freePath(set, slug(question)), yaml: yaml({ context, question, expect }) };
    if (bytes(file.yaml) > limits.file) {
      const [size, most] = [number(bytes(file.yaml) / 2 ** 20, 1), number(limits.file / 2 ** 20)];
      wrong.context = `${file.path} is ${size} MiB, of ${most} at most; split the file`;
      return { wrong };
    }
    return { wrong, ...file };
  }

  return { make, fold, slug, strip };
}
