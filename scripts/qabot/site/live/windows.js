// What the model reads: windows of tokens, as answerer/windows.py cuts and fills them.

/** A text as code points, and as a string with one UTF-16 unit for each of them. */
export class Text {
  constructor(text) {
    this.points = Array.from(text);
    this.flat = this.points.length === text.length ? text : text.replace(/[\u{10000}-\u{10ffff}]/gu, "\ue000");
  }

  slice(start, end) {
    return this.points.slice(start, end).join("");
  }
}

/** The tokens of code points; `breaks` says before which of them there is white space. */
export function tokenise(tokenizer, points) {
  const { ids, starts, ends } = tokenizer.encode(points);
  const breaks = starts.map((start) => start === 0 || /\s/u.test(points[start - 1]));
  return { ids, starts, ends, breaks };
}

/** Ranges of tokens, [first, stop] each, of nearly equal length, that overlap and fall between words. */
export function cutWindows(context, room, settings) {
  const tokens = context.ids.length;
  if (tokens <= room) return [[0, tokens]];
  const overlap = Math.min(settings.overlap, Math.floor(room / 2));
  const count = 1 + Math.ceil((tokens - room) / (room - overlap));
  const most = Math.min(settings.longest_word, Math.floor(overlap / 3));
  const cuts = [];
  for (let number = 0; number < count; number += 1) {
    const first = even(((tokens - room) * number) / (count - 1));
    let start = first;
    let stop = first + room;
    if (start > 0) {
      const step = context.breaks.slice(start, start + most + 1).indexOf(true);
      start += Math.max(0, step);
    }
    if (stop < tokens) {
      const step = context.breaks.slice(stop - most, stop + 1).lastIndexOf(true);
      stop -= step < 0 ? 0 : most - step;
    }
    cuts.push([start, stop]);
  }
  return cuts;
}

/** Rounds as Python does: halves to the even neighbour. */
export function even(number) {
  const floor = Math.floor(number);
  return number - floor === 0.5 ? floor + (floor % 2) : Math.round(number);
}
