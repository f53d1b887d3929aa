import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from './link.contract.ts';
import { watchPage } from './page-events.ts';

class FakeDocument extends EventTarget {
  visibilityState = 'visible';
}

describe('watchPage', () => {
  const page = globalThis as { window?: unknown; document?: unknown };
  let [view, content] = [new EventTarget(), new FakeDocument()];
  let seen: string[] = [];
  const life = {
    hidden: (isHidden: boolean) => void seen.push(isHidden ? 'hidden' : 'shown'),
    gone: () => void seen.push('gone'),
    restored: () => void seen.push('restored'),
    awake: () => void seen.push('awake'),
  };
  const show = (visibilityState: string): void => {
    content.visibilityState = visibilityState;
    content.dispatchEvent(new Event('visibilitychange'));
  };

  beforeEach(() => {
    [view, content] = [new EventTarget(), new FakeDocument()];
    Object.assign(page, { window: view, document: content });
    seen = [];
  });

  afterEach(() => {
    delete page.window;
    delete page.document;
  });

  it('a page that stays hidden is hidden, one that was glanced away from is not', async () => {
    const stop = watchPage(life, 1);
    show('hidden');
    await until(() => seen.includes('hidden'), 'hidden');
    show('visible');
    expect(seen).toEqual(['hidden', 'shown', 'awake']);
    stop();
    const stopAgain = watchPage(life);
    show('hidden');
    show('visible');
    expect(seen.filter((event) => event === 'hidden')).toHaveLength(1);
    stopAgain();
  });

  it('tells of leaving, of coming back from the cache, and of waking', () => {
    const stop = watchPage(life);
    view.dispatchEvent(new Event('pagehide'));
    view.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
    view.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    view.dispatchEvent(new Event('online'));
    view.dispatchEvent(new Event('focus'));
    content.dispatchEvent(new Event('resume'));
    expect(seen).toEqual(['gone', 'restored', 'awake', 'awake', 'awake']);
    stop();
    view.dispatchEvent(new Event('pagehide'));
    expect(seen).toHaveLength(5);
  });

  it('there is nothing to watch in Node', () => {
    delete page.document;
    watchPage(life)();
    expect(seen).toEqual([]);
  });
});
