/** The pings on every link, and the end of those that are dead (rules H2, H3, L5). The links' own table says when. */
import type { LinkReason } from '../errors.ts';
import { pingPeriodMs, pingTogetherMs } from '../limits.ts';
import { noNode } from '../types.ts';
import type { Context } from './context.ts';
import { isTreeLink, type LinkState, type Links } from './links.ts';
import type { Picture } from './picture.ts';
import type { Position } from './position.ts';

export class KeepAlive {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #position: Position;
  readonly #picture: Picture;
  readonly #dead: (link: LinkState, reason: LinkReason) => void;
  /** When the first link needs a look, as of the last `dueMs`: what comes in between can only put it off. */
  #dueMs = -Infinity;

  /** `dead`: a link must end now. */
  constructor(
    ctx: Context,
    links: Links,
    position: Position,
    picture: Picture,
    dead: (link: LinkState, reason: LinkReason) => void,
  ) {
    this.#ctx = ctx;
    this.#links = links;
    this.#position = position;
    this.#picture = picture;
    this.#dead = dead;
  }

  ping(link: LinkState): void {
    const depth = this.#position.anchored ? this.#position.depth : 255;
    const digest = isTreeLink(link) ? this.#picture.digest : 0;
    this.#links.ping(link, depth, this.#links.parent()?.remote ?? noNode, digest);
  }

  dueMs(): number {
    this.#dueMs = Infinity;
    for (const link of this.#links.all()) this.#dueMs = Math.min(this.#dueMs, this.#links.dueMs(link));
    return this.#dueMs;
  }

  timer(): void {
    const { nowMs } = this.#ctx;
    if (nowMs < this.#dueMs) return;
    let isPinging = false;
    for (const link of this.#links.all()) {
      if (nowMs < this.#links.dueMs(link)) continue;
      const verdict = this.#links.verdict(link);
      if (verdict !== undefined) {
        this.#dead(link, verdict);
      } else {
        this.ping(link);
        isPinging = true;
      }
    }
    if (!isPinging) return;
    for (const link of this.#links.all()) {
      if (link.phase === 'open' && nowMs >= link.lastPingMs + pingPeriodMs - pingTogetherMs) this.ping(link);
    }
  }
}
