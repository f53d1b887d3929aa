/** Tells listeners that something changed, a few times a second however often it does. */

/** Shortest time between two calls, ms: each may have a page drawn anew, which costs more than a chunk of a file. */
const tellPeriodMs = 300;

export class Teller<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly #read: () => T;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(read: () => T) {
    this.#read = read;
  }

  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  soon(): void {
    if (this.#listeners.size > 0) this.#timer ??= setTimeout(this.now, tellPeriodMs);
  }

  readonly now = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const value = this.#read();
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        // A listener's fault is the listener's, as with the room's events.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
}
