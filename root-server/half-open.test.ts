import { spawn, type ChildProcess } from 'node:child_process';
import { connect as connectTcp, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { noTicket } from '../protocol/types.ts';
import { newRoom, SocketPeer } from './server-script.ts';

/** Both ends of a connection are open files; `BANYAN_ATTACK=full` takes 10,000, with the root in a process of its own. */
const halfOpenMax = process.env['BANYAN_ATTACK'] === 'full' ? 10_000 : 1_000;
/** Connections opened before the next are begun. */
const atOnce = 200;
/** Every so many is a WebSocket. The root says goodbye to those in 10 s, too, and then waits up to 30 s for an answer. */
const webSocketEach = 20;
/** How long a probe may take, ms: far below what would make a peer think that the root is away. */
const promptMs = 1_000;

const top = fileURLToPath(new URL('..', import.meta.url));
let child: ChildProcess | undefined;
let sockets: Socket[] = [];
let peers: SocketPeer[] = [];

afterEach(() => {
  for (const peer of peers) peer.close();
  for (const socket of sockets) socket.destroy();
  child?.kill('SIGKILL');
  [sockets, peers] = [[], []];
});

/** A root as `banyan serve` runs it. */
async function serve(): Promise<{ readonly url: string; readonly port: number }> {
  const args = ['--host', '127.0.0.1', '--port', '0', '--json', '--quiet'];
  child = spawn(process.execPath, ['--import', 'tsx', 'root-server/main.ts', ...args], {
    cwd: top,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('the root has no standard output');
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const { url, port } = JSON.parse(line) as { url?: string; port?: number };
    if (url !== undefined && port !== undefined) {
      child.stdout.resume();
      return { url, port };
    }
  }
  throw new Error('the root ended before it was ready');
}

/** What a half-open connection says before it falls silent: nothing, half a request, or all that makes a WebSocket. */
function saying(index: number): string {
  if (index % webSocketEach === 0) {
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
    return `GET /banyan/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n${upgrade}${key}`;
  }
  return index % 2 === 0 ? 'GET / HTTP/1.1\r\nHost: 127.0' : '';
}

function open(port: number, index: number, closed: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, '127.0.0.1', () => {
      const words = saying(index);
      if (words !== '') socket.write(words);
      resolve();
    });
    // The root's answer to what is too slow; nobody reads it, but it must be taken for the end to be seen.
    socket.resume();
    socket.once('error', reject);
    socket.once('close', () => {
      socket.removeAllListeners('error');
      closed();
    });
    sockets.push(socket);
  });
}

/** Asks the root something, one after the other, and says how long each answer took, ms. */
async function probe(peer: SocketPeer): Promise<number> {
  peer.inbox.length = 0;
  const startedMs = performance.now();
  peer.send(peer.factory.newProbe({ probe: 7, path: [peer.id], signature: undefined }, 'pull'));
  await peer.got('reunion', 'confirm');
  return performance.now() - startedMs;
}

async function probeWhile(isGoingOn: () => boolean): Promise<number[]> {
  const tookMs: number[] = [];
  do {
    tookMs.push(...(await Promise.all(peers.map(probe))));
    // Within what one socket may ask.
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (isGoingOn());
  return tookMs.sort((a, b) => a - b);
}

it(`[R5] ${halfOpenMax} half-open connections leave registered peers unaffected, and end by themselves`, async () => {
  const { url, port } = await serve();
  const room = newRoom();
  for (let i = 0; i < 5; i++) {
    const peer = new SocketPeer(url, room);
    peers.push(peer);
    await peer.register();
    if (i > 0) continue;
    await peer.advertise();
    peer.send(peer.factory.newConfirm({ purpose: 'parent', target: peer.id, ticket: noTicket, attachEpoch: 1 }));
  }
  let rounds = 0;
  const before = await probeWhile(() => ++rounds < 10);

  let closed = 0;
  let isOpening = true;
  const opening = (async () => {
    for (let done = 0; done < halfOpenMax; done += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, (_, i) => open(port, done + i, () => closed++)));
    }
    isOpening = false;
  })();
  const during = await probeWhile(() => isOpening);
  await opening;
  const mostOpen = sockets.length - closed;
  // Somebody new finds the door open, too.
  const late = new SocketPeer(url, room);
  peers.push(late);
  await late.register();
  // Nobody stays who says nothing; the peers ask on all the while.
  const quietOnes = halfOpenMax - halfOpenMax / webSocketEach;
  const startedMs = performance.now();
  const after = await probeWhile(() => closed < quietOnes && performance.now() - startedMs < 30_000);

  const median = (sorted: readonly number[]): string => (sorted[sorted.length >> 1] ?? 0).toFixed(1);
  const slowest = Math.max(...during, ...after);
  console.info(
    `${mostOpen} open at once; answers took ${median(before)} ms before, ${median(during)} while they opened, ` +
      `${median(after)} while they ended; the slowest ${slowest.toFixed(0)}`,
  );
  expect(mostOpen).toBeGreaterThan(0.9 * halfOpenMax);
  expect(closed).toBeGreaterThanOrEqual(quietOnes);
  expect(slowest).toBeLessThan(promptMs);
  for (const peer of peers) expect([peer.errors(), peer.ends]).toEqual([[], 0]);
}, 120_000);
