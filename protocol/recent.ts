/** A bounded map that forgets what was not asked for the longest. For values that can be had again at some cost. */
export class Recent<V> {
  readonly #countMax: number;
  readonly #values = new Map<string, V>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get size(): number {
    return this.#values.size;
  }

  get(name: string): V | undefined {
    const value = this.#values.get(name);
    if (value !== undefined) {
      this.#values.delete(name);
      this.#values.set(name, value);
    }
    return value;
  }

  set(name: string, value: V): void {
    this.#values.delete(name);
    this.#values.set(name, value);
    const oldest = this.#values.keys().next();
    if (this.#values.size > this.#countMax && oldest.done !== true) this.#values.delete(oldest.value);
  }

  /** The value kept under this name, or a new one, which is kept. */
  getOr(name: string, make: () => V): V {
    let value = this.get(name);
    if (value === undefined) this.set(name, (value = make()));
    return value;
  }
}
