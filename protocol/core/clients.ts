/**
 * The serving side: whom the root said to expect, what a hello must prove, and who is refused why
 * (rules A5, A6, A9, H8, H9, S4).
 */
import type { LinkReason } from '../errors.ts';
import { backupsInMax, clientsExcessMax, clientsMax } from '../limits.ts';
import type { NodeId, TicketId } from '../types.ts';
import type { ExpectBody, HelloBody } from '../wire/bodies.ts';
import { sameBytes } from '../wire/bytes.ts';
import type { Attach } from './attach.ts';
import type { Context } from './context.ts';
import type { Flood } from './flood.ts';
import type { LinkState, Links } from './links.ts';
import type { Position } from './position.ts';

interface Expected extends ExpectBody {
  readonly expiresAtMs: number;
}

/** How long a refused asker has to close its link, ms; no later hello makes it longer. */
const refusalMs = 1_000;
/** Tickets remembered at once: every slot, backups and excess, a few times over. */
const expectedMax = 4 * (clientsMax + backupsInMax + clientsExcessMax);

export class Clients {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #position: Position;
  readonly #flood: Flood;
  readonly #attach: Attach;
  readonly #accepted: (link: LinkState, hello: HelloBody) => void;
  readonly #expected = new Map<TicketId, Expected>();

  constructor(
    ctx: Context,
    links: Links,
    position: Position,
    flood: Flood,
    attach: Attach,
    accepted: (link: LinkState, hello: HelloBody) => void,
  ) {
    this.#ctx = ctx;
    this.#links = links;
    this.#position = position;
    this.#flood = flood;
    this.#attach = attach;
    this.#accepted = accepted;
  }

  expect(body: ExpectBody): void {
    const { nowMs } = this.#ctx;
    for (const [ticket, expected] of this.#expected) if (nowMs > expected.expiresAtMs) this.#expected.delete(ticket);
    if (this.#expected.size >= expectedMax) return;
    this.#expected.set(body.ticket, { ...body, expiresAtMs: nowMs + body.expiresInMs });
  }

  /** The accepting end of a link, made when the first signal of an expected client arrives (rule A7). */
  answer(from: NodeId, ticket: TicketId): LinkState | undefined {
    const expected = this.#expected.get(ticket);
    if (expected?.client !== from || this.#ctx.nowMs > expected.expiresAtMs) return undefined;
    return this.#links.open(from, false, expected.purpose, ticket);
  }

  /** The first packet of a new link, from the end that made the offer. */
  hello(link: LinkState, hello: HelloBody): void {
    if (link.initiator || link.phase !== 'hello') return;
    const expected = this.#expected.get(link.ticket);
    this.#expected.delete(link.ticket);
    if (!sameBytes(hello.binding, link.binding) || hello.ticket !== link.ticket) {
      this.#ctx.emit({ kind: 'error', code: 'link-auth', node: link.remote });
      // Said to the far end, too, by way of whoever sits between: then both know what was tried.
      this.#refuse(link, 'link-auth');
      return;
    }
    const backup = hello.role === 'backupOut';
    const barred = this.#ctx.rules.bars(link.remote);
    const reason = barred ?? (backup ? this.#refusesBackup() : this.#refusesClient(link, expected));
    if (reason === undefined) this.#accept(link, hello);
    else this.#refuse(link, reason);
  }

  /** A held backup asks to become a client: its parent is gone (rule H6). */
  promote(link: LinkState, hello: HelloBody): void {
    if (link.role !== 'backupIn') return;
    const full = this.#links.clients().length >= this.#attach.clientsMax + clientsExcessMax;
    const circle = this.#position.path.includes(link.remote) || this.#links.parent()?.remote === link.remote;
    // Unanchored, this peer may itself be on the way below the asker: only who stood deeper is safe (rule H8).
    const { anchored, lastDepth } = this.#position;
    const planned = link.remoteDepth > lastDepth || (lastDepth === 2 && link.remoteDepth === 2);
    const barred = this.#ctx.rules.bars(link.remote);
    if (barred !== undefined) this.#refuse(link, barred);
    else if (full) this.#refuse(link, 'refused-full');
    else if (!anchored && (link.remoteDepth === 255 || !planned)) this.#refuse(link, 'refused-unanchored');
    else if (circle && !this.#ctx.disabled('path-check')) this.#refuse(link, 'refused-cycle');
    else this.#accept(link, hello);
  }

  #refusesBackup(): LinkReason | undefined {
    return this.#links.withRole('backupIn').length >= backupsInMax ? 'refused-full' : undefined;
  }

  #refusesClient(link: LinkState, expected: Expected | undefined): LinkReason | undefined {
    const { path, attachEpoch, anchored } = this.#position;
    if (expected === undefined) return 'refused-ticket';
    // Without its own baselines it could not tell a newcomer where streams start (rule L6).
    if (!anchored || !this.#flood.frontiers.synced) return 'refused-unanchored';
    if (expected.placementVersion !== attachEpoch) return 'refused-stale';
    if (path.includes(link.remote) && !this.#ctx.disabled('path-check')) return 'refused-cycle';
    // A leaf serves when the root has nobody else: the root's ticket counts, the hard limit too.
    const others = this.#links.clients().filter((client) => client.remote !== link.remote).length;
    const slots = Math.max(this.#attach.clientsMax, clientsExcessMax) + Math.min(clientsExcessMax, expected.excess);
    return others >= slots ? 'refused-full' : undefined;
  }

  #accept(link: LinkState, hello: HelloBody): void {
    const { attachEpoch } = this.#position;
    const digest = this.#flood.frontiers.markHello(link);
    const answer: HelloBody = {
      ticket: link.ticket,
      role: hello.role,
      binding: link.binding,
      frontierDigest: digest,
      attachEpoch,
      newcomer: !this.#flood.frontiers.synced,
      order: this.#ctx.rules.version,
    };
    this.#links.send(link, this.#ctx.factory.newHello(answer, 'response'));
    if (hello.role === 'parent') {
      // The same peer twice: the newer link counts.
      for (const old of this.#links.clients()) {
        if (old.remote === link.remote && old.id !== link.id) this.#links.close(old, 'replaced');
      }
    }
    this.#links.accept(link, hello.role === 'parent' ? 'client' : 'backupIn');
    this.#accepted(link, hello);
  }

  #refuse(link: LinkState, reason: LinkReason): void {
    this.#links.send(link, this.#ctx.factory.newRefuse(reason));
    // The asker closes; the deadline closes it when the asker does not.
    if (link.phase !== 'open') link.deadlineMs = Math.min(link.deadlineMs, this.#ctx.nowMs + refusalMs);
  }
}
