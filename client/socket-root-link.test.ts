import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RootLink } from '../protocol/ports.ts';
import { decodePacket } from '../protocol/wire/packet.ts';
import { startRootServer } from '../root-server/server.ts';
import { until } from './link.contract.ts';
import { connectRoot } from './socket-root-link.ts';

describe('RootLink over Socket.IO', () => {
  let seen: string[] = [];
  let packets: Uint8Array[] = [];
  let links: RootLink[] = [];

  function connect(url: string): RootLink {
    const link = connectRoot(url, {
      up: () => void seen.push('up'),
      down: () => void seen.push('down'),
      packet: (bytes) => void packets.push(bytes),
    });
    links.push(link);
    return link;
  }

  beforeEach(() => {
    [seen, packets, links] = [[], [], []];
  });

  afterEach(() => {
    for (const link of links) link.close();
  });

  it('[R1] brings what the root says, and comes back by itself when the root does', async () => {
    const root = await startRootServer({ port: 0, host: '127.0.0.1' });
    const { port, url } = root;
    connect(url);
    await until(() => packets.length === 1, 'the challenge');
    const first = decodePacket(packets[0]!);
    expect(first).toMatchObject({ ok: true, packet: { action: 'push', header: { type: 'registration' } } });
    await root.close();
    await until(() => seen.length === 2, 'down');
    const again = await startRootServer({ port, host: '127.0.0.1' });
    await until(() => packets.length === 2, 'another challenge');
    expect(seen).toEqual(['up', 'down', 'up']);
    await again.close();
  });

  describe('with a server of the test', () => {
    let server: Server;
    let sockets: Socket[] = [];
    let url = '';

    beforeEach(async () => {
      sockets = [];
      const http = createServer();
      server = new Server(http, { path: '/banyan', transports: ['websocket'] });
      server.on('connection', (socket) => sockets.push(socket));
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    });

    afterEach(async () => {
      await server.close();
    });

    it('comes back after the root ended the connection', async () => {
      connect(url);
      await until(() => sockets.length === 1, 'a socket');
      sockets[0]?.disconnect(true);
      await until(() => sockets.length === 2, 'another socket');
      await until(() => seen.length === 3, 'up again');
      expect(seen).toEqual(['up', 'down', 'up']);
    });

    it('takes bytes only, and gives what is sent before the close still to the root', async () => {
      const link = connect(url);
      link.send(Uint8Array.of(9));
      await until(() => seen.length === 1, 'up');
      const got: unknown[] = [];
      sockets[0]?.on('packet', (...args: unknown[]) => got.push(...args));
      for (const value of ['text', 5, null, { a: 1 }, Buffer.from([1, 2])]) sockets[0]?.emit('packet', value);
      sockets[0]?.emit('other', Buffer.from([3]));
      sockets[0]?.emit('packet', Buffer.from([4]));
      await until(() => packets.length === 2, 'two packets');
      expect(packets).toEqual([Uint8Array.of(1, 2), Uint8Array.of(4)]);
      link.send(Uint8Array.of(7, 8));
      link.close();
      link.send(Uint8Array.of(10));
      await until(() => sockets[0]?.connected === false, 'the far end sees the close');
      // What was sent before there was a connection is not sent late.
      expect(got).toEqual([Buffer.from([7, 8])]);
      expect(seen).toEqual(['up']);
    });
  });
});
