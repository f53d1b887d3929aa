/** What a page lives through that a room must know: hidden, shown, left, restored, back online. */

export interface PageLife {
  /** Hidden for a while: clients are better off elsewhere. */
  hidden(isHidden: boolean): void;
  /** The page goes away, perhaps to come back from the browser's cache. */
  gone(): void;
  restored(): void;
  /** Timers may have slept. */
  awake(): void;
}

/** How long a page is hidden before it stops serving clients, ms: a glance at another tab is no reason to move them. */
const hiddenAfterMs = 10_000;

/** Watches the page, if there is one. Gives the function that ends it. */
export function watchPage(life: PageLife, afterMs = hiddenAfterMs): () => void {
  if (typeof document === 'undefined' || typeof window === 'undefined') return () => undefined;
  const end = new AbortController();
  const { signal } = end;
  let timer: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener(
    'visibilitychange',
    () => {
      clearTimeout(timer);
      if (document.visibilityState === 'hidden') {
        timer = setTimeout(() => {
          life.hidden(true);
        }, afterMs);
      } else {
        life.hidden(false);
        life.awake();
      }
    },
    { signal },
  );
  window.addEventListener(
    'pagehide',
    () => {
      life.gone();
    },
    { signal },
  );
  window.addEventListener(
    'pageshow',
    (event) => {
      if (event.persisted) life.restored();
    },
    { signal },
  );
  const awake = (): void => {
    life.awake();
  };
  window.addEventListener('online', awake, { signal });
  window.addEventListener('focus', awake, { signal });
  // A frozen page's timers stood still (Page Lifecycle; Chromium).
  document.addEventListener('resume', awake, { signal });
  return () => {
    clearTimeout(timer);
    end.abort();
  };
}
