/** The shell's half of rule U7: whether the root of this peer's registration signed what a sweep carries. */
import type { Verifier } from '../ports.ts';
import { regResBody } from '../wire/bodies.ts';
import { attestedBytes, type Attestation } from '../wire/attestation.ts';
import { sameBytes } from '../wire/bytes.ts';
import type { Packet } from '../wire/packet.ts';
import { Reunion } from '../wire/reunion.ts';

type Verdict = boolean | Promise<boolean>;

export class Attestations {
  readonly #verifier: Verifier;
  readonly #room: string;
  #rootKey: Uint8Array | undefined;
  /** The last one looked at: a push says again what the sweep before it said, and costs no second verification. */
  #last: { readonly signed: Uint8Array; readonly signature: Uint8Array; verdict: Verdict } | undefined;

  constructor(verifier: Verifier, room: string) {
    this.#verifier = verifier;
    this.#room = room;
  }

  /** An Ack: the root's key, which counts from now on. Copied, or it would keep all of the packet. */
  registered(body: Uint8Array): void {
    const rootKey = regResBody.decode(body)?.rootKey;
    if (rootKey === undefined) return;
    this.#rootKey = rootKey.slice();
    this.#last = undefined;
  }

  /** Whether a packet is a sweep with an attestation that the root signed. How old that is, is the core's question. */
  check(packet: Packet): Verdict {
    if (packet.header.type !== 'reunion') return false;
    const content = Reunion.read(packet as Packet<'reunion'>)?.content;
    const attestation = content?.kind === 'sweep' ? content.sweep.attestation : undefined;
    return attestation !== undefined && this.#check(attestation);
  }

  #check(attestation: Attestation): Verdict {
    if (this.#rootKey === undefined) return false;
    const signed = attestedBytes(this.#room, attestation);
    const { signature } = attestation;
    const last = this.#last;
    if (last && sameBytes(last.signed, signed) && sameBytes(last.signature, signature)) return last.verdict;
    const verdict = this.#verifier.verifyRoot(this.#rootKey, signature, signed);
    this.#last = { signed, signature: signature.slice(), verdict };
    return verdict;
  }
}
