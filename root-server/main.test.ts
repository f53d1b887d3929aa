import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { parseServeArguments } from './arguments.ts';
import { until } from './server-script.ts';

const top = fileURLToPath(new URL('..', import.meta.url));
const children: ChildProcess[] = [];

/** The command as a person runs it. */
function run(...args: string[]): { readonly child: ChildProcess; out: string; err: string } {
  return runIn({}, ...args);
}

function runIn(env: NodeJS.ProcessEnv, ...args: string[]): ReturnType<typeof run> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'root-server/main.ts', ...args], {
    cwd: top,
    stdio: 'pipe',
    env: { ...process.env, ...env },
  });
  children.push(child);
  const result = { child, out: '', err: '' };
  child.stdout.on('data', (data) => (result.out += String(data)));
  child.stderr.on('data', (data) => (result.err += String(data)));
  return result;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('arguments', () => {
  it('have defaults, and bad ones are named', () => {
    expect(parseServeArguments([])).toEqual({
      port: 3000,
      host: undefined,
      https: false,
      maxClients: 4,
      origins: [],
      trustProxy: 0,
      json: false,
      key: undefined,
      quiet: false,
    });
    expect(
      parseServeArguments([
        ...['--port', '0', '--host', '::1', '--https', '--max-clients', '8', '--json', '--quiet'],
        ...['--key', 'root.pem'],
        ...[
          '--origin',
          'https://a.example,http://b.example:8080',
          '--origin',
          'https://c.example',
          '--trust-proxy',
          '2',
        ],
      ]),
    ).toEqual({
      port: 0,
      host: '::1',
      https: true,
      maxClients: 8,
      origins: ['https://a.example', 'http://b.example:8080', 'https://c.example'],
      trustProxy: 2,
      json: true,
      key: 'root.pem',
      quiet: true,
    });
    for (const [args, said] of [
      [['--port', 'x'], '--port'],
      [['--port', '65536'], '65535'],
      [['--max-clients', '0'], '--max-clients'],
      [['--max-clients', '9'], '--max-clients'],
      [['--trust-proxy', '9'], '--trust-proxy'],
      [['--trust-proxy', '-1'], '--trust-proxy'],
      [['--origin', 'a.example'], '--origin'],
      [['--origin', 'https://a.example/'], '--origin'],
      [['--origin', 'https://a.example,*'], "'*'"],
      [['--prot', '1'], '--prot'],
      [['--port'], '--port'],
      [['extra'], 'extra'],
    ] as const) {
      const parsed = parseServeArguments(args);
      expect('error' in parsed && parsed.error).toContain(said);
    }
  });
});

describe('command', () => {
  it('prints one line of JSON when ready, answers, and ends cleanly when told to', async () => {
    const root = run('--json', '--port', '0', '--host', '127.0.0.1');
    await until(() => root.out.includes('\n'), 'the line', 20_000);
    const { url, urls, port } = JSON.parse(root.out) as { url: string; urls: string[]; port: number };
    expect([url, urls]).toEqual([`http://127.0.0.1:${port}`, [url]]);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    root.child.kill('SIGTERM');
    const [code] = (await once(root.child, 'exit')) as [number | null];
    expect([code, root.err, root.out.trim().split('\n').length]).toEqual([0, '', 1]);
  }, 30_000);

  it('says what is wrong: 2 for its arguments, 1 for a taken port', async () => {
    const wrong = run('--port', 'x');
    const [wrongCode] = (await once(wrong.child, 'exit')) as [number];
    expect([wrongCode, wrong.out]).toEqual([2, '']);
    expect(wrong.err).toMatch(/--port wants a number.*\n\nUsage/);
    const unset = runIn({ BANYAN_TURN_SECRET: 'hush' }, '--port', '0');
    const [unsetCode] = (await once(unset.child, 'exit')) as [number];
    expect([unsetCode, unset.out, unset.err]).toEqual([
      2,
      '',
      'banyan: BANYAN_TURN_SECRET is set, but BANYAN_TURN_URL is not\n',
    ]);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const late = run('--host', '127.0.0.1', '--port', `${port}`);
    const [lateCode] = (await once(late.child, 'exit')) as [number];
    expect([lateCode, late.err]).toEqual([
      1,
      `banyan: port ${port} is taken: choose another with --port N, or --port 0\n`,
    ]);
    other.close();
  }, 30_000);
});
