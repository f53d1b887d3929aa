/** What a program says of its user's typing, thinned out to what the room needs to hear (rules T6, T7). */
import { typingLifeMs } from '../protocol/limits.ts';

/** How often "still typing" is said again, ms: before others hold it to be over. */
const againMs = typingLifeMs - 2_000;

export class Typist {
  readonly #say: (active: boolean, channel: string) => void;
  #channel: string | undefined;
  #saidAtMs = -Infinity;

  constructor(say: (active: boolean, channel: string) => void) {
    this.#say = say;
  }

  /** A key was pressed, or the field is empty again. Cheap: meant to be called each time. */
  types(active: boolean, channel: string, nowMs: number): void {
    if (!active) {
      if (this.#channel === channel) this.#say(false, channel);
      if (this.#channel === channel) this.#channel = undefined;
    } else if (this.#channel !== channel || nowMs - this.#saidAtMs >= againMs) {
      this.#channel = channel;
      this.#saidAtMs = nowMs;
      this.#say(true, channel);
    }
  }

  /** What was typed is said: others know by the message. */
  spoke(): void {
    this.#channel = undefined;
  }
}
