/** Typed events whose listeners cannot harm whoever emits them. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  on<K extends keyof Events>(
    event: K,
    listener: (event: Events[K]) => void,
    options: { readonly signal?: AbortSignal } = {},
  ): () => void {
    let listeners = this.#listeners.get(event);
    if (listeners === undefined) this.#listeners.set(event, (listeners = new Set()));
    listeners.add(listener);
    const off = (): void => {
      listeners.delete(listener);
    };
    options.signal?.addEventListener('abort', off, { once: true });
    if (options.signal?.aborted === true) off();
    return off;
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (event: Events[K]) => void)(value);
      } catch (error) {
        // A listener's fault is the listener's: report it as uncaught, go on with the room.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  has(event: keyof Events): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }
}
