/** What crosses a peer's links and its root link: parsed when it comes in, counted, and shown to who watches. */
import type { NodeId } from '../types.ts';
import type { PacketFactory } from '../wire/packet-factory.ts';
import type { DecodeResult, Packet } from '../wire/packet.ts';

/** A packet that crosses a link or the root link. */
export interface PacketSeen {
  readonly direction: 'in' | 'out';
  readonly packet: Packet;
  readonly peer: NodeId | 'root';
  readonly bytes: number;
}

/** Who may want to see every packet. */
export interface TrafficWatcher {
  packet?(seen: PacketSeen): void;
}

/** What crossed the links. Packets that came in count whether or not they could be parsed. */
export interface TrafficTotals {
  packetsIn: number;
  packetsOut: number;
  bytesIn: number;
  bytesOut: number;
}

export class Traffic {
  readonly totals: Readonly<TrafficTotals>;
  readonly #totals: TrafficTotals = { packetsIn: 0, packetsOut: 0, bytesIn: 0, bytesOut: 0 };
  readonly #factory: PacketFactory;
  readonly #watcher: TrafficWatcher;

  constructor(factory: PacketFactory, watcher: TrafficWatcher) {
    this.totals = this.#totals;
    this.#factory = factory;
    this.#watcher = watcher;
  }

  /** Bytes of one packet arrived. Nothing is verified here. */
  parse(bytes: Uint8Array, from: NodeId | 'root'): DecodeResult {
    this.#totals.packetsIn++;
    this.#totals.bytesIn += bytes.length;
    const parsed = this.#factory.parseBuf(bytes);
    if (parsed.ok) this.#watcher.packet?.({ direction: 'in', packet: parsed.packet, peer: from, bytes: bytes.length });
    return parsed;
  }

  /** A packet leaves in so many bytes. */
  sent(packet: Packet, to: NodeId | 'root', bytes: number): void {
    this.#totals.packetsOut++;
    this.#totals.bytesOut += bytes;
    this.#watcher.packet?.({ direction: 'out', packet, peer: to, bytes });
  }
}
