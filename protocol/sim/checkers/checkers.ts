/**
 * All that watches a run while it goes on: the checkers, whose view they have to look at again, and what is counted for the
 * report.
 */
import type { CoreOutput } from '../../core/io.ts';
import type { Packet } from '../../wire/packet.ts';
import type { SimPeer } from '../sim-peer.ts';
import { Deliveries, type DeliveriesWorld } from './deliveries.ts';
import { FilesChecker } from './files.ts';
import { Heals } from './heals.ts';
import { LossesChecker, type LossesWorld } from './losses.ts';
import { OneWayChecker, type OneWayWorld } from './one-way.ts';
import { PastChecker } from './past.ts';
import { ReceiptsChecker } from './receipts.ts';
import { TreeChecker, type TreeWorld } from './tree.ts';
import { checkPacket } from './wire.ts';

/** Rooms up to this size have every change of a view checked at once; larger ones once a second. */
const checkAtOncePeersMax = 100;
/** A core that asks for more timer inputs than this in a second turns in circles. */
const timersPerTickMax = 600;

/** What the checkers ask of a simulation. */
export type CheckersWorld = DeliveriesWorld & TreeWorld & LossesWorld & OneWayWorld;

export class Checkers {
  readonly deliveries: Deliveries;
  readonly heals: Heals;
  readonly tree: TreeChecker;
  readonly receipts: ReceiptsChecker;
  readonly losses: LossesChecker;
  readonly files: FilesChecker;
  readonly past: PastChecker;
  readonly oneWay: OneWayChecker;
  /** How long each peer took until it was attached for the first time, ms. */
  readonly joinMs: number[] = [];
  /** Reunion packets sent by peers, on links and to the root. */
  reunionsSent = 0;
  /** When a peer last told the root of a new place, ms. */
  movedAtMs = 0;
  readonly #world: CheckersWorld;
  readonly #atOnce: boolean;
  readonly #dirty: SimPeer[] = [];

  constructor(world: CheckersWorld) {
    this.#world = world;
    this.#atOnce = world.options.peers <= checkAtOncePeersMax;
    this.deliveries = new Deliveries(world);
    this.heals = new Heals(world);
    this.tree = new TreeChecker(world);
    this.receipts = new ReceiptsChecker(world, this.deliveries);
    this.losses = new LossesChecker(world);
    this.files = new FilesChecker(world);
    this.past = new PastChecker(world);
    this.oneWay = new OneWayChecker(world);
  }

  /** A core sends a packet to a neighbour or to the root. */
  sent(peer: SimPeer, packet: Packet, where: 'link' | 'root'): void {
    checkPacket(this.#world, peer, packet, where);
    if (packet.header.type === 'reunion') this.reunionsSent++;
    if (where === 'root' && packet.action === 'confirm') this.movedAtMs = this.#world.nowMs;
  }

  /** A core tells its user something. */
  told(
    peer: SimPeer,
    output: Extract<CoreOutput, { kind: 'deliver' | 'caughtUp' | 'gap' | 'receipts' | 'typing' }>,
  ): void {
    switch (output.kind) {
      case 'deliver':
        this.deliveries.delivered(peer, output.packet);
        this.past.told(peer, output);
        return;
      case 'caughtUp':
        this.past.told(peer, output);
        return;
      case 'gap':
        this.deliveries.gap(peer, output.sender, output.session, output.from, output.to);
        return;
      case 'receipts':
        this.receipts.told(peer, output);
        return;
      case 'typing':
        this.receipts.typing(peer, output);
        return;
    }
  }

  /** A peer is attached for the first time. */
  joined(peer: SimPeer): void {
    this.joinMs.push(this.#world.nowMs - peer.joinedAtMs);
  }

  /** A peer's view changed. */
  changed(peer: SimPeer): void {
    if (peer.dirty) return;
    peer.dirty = true;
    this.#dirty.push(peer);
  }

  /** A core has handled an input. `structural`: it may have changed somebody's parent or clients. */
  handled(peer: SimPeer, structural: boolean): void {
    if (!peer.dirty) return;
    if (this.#atOnce && structural) this.#look();
    else if (this.heals.isPending(peer)) this.heals.changed(peer, peer.core.place());
  }

  /** A peer's life is over. */
  ended(peer: SimPeer): void {
    this.tree.ended(peer);
  }

  /** Looks at everything. Called once a second. */
  tick(): void {
    this.#look();
    this.#countTimers();
    this.tree.tick();
    this.losses.tick();
    this.oneWay.tick();
  }

  /** Shows the checkers every peer whose view changed. */
  #look(): void {
    for (let peer = this.#dirty.pop(); peer; peer = this.#dirty.pop()) {
      peer.dirty = false;
      if (!peer.alive) continue;
      const view = peer.core.place();
      this.tree.changed(peer, view);
      this.heals.changed(peer, view);
    }
  }

  #countTimers(): void {
    for (const peer of this.#world.live) {
      if (peer.timersFired > timersPerTickMax)
        this.#world.fail('timers', `${peer.name} took ${peer.timersFired} timers in 1 s`);
      peer.timersFired = 0;
    }
  }
}
