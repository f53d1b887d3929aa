/** When which room wants a turn: a heap, so that a process with many rooms does not ask each of them after every packet. */
interface Entry<T> {
  readonly item: T;
  readonly atMs: number;
}

export class Agenda<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #atMs = new Map<T, number>();

  /** When the first turn is due, ms. */
  dueMs(): number | undefined {
    return this.#heap[0]?.atMs;
  }

  /** Notes a turn, unless an earlier one is noted: whoever comes too early is simply noted again. */
  note(item: T, atMs: number): void {
    const noted = this.#atMs.get(item);
    if (atMs === Infinity || (noted !== undefined && noted <= atMs)) return;
    this.#atMs.set(item, atMs);
    const heap = this.#heap;
    let at = heap.length;
    heap.push({ item, atMs });
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((heap[above]?.atMs ?? 0) <= atMs) break;
      this.#swap(at, above);
      at = above;
    }
  }

  /** Takes the next item whose turn has come. */
  take(nowMs: number): T | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.atMs <= nowMs; first = this.#heap[0]) {
      this.#pop();
      // Of several entries for one item the earliest counts.
      if (this.#atMs.get(first.item) !== first.atMs) continue;
      this.#atMs.delete(first.item);
      return first.item;
    }
    return undefined;
  }

  forget(item: T): void {
    this.#atMs.delete(item);
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x && y) [this.#heap[a], this.#heap[b]] = [y, x];
  }

  #pop(): void {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    heap.pop();
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const least = (heap[left + 1]?.atMs ?? Infinity) < (heap[left]?.atMs ?? Infinity) ? left + 1 : left;
      if ((heap[least]?.atMs ?? Infinity) >= (heap[at]?.atMs ?? Infinity)) return;
      this.#swap(at, least);
      at = least;
    }
  }
}
