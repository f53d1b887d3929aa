import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest';
import { startRootServer, type RootServer } from '../root-server/server.ts';
import { until } from './link.contract.ts';
import { createRoomLink } from './node.ts';

const timeoutMs = 40_000;
const command = fileURLToPath(new URL('../bin/banyan.mjs', import.meta.url));

/** One run of `banyan join`. */
class Run {
  readonly process: ChildProcessWithoutNullStreams;
  out = '';
  err = '';
  readonly code: Promise<number | null>;

  constructor(args: readonly string[], iceServers = '[]') {
    this.process = spawn(process.execPath, [command, 'join', ...args], {
      env: { ...process.env, BANYAN_ICE_SERVERS: iceServers },
    });
    this.process.stdout.on('data', (data: Buffer) => (this.out += data.toString()));
    this.process.stderr.on('data', (data: Buffer) => (this.err += data.toString()));
    this.code = once(this.process, 'close').then(([code]) => code as number | null);
  }

  events(): { readonly event: string; readonly [name: string]: unknown }[] {
    return this.out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { event: string });
  }
}

describe('banyan join', () => {
  let root: RootServer;
  let runs: Run[] = [];

  function run(...args: string[]): Run {
    const started = new Run(args);
    runs.push(started);
    return started;
  }

  beforeAll(async () => {
    root = await startRootServer({ port: 0, host: '127.0.0.1' });
  });

  afterEach(() => {
    for (const { process } of runs) process.kill('SIGKILL');
    runs = [];
  });

  afterAll(async () => {
    await root.close();
  });

  it(
    'talks with another over the tree, tells what happens, and leaves by Ctrl+C and at the end of its input',
    async () => {
      const link = createRoomLink(root.url);
      const ana = run(link, '--name', 'Ana');
      await until(() => ana.err.includes('as the head'), 'Ana attached');
      const ben = run(link, '--name', 'Ben', '--json');
      await until(() => ana.err.includes('Ben is here'), 'Ben is here');
      ben.process.stdin.write('hello from Ben\n');
      await until(() => ana.out.includes('Ben: hello from Ben\n'), 'Ana hears Ben');
      ana.process.stdin.write('hello \u001b[31mfrom Ana\n');
      await until(() => ben.events().some(({ text }) => text === 'hello \u001b[31mfrom Ana'), 'Ben hears Ana');
      const events = ben.events();
      expect(events.find(({ event }) => event === 'joined')).toMatchObject({ depth: 2, roomSize: 2 });
      expect(
        events.filter(({ event }) => event === 'message').map(({ text, self, hops }) => [text, self, hops]),
      ).toEqual([
        ['hello from Ben', true, 0],
        ['hello \u001b[31mfrom Ana', false, 1],
      ]);
      expect(ben.err).toBe('');
      ben.process.stdin.write('\u0007bell\n');
      ben.process.stdin.end();
      expect(await ben.code).toBe(0);
      expect(ben.events().at(-1)).toMatchObject({ event: 'state', state: 'left', reason: 'user' });
      // Control characters of others do nothing to the terminal.
      await until(() => ana.out.includes('Ben: \ufffdbell\n'), 'the last words');
      await until(() => ana.err.includes('Ben is gone'), 'Ben is gone');
      ana.process.kill('SIGINT');
      expect(await ana.code).toBe(0);
      expect(ana.err).toMatch(/connecting|registering/);
      expect(ana.err.trimEnd().endsWith('left the room')).toBe(true);
    },
    timeoutMs,
  );

  it(
    'a relay stays when its input ends',
    async () => {
      const relay = run(createRoomLink(root.url), '--relay', '--json');
      relay.process.stdin.end();
      await until(() => relay.out.includes('"joined"'), 'joined');
      await until(() => root.rooms().some((room) => room.nodes.size === 1), 'in the room');
      expect(relay.process.exitCode).toBeNull();
      relay.process.kill('SIGTERM');
      expect(await relay.code).toBe(0);
    },
    timeoutMs,
  );

  it(
    'a wrong call ends with 2, a failure with 1, a call for help with 0',
    async () => {
      const link = createRoomLink(root.url);
      const wrong = [[], ['--nonsense', link], [link, link], ['nonsense'], [`${root.url}/`], [`${root.url}/#short`]];
      const ended = wrong.map((args) => run(...args));
      for (const each of ended) {
        expect(await each.code).toBe(2);
        expect(each.err).toContain('Usage:');
        expect(each.out).toBe('');
      }
      const misled = new Run([link], '[{"urls":"turn:a.example"}]');
      runs.push(misled);
      expect(await misled.code).toBe(2);
      expect(misled.err).toContain('BANYAN_ICE_SERVERS: server 1 is TURN without username and credential');
      const help = run('--help');
      expect(await help.code).toBe(0);
      expect(help.out).toContain('Usage:');
      const waiting = run('http://127.0.0.1:9/#AAECAwQFBgcICQoLDA0ODw');
      await until(() => waiting.process.pid !== undefined, 'started');
      waiting.process.kill('SIGINT');
      await waiting.code;
    },
    timeoutMs,
  );
});
