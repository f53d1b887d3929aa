/**
 * The queue of what will happen: a binary heap by time and, at equal times, by order of insertion. Lean on purpose: a
 * large run pushes tens of millions of events, so times, orders and kinds live in typed arrays and nothing is allocated.
 */

export class EventQueue {
  /** Number of events waiting. */
  size = 0;
  /** The event that `pop` took last. */
  timeMs = 0;
  kind = 0;
  a: unknown = undefined;
  b: unknown = undefined;

  #order = 0;
  #times = new Float64Array(1024);
  #orders = new Float64Array(1024);
  #slots = new Int32Array(1024);
  #kinds = new Uint8Array(1024);
  readonly #as: unknown[] = [];
  readonly #bs: unknown[] = [];
  readonly #free: number[] = [];
  #slotCount = 0;

  /** Adds an event. `kind` is 0 .. 255; what `a` and `b` are is the caller's business. */
  push(timeMs: number, kind: number, a: unknown, b?: unknown): void {
    if (this.size === this.#times.length) this.#grow();
    const slot = this.#free.pop() ?? this.#slotCount++;
    this.#kinds[slot] = kind;
    this.#as[slot] = a;
    this.#bs[slot] = b;
    const order = this.#order++;
    const times = this.#times;
    let at = this.size++;
    while (at > 0) {
      const up = (at - 1) >> 1;
      // The new event has the highest order of all, so only an earlier time moves it up.
      if ((times[up] as number) <= timeMs) break;
      this.#move(up, at);
      at = up;
    }
    this.#put(at, timeMs, order, slot);
  }

  /** Takes the earliest event into the fields above; `false` when there is none. */
  pop(): boolean {
    if (this.size === 0) return false;
    const slot = this.#slots[0] as number;
    this.timeMs = this.#times[0] as number;
    this.kind = this.#kinds[slot] as number;
    this.a = this.#as[slot];
    this.b = this.#bs[slot];
    this.#as[slot] = undefined;
    this.#bs[slot] = undefined;
    this.#free.push(slot);
    const last = --this.size;
    if (last > 0) this.#sink(this.#times[last] as number, this.#orders[last] as number, this.#slots[last] as number);
    return true;
  }

  /** Time of the earliest event; `Infinity` when there is none. */
  nextMs(): number {
    return this.size === 0 ? Infinity : (this.#times[0] as number);
  }

  #sink(timeMs: number, order: number, slot: number): void {
    const times = this.#times;
    const orders = this.#orders;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      let childMs = times[child] as number;
      const right = child + 1;
      if (right < this.size) {
        const rightMs = times[right] as number;
        if (rightMs < childMs || (rightMs === childMs && (orders[right] as number) < (orders[child] as number))) {
          child = right;
          childMs = rightMs;
        }
      }
      if (timeMs < childMs || (timeMs === childMs && order < (orders[child] as number))) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, timeMs, order, slot);
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number;
    this.#orders[to] = this.#orders[from] as number;
    this.#slots[to] = this.#slots[from] as number;
  }

  #put(at: number, timeMs: number, order: number, slot: number): void {
    this.#times[at] = timeMs;
    this.#orders[at] = order;
    this.#slots[at] = slot;
  }

  #grow(): void {
    const length = this.#times.length * 2;
    const times = new Float64Array(length);
    times.set(this.#times);
    this.#times = times;
    const orders = new Float64Array(length);
    orders.set(this.#orders);
    this.#orders = orders;
    const slots = new Int32Array(length);
    slots.set(this.#slots);
    this.#slots = slots;
    const kinds = new Uint8Array(length);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
  }
}
