/** Own messages on their way to the signer: outbox -> packets -> seal. What comes back sealed goes into the flood like others' (rules M2, S6). */
import { originBurst, sealsInFlightMax, sharedBodyBytesMax, unsealedMessagesMax } from '../limits.ts';
import { noSession } from '../types.ts';
import { messageSize, type Message } from '../wire/bodies.ts';
import type { Context } from './context.ts';

export class Outbox {
  readonly #ctx: Context;
  #waiting: { readonly message: Message; readonly timeMs: number }[] = [];
  /** Those before it are on their way. */
  #first = 0;
  #seq = 0;
  #sealing = 0;
  /** Packets that the own rate allows now. */
  #tokens: number;
  #tokensAtMs = 0;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.#tokens = Math.max(1, ctx.options.originBurst || originBurst);
  }

  get isFull(): boolean {
    return this.#waiting.length - this.#first >= unsealedMessagesMax;
  }

  send(messages: readonly Message[], timeMs: number): void {
    for (const message of messages) this.#waiting.push({ message, timeMs });
    this.flush();
  }

  /** A packet is back from the signer. */
  sealed(): void {
    this.#sealing--;
  }

  /** Has sealed what waits, as far as the own rate allows; several messages share a packet when the sender is busy (M2). */
  flush(): void {
    const ctx = this.#ctx;
    if (ctx.factory.session === noSession) return;
    this.#refill();
    while (this.#first < this.#waiting.length && this.#sealing < sealsInFlightMax && this.#tokens >= 1) {
      this.#tokens -= 1;
      this.#sealing++;
      const { messages, timeMs } = this.#nextBatch();
      ctx.emit({ kind: 'seal', packet: ctx.factory.newMessage(messages, ++this.#seq, timeMs) });
    }
    if (this.#first > 1024) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
  }

  /** As many of those that wait as fit a packet, and the time of the first. */
  #nextBatch(): { readonly messages: readonly Message[]; readonly timeMs: number } {
    const messages: Message[] = [];
    let sizeBytes = 0;
    let timeMs = 0;
    for (let next = this.#waiting[this.#first]; next; next = this.#waiting[this.#first]) {
      const addBytes = messageSize(next.message);
      if (messages.length > 0 && sizeBytes + addBytes > sharedBodyBytesMax) break;
      // Receipts count packets: what is for one shares none with what is for all (rule T5).
      if (messages[0] !== undefined && messages[0].to !== next.message.to) break;
      timeMs = messages.length === 0 ? next.timeMs : timeMs;
      messages.push(next.message);
      sizeBytes += addBytes;
      this.#first++;
    }
    return { messages, timeMs };
  }

  #refill(): void {
    const { nowMs, options } = this.#ctx;
    const gained = ((nowMs - this.#tokensAtMs) / 1000) * options.originRatePerSecond;
    this.#tokens = Math.min(options.originBurst, this.#tokens + Math.max(0, gained));
    this.#tokensAtMs = nowMs;
  }

  /** When the own rate allows the next packet of those that wait; not at all while the signer is busy. */
  dueMs(): number {
    if (this.#first >= this.#waiting.length || this.#sealing >= sealsInFlightMax) return Infinity;
    const waitMs = ((1 - this.#tokens) / this.#ctx.options.originRatePerSecond) * 1000;
    return this.#tokensAtMs + Math.max(1, Math.ceil(waitMs));
  }
}
