import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claim } from './claim.ts';

/** Locks as a browser keeps them, for one name at a time; `bury` gives up the lock of a page that is gone. */
function lockManager() {
  let holder: (() => void) | undefined;
  const waiting: (() => void)[] = [];
  const next = (): void => {
    holder = undefined;
    waiting.shift()?.();
  };
  return {
    bury: next,
    request: (_name: string, { signal }: { signal: AbortSignal }, run: () => Promise<void>) =>
      new Promise<void>((resolve, reject) => {
        const begin = (): void => {
          holder = () => undefined;
          void run().then(() => {
            resolve();
            next();
          });
        };
        if (holder === undefined) {
          begin();
          return;
        }
        waiting.push(begin);
        signal.addEventListener('abort', () => {
          waiting.splice(waiting.indexOf(begin), 1);
          reject(new DOMException('no longer wanted', 'AbortError'));
        });
      }),
  };
}

function memory() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
}

const never = new AbortController().signal;

describe('a name for one tab at a time', () => {
  let locks: ReturnType<typeof lockManager>;

  beforeEach(() => {
    vi.useFakeTimers();
    locks = lockManager();
    vi.stubGlobal('navigator', { locks });
    vi.stubGlobal('sessionStorage', memory());
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is had by the first, and by another tab when the first is gone', async () => {
    const first = new AbortController();
    expect(await claim('owner', first.signal)).toBe(true);
    vi.stubGlobal('sessionStorage', memory());
    const second = claim('owner', never);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await second).toBe(false);
    first.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(await claim('owner', never)).toBe(true);
  });

  it('is waited for by a page that is loaded again, while the browser buries its predecessor', async () => {
    expect(await claim('owner', never)).toBe(true);
    const again = claim('owner', never);
    await vi.advanceTimersByTimeAsync(9_000);
    locks.bury();
    expect(await again).toBe(true);
    const copied = claim('owner', never);
    await vi.advanceTimersByTimeAsync(15_100);
    expect(await copied).toBe(false);
  });

  it('needs no memory of the tab', async () => {
    vi.stubGlobal('sessionStorage', undefined);
    expect(await claim('owner', never)).toBe(true);
  });
});
