/** What the page's address says: the room in the fragment, options for power users and tests in the query. */
import { type RoomOptions } from '../../../client/api.ts';

export interface PageAddress {
  /** Link of the room that the fragment names, without the query; `undefined` when there is no fragment. */
  readonly roomLink: string | undefined;
  /** Address under which the root serves this page: what a new room's link starts with. */
  readonly rootUrl: string;
  /** `?name=` */
  readonly name: string | undefined;
  /** `?join=1`: join at once, without waiting for a tap. */
  readonly joinsAtOnce: boolean;
  /** `?k=2` (clients served), `?ice=off` (no STUN) and `?hide=1` (by way of TURN only), as the SDK takes them. */
  readonly options: Pick<RoomOptions, 'maxClients' | 'iceServers' | 'hideAddress'>;
}

/** Most clients a peer may serve; the SDK refuses more. */
const clientsMax = 8;

/** Reads an address such as `https://host/?k=2&ice=off#secret`. Total: what is malformed counts as absent. */
export function readAddress(href: string): PageAddress {
  const url = new URL(href);
  const query = url.searchParams;
  const rootUrl = url.origin + url.pathname;
  const k = query.get('k');
  const maxClients = k !== null && /^\d$/.test(k) && Number(k) <= clientsMax ? Number(k) : undefined;
  return {
    roomLink: url.hash.length > 1 ? rootUrl + url.hash : undefined,
    rootUrl,
    name: query.get('name') ?? undefined,
    joinsAtOnce: query.get('join') === '1',
    options: {
      ...(maxClients === undefined ? {} : { maxClients }),
      ...(query.get('ice') === 'off' ? { iceServers: [] } : {}),
      ...(query.get('hide') === '1' ? { hideAddress: true } : {}),
    },
  };
}

/** The fragment of a room link, with its `#`. */
export function fragmentOf(roomLink: string): string {
  return new URL(roomLink).hash;
}

/** What names the room of a link that somebody owns: the id of the owner's key, made for this room. */
export function ownerOf(roomLink: string): string | undefined {
  return fragmentOf(roomLink).split('.')[1];
}

/** Whether the address bar shows the secret of this room. */
export function isShown(roomLink: string): boolean {
  return location.hash !== '' && location.hash === fragmentOf(roomLink);
}

/**
 * Takes the room out of the address, and out of what this tab would come back to: nobody reads it over a shoulder, from a screenshot
 * or a shared screen. One stays in the room; whoever loads the page again is outside.
 */
export function conceal(): void {
  history.replaceState(null, '', location.pathname + location.search);
}
