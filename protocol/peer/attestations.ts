/** The shell's half of rules U6 and U7: whether the root of this peer's registration signed what a sweep or an answer carries. */
import type { Verifier } from '../ports.ts';
import { regResBody } from '../wire/bodies.ts';
import type { NodeId } from '../types.ts';
import { attestedBytes, probedBytes } from '../wire/attestation.ts';
import { sameBytes } from '../wire/bytes.ts';
import type { Packet } from '../wire/packet.ts';
import { Reunion } from '../wire/reunion.ts';

type Verdict = boolean | Promise<boolean>;

export class Attestations {
  readonly #verifier: Verifier;
  readonly #room: string;
  readonly #self: NodeId;
  #rootKey: Uint8Array | undefined;
  /** The last one looked at: a push says again what the sweep before it said, and costs no second verification. */
  #last: { readonly signed: Uint8Array; readonly signature: Uint8Array; verdict: Verdict } | undefined;

  constructor(verifier: Verifier, room: string, self: NodeId) {
    this.#verifier = verifier;
    this.#room = room;
    this.#self = self;
  }

  /** An Ack: the root's key, which counts from now on. Copied, or it would keep all of the packet. */
  registered(body: Uint8Array): void {
    const rootKey = regResBody.decode(body)?.rootKey;
    if (rootKey === undefined) return;
    this.#rootKey = rootKey.slice();
    this.#last = undefined;
  }

  /**
   * Whether the root signed what a packet carries: its word in a sweep (how old that is, is the core's question), or its answer to a
   * question of this peer's own.
   */
  check(packet: Packet): Verdict {
    if (packet.header.type !== 'reunion') return false;
    const content = Reunion.read(packet as Packet<'reunion'>)?.content;
    if (content?.kind === 'sweep') {
      const { attestation } = content.sweep;
      return attestation !== undefined && this.#check(attestedBytes(this.#room, attestation), attestation.signature);
    }
    if (content?.kind !== 'probe' || content.direction !== 'down') return false;
    const { signature, path } = content.probe;
    const isOwn = path[0] === this.#self && signature !== undefined;
    return isOwn && this.#check(probedBytes(this.#room, content.probe), signature);
  }

  #check(signed: Uint8Array, signature: Uint8Array): Verdict {
    if (this.#rootKey === undefined) return false;
    const last = this.#last;
    if (last && sameBytes(last.signed, signed) && sameBytes(last.signature, signature)) return last.verdict;
    const verdict = this.#verifier.verifyRoot(this.#rootKey, signature, signed);
    this.#last = { signed, signature: signature.slice(), verdict };
    return verdict;
  }
}
