/** What was said before this peer came, when the program wants only the newest of it. */
import type { HistoryLimit, Message } from './api.ts';
import { utf8 } from './crypto/provider.ts';

/** Longest that messages wait for the end of what was said before, ms. It comes in one go, but a hole in a stream may stay open for longer. */
export const pastWaitMaxMs = 5_000;

/**
 * Keeps everything back until the past is complete, then tells the newest of it and all that was said since: so each sender's order
 * stays. Holds no more of the past than it will tell.
 */
export class Past {
  readonly #limit: HistoryLimit;
  readonly #tell: (message: Message) => void;
  readonly #waitMaxMs: number;
  readonly #waiting: { readonly message: Message; readonly isPast: boolean }[] = [];
  #messages = 0;
  #bytes = 0;
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limit: HistoryLimit, tell: (message: Message) => void, waitMaxMs = pastWaitMaxMs) {
    this.#limit = limit;
    this.#tell = tell;
    this.#waitMaxMs = waitMaxMs;
  }

  take(message: Message, isPast: boolean): void {
    if (this.#isOver) {
      // What of the past comes now is too late for its place.
      if (!isPast) this.#tell(message);
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.end();
    }, this.#waitMaxMs);
    this.#waiting.push({ message, isPast });
    if (isPast) this.#count(message, 1);
    while (this.#messages > this.#limit.messages || this.#bytes > this.#limit.bytes) {
      const oldest = this.#waiting.findIndex((each) => each.isPast);
      for (const dropped of this.#waiting.splice(oldest, 1)) this.#count(dropped.message, -1);
    }
  }

  #count({ text = '', bytes }: Message, times: 1 | -1): void {
    this.#messages += times;
    this.#bytes += times * (bytes ?? utf8(text)).length;
  }

  /** All of it is here, or nobody will wait for it any longer. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const { message } of this.#waiting.splice(0)) this.#tell(message);
  }
}
