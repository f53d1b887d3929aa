import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RootLink } from '../protocol/ports.ts';
import { decodePacket } from '../protocol/wire/packet.ts';
import { startRootServer } from '../root-server/server.ts';
import { until } from './link.contract.ts';
import { connectRoot, RootDial } from './socket-root-link.ts';

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

    describe('begun early', () => {
      const events = {
        up: () => void seen.push('up'),
        down: () => void seen.push('down'),
        packet: (bytes: Uint8Array) => void packets.push(bytes),
      };

      it('tells what happened before somebody listened, in order, and then what happens', async () => {
        const dial = new RootDial(url);
        await until(() => sockets.length === 1, 'a socket');
        const heard = new Promise((resolve) => sockets[0]?.emit('packet', Buffer.from([1]), resolve));
        sockets[0]?.emit('packet', Buffer.from([2]));
        // Whether the packets have come is not to be seen from here; both cases are right.
        await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, 50))]);
        const link = dial.connect(events);
        links.push(link);
        // Nothing before the caller has the link.
        expect(seen).toEqual([]);
        await until(() => packets.length === 2, 'two packets');
        expect([seen, packets]).toEqual([['up'], [Uint8Array.of(1), Uint8Array.of(2)]]);
        const got = new Promise((resolve) => sockets[0]?.on('packet', resolve));
        link.send(Uint8Array.of(7));
        expect(await got).toEqual(Buffer.from([7]));
        sockets[0]?.emit('packet', Buffer.from([3]));
        await until(() => packets.length === 3, 'a third packet');
        expect(sockets).toHaveLength(1);
        dial.drop();
        expect(sockets[0]?.connected).toBe(true);
      });

      it('is taken once: who connects again gets a connection of its own', async () => {
        const dial = new RootDial(url);
        const first = dial.connect(events);
        await until(() => seen.length === 1, 'up');
        first.close();
        await until(() => sockets[0]?.connected === false, 'the far end sees the close');
        links.push(dial.connect(events));
        await until(() => seen.length === 2, 'up again');
        expect([seen, sockets.length]).toEqual([['up', 'up'], 2]);
      });

      it('ends when nobody takes it, and says nothing once it is closed', async () => {
        const dropped = new RootDial(url);
        await until(() => sockets.length === 1, 'a socket');
        dropped.drop();
        await until(() => sockets[0]?.connected === false, 'the far end sees the drop');
        const dial = new RootDial(url);
        await until(() => sockets.length === 2, 'another socket');
        dial.connect(events).close();
        await until(() => sockets[1]?.connected === false, 'the far end sees the close');
        expect(seen).toEqual([]);
      });
    });
  });
});
