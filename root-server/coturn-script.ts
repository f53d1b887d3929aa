/** Starts a real coturn for a test, where there is one on this machine. For tests only. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why there is no coturn, or `undefined` when there is one. */
export function missingCoturn(): string | undefined {
  const { error } = spawnSync('turnserver', ['--help'], { stdio: 'ignore' });
  return error === undefined ? undefined : 'no turnserver on this machine: apt-get install coturn runs this test';
}

export interface Coturn {
  /** `turn:` address of it. */
  readonly url: string;
  readonly secret: string;
  /** What it logged so far. */
  log(): string;
  close(): Promise<void>;
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Asks for its address (a STUN binding request) until something answers. */
async function answers(port: number, isOver: () => boolean): Promise<boolean> {
  const socket = await bound();
  let answersCount = 0;
  socket.on('message', () => answersCount++);
  // A port nobody listens on yet.
  socket.on('error', () => undefined);
  const request = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), randomBytes(12)]);
  const endMs = Date.now() + 10_000;
  while (answersCount === 0 && !isOver() && Date.now() < endMs) {
    socket.send(request, port, '127.0.0.1');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  socket.close();
  return answersCount > 0;
}

/** A coturn of its own on a free port of the loopback interface, with `use-auth-secret`. */
export async function startCoturn(): Promise<Coturn> {
  const probe = await bound();
  const { port } = probe.address();
  probe.close();
  const folder = mkdtempSync(join(tmpdir(), 'banyan-coturn-'));
  const secret = randomBytes(16).toString('hex');
  const own = '127.0.0.1';
  const child = spawn(
    'turnserver',
    [
      ...['-n', '--verbose', '--log-file', 'stdout', '--pidfile', join(folder, 'pid'), '--userdb', join(folder, 'db')],
      ...['--listening-ip', own, '--listening-port', `${port}`, '--relay-ip', own, '--realm', 'banyan.test'],
      ...['--use-auth-secret', '--static-auth-secret', secret, '--allow-loopback-peers'],
      ...['--no-cli', '--no-tls', '--no-dtls', '--relay-threads', '1'],
    ],
    { stdio: 'pipe', cwd: folder },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += String(data)));
  const ended = once(child, 'exit');
  const close = async (): Promise<void> => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  if (await answers(port, () => child.exitCode !== null))
    return { url: `turn:${own}:${port}?transport=udp`, secret, log: () => log, close };
  await close();
  throw new Error(`coturn did not start:\n${log}`);
}
