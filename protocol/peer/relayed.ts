/**
 * How much of what a neighbour passes on for others is taken (rule S12). Catching up brings a whole log at once and must not be
 * slowed, so what is beyond is left out and nothing waits for it: the neighbour may be honest and have been told it by others.
 */
import { neighbourRateShare, relayedBurstShare } from '../limits.ts';
import type { OriginRate } from './reading.ts';
import { Recent } from '../recent.ts';
import { TokenBuckets } from '../token-buckets.ts';
import type { NodeId } from '../types.ts';
import { toHex } from '../wire/bytes.ts';
import type { Packet, VerifiedPacket } from '../wire/packet.ts';

/** Keys whose ids are remembered, so that what is beyond its rate is left out before it is verified. */
const idsMax = 4_096;

export class Relayed {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #knows: (origin: NodeId) => boolean;
  readonly #buckets = new TokenBuckets();
  readonly #ids = new Recent<NodeId>(idsMax);

  /** `knows`: whether an origin has a place in the tree, as far as this peer was told. */
  constructor({ originRatePerSecond, originBurst }: OriginRate, knows: (origin: NodeId) => boolean) {
    this.#perSecond = originRatePerSecond * neighbourRateShare;
    this.#burst = Math.max(1, originBurst * relayedBurstShare);
    this.#knows = knows;
  }

  /** One bucket for each origin that has a place, and one for all the others together. */
  #take(neighbour: NodeId, origin: NodeId, count: number, nowMs: number): number {
    const key = `${neighbour} ${this.#knows(origin) ? origin : ''}`;
    return this.#buckets.take(key, count, this.#perSecond, this.#burst, nowMs);
  }

  /** Whether a packet is not worth verifying: its sender, if it is who it says, has had its share. Takes nothing. */
  isBeyond(neighbour: NodeId, { sender }: Packet, nowMs: number): boolean {
    const origin = this.#ids.get(toHex(sender));
    return origin !== undefined && origin !== neighbour && this.#take(neighbour, origin, 0, nowMs) < 1;
  }

  /** Whether a verified packet is taken. What the neighbour itself says has another rule (S9). */
  take(neighbour: NodeId, { sender, senderId }: VerifiedPacket, nowMs: number): boolean {
    if (senderId === neighbour) return true;
    this.#ids.set(toHex(sender), senderId);
    if (this.#take(neighbour, senderId, 0, nowMs) < 1) return false;
    this.#take(neighbour, senderId, 1, nowMs);
    return true;
  }
}
