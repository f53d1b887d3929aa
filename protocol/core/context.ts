/** What all parts of a peer's core share: identity, options, the moment of the current input, and the output queue. */
import type { Rng } from '../ports.ts';
import { Rules } from '../rules.ts';
import { noNode, type NodeId } from '../types.ts';
import type { PacketFactory } from '../wire/packet-factory.ts';
import type { RootBoundPacket } from '../wire/packet.ts';
import type { CoreOutput, Mutation, PeerCounters, PeerOptions } from './io.ts';

export class Context {
  readonly self: NodeId;
  readonly factory: PacketFactory;
  readonly rng: Rng;
  readonly options: PeerOptions;
  /** What holds here by the owner's word. */
  readonly rules: Rules;
  readonly outputs: CoreOutput[] = [];
  readonly counters: PeerCounters = {
    delivered: 0,
    duplicates: 0,
    gaps: 0,
    badPackets: 0,
    heals: 0,
    lastHealMs: 0,
    messagesIn: 0,
    reunionsOut: 0,
    reunionsIn: 0,
  };
  /** Time of the input being handled, ms. */
  nowMs = 0;
  #treeChanged = false;

  constructor(factory: PacketFactory, rng: Rng, options: PeerOptions) {
    this.self = factory.id;
    this.factory = factory;
    this.rng = rng;
    this.options = options;
    this.rules = new Rules(options.room, options.owner ?? noNode);
  }

  emit(output: CoreOutput): void {
    this.outputs.push(output);
  }

  sendRoot(packet: RootBoundPacket): void {
    if (packet.header.type === 'reunion') this.counters.reunionsOut++;
    this.emit({ kind: 'sendRoot', packet });
  }

  /** Announce the tree once an input, however often it changed. */
  treeChanged(): void {
    this.#treeChanged = true;
  }

  flushTreeChange(): void {
    if (this.#treeChanged) this.emit({ kind: 'tree' });
    this.#treeChanged = false;
  }

  disabled(part: Mutation): boolean {
    return this.options.disabled.has(part);
  }

  /** Uniform in 0 .. `spanMs`, ms. */
  jitterMs(spanMs: number): number {
    return Math.floor((this.rng.uint32() / 0x100000000) * spanMs);
  }
}
