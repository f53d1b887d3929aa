/** What the shells' crypto adds to packets. Here nothing is signed, and both sealing and verifying take no time. */
import type { NodeId, PacketDigest } from '../types.ts';
import { toHex } from '../wire/bytes.ts';
import type { Packet, VerifiedPacket } from '../wire/packet.ts';
import type { SimPeer } from './sim-peer.ts';

export class InstantCrypto {
  readonly #ids = new Map<Uint8Array, NodeId>();
  /** Digests given out. */
  #digests = 0;

  /** A key and its id are known from now on. */
  know(publicKey: Uint8Array, id: NodeId): void {
    this.#ids.set(publicKey, id);
  }

  /** The id of a known key: the very array, not its bytes. */
  idOf(publicKey: Uint8Array): NodeId | undefined {
    return this.#ids.get(publicKey);
  }

  /** What a signer does: what was said in clear is the body, and a message is chained to the one before it. */
  seal(peer: SimPeer, packet: Packet): VerifiedPacket {
    const sealed: VerifiedPacket = { ...packet, senderId: peer.id, plainText: packet.body };
    if (packet.header.type !== 'message') return sealed;
    // A number of its own is as good as a hash where nobody makes the same packet twice.
    const digest = (++this.#digests).toString(16).padStart(32, '0') as PacketDigest;
    const prev = peer.lastDigest;
    peer.lastDigest = digest;
    return { ...sealed, prev, digest };
  }

  /** What a verifier adds: the id of the sender's key. Packets that were sealed here have it already. */
  verify(packet: Packet): VerifiedPacket {
    const known = packet as Packet & { senderId?: NodeId };
    if (known.senderId !== undefined) return known as VerifiedPacket;
    let id = this.#ids.get(packet.sender);
    if (id === undefined) {
      id = toHex(packet.sender.subarray(0, 16)) as NodeId;
      this.#ids.set(packet.sender, id);
    }
    // Written into the packet itself: a copy of each would be a good part of what a large run allocates.
    known.senderId = id;
    return known as VerifiedPacket;
  }
}
