import { en, type Strings } from './en.ts';

export type { Strings };

/** How to come by each language the page speaks, by its two letters. English is there; the others are loaded when they are wanted. */
const loaders: Readonly<Record<string, () => Promise<Strings>>> = {
  en: () => Promise.resolve(en),
  de: async () => (await import('./de.ts')).de,
  es: async () => (await import('./es.ts')).es,
};

/** The first of the wanted languages that there is, else English. `wanted` are BCP 47 tags in order of preference. */
export async function loadStrings(wanted: readonly string[]): Promise<Strings> {
  for (const tag of wanted) {
    const load = loaders[tag.slice(0, 2).toLowerCase()];
    if (load !== undefined) return load();
  }
  return en;
}

function wantedLanguages(): readonly string[] {
  if (typeof navigator === 'undefined' || typeof location === 'undefined') return ['en'];
  const asked = new URLSearchParams(location.search).get('lang');
  return asked === null ? navigator.languages : [asked, ...navigator.languages];
}

/** The words of this page, chosen once by `?lang=` or the browser's languages. Without them there is nothing to show, so all wait. */
export const t: Strings = await loadStrings(wantedLanguages());

/** For dates and numbers: the reader's own variant of the language, such as `en-GB`. */
export const locale: string =
  typeof navigator === 'undefined'
    ? t.language
    : (navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() === t.language) ?? t.language);
