import { describe, expect, it } from 'vitest';
import { createIdentity, createOwnedRoom } from '../../../client/room-link.ts';
import { claimByAsking } from './asking.ts';
import { KeptKeys, keepOwnerKey, keptMax, type KeyPlaces, takeKey } from './keys.ts';

/** A storage of one browser or tab; `copy` is what a copied tab gets. */
class Store {
  readonly texts: Map<string, string>;
  constructor(texts: Iterable<readonly [string, string]> = []) {
    this.texts = new Map(texts);
  }
  getItem(name: string): string | null {
    return this.texts.get(name) ?? null;
  }
  setItem(name: string, text: string): void {
    this.texts.set(name, text);
  }
}

const keys = (store: Store) => new KeptKeys(() => store, 'keys');
const places = (browser: Store, tab: Store): KeyPlaces => ({ owned: keys(browser), tab: keys(tab) });
const forbidden = (): never => {
  throw new Error('forbidden');
};

describe('KeptKeys', () => {
  it('keeps the newest key of the newest rooms', () => {
    const kept = keys(new Store());
    for (let room = 0; room <= keptMax; room += 1) kept.keep(`room ${room}`, `key ${room}`);
    kept.keep('room 1', 'another');
    kept.keep('one more', 'key');
    expect(kept.of('room 0')).toBeUndefined();
    expect(kept.of('room 2')).toBeUndefined();
    expect(kept.of('room 1')).toBe('another');
    expect(kept.of(`room ${keptMax}`)).toBe(`key ${keptMax}`);
  });

  it.each(['', 'no JSON', '{}', 'null', '7', '[["room"]]', '[[1,2]]', '["room"]'])(
    'holds what is damaged for empty: %j',
    (text) => {
      const kept = keys(new Store([['keys', text]]));
      expect(kept.of('room')).toBeUndefined();
      kept.keep('room', 'key');
      expect(kept.of('room')).toBe('key');
    },
  );

  it('keeps nothing where storage is forbidden', () => {
    const kept = new KeptKeys(forbidden, 'keys');
    kept.keep('room', 'key');
    expect(kept.of('room')).toBeUndefined();
  });
});

describe('takeKey', () => {
  const root = 'http://localhost:3000/';

  it('gives the owner its key, in one tab at a time, and again when that tab is gone', async () => {
    const { link, ownerKey } = await createOwnedRoom(root);
    const browser = new Store();
    keepOwnerKey(link, ownerKey, places(browser, new Store()));
    const first = new AbortController();
    expect(await takeKey(link, first.signal, createIdentity, places(browser, new Store()))).toEqual({ ownerKey });
    const second = new AbortController();
    const tab = new Store();
    const key = await takeKey(link, second.signal, createIdentity, places(browser, tab));
    expect(key.ownerKey).toBeUndefined();
    expect(key.identity).toMatch(/^[\w-]{43}$/);
    expect(key.identity).not.toBe(ownerKey);
    first.abort();
    second.abort();
    const third = new AbortController();
    expect(await takeKey(link, third.signal, createIdentity, places(browser, tab))).toEqual({ ownerKey });
    third.abort();
  });

  it('gives a tab the same key again, a copy of it another one, and another room another one', async () => {
    const [{ link }, other] = [await createOwnedRoom(root), await createOwnedRoom(root)];
    const [browser, tab] = [new Store(), new Store()];
    const visit = new AbortController();
    const key = await takeKey(link, visit.signal, createIdentity, places(browser, tab));
    const elsewhere = await takeKey(other.link, visit.signal, createIdentity, places(browser, tab));
    const copy = await takeKey(link, visit.signal, createIdentity, places(browser, new Store(tab.texts)));
    visit.abort();
    const again = new AbortController();
    expect(await takeKey(link, again.signal, createIdentity, places(browser, tab))).toEqual(key);
    again.abort();
    expect(new Set([key.identity, elsewhere.identity, copy.identity]).size).toBe(3);
    // The name by which other tabs know it says nothing of the key.
    expect(tab.texts.get('keys')).toContain(key.identity);
    expect(browser.texts.size).toBe(0);
  });

  it('keeps no key where nobody can bar anybody, and takes none that is damaged', async () => {
    const tab = new Store();
    const { signal } = new AbortController();
    const plain = `${root}#aBcDeFgHiJkLmNoPqRsTuV`;
    expect(await takeKey(plain, signal, createIdentity, places(new Store(), tab))).toEqual({});
    expect(tab.texts.size).toBe(0);
    const { link } = await createOwnedRoom(root);
    const browser = new Store();
    keepOwnerKey(link, 'damaged', places(browser, tab));
    const visit = new AbortController();
    expect((await takeKey(link, visit.signal, createIdentity, places(browser, tab))).identity).toBeDefined();
    visit.abort();
  });
});

describe('claimByAsking', () => {
  it('gives a name to one at a time', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    expect(await claimByAsking('a name', one.signal)).toBe(true);
    expect(await claimByAsking('another name', other.signal)).toBe(true);
    expect(await claimByAsking('a name', other.signal)).toBe(false);
    one.abort();
    expect(await claimByAsking('a name', other.signal)).toBe(true);
    other.abort();
  });

  it('holds nothing for who is gone before the answer', async () => {
    const [gone, here] = [new AbortController(), new AbortController()];
    const asked = claimByAsking('left', gone.signal);
    gone.abort();
    expect(await asked).toBe(false);
    expect(await claimByAsking('left', here.signal)).toBe(true);
    here.abort();
  });
});
