/**
 * Hostile peers: a share of the room runs the machine that everybody runs, and what it sends to honest peers and to the root is
 * changed, held back, kept for later or multiplied on its way. What honest peers do about it is the protocol alone.
 */
import { originBurst, originRatePerSecond, neighbourRateShare } from '../limits.ts';
import { noDigest, noNode, type NodeId, type PacketDigest } from '../types.ts';
import { auditBody } from '../wire/bodies/audit.ts';
import { advertiseBody, foldBody, frontierBody, offerBody, pingBody, sweepBody } from '../wire/bodies.ts';
import { toHex } from '../wire/bytes.ts';
import type { Packet, RootBoundPacket, VerifiedPacket } from '../wire/packet.ts';
import type { LinkEnd } from './link-end.ts';
import type { SimRng } from './rng.ts';
import type { SimPeer } from './sim-peer.ts';
import type { Simulation } from './simulation.ts';
import { numbered } from './workload.ts';

/** What a hostile peer does. Who has nobody below has nothing to drop or to delay. */
const behaviours = ['drop', 'delay', 'replay', 'lie', 'flood'] as const;
type Behaviour = (typeof behaviours)[number] | 'collude';
const ofLeaves: readonly Behaviour[] = ['replay', 'lie', 'flood'];

interface Plan {
  readonly behaviour: Behaviour;
  /** Dropper: whose words it keeps back, by the first digit of their id. */
  readonly drops: (origin: NodeId) => boolean;
  /** Dropper: whether it also says nothing of them when neighbours compare what they have. */
  readonly hides: boolean;
  readonly delayMs: number;
  /** Replayer: what it sent before. */
  readonly kept: Packet[];
}

/** Longest time that a delayer holds a message back, ms: what is held longer is dropped for the purpose of any deadline. */
const delayMs = [500, 8_000] as const;
/** Packets a replayer remembers, and how often it sends one of them again, ms. */
const keptMax = 300;
const replayEveryMs = 200;
/** A flooder talks as fast as anybody reads (rule S9) for this long out of each period, ms. */
const floodMs = 3_000;
const floodPeriodMs = 15_000;
const floodStepMs = 50;
/** What it says in a second: ten times what an origin may say, many hundred times what the others do say. */
export const floodPerSecond = originRatePerSecond * neighbourRateShare;
/** Colluders behave until the room has formed around them, ms after the others begin. */
const colludeAfterMs = 5_000;
/** What a liar says in numbers. */
const lies = [0, 1, 7, 1_000_000, 0xffffffff];

export class Hostiles {
  /** Packets that were changed, held back, sent again or made up. */
  tampered = 0;
  /** Complaints of honest peers about hostile parents, by what they say. */
  readonly complaints = new Map<string, number>();
  readonly #sim: Simulation;
  readonly #rng: SimRng;
  readonly #indices = new Set<number>();
  readonly #plans = new Map<SimPeer, Plan>();
  readonly #ids = new Set<NodeId>();
  /** How many packets less than its core sent on an end arrived at the other; less than none when it got more. */
  readonly #missing = new Map<LinkEnd, number>();

  constructor(sim: Simulation, rng: SimRng) {
    this.#sim = sim;
    this.#rng = rng;
    const { peers, hostileShare, faultsFromMs, colluding } = sim.options;
    const count = Math.max(1, Math.round(peers * hostileShare));
    while (this.#indices.size < count) this.#indices.add(rng.int(0, peers - 1));
    sim.network.tamper = (from, to, packet) => this.#tamper(from, to, packet);
    sim.at(faultsFromMs + (colluding ? colludeAfterMs : 0), () => {
      this.#begin();
    });
  }

  get count(): number {
    return this.#indices.size;
  }

  has({ index }: SimPeer): boolean {
    return this.isOne(index);
  }

  /** Whether the peer of a number is hostile: drawn before anybody comes. */
  isOne(index: number): boolean {
    return this.#indices.has(index);
  }

  /** A peer came. Colluders offer as much as can be offered, and to be relays, which are taken for stable at once. */
  joined(peer: SimPeer): void {
    if (!this.has(peer)) return;
    this.#ids.add(peer.id);
    if (!this.#sim.options.colluding) return;
    const offer = { clientsMax: 8, role: 'relay', hidden: false } as const;
    Object.assign(peer, offer);
    peer.mostClientsMax = Math.max(peer.mostClientsMax, offer.clientsMax);
    this.#sim.shells.feed(peer, { kind: 'offer', ...offer });
  }

  #begin(): void {
    for (const peer of this.#sim.live) {
      if (!this.has(peer)) continue;
      const plan = this.#draw(peer);
      this.#plans.set(peer, plan);
      this.#sim.note(peer.name, `begins to ${plan.behaviour}${plan.hides ? ', and hides it' : ''}`);
      if (plan.behaviour === 'replay') this.#replayOn(peer, plan);
      if (plan.behaviour === 'flood') this.#floodOn(peer);
    }
  }

  #draw(peer: SimPeer): Plan {
    const rng = this.#rng;
    const serves = peer.core.place().clients.length > 0;
    const behaviour = this.#sim.options.colluding ? 'collude' : (rng.pick(serves ? behaviours : ofLeaves) ?? 'lie');
    const parity = rng.int(0, 2);
    return {
      behaviour,
      drops: (origin) =>
        behaviour === 'collude'
          ? !this.#ids.has(origin)
          : origin !== peer.id && Number.parseInt(origin[0] ?? '', 16) % 2 !== parity,
      hides: behaviour === 'collude' || (behaviour === 'drop' && rng.chance(0.5)),
      delayMs: rng.between(...delayMs),
      kept: [],
    };
  }

  // On links.

  #tamper(from: LinkEnd, to: LinkEnd, packet: Packet): Packet | undefined {
    const plan = this.#plans.get(from.peer);
    const isPing = packet.header.type === 'ping';
    if (plan !== undefined && !this.has(to.peer)) {
      const sent = this.#sent(plan, from, packet);
      return sent && isPing ? this.#ping(sent, this.#missing.get(from) ?? 0, 0) : sent;
    }
    // Its own core is not to find the link broken.
    const isOwn = isPing && this.#plans.has(to.peer) && !this.has(from.peer);
    return isOwn ? this.#ping(packet, 0, this.#missing.get(to) ?? 0) : packet;
  }

  #ping(packet: Packet, notSent: number, alsoReceived: number): Packet {
    const ping = pingBody.decode(packet.body);
    if (ping === undefined || (notSent === 0 && alsoReceived === 0)) return packet;
    const [sent, received] = [Math.max(0, ping.sent - notSent), Math.max(0, ping.received + alsoReceived)];
    return { ...packet, body: pingBody.encode({ ...ping, sent, received }) };
  }

  /** What an honest peer gets instead of a packet; `undefined` for nothing now. */
  #sent(plan: Plan, from: LinkEnd, packet: Packet): Packet | undefined {
    const isMessage = packet.header.type === 'message';
    switch (plan.behaviour) {
      case 'drop':
      case 'collude':
        if (!isMessage || !plan.drops((packet as VerifiedPacket).senderId))
          return plan.hides ? this.#hide(plan, packet) : packet;
        this.#keepBack(from);
        return undefined;
      case 'delay':
        if (!isMessage) return packet;
        this.#sim.at(this.#sim.nowMs + plan.delayMs, () => {
          this.#add(from, packet);
        });
        this.#keepBack(from);
        return undefined;
      case 'replay':
        if (packet.header.type !== 'hello' && packet.header.type !== 'leave') plan.kept.push(packet);
        if (plan.kept.length > keptMax) plan.kept.shift();
        return packet;
      case 'lie':
        return this.#lie(packet);
      case 'flood':
        return packet;
    }
  }

  #keepBack(from: LinkEnd): void {
    this.tampered++;
    this.#missing.set(from, (this.#missing.get(from) ?? 0) + 1);
  }

  /** Sends a packet that its core did not, or not now. */
  #add(from: LinkEnd, packet: Packet): void {
    if (!this.#sim.network.inject(from, packet)) return;
    this.tampered++;
    this.#missing.set(from, (this.#missing.get(from) ?? 0) - 1);
  }

  /** Says nothing of what is kept back. */
  #hide(plan: Plan, packet: Packet): Packet {
    const { type } = packet.header;
    if (type === 'audit') {
      const said = auditBody.decode(packet.body);
      if (said === undefined) return packet;
      const entries = said.entries.filter(({ sender }) => !plan.drops(sender));
      return { ...packet, body: auditBody.encode({ ...said, entries }) };
    }
    if (type === 'frontier') {
      const said = frontierBody.decode(packet.body);
      const entries = said?.entries.filter(({ sender }) => !plan.drops(sender));
      return said && entries ? { ...packet, body: frontierBody.encode({ ...said, entries }) } : packet;
    }
    return packet;
  }

  #number(): number {
    return this.#rng.pick(lies) ?? 0;
  }

  /** False sizes and capacities upwards, false paths downwards, and a place next to the root on every link. */
  #lie(packet: Packet): Packet {
    const { type } = packet.header;
    if (type === 'ping') {
      const ping = pingBody.decode(packet.body);
      return ping ? this.#changed(packet, pingBody.encode({ ...ping, depth: 1, parent: noNode })) : packet;
    }
    if (type !== 'reunion') return packet;
    if (packet.action === 'request') return this.#lieUp(packet);
    const sweep = packet.action === 'pull' || packet.action === 'confirm' ? undefined : sweepBody.decode(packet.body);
    if (sweep === undefined) return packet;
    const path = Array.from({ length: this.#rng.int(0, 5) }, () => toHex(this.#rng.bytes(16)) as NodeId);
    return this.#changed(
      packet,
      sweepBody.encode({ ...sweep, roomSize: this.#number(), path: [...path, ...sweep.path.slice(-1)] }),
    );
  }

  #lieUp<P extends Packet>(packet: P): P {
    const fold = foldBody.decode(packet.body);
    if (fold === undefined) return packet;
    const [subtreeSize, freeSlots, height] = [this.#number(), this.#number(), this.#rng.int(0, 255)];
    return this.#changed(packet, foldBody.encode({ ...fold, subtreeSize, freeSlots, height }));
  }

  #changed<P extends Packet>(packet: P, body: Uint8Array): P {
    this.tampered++;
    return { ...packet, body };
  }

  // To the root.

  /** What the root gets instead of a packet. Honest peers' complaints pass by here, too, and are looked at. */
  toRoot(peer: SimPeer, packet: RootBoundPacket): RootBoundPacket {
    if (!this.has(peer)) {
      this.#hear(peer, packet);
      return packet;
    }
    if (this.#plans.get(peer)?.behaviour !== 'lie') return packet;
    if (packet.header.type === 'reunion' && packet.action === 'request') return this.#lieUp(packet);
    const offer = packet.action === 'update' ? offerBody.decode(packet.body) : undefined;
    return offer ? this.#changed(packet, offerBody.encode({ ...offer, clientsMax: 8, role: 'relay' })) : packet;
  }

  #hear(peer: SimPeer, packet: Packet): void {
    const ask =
      packet.header.type === 'advertise' && packet.action === 'request' ? advertiseBody.decode(packet.body) : undefined;
    if (ask === undefined || ask.complaint === noNode) return;
    if (ask.reason === 'dropped' && !this.#ids.has(ask.complaint))
      this.#sim.fail('blame', `${peer.name} blames ${this.#sim.nameOf(ask.complaint)}, which did nothing [K5]`);
    this.complaints.set(ask.reason, (this.complaints.get(ask.reason) ?? 0) + 1);
  }

  // What goes on by itself.

  #victims(peer: SimPeer): LinkEnd[] {
    return [...peer.links.values()].filter(({ phase, other }) => phase === 'open' && other && !this.has(other.peer));
  }

  #replayOn(peer: SimPeer, plan: Plan): void {
    this.#sim.at(this.#sim.nowMs + replayEveryMs, () => {
      if (!peer.alive) return;
      const [end, packet] = [this.#rng.pick(this.#victims(peer)), this.#rng.pick(plan.kept)];
      if (end && packet) this.#add(end, packet);
      this.#replayOn(peer, plan);
    });
  }

  /** Says as much as anybody reads, and as often the same under keys that it makes up. */
  #floodOn(peer: SimPeer): void {
    this.#sim.at(this.#sim.nowMs + floodStepMs, () => {
      if (!peer.alive) return;
      const isOn = this.#sim.nowMs % floodPeriodMs < floodMs && this.#sim.nowMs < this.#sim.options.faultsMs;
      for (let i = 0; isOn && i < (floodPerSecond * floodStepMs) / 1000 && peer.attachedAtMs !== Infinity; i++) {
        const messages = [numbered(peer, new Uint8Array(10))];
        this.tampered++;
        this.#sim.shells.feed(peer, { kind: 'send', messages, timeMs: peer.wallMs(this.#sim.nowMs) });
      }
      if (isOn) this.#invent(peer);
      this.#floodOn(peer);
    });
  }

  #invent(peer: SimPeer): void {
    const sender = this.#rng.bytes(32);
    const senderId = toHex(sender.subarray(0, 16)) as NodeId;
    const said = peer.core.factory.newMessage(
      [numbered({ said: 0 }, new Uint8Array(10))],
      1,
      peer.wallMs(this.#sim.nowMs),
    );
    const digest = toHex(this.#rng.bytes(16)) as PacketDigest;
    const packet = { ...said, sender, senderId, plainText: said.body, prev: noDigest, digest };
    this.#sim.checkers.deliveries.ignore(sender, senderId);
    for (const end of this.#victims(peer)) this.#add(end, packet);
  }
}

/** What a flooder's own core lets out: it does not pace itself. */
export const floodRate = { originRatePerSecond: floodPerSecond * 2, originBurst: originBurst * neighbourRateShare };
