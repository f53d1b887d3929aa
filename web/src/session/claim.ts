/** A name that one tab of this browser has at a time. */
import { hadName, noteName } from './memory.ts';

/** How long a tab waits for a name that another tab may have, ms. */
const patienceMs = 1_000;
/**
 * How long one waits that had it before, ms: it was loaded again, and a busy browser takes its time to bury the predecessor. Only a
 * copied tab waits that long for nothing.
 */
const patienceAgainMs = 15_000;

/** Whether this tab has the name, from now until `until` aborts or the tab is gone. */
export async function claim(name: string, until: AbortSignal): Promise<boolean> {
  if (typeof navigator === 'undefined' || !('locks' in navigator)) {
    const { claimByAsking } = await import('./asking.ts');
    return claimByAsking(name, until);
  }
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), hadName(name) ? patienceAgainMs : patienceMs);
  return new Promise((resolve) => {
    const had = navigator.locks.request(`banyan ${name}`, { signal: patience.signal }, async () => {
      clearTimeout(timer);
      noteName(name);
      resolve(true);
      if (!until.aborted) await new Promise((end) => until.addEventListener('abort', end));
    });
    // Somebody else has it, or this page may have nothing at all.
    had.catch(() => resolve(false));
  });
}
