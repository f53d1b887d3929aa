/** What can go wrong in a room, each as one function on a simulation. */
import type { LinkEnd } from './link-end.ts';
import type { CutMode } from './network.ts';
import type { FaultKind } from './options.ts';
import { drawOffer, type SimPeer } from './sim-peer.ts';
import type { Simulation } from './simulation.ts';

/** Fewest peers that faults leave alive, and the share of the room below and above which they do not go. */
const liveMin = 3;
const liveShareMin = 0.5;
const liveShareMax = 1.5;

/** Someone living and awake; with `attached`, someone in the tree. */
function somebody(sim: Simulation, attached = true): SimPeer | undefined {
  for (let tries = 0; tries < 20; tries++) {
    const peer = sim.rng.pick(sim.live);
    if (peer && !peer.frozen && (!attached || peer.attachedAtMs !== Infinity)) return peer;
  }
  return undefined;
}

function maySpare(sim: Simulation): boolean {
  return sim.live.length > Math.max(liveMin, sim.options.peers * liveShareMin);
}

/** A peer vanishes with all it had. */
export function crash(sim: Simulation, peer: SimPeer, silent: boolean): void {
  sim.checkers.heals.peerDies(peer, silent);
  sim.network.closeAll(peer, !silent);
  // Its socket's end may be noticed at once though its links' is not: TCP resets, UDP does not.
  const late = silent && sim.rng.chance(0.5);
  sim.root.hangUp(peer, late ? sim.rng.between(10_000, 18_000) : 0);
  sim.end(peer, 'crashed');
}

function leave(sim: Simulation, peer: SimPeer): void {
  sim.checkers.heals.peerDies(peer, false);
  sim.shells.leave(peer);
}

/** A link to somebody's parent breaks; in the modes with a side, either may be the broken one. */
function cutParentLink(sim: Simulation, mode: CutMode): boolean {
  for (let tries = 0; tries < 10; tries++) {
    const peer = somebody(sim);
    const clientEnd = peer && sim.parentEnd(peer);
    if (!clientEnd?.other || !sim.network.isWhole(clientEnd)) continue;
    cut(sim, clientEnd, clientEnd.other, mode);
    return true;
  }
  return false;
}

/** Breaks the link between a client and its parent. */
export function cut(sim: Simulation, clientEnd: LinkEnd, parentEnd: LinkEnd, mode: CutMode): void {
  const end = sim.rng.chance(0.5) ? clientEnd : parentEnd;
  sim.note(end.name, `link cut: ${mode}, from this end to ${end.other?.name ?? '?'}`);
  const told = mode === 'clean' || (mode === 'half-open' && end === clientEnd);
  if (mode !== 'swallow') sim.checkers.heals.linkDies(clientEnd, !told);
  sim.network.cut(end, mode);
  if (mode === 'one-way') sim.checkers.oneWay.cut(end);
}

function freeze(sim: Simulation): boolean {
  const peer = somebody(sim, false);
  if (peer === undefined) return false;
  sim.shells.freeze(peer, sim.rng.between(...sim.options.freezeMs));
  return true;
}

function pause(sim: Simulation): boolean {
  const peer = somebody(sim);
  if (peer === undefined) return false;
  sim.checkers.heals.peerDies(peer, false);
  sim.shells.pause(peer, sim.rng.between(...sim.options.freezeMs));
  return true;
}

function partition(sim: Simulation): boolean {
  if (sim.network.partition) return false;
  const { rng } = sim;
  const share = rng.between(0.1, 0.9);
  for (const peer of sim.live) peer.side = rng.chance(share) ? 1 : 0;
  const rootSide = rng.int(0, 3);
  const forMs = rng.between(...sim.options.partitionMs);
  const sideOne = sim.live.filter((peer) => peer.side === 1).map((peer) => peer.name);
  sim.note('net', `partition for ${Math.round(forMs)} ms, root with ${rootSide}, side 1: ${sideOne.join(' ')}`);
  const started = { startedAtMs: sim.nowMs, rootSide };
  sim.network.startPartition(started);
  sim.root.applyPartition(sim.live);
  sim.at(sim.nowMs + forMs, () => {
    if (sim.network.partition === started) endPartition(sim);
  });
  return true;
}

export function endPartition(sim: Simulation): void {
  if (sim.network.partition === undefined) return;
  sim.note('net', 'partition ends');
  sim.network.endPartition();
  sim.root.applyPartition(sim.live);
}

function restartRoot(sim: Simulation): boolean {
  if (sim.root.core === undefined) return false;
  const forMs = sim.rng.between(...sim.options.outageMs);
  sim.note('root', `crashes for ${Math.round(forMs)} ms`);
  sim.root.crash();
  sim.at(sim.nowMs + forMs, () => {
    startRoot(sim);
  });
  return true;
}

/** The root is up, with nothing in its memory, unless it is up already. */
export function startRoot(sim: Simulation): void {
  if (sim.root.core !== undefined) return;
  sim.note('root', 'starts');
  sim.root.start();
}

function changeOffer(sim: Simulation): boolean {
  const peer = somebody(sim, false);
  if (peer === undefined || peer.index === 0) return false;
  const offer = drawOffer(sim.options, sim.rng, peer.index);
  Object.assign(peer, offer);
  peer.mostClientsMax = Math.max(peer.mostClientsMax, offer.clientsMax);
  sim.shells.feed(peer, { kind: 'offer', ...offer });
  return true;
}

/** Somebody for a fault that takes a peer away. */
function withVictim(sim: Simulation, act: (peer: SimPeer) => void): boolean {
  const peer = maySpare(sim) ? somebody(sim, false) : undefined;
  if (peer) act(peer);
  return peer !== undefined;
}

/** Makes one fault happen; `false` when the room gave no occasion. */
export function happen(sim: Simulation, kind: FaultKind, newcomer: (publicKey?: Uint8Array) => void): boolean {
  switch (kind) {
    case 'join':
      if (sim.live.length >= sim.options.peers * liveShareMax + 1) return false;
      newcomer();
      return true;
    case 'leave':
      return withVictim(sim, (peer) => {
        leave(sim, peer);
      });
    case 'crashClean':
    case 'crashSilent':
      return withVictim(sim, (peer) => {
        crash(sim, peer, kind === 'crashSilent');
      });
    case 'linkClean':
      return cutParentLink(sim, 'clean');
    case 'linkSilent':
      return cutParentLink(sim, 'silent');
    case 'linkOneWay':
      return cutParentLink(sim, 'one-way');
    case 'linkHalfOpen':
      return cutParentLink(sim, 'half-open');
    case 'linkSwallow':
      return cutParentLink(sim, 'swallow');
    case 'freeze':
      return freeze(sim);
    case 'pause':
      return pause(sim);
    case 'partition':
      return partition(sim);
    case 'rootRestart':
      return restartRoot(sim);
    case 'duplicate': {
      const peer = somebody(sim);
      if (peer) newcomer(peer.publicKey);
      return peer !== undefined;
    }
    case 'offer':
      return changeOffer(sim);
  }
}
