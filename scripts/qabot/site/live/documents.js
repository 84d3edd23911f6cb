// The passages of documents that fit a question: qabot/documents/index.py and choose.py. The program's
// index gives its ranking some forty passages to order; here the ranking orders all of them.
import { Ranking } from "./ranking.js";
import { even } from "./windows.js";

export class Documents {
  /**
   * @param {{name: string, unit: string, passages: [string, string[], [number, number][]][]}[]} documents
   * @param {object} settings the program's constants
   */
  constructor(documents, settings) {
    this.passages = documents.flatMap(({ name, unit, passages }) =>
      passages.map(([text, headings, places]) => ({ document: name, unit, text, headings, places })));
    this.settings = settings;
  }

  /** The passages to read, best first; the first ones where none shares a word with the question. */
  choose(path, question) {
    const { passages, firsts, ranking } = this.pool(path);
    const scores = ranking.scores(question).scores.map((score) => Math.round(score * 1e6));
    const found = firsts
      .filter((number) => scores[number] > 0)
      .sort((left, right) => scores[right] - scores[left] || left - right);
    return (found.length ? found : firsts).slice(0, this.settings.most).map((number) => passages[number]);
  }

  /** What is below a path, ranked; kept for the next question about it. */
  pool(path) {
    if (this.pooled?.path === path) return this.pooled;
    const passages = this.passages.filter(({ document }) =>
      !path || document === path || document.startsWith(`${path}/`));
    // Passages with the same text count as one: the first.
    const places = new Map();
    passages.forEach(({ text }, number) => {
      if (!places.has(text)) places.set(text, number);
    });
    const round = (count) => rounded(count, this.settings.round_numbers);
    const ranking = new Ranking(passages.map(searched), this.settings.ranking, round);
    this.pooled = { path, passages, firsts: [...places.values()], ranking };
    return this.pooled;
  }
}

/** What is ranked of a passage: its headings too, where it does not begin with them. */
function searched({ text, headings }) {
  return [...headings.filter((heading) => !text.startsWith(heading)), text].join("\n");
}

function rounded(number, rounds) {
  if (number <= 1) return 1;
  let step = 1;
  while (number >= 10 * step) step *= 10;
  const distance = (round) => Math.abs(round - number / step);
  return even(step * rounds.reduce((best, round) => (distance(round) < distance(best) ? round : best)));
}

/** Where an offset in a passage is: the document, its line or page where that is known, the headings. */
export function placeIn({ document, unit, headings, places }, offset) {
  const found = places.findLast(([begin]) => begin <= offset);
  return found ? { document, headings, unit, number: found[1] } : { document, headings, unit: "" };
}
