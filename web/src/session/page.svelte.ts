/** What the page is doing: from the first look at the address to being in a room, and out of it again. */
import {
  type BanyanErrorCode,
  BanyanError,
  type ReasonCode,
  type Room,
  type StateChange,
} from '../../../client/api.ts';
import { friendlyName } from '../people/identity.ts';
import { t } from '../strings/index.ts';
import { fragmentOf, type PageAddress, readAddress } from './address.ts';
import { failureKind, type FailureKind } from './failure.ts';
import { noteIn, recall, remember, wasIn } from './memory.ts';
import { LiveRoom } from './room.svelte.ts';
import { type Sdk } from './sdk.ts';

export type Phase =
  | { readonly kind: 'landing' }
  | { readonly kind: 'lobby'; readonly link: string }
  | { readonly kind: 'joining'; readonly link: string; readonly change: StateChange }
  | { readonly kind: 'room'; readonly link: string; readonly live: LiveRoom }
  | { readonly kind: 'failed'; readonly link: string; readonly failure: FailureKind; readonly code: BanyanErrorCode }
  | { readonly kind: 'left'; readonly link: string };

/** Joining that has not come about by then is called off, in ms: the SDK itself would go on trying. */
const joinPatienceMs = 60_000;
const firstStep: StateChange = { state: 'joining', detail: 'connecting-to-root', reason: 'none' };

export class PageState {
  phase: Phase = $state.raw({ kind: 'landing' });
  /** As typed; may be empty. */
  name = $state('');
  /** What one is called when one types no name. */
  readonly fallbackName: string;
  readonly #sdk: Sdk;
  #address: PageAddress;
  #joining: AbortController | undefined;

  constructor(sdk: Sdk) {
    this.#sdk = sdk;
    this.#address = readAddress(location.href);
    this.name = this.#address.name ?? recall('name') ?? '';
    this.fallbackName = friendlyName(t.friendly, Math.random);
    this.#lookAtAddress();
  }

  #lookAtAddress(): void {
    const { roomLink: link, joinsAtOnce } = this.#address;
    this.phase = link === undefined ? { kind: 'landing' } : { kind: 'lobby', link };
    if (link === undefined) {
      if (joinsAtOnce) this.start();
    } else if (joinsAtOnce || wasIn(fragmentOf(link))) void this.join(link);
  }

  /** The address changed by Back, by a link or by hand: leave this room for what it says now. */
  addressChanged(): void {
    const next = readAddress(location.href);
    if (next.roomLink === this.#address.roomLink) return;
    this.#joining?.abort();
    if (this.phase.kind === 'room') void this.phase.live.close();
    this.#address = next;
    this.#lookAtAddress();
  }

  /** Makes a room and goes into it. */
  start(): void {
    const link = this.#sdk.createRoomLink(this.#address.rootUrl);
    history.pushState(null, '', location.pathname + location.search + fragmentOf(link));
    this.#address = readAddress(location.href);
    void this.join(link);
  }

  /** Forgets the room in the address and goes back to the beginning. */
  startOver(): void {
    history.pushState(null, '', location.pathname + location.search);
    this.addressChanged();
  }

  async join(link: string): Promise<void> {
    const name = this.name.trim();
    remember('name', name === '' ? undefined : name);
    const controller = new AbortController();
    this.#joining?.abort();
    this.#joining = controller;
    const { signal } = controller;
    this.phase = { kind: 'joining', link, change: firstStep };
    let lastReason: ReasonCode = 'none';
    const patience = setTimeout(() => {
      controller.abort();
      if (this.#joining === controller) this.#failed(link, lastReason === 'none' ? 'connect-timeout' : lastReason);
    }, joinPatienceMs);
    try {
      const room = await this.#sdk.joinRoom(link, {
        ...this.#address.options,
        name: name === '' ? this.fallbackName : name,
        signal,
        onState: (change) => {
          if (change.reason !== 'none') lastReason = change.reason;
          if (this.phase.kind === 'joining' && this.#joining === controller)
            this.phase = { kind: 'joining', link, change };
        },
      });
      if (this.#joining !== controller || signal.aborted) {
        void room.leave();
        return;
      }
      const live = new LiveRoom(room, () => this.#ended(live));
      window.banyan = { room };
      noteIn(fragmentOf(link));
      this.phase = { kind: 'room', link, live };
    } catch (error) {
      if (this.#joining !== controller || signal.aborted) return;
      const code = error instanceof BanyanError ? error.code : 'internal';
      if (!(error instanceof BanyanError)) console.error(error);
      this.#failed(link, code);
    } finally {
      clearTimeout(patience);
    }
  }

  #failed(link: string, code: BanyanErrorCode): void {
    noteIn(undefined);
    this.phase = { kind: 'failed', link, failure: failureKind(code), code };
  }

  cancel(): void {
    this.#joining?.abort();
    this.#joining = undefined;
    if (this.phase.kind === 'joining') this.phase = { kind: 'lobby', link: this.phase.link };
  }

  /** Joins again after leaving or failing. */
  again(): void {
    const { roomLink } = this.#address;
    if (roomLink !== undefined) void this.join(roomLink);
  }

  /** Changes the name that others see, and remembers it. */
  async rename(name: string): Promise<void> {
    const trimmed = name.trim();
    if (trimmed === '' || this.phase.kind !== 'room') return;
    await this.phase.live.room.rename(trimmed);
    this.name = trimmed;
    remember('name', trimmed);
  }

  #ended(live: LiveRoom): void {
    if (this.phase.kind !== 'room' || this.phase.live !== live) return;
    const { link } = this.phase;
    const reason = live.standing.reason ?? 'user';
    noteIn(undefined);
    if (reason === 'user' || reason === 'none' || reason === 'left') this.phase = { kind: 'left', link };
    else this.#failed(link, reason);
  }
}

declare global {
  interface Window {
    /** A handle for the developer's console and for tests: the room this page is in, as the SDK gives it. */
    banyan?: { room: Room };
  }
}
