/**
 * A Nostr relay (NIP-01) reduced to what Trystero needs for its signals: it passes each event to the subscriptions whose
 * kinds and `x` tags match. It stores nothing, as relays do with the ephemeral kinds that Trystero uses, and does not check
 * signatures, which is in Trystero's favour.
 */
import { WebSocketServer, type WebSocket } from 'ws';

interface Filter {
  readonly kinds?: readonly number[];
  readonly '#x'?: readonly string[];
}

interface Event {
  readonly id: string;
  readonly kind: number;
  readonly tags: readonly (readonly string[])[];
}

type ClientMessage = ['EVENT', Event] | ['REQ', string, ...Filter[]] | ['CLOSE', string];

export interface Signaling {
  readonly url: string;
  close(): Promise<void>;
}

function matches(filter: Filter, event: Event): boolean {
  if (filter.kinds && !filter.kinds.includes(event.kind)) return false;
  const topics = filter['#x'];
  return topics === undefined || event.tags.some(([name, value]) => name === 'x' && topics.includes(value ?? ''));
}

export async function startNostrRelay(): Promise<Signaling> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  const subscriptions = new Map<WebSocket, Map<string, Filter[]>>();

  const publish = (from: WebSocket, event: Event): void => {
    for (const [socket, filters] of subscriptions) {
      for (const [id, some] of filters) {
        if (some.some((filter) => matches(filter, event))) socket.send(JSON.stringify(['EVENT', id, event]));
      }
    }
    from.send(JSON.stringify(['OK', event.id, true, '']));
  };

  server.on('connection', (socket) => {
    const own = new Map<string, Filter[]>();
    subscriptions.set(socket, own);
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString('utf8')) as ClientMessage;
      if (message[0] === 'EVENT') {
        publish(socket, message[1]);
      } else if (message[0] === 'REQ') {
        const [, id, ...filters] = message;
        own.set(id, filters);
        socket.send(JSON.stringify(['EOSE', id]));
      } else {
        own.delete(message[1]);
      }
    });
    socket.on('close', () => subscriptions.delete(socket));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const { port } = server.address() as { port: number };
  return {
    url: `ws://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of server.clients) socket.terminate();
        server.close(() => {
          resolve();
        });
      }),
  };
}
