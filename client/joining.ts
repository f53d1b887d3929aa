/** How the wait for a place in the room ends: attached, called off, refused for good, or out of patience. */
import type { ReasonCode } from '../protocol/errors.ts';
import { BanyanError, type JoinDetail, type RoomEvents } from './api.ts';
import { aborted } from './awaited.ts';
import type { Emitter } from './emitter.ts';

/** How long a join that does not get through to the root waits before it fails, ms. */
const rootPatienceMs = 20_000;
/** How long a join may take in all, ms: several connections that time out, 15 s each, and the waits between them. */
const joinPatienceMs = 60_000;
/** Answers of the root after which trying again is pointless. */
const fatal: ReadonlySet<ReasonCode> = new Set([
  'admission',
  'origin',
  'full',
  'replaced',
  'challenge',
  'removed',
  'locked',
]);

export class Joining {
  readonly #events: Emitter<RoomEvents>;
  readonly #detail: () => JoinDetail;
  #lastError: ReasonCode = 'deadline';
  #onFatal: ((error: BanyanError) => void) | undefined;

  /** `detail`: the step that is being taken. */
  constructor(events: Emitter<RoomEvents>, detail: () => JoinDetail) {
    this.#events = events;
    this.#detail = detail;
  }

  /** Starts by `start` and waits for the state `attached`. Rejects with why it does not come. */
  wait(start: () => void, signal: AbortSignal | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const finish = (error?: BanyanError): void => {
        for (const timer of timers) clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        off();
        this.#onFatal = undefined;
        if (error) reject(error);
        else resolve();
      };
      const onAbort = (): void => {
        finish(aborted('joining'));
      };
      const timers = [
        setTimeout(() => {
          if (this.#detail() !== 'connecting-to-root') return;
          finish(new BanyanError('root-unreachable', 'the root does not answer at the address of the link'));
        }, rootPatienceMs),
        setTimeout(() => {
          const seconds = joinPatienceMs / 1_000;
          finish(new BanyanError(this.#lastError, `no place in the tree within ${seconds} s: ${this.#lastError}`));
        }, joinPatienceMs),
      ];
      const off = this.#events.on('state', ({ state }) => {
        if (state === 'attached') finish();
      });
      signal?.addEventListener('abort', onAbort);
      this.#onFatal = finish;
      if (signal?.aborted === true) onAbort();
      else start();
    });
  }

  /** The room reports an error. While it is being joined, some end that. */
  failed(code: ReasonCode, error: BanyanError): void {
    this.#lastError = code;
    if (fatal.has(code)) this.#onFatal?.(error);
  }
}
