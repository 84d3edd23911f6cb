// The best spans of one question over all windows of its text: answerer/spans.py and answerer/scores.py.

/** @typedef {{start: number, end: number, rank: number, model: number, overlap: number}} Candidate */

export class SpanSearch {
  constructor(text, settings, question) {
    this.text = text;
    this.settings = settings;
    const asked = question.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
    const [first, last] = settings.date_words.map((words) => words.some((word) => asked.includes(word)));
    /** The date of a period that is asked for: 0 or 1; none where both are. */
    this.side = first === last ? null : Number(last);
    const { cut_anywhere: anywhere, joiners, longest_word: longest } = settings;
    const word = new RegExp(`(?![${anywhere}])[\\p{L}\\p{M}\\p{Nd}${joiners}]`, "u");
    this.edges = { longest, word };
    this.candidates = new Map();
  }

  /** Add the logits of one window's tokens; see SpanSearch.add of the program. */
  add({ context, window, start, end, offset, none, lexical, overlap }) {
    const [first, stop] = window;
    const count = stop - first;
    const width = this.settings.max_answer_tokens;
    const cells = [];
    const rows = [];
    for (let row = 0; row < count; row += 1) {
      let top = [-Infinity];
      for (let last = row; last < Math.min(count, row + width); last += 1) {
        const sum = Math.fround(start[row] + end[last]);
        if (!Number.isFinite(sum)) throw new Error("the model is broken: its logits are not finite numbers");
        const cell = [sum, row, last];
        cells.push(cell);
        if (sum > top[0]) top = cell;
      }
      rows.push(top);
    }
    const highest = (some, most) => some.sort((left, right) => right[0] - left[0]).slice(0, most);
    const { kept, kept_starts: starts } = this.settings;
    for (const [sum, row, last] of new Set([...highest(cells, kept), ...highest(rows, starts)])) {
      const from = edge(this.text, context.starts[first + row] + offset, -1, this.edges);
      const to = edge(this.text, context.ends[first + last] + offset, 1, this.edges);
      const model = sum - none;
      const rank = model + this.settings.lexical_weight * lexical;
      const key = `${from},${to}`;
      const known = this.candidates.get(key);
      if (!known || known.rank < rank) this.candidates.set(key, { start: from, end: to, rank, model, overlap });
    }
  }

  /** The answer, with `answer: null` where the text does not say, and what else it could be. */
  best(most, hasNull, calibration) {
    const spans = [];
    const everything = logSum([...this.candidates.values()].map((candidate) => candidate.rank));
    for (const group of this.groups(most)) {
      const evidence = this.evidence(group, everything);
      const [right, none] = probabilities(evidence, hasNull, calibration, this.settings);
      const { start, end } = group.best;
      spans.push({ answer: this.text.slice(start, end), start, end, score: right });
      const isNone = calibration ? none >= calibration.threshold : evidence.rank < 0;
      if (spans.length === 1 && hasNull && isNone) {
        spans.unshift({ answer: null, start: 0, end: 0, score: none });
      }
    }
    const top = spans[0].answer === null ? 1 - spans[0].score : spans[0].score;
    return spans
      .map((span, number) => (number ? { ...span, score: Math.min(span.score, top) } : span))
      .slice(0, most);
  }

  groups(most) {
    const order = (left, right) => right.rank - left.rank || left.start - right.start || left.end - right.end;
    let left = [...this.candidates.values()].sort(order).slice(0, this.settings.compared);
    const said = new Map(left.map((candidate) => [candidate, this.said(candidate)]));
    const groups = [];
    while (left.length && groups.length < most) {
      const best = this.oneDate(left[0], left);
      const mentions = left.filter((candidate) => said.get(candidate) === said.get(best));
      const candidates = [];
      const others = [];
      for (const candidate of left) {
        const speaks = mentions.some((mention) => candidate.start < mention.end && mention.start < candidate.end);
        (speaks ? candidates : others).push(candidate);
      }
      groups.push({ best, mentions, candidates });
      left = others;
    }
    return groups;
  }

  /** Of two dates in brackets, the one that is asked for. */
  oneDate(best, candidates) {
    if (this.side === null) return best;
    const reach = this.settings.longest_dates;
    const from = Math.max(0, best.start - reach);
    const around = this.text.flat.slice(from, best.end + reach);
    for (const match of around.matchAll(DATES)) {
      const sides = [1, 2].map((side) => match.indices[side].map((index) => index + from));
      if (sides.every(([start, end]) => best.start < end && start < best.end)) {
        const [start, end] = sides[this.side];
        const inside = candidates.find((candidate) => start <= candidate.start && candidate.end <= end);
        if (inside) return inside;
      }
    }
    return best;
  }

  /** What makes two mentions the same: case, white space and end punctuation don't count. */
  said({ start, end }) {
    const text = this.text.slice(start, end);
    const words = Array.from(text.toLowerCase().split(/\s+/u).filter(Boolean).join(" "));
    const marks = new Set(this.settings.end_punctuation);
    let [first, stop] = [0, words.length];
    while (first < stop && marks.has(words[first])) first += 1;
    while (stop > first && marks.has(words[stop - 1])) stop -= 1;
    return words.slice(first, stop).join("") || text;
  }

  evidence({ best, mentions, candidates }, everything) {
    const agreement = candidates.reduce(
      (sum, candidate) => sum + Math.exp(candidate.rank - everything) * nearest(candidate, mentions),
      0,
    );
    // In a text of few spans the model has no choice, which is not a reason to be sure.
    const choices = this.candidates.size;
    return {
      agreement: (Math.min(1, agreement) * choices) / (choices + 1),
      support: logSum(candidates.map((candidate) => candidate.model)),
      rank: best.model,
      overlap: best.overlap,
    };
  }
}

/** The F1, in code points, of a candidate with the nearest mention; 1 from one mention to another. */
function nearest({ start, end }, mentions) {
  if (mentions.some((mention) => mention.start === start) && mentions.some((mention) => mention.end === end)) return 1;
  return Math.max(...mentions.map((mention) => {
    const shared = Math.max(0, Math.min(end, mention.end) - Math.max(start, mention.start));
    return (2 * shared) / (end - start + mention.end - mention.start);
  }));
}

const DATES = /[(\[]([^()[\]]*?\p{Nd}{3,4}[^()[\]–—-]*)[–—-]([^()[\]]*\p{Nd}{3,4}[^()[\]]*)[)\]]/dgu;

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

// What is before or after a place decides nothing at this distance, in code points.
const NEAR = 32;

/** The first place from `place` on, in steps of 1 or -1, that cuts no character and no word: answerer/edges.py. */
function edge(text, place, step, { longest, word }) {
  let near = place;
  while (!isBoundary(text, near)) near += step;
  const isInsideWord = (index) =>
    index > 0 && index < text.points.length && word.test(text.points[index - 1]) && word.test(text.points[index]);
  for (let far = near; Math.abs(far - near) < longest; far += step) {
    if (!isInsideWord(far) && isBoundary(text, far)) return far;
  }
  return near;
}

/** Whether no grapheme cluster is cut before code point `index` of a text. */
function isBoundary(text, index) {
  if (index <= 0 || index >= text.points.length) return true;
  const [before, after] = [text.points[index - 1], text.points[index]];
  if (before < "\u0300" && after < "\u0300") return before !== "\r" || after !== "\n";
  const head = text.slice(Math.max(0, index - NEAR), index);
  return segmenter.segment(head + text.slice(index, index + NEAR)).containing(head.length).index === head.length;
}

function logSum(ranks) {
  const top = Math.max(...ranks);
  return top + Math.log(ranks.reduce((sum, rank) => sum + Math.exp(rank - top), 0));
}

function probabilities(evidence, hasNull, calibration, settings) {
  if (calibration) {
    const { most } = settings;
    const agreement = Math.max(Math.exp(-most), evidence.agreement);
    const known = {
      agreement: Math.min(most, Math.log(agreement / (1 - agreement))),
      support: Math.max(-most, Math.min(most, evidence.support)),
      overlap: evidence.overlap,
    };
    const odds = (weights, names) => logistic(weights, names.map((name) => known[name]));
    const none = calibration.none ? odds(calibration.none, settings.none_features) : 0;
    return [odds(calibration.right, settings.features) * (1 - none), none];
  }
  if (!hasNull) return [evidence.agreement, 0];
  const none = 1 / (1 + Math.exp(Math.min(evidence.support, 700)));
  return [evidence.agreement * (1 - none), none];
}

function logistic([constant, ...weights], features) {
  const odds = weights.reduce((sum, weight, index) => sum + weight * features[index], constant);
  return 1 / (1 + Math.exp(-Math.max(-700, Math.min(700, odds))));
}
