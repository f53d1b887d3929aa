/** How many of something each address has. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();

  of(prefix: string): number {
    return this.#counts.get(prefix) ?? 0;
  }

  add(prefix: string): void {
    this.#counts.set(prefix, this.of(prefix) + 1);
  }

  remove(prefix: string): void {
    const left = this.of(prefix) - 1;
    if (left > 0) this.#counts.set(prefix, left);
    else this.#counts.delete(prefix);
  }
}
