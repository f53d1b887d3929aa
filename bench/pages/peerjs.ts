/**
 * PeerJS over its own PeerServer. It has no rooms: as its applications do, each page asks the server who is there and
 * connects; of two pages the one with the greater id does, so that no pair connects twice.
 */
import { Peer, type DataConnection, type PeerOptions } from 'peerjs';
import type { MeshJoin } from './mesh-peer.ts';

/** Time between two looks at who is there, ms. */
const discoveryPeriodMs = 250;

const idOf = (index: number): string => `peer-${String(index).padStart(3, '0')}`;

export const join: MeshJoin = async (plan, events) => {
  const { hostname, port } = new URL(plan.signaling);
  const id = idOf(plan.index);
  const options: Partial<PeerOptions> = { host: hostname, port: Number(port), path: '/', config: { iceServers: [] } };
  const peer = new Peer(id, options);
  const open = new Map<string, DataConnection>();
  const asked = new Set<string>();

  const take = (connection: DataConnection): void => {
    connection.on('open', () => {
      open.set(connection.peer, connection);
      events.reached(open.size);
    });
    connection.on('data', (data) => {
      events.payload(new Uint8Array(data as ArrayBuffer));
    });
    const gone = (): void => {
      if (open.get(connection.peer) === connection) open.delete(connection.peer);
      asked.delete(connection.peer);
      events.reached(open.size);
    };
    connection.on('close', gone);
    connection.on('error', gone);
  };

  peer.on('connection', take);
  // A page that does not answer is asked again.
  peer.on('error', (error) => {
    console.warn(error.message);
  });
  await new Promise<void>((resolve) => {
    peer.on('open', () => {
      resolve();
    });
  });

  const discover = (): void => {
    peer.listAllPeers((ids: string[]) => {
      for (const other of ids) {
        if (other >= id || asked.has(other)) continue;
        asked.add(other);
        take(peer.connect(other, { serialization: 'raw', reliable: true }));
      }
    });
    const done = [...open.keys()].filter((other) => other < id).length === plan.index;
    if (!done) setTimeout(discover, discoveryPeriodMs);
  };
  discover();

  return {
    broadcast(payload) {
      for (const connection of open.values()) void connection.send(payload);
    },
    facts: () => ({}),
  };
};
