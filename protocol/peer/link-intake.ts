/**
 * What neighbours send, from the in-buffers to verification: parsed, and judged by who may send what how often on a link
 * (rules W8, S9, S12). No more is read than can be in verification at once; the rest waits.
 */
import type { CoreInput } from '../core/io.ts';
import { unverifiedMax, waitingPacketsMax } from '../limits.ts';
import type { Clock } from '../ports.ts';
import type { Stream } from '../stream.ts';
import { noNode, type LinkId, type NodeId } from '../types.ts';
import { packetTypes, type Packet } from '../wire/packet.ts';
import type { Inbox } from './inbox.ts';
import type { Relayed } from './relayed.ts';
import type { Traffic } from './traffic.ts';
import type { Verification } from './verification.ts';

/** What came on a link and was not looked at yet: bytes of a packet (`undefined`: of none), or the link's end. */
type Unread = { readonly node: NodeId; readonly bytes: Uint8Array | undefined } | 'end';

/** What the intake works with. */
export interface LinkIntakeParts {
  readonly clock: Clock;
  readonly stream: Stream;
  readonly traffic: Traffic;
  readonly relayed: Relayed;
  readonly verification: Verification;
  readonly inbox: Inbox;
}

/** Whether a packet is something that its sender says to everybody, as often as it likes. Files have a pace of their own. */
function isSaid(packet: Packet): boolean {
  const { type } = packet.header;
  return packetTypes[type].scope === 'room' && type !== 'chunk';
}

function badPacket(link: LinkId, blame: boolean): CoreInput {
  return { kind: 'badPacket', link, blame };
}

export class LinkIntake {
  readonly #parts: LinkIntakeParts;
  /** Packets that wait for those before them on their link to be verified, or for their turn (rule S9). */
  readonly #unread = new Map<LinkId, Unread[]>();

  constructor(parts: LinkIntakeParts) {
    this.#parts = parts;
  }

  /** Takes what the in-buffers hold, and goes on with what waits. */
  read(): void {
    const { stream, verification } = this.#parts;
    for (const { link, node, packets } of stream.readInBuff()) {
      const unread = this.#unread.get(link) ?? [];
      for (const bytes of packets) unread.push({ node, bytes });
      this.#unread.set(link, unread);
    }
    verification.releaseHeldBack();
    for (const link of [...this.#unread.keys()]) this.#read(link);
  }

  /** A link is down: the core hears it after everything that arrived before. */
  ended(link: LinkId): void {
    this.read();
    const unread = this.#unread.get(link);
    if (unread) unread.push('end');
    else this.#end(link);
  }

  /** The core closed a link: nothing of it counts any more. */
  forget(link: LinkId): void {
    this.#unread.delete(link);
    this.#parts.verification.forget(link);
  }

  #read(link: LinkId): void {
    const { verification } = this.#parts;
    const unread = this.#unread.get(link) ?? [];
    let count = 0;
    for (const next of unread) {
      if (verification.waiting(link) >= unverifiedMax) break;
      count++;
      if (next === 'end') this.#end(link);
      else this.#arrived(link, next.node, next.bytes);
    }
    if (count === unread.length) this.#unread.delete(link);
    else if (verification.isHeldBack(link) && unread.length - count > waitingPacketsMax) this.#endFlood(link);
    else unread.splice(0, count);
  }

  #end(link: LinkId): void {
    this.#parts.verification.add(link, { kind: 'linkDown', link });
  }

  /** More waits than a neighbour that keeps its rate can have to say. */
  #endFlood(link: LinkId): void {
    this.forget(link);
    this.#parts.stream.closeLink(link);
    this.#parts.inbox.push({ kind: 'linkDown', link });
  }

  #arrived(link: LinkId, node: NodeId, bytes: Uint8Array | undefined): void {
    const { clock, traffic, relayed, verification } = this.#parts;
    const parsed = bytes && traffic.parse(bytes, node);
    if (!parsed?.ok) {
      const isUnknown = parsed?.ok === false && ['version', 'type', 'action', 'flags'].includes(parsed.error);
      verification.add(link, badPacket(link, !isUnknown));
      return;
    }
    const { packet } = parsed;
    if (packetTypes[packet.header.type].scope === 'root') {
      verification.add(link, badPacket(link, true));
      return;
    }
    const isSpoken = isSaid(packet);
    if (isSpoken && relayed.isBeyond(node, packet, clock.nowMs())) {
      verification.add(link, badPacket(link, false));
      return;
    }
    verification.verify(
      link,
      packet,
      (verified, attested) => {
        if (verified === undefined || verified.senderId === noNode) return badPacket(link, true);
        const isTaken = !isSpoken || relayed.take(node, verified, clock.nowMs());
        return isTaken ? { kind: 'packet', link, packet: verified, attested } : badPacket(link, false);
      },
      isSpoken ? node : undefined,
    );
  }
}
