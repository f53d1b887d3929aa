/** Tells listeners that something changed, a few times a second however often it does. */

import { Emitter } from './emitter.ts';

/** Shortest time between two calls, ms: each may have a page drawn anew, which costs more than a chunk of a file. */
const tellPeriodMs = 300;

export class Teller<T> {
  readonly #events = new Emitter<{ changed: T }>();
  readonly #read: () => T;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(read: () => T) {
    this.#read = read;
  }

  on(listener: (value: T) => void): () => void {
    return this.#events.on('changed', listener);
  }

  soon(): void {
    if (this.#events.has('changed')) this.#timer ??= setTimeout(this.now, tellPeriodMs);
  }

  readonly now = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#events.emit('changed', this.#read());
  };
}
