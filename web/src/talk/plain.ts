/** Cheap looks at a message's text, so that most messages need no Markdown at all. */

/** Characters that Markdown gives a meaning, line starts that make lists and quotes, and addresses to link. */
const markdownLooks = /[*_`~[\]|\\<&]|^\s*(?:#{1,6}\s|>|[-+]\s|\d+[.)]\s|={3,}|-{3,})|\n\s*\n|https?:\/\/|www\./mu;

/** Whether a text may look different as Markdown than as it is. */
export function needsMarkdown(text: string): boolean {
  return markdownLooks.test(text);
}

// Made at run time: the flag v is newer than the language level of the build.
const emojiOnly = new RegExp('^(?:\\p{RGI_Emoji}|\\s){1,12}$', 'v');
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Whether a text is one to three emoji and nothing else: those are shown large. */
export function isEmoji(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > 40 || !emojiOnly.test(trimmed)) return false;
  return [...graphemes.segment(trimmed.replaceAll(/\s/gu, ''))].length <= 3;
}

/** Marks that Markdown reads and eyes need not. */
const marks = /[*_`~]|^\s*(?:#{1,6}|>|[-+]|\d+[.)])\s+|\[([^\]]*)\]\([^)]*\)/gmu;

/** The first words of a message, in one line, for where it is answered or named. */
export function snippetOf(text: string): string {
  const wordsMax = 120;
  const line = text
    .split('\n')
    .map((each) => each.replaceAll(marks, '$1').trim())
    .find((each) => each !== '');
  if (line === undefined) return '';
  return line.length > wordsMax ? `${line.slice(0, wordsMax).trimEnd()}…` : line;
}

/** Where `words` stand in `text`, ignoring case and accents; empty words are nowhere. */
export function contains(text: string, words: string): boolean {
  const plain = (value: string) => value.normalize('NFD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase();
  const wanted = plain(words.trim());
  return wanted !== '' && plain(text).includes(wanted);
}
