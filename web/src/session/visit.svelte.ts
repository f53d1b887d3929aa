/** A visit to a room: on the way in, inside, and out of it again. What the page and the embedded element have in common. */
import {
  type BanyanErrorCode,
  type ReasonCode,
  type Room,
  type RoomOptions,
  type StateChange,
} from '../../../client/api.ts';
import { friendlyName } from '../people/identity.ts';
import { t } from '../strings/index.ts';
import { codeOf, failureKind, type FailureKind } from './failure.ts';
import { takeKey } from './keys.ts';
import { remember } from './memory.ts';
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

/** What a visit needs besides the SDK. */
export interface VisitHooks {
  /** How to join, besides the name. */
  readonly options: () => Pick<RoomOptions, 'maxClients' | 'iceServers' | 'hideAddress'>;
  readonly entered: (room: Room, link: string) => void;
  /** The room was left, or could not be entered. */
  readonly gone: () => void;
}

export class Visit {
  phase: Phase = $state.raw({ kind: 'landing' });
  /** As typed; may be empty. */
  name = $state('');
  /** What one is called when one types no name. */
  readonly fallbackName = friendlyName(t.friendly, Math.random);
  protected readonly sdk: Sdk;
  readonly #hooks: VisitHooks;
  /** Ends the attempt to be in a room, and then the right to its key. */
  #stay: AbortController | undefined;

  constructor(sdk: Sdk, hooks: VisitHooks) {
    this.sdk = sdk;
    this.#hooks = hooks;
  }

  /** Leaves the room, or the way into it, and waits at this place. */
  protected settle(phase: Phase): void {
    this.#stay?.abort();
    this.#stay = undefined;
    if (this.phase.kind === 'room') void this.phase.live.close();
    this.phase = phase;
  }

  async join(link: string): Promise<void> {
    const name = this.name.trim();
    remember('name', name === '' ? undefined : name);
    const controller = new AbortController();
    this.#stay?.abort();
    this.#stay = controller;
    const { signal } = controller;
    this.phase = { kind: 'joining', link, change: firstStep };
    let lastReason: ReasonCode = 'none';
    const patience = setTimeout(() => {
      controller.abort();
      if (this.#stay === controller) this.fail(link, lastReason === 'none' ? 'connect-timeout' : lastReason);
    }, joinPatienceMs);
    try {
      const key = await takeKey(link, signal, this.sdk.createIdentity);
      signal.throwIfAborted();
      const room = await this.sdk.joinRoom(link, {
        ...this.#hooks.options(),
        ...key,
        name: name === '' ? this.fallbackName : name,
        signal,
        onState: (change) => {
          if (change.reason !== 'none') lastReason = change.reason;
          if (this.phase.kind === 'joining' && this.#stay === controller)
            this.phase = { kind: 'joining', link, change };
        },
      });
      if (this.#stay !== controller || signal.aborted) {
        void room.leave();
        return;
      }
      const live = new LiveRoom(room, () => this.#ended(live));
      this.#hooks.entered(room, link);
      this.phase = { kind: 'room', link, live };
    } catch (error) {
      if (this.#stay !== controller || signal.aborted) return;
      this.fail(link, codeOf(error));
    } finally {
      clearTimeout(patience);
    }
  }

  protected fail(link: string, code: BanyanErrorCode): void {
    this.#stay?.abort();
    this.phase = { kind: 'failed', link, failure: failureKind(code), code };
    this.#hooks.gone();
  }

  cancel(): void {
    if (this.phase.kind === 'joining') this.settle({ kind: 'lobby', link: this.phase.link });
  }

  /** Joins again after leaving or failing. */
  again(): void {
    if (this.phase.kind === 'failed' || this.phase.kind === 'left') void this.join(this.phase.link);
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
    this.#stay?.abort();
    const { link } = this.phase;
    const reason = live.standing.reason ?? 'user';
    if (reason !== 'user' && reason !== 'none' && reason !== 'left') this.fail(link, reason);
    else {
      this.phase = { kind: 'left', link };
      this.#hooks.gone();
    }
  }
}
