/** How a person looks: initials and colour, the same on every page because both come from name and id alone. */
import { type NodeId } from '../../../client/api.ts';
import { type Strings } from '../strings/index.ts';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function firstGrapheme(word: string): string {
  for (const { segment } of graphemes.segment(word)) return segment;
  return '';
}

/** Initials by name: they are asked for in every drawing of a large tree. */
const known = new Map<string, string>();
const knownMax = 2_000;

/** One or two characters for a circle; the start of the id where there is no name. */
export function initials(name: string, id: string): string {
  let found = known.get(name);
  if (found === undefined) {
    if (known.size >= knownMax) known.clear();
    found = initialsOf(name);
    known.set(name, found);
  }
  return found === '' ? id.slice(0, 2) : found;
}

function initialsOf(name: string): string {
  const words = name.split(/[\s\-_.]+/u).filter((word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word));
  const [first, second] = [words[0], words.length > 1 ? words.at(-1) : undefined];
  if (first === undefined) return '';
  return (firstGrapheme(first) + (second === undefined ? '' : firstGrapheme(second))).toLocaleUpperCase();
}

/** Hue in whole degrees, 0 to 359. Lightness and chroma are the theme's, so contrast does not depend on the person. */
export function hueOf(id: NodeId): number {
  const part = Number.parseInt(id.slice(0, 6), 16);
  return Number.isNaN(part) ? 150 : Math.floor((part / 0x1000000) * 360);
}

/** What to call somebody who is not, or not yet, in the list of members. */
export function shortId(id: NodeId): string {
  return id.slice(0, 8);
}

/** A name for somebody who gives none. `random` is in [0, 1). */
export function friendlyName(words: Strings['friendly'], random: () => number): string {
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? '';
  return words.compose(pick(words.stones), pick(words.animals));
}
