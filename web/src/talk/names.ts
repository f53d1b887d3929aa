/** Several names in one sentence. */
import { locale, t } from '../strings/index.ts';

const lists = new Intl.ListFormat(locale);

/** A name set apart, so that one written from right to left does not turn the sentence around it. */
function apart(name: string): string {
  return /[\u0590-\u08ff\ufb1d-\ufefc]/u.test(name) ? `\u2068${name}\u2069` : name;
}

/** "Ana", "Ana and Ben", "Ana, Ben and 3 others": at most `namedMax` by name, but one more rather than "1 other". */
export function listNames(names: readonly string[], namedMax: number): string {
  const named = names.slice(0, names.length > namedMax + 1 ? namedMax : namedMax + 1).map(apart);
  const rest = names.length - named.length;
  return lists.format(rest > 0 ? [...named, t.talk.others(rest)] : named);
}
