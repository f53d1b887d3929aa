/** When the picture has to be sparing with lights: each is drawn for some frames, and words come before the picture of them. */

/** A turn that comes this late tells that the page does not keep up with drawing, ms. */
const lateMs = 120;
/** How long lights are few after that, ms. */
const sparingMs = 5_000;
/** How often one edge is lit then, and for the chunks of files always, ms. */
const lightEveryMs = 1_000;
/** Edges remembered, twice for their two directions. */
const edgesMax = 320;

/** All times are of one clock, ms. */
export class Sparing {
  #untilMs = -Infinity;
  readonly #litAtMs = new Map<string, number>();

  /** Something that was due at a time had its turn. */
  turned(dueAtMs: number, nowMs: number): void {
    if (nowMs - dueAtMs > lateMs) this.#untilMs = nowMs + sparingMs;
  }

  isNeeded(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** Whether an edge may be lit on behalf of all that cross it in this direction; if so, it counts as lit. */
  mayLight(edge: string, up: boolean, nowMs: number): boolean {
    const name = `${edge} ${up ? 'up' : 'down'}`;
    if (nowMs - (this.#litAtMs.get(name) ?? -Infinity) < lightEveryMs) return false;
    if (this.#litAtMs.size >= edgesMax) this.#litAtMs.clear();
    this.#litAtMs.set(name, nowMs);
    return true;
  }
}
