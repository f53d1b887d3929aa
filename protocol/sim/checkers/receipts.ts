/** What senders are told in the end of who was given their words, and what everybody is told of who types [T1, T2, T7]. */
import { receiptToldMs, receiptWindow } from '../../limits.ts';
import type { CoreOutput } from '../../core/io.ts';
import type { NodeId, SessionId } from '../../types.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Deliveries } from './deliveries.ts';
import type { Failing } from './failing.ts';

/** Rooms up to this size are checked: receipts are compared with every peer's deliveries. */
const peersCheckedMax = 120;

interface Told {
  readonly reached: number;
  readonly of: number;
}

/** What this checker asks of a simulation. */
export interface ReceiptsWorld extends Failing {
  readonly nowMs: number;
  readonly live: readonly SimPeer[];
}

export class ReceiptsChecker {
  readonly #world: ReceiptsWorld;
  readonly #deliveries: Pick<Deliveries, 'streams'>;
  readonly #told = new Map<SessionId, Map<number, Told>>();
  readonly #typing = new Map<SimPeer, Set<NodeId>>();

  constructor(world: ReceiptsWorld, deliveries: Pick<Deliveries, 'streams'>) {
    this.#world = world;
    this.#deliveries = deliveries;
  }

  /** A core told its user how far its packets got. */
  told(peer: SimPeer, { session, of, receipts }: Extract<CoreOutput, { kind: 'receipts' }>): void {
    let told = this.#told.get(session);
    if (told === undefined) this.#told.set(session, (told = new Map<number, Told>()));
    for (const { seq, reached } of receipts) {
      if (reached > of) this.#world.fail('receipts', `${peer.name} is told that ${reached} of ${of} have #${seq}`);
      told.set(seq, { reached, of });
    }
  }

  /** A core said that somebody types, or no longer does. */
  typing(peer: SimPeer, { node, active }: Extract<CoreOutput, { kind: 'typing' }>): void {
    let typing = this.#typing.get(peer);
    if (typing === undefined) this.#typing.set(peer, (typing = new Set<NodeId>()));
    if (active === typing.has(node))
      this.#world.fail('typing', `${peer.name} is told twice that somebody ${active ? 'types' : 'does not type'}`);
    if (active) typing.add(node);
    else typing.delete(node);
  }

  /** Once all is quiet: the first sender whose figures are not those of the deliveries. */
  problem(): string | undefined {
    const { live, nowMs } = this.#world;
    for (const peer of live) {
      const typists = this.#typing.get(peer)?.size ?? 0;
      if (typists > 0) return `${peer.name} still holds ${typists} for typing`;
    }
    if (live.length > peersCheckedMax) return undefined;
    for (const { index, origin, session, sealed, sealedAtMs } of this.#deliveries.streams) {
      if (!origin.alive || origin.core.place().session !== session) continue;
      for (let seq = sealed; seq > Math.max(0, sealed - receiptWindow); seq--) {
        // What is older is told of no more; a little earlier here, for clocks that differ.
        if (nowMs - (sealedAtMs[seq] ?? 0) > receiptToldMs / 2) break;
        const owners = live.filter((peer) => peer !== origin && hasGot(peer, index, seq));
        if (owners.some((peer) => (peer.gapped[index] ?? 0) > 0)) continue;
        const told = this.#told.get(session)?.get(seq);
        const said = told === undefined ? 'nothing' : `${told.reached} of ${told.of}`;
        const is = `${owners.length} of ${live.length - 1}`;
        if (said !== is) return `${origin.name} is told of #${seq} of ${sealed}: ${said}, but it is ${is}`;
      }
    }
    return undefined;
  }
}

function hasGot(peer: SimPeer, stream: number, seq: number): boolean {
  const first = peer.first[stream] ?? 0;
  return first > 0 && first <= seq && seq <= (peer.last[stream] ?? 0);
}
