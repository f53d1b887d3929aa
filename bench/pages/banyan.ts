/** Banyan through its SDK, as an application would use it. */
import { joinRoom } from '../../client/index.ts';
import type { MeshJoin } from './mesh-peer.ts';

export const join: MeshJoin = async (plan, events) => {
  const room = await joinRoom(plan.signaling, { name: `peer ${plan.index}`, iceServers: [] });
  const look = (): void => {
    const { state, members, tree } = room;
    // Everybody known and a place in the tree: what this peer sends reaches all of them.
    events.reached(state === 'attached' ? members.size - 1 : 0);
    if (state === 'attached' && tree.roomSize === plan.peers) events.mark('counted');
  };
  for (const event of ['state', 'tree', 'join', 'leave', 'member'] as const) room.on(event, look);
  room.on('message', ({ bytes, self }) => {
    if (bytes && !self) events.payload(bytes);
  });
  events.mark('attached');
  look();
  return {
    broadcast(payload) {
      void room.send(payload);
    },
    facts: () => ({ depth: room.tree.depth, heals: room.stats().heals, duplicates: room.stats().duplicates }),
  };
};
