/** A name that one tab of this browser has at a time. */

/** How long a tab waits for a name: a page that is loaded again comes before the browser has buried its predecessor. In ms. */
const patienceMs = 1_000;

/** Whether this tab has the name, from now until `until` aborts or the tab is gone. */
export async function claim(name: string, until: AbortSignal): Promise<boolean> {
  if (typeof navigator === 'undefined' || !('locks' in navigator)) {
    const { claimByAsking } = await import('./asking.ts');
    return claimByAsking(name, until);
  }
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patienceMs);
  return new Promise((resolve) => {
    const had = navigator.locks.request(`banyan ${name}`, { signal: patience.signal }, async () => {
      clearTimeout(timer);
      resolve(true);
      if (!until.aborted) await new Promise((end) => until.addEventListener('abort', end));
    });
    // Somebody else has it, or this page may have nothing at all.
    had.catch(() => resolve(false));
  });
}
