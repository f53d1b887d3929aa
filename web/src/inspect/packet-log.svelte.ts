/** The last packets that crossed this peer's links, for people who want to look. */
import { type PacketTrace } from '../../../client/api.ts';

/** Packets kept. */
export const linesMax = 300;
/** The list is drawn anew at most this often, in ms. */
const drawMs = 200;

export interface PacketLine {
  readonly number: number;
  readonly trace: PacketTrace;
}

export class PacketLog {
  /** Newest first; brought up to date only while somebody looks. */
  lines: readonly PacketLine[] = $state.raw([]);
  paused = $state(false);
  #kept: PacketLine[] = [];
  #count = 0;
  #watched = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  add(trace: PacketTrace): void {
    if (this.paused) return;
    this.#count += 1;
    this.#kept.push({ number: this.#count, trace });
    if (this.#kept.length > 2 * linesMax) this.#kept = this.#kept.slice(-linesMax);
    if (this.#watched) this.#timer ??= setTimeout(() => this.#draw(), drawMs);
  }

  clear(): void {
    this.#kept = [];
    this.#draw();
  }

  /** Says whether somebody looks at the list. */
  watch(on: boolean): void {
    this.#watched = on;
    if (on) this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.lines = this.#kept.slice(-linesMax).reverse();
  }
}
