/** Messages as an async iterator, bounded. */
import { BanyanError, type Message } from './api.ts';

/** Messages that wait for a consumer; one that lags further gets an error instead of a silent loss. */
const waitingMax = 10_000;

export class MessageQueue implements AsyncIterableIterator<Message> {
  readonly #waiting: Message[] = [];
  readonly #onEnd: () => void;
  /** Calls of `next` that found nothing. */
  #sleepers: (() => void)[] = [];
  #isOver = false;
  #error: BanyanError | undefined;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  push(message: Message): void {
    if (this.#isOver) return;
    if (this.#waiting.length >= waitingMax) {
      this.#error = new BanyanError('busy', `more than ${waitingMax} messages wait to be read`);
      this.end();
      return;
    }
    this.#waiting.push(message);
    this.#sleepers.shift()?.();
  }

  /** No more messages come; those that wait can still be read. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd();
    for (const wake of this.#sleepers.splice(0)) wake();
  }

  async next(): Promise<IteratorResult<Message>> {
    while (this.#waiting.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#sleepers.push(resolve);
      });
    }
    const value = this.#waiting.shift();
    if (value !== undefined) return { done: false, value };
    if (this.#error) throw this.#error;
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<Message>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The queues of everybody who reads a room's messages. */
export class MessageQueues {
  readonly #queues = new Set<MessageQueue>();

  /** Another reader, of what comes from now on; until it stops, or `signal` aborts. */
  open(signal: AbortSignal | undefined): MessageQueue {
    const queue = new MessageQueue(() => {
      this.#queues.delete(queue);
      signal?.removeEventListener('abort', end);
    });
    const end = (): void => {
      queue.end();
    };
    this.#queues.add(queue);
    signal?.addEventListener('abort', end);
    if (signal?.aborted === true) end();
    return queue;
  }

  push(message: Message): void {
    for (const queue of this.#queues) queue.push(message);
  }

  /** No more messages come. */
  end(): void {
    for (const queue of this.#queues) queue.end();
  }
}
