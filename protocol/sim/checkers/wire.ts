/** What may leave a peer: only the types meant for the root go there, and nothing is larger than a frame. */
import { packetBytesMax, rootBodyBytesMax } from '../../limits.ts';
import { packetSize, packetTypes, type Packet } from '../../wire/packet.ts';
import type { SimPeer } from '../sim-peer.ts';
import type { Failing } from './failing.ts';

const toRoot: ReadonlySet<string> = new Set(['registration', 'advertise', 'reunion', 'signal', 'leave']);

/** Checks one packet that a core sends. */
export function checkPacket(sim: Failing, peer: Pick<SimPeer, 'name'>, packet: Packet, where: 'root' | 'link'): void {
  const { type } = packet.header;
  if (where === 'root') {
    if (!toRoot.has(type)) sim.fail('wire', `${peer.name} sent a ${type} packet to the root [W8]`);
    if (packet.body.length > rootBodyBytesMax)
      sim.fail('wire', `${peer.name} sent ${packet.body.length} bytes to the root`);
    return;
  }
  if (packetTypes[type].scope === 'root') sim.fail('wire', `${peer.name} sent a ${type} packet on a link`);
  // Only messages and frontiers come near the bound.
  if (packet.body.length > 4_096 && packetSize(packet) > packetBytesMax) {
    sim.fail('wire', `${peer.name} sent a ${type} packet of ${packetSize(packet)} bytes [W2]`);
  }
}
