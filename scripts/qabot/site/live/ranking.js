// The lexical ranking and the passages of long texts: answerer/ranking.py and answerer/passages.py.
// The constants are the program's own; they come with the page.

/** Passages as pairs of code point offsets. `flat` has one UTF-16 unit for each code point. */
export function cut(flat, settings) {
  const cuts = [];
  let start = 0;
  for (const part of flat.split(settings.break)) {
    for (const piece of cutPart(part, settings)) cuts.push(piece.map((offset) => start + offset));
    start += part.length + settings.break.length;
  }
  return cuts;
}

function cutPart(flat, { length, overlap, whole }) {
  if (flat.length <= whole) return [[0, flat.length]];
  const cuts = [];
  let start = 0;
  while (flat.length - start > length) {
    const end = place(flat, start + Math.floor((length * 2) / 3), start + length);
    cuts.push([start, end]);
    start = place(flat, end - 2 * overlap, end - overlap);
  }
  cuts.push([start, flat.length]);
  return cuts;
}

const ENDS = [/\n\s*\n/gu, /(?<=[.!?])["'”’)\]]*\s+|(?<=[。！？])|\n/gu, /\s+/gu];

function place(flat, first, last) {
  const head = flat.slice(0, last);
  for (const pattern of ENDS) {
    let found = -1;
    pattern.lastIndex = first;
    for (let match; (match = pattern.exec(head)); ) {
      found = match.index + match[0].length;
      if (!match[0].length) pattern.lastIndex += 1;
    }
    if (found >= 0) return found;
  }
  return last;
}

/** BM25 over the stems of words, and over pairs of characters where a script has no spaces. */
export class Ranking {
  /** @param {(count: number) => number} round what the passages' number and mean length count as */
  constructor(passages, settings, round = (count) => count) {
    this.settings = settings;
    this.postings = new Map();
    const lengths = passages.map((passage, number) => {
      const found = terms(passage, settings);
      const times = new Map();
      for (const term of found) times.set(term, (times.get(term) ?? 0) + 1);
      for (const [term, count] of times) {
        if (!this.postings.has(term)) this.postings.set(term, []);
        this.postings.get(term).push([number, count]);
      }
      return found.length;
    });
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const mean = Math.max(1, round(total / Math.max(1, lengths.length)));
    this.count = round(lengths.length);
    const { saturation, weight_of_length: weight } = settings;
    this.penalties = lengths.map((length) => saturation * (1 - weight + (weight * length) / mean));
  }

  /** Of each passage its BM25 for a question, and the share of the question's terms that it holds. */
  scores(question) {
    const asked = contentTerms(question, this.settings);
    const scores = new Float64Array(this.penalties.length);
    const overlaps = new Float64Array(this.penalties.length);
    for (const term of asked) {
      const postings = this.postings.get(term) ?? [];
      const holding = postings.length;
      const rarity = Math.log(1 + (Math.max(this.count, holding) - holding + 0.5) / (holding + 0.5));
      for (const [number, times] of postings) {
        const { saturation } = this.settings;
        scores[number] += rarity * ((times * (saturation + 1)) / (times + this.penalties[number]));
        overlaps[number] += 1;
      }
    }
    return { scores, overlaps: overlaps.map((found) => (found + 1) / (asked.length + 1)) };
  }
}

/** The indices of the highest scores above 0, highest first, and the earlier of two equal ones. */
export function best(scores, most) {
  return Array.from(scores.keys())
    .filter((number) => scores[number] > 0)
    .sort((left, right) => scores[right] - scores[left] || left - right)
    .slice(0, most);
}

function contentTerms(question, settings) {
  const functionWords = new Set(settings.function_words);
  return [...new Set(terms(question, settings))].filter((term) => !functionWords.has(term)).sort();
}

const patterns = new Map();

function terms(text, settings) {
  const { unspaced, stem } = settings;
  if (!patterns.has(unspaced)) {
    patterns.set(unspaced, {
      run: new RegExp(`[${unspaced}]+|(?:(?![${unspaced}])[\\p{L}\\p{N}])+`, "gu"),
      is: new RegExp(`^[${unspaced}]`, "u"),
    });
  }
  const { run, is } = patterns.get(unspaced);
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const found = [];
  for (const [word] of plain.replaceAll("ß", "ss").replaceAll("ς", "σ").matchAll(run)) {
    if (!is.test(word)) {
      const points = Array.from(word);
      if (points.length > settings.shortest_plural && points.at(-1) === "s") points.pop();
      found.push(points.slice(0, stem).join(""));
    } else {
      const points = Array.from(word);
      if (points.length === 1) found.push(word);
      for (let index = 0; index + 1 < points.length; index += 1) found.push(points[index] + points[index + 1]);
    }
  }
  return found;
}
