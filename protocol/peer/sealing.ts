/** The last station of a packet before its link: signed, if its type is, and encrypted (rule S3). */
import type { Signer } from '../ports.ts';
import { packetTypes, type Packet } from '../wire/packet.ts';
import { InOrder } from './in-order.ts';

export class Sealing {
  readonly #signer: Signer;
  readonly #sealed = new WeakMap<Packet, Packet | Promise<Packet>>();
  readonly #own = new InOrder<Packet>();

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** The packet sealed, or a promise of it. The same packet to several neighbours is sealed once. */
  seal(packet: Packet): Packet | Promise<Packet> {
    if (packet.bytes !== undefined || !packetTypes[packet.header.type].signed) return packet;
    let sealed = this.#sealed.get(packet);
    if (sealed === undefined) this.#sealed.set(packet, (sealed = this.#signer.seal(packet)));
    return sealed;
  }

  /** Seals a packet of this peer's own stream; `done` gets them in the order they were asked for. */
  sealOwn(packet: Packet, done: (sealed: Packet) => void): void {
    this.#own.add(this.#signer.seal(packet), done);
  }
}
