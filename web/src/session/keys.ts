/**
 * Under which key one comes into a room that somebody owns. The owner's is kept in this browser, everybody else's in the tab, so
 * that a locked room knows who loads the page again. Rooms without an owner bar nobody: there each visit has a key of its own.
 */
import { type RoomOptions } from '../../../client/api.ts';
import { ownerOf } from './address.ts';
import { claim } from './claim.ts';

/** Rooms whose keys are kept; the ones that were made or entered first are forgotten first. */
export const keptMax = 20;

type Pair = readonly [room: string, key: string];

function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}

/** Texts by room, in a storage that may be forbidden, full or damaged: then nothing is kept, and nothing breaks. */
export class KeptKeys {
  readonly #storage: () => Pick<Storage, 'getItem' | 'setItem'>;
  readonly #name: string;

  constructor(storage: () => Pick<Storage, 'getItem' | 'setItem'>, name: string) {
    this.#storage = storage;
    this.#name = name;
  }

  of(room: string): string | undefined {
    return this.#pairs().find(([each]) => each === room)?.[1];
  }

  keep(room: string, key: string): void {
    const others = this.#pairs().filter(([each]) => each !== room);
    try {
      this.#storage().setItem(this.#name, JSON.stringify([...others, [room, key]].slice(-keptMax)));
    } catch {
      // Not kept.
    }
  }

  #pairs(): readonly Pair[] {
    try {
      const pairs: unknown = JSON.parse(this.#storage().getItem(this.#name) ?? '[]');
      return Array.isArray(pairs) ? pairs.filter(isPair) : [];
    } catch {
      return [];
    }
  }
}

/** Where keys are kept: those of rooms made in this browser, and what this tab is in the rooms of others. */
export interface KeyPlaces {
  readonly owned: KeptKeys;
  readonly tab: KeptKeys;
}

const browserPlaces: KeyPlaces = {
  owned: new KeptKeys(() => localStorage, 'banyan.owned'),
  tab: new KeptKeys(() => sessionStorage, 'banyan.self'),
};

/** What a key is, as text. */
const keyPattern = /^[\w-]{43}$/;

/** Keeps the key of a room made here. */
export function keepOwnerKey(link: string, ownerKey: string, { owned } = browserPlaces): void {
  const room = ownerOf(link);
  if (room !== undefined) owned.keep(room, ownerKey);
}

/**
 * The key to come under, this tab's alone until `until` aborts: a second peer under it would put the first one out. So a second tab
 * of the owner comes as anybody, and a copied tab as somebody else.
 */
export async function takeKey(
  link: string,
  until: AbortSignal,
  createIdentity: () => string | Promise<string>,
  { owned, tab } = browserPlaces,
): Promise<Pick<RoomOptions, 'ownerKey' | 'identity'>> {
  const room = ownerOf(link);
  if (room === undefined) return {};
  const ownerKey = owned.of(room) ?? '';
  if (keyPattern.test(ownerKey) && (await claim(`owner ${room}`, until))) return { ownerKey };
  // A key has a name beside it to be claimed by: other tabs see that name.
  const [name = '', kept = ''] = tab.of(room)?.split('.') ?? [];
  if (keyPattern.test(kept) && (await claim(name, until))) return { identity: kept };
  const fresh = { name: crypto.getRandomValues(new Uint32Array(4)).join('-'), identity: await createIdentity() };
  tab.keep(room, `${fresh.name}.${fresh.identity}`);
  await claim(fresh.name, until);
  return { identity: fresh.identity };
}
