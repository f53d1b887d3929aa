/** A name that one tab of this browser has at a time. */

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
  const timer = setTimeout(() => patience.abort(), hadBefore(name) ? patienceAgainMs : patienceMs);
  return new Promise((resolve) => {
    const had = navigator.locks.request(`banyan ${name}`, { signal: patience.signal }, async () => {
      clearTimeout(timer);
      noteHad(name);
      resolve(true);
      if (!until.aborted) await new Promise((end) => until.addEventListener('abort', end));
    });
    // Somebody else has it, or this page may have nothing at all.
    had.catch(() => resolve(false));
  });
}

// The tab's own memory outlives the page, and dies with the tab.

const markOf = (name: string): string => `banyan.had ${name}`;

function hadBefore(name: string): boolean {
  try {
    return sessionStorage.getItem(markOf(name)) !== null;
  } catch {
    // The browser allows this page no memory.
    return false;
  }
}

function noteHad(name: string): void {
  try {
    sessionStorage.setItem(markOf(name), '');
  } catch {
    // As above, or the memory is full.
  }
}
