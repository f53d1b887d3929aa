/** What the page is doing: a visit to the room that its address names. */
import { type Room } from '../../../client/api.ts';
import { fragmentOf, type PageAddress, readAddress } from './address.ts';
import { codeOf } from './failure.ts';
import { keepOwnerKey } from './keys.ts';
import { noteIn, recall, wasIn } from './memory.ts';
import { type Sdk } from './sdk.ts';
import { Visit } from './visit.svelte.ts';

export class PageState extends Visit {
  #address: PageAddress;

  constructor(sdk: Sdk) {
    super(sdk, {
      options: () => this.#address.options,
      entered: (room, link) => {
        window.banyan = { room };
        noteIn(fragmentOf(link));
      },
      gone: () => noteIn(undefined),
    });
    this.#address = readAddress(location.href);
    this.name = this.#address.name ?? recall('name') ?? '';
    const { roomLink: link, joinsAtOnce } = this.#address;
    this.#stand();
    if (link === undefined) {
      if (joinsAtOnce) void this.start();
    } else if (joinsAtOnce || wasIn(fragmentOf(link))) void this.join(link);
  }

  /** Waits at what the address says. */
  #stand(): void {
    const { roomLink: link } = this.#address;
    this.settle(link === undefined ? { kind: 'landing' } : { kind: 'lobby', link });
  }

  /**
   * The address changed by Back, by a link or by hand: leave this room, and ask before going into the one it names now. Nobody is
   * to find out by what others say that this is another room.
   */
  addressChanged(): void {
    const next = readAddress(location.href);
    if (next.roomLink === this.#address.roomLink) return;
    this.#address = next;
    this.#stand();
  }

  /** Makes a room that is owned here, and goes into it. */
  async start(): Promise<void> {
    const { rootUrl } = this.#address;
    const made = await this.sdk.createOwnedRoom(rootUrl).catch((error: unknown) => ({ error }));
    // Pressed twice, or gone elsewhere meanwhile.
    if (this.phase.kind !== 'landing') return;
    if ('error' in made) {
      this.fail(rootUrl, codeOf(made.error));
      return;
    }
    const { link, ownerKey } = made;
    keepOwnerKey(link, ownerKey);
    history.pushState(null, '', location.pathname + location.search + fragmentOf(link));
    this.#address = readAddress(location.href);
    void this.join(link);
  }

  override again(): void {
    // No room could be made, so there is none to join again.
    const isRoomless = this.phase.kind === 'failed' && fragmentOf(this.phase.link) === '';
    if (!isRoomless) {
      super.again();
      return;
    }
    this.#stand();
    void this.start();
  }

  /** Forgets the room in the address and goes back to the beginning. */
  startOver(): void {
    history.pushState(null, '', location.pathname + location.search);
    this.#address = readAddress(location.href);
    this.#stand();
  }
}

declare global {
  interface Window {
    /** A handle for the developer's console and for tests: the room this page is in, as the SDK gives it. */
    banyan?: { room: Room };
  }
}
