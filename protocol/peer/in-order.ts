/** Values that may still be promises, handed on in the order in which they were given, and at once while nothing waits. */
export class InOrder<T> {
  #last: Promise<void> | undefined;

  /** `hand` gets the value when it is there and all given before it were handed on. Promises must not reject. */
  add(value: T | Promise<T>, hand: (value: T) => void): void {
    if (!(value instanceof Promise) && this.#last === undefined) {
      hand(value);
      return;
    }
    const last: Promise<void> = this.done().then(async () => {
      hand(await value);
      if (this.#last === last) this.#last = undefined;
    });
    this.#last = last;
  }

  /** Resolves when everything given so far was handed on. */
  done(): Promise<void> {
    return this.#last ?? Promise.resolve();
  }
}
