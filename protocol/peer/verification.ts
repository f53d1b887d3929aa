/**
 * Packets on their way through verification. They are verified concurrently and handed on in the order of their link (rule S2);
 * what a neighbour says itself, no faster than it may be read (rule S9).
 */
import type { CoreInput } from '../core/io.ts';
import type { Clock, Verifier } from '../ports.ts';
import type { LinkId, NodeId } from '../types.ts';
import type { Packet, VerifiedPacket } from '../wire/packet.ts';
import type { Attestations } from './attestations.ts';
import type { Inbox } from './inbox.ts';
import type { Reading } from './reading.ts';

/** A packet that keeps its place in its link's order. */
interface Arrival {
  input: CoreInput | undefined;
  isReady: boolean;
  /** The neighbour that it came from, when it is the neighbour's own word to the room (rule S9). */
  own?: NodeId | undefined;
}

/** What a packet means to the core once it is verified: `verified` is `undefined` when its signature is wrong. */
export type Judge = (verified: VerifiedPacket | undefined, attested: boolean) => CoreInput | undefined;

export class Verification {
  readonly #clock: Clock;
  readonly #verifier: Verifier;
  readonly #attestations: Attestations;
  readonly #reading: Reading;
  readonly #inbox: Inbox;
  /** A queue for each link that has any. */
  readonly #arrivals = new Map<LinkId, Arrival[]>();
  /** Links of which no more is handed on before a time, ms. */
  readonly #heldBack = new Map<LinkId, number>();

  constructor(clock: Clock, verifier: Verifier, attestations: Attestations, reading: Reading, inbox: Inbox) {
    this.#clock = clock;
    this.#verifier = verifier;
    this.#attestations = attestations;
    this.#reading = reading;
    this.#inbox = inbox;
  }

  /** How many of a link's packets have not been handed on. */
  waiting(link: LinkId): number {
    return this.#arrivals.get(link)?.length ?? 0;
  }

  isHeldBack(link: LinkId): boolean {
    return this.#heldBack.has(link);
  }

  /** When the first link that is held back may go on, ms; `Infinity` for none. */
  dueMs(): number {
    return Math.min(Infinity, ...this.#heldBack.values());
  }

  /** Takes a packet in. `node`: who is at the other end, if what it says itself counts against its rate. */
  verify(link: LinkId, packet: Packet, judge: Judge, node?: NodeId): void {
    const verified = this.#verifier.verify(packet);
    const attested = this.#attestations.check(packet);
    if (!(verified instanceof Promise) && !(attested instanceof Promise)) {
      this.add(link, judge(verified, attested), verified?.senderId === node ? node : undefined);
      return;
    }
    const arrival: Arrival = { input: undefined, isReady: false };
    this.#queueOf(link).push(arrival);
    void Promise.all([verified, attested]).then(([result, isAttested]) => {
      arrival.input = judge(result, isAttested);
      arrival.own = result?.senderId === node ? node : undefined;
      arrival.isReady = true;
      this.#release(link);
      this.#inbox.turn();
    });
  }

  /** An input that needs no verification, behind what came before it on its link. */
  add(link: LinkId, input: CoreInput | undefined, own?: NodeId): void {
    this.#queueOf(link).push({ input, isReady: true, own });
    this.#release(link);
  }

  /** Hands on what was held back and may be handed on by now. */
  releaseHeldBack(): void {
    for (const link of [...this.#heldBack.keys()]) this.#release(link);
  }

  /** A link is no more: nothing of it is handed on. */
  forget(link: LinkId): void {
    this.#arrivals.delete(link);
    this.#heldBack.delete(link);
  }

  #queueOf(link: LinkId): Arrival[] {
    let arrivals = this.#arrivals.get(link);
    if (arrivals === undefined) this.#arrivals.set(link, (arrivals = []));
    return arrivals;
  }

  #release(link: LinkId): void {
    const arrivals = this.#arrivals.get(link);
    if (arrivals === undefined) return;
    const nowMs = this.#clock.nowMs();
    if (nowMs < (this.#heldBack.get(link) ?? -Infinity)) return;
    this.#heldBack.delete(link);
    let count = 0;
    for (const arrival of arrivals) {
      if (!arrival.isReady) break;
      const answer = arrival.own === undefined || this.#reading.take(arrival.own, nowMs);
      if (answer !== true) {
        // What comes behind it waits, too: the order of a link holds (rule S2).
        this.#heldBack.set(link, answer);
        break;
      }
      count++;
      if (arrival.input) this.#inbox.push(arrival.input);
    }
    arrivals.splice(0, count);
    if (arrivals.length === 0) this.#arrivals.delete(link);
  }
}
