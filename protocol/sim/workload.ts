/** What people and fate do in a run: joins, talk and faults, until the faults stop. */
import { noNode, type PeerRole } from '../types.ts';
import { cancelBody, manifestBody, type Message } from '../wire/bodies.ts';
import { crash, endPartition, happen, startRoot } from './faults.ts';
import type { FaultKind } from './options.ts';
import type { SimRng } from './rng.ts';
import type { SimPeer } from './sim-peer.ts';
import type { Simulation } from './simulation.ts';

/** Talk goes on for this long after the faults stopped, then the room falls silent, ms. */
export const talkAfterMs = 5_000;
/** How often somebody who is about to speak is seen typing. */
const typesChance = 0.3;
/** Presences are shown by this name, so that their size is a real one. */
const nameOf = (peer: SimPeer): string => `peer ${peer.index}`;

export class Workload {
  /** How many of each fault happened. */
  readonly happened = new Map<FaultKind, number>();
  /** Faults of any kind but joins and offers: what a run needs to prove anything about healing. */
  breaks = 0;
  readonly #sim: Simulation;
  readonly #talkUntilMs: number;
  readonly #announced = new Set<SimPeer>();
  readonly #hintRng: SimRng;

  constructor(sim: Simulation) {
    this.#sim = sim;
    this.#hintRng = sim.rng.fork(11);
    this.#talkUntilMs = sim.options.faultsMs + talkAfterMs;
  }

  /** Whether a peer announced itself: then everybody must know it in the end. */
  announced(peer: SimPeer): boolean {
    return this.#announced.has(peer);
  }

  /** Sets everything going. */
  start(): void {
    const sim = this.#sim;
    const { peers, joinSpreadMs, talkers, faultsFromMs, faultsMs } = sim.options;
    sim.root.start();
    const times = Array.from({ length: peers }, (_, i) => (i === 0 ? 0 : sim.rng.between(0, joinSpreadMs)));
    times.sort((a, b) => a - b);
    for (const atMs of times) {
      sim.at(atMs, () => {
        this.newcomer();
      });
    }
    for (let i = 0; i < talkers; i++) this.#talkLater(undefined, sim.rng.between(500, joinSpreadMs + 2_000));
    for (let i = 0; i < sim.options.files; i++) this.#fileLater(i, sim.rng.between(joinSpreadMs + 1_000, faultsMs));
    this.#faults(faultsFromMs);
    if (this.#hasFaults()) this.#breakOnce((faultsFromMs + faultsMs) / 2);
    sim.at(faultsMs, () => {
      this.#stopFaults();
    });
  }

  /** A peer comes; most announce who they are. */
  newcomer(publicKey?: Uint8Array): void {
    const sim = this.#sim;
    const peer = sim.join(publicKey);
    if (!sim.rng.chance(sim.options.presenceShare)) return;
    this.#announced.add(peer);
    const role: PeerRole = peer.role;
    const presence = { name: nameOf(peer), role, sinceMs: peer.wallMs(sim.nowMs), away: peer.hidden };
    // A page announces itself once it has a session.
    const announce = (): void => {
      if (!peer.alive) return;
      if (peer.attachedAtMs === Infinity || peer.frozen) sim.at(sim.nowMs + 500, announce);
      else sim.shells.feed(peer, { kind: 'presence', presence, timeMs: peer.wallMs(sim.nowMs) });
    };
    sim.at(sim.nowMs + 500, announce);
  }

  // Talk.

  #talkLater(talker: SimPeer | undefined, afterMs: number): void {
    const sim = this.#sim;
    if (sim.nowMs + afterMs > this.#talkUntilMs) return;
    sim.at(sim.nowMs + afterMs, () => {
      let peer = talker;
      if (!peer?.alive) peer = sim.rng.pick(sim.live);
      if (peer) this.#say(peer);
      this.#talkLater(peer, sim.rng.exponential(1_000 / sim.options.talkPerSecond));
    });
  }

  #say(peer: SimPeer): void {
    const sim = this.#sim;
    if (!canSpeak(peer)) return;
    const { burstChance, burstMax } = sim.options;
    if (this.#hintRng.chance(typesChance)) {
      const active = this.#hintRng.chance(0.8);
      sim.shells.feed(peer, { kind: 'typing', active, channel: '', timeMs: peer.wallMs(sim.nowMs) });
    }
    const count = sim.rng.chance(burstChance) ? sim.rng.int(2, burstMax) : 1;
    const messages = Array.from({ length: count }, () => this.#message(peer));
    sim.shells.feed(peer, { kind: 'send', messages, timeMs: peer.wallMs(sim.nowMs) });
  }

  #message(peer: SimPeer): Message {
    const { rng, options } = this.#sim;
    const range = rng.chance(options.largeBodyChance) ? options.largeBodyBytes : options.bodyBytes;
    return numbered(peer, new Uint8Array(rng.int(...range)));
  }

  // Files.

  /** Somebody sends a file, when there is somebody who can. */
  #fileLater(number: number, atMs: number): void {
    const sim = this.#sim;
    sim.at(atMs, () => {
      const { rng, options } = sim;
      const peer = rng.pick(sim.live);
      if (peer === undefined || !canSpeak(peer)) {
        if (sim.nowMs < options.faultsMs + talkAfterMs) this.#fileLater(number, sim.nowMs + 500);
        return;
      }
      const [chunks, chunkBytes] = [rng.int(...options.fileChunks), rng.int(...options.chunkBytes)];
      const manifest = { file: number, sizeBytes: chunks * chunkBytes, chunkBytes, name: `file ${number}`, type: '' };
      this.#post(peer, 'file', manifestBody.encode(manifest));
      // One stays, or a run might prove nothing.
      if (number > 0 && rng.chance(options.takeBackChance)) this.#takeBackLater(peer, number, rng.exponential(5_000));
    });
  }

  #takeBackLater(peer: SimPeer, number: number, afterMs: number): void {
    const sim = this.#sim;
    sim.at(sim.nowMs + afterMs, () => {
      if (!peer.alive) return;
      if (canSpeak(peer)) this.#post(peer, 'cancel', cancelBody.encode({ file: number }));
      else this.#takeBackLater(peer, number, 500);
    });
  }

  #post(peer: SimPeer, content: 'file' | 'cancel', data: Uint8Array): void {
    const messages = [{ content, data, to: noNode, channel: '' }];
    this.#sim.shells.feed(peer, { kind: 'send', messages, timeMs: peer.wallMs(this.#sim.nowMs) });
  }

  // Faults.

  #hasFaults(): boolean {
    return Object.values(this.#sim.options.faults).some((rate: number) => rate > 0);
  }

  /** One stream of faults: exponential waits, each kind as likely as its rate. */
  #faults(fromMs: number): void {
    const sim = this.#sim;
    const kinds = Object.keys(sim.options.faults) as FaultKind[];
    const rates = kinds.map((kind) => sim.options.faults[kind]);
    const perMinute = rates.reduce((sum, rate) => sum + rate, 0);
    if (perMinute === 0) return;
    const next = (afterMs: number): void => {
      const atMs = afterMs + sim.rng.exponential(60_000 / perMinute);
      if (atMs >= sim.options.faultsMs) return;
      sim.at(atMs, () => {
        const kind = kinds[sim.rng.weighted(rates)];
        if (kind) this.#happen(kind);
        next(atMs);
      });
    };
    next(fromMs);
  }

  #happen(kind: FaultKind): void {
    const happened = happen(this.#sim, kind, (publicKey) => {
      this.newcomer(publicKey);
    });
    if (!happened) return;
    this.happened.set(kind, (this.happened.get(kind) ?? 0) + 1);
    if (kind !== 'join' && kind !== 'offer') this.breaks++;
  }

  /** Takes away somebody with clients, so that no run with faults goes by without one that matters. */
  #breakOnce(atMs: number): void {
    const sim = this.#sim;
    sim.at(atMs, () => {
      const victim = sim.live.find((peer) => !peer.frozen && peer.core.place().clients.length > 0);
      if (victim && sim.live.length > 2) {
        crash(sim, victim, sim.rng.chance(0.5));
        this.breaks++;
        this.newcomer();
      } else if (atMs + 1_000 < sim.options.faultsMs) {
        this.#breakOnce(atMs + 1_000);
      }
    });
  }

  /** From here on nothing breaks any more, and what can be mended from outside is. */
  #stopFaults(): void {
    const sim = this.#sim;
    sim.note('net', 'faults stop');
    sim.network.frameLossChance = 0;
    sim.network.closeLostChance = 0;
    endPartition(sim);
    startRoot(sim);
    for (const peer of [...sim.live]) sim.shells.thaw(peer);
    this.#sayOnce();
  }

  /** Somebody says something, if nobody has: a rare talker may have been frozen whenever it wanted to. */
  #sayOnce(): void {
    const sim = this.#sim;
    if (sim.options.talkers === 0 || sim.checkers.deliveries.packetsSealed > 0) return;
    for (const peer of sim.live) this.#say(peer);
    sim.at(sim.nowMs + 1_000, () => {
      this.#sayOnce();
    });
  }
}

function canSpeak(peer: SimPeer): boolean {
  return peer.alive && !peer.frozen && peer.attachedAtMs < Infinity && !peer.core.busy;
}

/** Somebody's next message: its number stands in its bytes, for the checkers. */
export function numbered(peer: Pick<SimPeer, 'said'>, data: Uint8Array): Message {
  const number = ++peer.said;
  data[4] = number;
  data[5] = number >>> 8;
  data[6] = number >>> 16;
  return { content: 'bytes', data, to: noNode, channel: '' };
}
