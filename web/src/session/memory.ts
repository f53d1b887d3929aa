/** The few things this browser remembers. Storage may be forbidden or full: then nothing is remembered, and nothing breaks. */

const prefix = 'banyan.';
export type Remembered = 'name' | 'notify' | 'insecure-seen' | 'people';

export function recall(key: Remembered): string | undefined {
  try {
    return localStorage.getItem(prefix + key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** `undefined` forgets. */
export function remember(key: Remembered, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, value);
  } catch {
    // Not remembered.
  }
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
