import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addressPrefixes, urlHost } from './addresses.ts';
import { createLogger, Warnings } from './log.ts';
import { startRootServer, type RootServer } from './server.ts';
import { loadCertificate } from './tls.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks for exactly this path: `fetch` would tidy it first. */
function ask(root: RootServer, path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const make = root.url.startsWith('https') ? requestHttps : request;
    const options = { host: '127.0.0.1', port: root.port, path, method, rejectUnauthorized: false };
    make(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    })
      .on('error', reject)
      .end();
  });
}

let folder = '';
const roots: RootServer[] = [];

async function serve(options: Partial<Parameters<typeof startRootServer>[0]> = {}): Promise<RootServer> {
  const root = await startRootServer({ port: 0, host: '127.0.0.1', pageFolder: join(folder, 'web'), ...options });
  roots.push(root);
  return root;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'banyan-page-'));
  mkdirSync(join(folder, 'web/assets'), { recursive: true });
  writeFileSync(join(folder, 'web/index.html'), '<!doctype html><title>Page</title>');
  writeFileSync(join(folder, 'web/assets/app-1a2b3c.js'), 'export {};');
  mkdirSync(join(folder, 'web/embed'));
  for (const name of ['embed', 'banyan'])
    writeFileSync(join(folder, `web/${name}.js`), "import './embed/part-4d5e6f.js';");
  writeFileSync(join(folder, 'web/embed/part-4d5e6f.js'), 'export {};');
  writeFileSync(join(folder, 'private.txt'), 'nobody’s business');
});

afterEach(async () => {
  for (const root of roots.splice(0)) await root.close();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('page', () => {
  it('comes with headers that keep it to itself, on every answer', async () => {
    const root = await serve();
    for (const path of ['/', '/assets/app-1a2b3c.js', '/healthz', '/nothing']) {
      const { headers } = await ask(root, path);
      const policy = (headers['content-security-policy'] as string).split('; ');
      expect(policy).toEqual(
        expect.arrayContaining([
          "default-src 'none'",
          "script-src 'self'",
          "base-uri 'none'",
          "frame-ancestors 'none'",
        ]),
      );
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy.join()).not.toMatch(/unsafe|https?:|\*/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers['permissions-policy']).toContain('camera=()');
      expect(headers['x-powered-by']).toBeUndefined();
    }
  });

  it('lets pages of other origins load the embedded room and the SDK, and nothing else', async () => {
    const root = await serve();
    for (const path of ['/embed.js', '/banyan.js', '/embed/part-4d5e6f.js']) {
      const { headers } = await ask(root, path);
      expect(headers).toMatchObject({
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
        'cache-control': path.startsWith('/embed/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      });
    }
    for (const path of ['/', '/assets/app-1a2b3c.js', '/healthz', '/embed/nothing']) {
      expect((await ask(root, path)).headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  it('is served as built: hashed files for ever, the rest anew', async () => {
    const root = await serve();
    const [page, script] = [await ask(root, '/'), await ask(root, '/assets/app-1a2b3c.js')];
    expect([page.status, page.body, page.headers['cache-control']]).toEqual([
      200,
      '<!doctype html><title>Page</title>',
      'no-cache',
    ]);
    expect([script.status, script.headers['content-type'], script.headers['cache-control']]).toEqual([
      200,
      'text/javascript',
      'public, max-age=31536000, immutable',
    ]);
  });

  it('is all there is: no other path, no way out of its folder, no method but GET', async () => {
    const root = await serve();
    for (const path of [
      '/../private.txt',
      '/%2e%2e/private.txt',
      '/..%2fprivate.txt',
      '/assets/../../private.txt',
      '/%',
      '/%00',
      '//',
    ]) {
      const { status, body } = await ask(root, path);
      expect([200, 400, 404]).toContain(status);
      expect(body).not.toContain('business');
    }
    expect((await ask(root, '/nothing')).status).toBe(404);
    expect((await ask(root, '/', 'POST')).status).toBe(405);
    expect((await ask(root, '/banyan/socket.io.js')).status).not.toBe(200);
    // Only WebSockets: there is no polling to be had.
    expect((await ask(root, '/banyan/?EIO=4&transport=polling')).status).toBe(400);
  });

  it('says what to do when it was not built', async () => {
    const root = await serve({ pageFolder: join(folder, 'missing') });
    const { status, body } = await ask(root, '/');
    expect(status).toBe(503);
    expect(body).toContain('npm run build');
    expect(JSON.parse((await ask(root, '/healthz')).body)).toEqual({ rooms: 0, peers: 0, sockets: 0 });
  });
});

describe('https', () => {
  it('makes a certificate on first use, keeps its key to its owner, and takes it again while it fits', async () => {
    const store = join(folder, 'certificate');
    const made = await loadCertificate(store, ['127.0.0.1']);
    expect(statSync(join(store, 'key.pem')).mode & 0o777).toBe(0o600);
    expect(await loadCertificate(store, ['127.0.0.1'])).toEqual(made);
    // Another network: the old one does not name this address.
    const moved = await loadCertificate(store, ['127.0.0.1', '10.20.30.40']);
    expect(moved.cert).not.toBe(made.cert);
    writeFileSync(join(store, 'cert.pem'), 'torn');
    expect((await loadCertificate(store, ['127.0.0.1'])).cert).toBe(readFileSync(join(store, 'cert.pem'), 'utf8'));
    expect(statSync(join(store, 'key.pem')).mode & 0o777).toBe(0o600);
    const root = await serve({ certificate: moved });
    expect(root.url).toMatch(/^https:/);
    expect((await ask(root, '/')).status).toBe(200);
  });
});

describe('addresses', () => {
  const addressPrefix = (ip: string) => addressPrefixes(ip)[0]?.key;

  it('count by the IPv4 address or the first 64 bits of the IPv6 one', () => {
    expect(addressPrefix('::ffff:192.0.2.1')).toBe(addressPrefix('192.0.2.1'));
    expect(addressPrefix('192.0.2.1')).not.toBe(addressPrefix('192.0.2.2'));
    expect(addressPrefix('2001:db8::1')).toBe(addressPrefix('2001:db8:0:0:ffff::2'));
    expect(addressPrefix('2001:DB8:0:1::1')).toBe(addressPrefix('2001:db8:0:1:1:1:1:1'));
    expect(addressPrefix('2001:db8:0:1::1')).not.toBe(addressPrefix('2001:db8:0:2::1'));
    expect(addressPrefix('::1')).not.toBe(addressPrefix('fe80::1'));
    expect(addressPrefixes('2001:db8:7:1::1')[1]).toEqual({ key: '2001:0db8:0007::/48', share: 4 });
    expect(addressPrefixes('fe80::1%eth0')[0]?.key).toBe('fe80:0000:0000:0000');
    expect(addressPrefixes('192.0.2.1')).toHaveLength(1);
    expect([urlHost('::1'), urlHost('127.0.0.1')]).toEqual(['[::1]', '127.0.0.1']);
  });
});

describe('log', () => {
  it('is plain lines for a person, or JSON, or nothing', () => {
    const lines = { plain: '', json: '', silent: '' };
    for (const style of ['plain', 'json', 'silent'] as const) {
      const log = createLogger(style, (text) => (lines[style] += text));
      log.info({ rooms: 2 }, 'a room opened');
      log.warn('an address has too many sockets');
    }
    expect(lines.plain).toMatch(
      /^ {2}\d\d:\d\d:\d\d {2}a room opened \(rooms 2\)\n {2}\S+ {2}warning: an address has too many sockets\n$/,
    );
    expect(JSON.parse(lines.json.split('\n')[0] ?? '')).toMatchObject({ level: 30, rooms: 2, msg: 'a room opened' });
    expect(lines.silent).toBe('');
  });

  it('says what others can provoke once in 10 s, and how often it did not', () => {
    let [written, nowMs] = ['', 0];
    const warnings = new Warnings(
      createLogger('json', (text) => (written += text)),
      () => nowMs,
    );
    for (nowMs = 0; nowMs < 25_000; nowMs += 10) warnings.warn('too many', { origin: `o${nowMs}` });
    warnings.warn('too fast');
    const lines = written.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { msg: 'too many', origin: 'o0' },
      { msg: 'too many', origin: 'o10000', before: 999 },
      { msg: 'too many', origin: 'o20000', before: 999 },
      { msg: 'too fast' },
    ]);
  });
});
