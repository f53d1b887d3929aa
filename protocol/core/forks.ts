/**
 * Forks: a sender that signs two packets for one place, or one that does not name the packet before it. The two packets are
 * the proof; whoever has it believes nothing more of that stream and hands the proof on (rule K2).
 */
import { forkProofsMax, streamsMax } from '../limits.ts';
import { splitStreamKey, streamKey, type StreamKey } from '../types.ts';
import type { AuditEntry, ForkBody } from '../wire/bodies/audit.ts';
import { passOn, type VerifiedPacket } from '../wire/packet.ts';
import type { Context } from './context.ts';
import type { LinkState, Links } from './links.ts';
import type { Streams, StreamState } from './streams.ts';

type Message = VerifiedPacket<'message'>;
/** Two packets of one stream that no honest sender signs both, the earlier position first. */
type Proof = readonly [Message, Message];

/** Whether two packets of one stream contradict each other. Without digests nothing is said about them. */
function contradict(a: Message, b: Message): boolean {
  if (a.digest === undefined || b.digest === undefined) return false;
  return a.header.seq === b.header.seq
    ? a.digest !== b.digest
    : a.header.seq + 1 === b.header.seq && b.prev !== a.digest;
}

export class Forks {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #streams: Streams;
  /** Streams that are believed no more; the older ones without their proof. */
  readonly #banned = new Map<StreamKey, Proof | undefined>();
  /** Those of them whose proof is kept. */
  readonly #proven: StreamKey[] = [];

  constructor(ctx: Context, links: Links, streams: Streams) {
    this.#ctx = ctx;
    this.#links = links;
    this.#streams = streams;
  }

  isBanned(key: StreamKey): boolean {
    return this.#banned.size > 0 && this.#banned.has(key);
  }

  /** Compares a packet with its neighbours in the stream, whatever position it is for. Gives whether its stream is banned now. */
  check(state: StreamState, packet: Message): boolean {
    const { seq } = packet.header;
    const [before, same, after] = [seq - 1, seq, seq + 1].map((at) => held(state, at));
    if (same && contradict(same, packet)) return this.#ban(state.key, [same, packet]);
    if (before && contradict(before, packet)) return this.#ban(state.key, [before, packet]);
    if (after && contradict(packet, after)) return this.#ban(state.key, [packet, after]);
    return false;
  }

  /** A neighbour announces a proof: its packets are looked at, not taken for the log. */
  announced(link: LinkState, body: ForkBody): void {
    link.evidence = { key: streamKey(body.sender, body.session), first: undefined };
  }

  /** Takes a packet that was announced as half of a proof; gives `false` when it was not. */
  evidence(link: LinkState, key: StreamKey, packet: Message): boolean {
    const { evidence } = link;
    if (evidence?.key !== key) return false;
    if (evidence.first === undefined) {
      link.evidence = { key, first: packet };
      return true;
    }
    link.evidence = undefined;
    if (!this.isBanned(key) && contradict(evidence.first, packet)) this.#ban(key, [evidence.first, packet]);
    return true;
  }

  #ban(key: StreamKey, proof: Proof): true {
    this.#banned.set(key, proof);
    this.#proven.push(key);
    if (this.#proven.length > forkProofsMax) {
      const oldest = this.#proven.shift();
      if (oldest !== undefined) this.#banned.set(oldest, undefined);
    }
    for (const oldest of this.#banned.keys()) {
      if (this.#banned.size <= streamsMax) break;
      this.#banned.delete(oldest);
    }
    this.#streams.remove(key);
    this.#ctx.emit({ kind: 'error', code: 'forked', node: splitStreamKey(key).sender });
    for (const link of this.#links.all()) if (link.phase === 'open') this.#tell(link, key, proof);
    return true;
  }

  /** A neighbour that is new, or that asks for what it lacks, is given every proof. */
  introduce(link: LinkState): void {
    for (const key of this.#proven) {
      const proof = this.#banned.get(key);
      if (proof) this.#tell(link, key, proof);
    }
  }

  #tell(link: LinkState, key: StreamKey, proof: Proof): void {
    this.#links.send(link, this.#ctx.factory.newFork(splitStreamKey(key)));
    for (const packet of proof) this.#links.send(link, passOn(packet, this.#ctx.self));
  }

  /** What a neighbour says of its streams: where it has something else than this peer, it is sent what this peer has. */
  compare(link: LinkState, entries: readonly AuditEntry[]): void {
    for (const { sender, session, seq, digest } of entries) {
      const key = streamKey(sender, session);
      const proof = this.#banned.get(key);
      const state = this.#streams.get(key);
      const mine = state && held(state, seq);
      if (proof) this.#tell(link, key, proof);
      else if (mine?.digest !== undefined && mine.digest !== digest)
        this.#links.send(link, passOn(mine, this.#ctx.self));
    }
  }
}

/** What this peer has at a position, in its log or waiting. */
function held(state: StreamState, seq: number): Message | undefined {
  return state.logged.get(seq) ?? state.held?.get(seq)?.packet;
}
