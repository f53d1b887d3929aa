/** The owner's orders among peers: taken, passed on beside the log, and enforced on this peer's links (rules O2 to O5). */
import type { Rules, Barred } from '../rules.ts';
import type { LinkId } from '../types.ts';
import type { OrderBody } from '../wire/bodies/order.ts';
import { passOn, type VerifiedPacket } from '../wire/packet.ts';
import type { Context } from './context.ts';
import { isTreeLink, type LinkState, type Links } from './links.ts';

export interface ModerationEvents {
  /** This peer may be here no longer. */
  expelled(reason: Barred): void;
  /** Whoever is at the other end may be here no longer. */
  bar(link: LinkState, reason: Barred): void;
  /** Whom the order names changed. */
  ruled(): void;
  /** Whether this peer speaks for the room at the root: the owner does, and the head. */
  tellsRoot(): boolean;
}

export class Moderation {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #rules: Rules;
  readonly #events: ModerationEvents;

  constructor(ctx: Context, links: Links, events: ModerationEvents) {
    this.#ctx = ctx;
    this.#links = links;
    this.#rules = ctx.rules;
    this.#events = events;
  }

  /** The owner's user rules: signed, it comes back by `receive`. */
  issue(order: OrderBody, version: number, timeMs: number): void {
    if (this.#ctx.self !== this.#rules.owner || version <= this.#rules.version) return;
    this.#ctx.emit({ kind: 'seal', packet: this.#ctx.factory.newOrder(order, version, timeMs) });
  }

  /** `from`: the link it came by; 0 for one's own and for the root's. */
  receive(packet: VerifiedPacket<'order'>, from: LinkId): void {
    const result = this.#rules.take(packet);
    if (result === 'forged') this.#ctx.counters.badPackets++;
    if (result !== 'taken' || this.#rules.order === undefined) return;
    const { order } = this.#rules;
    // Those who are put out hear why, too.
    for (const link of this.#links.tree()) if (link.id !== from) this.#tell(link);
    if (this.#events.tellsRoot()) this.#ctx.sendRoot(packet);
    this.#ctx.emit({ kind: 'order', order, version: this.#rules.version });
    const own = this.#rules.bars(this.#ctx.self);
    if (own !== undefined) {
      this.#events.expelled(own);
      return;
    }
    this.#events.ruled();
    for (const link of [...this.#links.all()]) {
      const reason = this.#rules.bars(link.remote);
      if (reason !== undefined) this.#events.bar(link, reason);
    }
  }

  /** A neighbour says which order it has: it is given a newer one. */
  compare(link: LinkState, version: number): void {
    if (version < this.#rules.version && isTreeLink(link)) this.#tell(link);
  }

  /** The root says which order it has. */
  compareRoot(version: number): void {
    const { packet } = this.#rules;
    if (packet !== undefined && version < this.#rules.version) this.#ctx.sendRoot(packet);
  }

  #tell(link: LinkState): void {
    const { packet } = this.#rules;
    if (packet) this.#links.send(link, passOn(packet, this.#ctx.self));
  }
}
