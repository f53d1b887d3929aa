/** What this peer says of itself: kept until it can be signed, then sealed; it comes back as a presence like any other. */
import { noSession } from '../types.ts';
import type { PresenceBody } from '../wire/bodies.ts';
import type { Context } from './context.ts';

export class OwnPresence {
  readonly #ctx: Context;
  /** What waits to be told. */
  #waiting: { readonly body: PresenceBody; readonly timeMs: number } | undefined;
  #version = 0;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  say(body: PresenceBody, timeMs: number): void {
    this.#waiting = { body, timeMs };
  }

  /** Who this peer is can only be signed once it has a session. */
  timer(): void {
    const { factory } = this.#ctx;
    if (this.#waiting === undefined || factory.session === noSession) return;
    const { body, timeMs } = this.#waiting;
    this.#waiting = undefined;
    this.#ctx.emit({ kind: 'seal', packet: factory.newPresence(body, ++this.#version, timeMs) });
  }
}
