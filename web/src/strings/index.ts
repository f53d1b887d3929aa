import { de } from './de.ts';
import { en, type Strings } from './en.ts';
import { es } from './es.ts';

export type { Strings };

/** The languages the page speaks, by their two letters. */
export const languages: Readonly<Record<string, Strings>> = { en, de, es };

/** The first of the wanted languages that there is, else English. `wanted` are BCP 47 tags in order of preference. */
export function pickStrings(wanted: readonly string[]): Strings {
  for (const tag of wanted) {
    const found = languages[tag.slice(0, 2).toLowerCase()];
    if (found !== undefined) return found;
  }
  return en;
}

function wantedLanguages(): readonly string[] {
  if (typeof navigator === 'undefined' || typeof location === 'undefined') return ['en'];
  const asked = new URLSearchParams(location.search).get('lang');
  return asked === null ? navigator.languages : [asked, ...navigator.languages];
}

/** The words of this page, chosen once by `?lang=` or the browser's languages. */
export const t: Strings = pickStrings(wantedLanguages());

/** For dates and numbers: the reader's own variant of the language, such as `en-GB`. */
export const locale: string =
  typeof navigator === 'undefined'
    ? t.language
    : (navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() === t.language) ?? t.language);
