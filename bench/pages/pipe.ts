/** One way from this page to the other: what `link` asks of a raw channel and of a room alike. */

export interface Pipe {
  /** Sends one body. Resolves, or returns, when the next one may be sent. */
  send(body: Uint8Array<ArrayBuffer>): Promise<void> | void;
  /** Has the size of each body that arrives passed on, in bytes. */
  receive(take: (bodyBytes: number) => void): void;
}

/** What arrived since the last reset. */
export interface Arrived {
  readonly bodies: number;
  readonly bytes: number;
  /** First and last arrival, ms of performance.now(). */
  readonly firstMs: number;
  readonly lastMs: number;
}

export class Counter {
  #bodies = 0;
  #bytes = 0;
  #firstMs = 0;
  #lastMs = 0;

  take(bodyBytes: number): void {
    this.#lastMs = performance.now();
    if (this.#bodies === 0) this.#firstMs = this.#lastMs;
    this.#bodies++;
    this.#bytes += bodyBytes;
  }

  reset(): void {
    this.#bodies = this.#bytes = 0;
  }

  view(): Arrived {
    return { bodies: this.#bodies, bytes: this.#bytes, firstMs: this.#firstMs, lastMs: this.#lastMs };
  }
}

/** Sends bodies of one size as fast as the pipe takes them, for a time; gives how many. */
export async function flood(pipe: Pipe, bodyBytes: number, durationMs: number): Promise<number> {
  const body = crypto.getRandomValues(new Uint8Array(bodyBytes));
  const endMs = performance.now() + durationMs;
  let sent = 0;
  while (performance.now() < endMs) {
    // A few at a time between looks at the clock; only a full pipe is waited for.
    for (let some = 0; some < 16; some++) {
      const room = pipe.send(body);
      sent++;
      if (room) await room;
    }
  }
  return sent;
}
