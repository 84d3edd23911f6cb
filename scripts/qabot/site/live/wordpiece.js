// BERT's uncased WordPiece tokenizer with the place of each token in the text.
//
// The published JavaScript tokenizers give ids without offsets, and an answer is a place in a text. What is
// kept here is what the model's tokenizer.json says of a `WordPiece` model behind a `BertNormalizer`; the
// program reads the same file with the library that made it (github.com/huggingface/tokenizers,
// normalizers/bert.rs, pre_tokenizers/bert.rs, models/wordpiece).

const SPACE = /^[\p{White_Space}]$/u;
const IGNORED = /^[\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u;
const MARK = /\p{Mn}/gu;
// ASCII's symbols count as punctuation, Unicode's other symbols do not.
const PUNCTUATION = /^[\p{P}!-/:-@[-`{-~]$/u;
const IDEOGRAPHS = [
  [0x4e00, 0x9fff], [0x3400, 0x4dbf], [0x20000, 0x2a6df], [0x2a700, 0x2b73f], [0x2b740, 0x2b81f],
  [0x2b920, 0x2ceaf], [0xf900, 0xfaff], [0x2f800, 0x2fa1f],
];

/** How one code point is read: what it becomes, and whether it ends the word before it. */
function read(point, lowercase, strip) {
  if (point === "\t" || point === "\n" || point === "\r") return { space: true };
  const code = point.codePointAt(0);
  if (code === 0xfffd || IGNORED.test(point)) return { characters: [] };
  if (SPACE.test(point)) return { space: true };
  let text = strip ? point.normalize("NFD").replace(MARK, "") : point;
  if (lowercase) text = Array.from(text, (character) => character.toLowerCase()).join("");
  const characters = Array.from(text);
  const alone =
    IDEOGRAPHS.some(([first, last]) => code >= first && code <= last) ||
    (characters.length === 1 && PUNCTUATION.test(characters[0]));
  return { characters, alone };
}

export class WordPiece {
  /** @param {object} file the content of tokenizer.json */
  constructor(file) {
    const { model, normalizer } = file;
    if (model?.type !== "WordPiece" || normalizer?.type !== "BertNormalizer") {
      throw new Error(`the page can't ask a model with a ${model?.type} tokenizer`);
    }
    this.vocabulary = new Map(Object.entries(model.vocab));
    this.unknown = this.vocabulary.get(model.unk_token);
    this.prefix = model.continuing_subword_prefix;
    this.longest = model.max_input_chars_per_word;
    this.lowercase = normalizer.lowercase;
    this.strip = normalizer.strip_accents ?? normalizer.lowercase;
    this.seen = new Map(); // what was said of a code point, and of a word
    this.words = new Map();
  }

  /** The id of a special token. */
  special(name) {
    return this.vocabulary.get(name);
  }

  /**
   * @param {string[]} points the code points of a text
   * @returns {{ids: number[], starts: number[], ends: number[]}} offsets count code points
   */
  encode(points) {
    const ids = [];
    const starts = [];
    const ends = [];
    let word = [];
    let places = []; // of each character of the word, the code point that it came from
    const flush = () => {
      if (!word.length) return;
      for (const [id, first, last] of this.pieces(word)) {
        ids.push(id);
        starts.push(places[first]);
        ends.push(places[last] + 1);
      }
      word = [];
      places = [];
    };
    points.forEach((point, place) => {
      let said = this.seen.get(point);
      if (!said) this.seen.set(point, (said = read(point, this.lowercase, this.strip)));
      if (said.space || said.alone) flush();
      for (const character of said.characters ?? []) {
        word.push(character);
        places.push(place);
      }
      if (said.alone) flush();
    });
    flush();
    return { ids, starts, ends };
  }

  /** The longest pieces of a word that the vocabulary knows, from its start: [id, first, last] each. */
  pieces(characters) {
    if (characters.length > this.longest) return [[this.unknown, 0, characters.length - 1]];
    const word = characters.join("");
    let pieces = this.words.get(word);
    if (pieces) return pieces;
    pieces = [];
    for (let first = 0; first < characters.length; ) {
      let last = characters.length;
      let id;
      for (; last > first; last -= 1) {
        id = this.vocabulary.get((first ? this.prefix : "") + characters.slice(first, last).join(""));
        if (id !== undefined) break;
      }
      if (id === undefined) {
        pieces = [[this.unknown, 0, characters.length - 1]];
        break;
      }
      pieces.push([id, first, last - 1]);
      first = last;
    }
    this.words.set(word, pieces);
    return pieces;
  }
}
