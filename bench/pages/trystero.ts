/** Trystero over Nostr, its default strategy, with a relay on this machine. */
import { joinRoom } from 'trystero';
import type { MeshJoin } from './mesh-peer.ts';

// eslint-disable-next-line @typescript-eslint/require-await -- the others have something to wait for
export const join: MeshJoin = async (plan, events) => {
  const room = joinRoom(
    { appId: 'banyan-bench', relayConfig: { urls: [plan.signaling] }, rtcConfig: { iceServers: [] } },
    plan.room,
  );
  const action = room.makeAction<ArrayBuffer>('payload', {
    onMessage: (data) => {
      events.payload(new Uint8Array(data));
    },
  });
  const count = (): void => {
    events.reached(Object.keys(room.getPeers()).length);
  };
  room.onPeerJoin = count;
  room.onPeerLeave = count;
  return {
    broadcast(payload) {
      void action.send(payload.buffer);
    },
    facts: () => ({}),
  };
};
