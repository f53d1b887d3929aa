/** Stands in front of a root server and keeps every byte that passes, as it is on the wire. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export interface Capture {
  readonly port: number;
  /** Everything so far, in both directions. */
  bytes(): Buffer;
  close(): Promise<void>;
}

export async function startCapture(rootPort: number): Promise<Capture> {
  const kept: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(rootPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => {
        kept.push(data);
        to.write(data);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.end();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    bytes: () => Buffer.concat(kept),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}
