// From a question and texts to an answer, as answerer/model.py and answerer/texts.py find it.
import { best, cut, Ranking } from "./ranking.js";
import { placeIn } from "./documents.js";
import { SpanSearch } from "./spans.js";
import { cutWindows, Text, tokenise } from "./windows.js";
import { WordPiece } from "./wordpiece.js";

export class Reader {
  /**
   * @param {object} tokenizer the content of tokenizer.json
   * @param {object} settings the program's constants and what model.json says
   * @param {(ids: number[], types: number[]) => Promise<[Float32Array, Float32Array]>} run the network
   */
  constructor(tokenizer, settings, run) {
    this.tokenizer = new WordPiece(tokenizer);
    this.settings = settings;
    this.run = run;
    this.texts = new Map();
  }

  /** @returns {Promise<{answer: string | null, start: number, end: number, score: number}[]>} best first */
  async answer(content, question, most = 3) {
    const { settings, tokenizer } = this;
    const asked = tokenizer.encode(Array.from(question)).ids;
    const room = settings.max_length - 3 - asked.length; // [CLS] question [SEP] passage [SEP]
    if (!asked.length) throw new InputError("Write a question.");
    if (room < Math.max(1, Math.floor(settings.max_length / 4))) throw new InputError("The question is too long; ask something shorter.");
    const text = this.text(content);
    const search = new SpanSearch(text.text, settings.spans, question);
    for (const { number, lexical, overlap } of this.passages(text, question)) {
      const [offset] = text.cuts[number];
      const context = (text.contexts[number] ??= tokenise(tokenizer, text.text.points.slice(...text.cuts[number])));
      if (!context.ids.length) continue;
      for (const window of cutWindows(context, room, settings.windows)) {
        const [start, end, none] = await this.logits(asked, context.ids.slice(...window));
        search.add({ context, window, start, end, offset, none, lexical, overlap });
      }
    }
    if (!search.candidates.size) throw new InputError("The text holds no character that the model knows.");
    return search.best(most, settings.null, settings.calibration);
  }

  /**
   * The answer that several texts give: their best passages are what is read.
   *
   * @param {string[]} texts
   * @returns {Promise<object[]>} as `answer` does, with the text's number in `text`
   */
  async answerAmong(texts, question, most = 3) {
    if (texts.length === 1) {
      return (await this.answer(texts[0], question, most)).map((span) => ({ ...span, text: 0 }));
    }
    const { pieces, ranking } = this.pool(texts);
    const chosen = best(ranking.scores(question).scores, this.settings.passages.most).map((number) => pieces[number]);
    if (!chosen.length) return [{ answer: null, start: 0, end: 0, score: null, text: null }];
    const spans = await this.answerIn(chosen.map(({ content }) => content), question, most);
    return spans.map((span) => {
      if (span.text === null) return span;
      const { text, offset } = chosen[span.text];
      return { ...span, start: span.start + offset, end: span.end + offset, text };
    });
  }

  /**
   * The answer that documents give.
   *
   * @param {Documents} documents
   * @param {string} path the folder or file to look in; empty for all
   * @returns {Promise<{spans: object[], texts: string[]}>} spans as `answer` does, with the number of the
   *     passage in `text` and where that is in `place`; the passages that were read
   */
  async answerInDocuments(documents, path, question, most = 3) {
    const passages = documents.choose(path, question);
    const texts = passages.map(({ text }) => text);
    const spans = await this.answerIn(texts, question, most);
    const placed = (span) => ({ ...span, place: placeIn(passages[span.text], span.start) });
    return { spans: spans.map((span) => (span.text === null ? span : placed(span))), texts };
  }

  /** The answer that passages give: spans as `answer` does, with the number of the passage in `text`. */
  async answerIn(passages, question, most) {
    const between = this.settings.passages.break;
    let next = 0;
    const firsts = passages.map((passage) => {
      const first = next;
      next += Array.from(passage).length + between.length;
      return first;
    });
    return (await this.answer(passages.join(between), question, most)).map((span) => {
      if (span.answer === null) return { ...span, text: null };
      const text = firsts.findLastIndex((first) => first <= span.start);
      return { ...span, start: span.start - firsts[text], end: span.end - firsts[text], text };
    });
  }

  /** The passages of all texts, ranked together; kept for the next question about them. */
  pool(texts) {
    const known = this.pooled;
    if (known?.texts.length === texts.length && texts.every((text, number) => text === known.texts[number])) {
      return known;
    }
    const pieces = texts.flatMap((content, text) => {
      const whole = new Text(content);
      return cut(whole.flat, this.settings.passages)
        .map(([start, end]) => ({ text, offset: start, content: whole.slice(start, end) }))
        .filter((piece) => piece.content.trim());
    });
    const ranking = new Ranking(pieces.map((piece) => piece.content), this.settings.ranking);
    this.pooled = { texts, pieces, ranking };
    return this.pooled;
  }

  text(content) {
    let text = this.texts.get(content);
    if (!text) {
      const whole = new Text(content);
      const cuts = cut(whole.flat, this.settings.passages).filter((part) => whole.slice(...part).trim());
      const ranking = new Ranking(cuts.map((part) => whole.slice(...part)), this.settings.ranking);
      text = { text: whole, cuts, ranking, contexts: [] };
      if (this.texts.size > 7) this.texts.delete(this.texts.keys().next().value);
      this.texts.set(content, text);
    }
    return text;
  }

  passages({ cuts, ranking }, question) {
    const { scores, overlaps } = ranking.scores(question);
    let chosen = [...cuts.keys()];
    if (chosen.length > this.settings.passages.most) {
      const ranked = best(scores, this.settings.passages.most);
      if (ranked.length) chosen = ranked;
    }
    return chosen.map((number) => ({
      number,
      lexical: cuts.length === 1 ? 0 : scores[number],
      overlap: overlaps[number],
    }));
  }

  async logits(question, passage) {
    const [first, between] = ["[CLS]", "[SEP]"].map((name) => this.tokenizer.special(name));
    const ids = [first, ...question, between, ...passage, between];
    const types = ids.map((_, index) => (index < question.length + 2 ? 0 : 1));
    const [start, end] = await this.run(ids, types);
    const place = [question.length + 2, question.length + 2 + passage.length];
    const none = this.settings.null ? start[0] + end[0] : 0;
    return [start.slice(...place), end.slice(...place), none];
  }
}

/** What is asked can't be answered as it is; the message says why. */
export class InputError extends Error {}
