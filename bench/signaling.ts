/** Each library's own server, on the loopback interface. */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { PeerServer } from 'peer';
import { startRootServer } from '../root-server/server.ts';
import { startNostrRelay, type Signaling } from './nostr-relay.ts';
import type { Library } from './pages/mesh-peer.ts';

export type { Signaling };

/** A root server that takes pages of this address, and a new room's link. */
export async function startRoot(pageUrl: string): Promise<Signaling> {
  const root = await startRootServer({ port: 0, host: '127.0.0.1', allowedOrigins: [new URL(pageUrl).origin] });
  return {
    url: `${root.url}/#${randomBytes(16).toString('base64url')}`,
    close: () => root.close(),
  };
}

async function startPeerServer(): Promise<Signaling> {
  const server = await new Promise<Server>((resolve) => {
    PeerServer({ host: '127.0.0.1', port: 0, path: '/', allow_discovery: true }, (http) => {
      resolve(http);
    });
  });
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
        // Its timers and sockets hold nothing back once the program ends.
        setTimeout(resolve, 500).unref();
      }),
  };
}

export const signalings: Record<Library, (pageUrl: string) => Promise<Signaling>> = {
  banyan: startRoot,
  trystero: startNostrRelay,
  peerjs: startPeerServer,
};
