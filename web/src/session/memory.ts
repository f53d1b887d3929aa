/** The few things this browser remembers. Storage may be forbidden or full: then nothing is remembered, and nothing breaks. */

const prefix = 'banyan.';
export type Remembered = 'name' | 'notify' | 'insecure-seen' | 'people';
type Place = () => Storage;

const browser: Place = () => localStorage;
const tab: Place = () => sessionStorage;

function read(place: Place, key: string): string | undefined {
  try {
    return place().getItem(prefix + key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(place: Place, key: string, value: string | undefined): void {
  try {
    if (value === undefined) place().removeItem(prefix + key);
    else place().setItem(prefix + key, value);
  } catch {
    // Not remembered.
  }
}

export function recall(key: Remembered): string | undefined {
  return read(browser, key);
}

/** `undefined` forgets. */
export function remember(key: Remembered, value: string | undefined): void {
  write(browser, key, value);
}

/** Whether this tab had a name before, perhaps under a page that was there before this one. */
export function hadName(name: string): boolean {
  return read(tab, `had ${name}`) !== undefined;
}

export function noteName(name: string): void {
  write(tab, `had ${name}`, '');
}

const joinedKey = 'banyanJoined';

/** Whether this tab was in this room when it was last loaded: a refreshed or restored tab goes back in by itself. */
export function wasIn(fragment: string): boolean {
  const state: unknown = history.state;
  return typeof state === 'object' && state !== null && joinedKey in state && state[joinedKey] === fragment;
}

/** Notes in this tab's history entry that it is in a room, or (`undefined`) no longer. */
export function noteIn(fragment: string | undefined): void {
  history.replaceState(fragment === undefined ? null : { [joinedKey]: fragment }, '');
}
